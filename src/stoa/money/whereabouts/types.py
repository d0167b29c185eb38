"""The stages of the way, what is in each of them, and the movements that brought it there."""

from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.money.payouts.types import PayoutAmounts, PayoutState, PayoutView
from stoa.money.risk.types import HoldView
from stoa.money.wallet.types import HistoryLine


class Stage(StrEnum):
    """Where something earned can be, in the order of its way.

    pending: the giver can still take it back; available: free; reserved: in a payout that is not sent yet; held: set
    aside until somebody has decided (F7); sent: at the provider; arrived: paid out, ever.
    """

    PENDING = "pending"
    AVAILABLE = "available"
    RESERVED = "reserved"
    HELD = "held"
    SENT = "sent"
    ARRIVED = "arrived"


# In whose stage a payout's money is. Those that failed or were cancelled gave it back.
OF_PAYOUT: Final = {
    PayoutState.PENDING: Stage.RESERVED,
    PayoutState.IN_REVIEW: Stage.HELD,
    PayoutState.PROCESSING: Stage.SENT,
    PayoutState.PAID: Stage.ARRIVED,
}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a stage: how much, what it is, and what happens next with it (F7).

    The last thing in `next_step` happens `by` a moment, or by a day where only that is known. `transfer_id` brought it
    here; `payout_id` and `payment_id`, a payment received, are what it belongs to.
    """

    amount_minor: int
    what: str
    next_step: str
    by: datetime | None = None
    by_day: date | None = None
    transfer_id: UUID | None = None
    payout_id: UUID | None = None
    payment_id: UUID | None = None


class StageSum(msgspec.Struct, frozen=True):
    """How much of an asset is in a stage. `parts` are what it consists of, as far as it is worth telling apart."""

    stage: Stage
    amount_minor: int
    parts: list[Part]


class PaidOut(msgspec.Struct, frozen=True):
    """What payouts of an asset brought so far, in `currency`; `fees_minor` providers kept of `net_minor`."""

    currency: str
    payouts: int
    net_minor: int
    fees_minor: int


class AssetMoney(msgspec.Struct, frozen=True, kw_only=True):
    """All somebody has of one asset, in its smallest unit; nothing is counted twice.

    `stages`: all six of them, in order. `promotional_minor` and `purchased_minor` can be spent and never paid out (M4);
    `direct_minor` is in an account of one's own already (M12). `owed_minor` is a receivable of the platform, taken from
    what comes in next (M13). `worth`: what a payout of pending and available would come to, before the provider's fee.
    """

    asset: str
    stages: list[StageSum]
    promotional_minor: int
    purchased_minor: int
    direct_minor: int
    owed_minor: int
    minimum_minor: int
    worth: PayoutAmounts
    paid_out: list[PaidOut]
    open_payout: PayoutView | None

    def of(self, stage: Stage) -> int:
        """How much is in a stage."""
        return next(found.amount_minor for found in self.stages if found.stage == stage)

    @property
    def payable_minor(self) -> int:
        """What a payout would take that is asked for now."""
        return self.of(Stage.PENDING) + self.of(Stage.AVAILABLE)

    @property
    def missing_minor(self) -> int:
        """How much is still to be earned until a payout can be asked for (M7)."""
        return max(0, self.minimum_minor - self.payable_minor)

    @property
    def can_be_paid(self) -> bool:
        """Whether a payout could be asked for now; one at a time."""
        return self.open_payout is None and self.missing_minor == 0

    @property
    def earned_minor(self) -> int:
        """All stages together: what was earned and not spent or taken back."""
        return sum(found.amount_minor for found in self.stages)

    @property
    def here_minor(self) -> int:
        """What is in the person's accounts now: what the ledger's postings to them sum to."""
        kept = self.promotional_minor + self.purchased_minor + self.direct_minor
        return self.earned_minor - self.of(Stage.ARRIVED) + kept

    @property
    def is_empty(self) -> bool:
        """Whether nothing of it was earned, and nothing is owed."""
        return not (self.earned_minor or self.owed_minor or self.direct_minor)


class MoneyView(msgspec.Struct, frozen=True):
    """Everything somebody has, coins first; `holds`: why payouts wait, whatever they are of (F2, F3)."""

    assets: list[AssetMoney]
    holds: list[HoldView]


class StageLine(msgspec.Struct, frozen=True):
    """One movement of a stage, opened down to its postings; `amount_minor` is what it changed there."""

    transfer_id: UUID
    created_at: datetime
    amount_minor: int
    opened: HistoryLine
