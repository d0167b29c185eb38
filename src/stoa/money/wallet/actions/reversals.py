"""Gifts, tips and sales that go back to the buckets they were paid from, from the shares they were split into (M13).

Each bucket gets its part of what is left of it, and each share gives its part of what is left of it, promotional value
and money apart (M4). What the receiver has spent of money, or was paid out, is owed. Promotional value is no money, so
nobody can owe it: what was spent of it the platform makes up for.
"""

from typing import Any, Literal
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, insert, one, run
from stoa.kit.ids import new_id
from stoa.kit.money import format_amount
from stoa.kit.outbox import emit
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.splits.types import give_back
from stoa.money.wallet.actions.debts import take_back
from stoa.money.wallet.errors import NothingLeft, ShareSpent
from stoa.money.wallet.messages import SaleRefunded
from stoa.money.wallet.types import BUCKETS, COIN, Reversal

Kind = Literal["gift", "tip", "sale"]
RECEIVERS = ("creator", "platform", "charity", "tax")
PURPOSES = {"platform": "fees", "charity": "charity", "tax": "tax"}


class _Left(msgspec.Struct, frozen=True):
    """What has not gone back yet of a gift, a tip or a sale, by bucket and by share."""

    payer_id: UUID
    payer: str
    payee_id: UUID
    payee: str
    asset: str
    is_undone: bool
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    charity_minor: int
    charity_promotional_minor: int
    tax_minor: int
    tax_promotional_minor: int


_PARTS = (*BUCKETS, *RECEIVERS, *(f"{receiver}_promotional" for receiver in RECEIVERS))
_GONE = ", ".join(f"coalesce(sum({part}_minor), 0)::bigint as {part}" for part in _PARTS)
_LOCK = {
    "gift": run("select 1 from gifts where id = $1 for update"),
    "tip": run("select 1 from tips where id = $1 for update"),
    "sale": run("select 1 from sales where id = $1 for update"),
}


# A tip and a sale are shared alike.
def _left_of(table: str, column: str) -> Statement[_Left]:
    return one(
        _Left,
        f"""select t.sender_id as payer_id, s.username as payer, t.recipient_id as payee_id, r.username as payee,
              t.asset, false as is_undone,
              t.promotional_minor - b.promotional as promotional_minor,
              t.purchased_minor - b.purchased as purchased_minor, t.earned_minor - b.earned as earned_minor,
              t.creator_minor + t.repaid_minor - b.creator as creator_minor,
              t.creator_promotional_minor - b.creator_promotional as creator_promotional_minor,
              t.platform_minor - b.platform as platform_minor,
              t.platform_promotional_minor - b.platform_promotional as platform_promotional_minor,
              t.charity_minor - b.charity as charity_minor,
              t.charity_promotional_minor - b.charity_promotional as charity_promotional_minor,
              t.tax_minor - b.tax as tax_minor, t.tax_promotional_minor - b.tax_promotional as tax_promotional_minor
            from {table} t join users s on s.id = t.sender_id join users r on r.id = t.recipient_id
            cross join lateral (select {_GONE} from share_reversals v where v.{column} = t.id) b
            where t.id = $1""",
    )


_LEFT = {
    "gift": one(
        _Left,
        f"""select g.sender_id as payer_id, s.username as payer, g.recipient_id as payee_id, r.username as payee,
              'COIN' as asset, g.undone_at is not null as is_undone,
              g.promotional_minor - b.promotional as promotional_minor,
              g.purchased_minor - b.purchased as purchased_minor, g.earned_minor - b.earned as earned_minor,
              g.creator_minor + g.repaid_minor - b.creator as creator_minor,
              g.creator_promotional_minor - b.creator_promotional as creator_promotional_minor,
              g.platform_minor - b.platform as platform_minor,
              g.platform_promotional_minor - b.platform_promotional as platform_promotional_minor,
              0::bigint as charity_minor, 0::bigint as charity_promotional_minor,
              0::bigint as tax_minor, 0::bigint as tax_promotional_minor
            from gifts g join users s on s.id = g.sender_id join users r on r.id = g.recipient_id
            cross join lateral (select {_GONE} from share_reversals v where v.gift_id = g.id) b
            where g.id = $1""",
    ),
    "tip": _left_of("tips", "tip_id"),
    "sale": _left_of("sales", "sale_id"),
}
_WENT_BACK = {
    "gift": run(
        """update gifts set refunded_minor = refunded_minor + $2, returned_minor = returned_minor + $3 where id = $1"""
    ),
    "tip": run(
        """update tips set refunded_minor = refunded_minor + $2, returned_minor = returned_minor + $3 where id = $1"""
    ),
    "sale": run(
        """update sales set refunded_minor = refunded_minor + $2, returned_minor = returned_minor + $3 where id = $1"""
    ),
}


