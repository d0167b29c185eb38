"""An order for a creator: what is paid is shared once, and what goes back comes from each share (M8, M12, M13).

Paid through the platform's gateway it is shared by the rule that was in force when the order was placed. Paid through
the creator's own account all of it is the creator's, and is there already: the books keep it apart as `direct`, which
can be neither spent nor paid out here.
"""

from typing import Any
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, one, update
from stoa.kit.money import format_amount
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments.actions.merging import note_shares
from stoa.money.payments.types import Order
from stoa.money.splits.actions import split
from stoa.money.splits.types import WHOLE_BP, Share, SplitKind, give_back
from stoa.money.wallet.actions.debts import receivable, repay, take_back

_PLATFORM = {"platform": "fees", "charity": "charity", "tax": "tax"}


class OrderShares(msgspec.Struct, frozen=True):
    """What an order was shared into, and what of each went back; in the smallest unit of its currency."""

    is_direct: bool
    creator_minor: int
    platform_minor: int
    charity_minor: int
    tax_minor: int
    creator_back_minor: int
    platform_back_minor: int
    charity_back_minor: int
    tax_back_minor: int


_SHARES = one(
    OrderShares,
    """select is_direct, creator_minor, platform_minor, charity_minor, tax_minor, creator_back_minor,
         platform_back_minor, charity_back_minor, tax_back_minor
       from order_shares where order_id = $1 for update""",
)


async def share_out(ctx: Ctx, order: Order, rule: SplitKind, *, kind: str, cause: str) -> None:
    """Shares a paid order by the rule of `rule`, in one transfer. `kind` and `cause` are the transfer's.

    Call it after `lock_payee`, once per order: the order's lock sees to that.
    """
    payee_id = _payee(order)
    direct = order.account_id is not None
    repaid_minor = 0
    if direct:
        shares = [Share("creator", order.amount_minor, WHOLE_BP)]
        legs = [
            Leg(_outside(order), -order.amount_minor),
            Leg(AccountRef(payee_id, order.currency, "direct"), order.amount_minor),
        ]
    else:
        shares = await split(ctx, rule, order.amount_minor, order.currency, order.created_at)
        creator_minor = shares[0].amount_minor
        repaid_minor = await repay(ctx, payee_id, order.currency, creator_minor) if creator_minor else 0
        legs = [
            Leg(_outside(order), -order.amount_minor),
            Leg(AccountRef(payee_id, order.currency, "earned"), creator_minor - repaid_minor),
            Leg(receivable(order.currency), repaid_minor),
            *(Leg(_of_platform(order, share.receiver), share.amount_minor) for share in shares[1:]),
        ]
    receipt = await ledger.post(
        ctx,
        kind=kind,
        legs=legs,
        key=f"order:{order.id}",
        cause=cause,
        metadata={
            "order_id": str(order.id),
            "basis_points": {share.receiver: share.basis_points for share in shares},
            "repaid_minor": repaid_minor,
        },
    )
    parts = {f"{share.receiver}_minor": share.amount_minor for share in shares}
    row: dict[str, Any] = {"order_id": order.id, "is_direct": direct, "repaid_minor": repaid_minor}
    row |= {"platform_minor": 0, "charity_minor": 0, "tax_minor": 0} | parts
    await insert(ctx.db, "order_shares", row | {"transfer_id": receipt.transfer_id, "created_at": ctx.now})
    await note_shares(ctx, order.id, cut_minor=order.amount_minor - row["creator_minor"], returned_minor=0)


async def lock_payee(ctx: Ctx, order: Order) -> dict[AccountRef, int]:
    """The ledger's locks for sharing an order or taking it back; before those of risk and of debts, as everywhere."""
    purpose = "earned" if order.account_id is None else "direct"
    return await ledger.lock_balances(ctx, [AccountRef(_payee(order), order.currency, purpose)])


async def take_shares_back(
    ctx: Ctx, order: Order, *, refunded_minor: int, refund_key: str, kind: str, cause: str
) -> None:
    """Takes `refunded_minor` back from the shares of an order, in one transfer; it has left the gateway already.

    What the creator has spent meanwhile, or was paid out, is owed: taken first from what they earn later (M13).
    """
    payee_id = _payee(order)
    held = await lock_payee(ctx, order)
    known = await _SHARES(ctx.db, order.id)
    names = ("creator", "platform", "charity", "tax")
    before = {name: getattr(known, f"{name}_back_minor") for name in names}
    left = [getattr(known, f"{name}_minor") - before[name] for name in names]
    back = dict(zip(names, give_back(left, refunded_minor), strict=True))
    legs = [Leg(_outside(order), refunded_minor)]
    if known.is_direct:
        legs.append(Leg(AccountRef(payee_id, order.currency, "direct"), -refunded_minor))
        owed_minor = 0
    else:
        taken = await take_back(ctx, held, AccountRef(payee_id, order.currency, "earned"), back["creator"])
        owed_minor = -taken[1].amount_minor
        legs += [*taken, *(Leg(_of_platform(order, name), -back[name]) for name in names[1:])]
    await ledger.post(
        ctx,
        kind=kind,
        legs=legs,
        key=f"refund:{refund_key}",
        cause=cause,
        metadata={"order_id": str(order.id), "owed_minor": owed_minor},
    )
    after = {f"{name}_back_minor": before[name] + back[name] for name in names}
    await update(ctx.db, "order_shares", after, where={"order_id": order.id})
    cut_minor = order.amount_minor - known.creator_minor
    await note_shares(ctx, order.id, cut_minor=cut_minor, returned_minor=after["creator_back_minor"])


async def unspent_minor(ctx: Ctx, order: Order) -> int:
    """How much of an order could go back with nothing owed: as far as the creator's share of it is still there.

    What a creator was paid into their own account is theirs to see to (M12).
    """
    left_minor = order.amount_minor - order.refunded_minor
    held = await lock_payee(ctx, order)
    known = await _SHARES(ctx.db, order.id)
    creator_left_minor = known.creator_minor - known.creator_back_minor
    there_minor = sum(held.values())
    if known.is_direct or creator_left_minor <= there_minor:
        return left_minor
    return left_minor * there_minor // creator_left_minor


async def share_at_stake(ctx: Ctx, order: Order, amount_minor: int) -> list[Leg]:
    """What is still there of the creator's share of `amount_minor`; in direct settlement nothing is."""
    if order.account_id is not None:
        return []
    held = await lock_payee(ctx, order)
    known = await _SHARES(ctx.db, order.id)
    names = ("creator", "platform", "charity", "tax")
    left = [getattr(known, f"{name}_minor") - getattr(known, f"{name}_back_minor") for name in names]
    share_minor = give_back(left, min(amount_minor, sum(left)))[0]
    account = AccountRef(_payee(order), order.currency, "earned")
    there_minor = min(share_minor, held.get(account, 0))
    return [Leg(account, there_minor)] if there_minor else []


def money(amount_minor: int, order: Order) -> str:
    """'3.00 USD', of the order's currency."""
    return f"{format_amount(amount_minor, order.currency)} {order.currency}"


def _payee(order: Order) -> UUID:
    assert order.payee_id is not None, "what is shared has somebody whom it is for"
    return order.payee_id


def _outside(order: Order) -> AccountRef:
    """Where the money came in: at the platform's gateway, or at the creator's own (M12)."""
    place = "world" if order.account_id is None else "direct_world"
    return AccountRef(None, order.currency, f"{place}:{order.gateway}")


def _of_platform(order: Order, receiver: str) -> AccountRef:
    return AccountRef(None, order.currency, _PLATFORM[receiver])
