"""The same with many chapters of a series at once: all of it, or nothing."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.serials.actions import opening, places
from stoa.creation.serials.actions.chapters import delete_chapters, work_of
from stoa.creation.serials.actions.schedule import check_can_be_scheduled, publish_chapter
from stoa.creation.serials.policies.chapters import access_chapter, access_series_place
from stoa.creation.serials.policies.prices import check_price
from stoa.creation.serials.policies.schedule import moment
from stoa.creation.serials.queries.places import SeriesPlace
from stoa.creation.serials.types import AccessLevel, BulkDone, BulkProblem, ChapterView
from stoa.creation.works import actions as works
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run
from stoa.kit.errors import Invalid, StoaError

DAYS_MOST: Final = 365


class _One(msgspec.Struct, frozen=True):
    id: UUID
    state: str


_OF_SERIES = many(
    _One,
    """
    select w.id, w.state from chapters c join works w on w.id = c.work_id
    where c.series_id = $1 and w.id = any($2::uuid[]) and w.deleted_at is null order by c.position
    """,
)
_SCHEDULE = run(
    """
    update chapters c set scheduled_at = n.at, timezone = $3, schedule_problem = null
    from unnest($1::uuid[], $2::timestamptz[]) as n (id, at) where c.work_id = n.id
    """
)
_BEFORE = run(
    """
    update chapters c set tier_id = case when $2 = 'tier' then $3::uuid end,
      access_before = case when $2 = 'scheduled' then coalesce(c.access_before, nullif(w.access, 'scheduled')) end
    from works w where w.id = c.work_id and c.work_id = any($1::uuid[])
    """
)
_MOVED = run("update chapters set series_id = $2, number = $3, volume = null, position = $4 where work_id = $1")
_CHANGE = run(
    """
    update chapters set volume = case when $2 then $3 else volume end,
      author_note_position = coalesce($4, author_note_position)
    where work_id = any($1::uuid[])
    """
)


async def update_many(
    ctx: Ctx,
    series_id: UUID,
    chapter_ids: Sequence[UUID],
    *,
    volume: int | UnsetType | None = UNSET,
    rating: str | UnsetType = UNSET,
    language: str | UnsetType = UNSET,
    author_note_position: str | UnsetType = UNSET,
) -> BulkDone:
    """Gives chapters the same volume, rating, language or place of the author's note; what is UNSET stays.

    Raises NotFound, Forbidden, and Invalid, also where two chapters would have one number.
    """
    series = await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)
    chosen = await _chosen(ctx, series, chapter_ids)
    if any(one.state in (State.PUBLISHED, State.IN_REVIEW) for one in chosen):
        await access_series_place(ctx, series_id, Permission.PUBLISH)
    ids = [one.id for one in chosen]
    if rating is not UNSET or language is not UNSET:
        await works.relabel(
            ctx, ids, rating=None if rating is UNSET else rating, language=None if language is UNSET else language
        )
    place = None if author_note_position is UNSET else author_note_position
    if volume is not UNSET:
        await places.lock(ctx, series_id)
        await places.check_volume(ctx, series_id, ids, volume)
    await _CHANGE(ctx.db, ids, volume is not UNSET, None if volume is UNSET else volume, place)
    return BulkDone(done=ids, problems=[])


async def delete_many(ctx: Ctx, series_id: UUID, chapter_ids: Sequence[UUID]) -> BulkDone:
    """Deletes chapters softly (S5). Raises NotFound, Forbidden, Invalid."""
    series = await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)
    chosen = await _chosen(ctx, series, chapter_ids)
    if any(one.state in (State.PUBLISHED, State.IN_REVIEW) for one in chosen):
        await access_series_place(ctx, series_id, Permission.PUBLISH)
    await delete_chapters(ctx, series.author_id, [one.id for one in chosen])
    return BulkDone(done=[one.id for one in chosen], problems=[])


async def publish_many(ctx: Ctx, series_id: UUID, chapter_ids: Sequence[UUID]) -> BulkDone:
    """Publishes chapters in the order of the series. What one of them lacks is told, and does not hold up the others.

    Raises NotFound, Forbidden, Invalid.
    """
    series = await access_series_place(ctx, series_id, Permission.PUBLISH)
    done: list[UUID] = []
    problems: list[BulkProblem] = []
    for one in await _chosen(ctx, series, chapter_ids):
        try:
            async with ctx.db.transaction():
                await publish_chapter(ctx, one.id)
            done.append(one.id)
        except StoaError as error:
            problems.append(BulkProblem(one.id, error.code, error.detail))
    return BulkDone(done=done, problems=problems)


async def schedule_many(
    ctx: Ctx,
    series_id: UUID,
    chapter_ids: Sequence[UUID],
    *,
    at: datetime,
    timezone: str | None = None,
    every_days: int = 0,
) -> BulkDone:
    """Has chapters published in the order of the series, the first `at`, each next one so many days later at the same
    hour of the author's clock. What one of them lacks is told, and the next takes its day.

    Raises NotFound, Forbidden, Invalid.
    """
    series = await access_series_place(ctx, series_id, Permission.PUBLISH)
    if not 0 <= every_days <= DAYS_MOST:
        raise Invalid(fields={"every_days": f"Please give a number from 0 to {DAYS_MOST}"})
    zone = timezone or series.timezone
    moment(at, zone, now=ctx.now)
    wall = at if at.tzinfo is None else at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    planned: list[tuple[UUID, datetime]] = []
    problems: list[BulkProblem] = []
    for one in await _chosen(ctx, series, chapter_ids):
        try:
            await check_can_be_scheduled(ctx, await access_chapter(ctx, one.id))
            day = wall + timedelta(days=every_days * len(planned))
            # Nobody chose the days that follow, so on one whose clocks skip this hour it is the next.
            then = moment(day, zone, now=ctx.now, moves=True) if planned else moment(at, zone, now=ctx.now)
            planned.append((one.id, then))
        except StoaError as error:
            problems.append(BulkProblem(one.id, error.code, error.detail))
    ids, moments = [one_id for one_id, _ in planned], [then for _, then in planned]
    await _SCHEDULE(ctx.db, ids, moments, zone)
    return BulkDone(done=ids, problems=problems)


async def open_many(
    ctx: Ctx,
    series_id: UUID,
    chapter_ids: Sequence[UUID],
    *,
    access: AccessLevel | UnsetType = UNSET,
    opens_at: datetime | None = None,
    timezone: str | None = None,
    tier_id: UUID | None = None,
    price_minor: int | UnsetType | None = UNSET,
    price_asset: str | UnsetType | None = UNSET,
) -> BulkDone:
    """Changes who reads the whole of chapters, and what each costs by itself; what is UNSET stays (S1).

    Raises NotFound, Forbidden, Invalid.
    """
    series = await access_series_place(ctx, series_id, Permission.MANAGE_SETTINGS)
    ids = [one.id for one in await _chosen(ctx, series, chapter_ids)]
    if price_minor is not UNSET or price_asset is not UNSET:
        minor = None if price_minor is UNSET else price_minor
        asset = None if price_asset is UNSET else price_asset
        check_price(minor, asset)
        await works.set_price(ctx, ids, minor, asset)
    if access is not UNSET:
        then = None
        if access is AccessLevel.SCHEDULED:
            if opens_at is None:
                raise Invalid(fields={"opens_at": "Please say when they open to everybody"})
            then = moment(opens_at, timezone or series.timezone, now=ctx.now, field="opens_at")
        await _BEFORE(ctx.db, ids, access, tier_id)
        await works.set_rule(ctx, ids, access=access, opens_at=then)
        await opening.follow(ctx, ids)
    return BulkDone(done=ids, problems=[])


async def move_chapter(ctx: Ctx, chapter_id: UUID, series_id: UUID) -> ChapterView:
    """Puts a chapter at the end of another series of the same author, with the next number there. Its old address leads
    to the new one (S6); what was bought stays bought.

    Raises NotFound, Forbidden, and Invalid for a series of somebody else, or of another kind.
    """
    chapter = await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT)
    target = await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)
    if target.author_id != chapter.author.id:
        raise Invalid(fields={"series_id": "A chapter stays with its author; this series is somebody else's"})
    if target.id == chapter.series_id:
        return chapter
    if target.content_type.is_comic != chapter.content_type.is_comic:
        raise Invalid(fields={"series_id": "A chapter of words does not go into a comic, nor the other way round"})
    if chapter.state in (State.PUBLISHED, State.IN_REVIEW):
        await access_chapter(ctx, chapter_id, Permission.PUBLISH)
        await access_series_place(ctx, series_id, Permission.PUBLISH)
    await places.lock(ctx, chapter.series_id, series_id)
    number, position = await places.end_of(ctx, series_id)
    moved = await works.move(ctx, await work_of(ctx, chapter_id), site_id=target.site_id, parent_id=target.id)
    if moved.slug is not None:
        await works.first_slug(ctx, moved, moved.slug)
    await _MOVED(ctx.db, chapter_id, series_id, number, position)
    if chapter.preview_paragraphs is None:
        await opening.cut_chapter_again(ctx, chapter_id, target.preview_paragraphs)
    return await access_chapter(ctx, chapter_id)


async def _chosen(ctx: Ctx, series: SeriesPlace, chapter_ids: Collection[UUID]) -> list[_One]:
    wanted = set(chapter_ids)
    found = await _OF_SERIES(ctx.db, series.id, list(wanted))
    if len(found) != len(wanted):
        missing = len(wanted) - len(found)
        raise Invalid(fields={"chapter_ids": f"{missing} of these are no chapters of this series"})
    return found
