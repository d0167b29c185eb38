"""Tips: one or three dollars from one person to another, shared by the rule in force (M8)."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id
from stoa.kit.money import allocate
from stoa.kit.outbox import FIRST_AFTER_EVENT, TOLD, emit_with
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.risk import actions as risk
from stoa.money.risk.types import Movement
from stoa.money.splits.actions import split
from stoa.money.splits.types import Share
from stoa.money.wallet.actions.debts import receivable, repay
from stoa.money.wallet.actions.recipients import open_movement, spend_of_giver
from stoa.money.wallet.errors import TipKeyReused, TipToOneself
from stoa.money.wallet.messages import TipSent
from stoa.money.wallet.queries import tips
from stoa.money.wallet.types import SUPERLIKE_MINOR, TIP_MINOR, USD, TipView

_COLUMNS: Final = (
    "id",
    "sender_id",
    "recipient_id",
    "asset",
    "amount_minor",
    "is_superlike",
    "promotional_minor",
    "purchased_minor",
    "earned_minor",
    "creator_minor",
    "creator_promotional_minor",
    "platform_minor",
    "platform_promotional_minor",
    "charity_minor",
    "charity_promotional_minor",
    "tax_minor",
    "tax_promotional_minor",
    "repaid_minor",
    "transfer_id",
    "key",
    "created_at",
)
_POSTED, _FIRST = ledger.posted(FIRST_AFTER_EVENT)
_PLACES: Final = ", ".join(f"${number}" for number in range(_FIRST, _FIRST + len(_COLUMNS)))
# Told, posted and kept in one go: a tip is what is done most.
_KEEP = run(f"with {TOLD}, {_POSTED} insert into tips ({', '.join(_COLUMNS)}) values ({_PLACES})")


class TipShares(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tip goes, in cents. The parts sum to what was spent, those of promotional credit among themselves."""

    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    platform_promotional_minor: int
    charity_minor: int
    charity_promotional_minor: int
    tax_minor: int
    tax_promotional_minor: int


async def tip(ctx: Ctx, *, recipient_id: UUID, superlike: bool = False, key: str) -> TipView:
    """Tip somebody 1 USD, or 3 as a superlike (M8), from one's credits: 97 % arrive, 1 % goes to charity.

    Spends promotional, then purchased, then earned credits; what is paid promotional arrives promotional, and is left
    out where the recipient refuses it (M4). The same key gives the same tip (M11). Raises NotEnoughCredits,
    TipToOneself, NotFound, TipKeyReused, Blocked (F4, F5), and (F5) AccountSuspended and PersonSuspended.
    """
    sender = ctx.member
    amount_minor = SUPERLIKE_MINOR if superlike else TIP_MINOR
    movement = Movement(kind="tip", from_id=sender.id, to_id=recipient_id, asset=USD, amount_minor=amount_minor)
    try:
        recipient = await open_movement(ctx, movement, key, TipToOneself)
    except NotFound:  # also of somebody who has blocked the actor since the tip of this key was made
        known = await tips.TIP_BY_KEY(ctx.db, sender.id, key)
        if known is None:
            raise
        return _same_tip(known, recipient_id, superlike)
    if recipient.known_id is not None:
        return _same_tip(await tips.tip(ctx, recipient.known_id), recipient_id, superlike)
    spent = spend_of_giver(recipient, USD, amount_minor, "for this")
    assert recipient.seen is not None
    await risk.judge(ctx, movement, recipient.seen)
    whole = await split(ctx, "tip", amount_minor, USD)
    shares = share_tip(whole, spent["promotional"])
    repaid_minor = await repay(ctx, recipient.user_id, USD, shares.creator_minor) if shares.creator_minor else 0
    tip_id = new_id()
    what = "a superlike of 3.00 USD" if superlike else "1.00 USD"
    order = ledger.posting(
        ctx,
        kind="tip",
        legs=_legs(sender.id, recipient.user_id, spent, shares, repaid_minor),
        key=f"tip:{tip_id}",
        cause=f"@{sender.username} tipped @{recipient.username} {what}",
        metadata={"tip_id": str(tip_id), "basis_points": {share.receiver: share.basis_points for share in whole}},
    )
    made = TipView(
        id=tip_id,
        sender=recipient.giver,
        recipient=recipient.receiver,
        asset=USD,
        amount_minor=amount_minor,
        is_superlike=superlike,
        **{f"{bucket}_minor": minor for bucket, minor in spent.items()},
        **msgspec.structs.asdict(shares) | {"creator_minor": shares.creator_minor - repaid_minor},
        repaid_minor=repaid_minor,
        transfer_id=order.id,
        created_at=ctx.now,
    )
    sent = TipSent(tip_id, sender.id, recipient.user_id, amount_minor, superlike)
    with ledger.refusals():
        await emit_with(ctx, sent, _KEEP, *order.arguments, *_row(made, key))
    return made


def share_tip(whole: list[Share], promotional_minor: int) -> TipShares:
    """The whole is shared once, and its parts then filled with promotional credit in their proportion (M4).

    So a tip that is paid from two buckets is shared as one that is paid from one, and no part is below zero.
    """
    parts = [share.amount_minor for share in whole]
    promotional = allocate(promotional_minor, parts)
    fields: dict[str, int] = {}
    for share, minor in zip(whole, promotional, strict=True):
        fields[f"{share.receiver}_minor"] = share.amount_minor - minor
        fields[f"{share.receiver}_promotional_minor"] = minor
    return TipShares(**fields)


def _row(made: TipView, key: str) -> list[object]:
    """A tip in the order of _COLUMNS."""
    named = {"sender_id": made.sender.id, "recipient_id": made.recipient.id, "key": key}
    return [named[column] if column in named else getattr(made, column) for column in _COLUMNS]


def _same_tip(known: TipView, recipient_id: UUID, superlike: bool) -> TipView:
    if (known.recipient.id, known.is_superlike) != (recipient_id, superlike):
        raise TipKeyReused(tip_id=known.id)
    return known


def _legs(
    sender_id: UUID, recipient_id: UUID, spent: dict[str, int], shares: TipShares, repaid_minor: int
) -> list[Leg]:
    legs = [Leg(AccountRef(sender_id, USD, bucket), -minor) for bucket, minor in spent.items()]
    return [
        *legs,
        Leg(AccountRef(recipient_id, USD, "promotional"), shares.creator_promotional_minor),
        Leg(AccountRef(recipient_id, USD, "earned"), shares.creator_minor - repaid_minor),
        Leg(receivable(USD), repaid_minor),
        Leg(AccountRef(None, USD, "promotional_fees"), shares.platform_promotional_minor),
        Leg(AccountRef(None, USD, "fees"), shares.platform_minor),
        Leg(AccountRef(None, USD, "promotional_charity"), shares.charity_promotional_minor),
        Leg(AccountRef(None, USD, "charity"), shares.charity_minor),
        Leg(AccountRef(None, USD, "promotional_tax"), shares.tax_promotional_minor),
        Leg(AccountRef(None, USD, "tax"), shares.tax_minor),
    ]
