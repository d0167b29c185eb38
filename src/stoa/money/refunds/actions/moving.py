"""The one place where a refund changes its state, and what people are told of its end."""

from typing import Any, Final

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.db import one, update
from stoa.kit.money import format_amount
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue
from stoa.money.refunds.messages import RefundEnded, SubmitRefund
from stoa.money.refunds.queries import COLUMNS
from stoa.money.refunds.types import Refund, RefundState

LOCKED: Final = one(Refund, f"select {COLUMNS} from refunds where id = $1 for update")


async def begin(ctx: Ctx, refund: Refund, state: RefundState, **changed: Any) -> Refund:
    """A refund goes on. One of an order that is approved has its job from then on."""
    await update(ctx.db, "refunds", {"state": state, "updated_at": ctx.now, **changed}, where={"id": refund.id})
    if state == RefundState.APPROVED and refund.subject == "order":
        await enqueue(ctx, SubmitRefund(refund.id), unique=str(refund.id))
    return msgspec.structs.replace(refund, state=state, **changed)


async def end(ctx: Ctx, refund: Refund, state: RefundState, **changed: Any) -> Refund:
    """A refund is done, refused or failed; both sides are told as far as it concerns them."""
    changed |= {"ended_at": ctx.now}
    refund = await begin(ctx, refund, state, **changed)
    await told(ctx, refund)
    return refund


async def told(ctx: Ctx, refund: Refund) -> None:
    """Says that a refund has ended: as an event, and to people by mail."""
    event = RefundEnded(
        refund.id, refund.payment_id, refund.payer_id, refund.payee_id, refund.amount_minor, refund.asset, refund.state
    )
    await emit(ctx, event)
    money = f"{format_amount(refund.amount_minor, refund.asset)} {refund.asset}"
    values = {"money": money, "state": refund.state.value, "reason": refund.note or refund.failure or refund.reason}
    payer = await user_by_id(ctx, refund.payer_id)
    if payer is not None and payer.email:
        page = mail.link(ctx, f"/account/payments/{refund.payment_id}")
        given = {**values, "username": payer.username, "is_payee": False, "link": page}
        await mail.send(ctx, to=payer.email, template="refund", values=given, user_id=payer.id)
    by_payee = refund.origin == "payee" or refund.decided_by == refund.payee_id
    if refund.payee_id is None or by_payee or refund.state != RefundState.DONE:
        return
    payee = await user_by_id(ctx, refund.payee_id)
    if payee is not None and payee.email:
        page = mail.link(ctx, f"/dashboard/payments/{refund.payment_id}")
        given = {**values, "username": payee.username, "is_payee": True, "link": page}
        await mail.send(ctx, to=payee.email, template="refund", values=given, user_id=payee.id)


async def audited(ctx: Ctx, refund: Refund, action: str) -> None:
    """What somebody decided about a refund, for the audit."""
    after = {
        "state": refund.state,
        "amount_minor": refund.amount_minor,
        "asset": refund.asset,
        "payment_id": str(refund.payment_id),
        "reason": refund.note or refund.reason,
    }
    await audit.record(ctx, action, subject="refund", subject_id=refund.id, after=after)
