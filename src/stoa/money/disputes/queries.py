"""Reads of disputes."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.disputes.types import Dispute, DisputeEvent, DisputeRow, DisputeState, Evidence, EvidenceFile

COLUMNS: Final = """id, order_id, gateway, account_id, reference, state, reason, asset, amount_minor, fee_minor,
  evidence_due_by, hold_id, taken_id, returned_id, marked_by, note, opened_at, closed_at"""
DISPUTE = one(Dispute, f"select {COLUMNS} from disputes where id = $1")
_LATEST = maybe(
    Dispute,
    f"select {COLUMNS} from disputes where order_id = $1 order by closed_at is null desc, opened_at desc, id limit 1",
)
_ROW: Final = """select d.id, d.order_id, o.description, p.username as payer, e.username as payee, d.gateway, d.state,
    d.reason, d.asset, d.amount_minor, d.evidence_due_by, d.opened_at
  from disputes d join orders o on o.id = d.order_id join users p on p.id = o.user_id
  left join users e on e.id = o.payee_id"""
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)
# Open ones by the day on which the bank stops listening, those without a day last; all others by when they began.
_DUE = many(
    DisputeRow,
    f"""{_ROW} where d.closed_at is null and (coalesce(d.evidence_due_by, $4), d.id) > ($1, $2::uuid)
        order by coalesce(d.evidence_due_by, $4), d.id limit $3""",
)
_NEWEST = many(
    DisputeRow,
    f"""{_ROW} where ($1::text is null or d.state = $1) and (d.opened_at, d.id) < ($2, $3::uuid)
        order by d.opened_at desc, d.id desc limit $4""",
)
_EVENTS = many(
    DisputeEvent, "select from_state, to_state, cause, created_at from dispute_events where dispute_id = $1 order by id"
)
_EVIDENCE = many(
    Evidence,
    """select e.id, e.body, u.username as submitted_by, e.state, e.failure, e.created_at, e.sent_at
       from dispute_evidence e join users u on u.id = e.submitted_by
       where e.dispute_id = $1 order by e.created_at desc""",
)
FILES = many(
    EvidenceFile,
    "select id, name, content_type, bytes_count, path from dispute_files where evidence_id = $1 order by id",
)
_FILE = maybe(
    EvidenceFile,
    """select f.id, f.name, f.content_type, f.bytes_count, f.path
       from dispute_files f join dispute_evidence e on e.id = f.evidence_id where f.id = $1 and e.dispute_id = $2""",
)


async def dispute(ctx: Ctx, dispute_id: UUID) -> Dispute:
    """One dispute; ask `policies` for somebody. Raises NotFound."""
    return await DISPUTE(ctx.db, dispute_id)


async def dispute_of(ctx: Ctx, payment_id: UUID) -> Dispute | None:
    """The dispute of a payment that is open, or the latest."""
    return await _LATEST(ctx.db, payment_id)


async def dispute_events(ctx: Ctx, dispute_id: UUID) -> list[DisputeEvent]:
    """All that happened to a dispute, oldest first."""
    return await _EVENTS(ctx.db, dispute_id)


async def evidence_of(ctx: Ctx, dispute_id: UUID) -> list[tuple[Evidence, list[EvidenceFile]]]:
    """What was handed in, with its files: at most one that stands, and what a gateway would not take."""
    return [(evidence, await FILES(ctx.db, evidence.id)) for evidence in await _EVIDENCE(ctx.db, dispute_id)]


async def file_of(ctx: Ctx, dispute_id: UUID, file_id: UUID) -> EvidenceFile | None:
    """A file that was handed in for a dispute."""
    return await _FILE(ctx.db, file_id, dispute_id)


async def due(ctx: Ctx, *, cursor: str | None = None, limit: int = 50) -> Page[DisputeRow]:
    """Open disputes, the one whose evidence is due first on top. For administrators."""
    place = decode(cursor, tuple[datetime, UUID], scope="disputes.due") or (
        datetime(1970, 1, 1, tzinfo=UTC),
        UUID(int=0),
    )
    rows = await _DUE(ctx.db, *place, limit + 1, _LAST)
    return keyset(rows, limit, scope="disputes.due", key=lambda row: (row.evidence_due_by or _LAST, row.id))


async def newest(
    ctx: Ctx, *, state: DisputeState | None = None, cursor: str | None = None, limit: int = 50
) -> Page[DisputeRow]:
    """All disputes, or those in a state, the newest first. For administrators."""
    scope = f"disputes.{state}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or (_LAST, UUID(int=2**128 - 1))
    rows = await _NEWEST(ctx.db, state, *place, limit + 1)
    return keyset(rows, limit, scope=scope, key=lambda row: (row.opened_at, row.id))
