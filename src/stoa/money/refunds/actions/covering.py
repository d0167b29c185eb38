"""Whether what a receiver gives back by themselves is still theirs, beside all else of it that is on its way back."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef
from stoa.money.payments import queries as orders
from stoa.money.payments.types import Order, purchasable
from stoa.money.refunds.types import RefundState


class _Promised(msgspec.Struct, frozen=True):
    payment_id: UUID
    amount_minor: int


_PROMISED = many(
    _Promised,
    """select payment_id, sum(amount_minor)::bigint as amount_minor from refunds
       where subject = 'order' and payee_id = $1 and asset = $2 and state = any($3::text[]) group by payment_id""",
)


async def is_covered(ctx: Ctx, order: Order, amount_minor: int, *, beside: Iterable[RefundState]) -> bool:
    """Whether the receiver's share of `amount_minor` of a locked order is there, in the smallest unit of its currency.

    The same money covers one refund only: what others take that are in a state of `beside` is not counted (M13).
    """
    if order.payee_id is None or order.account_id is not None:  # nobody's share, or not in our hands (M12)
        return True
    earned = AccountRef(order.payee_id, order.currency, "earned")
    # The lock first: of two refunds that begin at once, the second sees the first one.
    there_minor = (await ledger.lock_balances(ctx, [earned])).get(earned, 0)
    if await purchasable(order.kind).refundable_minor(ctx, order) < amount_minor:
        return False
    promised = await _PROMISED(ctx.db, order.payee_id, order.currency, [state.value for state in beside])
    taken = {one.payment_id: one.amount_minor for one in promised}
    taken[order.id] = taken.get(order.id, 0) + amount_minor
    for order_id, minor in taken.items():
        one = order if order_id == order.id else await orders.ORDER(ctx.db, order_id)
        legs = await purchasable(one.kind).at_stake(ctx, one, minor)
        there_minor -= sum(leg.amount_minor for leg in legs if leg.account == earned)
    return there_minor >= 0
