"""Making, changing and publishing series."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from stoa.creation.serials.actions.texts import PICTURES, Made, Typed, checked_slug, evened, made, screened
from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.types import SERIES, AccessLevel, ContentType, Direction, SeriesView
from stoa.creation.works import actions as works
from stoa.creation.works.errors import EditConflict
from stoa.creation.works.queries import work_by_id
from stoa.creation.works.types import State, WorkRow
from stoa.foundation.media import actions as pictures
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, one, update, value
from stoa.kit.errors import Conflict, NotFound

_DIRECTIONS: Final = {
    ContentType.MANGA: Direction.RTL,
    ContentType.WEBTOON: Direction.VERTICAL,
    ContentType.MANHWA: Direction.VERTICAL,
}


class _Kept(msgspec.Struct, frozen=True):
    synopsis_markdown: str
    cover_media_id: UUID | None
    banner_media_id: UUID | None
    thumbnail_media_id: UUID | None


# What a view does not hold for everybody who may change it.
_KEPT = one(
    _Kept,
    """
    select b.synopsis_markdown, w.cover_media_id, b.banner_media_id, b.thumbnail_media_id
    from works w join series b on b.work_id = w.id where w.id = $1
    """,
)
_KEPT_NAMES: Final = frozenset(_Kept.__struct_fields__)
_TIMEZONE = value(str | None, "select timezone from profiles where user_id = $1")
_HAS_CHAPTERS = value(
    bool, "select exists (select from works where parent_id = $1 and kind = 'chapter' and deleted_at is null)"
)


async def create_series(
    ctx: Ctx,
    site_id: UUID,
    *,
    title: str,
    synopsis_markdown: str = "",
    content_type: ContentType = ContentType.WEB_NOVEL,
    reading_direction: Direction | None = None,
    language: str = "en",
    original_language: str | None = None,
    rating: str = "general",
    cover_media_id: UUID | None = None,
    default_access: AccessLevel = AccessLevel.FREE,
    total_planned_chapters: int | None = None,
) -> SeriesView:
    """A new series on a site where the actor may edit texts; it is the site owner's, and a draft.

    It is read in the direction usual for its type where none is given. Raises NotFound, Forbidden, Invalid, and
    PlanLimit where the owner's plan holds no more (B4).
    """
    site = await access_site(ctx, site_id, Permission.EDIT_CONTENT)
    typed = Typed(
        title=title,
        synopsis_markdown=synopsis_markdown,
        content_type=content_type,
        reading_direction=reading_direction or _DIRECTIONS.get(content_type, Direction.LTR),
        language=language,
        original_language=original_language or language,
        rating=rating,
        cover_media_id=cover_media_id,
        banner_media_id=None,
        thumbnail_media_id=None,
        update_schedule="",
        update_days=[],
        timezone=await _TIMEZONE(ctx.db, site.owner_id) or "UTC",
        default_access=default_access,
        early_access_days=0,
        preview_paragraphs=3,
        paywall_message="",
        meta_title="",
        meta_description="",
        canonical_url=None,
        total_planned_chapters=total_planned_chapters,
    )
    return await put_in_place(ctx, site_id, site.owner_id, typed)


async def put_in_place(
    ctx: Ctx, site_id: UUID, owner_id: UUID, typed: Typed, *, known: Sequence[UUID | None] = ()
) -> SeriesView:
    """Stores a new series of somebody. Raises Invalid, PlanLimit (B4)."""
    typed = evened(typed)
    stored = await made(ctx, typed, owners=(owner_id, ctx.member.id), known=known)
    await plans.use(ctx, owner_id, Meter.SERIES, 1)
    work = await works.create(ctx, kind=SERIES, text=stored.text, author_id=owner_id, site_id=site_id)
    await insert(ctx.db, "series", {"work_id": work.id, **stored.row})
    await _note_pictures(ctx, work.id, typed.title, stored)
    return await access_series(ctx, work.id)


async def edit_series(ctx: Ctx, series_id: UUID, *, revision: int, **given: Any) -> SeriesView:
    """Changes what is `given` of the fields of `Typed`, and `slug`, on the `revision` the actor saw.

    What is UNSET stays; what changes nothing keeps the revision. A series that is out may go into review by its new
    words (P5). A new `slug` leaves the old one behind as a redirect (S6). Raises NotFound, Forbidden, EditConflict,
    Invalid, TextRefused, and Conflict where a novel with chapters is to be a comic, or the other way round.
    """
    return await change(ctx, await access_series_to_edit(ctx, series_id), revision=revision, **given)


async def change(ctx: Ctx, series: SeriesView, *, revision: int | None, slug: Any = UNSET, **given: Any) -> SeriesView:
    """The same for a series that the actor may change in this; without a `revision` on the newest."""
    if revision is not None and series.revision != revision:
        raise EditConflict(series.revision)
    before = await typed_of(ctx, series)
    after = evened(msgspec.structs.replace(before, **{name: v for name, v in given.items() if v is not UNSET}))
    new_slug = None if slug in (UNSET, series.slug) else checked_slug(slug)
    if after == before and new_slug is None:
        return series
    if after.content_type.is_comic != before.content_type.is_comic and await _HAS_CHAPTERS(ctx.db, series.id):
        raise Conflict(
            "A series with chapters stays a novel, or a comic: its chapters are made of text, or of pictures"
        )
    known = [getattr(before, name) for name in PICTURES]
    stored = await made(ctx, after, owners=(series.author.id, ctx.member.id), known=known)
    is_out = series.state in (State.PUBLISHED, State.IN_REVIEW)
    work = await works.edit(
        ctx, await work_of(ctx, series), text=stored.text, screening=screened(after) if is_out else None
    )
    await update(ctx.db, "series", stored.row, where={"work_id": series.id})
    await _note_pictures(ctx, series.id, after.title, stored)
    if new_slug is not None:
        await works.rename(ctx, work, new_slug)
    return await access_series(ctx, series.id)


async def set_picture(ctx: Ctx, series_id: UUID, place: str, media_id: UUID | None) -> SeriesView:
    """Shows a public picture of the actor's, or of the site's owner, as 'cover', 'banner' or 'thumbnail'; or none.

    Raises NotFound, Forbidden, Invalid.
    """
    series = await access_series_to_edit(ctx, series_id)
    return await change(ctx, series, revision=None, **{f"{place}_media_id": media_id})


async def publish_series(ctx: Ctx, series_id: UUID, *, revision: int | None = None) -> SeriesView:
    """Publishes a series, or puts it into review: see `state` of the answer (P5). Its chapters that are published are
    seen from now on. Raises NotFound, Forbidden, TextRefused, WrongState, EditConflict.
    """
    series = await access_series(ctx, series_id, Permission.PUBLISH)
    if revision is not None and series.revision != revision:
        raise EditConflict(series.revision)
    typed = await typed_of(ctx, series)
    await works.publish(ctx, await work_of(ctx, series), screening=screened(typed))
    return await access_series(ctx, series_id)


async def unpublish_series(ctx: Ctx, series_id: UUID) -> SeriesView:
    """Takes a series back from readers, with its chapters, or from review. Raises NotFound, Forbidden, WrongState."""
    series = await access_series(ctx, series_id, Permission.PUBLISH)
    await works.unpublish(ctx, await work_of(ctx, series))
    return await access_series(ctx, series_id)


async def typed_of(ctx: Ctx, series: SeriesView) -> Typed:
    """What was typed of a series that the actor may change."""
    kept = await _KEPT(ctx.db, series.id)
    return Typed(**{name: getattr(kept if name in _KEPT_NAMES else series, name) for name in Typed.__struct_fields__})


async def work_of(ctx: Ctx, series: SeriesView) -> WorkRow:
    """Its row in works with the revision that was read: a change in between is a conflict, not overwritten."""
    work = await work_by_id(ctx, series.id)
    if work is None:
        raise NotFound("There is no such series")
    return msgspec.structs.replace(work, revision=series.revision, state=series.state)


async def _note_pictures(ctx: Ctx, series_id: UUID, title: str, stored: Made) -> None:
    url = f"/dashboard/series/{series_id}"
    await pictures.note_uses(
        ctx, subject=SERIES, subject_id=series_id, media_ids=stored.media_ids, title=title, url=url
    )
