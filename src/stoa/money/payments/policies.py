"""Who may see and change an order."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.money.payments import queries
from stoa.money.payments.types import CheckoutStatus, Order


async def access_order(ctx: Ctx, order_id: UUID) -> Order:
    """An order, for its owner and for staff. Raises NotFound for everybody else."""
    order = await queries.ORDER(ctx.db, order_id)
    if order.user_id != ctx.member.id and not ctx.member.is_staff:
        raise NotFound
    return order


async def access_own_order(ctx: Ctx, order_id: UUID) -> Order:
    """An order for whoever pays it, and for nobody else. Raises NotFound."""
    order = await queries.ORDER(ctx.db, order_id)
    if order.user_id != ctx.member.id:
        raise NotFound
    return order


async def access_checkout(ctx: Ctx, session_id: str) -> CheckoutStatus:
    """The state of a hosted checkout, for the owner of its order. Raises NotFound."""
    status = await queries.checkout_status(ctx, ctx.member.id, session_id)
    if status is None:
        raise NotFound
    return status
