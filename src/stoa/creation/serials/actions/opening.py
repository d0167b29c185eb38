"""Who reads the whole of a chapter, from when on, and what search and lists may know of it meanwhile (S1)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.serials.actions.rendering import cut_again, facts_of
from stoa.creation.serials.messages import ChapterOpened
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.policies.prices import check_price
from stoa.creation.serials.policies.schedule import moment
from stoa.creation.serials.queries.opening import access_of
from stoa.creation.serials.types import AccessLevel, AccessView
from stoa.creation.works import actions as works
from stoa.creation.works.errors import EditConflict
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, update
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.outbox import emit

BATCH: Final = 50
AT_ONCE: Final = 500


class _Words(msgspec.Struct, frozen=True):
    id: UUID
    excerpt: str
    words: str


class _Opened(msgspec.Struct, frozen=True):
    id: UUID
    series_id: UUID
    author_id: UUID
    is_out: bool


class _Cut(msgspec.Struct, frozen=True):
    id: UUID
    position: int
    version: int
    body_markdown: str


_WORDS = many(
    _Words,
    """
    select w.id, case when o.is_open then c.excerpt else c.preview_excerpt end as excerpt,
      case when o.is_open then c.words || E'\\n' || c.picture_words
        else c.preview_words || E'\\n' || c.picture_preview_words end as words
    from chapters c join works w on w.id = c.work_id
    cross join lateral (
      select w.access = 'free' or (w.access = 'scheduled' and coalesce(w.opens_at <= $2, false)) as is_open
    ) o
    where c.work_id = any($1::uuid[])
    """,
)
_DUE = many(
    _Opened,
    """
    select w.id, c.series_id, w.author_id, w.state = 'published' and not w.closed and w.deleted_at is null as is_out
    from works w join chapters c on c.work_id = w.id
    where w.access = 'scheduled' and w.opens_at <= $1 order by w.opens_at limit $2 for update of w skip locked
    """,
)
_OPENED = run("update chapters set opened_at = $2, access_before = null where work_id = any($1::uuid[])")
_TO_CUT = many(
    _Cut,
    """
    select work_id as id, position, version, body_markdown from chapters
    where series_id = $1 and preview_paragraphs is null and purged_at is null and position > $2
    order by position limit $3
    """,
)
_CUT = run(
    """
    update chapters c set preview_html = n.preview_html, preview_words = n.preview_words,
      preview_excerpt = n.preview_excerpt
    from jsonb_to_recordset($1) as n (id uuid, version integer, preview_html text, preview_words text,
      preview_excerpt text)
    where c.work_id = n.id and c.version = n.version and c.preview_paragraphs is null
    """
)
_PARAGRAPHS = many(_Cut, "select work_id as id, position, version, body_markdown from chapters where work_id = $1")
# Two changes at once: the second one knows what the first made of it, and what it leaves unsaid stays as that is.
_HOLD = run("select from works where id = $1 for no key update")


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What is to hold for a chapter from now on; what is UNSET stays."""

    access: AccessLevel | UnsetType = UNSET
    opens_at: datetime | UnsetType | None = UNSET
    timezone: str | UnsetType = UNSET
    tier_id: UUID | UnsetType | None = UNSET
    preview_paragraphs: int | UnsetType | None = UNSET
    paywall_message: str | UnsetType = UNSET
    price_minor: int | UnsetType | None = UNSET
    price_asset: str | UnsetType | None = UNSET


async def change_access(ctx: Ctx, chapter_id: UUID, chosen: Chosen, *, stamp: str | None = None) -> AccessView:
    """Changes who reads the whole of a chapter, what it costs by itself, and how much of it everybody sees (S1).

    stamp: that of the rule as it was shown. What was bought stays bought. Raises NotFound, Forbidden, Invalid, and
    EditConflict where the rule is not the one of the stamp any more.
    """
    await access_chapter(ctx, chapter_id, Permission.MANAGE_SETTINGS)
    await _HOLD(ctx.db, chapter_id)
    before = await access_of(ctx, chapter_id)
    if stamp not in (None, before.stamp):
        raise EditConflict(before.revision)
    after = _after(ctx, before, chosen)
    await works.set_access(
        ctx,
        [chapter_id],
        access=after.access,
        opens_at=after.opens_at,
        price_minor=after.price_minor,
        price_asset=after.price_asset,
    )
    row: dict[str, Any] = {
        "tier_id": after.tier_id,
        "preview_paragraphs": after.preview_paragraphs,
        "paywall_message": after.paywall_message.strip(),
        "access_before": after.access_before,
    }
    if after.preview_paragraphs != before.preview_paragraphs:
        row |= await _beginning(ctx, chapter_id, after.preview_paragraphs, before.series_preview_paragraphs)
    await update(ctx.db, "chapters", row, where={"work_id": chapter_id})
    await follow(ctx, [chapter_id])
    return await access_of(ctx, chapter_id)


