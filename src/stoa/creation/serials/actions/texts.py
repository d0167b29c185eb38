"""From what somebody typed about a series to what is stored of it."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from stoa.creation.posts.policies import LANGUAGE_PATTERN, RATINGS, SLUG_PATTERN
from stoa.creation.serials.types import SYNOPSIS_MAX, TITLE_MAX, AccessLevel, ContentType, Direction
from stoa.creation.works.policies import screen
from stoa.creation.works.types import Screening, WorkText
from stoa.foundation.media.queries import media_by_ids
from stoa.foundation.people.types import timezones
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.markdown import Document, ImageFacts, TooMuch, in_thread, own_media_id, preview, read

META_TITLE_MAX, META_DESCRIPTION_MAX, URL_MAX = 60, 160, 2048
SCHEDULE_MAX, PAYWALL_MESSAGE_MAX = 200, 1000
PICTURES: Final = ("cover_media_id", "banner_media_id", "thumbnail_media_id")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LENGTHS: Final = {
    "title": TITLE_MAX,
    "synopsis_markdown": SYNOPSIS_MAX,
    "update_schedule": SCHEDULE_MAX,
    "paywall_message": PAYWALL_MESSAGE_MAX,
    "meta_title": META_TITLE_MAX,
    "meta_description": META_DESCRIPTION_MAX,
}
_BOUNDS: Final = {"early_access_days": (0, 365), "preview_paragraphs": (0, 50), "total_planned_chapters": (1, 100_000)}


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed or chosen of a series, evened out."""

    title: str
    synopsis_markdown: str
    content_type: ContentType
    reading_direction: Direction
    language: str
    original_language: str
    rating: str
    cover_media_id: UUID | None
    banner_media_id: UUID | None
    thumbnail_media_id: UUID | None
    update_schedule: str
    update_days: list[int]
    timezone: str
    default_access: AccessLevel
    early_access_days: int
    preview_paragraphs: int
    paywall_message: str
    meta_title: str
    meta_description: str
    canonical_url: str | None
    total_planned_chapters: int | None


class Made(msgspec.Struct, frozen=True):
    """What is stored of a Typed: its row in works, its row in series, and the files it shows."""

    text: WorkText
    row: dict[str, object]
    media_ids: list[UUID]


def evened(typed: Typed) -> Typed:
    """With single spaces in lines, plain line ends, and days once and in order."""
    one_line = ("title", "update_schedule", "meta_title", "meta_description")
    return msgspec.structs.replace(
        typed,
        **{name: " ".join(getattr(typed, name).split()) for name in one_line},
        synopsis_markdown=typed.synopsis_markdown.replace("\r\n", "\n").replace("\r", "\n"),
        paywall_message=typed.paywall_message.replace("\r\n", "\n").replace("\r", "\n").strip(),
        update_days=sorted(set(typed.update_days)),
        canonical_url=(typed.canonical_url or "").strip() or None,
    )


def checked_slug(slug: str) -> str:
    """An address as it may be. Raises Invalid."""
    if not re.fullmatch(SLUG_PATTERN, slug) or len(slug) > 100:
        raise Invalid(fields={"slug": "Please use lower case letters, digits and single hyphens, at most 100"})
    return slug


def screened(typed: Typed) -> Screening:
    """P5, of all the words that readers see."""
    words = (typed.synopsis_markdown, typed.update_schedule, typed.paywall_message, typed.meta_description)
    return screen(typed.title, "\n\n".join(word for word in words if word))


async def made(ctx: Ctx, typed: Typed, *, owners: Iterable[UUID], known: Iterable[UUID | None] = ()) -> Made:
    """What to store of what was typed. Raises Invalid with every field that is wrong.

    owners: whose public pictures can be shown. known: pictures that it has already, whosever they are.
    """
    wrong = _faults(typed)
    document = None if "synopsis_markdown" in wrong else await _read(typed.synopsis_markdown, wrong)
    chosen = {name: getattr(typed, name) for name in PICTURES if getattr(typed, name) is not None}
    inside = [UUID(own) for own in map(own_media_id, document.image_urls if document else ()) if own is not None]
    media = {m.id: m for m in await media_by_ids(ctx, list({*chosen.values(), *inside}))}
    theirs = {m.id for m in media.values() if m.owner_id in set(owners)}
    for name, media_id in chosen.items():
        if media_id not in theirs and media_id not in set(known):
            wrong[name] = "This picture is not among your uploads"
    if wrong or document is None:
        raise Invalid(fields=wrong)
    facts = {str(m.id): ImageFacts(m.width, m.height, m.srcset) for m in media.values()}
    html, words, excerpt = await in_thread(lambda: _rendered(document, facts))
    text = WorkText(
        title=typed.title,
        excerpt=excerpt,
        body_text=words,
        word_count=0,  # a series has the words of its chapters
        language=typed.language,
        rating=typed.rating,
        category=None,
        cover_media_id=typed.cover_media_id,
        images=[],
    )
    own = set(typed.__struct_fields__) - {"title", "language", "rating", "cover_media_id"}
    row = {name: getattr(typed, name) for name in sorted(own)} | {"synopsis_html": html}
    return Made(text, row, sorted({*chosen.values(), *(theirs & set(inside))}))


async def _read(synopsis: str, wrong: dict[str, str]) -> Document | None:
    try:
        return await in_thread(lambda: read(synopsis))
    except TooMuch as error:
        wrong["synopsis_markdown"] = str(error)
        return None


def _rendered(document: Document, facts: dict[str, ImageFacts]) -> tuple[str, str, str]:
    # Control characters have no place in words, and search uses two of them to mark what it found.
    words, prose = _CONTROL.sub("", document.words), _CONTROL.sub("", document.prose)
    return document.html(images=facts), words, preview(prose)


def _faults(typed: Typed) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for name, most in _LENGTHS.items():
        text = getattr(typed, name)
        if not storable(text) or len(text) > most:
            wrong[name] = f"Please use at most {most:,} characters that can be stored"
    if not typed.title:
        wrong["title"] = "Please give it a title"
    for name, (least, most) in _BOUNDS.items():
        number = getattr(typed, name)
        if number is not None and not least <= number <= most:
            wrong[name] = f"Please give a number from {least:,} to {most:,}"
    for name in ("language", "original_language"):
        if not re.fullmatch(LANGUAGE_PATTERN, getattr(typed, name)):
            wrong[name] = "Please give a language such as en or pt-BR"
    if typed.rating not in RATINGS:
        wrong["rating"] = f"Please choose one of {', '.join(RATINGS)}"
    if not all(1 <= day <= 7 for day in typed.update_days):
        wrong["update_days"] = "Days are numbers from 1, Monday, to 7, Sunday"
    if typed.timezone not in timezones():
        wrong["timezone"] = "Please choose a time zone such as Europe/Athens"
    if typed.canonical_url is not None and not _is_address(typed.canonical_url):
        wrong["canonical_url"] = "Please give a whole address that begins with https://"
    return wrong


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            len(url) <= URL_MAX
            and storable(url)
            and parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and not re.search(r"[\s\"<>\\]", url)
        )
    except ValueError:
        return False
