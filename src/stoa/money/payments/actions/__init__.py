"""Placing, paying and cancelling orders; what goes back is in `going_back`."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, maybe, one, run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.money.payments import queries
from stoa.money.payments.actions.accounts import account_to_pay
from stoa.money.payments.actions.merging import merge, move
from stoa.money.payments.actions.switchboard import default_gateway, gateway_of, takes
from stoa.money.payments.errors import (
    GatewayDisconnected,
    GatewayUnavailable,
    OrderClosed,
    OrderKeyReused,
    PaymentUnderWay,
    PriceChanged,
    UnknownGateway,
    UnknownPaymentMethod,
)
from stoa.money.payments.gateways import ChargeRequest, Gateway, Proving, SessionRequest
from stoa.money.payments.gateways.proofs import Proof, proof_in
from stoa.money.payments.policies import access_own_order
from stoa.money.payments.types import (
    HELD_STATES,
    OPEN_STATES,
    Checkout,
    Confirmation,
    NextAction,
    Order,
    OrderState,
    Quote,
    purchasable,
)

# An order nobody paid is closed after this time; a card can still be entered on a page opened before.
UNPAID_S: Final = 24 * 3600

_LOCKED = one(Order, f"select {queries.ORDER_COLUMNS} from orders where id = $1 for update")
_NEW = maybe(
    Order,
    f"""insert into orders (id, user_id, kind, item, description, amount_minor, currency, gateway, key,
          created_at, updated_at, payee_id, account_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12)
        on conflict (user_id, key) do nothing returning {queries.ORDER_COLUMNS}""",
)
_ATTEMPTS = value(int, "select count(*) from order_payments where order_id = $1")
_SESSIONS_CLOSED = run("update checkout_sessions set closed_at = $2 where order_id = $1 and closed_at is null")
_SITE_OF = value(str | None, "select slug from sites where owner_id = $1 and is_default")
_UNPAID = many(
    Order,
    f"""select {queries.ORDER_COLUMNS} from orders
        where state in ('created', 'pending', 'failed') and updated_at < $1
        order by updated_at limit 100 for update skip locked""",
)


async def create_order(
    ctx: Ctx,
    *,
    kind: str,
    item: dict[str, Any],
    amount_minor: int,
    currency: str,
    key: str,
    gateway: str | None = None,
) -> Order:
    """Place an order of the acting member for `item` of a `kind` that somebody sells, at the price they were shown.

    `amount_minor` in minor units of `currency`. What is for somebody with a gateway account of their own is paid there,
    whatever `gateway` says (M12). The same key gives the same order (M11). Raises OrderKeyReused when it comes with
    another item, PriceChanged when the price is not that one (any more), UnknownGateway, and Invalid for what is not
    sold.
    """
    user_id = ctx.member.id
    known = await queries.order_by_key(ctx, user_id, key)
    if known is not None:
        return _same(known, kind, item, amount_minor, currency)
    quote: Quote = await purchasable(kind).price(ctx, item)
    if (quote.amount_minor, quote.currency) != (amount_minor, currency):
        raise PriceChanged(amount_minor=quote.amount_minor, currency=quote.currency)
    own = await account_to_pay(ctx, quote.payee_id, currency) if quote.payee_id else None
    gateway = own.provider if own else gateway or await default_gateway(ctx, currency)
    parties = (quote.payee_id, own.id if own else None)
    place = await gateway_of(ctx, gateway, parties[1])
    if not takes(place, currency):
        raise Invalid(fields={"currency": f"{gateway.capitalize()} does not take {currency}"})
    place.check_amount(amount_minor, currency)
    # From the key: if this transaction is lost after a gateway was told of the order, the repeated request makes the
    # same one again, and what the gateway tells of it fits.
    order_id = uuid5(user_id, key)
    money = (amount_minor, currency, gateway)
    order = await _NEW(ctx.db, order_id, user_id, kind, item, quote.description, *money, key, ctx.now, *parties)
    if order is None:  # the same key at the same moment
        return _same(await _known(ctx, user_id, key), kind, item, amount_minor, currency)
    event: dict[str, Any] = {
        "id": new_id(),
        "order_id": order.id,
        "from_state": None,
        "to_state": order.state,
        "cause": "order placed",
        "details": {},
        "actor_id": user_id,
        "created_at": ctx.now,
    }
    await insert(ctx.db, "order_events", event)
    return order


async def confirm(ctx: Ctx, order_id: UUID, payment_method_id: str, return_url: str = "/wallet") -> Confirmation:
    """Pay one's order at once with a payment method of its gateway. An order that is paid already stays as it is.

    A refused card is an answer: the order is `failed`, with the reason, and can be paid in another way. Where the bank
    wants to see the payer first the order is `pending`, with `next_action`; the payer comes back to `return_url`.
    Raises OrderClosed, and UnknownPaymentMethod.
    """
    await access_own_order(ctx, order_id)
    order = await _LOCKED(ctx.db, order_id)
    if order.state in HELD_STATES:
        return Confirmation(order)
    if order.state not in OPEN_STATES:
        raise OrderClosed(state=order.state)
    gateway = await _made_ready(ctx, order, payment_method_id)
    if order.state != OrderState.CREATED:
        order = await move(ctx, order, OrderState.PENDING, cause="another attempt", payment_id=None)
    # If this transaction is lost after the gateway has answered, the repeated request asks for the same under the same
    # key, and finds the payment instead of making a second one.
    request = ChargeRequest(
        order_id=order.id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        description=order.description,
        payment_method_id=payment_method_id,
        return_url=_own_address(ctx, return_url),
        key=f"{order.user_id}:{order.key}:{await _ATTEMPTS(ctx.db, order.id)}",
    )
    payment = await gateway.charge(ctx, request)
    order = await merge(ctx, order, payment, cause=f"{gateway.name} answered the charge")
    return Confirmation(order, NextAction("redirect", payment.action_url) if payment.action_url else None)


async def confirm_proven(ctx: Ctx, order_id: UUID, *, order: str, payment: str, signature: str) -> Confirmation:
    """Pay one's order with what the gateway's checkout on somebody's own page has answered: its order, its payment, and
    its signature of both. Raises OrderClosed, and UnknownPaymentMethod for a signature that is not the gateway's."""
    return await confirm(ctx, order_id, str(Proof(order, payment, signature)))


