"""The sandbox's side of disputes: the bank of a card's owner, which decides by what it is told."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, maybe, update
from stoa.kit.ids import new_id
from stoa.money.payments.errors import EvidenceRefused
from stoa.money.payments.gateways import DisputeNews, DisputeStatus, Evidence

# What a dispute comes to, by a word in the evidence, as at Stripe; without one of them it stays under review.
WINNING: Final = "winning_evidence"
LOSING: Final = "losing_evidence"
FEE_MINOR: Final = 1500
DAYS: Final = 7


class Answered(msgspec.Struct, frozen=True):
    """A dispute after evidence was handed in; not `is_new` when the same had been handed in before."""

    news: DisputeNews
    payment_id: str
    is_new: bool


class _Dispute(msgspec.Struct, frozen=True):
    id: str
    payment_id: str
    status: DisputeStatus
    reason: str
    amount_minor: int
    fee_minor: int
    evidence_due_by: datetime
    evidence_key: str | None


_DISPUTE: Final = """select id, payment_id, status, reason, amount_minor, fee_minor, evidence_due_by, evidence_key
  from sandbox_disputes"""
_LOCKED = maybe(_Dispute, f"{_DISPUTE} where id = $1 for update")
_OF_PAYMENT = maybe(_Dispute, f"{_DISPUTE} where payment_id = $1 order by created_at desc limit 1")


async def begin(ctx: Ctx, payment_id: str, amount_minor: int) -> None:
    """The owner of the card wants the money back."""
    dispute = {
        "id": f"dp_test_{new_id().hex}",
        "payment_id": payment_id,
        "status": "needs_response",
        "reason": "fraudulent",
        "amount_minor": amount_minor,
        "fee_minor": FEE_MINOR,
        "evidence_due_by": ctx.now + timedelta(days=DAYS),
        "created_at": ctx.now,
    }
    await insert(ctx.db, "sandbox_disputes", dispute)


async def news_of(ctx: Ctx, payment_id: str) -> DisputeNews | None:
    """The latest dispute about a payment."""
    found = await _OF_PAYMENT(ctx.db, payment_id)
    return _news(found) if found else None


async def answer(ctx: Ctx, dispute_id: str, evidence: Evidence, key: str) -> Answered:
    """Evidence for a dispute, once per key. Raises EvidenceRefused when it is too late, or there is no such dispute."""
    dispute = await _LOCKED(ctx.db, dispute_id)
    if dispute is None:
        raise EvidenceRefused("The sandbox has no such dispute")
    if dispute.evidence_key == key:
        return Answered(_news(dispute), dispute.payment_id, False)
    if dispute.status != "needs_response" or dispute.evidence_due_by <= ctx.now:
        raise EvidenceRefused
    status: DisputeStatus = "under_review"
    if WINNING in evidence.text:
        status = "won"
    elif LOSING in evidence.text:
        status = "lost"
    changed = {"status": status, "evidence": evidence.text, "evidence_key": key}
    await update(ctx.db, "sandbox_disputes", changed, where={"id": dispute_id})
    return Answered(_news(msgspec.structs.replace(dispute, status=status)), dispute.payment_id, True)


def _news(dispute: _Dispute) -> DisputeNews:
    return DisputeNews(
        dispute_id=dispute.id,
        status=dispute.status,
        reason=dispute.reason,
        amount_minor=dispute.amount_minor,
        evidence_due_by=dispute.evidence_due_by,
        fee_minor=dispute.fee_minor,
    )
