"""Answering disputes with evidence, and saying how one ended where the gateway does not."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, maybe, run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue
from stoa.money.disputes import queries
from stoa.money.disputes.actions.telling import LOCKED, close, note
from stoa.money.disputes.errors import BadEvidence, DisputeClosed, EvidenceHandedIn, EvidenceTooLate
from stoa.money.disputes.messages import HandInEvidence
from stoa.money.disputes.policies import access_dispute, check_may_answer, check_may_mark
from stoa.money.disputes.types import (
    CONTENT_TYPES,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_FILES_BYTES,
    MAX_TEXT,
    Dispute,
    DisputeState,
    Upload,
)
from stoa.money.payments.actions import going_back as payments
from stoa.money.payments.errors import EvidenceRefused
from stoa.money.payments.types import DisputeFile

_MAGIC = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_MARKS = frozenset({DisputeState.WON, DisputeState.LOST, DisputeState.WITHDRAWN})


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    dispute_id: UUID
    body: str


_STANDS = value(
    bool, "select exists (select from dispute_evidence where dispute_id = $1 and state in ('waiting', 'sent'))"
)
_WAITING = maybe(_Waiting, "select id, dispute_id, body from dispute_evidence where id = $1 and state = 'waiting'")
_SENT = run("update dispute_evidence set state = 'sent', sent_at = $2 where id = $1 and state = 'waiting'")
_REFUSED = run("update dispute_evidence set state = 'refused', failure = $2 where id = $1 and state = 'waiting'")


async def hand_in(ctx: Ctx, dispute_id: UUID, *, text: str, files: Sequence[Upload] = ()) -> UUID:
    """Answer a dispute with words and files, once; the gateway has them right after. Answers the evidence's id.

    For who received the payment and for administrators. Raises NotFound, Forbidden, BadEvidence, DisputeClosed,
    EvidenceHandedIn, EvidenceTooLate.
    """
    order, _ = await access_dispute(ctx, dispute_id)
    check_may_answer(ctx, order)
    text = text.strip()
    types = _check(text, files)
    dispute = await LOCKED(ctx.db, dispute_id)
    if not dispute.is_open:
        raise DisputeClosed(state=dispute.state)
    if dispute.state != DisputeState.NEEDS_RESPONSE or await _STANDS(ctx.db, dispute_id):
        raise EvidenceHandedIn
    if dispute.evidence_due_by is not None and dispute.evidence_due_by <= ctx.now:
        raise EvidenceTooLate
    evidence_id = new_id()
    row = {"id": evidence_id, "dispute_id": dispute_id, "body": text, "submitted_by": ctx.member.id}
    await insert(ctx.db, "dispute_evidence", row | {"created_at": ctx.now})
    for file, content_type in zip(files, types, strict=True):
        file_id = new_id()
        path = f"disputes/{evidence_id}/{file_id}.{CONTENT_TYPES[content_type]}"
        await ctx.app.storage.put(path, file.body, content_type)
        about = {"id": file_id, "evidence_id": evidence_id, "name": _name(file.name), "path": path}
        await insert(ctx.db, "dispute_files", about | {"content_type": content_type, "bytes_count": len(file.body)})
    await note(ctx, dispute, f"@{ctx.member.username} handed in evidence")
    await audit.record(ctx, "disputes.answered", subject="dispute", subject_id=dispute_id)
    await enqueue(ctx, HandInEvidence(evidence_id), unique=str(evidence_id))
    return evidence_id


async def mark(ctx: Ctx, dispute_id: UUID, *, outcome: DisputeState, reason: str) -> Dispute:
    """Say how a dispute ended, for a gateway that does not tell: what follows, follows at once. For administrators.

    `outcome`: won, lost or withdrawn. Raises NotFound, Forbidden, Invalid, DisputeClosed.
    """
    order, _ = await access_dispute(ctx, dispute_id)
    check_may_mark(ctx, order)
    reason = reason.strip()
    if outcome not in _MARKS:
        raise Invalid(fields={"outcome": "won, lost or withdrawn"})
    if not 3 <= len(reason) <= 500:
        raise Invalid(fields={"note": "Please say how you know, in 3 to 500 characters"})
    order = await payments.locked_order(ctx, order.id)
    dispute = await LOCKED(ctx.db, dispute_id)
    if not dispute.is_open:
        raise DisputeClosed(state=dispute.state)
    cause = f"marked as {outcome.value} by @{ctx.member.username}: {reason}"
    after = await close(ctx, order, dispute, outcome, cause, marked_by=ctx.member.id, note=reason)
    await audit.record(
        ctx,
        "disputes.marked",
        subject="dispute",
        subject_id=dispute_id,
        before={"state": dispute.state},
        after={"state": outcome, "note": reason},
    )
    return after


async def hand_over(ctx: Ctx, evidence_id: UUID) -> None:
    """Have the gateway take evidence, once however often this runs. Needs a context outside of any transaction."""
    evidence = await _WAITING(ctx.db, evidence_id)
    if evidence is None:
        return
    dispute = await queries.DISPUTE(ctx.db, evidence.dispute_id)
    files = [
        DisputeFile(file.name, file.content_type, await ctx.app.storage.get(file.path))
        for file in await queries.FILES(ctx.db, evidence_id)
    ]
    order = await payments.order_of(ctx, dispute.order_id)
    failure: str | None = None
    try:
        await payments.answer_dispute(
            ctx, order, dispute_id=dispute.reference, text=evidence.body, files=files, key=f"evidence:{evidence_id}"
        )
    except EvidenceRefused as error:
        failure = error.detail
    async with ctx.app.database.transaction() as db:
        own = replace(ctx, db=db)
        dispute = await LOCKED(own.db, dispute.id)
        if failure is None and await _SENT(own.db, evidence_id, own.now):
            await note(own, dispute, f"{dispute.gateway} has the evidence")
        elif failure is not None and await _REFUSED(own.db, evidence_id, failure):
            await note(own, dispute, f"{dispute.gateway} did not take the evidence: {failure}")


def _check(text: str, files: Sequence[Upload]) -> list[str]:
    """The content types of the files, by content. Raises BadEvidence naming every field that is wrong."""
    wrong: dict[str, str] = {}
    if not 10 <= len(text) <= MAX_TEXT:
        wrong["text"] = f"Please tell what happened, in 10 to {MAX_TEXT:,} characters"
    types = [next((kind for magic, kind in _MAGIC.items() if file.body.startswith(magic)), "") for file in files]
    if len(files) > MAX_FILES:
        wrong["files"] = f"At most {MAX_FILES} files"
    elif not all(types):
        wrong["files"] = "PDF, JPEG and PNG files only"
    elif any(len(file.body) > MAX_FILE_BYTES for file in files):
        wrong["files"] = f"Each file may have at most {MAX_FILE_BYTES // 1_000_000} MB"
    elif sum(len(file.body) for file in files) > MAX_FILES_BYTES:
        wrong["files"] = "All files together may have at most 4.5 MB"
    if wrong:
        raise BadEvidence(fields=wrong)
    return types


def _name(name: str) -> str:
    """A file's name as it is shown: without a path, at most 120 printable characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:120].strip() or "file"
