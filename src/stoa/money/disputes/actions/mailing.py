"""What both sides of a disputed payment are told by mail."""

from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.money import format_amount
from stoa.money.disputes.types import Dispute
from stoa.money.payments.types import Order


async def tell_people(ctx: Ctx, order: Order, dispute: Dispute) -> None:
    """That a dispute began, or how it ended: the receiver always, the payer once it is decided."""
    values = {
        "money": f"{format_amount(dispute.amount_minor, dispute.asset)} {dispute.asset}",
        "what": order.description,
        "state": dispute.state.value,
        "reason": dispute.reason_words,
        "due_by": f"{dispute.evidence_due_by:%-d %B %Y, %H:%M} UTC" if dispute.evidence_due_by else None,
    }
    sides = [(order.payee_id, True, f"/dashboard/payments/{order.id}")]
    if not dispute.is_open:
        sides.append((order.user_id, False, f"/account/payments/{order.id}"))
    for user_id, is_payee, path in sides:
        user = await user_by_id(ctx, user_id) if user_id else None
        if user is not None and user.email:
            given = {**values, "username": user.username, "is_payee": is_payee, "link": mail.link(ctx, path)}
            await mail.send(ctx, to=user.email, template="dispute", values=given, user_id=user.id)
