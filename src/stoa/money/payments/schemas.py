"""Bodies of the payments API. Amounts in minor units of `currency`."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from stoa.kit.money import to_decimal
from stoa.money.payments.types import Checkout, CheckoutStatus, Confirmation, Order, OrderEvent, OrderState

MethodId = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
ReturnUrl = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


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


class OrderEventOut(msgspec.Struct):
    """One change of an order and its cause."""

    from_state: OrderState | None
    to_state: OrderState
    cause: str
    created_at: datetime


class OrderDetailOut(OrderOut, kw_only=True):
    """An order with all its changes, oldest first."""

    events: list[OrderEventOut]


class CheckoutOut(msgspec.Struct):
    """Send the payer to `url`; poll `/api/v1/checkouts/{session_id}` for the outcome."""

    order_id: UUID
    session_id: str
    url: str
    expires_at: datetime


class CheckoutStatusOut(msgspec.Struct):
    """How far a hosted checkout is."""

    session_id: str
    state: str
    order_id: UUID
    order_state: OrderState
    payment_status: str | None
    failure_message: str | None


class ConfirmIn(msgspec.Struct):
    """A payment method of the order's gateway, and where the payer comes back to from an extra step."""

    payment_method_id: MethodId
    return_url: ReturnUrl = "/wallet"


class CheckoutIn(msgspec.Struct):
    """Where the payer comes back to, an address of this platform."""

    return_url: ReturnUrl = "/wallet"


class RefundIn(msgspec.Struct):
    """How much to give back, all that is left when absent, and why."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
    amount_minor: Annotated[int, msgspec.Meta(ge=1, le=10**15)] | None = None


def order_out(order: Order) -> OrderOut:
    """An Order for its buyer."""
    return OrderOut(**_order_fields(order))


def paid_order_out(confirmation: Confirmation) -> PaidOrderOut:
    """A Confirmation for its buyer."""
    asked = confirmation.next_action
    return PaidOrderOut(
        **_order_fields(confirmation.order), next_action=NextActionOut(asked.kind, asked.url) if asked else None
    )


def order_detail_out(order: Order, events: list[OrderEvent]) -> OrderDetailOut:
    """An Order with its events."""
    changes = [OrderEventOut(e.from_state, e.to_state, e.cause, e.created_at) for e in events]
    return OrderDetailOut(**_order_fields(order), events=changes)


def checkout_out(checkout: Checkout) -> CheckoutOut:
    """A Checkout for its payer."""
    return CheckoutOut(checkout.order_id, checkout.session_id, checkout.url, checkout.expires_at)


def checkout_status_out(status: CheckoutStatus) -> CheckoutStatusOut:
    """A CheckoutStatus for its payer."""
    return CheckoutStatusOut(
        status.session_id,
        status.state,
        status.order_id,
        status.order_state,
        status.payment_status,
        status.failure_message,
    )


def _order_fields(order: Order) -> dict[str, Any]:
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
