"""Bodies of `/api/v1/money`. Amounts in the smallest unit (`*_minor`) and as decimal text beside it."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from stoa.kit.money import to_decimal
from stoa.money.risk.types import HoldView
from stoa.money.wallet.types import PostingLine
from stoa.money.whereabouts.types import AssetMoney, MoneyView, Part, Stage, StageLine, StageSum


class PartOut(msgspec.Struct, kw_only=True):
    """Something in a stage, what happens next with it, and by when (F7); see `transfers/{transfer_id}`."""

    amount_minor: int
    amount: str
    what: str
    next_step: str
    by: datetime | None
    by_day: date | None
    transfer_id: UUID | None
    payout_id: UUID | None
    payment_id: UUID | None


class StageOut(msgspec.Struct):
    """A stage of the way; its movements are at `/api/v1/money/{asset}/{stage}`."""

    stage: Stage
    amount_minor: int
    amount: str
    parts: list[PartOut]


class WorthOut(msgspec.Struct):
    """What a payout asked for now would come to, before the provider's fee: see `POST /api/v1/payouts/quote`."""

    currency: str
    net_payout_minor: int
    net_payout: str


class PaidOut(msgspec.Struct):
    """What payouts brought so far; providers kept `fees_minor` of the net."""

    currency: str
    payouts: int
    net_minor: int
    fees_minor: int
    arrived_minor: int


class AssetOut(msgspec.Struct, kw_only=True):
    """All one has of an asset. The stages but `arrived`, with promotional, purchased and direct, are `here_minor`: the
    sum of one's accounts in the ledger. `owed_minor` is taken from what comes in next (M13)."""

    asset: str
    stages: list[StageOut]
    promotional_minor: int
    purchased_minor: int
    direct_minor: int
    here_minor: int
    earned_minor: int
    owed_minor: int
    minimum_minor: int
    missing_minor: int
    can_be_paid: bool
    worth: WorthOut
    paid_out: list[PaidOut]


class MoneyOut(msgspec.Struct):
    """Where everything is; `holds` say why payouts wait, whatever they are of."""

    assets: list[AssetOut]
    holds: list[HoldView]


class LineOut(msgspec.Struct):
    """One movement of a stage with its postings; the lines of a stage sum to it."""

    transfer_id: UUID
    created_at: datetime
    title: str
    amount_minor: int
    amount: str
    postings: list[PostingLine]


def money_out(view: MoneyView) -> MoneyOut:
    """A MoneyView for whose money it is."""
    return MoneyOut([_asset_out(asset) for asset in view.assets], view.holds)


def _asset_out(found: AssetMoney) -> AssetOut:
    worth = found.worth
    return AssetOut(
        asset=found.asset,
        stages=[_stage_out(stage, found.asset) for stage in found.stages],
        promotional_minor=found.promotional_minor,
        purchased_minor=found.purchased_minor,
        direct_minor=found.direct_minor,
        here_minor=found.here_minor,
        earned_minor=found.earned_minor,
        owed_minor=found.owed_minor,
        minimum_minor=found.minimum_minor,
        missing_minor=found.missing_minor,
        can_be_paid=found.can_be_paid,
        worth=WorthOut(worth.currency, worth.net_payout_minor, _text(worth.net_payout_minor, worth.currency)),
        paid_out=[
            PaidOut(one.currency, one.payouts, one.net_minor, one.fees_minor, one.net_minor - one.fees_minor)
            for one in found.paid_out
        ],
    )


def _stage_out(found: StageSum, asset: str) -> StageOut:
    parts = [_part_out(part, asset) for part in found.parts]
    return StageOut(found.stage, found.amount_minor, _text(found.amount_minor, asset), parts)


def _part_out(part: Part, asset: str) -> PartOut:
    return PartOut(**msgspec.structs.asdict(part), amount=_text(part.amount_minor, asset))


def line_out(line: StageLine, asset: str) -> LineOut:
    """A StageLine of an asset."""
    amount = _text(line.amount_minor, asset)
    return LineOut(
        line.transfer_id, line.created_at, line.opened.title, line.amount_minor, amount, line.opened.postings
    )


def _text(minor: int, asset: str) -> str:
    return str(to_decimal(minor, asset))
