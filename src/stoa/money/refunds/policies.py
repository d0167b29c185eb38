"""Who may see refunds, and who decides about them."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound
from stoa.money.receipts import queries as payments
from stoa.money.receipts.types import Payment
from stoa.money.refunds import queries
from stoa.money.refunds.types import Refund


async def access_payment(ctx: Ctx, payment_id: UUID) -> Payment:
    """A payment, for whoever paid it, whoever received it, and staff. Raises NotFound for everybody else."""
    payment = await payments.payment(ctx, "paid", payment_id)
    me = ctx.member
    if payment is None or (me.id not in (payment.payer_id, payment.receiver_id) and not me.is_staff):
        raise NotFound
    return payment


async def access_refund(ctx: Ctx, refund_id: UUID) -> Refund:
    """A refund, for both sides of the payment and for staff. Raises NotFound for everybody else."""
    found = await queries.refund(ctx, refund_id)
    if ctx.member.id not in (found.payer_id, found.payee_id) and not ctx.member.is_staff:
        raise NotFound
    return found


def check_may_issue(ctx: Ctx, payer_id: UUID, payee_id: UUID | None) -> None:
    """Money is given back by whoever received it and by administrators, never by who paid. Raises Forbidden."""
    if ctx.member.id == payer_id:
        raise Forbidden("Somebody else has to decide about money that comes back to you")
    if ctx.member.id != payee_id and not ctx.member.is_admin:
        raise Forbidden


def may_owe(ctx: Ctx, payee_id: UUID | None) -> bool:
    """Whether what was spent may become a debt (M13): administrators decide so; the receiver gives what is there."""
    return ctx.member.is_admin and ctx.member.id != payee_id
