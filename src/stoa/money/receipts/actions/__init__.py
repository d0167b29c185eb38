"""Numbering receipts, and putting them into words."""

from uuid import UUID

from stoa.foundation.people.queries import person_by_id
from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.db import one
from stoa.kit.errors import NotFound
from stoa.money.receipts.actions import rendering
from stoa.money.receipts.errors import NotPaid
from stoa.money.receipts.policies import access_own_payment
from stoa.money.receipts.types import Payment, Receipt

_ISSUE = one(Receipt, "select year, sequence, issued_at from receipts_issue($1, $2, $3)")


async def issue(ctx: Ctx, payment: Payment) -> Receipt:
    """The receipt of one's own payment; it gets its number when it is first asked for. One statement, one transaction.

    Raises NotPaid.
    """
    if not payment.is_settled:
        raise NotPaid
    return await _ISSUE(ctx.db, payment.id, payment.payer_id, ctx.now)


async def receipt_pdf(ctx: Ctx, payment_id: UUID) -> tuple[str, bytes]:
    """The number and the PDF of the receipt for one's own payment. Raises NotFound, NotPaid."""
    receipt, shown = await _shown(ctx, payment_id)
    return receipt.number, await rendering.as_pdf(shown, issued_at=receipt.issued_at)


async def receipt_html(ctx: Ctx, payment_id: UUID) -> str:
    """The receipt for one's own payment as a page of its own. Raises NotFound, NotPaid."""
    return rendering.as_html((await _shown(ctx, payment_id))[1])


async def _shown(ctx: Ctx, payment_id: UUID) -> tuple[Receipt, rendering.Document]:
    payment = await access_own_payment(ctx, payment_id)
    receipt = await issue(ctx, payment)
    payer = await person_by_id(ctx, payment.payer_id)
    if payer is None:
        raise NotFound
    site, address = (await settings.platform(ctx)).name, ctx.app.settings.base_url
    return receipt, rendering.document(receipt, payment, payer, site=site, address=address)