async def schedule_free(ctx: Ctx, chapter_id: UUID, *, at: datetime, timezone: str | None = None) -> AccessView:
    """Has a chapter open to everybody at a time, another time replaces the first (S1).

    `at` without an offset is what clocks show in `timezone`, the series' where none is given. Raises NotFound,
    Forbidden, Invalid, and Conflict for one that everybody reads already.
    """
    await access_chapter(ctx, chapter_id, Permission.MANAGE_SETTINGS)
    before = await access_of(ctx, chapter_id)
    if before.is_open:
        raise Conflict("Everybody reads this already")
    then = moment(at, timezone or before.timezone, now=ctx.now)
    return await change_access(ctx, chapter_id, Chosen(access=AccessLevel.SCHEDULED, opens_at=then))


async def cancel_free(ctx: Ctx, chapter_id: UUID) -> AccessView:
    """Calls the opening off: what held before holds again; repeating it changes nothing. Raises NotFound, Forbidden."""
    await access_chapter(ctx, chapter_id, Permission.MANAGE_SETTINGS)
    before = await access_of(ctx, chapter_id)
    if before.access is not AccessLevel.SCHEDULED or before.is_open:
        return before
    level = before.access_before or AccessLevel.SUBSCRIBERS
    return await change_access(ctx, chapter_id, Chosen(access=level, opens_at=None))


async def open_due(ctx: Ctx) -> int:
    """Opens what is to be open by now, and tells it once; answers how many.

    Readers had it from the very moment (`may_read` looks at the clock); this lets search and lists follow.
    """
    due = await _DUE(ctx.db, ctx.now, AT_ONCE)
    ids = [one.id for one in due]
    if ids:
        await _OPENED(ctx.db, ids, ctx.now)
        await works.set_free(ctx, ids)
        await follow(ctx, ids)
    for one in due:
        if one.is_out:
            await emit(
                ctx,
                ChapterOpened(chapter_id=one.id, series_id=one.series_id, author_id=one.author_id, opened_at=ctx.now),
            )
    return len(ids)


async def follow(ctx: Ctx, chapter_ids: Collection[UUID]) -> None:
    """Gives search and lists what everybody may know of these chapters, by their rules as they are now."""
    ids = list(chapter_ids)
    for start in range(0, len(ids), BATCH):
        rows = await _WORDS(ctx.db, ids[start : start + BATCH], ctx.now)
        await works.set_words(ctx, [(row.id, row.excerpt, row.words.strip()) for row in rows])


async def cut_series_again(ctx: Ctx, series_id: UUID, paragraphs: int) -> int:
    """Makes the beginnings of a series' chapters anew, of those that have no number of paragraphs of their own."""
    done, after = 0, 0
    while rows := await _TO_CUT(ctx.db, series_id, after, BATCH):
        await _CUT(ctx.db, await _cut(ctx, rows, paragraphs))
        await follow(ctx, [row.id for row in rows])
        done, after = done + len(rows), rows[-1].position
    return done


async def cut_chapter_again(ctx: Ctx, chapter_id: UUID, paragraphs: int) -> None:
    """The same of one chapter, which stands in another series now."""
    await update(ctx.db, "chapters", await _beginning(ctx, chapter_id, None, paragraphs), where={"work_id": chapter_id})
    await follow(ctx, [chapter_id])


async def note_picture_words(ctx: Ctx, chapter_id: UUID, *, words: str, preview_words: str) -> None:
    """What is written in the pictures of a chapter, and in those of them that everybody sees; for search."""
    row = {"picture_words": words, "picture_preview_words": preview_words}
    await update(ctx.db, "chapters", row, where={"work_id": chapter_id})
    await follow(ctx, [chapter_id])


async def _beginning(ctx: Ctx, chapter_id: UUID, own: int | None, of_series: int) -> dict[str, Any]:
    rows = await _PARAGRAPHS(ctx.db, chapter_id)
    (row,) = await _cut(ctx, rows, of_series if own is None else own)
    return {name: text for name, text in row.items() if name.startswith("preview_")}


async def _cut(ctx: Ctx, rows: Sequence[_Cut], paragraphs: int) -> list[dict[str, Any]]:
    facts = await facts_of(ctx, [row.body_markdown for row in rows])
    answer = []
    for row in rows:
        made = await cut_again(row.body_markdown, paragraphs=paragraphs, facts=facts)
        answer.append(made | {"id": row.id, "version": row.version})
    return answer


def _after(ctx: Ctx, before: AccessView, chosen: Chosen) -> AccessView:
    given = {name: value for name, value in msgspec.structs.asdict(chosen).items() if value is not UNSET}
    zone = given.pop("timezone", before.timezone)
    after = msgspec.structs.replace(before, **given)
    if after.access is not AccessLevel.SCHEDULED:
        after = msgspec.structs.replace(after, opens_at=None, access_before=None)
    elif after.opens_at != before.opens_at and after.opens_at is not None:
        after = msgspec.structs.replace(after, opens_at=moment(after.opens_at, zone, now=ctx.now, field="opens_at"))
    if after.access is AccessLevel.SCHEDULED and before.access is not AccessLevel.SCHEDULED:
        after = msgspec.structs.replace(after, access_before=before.access)
    if after.access is AccessLevel.SCHEDULED and after.opens_at is None:
        raise Invalid(fields={"opens_at": "Please say when it opens to everybody"})
    if after.access is not AccessLevel.TIER:
        after = msgspec.structs.replace(after, tier_id=None)
    check_price(after.price_minor, after.price_asset)
    return after
