"""What becomes of works besides text and state: how they are read, where they stand, and how they end (S1, S5)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from stoa.creation.works.messages import WorkDeleted
from stoa.creation.works.types import WorkRow, WorkText
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, value
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit


class _Parts(msgspec.Struct, frozen=True):
    whole_id: UUID
    parts: int


class _Gone(msgspec.Struct, frozen=True):
    work_id: UUID
    author_id: UUID
    kind: str
    title: str


_CREATE = run(
    """
    insert into works (id, author_id, site_id, parent_id, kind, title, excerpt, body_text, word_count, language, rating,
      category, cover_media_id, images, created_at, updated_at)
    select n.id, $1, $2, $3, $4, n.title, n.excerpt, n.body_text, n.word_count, n.language, n.rating, n.category,
      n.cover_media_id, n.images, $6, $6
    from jsonb_to_recordset($5) as n (id uuid, title text, excerpt text, body_text text, word_count integer,
      language text, rating text, category text, cover_media_id uuid, images text[])
    """
)
_ACCESS = run(
    """
    update works set access = $2, opens_at = $3, price_minor = $4, price_asset = $5, updated_at = $6
    where id = any($1::uuid[])
    """
)
_RULE = run("update works set access = $2, opens_at = $3, updated_at = $4 where id = any($1::uuid[])")
_PRICE = run("update works set price_minor = $2, price_asset = $3, updated_at = $4 where id = any($1::uuid[])")
_LABEL = run(
    """
    update works set rating = coalesce($2, rating), language = coalesce($3, language), revision = revision + 1,
      updated_at = $4
    where id = any($1::uuid[]) and deleted_at is null
    """
)
_DELETE = many(
    _Gone,
    """
    update works set deleted_at = $2, updated_at = $2 where id = any($1::uuid[]) and deleted_at is null
    returning id as work_id, author_id, kind, title
    """,
)
_FREE = run("update works set access = 'free', opens_at = null where id = any($1::uuid[]) and access = 'scheduled'")
_WORDS = run(
    """
    update works w set excerpt = n.excerpt, body_text = n.body_text
    from jsonb_to_recordset($1) as n (id uuid, excerpt text, body_text text) where w.id = n.id
    """
)
_RESTORE = run(
    "update works set deleted_at = null, updated_at = $2 where id = any($1::uuid[]) and deleted_at is not null"
)
_TOUCH = value(
    int | None,
    """
    update works set revision = revision + 1, updated_at = $3
    where id = $1 and revision = $2 and deleted_at is null returning revision
    """,
)
_MOVE = run("update works set site_id = $2, parent_id = $3, updated_at = $4 where id = $1")
_DELETE_ON = value(
    list[UUID],
    """
    with gone as (
      update works set deleted_at = coalesce(deleted_at, $3), updated_at = $4 where site_id = $1 returning id, kind
    ) select coalesce(array_agg(id) filter (where kind = $2), '{}') from gone
    """,
)
_DELETE_PARTS = many(
    _Parts,
    """
    with gone as (
      update works part set deleted_at = whole.deleted_at, updated_at = $2 from works whole
      where part.parent_id = whole.id and whole.id = any($1::uuid[]) and whole.deleted_at is not null
        and part.deleted_at is null
      returning whole.id as whole_id
    ) select whole_id, count(*)::integer as parts from gone group by whole_id
    """,
)
_EMPTY = run(
    """
    update works set title = '', excerpt = '', body_text = '', word_count = 0, category = null, cover_media_id = null,
      images = '{}', screening_reasons = '{}', review_note = null, updated_at = $2
    where id = any($1::uuid[]) and deleted_at is not null
    """
)


async def create_many(
    ctx: Ctx, *, kind: str, texts: Sequence[WorkText], author_id: UUID, site_id: UUID, parent_id: UUID
) -> list[UUID]:
    """New drafts that stand in one thing; their ids, in order."""
    ids = [new_id() for _ in texts]
    rows = [msgspec.structs.asdict(text) | {"id": work_id} for work_id, text in zip(ids, texts, strict=True)]
    await _CREATE(ctx.db, author_id, site_id, parent_id, kind, rows, ctx.now)
    return ids


async def set_access(
    ctx: Ctx,
    work_ids: Collection[UUID],
    *,
    access: str,
    opens_at: datetime | None,
    price_minor: int | None,
    price_asset: str | None,
) -> None:
    """By which rule works are read, and what they cost (S1). Whoever calls it sees to it that `words` follow."""
    await _ACCESS(ctx.db, list(work_ids), access, opens_at, price_minor, price_asset, ctx.now)


async def set_rule(ctx: Ctx, work_ids: Collection[UUID], *, access: str, opens_at: datetime | None) -> None:
    """The same for many works, whose prices stay."""
    await _RULE(ctx.db, list(work_ids), access, opens_at, ctx.now)


async def set_price(ctx: Ctx, work_ids: Collection[UUID], price_minor: int | None, price_asset: str | None) -> None:
    """What works cost by themselves; None where they are not sold so."""
    await _PRICE(ctx.db, list(work_ids), price_minor, price_asset, ctx.now)


async def relabel(ctx: Ctx, work_ids: Collection[UUID], *, rating: str | None, language: str | None) -> None:
    """Another rating or language for many works; what is None stays."""
    await _LABEL(ctx.db, list(work_ids), rating, language, ctx.now)


async def delete_many(ctx: Ctx, work_ids: Collection[UUID]) -> list[UUID]:
    """Deletes works softly; the ids of those that were there. Their addresses stay taken (S5)."""
    gone = await _DELETE(ctx.db, list(work_ids), ctx.now)
    for one in gone:
        await emit(ctx, WorkDeleted(**msgspec.structs.asdict(one)))
    return [one.work_id for one in gone]


async def set_free(ctx: Ctx, work_ids: Collection[UUID]) -> int:
    """Opens works whose day has come to everybody; answers how many (S1)."""
    return await _FREE(ctx.db, list(work_ids))


async def set_words(ctx: Ctx, words: Sequence[tuple[UUID, str, str]]) -> None:
    """What everybody may know of works: (id, excerpt, words for search). It is no change of their text."""
    if words:
        await _WORDS(ctx.db, [{"id": one, "excerpt": excerpt, "body_text": text} for one, excerpt, text in words])


async def touch(ctx: Ctx, work_id: UUID, revision: int) -> int | None:
    """Counts a change that was made on this revision; None where it is not the newest any more."""
    return await _TOUCH(ctx.db, work_id, revision, ctx.now)


async def restore(ctx: Ctx, work_ids: Collection[UUID]) -> int:
    """Brings deleted works back as they were (S5); answers how many."""
    return await _RESTORE(ctx.db, list(work_ids), ctx.now)


async def move(ctx: Ctx, work: WorkRow, *, site_id: UUID, parent_id: UUID) -> WorkRow:
    """Puts a work into another thing of the same author. Its old address still leads to it; one that had an address has
    to be given one in its new place at once, by `first_slug`.
    """
    await _MOVE(ctx.db, work.id, site_id, parent_id, ctx.now)
    return msgspec.structs.replace(work, site_id=site_id, parent_id=parent_id)


async def empty(ctx: Ctx, work_ids: Collection[UUID]) -> int:
    """Ends what is left of deleted works (S5). Their rows stay as bare stones, since money may point to them."""
    return await _EMPTY(ctx.db, list(work_ids), ctx.now)


async def delete_on_site(ctx: Ctx, site_id: UUID, *, kind: str, at: datetime) -> list[UUID]:
    """Deletes all that stood on a site that is gone for good, as of then; the ids of those of one kind (S5)."""
    return await _DELETE_ON(ctx.db, site_id, kind, at, ctx.now)


async def delete_parts(ctx: Ctx, work_ids: Collection[UUID]) -> dict[UUID, int]:
    """Deletes what stands in deleted works, as of then (S5); how many went with each that had any."""
    return {row.whole_id: row.parts for row in await _DELETE_PARTS(ctx.db, list(work_ids), ctx.now)}
