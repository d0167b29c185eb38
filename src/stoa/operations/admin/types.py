"""Rows of the administration, with the names of people beside their ids."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from stoa.money.payments.types import OrderState
from stoa.money.payouts.types import PayoutState


class Figures(msgspec.Struct, frozen=True):
    """The place at a glance. `*_day` count the last 24 hours; coins in hundredths, money in cents."""

    members: int
    members_day: int
    posts: int
    posts_day: int
    gifts_day: int
    gifted_minor_day: int
    sales_minor_day: int
    orders_day: int
    payouts_open: int
    payouts_held: int
    payouts_minor: int
    reviews: int
    jobs_waiting: int
    jobs_dead: int
    webhooks_waiting: int
    webhooks_refused_day: int


class OrderRow(msgspec.Struct, frozen=True):
    """An order with its buyer's name."""

    id: UUID
    username: str
    description: str
    amount_minor: int
    currency: str
    refunded_minor: int
    gateway: str
    state: OrderState
    failure_message: str | None
    created_at: datetime
    fulfilled_at: datetime | None


class PayoutRow(msgspec.Struct, frozen=True):
    """A payout with its creator's name."""

    id: UUID
    username: str
    asset: str
    source_minor: int
    net_payout_minor: int
    currency: str
    state: PayoutState
    attempts: int
    failure_reason: str | None
    review_reason: str | None
    review_until: datetime | None
    next_try_at: datetime | None
    requested_at: datetime
    ended_at: datetime | None


class AccountRow(msgspec.Struct, frozen=True):
    """An account in the books with its owner's name; the platform has none."""

    id: int
    username: str | None
    asset: str
    purpose: str
    kind: str
    about: str
    balance_minor: int
    opened_at: datetime


class Moved(msgspec.Struct, frozen=True):
    """How much of one asset a transfer moved: the sum of what its receiving accounts gained."""

    asset: str
    amount_minor: int


class TransferLine(msgspec.Struct, frozen=True):
    """A transfer in a list, with who caused it."""

    id: UUID
    kind: str
    cause: str
    actor: str | None
    reverses: UUID | None
    reversed_by: UUID | None
    moved: list[Moved]
    created_at: datetime


class PostingRow(msgspec.Struct, frozen=True):
    """A posting of an opened transfer, with whose account it is and what the account is for."""

    account_id: int
    username: str | None
    asset: str
    purpose: str
    kind: str
    about: str
    amount_minor: int
    balance_after_minor: int | None


class Cause(msgspec.Struct, frozen=True):
    """What in the world was behind a transfer, or behind the one it reverses or ends."""

    gift_id: UUID | None
    gift_sender: str | None
    gift_recipient: str | None
    gift_coins: int | None
    gift_title: str | None
    gift_path: str | None
    order_id: UUID | None
    order_description: str | None
    payout_id: UUID | None
    payout_state: str | None
    hold_id: UUID | None
    hold_state: str | None
    closing_id: UUID | None


class WebhookDetail(msgspec.Struct, frozen=True):
    """One row of the webhook inbox with what arrived; `body` as text."""

    id: UUID
    gateway: str
    event_id: str | None
    kind: str | None
    verdict: str
    outcome: str | None
    note: str | None
    order_id: UUID | None
    deliveries: int
    headers: dict[str, Any]
    body: str
    received_at: datetime
    applied_at: datetime | None


class PersonRow(msgspec.Struct, frozen=True):
    """An account in the list of people."""

    id: UUID
    username: str
    email: str
    roles: list[str]
    status: str
    status_reason: str | None
    status_until: datetime | None
    is_verified: bool
    created_at: datetime
    last_login_at: datetime | None


class PersonDetail(msgspec.Struct, frozen=True):
    """An account with what its administration needs. `works` and `sessions` count what is published and live."""

    id: UUID
    username: str
    display_name: str
    email: str
    phone: str | None
    roles: list[str]
    status: str
    status_reason: str | None
    status_until: datetime | None
    is_verified: bool
    second_factors: list[str]
    works: int
    sessions: int
    created_at: datetime
    last_login_at: datetime | None


class PersonSession(msgspec.Struct, frozen=True):
    """A place where somebody is signed in."""

    id: UUID
    kind: str
    provider: str
    address: str
    os: str
    browser: str
    country: str | None
    city: str | None
    created_at: datetime
    last_used_at: datetime


class StatusLine(msgspec.Struct, frozen=True):
    """One change of a status; `by` is the name of who made it, None for the platform itself."""

    id: UUID
    status: str
    reason: str | None
    until: datetime | None
    by: str | None
    at: datetime
