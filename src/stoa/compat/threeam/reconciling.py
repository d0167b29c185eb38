"""3AM's route that reconciles transactions, for administrators."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import post
from msgspec import Meta

from stoa.compat.dollars import dollars
from stoa.kit.http import Body, CtxDep, access
from stoa.money.payments.actions.switchboard import default_gateway
from stoa.money.reconciliation import actions, queries
from stoa.money.reconciliation.types import Discrepancy, MatterState
from stoa.money.wallet.types import USD

SHOWN = 100


class ReconcileIn(msgspec.Struct):
    """POST /api/payments/reconcile: the usual gateway and the last days, unless it says otherwise."""

    gateway: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None
    until: Annotated[datetime, Meta(tz=True)] | None = None


class Reconciliation(msgspec.Struct):
    """The comparison that was begun."""

    id: UUID
    gateway: str
    since: datetime
    until: datetime
    status: str
    started_at: datetime


class Difference(msgspec.Struct):
    """Something that differs; amounts in whole units of `currency`, None where a side knows none."""

    id: UUID
    type: str
    gateway: str
    reference: str
    transaction_id: UUID | None
    expected_amount: float | None
    actual_amount: float | None
    currency: str
    status: str
    found_at: datetime


class ReconcileOut(msgspec.Struct):
    """202 of a reconciliation, with what was open before it."""

    reconciliation: Reconciliation
    discrepancies: list[Difference]


@post("/api/payments/reconcile", status_code=202, opt=access("admin"))
async def reconcile(ctx: CtxDep, data: Body[ReconcileIn]) -> ReconcileOut:
    """Compare what a gateway lists with what stands here and in the ledger; a job does it."""
    gateway = data.gateway or await default_gateway(ctx, USD)
    run = await actions.start(ctx, subject="payments", gateway=gateway, since=data.since, until=data.until)
    known = await queries.discrepancies(ctx, state=MatterState.OPEN, gateway=gateway, limit=SHOWN)
    return ReconcileOut(
        Reconciliation(run.id, run.gateway, run.since, run.until, run.state, run.started_at),
        [_difference(one) for one in known.items],
    )


def _difference(one: Discrepancy) -> Difference:
    return Difference(
        id=one.id,
        type=one.kind,
        gateway=one.gateway,
        reference=one.reference,
        transaction_id=one.order_id,
        expected_amount=_amount(one, "here"),
        actual_amount=_amount(one, "there"),
        currency=one.currency,
        status=one.state,
        found_at=one.found_at,
    )


def _amount(one: Discrepancy, side: str) -> float | None:
    said = one.here if side == "here" else one.there
    amount_minor = said.get("amount_minor", said.get("ledger_minor"))
    return None if amount_minor is None else dollars(amount_minor, said.get("currency", one.currency))


routes = [reconcile]
