"""What can be said of a site: each wrong field with what to do about it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from stoa.creation.posts.policies import LANGUAGE_PATTERN
from stoa.creation.sites.types import (
    CSS_MAX,
    DESCRIPTION_MAX,
    MESSAGE_MAX,
    META_DESCRIPTION_MAX,
    META_TITLE_MAX,
    SOCIAL,
    TAGLINE_MAX,
    TITLE_MAX,
    Moderation,
)
from stoa.creation.sites.types.colours import is_colour
from stoa.creation.sites.types.looks import Choice, contrast_of
from stoa.creation.sites.types.themes import FONTS, THEMES, Layout
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable

SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SLUG_MIN, SLUG_MAX = 3, 60
RATINGS: Final = ("general", "teen", "mature", "explicit")
MAX_URL: Final = 500
# Sites stand at <slug>.<host>, too: these are other things there, or would be taken for the platform itself.
RESERVED: Final = frozenset(
    """
    about abuse account accounts admin administrator api app apps assets auth autoconfig autodiscover beta blog
    billing cdn checkout cname conditions contact creator creators dashboard demo dev discover dns docs domains
    example explore faq feed feeds ftp git help home host hostmaster imap info internal jobs legal live local
    localhost login logout mail mailer-daemon media members metrics mobile moderator mta-sts news new noreply ns ns1
    ns2 null oauth official owner pay payment payments payouts platform pop postmaster press privacy register report
    reports robots root rss s search secure security security-txt settings shop sitemap sites smtp ssl staff stage
    staging static stats status stoa store studio support sysadmin system team terms test themes undefined upload
    uploads user users usenet wallet web webmail webmaster well-known wpad write ws www www1 www2
    """.split()
)
# At /s/<site>/…: what stands there beside the pages.
RESERVED_PAGES: Final = frozenset(
    """
    announcements api atom checkout comments feed feed-json home index json llms login manifest members membership
    page pages robots rss search series settings shop site sitemap sitemaps store style styles subscribe tiers
    """.split()
)
_TOO_LONG: Final = "Please use at most {} characters that can be stored"
_ADDRESS: Final = "Please use {} to {} lower case letters, digits and single hyphens"
_HOSTNAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_NO_SCRIPTS: Final = (
    "Scripts of your own cannot run here, because sites share the platform's address: one could act as any of your "
    "readers. Google Analytics, the Meta pixel and Plausible work by their id"
)


def check_site_slug(slug: str) -> str:
    """An address a site may have. Raises Invalid."""
    if not re.fullmatch(SLUG_PATTERN, slug) or not SLUG_MIN <= len(slug) <= SLUG_MAX:
        raise Invalid(fields={"slug": _ADDRESS.format(SLUG_MIN, SLUG_MAX)})
    if slug in RESERVED:
        raise Invalid(fields={"slug": "This address is kept for the platform itself"})
    return slug


def check_page_slug(slug: str) -> str:
    """An address a page of a site may have. Raises Invalid."""
    if not re.fullmatch(SLUG_PATTERN, slug) or len(slug) > 100:
        raise Invalid(fields={"slug": _ADDRESS.format(1, 100)})
    if slug in RESERVED_PAGES:
        raise Invalid(fields={"slug": "Something else stands at this address on every site"})
    return slug


def _text(most: int, *, least: int = 0) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if len(value) > most or not storable(value):
            return _TOO_LONG.format(most)
        return "Please write something here" if len(value) < least else None

    return check


def _matches(pattern: str, message: str, *, most: int = 100) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        return None if value is None or (len(value) <= most and re.fullmatch(pattern, value)) else message

    return check


def _one_of(known: Any, message: str) -> Callable[[Any], str | None]:
    return lambda value: None if value is None or value in known else message


def _social(value: Any) -> str | None:
    unknown = sorted(set(value) - set(SOCIAL))
    if unknown:
        return f"{unknown[0][:30]!r} is not among what a site can link to: {', '.join(SOCIAL)}"
    wrong = [SOCIAL[name] for name, url in value.items() if not is_https(url)]
    return f"{wrong[0]} needs a whole address that begins with https://" if wrong else None


def _layout(value: Any) -> str | None:
    for name, chosen in value.items():
        field = next((f for f in msgspec.structs.fields(Layout) if f.name == name), None)
        if field is None:
            return f"{name[:30]!r} is not part of a layout: {', '.join(Layout.__struct_fields__)}"
        if chosen not in get_args(field.type):
            return f"{name} is one of {', '.join(get_args(field.type))}"
    return None


_COLOUR: Final = "Please give a colour such as #1f5c86"
_CHECKS: Final[dict[str, Callable[[Any], str | None]]] = {
    "title": _text(TITLE_MAX, least=1),
    "tagline": _text(TAGLINE_MAX),
    "description": _text(DESCRIPTION_MAX),
    "language": _matches(LANGUAGE_PATTERN, "Please give a language such as en or pt-BR", most=35),
    "social_links": _social,
    "maintenance_message": _text(MESSAGE_MAX),
    "meta_title": _text(META_TITLE_MAX),
    "meta_description": _text(META_DESCRIPTION_MAX),
    "canonical_url": lambda v: None if v is None or is_https(v) else "Please give an address that begins with https://",
    "default_rating": _one_of(RATINGS, f"Please choose one of {', '.join(RATINGS)}"),
    "comments_moderation": _one_of(set(Moderation), f"Please choose one of {', '.join(Moderation)}"),
    "theme": _one_of(THEMES, "There is no such theme"),
    "primary_color": lambda v: None if v is None or is_colour(v) else _COLOUR,
    "secondary_color": lambda v: None if v is None or is_colour(v) else _COLOUR,
    "accent_color": lambda v: None if v is None or is_colour(v) else _COLOUR,
    "heading_font": _one_of(FONTS, f"Please choose one of {', '.join(FONTS)}"),
    "body_font": _one_of(FONTS, f"Please choose one of {', '.join(FONTS)}"),
    "layout": _layout,
    "custom_css": _text(CSS_MAX),
    "google_analytics_id": _matches(r"G-[A-Z0-9]{4,16}", "Please give a measurement id such as G-1A2B3C4D5E"),
    "facebook_pixel_id": _matches(r"[0-9]{8,20}", "A pixel's id is a number of 15 or 16 digits"),
    "plausible_domain": lambda v: (
        None if v is None or is_hostname(v) else "Please give the domain as Plausible lists it, such as example.org"
    ),
    "custom_tracking_code": lambda v: _NO_SCRIPTS if v and v.strip() else None,
}


def check_settings(changes: Mapping[str, Any]) -> None:
    """Whether these can be said of a site. Raises Invalid with every field that is wrong."""
    wrong = {name: message for name, v in changes.items() if name in _CHECKS and (message := _CHECKS[name](v))}
    if "slug" in changes:
        try:
            check_site_slug(changes["slug"])
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)


def check_contrast(choice: Choice) -> None:
    """Whether the chosen colours can be read in the theme (WCAG 2, AA). Raises Invalid with the shade that could."""
    failed = [one for one in contrast_of(choice) if not one.passes]
    if not failed:
        return
    worst = min(failed, key=lambda one: one.ratio)
    theme = THEMES[choice.theme].name
    message = (
        f"On the {worst.on_name} of {theme} this has a contrast of {worst.ratio:.2f} to 1, and text needs "
        f"{worst.needed}. {worst.suggestion} is the nearest shade that can be read"
    )
    raise Invalid(fields={worst.field: message}, suggestion=worst.suggestion)


def tidied(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The same, evened out: one line where one line is meant, lower case where case means nothing, None for nothing."""
    found = dict(changes)
    for name in ("title", "tagline", "meta_title", "meta_description"):
        if name in found:
            found[name] = " ".join(found[name].split())
    for name in ("description", "maintenance_message", "custom_css"):
        if name in found:
            found[name] = found[name].replace("\r\n", "\n").replace("\r", "\n").rstrip()
    for name in ("primary_color", "secondary_color", "accent_color", "plausible_domain"):
        if isinstance(found.get(name), str):
            found[name] = found[name].strip().lower() or None
    for name in ("heading_font", "body_font", "canonical_url", "google_analytics_id", "facebook_pixel_id"):
        if isinstance(found.get(name), str):
            found[name] = found[name].strip() or None
    if "social_links" in found:
        found["social_links"] = {name: url.strip() for name, url in found["social_links"].items() if url.strip()}
    return found


def is_https(url: str) -> bool:
    """Whether it is a whole https:// address that can be stored."""
    if len(url) > MAX_URL or not storable(url) or re.search(r"[\s<>\"\\\x00-\x1f]", url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and "." in (parts.hostname or "") and not parts.username
    except ValueError:
        return False


def is_hostname(text: str) -> bool:
    """Whether it is the name of a host on the internet, in lower case."""
    return len(text) <= 253 and _HOSTNAME.fullmatch(text) is not None
