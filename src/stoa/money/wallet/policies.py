"""Who may see a gift, a tip, or a transfer."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.money.wallet import queries
from stoa.money.wallet.queries import history, tips
from stoa.money.wallet.types import GiftView, HistoryLine, TipView


async def access_gift(ctx: Ctx, gift_id: UUID) -> GiftView:
    """A gift, for its sender, its recipient and staff. Raises NotFound for everybody else."""
    gift = await queries.gift(ctx, gift_id)
    if ctx.member.id not in (gift.sender.id, gift.recipient.id) and not ctx.member.is_staff:
        raise NotFound
    return gift


async def access_tip(ctx: Ctx, tip_id: UUID) -> TipView:
    """A tip, for its sender, its recipient and staff. Raises NotFound for everybody else."""
    tip = await tips.tip(ctx, tip_id)
    if ctx.member.id not in (tip.sender.id, tip.recipient.id) and not ctx.member.is_staff:
        raise NotFound
    return tip


async def access_transfer(ctx: Ctx, transfer_id: UUID) -> HistoryLine:
    """A transfer, for those with a posting in it, for who paid it by card, and for staff. Raises NotFound."""
    line = await history.line(ctx, transfer_id, viewer_id=ctx.member.id)
    if ctx.member.is_staff or any(posting.is_own for posting in line.postings):
        return line
    if not await history.paid_by(ctx, transfer_id, ctx.member.id):
        raise NotFound
    return line
