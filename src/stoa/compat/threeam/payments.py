"""3AM's routes of payments: credits, tips, the balance and withdrawing it, in US dollars with cents after the point.

Answers hold a `transaction` with the columns of the document's table of transactions.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, get, post
from msgspec import Meta

from stoa.compat.dollars import Dollars, Earned, cents, dollars
from stoa.foundation.people.policies import NOBODY, access_person
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Path, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id, parse_id
from stoa.money.payments.types import Confirmation, MethodId, OrderState
from stoa.money.payouts import actions as payouts
from stoa.money.payouts.types import PayoutState, PayoutView, Place
from stoa.money.wallet import actions, queries
from stoa.money.wallet.types import USD, TipView

AnyRequest = Request[Any, Any, Any]

STATUS = {
    OrderState.CREATED: "pending",
    OrderState.PENDING: "pending",
    OrderState.PAID: "completed",
    OrderState.DISPUTED: "completed",
    OrderState.PARTIALLY_REFUNDED: "completed",
    OrderState.REFUNDED: "refunded",
    OrderState.FAILED: "failed",
    OrderState.CANCELLED: "failed",
}


PAYOUT_STATUS = {
    PayoutState.PENDING: "pending",
    PayoutState.IN_REVIEW: "pending",
    PayoutState.PROCESSING: "pending",
    PayoutState.PAID: "completed",
    PayoutState.FAILED: "failed",
    PayoutState.CANCELLED: "failed",
}


class IntentIn(msgspec.Struct):
    """POST /api/payments/intent: how many dollars of credit."""

    amount: Dollars
    user_id: UUID | None = None


class Intent(msgspec.Struct):
    """An order that waits for its payment on the page at `checkout_url`."""

    id: UUID
    amount: float
    currency: str
    status: str
    session_id: str
    checkout_url: str
    expires_at: datetime


class IntentOut(msgspec.Struct):
    """201 of an intent."""

    payment_intent: Intent


class CreditsIn(msgspec.Struct):
    """POST /api/payments/credits/purchase; `user_id` is one's own."""

    user_id: UUID
    amount: Dollars
    payment_method_id: MethodId


class TipIn(msgspec.Struct):
    """POST /api/payments/tip; `from_user_id` is one's own, `amount` 1 or 3 (M8)."""

    from_user_id: UUID
    to_creator_username: Annotated[str, Meta(min_length=1, max_length=50)]
    amount: Literal[1, 3]


class Transaction(msgspec.Struct, kw_only=True):
    """A payment. amount = net_amount + platform_fee + charity_fee + tax; `type` purchase, tip or superlike."""

    id: UUID
    from_user_id: UUID | None
    to_user_id: UUID
    amount: float
    platform_fee: float
    charity_fee: float
    tax: float
    net_amount: float
    currency: str
    type: str
    status: str
    stripe_payment_id: str | None
    created_at: datetime


class TipOut(msgspec.Struct):
    """201 of a tip."""

    transaction: Transaction


class PurchaseOut(msgspec.Struct):
    """201 of a purchase: `failure_message` where the card was refused, `next_action_url` where its bank asks first."""

    transaction: Transaction
    failure_message: str | None
    next_action_url: str | None


class WithdrawIn(msgspec.Struct):
    """POST /api/payments/withdraw; `user_id` is one's own. `destination`: the id of a payout destination of one's
    own, or the default one."""

    user_id: UUID
    amount: Earned
    destination: Place | None = None


class Arrival(msgspec.Struct):
    """Where a payout goes, and what arrives there by when."""

    destination: str
    arrives: float
    arrives_currency: str
    arrives_by: date


class Withdrawal(msgspec.Struct, kw_only=True):
    """A payout in the columns of a transaction. amount = net_amount + provider_fee, all in `currency`; platform and
    charity had their shares when it was earned (M8). `metadata` says where and by when it arrives."""

    id: UUID
    from_user_id: UUID
    to_user_id: None = None
    amount: float
    platform_fee: float
    charity_fee: float
    provider_fee: float
    net_amount: float
    currency: str
    type: str
    status: str
    stripe_payment_id: str | None
    metadata: Arrival
    created_at: datetime


class Balance(msgspec.Struct):
    """Credits in US dollars: `balance` can be spent; `reserved_balance`, set aside for payouts, is not in it."""

    user_id: UUID
    balance: float
    reserved_balance: float
    promotional: float
    purchased: float
    earned: float
    currency: str


class WithdrawOut(msgspec.Struct):
    """201 of a withdrawal: it is reserved, and on its way in a moment."""

    transaction: Withdrawal
    balance: Balance


class BalanceOut(msgspec.Struct):
    """200 of a balance."""

    balance: Balance


def _only_oneself(ctx: Ctx, user_id: UUID | None) -> None:
    if user_id != ctx.member.id:
        raise NotFound(NOBODY)


@post("/api/payments/intent", opt=access("member", idempotent=True))
async def create_intent(ctx: CtxDep, data: Body[IntentIn], request: AnyRequest) -> IntentOut:
    """An order for credits, to be paid on the gateway's page."""
    if data.user_id is not None:
        _only_oneself(ctx, data.user_id)
    amount_minor = cents(data.amount)
    checkout = await actions.checkout_credits(ctx, amount_minor, USD, key=key_of(request.scope) or str(new_id()))
    return IntentOut(
        Intent(
            id=checkout.order_id,
            amount=dollars(amount_minor),
            currency=USD,
            status="pending",
            session_id=checkout.session_id,
            checkout_url=checkout.url,
            expires_at=checkout.expires_at,
        )
    )


