"""Who may see a dispute, and who answers it."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound
from stoa.money.disputes import queries
from stoa.money.disputes.types import Dispute
from stoa.money.payments import queries as orders
from stoa.money.payments.types import Order


async def access_dispute_of(ctx: Ctx, payment_id: UUID) -> tuple[Order, Dispute]:
    """The dispute of a payment, for both sides and for staff. Raises NotFound for everybody else, and without one."""
    dispute = await queries.dispute_of(ctx, payment_id)
    if dispute is None:
        raise NotFound("This payment is not disputed")
    return await _access(ctx, dispute)


async def access_dispute(ctx: Ctx, dispute_id: UUID) -> tuple[Order, Dispute]:
    """A dispute by its own id, for both sides and for staff. Raises NotFound for everybody else."""
    return await _access(ctx, await queries.dispute(ctx, dispute_id))


async def _access(ctx: Ctx, dispute: Dispute) -> tuple[Order, Dispute]:
    order = await orders.ORDER(ctx.db, dispute.order_id)
    if ctx.member.id not in (order.user_id, order.payee_id) and not ctx.member.is_staff:
        raise NotFound
    return order, dispute


def may_answer(ctx: Ctx, order: Order) -> bool:
    """Evidence comes from who received the payment and from administrators, never from who paid."""
    return ctx.member.id != order.user_id and (ctx.member.is_admin or ctx.member.id == order.payee_id)


def check_may_answer(ctx: Ctx, order: Order) -> None:
    """Raises Forbidden."""
    if not may_answer(ctx, order):
        raise Forbidden


def check_may_mark(ctx: Ctx, order: Order) -> None:
    """Administrators say how a dispute ended, not about their own money. Raises Forbidden."""
    if not ctx.member.is_admin:
        raise Forbidden
    if ctx.member.id in (order.user_id, order.payee_id):
        raise Forbidden("Another administrator has to decide about your own money")
