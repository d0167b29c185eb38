"""Disputes without a request: news of gateways, and evidence on its way to them."""

from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import handles
from stoa.money.disputes import actions
from stoa.money.disputes.actions import telling
from stoa.money.disputes.messages import HandInEvidence
from stoa.money.payments.messages import DisputeTold, OrderRefunded, RefundBegun


@within(DisputeTold)
async def hear(ctx: Ctx, event: DisputeTold) -> None:
    """What a gateway says of a dispute is merged in the transaction that believes it."""
    await telling.hear(ctx, event)


@within(RefundBegun)
async def let_go(ctx: Ctx, event: RefundBegun) -> None:
    """What is set aside for a dispute must be there to be taken back."""
    await telling.let_go(ctx, event.order_id)


@within(OrderRefunded)
async def set_aside_again(ctx: Ctx, event: OrderRefunded) -> None:
    """What a refund leaves of a disputed payment stays set aside."""
    await telling.set_aside_again(ctx, event.order_id)


@handles(HandInEvidence)
async def hand_in_evidence(ctx: Ctx, job: HandInEvidence) -> None:
    """Evidence that is handed in twice is known by its key."""
    await actions.hand_over(ctx, job.evidence_id)
