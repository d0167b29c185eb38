"""Pages with one form about the site: settings, search and sharing, counting visits, theme, branding."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.sites.actions import edit_site, look_of
from stoa.creation.sites.policies.settings import RATINGS
from stoa.creation.sites.queries import theme_uses
from stoa.creation.sites.types import SOCIAL, Moderation, SiteDetail
from stoa.creation.sites.types.changes import SiteChange
from stoa.creation.sites.types.looks import theme_of
from stoa.creation.sites.types.themes import CATEGORIES, FONTS, THEMES
from stoa.creation.works.errors import EditConflict
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front.languages import language_choices
from stoa.front.studio.sites.desk import ONE, SITES, named, number, opened, said, site_page, texts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, StoaError
from stoa.kit.http import CtxDep, Path, access

Sent = Mapping[str, str]
COLOURS: Final = ("primary_color", "secondary_color", "accent_color")
FACES: Final = ("heading_font", "body_font")
LAYOUT: Final = {
    "home": (
        "First page",
        (
            ("plain", "A list at once"),
            ("hero", "A large title"),
            ("split", "Picture and words"),
            ("plate", "A title page"),
        ),
    ),
    "shelf": ("Series", (("list", "As a list"), ("grid", "As a grid"), ("wall", "As a wall of covers"))),
    "width": ("Width", (("narrow", "Narrow"), ("regular", "Regular"), ("wide", "Wide"))),
    "nav": ("Navigation", (("top", "In a line at the top"), ("center", "Centred"), ("side", "At the side"))),
    "radius": ("Corners", (("none", "Square"), ("soft", "Soft"), ("round", "Round"))),
    "density": ("Room around things", (("compact", "Little"), ("regular", "Regular"), ("airy", "Much"))),
}
RATING_NAMES: Final = dict(
    zip(RATINGS, ("Everybody", "From about 13", "Adults: strong themes", "Adults: explicit scenes"), strict=True)
)
MODERATION: Final = (
    (Moderation.POST, "After they are seen", "A comment stands at once; you can take it away."),
    (Moderation.PRE, "Before they are seen", "A comment waits until you or your team let it in."),
    (Moderation.NONE, "Not at all", "Only what readers report is looked at."),
)


def _texts(sent: Sent, *names: str) -> dict[str, Any]:
    return {name: sent.get(name, "") for name in names}


def _or_none(sent: Sent, *names: str) -> dict[str, Any]:
    return {name: sent.get(name, "").strip() or None for name in names}


def _flags(sent: Sent, *names: str) -> dict[str, Any]:
    return {name: bool(sent.get(name)) for name in names}


def _settings(sent: Sent) -> SiteChange:
    return SiteChange(
        **_texts(sent, "title", "tagline", "description", "language", "maintenance_message"),
        **_texts(sent, "default_rating", "comments_moderation"),
        slug=sent.get("slug", "").strip().lower(),
        social_links={name: sent[f"social_{name}"] for name in SOCIAL if sent.get(f"social_{name}", "").strip()},
        **_flags(sent, "is_public", "maintenance", "comments_enabled"),
    )


def _seo(sent: Sent) -> SiteChange:
    return SiteChange(
        **_texts(sent, "meta_title", "meta_description"),
        **_or_none(sent, "canonical_url"),
        **_flags(sent, "search_engines", "ai_crawlers"),
    )


def _integrations(sent: Sent) -> SiteChange:
    return SiteChange(
        **_or_none(sent, "google_analytics_id", "facebook_pixel_id", "plausible_domain"),
        **_flags(sent, "analytics_enabled"),
    )


def theme_change(sent: Sent) -> SiteChange:
    """What the page of the theme, or a look at it, asks for; an empty choice is the theme's own."""
    layout = {name: sent[name] for name in LAYOUT if sent.get(name)}
    return SiteChange(theme=sent.get("theme", ""), layout=layout)


def branding_change(sent: Sent) -> SiteChange:
    """What the page of the branding asks for."""
    return SiteChange(
        **_or_none(sent, *COLOURS, *FACES), **_texts(sent, "custom_css"), **_flags(sent, "custom_css_enabled")
    )


