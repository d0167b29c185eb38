"""Bodies of the payments API. Amounts in minor units of `currency`."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.money.payments.types import (
    CheckoutStatus,
    MethodId,
    Order,
    OrderEvent,
    OrderOut,
    OrderState,
    ReturnUrl,
    order_fields,
)


class OrderEventOut(msgspec.Struct):
    """One change of an order and its cause."""

    from_state: OrderState | None
    to_state: OrderState
    cause: str
    created_at: datetime


class OrderDetailOut(OrderOut, kw_only=True):
    """An order with all its changes, oldest first."""

    events: list[OrderEventOut]


class CheckoutStatusOut(msgspec.Struct):
    """How far a hosted checkout is: `state` open, complete, expired or cancelled. While it is open, pay at `url`."""

    session_id: str
    state: str
    order_id: UUID
    order_state: OrderState
    payment_status: str | None
    failure_message: str | None
    url: str
    expires_at: datetime


class ConfirmIn(msgspec.Struct):
    """A payment method of the order's gateway, and where the payer comes back to from an extra step."""

    payment_method_id: MethodId
    return_url: ReturnUrl = "/wallet"


class CheckoutIn(msgspec.Struct):
    """Where the payer comes back to, an address of this platform."""

    return_url: ReturnUrl = "/wallet"


def order_detail_out(order: Order, events: list[OrderEvent]) -> OrderDetailOut:
    """An Order with its events."""
    changes = [OrderEventOut(e.from_state, e.to_state, e.cause, e.created_at) for e in events]
    return OrderDetailOut(**order_fields(order), events=changes)


def checkout_status_out(status: CheckoutStatus) -> CheckoutStatusOut:
    """A CheckoutStatus for its payer."""
    return CheckoutStatusOut(
        status.session_id,
        status.state,
        status.order_id,
        status.order_state,
        status.payment_status,
        status.failure_message,
        status.url,
        status.expires_at,
    )