@post("/api/payments/credits/purchase", opt=access("member", idempotent=True))
async def buy_credits(ctx: CtxDep, data: Body[CreditsIn], request: AnyRequest) -> PurchaseOut:
    """Credits, paid at once. A refused card is an answer: the status is failed."""
    _only_oneself(ctx, data.user_id)
    key = key_of(request.scope) or str(new_id())
    return _bought(await actions.buy_credits(ctx, cents(data.amount), USD, data.payment_method_id, key=key))


@post("/api/payments/tip", opt=access("member", idempotent=True))
async def send_tip(ctx: CtxDep, data: Body[TipIn], request: AnyRequest) -> TipOut:
    """A tip of 1 USD, or a superlike of 3 (M8), from one's credits."""
    _only_oneself(ctx, data.from_user_id)
    creator = await access_person(ctx, data.to_creator_username)
    key = key_of(request.scope) or str(new_id())
    return TipOut(_tipped(await actions.tip(ctx, recipient_id=creator.id, superlike=data.amount == 3, key=key)))


@get("/api/payments/balance/{user_id:str}", opt=access("member"))
async def show_balance(ctx: CtxDep, user_id: Path[str]) -> BalanceOut:
    """Credits in US dollars: one's own, or anybody's for administrators."""
    wanted = parse_id(user_id)
    if wanted is None or not ctx.member.is_admin:
        _only_oneself(ctx, wanted)
    assert wanted is not None
    return BalanceOut(await _balance(ctx, wanted))


@post("/api/payments/withdraw", opt=access("member", idempotent=True))
async def withdraw(ctx: CtxDep, data: Body[WithdrawIn], request: AnyRequest) -> WithdrawOut:
    """Has earned credits paid out (M7): at least 5.00 USD, reserved at once, sent by the worker."""
    _only_oneself(ctx, data.user_id)
    key = key_of(request.scope) or str(new_id())
    made = await payouts.request_payout(
        ctx, key=key, asset=USD, amount_minor=cents(data.amount), destination=data.destination
    )
    return WithdrawOut(_withdrawn(made), await _balance(ctx, data.user_id))


async def _balance(ctx: Ctx, user_id: UUID) -> Balance:
    found = await queries.wallet(ctx, user_id)
    held = next((one for one in found.currencies if one.asset == USD), None)
    return Balance(
        user_id=user_id,
        balance=dollars(held.total_minor if held else 0),
        reserved_balance=dollars(held.reserved_minor if held else 0),
        promotional=dollars(held.promotional_minor if held else 0),
        purchased=dollars(held.purchased_minor if held else 0),
        earned=dollars(held.earned_minor if held else 0),
        currency=USD,
    )


def _withdrawn(payout: PayoutView) -> Withdrawal:
    fee_minor = 0 if payout.fee_on_platform else payout.fee_minor
    return Withdrawal(
        id=payout.id,
        from_user_id=payout.user_id,
        amount=dollars(payout.source_minor),
        platform_fee=0.0,
        charity_fee=0.0,
        provider_fee=dollars(fee_minor),
        net_amount=dollars(payout.net_payout_minor - fee_minor),
        currency=payout.currency,
        type="payout",
        status=PAYOUT_STATUS[payout.state],
        stripe_payment_id=payout.provider_reference,
        metadata=Arrival(
            destination=payout.destination,
            arrives=dollars(payout.arrives_minor, payout.arrives_currency),
            arrives_currency=payout.arrives_currency,
            arrives_by=payout.arrives_by or payout.promised_by,
        ),
        created_at=payout.requested_at,
    )


def _bought(confirmation: Confirmation) -> PurchaseOut:
    order, asked = confirmation.order, confirmation.next_action
    return PurchaseOut(
        transaction=Transaction(
            id=order.id,
            from_user_id=None,
            to_user_id=order.user_id,
            amount=dollars(order.amount_minor),
            platform_fee=0.0,
            charity_fee=0.0,
            tax=0.0,
            net_amount=dollars(order.amount_minor),
            currency=order.currency,
            type="purchase",
            status=STATUS[order.state],
            stripe_payment_id=order.payment_id,
            created_at=order.created_at,
        ),
        failure_message=order.failure_message,
        next_action_url=asked.url if asked else None,
    )


def _tipped(tip: TipView) -> Transaction:
    return Transaction(
        id=tip.id,
        from_user_id=tip.sender.id,
        to_user_id=tip.recipient.id,
        amount=dollars(tip.amount_minor),
        platform_fee=dollars(tip.platform_minor + tip.platform_promotional_minor),
        charity_fee=dollars(tip.charity_minor + tip.charity_promotional_minor),
        tax=dollars(tip.tax_minor + tip.tax_promotional_minor),
        net_amount=dollars(tip.creator_minor + tip.creator_promotional_minor + tip.repaid_minor),
        currency=tip.asset,
        type="superlike" if tip.is_superlike else "tip",
        status="completed",
        stripe_payment_id=None,
        created_at=tip.created_at,
    )


routes = [create_intent, buy_credits, send_tip, show_balance, withdraw]
