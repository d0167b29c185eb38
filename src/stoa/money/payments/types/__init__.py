"""Orders as others see them, what gateways report, and the plug by which a module sells something."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Protocol
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.money import to_decimal
from stoa.money.ledger.types import Leg

MethodId = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
ReturnUrl = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


class OrderState(StrEnum):
    """M14."""

    CREATED = "created"
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    DISPUTED = "disputed"


OPEN_STATES: Final = frozenset({OrderState.CREATED, OrderState.PENDING, OrderState.FAILED})
HELD_STATES: Final = frozenset({OrderState.PAID, OrderState.PARTIALLY_REFUNDED, OrderState.DISPUTED})


class Order(msgspec.Struct, frozen=True):
    """A row of `orders`. Amounts in minor units of `currency`; `payment_id` is the gateway's name of the payment.

    `payee_id`: for whom the money is, if not for the platform. `account_id`: the payee's own account at the gateway, in
    direct settlement (M12); None is the platform's. `fee_minor`: what the gateway keeps of it, as far as it has said.
    """

    id: UUID
    user_id: UUID
    kind: str
    item: dict[str, Any]
    description: str
    amount_minor: int
    currency: str
    gateway: str
    state: OrderState
    refunded_minor: int
    payment_id: str | None
    failure_code: str | None
    failure_message: str | None
    fulfilled_at: datetime | None
    key: str
    created_at: datetime
    updated_at: datetime
    payee_id: UUID | None = None
    account_id: UUID | None = None
    fee_minor: int = 0


class OrderEvent(msgspec.Struct, frozen=True):
    """One change of an order and its cause (M14)."""

    from_state: OrderState | None
    to_state: OrderState
    cause: str
    details: dict[str, Any]
    created_at: datetime


class NextAction(msgspec.Struct, frozen=True):
    """What the payer must do before the payment can go on: open `url` (a 3-D Secure step, or the hosted checkout)."""

    kind: str
    url: str


class Confirmation(msgspec.Struct, frozen=True):
    """An order after an attempt to pay it; `next_action` when the payer's bank wants to see the payer first."""

    order: Order
    next_action: NextAction | None = None


class Checkout(msgspec.Struct, frozen=True):
    """A hosted checkout: send the payer to `url`; poll the order, or the session, for the outcome."""

    order_id: UUID
    session_id: str
    url: str
    expires_at: datetime


# ---- as bodies of the API, here because other modules answer with orders too


class OrderOut(msgspec.Struct, kw_only=True):
    """An order as its buyer sees it. `amount` is `amount_minor` as decimal text; `payment_id` the gateway's payment."""

    id: UUID
    kind: str
    item: dict[str, Any]
    description: str
    amount_minor: int
    amount: str
    currency: str
    refunded_minor: int
    gateway: str
    state: OrderState
    payment_id: str | None
    failure_code: str | None
    failure_message: str | None
    created_at: datetime
    updated_at: datetime


class NextActionOut(msgspec.Struct):
    """Open `url` so that the payment can go on."""

    kind: str
    url: str


class PaidOrderOut(OrderOut, kw_only=True):
    """An order after an attempt to pay it."""

    next_action: NextActionOut | None


class CheckoutOut(msgspec.Struct):
    """Send the payer to `url`; poll `/api/v1/checkouts/{session_id}` for the outcome."""

    order_id: UUID
    session_id: str
    url: str
    expires_at: datetime


def order_out(order: Order) -> OrderOut:
    """An Order for its buyer."""
    return OrderOut(**order_fields(order))


def paid_order_out(confirmation: Confirmation) -> PaidOrderOut:
    """A Confirmation for its buyer."""
    asked = confirmation.next_action
    return PaidOrderOut(
        **order_fields(confirmation.order), next_action=NextActionOut(asked.kind, asked.url) if asked else None
    )


def checkout_out(checkout: Checkout) -> CheckoutOut:
    """A Checkout for its payer."""
    return CheckoutOut(checkout.order_id, checkout.session_id, checkout.url, checkout.expires_at)


def order_fields(order: Order) -> dict[str, Any]:
    """What OrderOut and its kin hold of an order."""
    return {
        "id": order.id,
        "kind": order.kind,
        "item": order.item,
        "description": order.description,
        "amount_minor": order.amount_minor,
        "amount": str(to_decimal(order.amount_minor, order.currency)),
        "currency": order.currency,
        "refunded_minor": order.refunded_minor,
        "gateway": order.gateway,
        "state": order.state,
        "payment_id": order.payment_id,
        "failure_code": order.failure_code,
        "failure_message": order.failure_message,
        "created_at": order.created_at,
        "updated_at": order.updated_at,
    }


# ---- the plug


