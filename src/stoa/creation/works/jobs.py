"""What works do when something happens elsewhere, and how a gift finds the author of a work."""

from uuid import UUID

from stoa.creation.works import actions
from stoa.creation.works.policies import can_see
from stoa.creation.works.queries import path_of, work_by_id
from stoa.creation.works.types import State
from stoa.foundation.identity.messages import StatusChanged
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.money.wallet.messages import GiftSent, GiftUndone
from stoa.money.wallet.types import GiftTarget, finds_gift_target


@within(GiftSent)
async def count_gift(ctx: Ctx, event: GiftSent) -> None:
    """A gift on a work counts in the same transaction as the coins move."""
    if event.work_id is not None:
        await actions.count_gift(ctx, event.work_id, amount_coins=event.amount_coins)


@within(GiftUndone)
async def uncount_gift(ctx: Ctx, event: GiftUndone) -> None:
    """A gift that was taken back counts no more."""
    if event.work_id is not None:
        await actions.count_gift(ctx, event.work_id, amount_coins=-event.amount_coins, gifts=-1)


@within(StatusChanged)
async def hide_or_show(ctx: Ctx, event: StatusChanged) -> None:
    """What a banned person made is hidden with them, and back with them (I8)."""
    if event.status == "banned":
        await actions.withhold(ctx, event.user_id)
    else:
        await actions.give_back(ctx, event.user_id)


@finds_gift_target
async def work_of_gift(ctx: Ctx, work_id: UUID) -> GiftTarget | None:
    """A published work that the actor may see: its author, title and page."""
    work = await work_by_id(ctx, work_id)
    if work is None or not can_see(ctx.actor, work) or work.state != State.PUBLISHED:
        return None
    return GiftTarget(owner_id=work.author_id, title=work.title, path=await path_of(ctx, work_id))
