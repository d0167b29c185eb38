"""Tips that are paid by card: the plug of the kind "tip" (M8).

One or three dollars, as from a wallet, with nothing promotional in them. They are shared like other tips, or go whole
to a creator who has a gateway account of their own (M12).
"""

from typing import Any
from uuid import UUID

import msgspec

from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.money import format_amount
from stoa.kit.outbox import emit
from stoa.money.ledger.types import Leg
from stoa.money.payments import actions as payments
from stoa.money.payments.types import Order, Quote, sells
from stoa.money.risk import actions as risk
from stoa.money.risk.types import Movement
from stoa.money.wallet.actions.recipients import checked_recipient
from stoa.money.wallet.actions.shares import (
    lock_payee,
    money,
    share_at_stake,
    share_out,
    take_shares_back,
    unspent_minor,
)
from stoa.money.wallet.errors import TipToOneself
from stoa.money.wallet.messages import CardTipPaid
from stoa.money.wallet.types import SUPERLIKE_MINOR, TIP_MINOR, USD


class TipItem(msgspec.Struct, frozen=True):
    """What an order of a tip is for: to whom, and which of the two."""

    recipient_id: UUID
    superlike: bool = False

    @property
    def amount_minor(self) -> int:
        """In US cents."""
        return SUPERLIKE_MINOR if self.superlike else TIP_MINOR


async def order_tip(ctx: Ctx, *, recipient_id: UUID, superlike: bool = False, key: str) -> Order:
    """An order for a tip, not paid yet. The same key is the same order (M11).

    Raises TipToOneself, NotFound, Blocked (F4, F5), and (F5) AccountSuspended and PersonSuspended.
    """
    wanted = TipItem(recipient_id, superlike)
    return await payments.create_order(
        ctx,
        kind="tip",
        item=msgspec.to_builtins(wanted),
        amount_minor=wanted.amount_minor,
        currency=USD,
        key=key,
    )


@sells("tip")
class CardTip:
    """How a tip is priced, handed over, and taken back."""

    async def item(self, ctx: Ctx, given: dict[str, Any]) -> dict[str, Any]:
        """Whom it is for, and whether it is a superlike. Raises Invalid."""
        wanted: dict[str, Any] = msgspec.to_builtins(forms.parse(TipItem, given))
        return wanted

    async def price(self, ctx: Ctx, item: dict[str, Any]) -> Quote:
        """One or three dollars, for somebody who may get them from the acting member; nothing is counted yet."""
        wanted = forms.parse(TipItem, item)
        movement = _movement(ctx.member.id, wanted.recipient_id, wanted.amount_minor)
        recipient = await checked_recipient(ctx, movement, TipToOneself)
        await risk.check_parties(ctx, movement)
        what = "Superlike" if wanted.superlike else "Tip"
        amount = f"{format_amount(wanted.amount_minor, USD)} {USD}"
        text = f"{what} of {amount} for @{recipient.username}"
        return Quote(wanted.amount_minor, USD, text, payee_id=recipient.user_id)

    async def fulfil(self, ctx: Ctx, order: Order) -> None:
        """Shares it. What risk sees now is flagged and not refused: the card has been charged."""
        item = msgspec.convert(order.item, TipItem)
        await lock_payee(ctx, order)
        await risk.note_movement(ctx, _movement(order.user_id, item.recipient_id, order.amount_minor))
        kind = "card_tip" if order.account_id is None else "direct_tip"
        await share_out(ctx, order, "tip", kind=kind, cause=f"{order.description}, paid with {order.gateway}")
        told = CardTipPaid(order.id, order.user_id, item.recipient_id, order.amount_minor, item.superlike)
        await emit(ctx, told)

    async def refundable_minor(self, ctx: Ctx, order: Order) -> int:
        """As much as the recipient's share of it is still there; what is beyond that would be owed by them (M13)."""
        return await unspent_minor(ctx, order)

    async def at_stake(self, ctx: Ctx, order: Order, amount_minor: int) -> list[Leg]:
        """The recipient's share of it, as far as it is still there."""
        return await share_at_stake(ctx, order, amount_minor)

    async def undo(self, ctx: Ctx, order: Order, *, refunded_minor: int, refund_key: str) -> None:
        """Takes it back from everybody who had a share."""
        kind = "card_tip_refund" if order.account_id is None else "direct_tip_refund"
        cause = f"{money(refunded_minor, order)} refunded of: {order.description}"
        await take_shares_back(ctx, order, refunded_minor=refunded_minor, refund_key=refund_key, kind=kind, cause=cause)


def _movement(from_id: UUID, to_id: UUID, amount_minor: int) -> Movement:
    return Movement(kind="tip", from_id=from_id, to_id=to_id, asset=USD, amount_minor=amount_minor)