async def start_checkout(ctx: Ctx, order_id: UUID, return_url: str | None = None) -> Checkout:
    """Open the gateway's hosted page for one's order. The outcome arrives by webhook; poll the order or the session.

    `return_url` is an address of this platform, whole or from `/`; without one the payer comes back to the page of this
    checkout. Raises OrderClosed, Invalid.
    """
    return await _opened(ctx, order_id, return_url, in_browser=False)


async def start_proven_checkout(ctx: Ctx, order_id: UUID, return_url: str | None = None) -> Checkout:
    """Open one's order at its gateway for a checkout on a page of somebody else's, which hands a proof to the payer.

    `confirm` takes the proof as a payment method. `session_id` is the gateway's order; `url`, where the gateway has
    one, is a page of its own for the same. Raises OrderClosed, Invalid, and UnknownGateway where it has no such way.
    """
    return await _opened(ctx, order_id, return_url, in_browser=True)


async def _opened(ctx: Ctx, order_id: UUID, return_url: str | None, *, in_browser: bool) -> Checkout:
    await access_own_order(ctx, order_id)
    order = await _LOCKED(ctx.db, order_id)
    if order.state not in OPEN_STATES:
        raise OrderClosed(state=order.state)
    gateway = await _closed(ctx, order)
    checkout_id = new_id()
    request = SessionRequest(
        order_id=order.id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        description=order.description,
        return_url=_own_address(ctx, return_url or await _page_of(ctx, order, checkout_id)),
    )
    if in_browser:
        if not isinstance(gateway, Proving):
            raise UnknownGateway
        session = await gateway.open_order(ctx, request)
    else:
        session = await gateway.open_session(ctx, request)
    opened = {
        "id": checkout_id,
        "order_id": order.id,
        "session_id": session.id,
        "url": session.url,
        "return_url": request.return_url,
        "opened_at": ctx.now,
        "expires_at": session.expires_at,
    }
    await insert(ctx.db, "checkout_sessions", opened)
    details = {"session_id": session.id}
    await move(ctx, order, OrderState.PENDING, cause="checkout opened", details=details, payment_id=None)
    return Checkout(order.id, session.id, session.url, session.expires_at)


