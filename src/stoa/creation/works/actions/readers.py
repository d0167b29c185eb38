"""What readers do with works: react, look, give."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.works import policies, queries
from stoa.creation.works.messages import WorkReacted
from stoa.creation.works.types import Reaction, ReactionView, WorkRow
from stoa.foundation.people.queries import not_hidden
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, run
from stoa.kit.outbox import emit


class _Change(msgspec.Struct, frozen=True):
    before: str | None


# Row and counters change in one statement: the counters are what the rows add up to, however many do it at once (P3).
_REACT = maybe(
    _Change,
    """
    with put as (
      insert into reactions as r (work_id, user_id, kind, created_at) values ($1, $2, $3, $4)
      on conflict on constraint reactions_pkey do update
        set kind = excluded.kind, kind_before = r.kind, created_at = excluded.created_at where r.kind <> excluded.kind
      returning work_id, kind, kind_before
    )
    update work_stats s set
      likes = s.likes + (put.kind = 'like')::integer - coalesce(put.kind_before = 'like', false)::integer,
      dislikes = s.dislikes + (put.kind = 'dislike')::integer - coalesce(put.kind_before = 'dislike', false)::integer
    from put where s.work_id = put.work_id returning put.kind_before as before
    """,
)
_UNREACT = maybe(
    _Change,
    """
    with gone as (
      delete from reactions where work_id = $1 and user_id = $2 and kind = $3 returning work_id, kind
    )
    update work_stats s set
      likes = s.likes - (gone.kind = 'like')::integer, dislikes = s.dislikes - (gone.kind = 'dislike')::integer
    from gone where s.work_id = gone.work_id returning gone.kind as before
    """,
)
REMEMBERED_VIEWS: Final = 50_000  # by one process

_VIEW = run(
    f"""
    with seen as (
      insert into work_views (work_id, user_id, created_at)
      select w.id, $2, $3 from works w
      where w.id = $1 and w.author_id <> $2 and w.state = 'published' and w.deleted_at is null
        and {not_hidden("w.author_id", "$2")}
      on conflict do nothing returning work_id
    )
    update work_stats s set views = s.views + 1 from seen where s.work_id = seen.work_id
    """
)
_COUNT_GIFT = run("update work_stats set gifts = gifts + $2, gifts_coins = gifts_coins + $3 where work_id = $1")


async def react(ctx: Ctx, work_id: UUID, reaction: Reaction) -> ReactionView:
    """The actor likes or dislikes a work; it replaces the other, and repeating it changes nothing (P3).

    Raises NotFound, WrongState.
    """
    work = await policies.access_published(ctx, work_id)
    change = await _REACT(ctx.db, work_id, ctx.member.id, reaction, ctx.now)
    return await _reacted(ctx, work, reaction, change)


async def unreact(ctx: Ctx, work_id: UUID, reaction: Reaction) -> ReactionView:
    """Takes the actor's like or dislike back; repeating it changes nothing (P3). Raises NotFound, WrongState."""
    work = await policies.access_published(ctx, work_id)
    change = await _UNREACT(ctx.db, work_id, ctx.member.id, reaction)
    return await _reacted(ctx, work, None, change)


async def _reacted(ctx: Ctx, work: WorkRow, reaction: Reaction | None, change: _Change | None) -> ReactionView:
    if change is not None:
        await emit(
            ctx,
            WorkReacted(
                work_id=work.id,
                author_id=work.author_id,
                user_id=ctx.member.id,
                reaction=reaction,
                before=change.before,
            ),
        )
    return await queries.reactions(ctx, work.id)


async def record_view(ctx: Ctx, work_id: UUID) -> bool:
    """Counts the actor's first look at a published work of somebody else (P2); answers whether it did."""
    if ctx.actor is None:
        return False
    counted: set[tuple[UUID, UUID]] = ctx.app.cache.setdefault("works.viewed", set())
    look = (ctx.actor.id, work_id)
    if look in counted or not await _VIEW(ctx.db, *reversed(look), ctx.now):
        return False
    if not ctx.db.is_in_transaction():  # it stands, so the next look need not ask
        if len(counted) >= REMEMBERED_VIEWS:
            counted.clear()
        counted.add(look)
    return True


async def count_gift(ctx: Ctx, work_id: UUID, *, amount_coins: int, gifts: int = 1) -> None:
    """Adds gifts to a work's stats; both negative when one was undone."""
    await _COUNT_GIFT(ctx.db, work_id, gifts, amount_coins)
