"""Refunds without a request: at gateways, and what gateways tell of them."""

from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import every, handles
from stoa.money.payments.messages import OrderRefunded
from stoa.money.refunds.actions import carrying
from stoa.money.refunds.messages import SubmitRefund


@handles(SubmitRefund)
async def submit_refund(ctx: Ctx, job: SubmitRefund) -> None:
    """A refund that is made twice is known by its key."""
    await carrying.submit(ctx, job.refund_id)


@within(OrderRefunded)
async def note_refunded(ctx: Ctx, event: OrderRefunded) -> None:
    """Whatever goes back of an order is a row of `refunds`, in the same transaction."""
    await carrying.note_refunded(ctx, event)


@every(name="refunds.remind", seconds=900)
async def remind(ctx: Ctx) -> int:
    """What was approved and forgotten is taken up again."""
    return await carrying.remind(ctx)
