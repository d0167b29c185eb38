"""What payments tell the world, and the work they order."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class OrderPaid(Event, frozen=True):
    """The money of an order arrived and what was bought was handed over. Minor units of `currency`."""

    order_id: UUID
    user_id: UUID
    kind: str
    amount_minor: int
    currency: str


class OrderFailed(Event, frozen=True):
    """An attempt to pay an order was refused; it can be paid in another way."""

    order_id: UUID
    user_id: UUID
    failure_code: str | None


class RefundBegun(Event, frozen=True):
    """Money of an order has left its gateway, and what it bought is about to be taken back; OrderRefunded follows."""

    order_id: UUID


class OrderRefunded(Event, frozen=True):
    """`refunded_minor` of an order went back to the buyer, and their share of what was bought was taken back.

    lost: the buyer's bank decided so in a dispute.
    """

    order_id: UUID
    user_id: UUID
    refunded_minor: int
    currency: str
    lost: bool = False


class DisputeTold(Event, frozen=True, kw_only=True):
    """A gateway said something of a dispute about an order, whose row is locked; `reference` is its name there.

    `status`: needs_response, under_review, won or lost. Amounts in minor units of the order's currency.
    """

    order_id: UUID
    reference: str
    status: str
    reason: str
    amount_minor: int
    evidence_due_by: datetime | None
    fee_minor: int
    cause: str


class ApplyWebhook(Job, frozen=True):
    """Apply one event of the inbox."""

    priority: ClassVar[int] = 10

    webhook_event_id: UUID


class DeliverSandboxEvent(Job, frozen=True):
    """Have the sandbox send one of its events to our webhook address; it goes on for hours, as gateways do."""

    outside: ClassVar[bool] = True
    priority: ClassVar[int] = 10
    max_attempts: ClassVar[int] = 20

    event_id: str


class AskOrder(Job, frozen=True):
    """Ask the gateway of an order what became of it: its payer is looking."""

    outside: ClassVar[bool] = True
    priority: ClassVar[int] = 10
    max_attempts: ClassVar[int] = 2  # the order is asked about again anyway

    order_id: UUID


class RefundExtra(Job, frozen=True):
    """Give back a second payment of an order that was paid already."""

    outside: ClassVar[bool] = True

    gateway: str
    payment_id: str
    amount_minor: int
    account_id: UUID | None = None


class LetAccountGo(Job, frozen=True):
    """End the platform's access to a connected account at Stripe that its owner has left."""

    outside: ClassVar[bool] = True

    account_id: str