async def reverse_share(
    ctx: Ctx, kind: Kind, payment_id: UUID, *, amount_minor: int, reason: str, may_owe: bool
) -> Reversal:
    """Gives `amount_minor` of a gift, a tip or a sale back to its payer, in the smallest unit of its asset.

    may_owe: what the receiver has spent of their share becomes a debt; else ShareSpent is raised, and nothing moves.
    Raises NotFound, and NothingLeft for more than is left of it.
    """
    await _LOCK[kind](ctx.db, payment_id)  # before it is read: of two at once, the second sees what the first left
    left = await _LEFT[kind](ctx.db, payment_id)
    if left.is_undone or not 0 < amount_minor <= left.promotional_minor + left.purchased_minor + left.earned_minor:
        left_minor = 0 if left.is_undone else left.promotional_minor + left.purchased_minor + left.earned_minor
        raise NothingLeft(refundable_minor=left_minor)
    parts = _parts(left, amount_minor)
    buckets = [AccountRef(left.payer_id, left.asset, bucket) for bucket in BUCKETS]
    earned, promotional = (AccountRef(left.payee_id, left.asset, purpose) for purpose in ("earned", "promotional"))
    held = await ledger.lock_balances(ctx, [*buckets, earned, promotional])
    if not may_owe and held.get(earned, 0) < parts["creator"]:
        raise ShareSpent
    taken = await take_back(ctx, held, earned, parts["creator"])
    made_up_minor = max(0, parts["creator_promotional"] - held.get(promotional, 0))
    reversal_id = new_id()
    legs = [
        *(Leg(account, parts[account.purpose]) for account in buckets),
        *taken,
        Leg(promotional, made_up_minor - parts["creator_promotional"]),
        Leg(AccountRef(None, left.asset, "promotional_fees"), -made_up_minor),
        *(Leg(AccountRef(None, left.asset, purpose), -parts[name]) for name, purpose in PURPOSES.items()),
        *(
            Leg(AccountRef(None, left.asset, f"promotional_{purpose}"), -parts[f"{name}_promotional"])
            for name, purpose in PURPOSES.items()
        ),
    ]
    money = f"{format_amount(amount_minor, left.asset)} {'coins' if left.asset == COIN else left.asset}"
    receipt = await ledger.post(
        ctx,
        kind=f"{kind}_refund",
        legs=legs,
        key=f"{kind}-refund:{reversal_id}",
        cause=f"{money} of the {kind} from @{left.payer} to @{left.payee} went back: {reason}",
        metadata={f"{kind}_id": str(payment_id), "owed_minor": -taken[1].amount_minor},
    )
    row: dict[str, Any] = {
        "id": reversal_id,
        "gift_id": payment_id if kind == "gift" else None,
        "tip_id": payment_id if kind == "tip" else None,
        "sale_id": payment_id if kind == "sale" else None,
        "amount_minor": amount_minor,
        **{f"{part}_minor": minor for part, minor in parts.items()},
        "owed_minor": -taken[1].amount_minor,
        "made_up_minor": made_up_minor,
        "transfer_id": receipt.transfer_id,
        "created_at": ctx.now,
    }
    await insert(ctx.db, "share_reversals", row)
    await _WENT_BACK[kind](ctx.db, payment_id, amount_minor, parts["creator"] + parts["creator_promotional"])
    if kind == "sale":
        is_whole = amount_minor == left.promotional_minor + left.purchased_minor + left.earned_minor
        await emit(ctx, SaleRefunded(payment_id, left.payer_id, left.payee_id, amount_minor, is_whole))
    return Reversal(reversal_id, receipt.transfer_id, amount_minor, -taken[1].amount_minor)


def _parts(left: _Left, amount_minor: int) -> dict[str, int]:
    """What each bucket gets and each share gives, promotional value and money apart; both sum to the amount."""
    buckets = dict(zip(BUCKETS, give_back([getattr(left, f"{b}_minor") for b in BUCKETS], amount_minor), strict=True))
    money = [getattr(left, f"{receiver}_minor") for receiver in RECEIVERS]
    promotional = [getattr(left, f"{receiver}_promotional_minor") for receiver in RECEIVERS]
    money_back = give_back(money, amount_minor - buckets["promotional"])
    promotional_back = give_back(promotional, buckets["promotional"])
    return (
        buckets
        | dict(zip(RECEIVERS, money_back, strict=True))
        | {f"{receiver}_promotional": minor for receiver, minor in zip(RECEIVERS, promotional_back, strict=True)}
    )