async def cancel_order(ctx: Ctx, order_id: UUID) -> Order:
    """Give up one's order before it is paid; repeating it changes nothing. Raises OrderClosed once it is paid."""
    await access_own_order(ctx, order_id)
    order = await _LOCKED(ctx.db, order_id)
    if order.state == OrderState.CANCELLED:
        return order
    if order.state not in OPEN_STATES:
        raise OrderClosed(state=order.state)
    try:
        await _closed(ctx, order)
    except (
        UnknownGateway,
        GatewayDisconnected,
    ):  # nothing can be ended there; should it be paid all the same, it counts
        await _SESSIONS_CLOSED(ctx.db, order.id, ctx.now)
    return await move(ctx, order, OrderState.CANCELLED, cause="cancelled by the buyer")


async def close_unpaid(ctx: Ctx) -> int:
    """Cancel orders that nobody paid in time; answers how many."""
    orders = await _UNPAID(ctx.db, ctx.now - timedelta(seconds=UNPAID_S))
    closed = 0
    silent: set[tuple[str, UUID | None]] = set()  # asking these for each of their orders would take the others' time
    for order in orders:
        cause = "not paid in time"
        if (order.gateway, order.account_id) in silent:
            continue
        try:
            await _closed(ctx, order)
        except PaymentUnderWay:  # looked at again the next time
            continue
        except GatewayUnavailable:
            silent.add((order.gateway, order.account_id))
            continue
        except (UnknownGateway, GatewayDisconnected):  # by now nobody can pay there any more
            cause = "not paid in time; its gateway is switched off"
            await _SESSIONS_CLOSED(ctx.db, order.id, ctx.now)
        await move(ctx, order, OrderState.CANCELLED, cause=cause)
        closed += 1
    return closed


async def _closed(ctx: Ctx, order: Order) -> Gateway:
    """The order's gateway, at which nothing of the order waits any more. Raises PaymentUnderWay."""
    gateway = await gateway_of(ctx, order.gateway, order.account_id)
    await gateway.close(ctx, order.id)
    await _SESSIONS_CLOSED(ctx.db, order.id, ctx.now)
    return gateway


async def _made_ready(ctx: Ctx, order: Order, payment_method_id: str) -> Gateway:
    """The order's gateway for a payment by this method. Raises PaymentUnderWay, UnknownPaymentMethod."""
    gateway = await gateway_of(ctx, order.gateway, order.account_id)
    if proof_in(payment_method_id) is not None:  # what is proven is paid already: nothing has to make room for it
        return gateway
    if not gateway.charges_methods:
        told = f"{gateway.name.capitalize()} charges nothing that is stored here. Please open its page"
        raise UnknownPaymentMethod(fields={"payment_method_id": told})
    return await _closed(ctx, order)


async def _page_of(ctx: Ctx, order: Order, checkout_id: UUID) -> str:
    """Where the payer of a checkout sees how it went: on the site of whom it is for, or in their wallet."""
    slug = await _SITE_OF(ctx.db, order.payee_id) if order.payee_id else None
    return f"/s/{slug}/checkout/{checkout_id}" if slug else f"/wallet/orders/{order.id}"


async def _known(ctx: Ctx, user_id: UUID, key: str) -> Order:
    order = await queries.order_by_key(ctx, user_id, key)
    assert order is not None, "the row that the insert ran into"
    return order


def _same(order: Order, kind: str, item: dict[str, Any], amount_minor: int, currency: str) -> Order:
    if (order.kind, order.item, order.amount_minor, order.currency) != (kind, item, amount_minor, currency):
        raise OrderKeyReused(order_id=order.id)
    return order


def _own_address(ctx: Ctx, url: str) -> str:
    """An address of this platform, whole. Anything else would make the checkout a way to lead people astray."""
    wrong = Invalid(fields={"return_url": "This must be an address of this platform"})
    base = urlsplit(ctx.app.settings.base_url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise wrong from None
    if not parts.scheme and not parts.netloc and url.startswith("/") and not url.startswith(("//", "/\\")):
        return f"{ctx.app.settings.base_url}{url}"
    if (parts.scheme, parts.netloc) == (base.scheme, base.netloc):
        return url
    raise wrong