class Quote(msgspec.Struct, frozen=True):
    """What something costs now, in minor units, and what it is called on receipts.

    `payee_id`: for whom the money is, if not for the platform.
    """

    amount_minor: int
    currency: str
    description: str
    payee_id: UUID | None = None


class Purchasable(Protocol):
    """How a module sells a kind of thing. All of it runs inside the caller's transaction."""

    async def item(self, ctx: Ctx, given: dict[str, Any]) -> dict[str, Any]:
        """The item of an order, of what a buyer names. Raises Invalid for what is not of this kind."""
        ...

    async def price(self, ctx: Ctx, item: dict[str, Any]) -> Quote:
        """What `item` costs the acting member now. Raises Invalid for what cannot be bought."""
        ...

    async def fulfil(self, ctx: Ctx, order: Order) -> None:
        """Hands over what was paid for. Called once per order."""
        ...

    async def refundable_minor(self, ctx: Ctx, order: Order) -> int:
        """How much of the order could be refunded with nothing lost; asked before a refund that we start ourselves."""
        ...

    async def at_stake(self, ctx: Ctx, order: Order, amount_minor: int) -> list[Leg]:
        """What is still there of what `amount_minor` of the order bought or brought: amounts above zero, by account.

        It is set aside while the payment is disputed. The order's row is locked; lock the accounts.
        """
        ...

    async def undo(self, ctx: Ctx, order: Order, *, refunded_minor: int, refund_key: str) -> None:
        """Takes back the share that `refunded_minor` has in the order's amount (M13).

        `order.refunded_minor` is the sum of the earlier refunds. The money has gone back already: this must not fail.
        """
        ...


_SOLD: dict[str, Purchasable] = {}


def sells(kind: str) -> Callable[[type[Purchasable]], type[Purchasable]]:
    """Class decorator: registers an instance of the class as the plug of `kind`."""

    def register(plug: type[Purchasable]) -> type[Purchasable]:
        if kind in _SOLD:
            raise ValueError(f"{kind!r} is sold already")
        _SOLD[kind] = plug()
        return plug

    return register


def is_sold(kind: str) -> bool:
    """Whether anybody sells things of a kind."""
    return kind in _SOLD


def purchasable(kind: str) -> Purchasable:
    """The plug of a kind. Raises Invalid for a kind that nobody sells."""
    try:
        return _SOLD[kind]
    except KeyError:
        raise Invalid(fields={"kind": f"{kind!r} is not something that is sold here"}) from None


class CheckoutStatus(msgspec.Struct, frozen=True):
    """How far a hosted checkout is, for its payer, by what we know of it ourselves.

    `state` is that of the session (open, complete, expired, cancelled), `payment_status` that of the latest attempt to
    pay the order. `url` is the gateway's page, `return_url` where the payer comes back to.
    """

    id: UUID
    session_id: str
    state: str
    order_id: UUID
    order_state: OrderState
    payment_status: str | None
    failure_message: str | None
    url: str
    return_url: str
    expires_at: datetime


class InboxEvent(msgspec.Struct, frozen=True):
    """One row of the webhook inbox, as administrators see it.

    `outcome` is null while it waits to be applied; `deliveries` counts how often it arrived.
    """

    id: UUID
    gateway: str
    event_id: str | None
    kind: str | None
    verdict: str
    outcome: str | None
    note: str | None
    order_id: UUID | None
    deliveries: int
    received_at: datetime
    applied_at: datetime | None


class InboxDetail(InboxEvent, frozen=True):
    """The same with what came: headers (without credentials), and the body, bytes that are not ASCII escaped."""

    headers: dict[str, str]
    body: str


class SandboxSession(msgspec.Struct, frozen=True):
    """What the sandbox's hosted checkout page shows."""

    id: str
    order_id: UUID
    amount_minor: int
    currency: str
    description: str
    return_url: str
    state: str
    expires_at: datetime


class SandboxChallenge(msgspec.Struct, frozen=True):
    """What the sandbox's 3-D Secure page shows; `status` is requires_action while it waits for an answer."""

    payment_id: str
    order_id: UUID
    amount_minor: int
    currency: str
    status: str
    return_url: str


class DisputeFile(msgspec.Struct, frozen=True):
    """A file that speaks for the receiver of a disputed payment."""

    name: str
    content_type: str
    body: bytes


class SandboxCard(msgspec.Struct, frozen=True):
    """A card as typed: number with or without spaces, expiry `MM/YY`, three or four digits of CVC."""

    number: str
    expiry: str
    cvc: str


class SandboxAnswer(msgspec.Struct, frozen=True):
    """What the sandbox says to a card: `status` succeeded, failed or requires_action.

    `redirect_url` is where to send the payer next; None when they may try another card, for the reason in `message`.
    """

    status: str
    redirect_url: str | None
    message: str | None
