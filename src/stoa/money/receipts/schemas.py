"""Bodies of the routes about payments. Amounts in the smallest unit (`*_minor`), some as decimal text beside it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from stoa.foundation.people.types import PersonView
from stoa.kit.money import to_decimal
from stoa.money.payments.types import OrderEvent, OrderState
from stoa.money.receipts.types import Interval, Payment, PaymentRow, Period, Sums


class WorkOut(msgspec.Struct):
    """The work a payment was for, as it was called then; `path` on this site."""

    id: UUID
    title: str | None
    path: str | None


class PaymentOut(msgspec.Struct, kw_only=True):
    """A payment for its payer. `person` received it, or null for the platform; `gateway` "wallet" for coins.

    `kind`: gift, or what was ordered (coins, …). `refunded_minor` of the amount went back.
    """

    id: UUID
    kind: str
    description: str
    status: OrderState
    amount_minor: int
    amount: str
    currency: str
    refunded_minor: int
    gateway: str
    failure_message: str | None
    person: PersonView | None
    work: WorkOut | None
    created_at: datetime
    paid_at: datetime | None


class ReceivedOut(PaymentOut, kw_only=True):
    """A payment for its receiver, `person` paid it. amount = net + fee.

    `promotional_minor` of the net can be spent and not paid out (M4); `kept_minor` is the net less what went back.
    """

    fee_minor: int
    net_minor: int
    net: str
    promotional_minor: int
    kept_minor: int


class ChangeOut(msgspec.Struct):
    """One change of a payment and its cause (M14)."""

    from_status: OrderState | None
    to_status: OrderState
    cause: str
    at: datetime


class PaymentDetailOut(PaymentOut, kw_only=True):
    """A payment with what happened to it; `transfer_id` is the movement in one's wallet, `receipt_url` once paid."""

    message: str | None
    reference: str | None
    transfer_id: UUID | None
    receipt_url: str | None
    events: list[ChangeOut]


class ReceivedDetailOut(ReceivedOut, kw_only=True):
    """A received payment with its message; `transfer_id` is the movement in one's wallet."""

    message: str | None
    transfer_id: UUID | None


class SumsOut(msgspec.Struct):
    """What was received of one kind. gross − refunded = fee + kept, one's own share."""

    kind: str
    payments: int
    payers: int
    gross_minor: int
    fee_minor: int
    kept_minor: int
    promotional_minor: int
    refunded_minor: int


class RevenueOut(msgspec.Struct, kw_only=True):
    """What was received in one currency. `kept_per_payer_minor`: what one payer brought on average, rounded down."""

    currency: str
    payments: int
    payers: int
    gross_minor: int
    fee_minor: int
    kept_minor: int
    kept: str
    promotional_minor: int
    refunded_minor: int
    kept_per_payer_minor: int
    by_kind: list[SumsOut]


class StatsOut(msgspec.Struct):
    """Sums by currency; nothing of one currency is ever added to another."""

    items: list[RevenueOut]


class PeriodOut(msgspec.Struct):
    """What came in between `start` and the next start; `by_kind` is what was kept of each kind."""

    start: date
    payments: int
    gross_minor: int
    kept_minor: int
    by_kind: dict[str, int]


class TimelineOut(msgspec.Struct):
    """A series without gaps, in one currency; days are those of UTC."""

    interval: Interval
    currency: str
    items: list[PeriodOut]


def payment_out(row: PaymentRow) -> PaymentOut:
    """A row for its payer."""
    return PaymentOut(**_fields(row))


def received_out(row: PaymentRow) -> ReceivedOut:
    """A row for its receiver."""
    return ReceivedOut(**_received(row))


def payment_detail_out(payment: Payment, events: list[OrderEvent]) -> PaymentDetailOut:
    """A payment for its payer, with its changes."""
    return PaymentDetailOut(
        **_fields(payment),
        message=payment.message,
        reference=payment.reference,
        transfer_id=payment.transfer_id,
        receipt_url=f"/api/v1/my/payments/{payment.id}/receipt" if payment.is_settled else None,
        events=[ChangeOut(e.from_state, e.to_state, e.cause, e.created_at) for e in events],
    )


def received_detail_out(payment: Payment) -> ReceivedDetailOut:
    """A payment for its receiver."""
    return ReceivedDetailOut(**_received(payment), message=payment.message, transfer_id=payment.transfer_id)


def stats_out(sums: list[Sums]) -> StatsOut:
    """Sums by currency, each with its kinds."""
    kinds: dict[str, list[SumsOut]] = {}
    for one in sums:
        if one.kind is not None:
            kinds.setdefault(one.asset, []).append(SumsOut(one.kind, *_figures(one)))
    return StatsOut(
        [
            RevenueOut(
                currency=one.asset,
                payments=one.payments,
                payers=one.payers,
                gross_minor=one.gross_minor,
                fee_minor=one.fee_minor,
                kept_minor=one.kept_minor,
                kept=str(to_decimal(one.kept_minor, one.asset)),
                promotional_minor=one.promotional_minor,
                refunded_minor=one.refunded_minor,
                kept_per_payer_minor=one.kept_minor // one.payers,
                by_kind=kinds[one.asset],
            )
            for one in sums
            if one.kind is None
        ]
    )


def timeline_out(periods: list[Period], interval: Interval, currency: str) -> TimelineOut:
    """A series for charts."""
    return TimelineOut(interval, currency, [PeriodOut(*msgspec.structs.astuple(period)) for period in periods])


def _figures(one: Sums) -> tuple[int, ...]:
    figures: tuple[int, ...] = msgspec.structs.astuple(one)[2:]
    return figures


def _fields(row: PaymentRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "description": row.title,
        "status": row.state,
        "amount_minor": row.gross_minor,
        "amount": str(to_decimal(row.gross_minor, row.asset)),
        "currency": row.asset,
        "refunded_minor": row.refunded_minor,
        "gateway": row.method,
        "failure_message": row.failure_message,
        "person": row.person,
        "work": WorkOut(row.work_id, row.work_title, row.work_path) if row.work_id else None,
        "created_at": row.created_at,
        "paid_at": row.settled_at,
    }


def _received(row: PaymentRow) -> dict[str, Any]:
    return _fields(row) | {
        "fee_minor": row.fee_minor,
        "net_minor": row.net_minor,
        "net": str(to_decimal(row.net_minor, row.asset)),
        "promotional_minor": row.promotional_minor,
        "kept_minor": row.kept_minor,
    }
