"""`/api/v1/payments/{payment_id}/dispute`: how it stands, evidence, and its end; `/api/v1/disputes`: all of them."""

from uuid import UUID

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Cursor, Multipart, PageLimit, Path, Query, access
from stoa.kit.pagination import Page
from stoa.money.disputes import actions, queries
from stoa.money.disputes.errors import BadEvidence
from stoa.money.disputes.policies import access_dispute, access_dispute_of, check_may_answer, may_answer
from stoa.money.disputes.schemas import DisputeOut, EvidenceIn, MarkIn, dispute_out
from stoa.money.disputes.types import MAX_FILE_BYTES, MAX_FILES, DisputeRow, DisputeState, Upload
from stoa.money.payments.types import Order

MAX_BODY_BYTES = 6_000_000


async def uploads(files: list[UploadFile]) -> list[Upload]:
    """Files as they come in, each read up to a byte more than it may have. One without a name was not chosen."""
    chosen = [file for file in files if file.filename]
    if len(chosen) > MAX_FILES:
        raise BadEvidence(fields={"files": f"At most {MAX_FILES} files"})
    return [Upload(file.filename, await file.read(MAX_FILE_BYTES + 1)) for file in chosen]


async def _shown(ctx: Ctx, order: Order, dispute_id: UUID) -> DisputeOut:
    dispute = await queries.dispute(ctx, dispute_id)
    sees_evidence = may_answer(ctx, order) or ctx.member.is_staff
    evidence = await queries.evidence_of(ctx, dispute.id) if sees_evidence else []
    can_answer = (
        may_answer(ctx, order)
        and dispute.state == DisputeState.NEEDS_RESPONSE
        and not any(one.state != "refused" for one, _ in evidence)
        and (dispute.evidence_due_by is None or dispute.evidence_due_by > ctx.now)
    )
    events = await queries.dispute_events(ctx, dispute.id)
    return dispute_out(dispute, events, evidence, can_answer=can_answer)


@get("/api/v1/payments/{payment_id:uuid}/dispute", opt=access("member"))
async def get_dispute(ctx: CtxDep, payment_id: Path[UUID]) -> DisputeOut:
    """The dispute about a payment, for both sides of it and for staff."""
    order, dispute = await access_dispute_of(ctx, payment_id)
    return await _shown(ctx, order, dispute.id)


@post(
    "/api/v1/payments/{payment_id:uuid}/dispute/evidence",
    dto=None,  # files are no fields of JSON
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def hand_in_evidence(ctx: CtxDep, payment_id: Path[UUID], data: Multipart[EvidenceIn]) -> DisputeOut:
    """Answer the dispute, once (multipart fields `text` and `files`): for who received the payment, and administrators.

    The gateway gets it right after.
    """
    order, dispute = await access_dispute_of(ctx, payment_id)
    check_may_answer(ctx, order)
    if not storable(data.text):
        raise BadEvidence(fields={"text": "This holds a character that cannot be stored"})
    await actions.hand_in(ctx, dispute.id, text=data.text, files=await uploads(data.files))
    return await _shown(ctx, order, dispute.id)


@post("/api/v1/payments/{payment_id:uuid}/dispute/mark", status_code=200, opt=access("admin", idempotent=True))
async def mark_dispute(ctx: CtxDep, payment_id: Path[UUID], data: Body[MarkIn]) -> DisputeOut:
    """Say how the dispute ended, for a gateway that does not tell; what follows, follows at once."""
    order, dispute = await access_dispute_of(ctx, payment_id)
    await actions.mark(ctx, dispute.id, outcome=DisputeState(data.outcome), reason=data.note)
    return await _shown(ctx, order, dispute.id)


@get("/api/v1/disputes", opt=access("admin"))
async def list_disputes(
    ctx: CtxDep, status: Query[DisputeState | None] = None, cursor: Cursor = None, limit: PageLimit = 50
) -> Page[DisputeRow]:
    """All disputes, the newest first."""
    return await queries.newest(ctx, state=status, cursor=cursor, limit=limit)


@get("/api/v1/disputes/due", opt=access("admin"))
async def list_due(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 50) -> Page[DisputeRow]:
    """Open disputes, the one whose evidence is due first on top."""
    return await queries.due(ctx, cursor=cursor, limit=limit)


@get(
    "/api/v1/disputes/{dispute_id:uuid}/files/{file_id:uuid}",
    opt=access("member", answers=("application/pdf", "image/jpeg", "image/png")),
)
async def get_file(ctx: CtxDep, dispute_id: Path[UUID], file_id: Path[UUID]) -> Response[bytes]:
    """A file that was handed in, for those who may answer the dispute."""
    order, dispute = await access_dispute(ctx, dispute_id)
    file = await queries.file_of(ctx, dispute.id, file_id) if may_answer(ctx, order) else None
    if file is None:
        raise NotFound
    extension = file.path.rpartition(".")[2]
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'attachment; filename="evidence-{file.id}.{extension}"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(await ctx.app.storage.get(file.path), media_type=file.content_type, headers=headers)


routes = [get_dispute, hand_in_evidence, mark_dispute, list_disputes, list_due, get_file]
