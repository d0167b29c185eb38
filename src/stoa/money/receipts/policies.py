"""Who may see a payment."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.money.receipts import queries
from stoa.money.receipts.types import Payment


async def access_own_payment(ctx: Ctx, payment_id: UUID) -> Payment:
    """A payment for whoever paid it, and for nobody else. Raises NotFound."""
    payment = await queries.payment(ctx, "paid", payment_id)
    if payment is None or payment.payer_id != ctx.member.id:
        raise NotFound
    return payment


async def access_received_payment(ctx: Ctx, payment_id: UUID) -> Payment:
    """A payment for whoever received it, and for staff. Raises NotFound for everybody else."""
    payment = await queries.payment(ctx, "received", payment_id)
    if payment is None or (payment.receiver_id != ctx.member.id and not ctx.member.is_staff):
        raise NotFound
    return payment
