"""Settling what differs: by merging what the gateway says, or by an administrator who says how."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.db import one, run, update
from stoa.kit.errors import Invalid
from stoa.money.payments.actions import asking
from stoa.money.payouts import queries as payout_queries
from stoa.money.payouts.actions import sending
from stoa.money.payouts.types import PayoutState
from stoa.money.reconciliation import queries
from stoa.money.reconciliation.actions.running import compare_order, compare_payout
from stoa.money.reconciliation.errors import MatterEnded, NothingToMerge
from stoa.money.reconciliation.policies import access_discrepancy
from stoa.money.reconciliation.types import Discrepancy, Finding, MatterState

LEAST_NOTE = 3
_STATE = one(Discrepancy, f"{queries.DISCREPANCY_SQL} where d.id = $1 for update of d")
# Of one order or payout: all that is open about it is seen anew, whatever it was that was mended.
_CLOSE = run(
    """
    update reconciliation_discrepancies set state = 'closed', ended_at = $3
    where state = 'open' and (order_id = $1 or payout_id = $1)
      and (kind || ' ' || reference) <> all($2::text[])
    """
)
_SEEN = run(
    """
    update reconciliation_discrepancies set here = $3, there = $4, seen_at = $5
    where state = 'open' and kind = $1 and reference = $2 and (order_id = $6 or payout_id = $6)
    """
)


async def mend(ctx: Ctx, discrepancy_id: UUID) -> Discrepancy:
    """Have what the gateway says merged into the order, or the payout looked at again, and compare once more.

    It is closed if that was all. For administrators; needs a context in autocommit. Raises NotFound, Forbidden,
    MatterEnded, NothingToMerge, and GatewayUnavailable or ProviderUnavailable.
    """
    matter = await access_discrepancy(ctx, discrepancy_id)
    _check_open(matter)
    if matter.order_id is not None:
        await asking.ask(ctx, matter.order_id)
        left = await compare_order(ctx, matter.gateway, matter.account_id, matter.order_id)
    elif matter.payout_id is not None:
        payout = await payout_queries.PAYOUT(ctx.db, matter.payout_id)
        if payout.state in (PayoutState.PROCESSING, PayoutState.PAID):
            await sending.follow(replace(ctx, actor=None), payout.id, payout.attempts)
        left = await compare_payout(ctx, matter.payout_id)
    else:
        raise NothingToMerge
    async with ctx.app.database.transaction() as db:
        own = replace(ctx, db=db)
        await _see_anew(own, matter.order_id or matter.payout_id, left)
        after = await queries.discrepancy(own, matter.id)
        seen = {"kind": matter.kind, "reference": matter.reference, "state": after.state}
        await audit.record(own, "reconciliation.merged", subject="discrepancy", subject_id=matter.id, after=seen)
    return after


async def resolve(ctx: Ctx, discrepancy_id: UUID, *, note: str) -> Discrepancy:
    """Settle a discrepancy, saying how; it comes back only if one of the sides changes. For administrators.

    Raises NotFound, Forbidden, MatterEnded, and Invalid without a note.
    """
    await access_discrepancy(ctx, discrepancy_id)
    note = note.strip()
    if len(note) < LEAST_NOTE:
        raise Invalid(fields={"note": "Please say how it was settled, for whoever reads this later"})
    matter = await _STATE(ctx.db, discrepancy_id)
    _check_open(matter)
    changed: dict[str, Any] = {"state": MatterState.RESOLVED, "note": note, "decided_by": ctx.member.id}
    await update(ctx.db, "reconciliation_discrepancies", changed | {"ended_at": ctx.now}, where={"id": matter.id})
    await audit.record(
        ctx,
        "reconciliation.resolved",
        subject="discrepancy",
        subject_id=matter.id,
        before={"state": matter.state},
        after={"state": MatterState.RESOLVED, "kind": matter.kind, "reference": matter.reference, "note": note},
    )
    return await queries.discrepancy(ctx, matter.id)


def _check_open(matter: Discrepancy) -> None:
    if matter.state != MatterState.OPEN:
        raise MatterEnded(f"It is {matter.state} already", state=matter.state)


async def _see_anew(ctx: Ctx, subject_id: UUID | None, left: list[Finding]) -> None:
    for finding in left:
        seen = (finding.here, finding.there, ctx.now, subject_id)
        await _SEEN(ctx.db, finding.kind, finding.reference, *seen)
    await _CLOSE(ctx.db, subject_id, [f"{one.kind} {one.reference}" for one in left], ctx.now)
