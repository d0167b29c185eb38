"""What differs between the two sides, and between here and the books. Nothing is asked and nothing written here."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from stoa.money.payments.actions.asking import Listed
from stoa.money.payouts.actions.asking import Transfer
from stoa.money.reconciliation.types import Finding, Kind, OrderHere, Ours, PayoutHere, Stray

# The provider is looked at again and again, at most an hour apart: what is not seen after this, will not be.
OVERDUE: Final = timedelta(hours=3)


def payments(
    listed: Mapping[str, Listed], ours: Iterable[Ours], orders: Mapping[UUID, OrderHere], *, books: bool
) -> list[Finding]:
    """What differs between a gateway's list and the payments here. books: the ledger is compared, too."""
    here = {one.payment_id: one for one in ours}
    found = [_missing_here(one, orders) for one in listed.values() if one.payment_id not in here and _is_ours(one)]
    for payment_id, one in here.items():
        there = listed.get(payment_id)
        if there is not None:
            found += _both(there, one)
        elif one.captured_minor > 0:
            found.append(_finding(Kind.MISSING_THERE, one, {}, one.ordered_at))
    return found + (_booked(here.values()) if books else [])


def strays(found: Iterable[Stray]) -> list[Finding]:
    """Movements of the gateway's money that belong to no order."""
    return [
        Finding(
            kind=Kind.LEDGER,
            reference=str(one.transfer_id),
            currency=one.currency,
            here={"ledger_minor": -one.amount_minor, "cause": one.cause},
            there={},
            at=one.created_at,
        )
        for one in found
    ]


def payouts(pairs: Iterable[tuple[PayoutHere, Transfer | None]], now: datetime) -> list[Finding]:
    """What differs between payouts and what their provider says of them; None where it knows none."""
    found: list[Finding] = []
    for here, there in pairs:
        if there is None:
            if here.state == "paid" or _is_overdue(here, now):
                found.append(_payout(Kind.MISSING_THERE, here, {}))
        elif _differs(here, there, now):
            told: dict[str, Any] = {"status": there.state}
            found.append(_payout(Kind.STATUS, here, told | _reason(there)))
        if here.state == "paid" and here.booked_minor != here.amount_minor:
            found.append(_payout(Kind.LEDGER, here, {}))
    return found


def _is_ours(one: Listed) -> bool:
    return one.captured_minor > 0 and one.order_id is not None


def _missing_here(there: Listed, orders: Mapping[UUID, OrderHere]) -> Finding:
    order = orders.get(there.order_id) if there.order_id else None
    here: dict[str, Any] = {}
    if order is not None:
        here = {"order": order.state, "amount_minor": order.amount_minor, "currency": order.currency}
    return Finding(
        kind=Kind.MISSING_HERE,
        reference=there.payment_id,
        currency=there.currency,
        here=here,
        there=_told(there),
        at=there.created_at,
        order_id=order.id if order else None,
    )


def _both(there: Listed, here: Ours) -> list[Finding]:
    """The first of currency and amount that differs says it all; the others are looked at one by one."""
    kinds: list[Kind] = []
    if there.currency != here.currency:
        kinds.append(Kind.CURRENCY)
    elif there.amount_minor != here.amount_minor or (
        there.captured_minor and here.captured_minor and there.captured_minor != here.captured_minor
    ):
        kinds.append(Kind.AMOUNT)
    if (there.captured_minor > 0) != (here.captured_minor > 0) or (
        here.captured_minor > 0 and not here.is_extra and not here.is_fulfilled
    ):
        kinds.append(Kind.STATUS)
    elif there.currency == here.currency:
        if there.refunded_minor != here.refunded_minor:
            kinds.append(Kind.REFUND)
        # 0 is what nobody has said yet, and no news beside another difference.
        is_news = here.fee_minor > 0 or not kinds
        if there.captured_minor > 0 and is_news and there.fee_minor not in (None, here.fee_minor):
            kinds.append(Kind.FEE)
    return [_finding(kind, here, _told(there), there.created_at) for kind in kinds]


def _booked(ours: Iterable[Ours]) -> list[Finding]:
    """Orders whose payments brought another sum than the ledger has of them."""
    orders = {one.order_id: one for one in ours}
    return [
        Finding(
            kind=Kind.LEDGER,
            reference=str(one.order_id),
            currency=one.currency,
            here={"order": one.order_state, "kept_minor": one.kept_minor, "ledger_minor": one.booked_minor},
            there={},
            at=one.ordered_at,
            order_id=one.order_id,
        )
        for one in orders.values()
        if one.kept_minor != one.booked_minor
    ]


def _finding(kind: Kind, here: Ours, there: dict[str, Any], at: datetime) -> Finding:
    said: dict[str, Any] = {
        "order": here.order_state,
        "status": here.status,
        "amount_minor": here.amount_minor,
        "currency": here.currency,
        "captured_minor": here.captured_minor,
        "refunded_minor": here.refunded_minor,
        "fee_minor": here.fee_minor,
    }
    return Finding(
        kind=kind,
        reference=here.payment_id,
        currency=here.currency,
        here=said,
        there=there,
        at=at,
        order_id=here.order_id,
    )


def _told(there: Listed) -> dict[str, Any]:
    said: dict[str, Any] = {
        "status": there.status,
        "amount_minor": there.amount_minor,
        "currency": there.currency,
        "captured_minor": there.captured_minor,
        "refunded_minor": there.refunded_minor,
    }
    return said if there.fee_minor is None else said | {"fee_minor": there.fee_minor}


def _payout(kind: Kind, here: PayoutHere, there: dict[str, Any]) -> Finding:
    said: dict[str, Any] = {"status": here.state, "amount_minor": here.amount_minor, "currency": here.currency}
    if kind == Kind.LEDGER:
        said["ledger_minor"] = here.booked_minor
    return Finding(
        kind=kind,
        reference=here.reference or str(here.id),
        currency=here.currency,
        here=said,
        there=there,
        at=here.requested_at,
        payout_id=here.id,
    )


def _differs(here: PayoutHere, there: Transfer, now: datetime) -> bool:
    """Paid and not arrived, whenever; under way and over, or under way past its day, once it should have been seen."""
    if here.state == "paid":
        return there.state != "arrived"
    return _is_overdue(here, now) and (there.state != "processing" or here.is_late)


def _is_overdue(here: PayoutHere, now: datetime) -> bool:
    return here.is_late or now - (here.sent_at or here.updated_at) > OVERDUE


def _reason(there: Transfer) -> dict[str, Any]:
    return {"reason": there.failure_reason} if there.failure_reason else {}