@dataclass(frozen=True)
class Sheet:
    """A page with one form: what it asks for, and what is said when that is done."""

    place: str
    read: Callable[[Sent], SiteChange]
    says: str = "Saved."


SHEETS: Final = {
    sheet.place: sheet
    for sheet in (
        Sheet("settings", _settings),
        Sheet("seo", _seo),
        Sheet("integrations", _integrations),
        Sheet("theme", theme_change, "Your visitors see it from now on."),
        Sheet("branding", branding_change, "Your visitors see it from now on."),
    )
}


async def show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: SiteAccess,
    site: SiteDetail,
    place: str,
    *,
    typed: Sent | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    **context: Any,
) -> Response[Any]:
    """The page with what is kept, or with what was typed and what is wrong with it."""
    more: dict[str, Any] = {}
    match place:
        case "settings":
            language = typed.get("language", "") if typed else site.language
            more = {"languages": language_choices(language), "social": SOCIAL, "moderation": MODERATION}
        case "theme":
            chosen = {name: typed.get(name, "") for name in LAYOUT} if typed is not None else _own_layout(site)
            more = {"themes": list(THEMES.values()), "uses": await theme_uses(ctx), "layouts": LAYOUT}
            more |= {"kinds": CATEGORIES, "chosen": chosen}
        case "branding":
            look, faces = await look_of(ctx, site.id, SiteChange()), [(one.id, one.name) for one in FONTS.values()]
            more = {"faces": faces, "look": look, "dress": theme_of(site.theme)}
    return await site_page(
        request,
        ctx,
        there,
        site,
        place,
        status=status,
        fields=_kept(site) | (_as_typed(site, typed) if typed is not None else {}),
        errors=errors or {},
        ratings=list(RATING_NAMES.items()),
        **more,
        **context,
    )


def _own_layout(site: SiteDetail) -> dict[str, str]:
    """What differs from the theme's own layout, and so was chosen."""
    own = theme_of(site.theme).layout
    return {name: chosen for name in LAYOUT if (chosen := getattr(site.layout, name)) != getattr(own, name)}


def _kept(site: SiteDetail) -> dict[str, Any]:
    kept = {name: getattr(site, name) for name in site.__struct_fields__}
    return kept | {f"social_{name}": site.social_links.get(name, "") for name in SOCIAL}


def _as_typed(site: SiteDetail, typed: Sent) -> dict[str, Any]:
    """What was typed, where a box that is not ticked was not sent at all."""
    boxes = {name: bool(typed.get(name)) for name, value in _kept(site).items() if isinstance(value, bool)}
    return {**typed, **boxes}


def _routes(sheet: Sheet) -> list[Any]:
    path = f"{ONE}/{sheet.place}"

    async def form(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
        there, site = await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
        return await show(request, ctx, there, site, sheet.place)

    async def save(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
        there, site = await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
        sent: dict[str, str] = {}
        try:
            sent = texts(await request.form())
            await edit_site(ctx, site_id, sheet.read(sent), revision=number(sent, "revision"))
        except (Invalid, Conflict, EditConflict) as error:
            return await show(
                request, ctx, there, site, sheet.place, typed=sent, errors=_errors(error), status=error.status
            )
        return said(request, f"{SITES}/{site_id}/{sheet.place}", sheet.says)

    form.__name__, save.__name__ = f"{sheet.place}_form", f"save_{sheet.place}"
    form.__doc__, save.__doc__ = f"What the site has at {sheet.place}.", f"Changes {sheet.place}."
    return [get(path, opt=access("member"))(form), post(path, opt=access("member", limit="write"))(save)]


def _errors(error: StoaError) -> dict[str, str]:
    if isinstance(error, EditConflict):
        return {"revision": "Somebody changed this meanwhile. Open the page again to see it; copy what you typed first"}
    return named(error, "slug" if error.code == "site_slug_taken" else "form")


routes = [route for sheet in SHEETS.values() for route in _routes(sheet)]
