"""The inbox: what arrives is kept before it is believed, and applied by a job, once (M11)."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, one, run, update, value
from stoa.kit.errors import Conflict, Forbidden, NotFound
from stoa.kit.forms import storable
from stoa.kit.ids import new_id
from stoa.kit.limits import allow
from stoa.kit.queue import enqueue
from stoa.money.payments import queries
from stoa.money.payments.actions.accounts import connected_to, gateway_with, listening
from stoa.money.payments.actions.merging import disputed_payment, merge
from stoa.money.payments.actions.switchboard import gateway_named, gateway_of
from stoa.money.payments.errors import AmountMismatch, BadWebhook, OrderNotYetKnown, UnknownGateway
from stoa.money.payments.gateways import Gateway, Notice, Payment
from stoa.money.payments.messages import ApplyWebhook
from stoa.money.payments.types import Order
from stoa.money.payments.types.accounts import AccountRow, Provider

MAX_BODY_BYTES: Final = 256 * 1024
MAX_EVENT_ID: Final = 200
UNBELIEVED_KEPT_DAYS: Final = 30
CREATORS_PER_MINUTE: Final = 600  # at the address of one creator: they can sign what they like
UNBELIEVED_PER_MINUTE: Final = 60  # more than that are refused without being kept: anybody can send them
# Secrets above all: Xendit's token is all that its webhooks prove themselves by.
_UNKEPT_HEADERS: Final = frozenset({"authorization", "cookie", "x-forwarded-for", "x-callback-token"})


class Known(msgspec.Struct, frozen=True):
    """By what an event that is believed is known: the same id from the same source is the same event."""

    event_id: str
    kind: str


class Applied(msgspec.Struct, frozen=True):
    """What came of an event; the note says why, where nothing came of it."""

    outcome: Literal["applied", "unchanged", "rejected"]
    note: str | None = None


# Whoever else has webhooks keeps them here as well, from sources named "<family>:<name>".
Applier = Callable[[Ctx, str, bytes], Awaitable[Applied]]
_APPLIERS: Final[dict[str, Applier]] = {}


def applies(family: str) -> Callable[[Applier], Applier]:
    """Registers who applies a family's events: by the name behind it and the body, in the transaction of a job."""

    def register(applier: Applier) -> Applier:
        _APPLIERS[family] = applier
        return applier

    return register


class _Heard(msgspec.Struct, frozen=True):
    """Whether a webhook is believed, and what it says then."""

    verdict: str
    notice: Notice | None = None


class _Stored(msgspec.Struct, frozen=True):
    id: UUID
    is_fresh: bool


class _Waiting(msgspec.Struct, frozen=True):
    id: UUID
    gateway: str
    account_id: UUID | None
    event_id: str | None
    body: bytes
    verdict: str
    outcome: str | None


_STORE = one(
    _Stored,
    """insert into webhook_events (id, gateway, event_id, kind, body, headers, verdict, received_at, account_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (gateway, account_id, event_id) where verdict = 'verified'
         do update set deliveries = webhook_events.deliveries + 1
       returning id, xmax = 0 as is_fresh""",
)
_LOCKED = maybe(
    _Waiting,
    """select id, gateway, account_id, event_id, body, verdict, outcome from webhook_events
       where id = $1 for update""",
)
_ORDER_OF_PAYMENT = value(
    UUID | None,
    """select order_id from order_payments
       where gateway = $1 and payment_id = $2 and account_id is not distinct from $3""",
)
# An account's events concern its own orders, and no others.
_ORDER_LOCKED = maybe(
    Order,
    f"""select {queries.ORDER_COLUMNS} from orders
        where id = $1 and gateway = $2 and account_id is not distinct from $3 for update""",
)
# What is forged at creators' addresses does not hide what is forged at ours.
_REFUSED_LATELY = value(
    int,
    """select count(*) from webhook_events
       where verdict <> 'verified' and received_at > $1 and (account_id is null) = $2""",
)
# Of the creators whose account an event is of; it may be a row before the one in use, with the keys of that time.
_ACCOUNT_OF = value(
    UUID | None,
    """select o.account_id from orders o join gateway_accounts a on a.id = o.account_id
       where a.owner_id = any ($1) and a.provider = $2 and (o.id = $3 or exists (
         select from order_payments p
         where p.order_id = o.id and p.gateway = $2 and p.account_id = o.account_id and p.payment_id = $4))
       limit 1""",
)
_FORGET = run("delete from webhook_events where verdict <> 'verified' and received_at < $1")


async def receive(ctx: Ctx, gateway_name: str, headers: Mapping[str, str], body: bytes) -> UUID:
    """Keep a webhook, and order that it be applied. Needs a connection in autocommit: what is refused stays kept.

    Header names in lower case. The same event again is counted, and nothing else. Answers the inbox row's id.
    What speaks of an account that is connected to the platform's is of that account (M12). Raises UnknownGateway, and
    BadWebhook for what is not believed.
    """
    gateway = gateway_named(ctx, gateway_name)
    heard = _heard(ctx, gateway, headers, body)
    account_id: UUID | None = None
    if heard.notice is not None and heard.notice.account is not None:
        rows = await connected_to(ctx, heard.notice.account)
        account_id = await _whose(ctx, rows, gateway_with(ctx, rows[0]).read(body)) if rows else None
    return await _keep_heard(ctx, gateway, headers, body, heard, account_id)


async def receive_of_creator(
    ctx: Ctx, provider: Provider, owner_id: UUID, headers: Mapping[str, str], body: bytes
) -> UUID:
    """The same for what came to a creator's own address, believed by the secret of their own account (M12).

    It is an event of the account with which its order was placed, if that was theirs: it touches no other orders.
    Raises UnknownGateway where nothing is connected, TooManyRequests, BadWebhook.
    """
    rows = await listening(ctx, owner_id, provider)
    if not rows:
        raise UnknownGateway
    await allow(ctx.app, f"webhooks:{provider}:{owner_id}", CREATORS_PER_MINUTE, 60)
    gateway, heard = gateway_with(ctx, rows[0]), _Heard("bad_signature")
    for gateway in (gateway_with(ctx, row) for row in rows):
        heard = _heard(ctx, gateway, headers, body)
        if heard.verdict != "bad_signature":
            break
    account_id = await _whose(ctx, rows, heard.notice) if heard.notice else rows[0].id
    return await _keep_heard(ctx, gateway, headers, body, heard, account_id)


def _heard(ctx: Ctx, gateway: Gateway, headers: Mapping[str, str], body: bytes) -> "_Heard":
    verdict: str = gateway.verify(ctx, headers, body)
    if verdict != "verified":
        return _Heard(verdict)
    try:
        notice = gateway.read(body)
    except (BadWebhook, RecursionError, OverflowError, ValueError, OSError):  # no depth, and no date, makes a fault
        return _Heard("unreadable")
    told = notice.payment
    names = (told.payment_id if told else None, notice.disputed_payment_id, notice.changed_payment_id)
    own_id = headers.get(gateway.event_id_header or "")
    if not all(storable(name or "") for name in (notice.event_id, own_id, notice.kind, notice.account, *names)):
        return _Heard("unreadable")
    return _Heard(verdict, notice)


async def _whose(ctx: Ctx, rows: list[AccountRow], notice: Notice) -> UUID:
    """Which version of an account an event is of: the one with which the order was placed, else the one in use."""
    payment = notice.payment
    payment_id = payment.payment_id if payment else notice.disputed_payment_id or notice.changed_payment_id
    found = await _ACCOUNT_OF(
        ctx.db, [row.owner_id for row in rows], rows[0].provider, payment.order_id if payment else None, payment_id
    )
    return found or rows[0].id


async def _keep_heard(
    ctx: Ctx, gateway: Gateway, headers: Mapping[str, str], body: bytes, heard: "_Heard", account_id: UUID | None
) -> UUID:
    known: Known | None = None
    if heard.notice is not None:
        event_id = headers.get(gateway.event_id_header or "") or heard.notice.event_id
        known = Known(event_id[:MAX_EVENT_ID], heard.notice.kind)
    return await keep(ctx, gateway.name, headers, body, heard.verdict, known, account_id)


async def keep(
    ctx: Ctx,
    source: str,
    headers: Mapping[str, str],
    body: bytes,
    verdict: str,
    known: Known | None,
    account_id: UUID | None = None,
) -> UUID:
    """Put into the inbox what came from `source`, as `receive` does; `known` of what is believed.

    Raises BadWebhook for what is not.
    """
    since = ctx.now - timedelta(minutes=1)
    if known is None and await _REFUSED_LATELY(ctx.db, since, account_id is None) >= UNBELIEVED_PER_MINUTE:
        raise BadWebhook(verdict=verdict)
    kept = {name: content for name, content in headers.items() if name not in _UNKEPT_HEADERS}
    async with ctx.db.transaction():
        stored = await _STORE(
            ctx.db,
            new_id(),
            source,
            known.event_id if known else None,
            known.kind if known else None,
            body,
            kept,
            verdict,
            ctx.now,
            account_id,
        )
        if known is not None and stored.is_fresh:
            await enqueue(ctx, ApplyWebhook(stored.id))
    if known is None:
        raise BadWebhook(verdict=verdict)
    return stored.id


async def apply(ctx: Ctx, webhook_event_id: UUID) -> None:
    """Apply one event of the inbox; what was applied before is left alone.

    Raises OrderNotYetKnown when its order is not here: the job is tried again, and ends among the dead letters.
    """
    row = await _LOCKED(ctx.db, webhook_event_id)
    if row is None or row.outcome is not None or row.verdict != "verified":
        return
    family, _, name = row.gateway.partition(":")
    if name:
        told = await _APPLIERS[family](ctx, name, row.body)
        ended = {"outcome": told.outcome, "note": told.note, "applied_at": ctx.now}
        await update(ctx.db, "webhook_events", ended, where={"id": row.id})
        return
    gateway = await gateway_of(ctx, row.gateway, row.account_id)
    notice = gateway.read(row.body)
    payment = notice.payment
    payment_id = payment.payment_id if payment else notice.disputed_payment_id or notice.changed_payment_id
    if payment_id is None and notice.disputed_order_id is None:
        unused = {"outcome": "unchanged", "note": "not about a payment of ours", "applied_at": ctx.now}
        await update(ctx.db, "webhook_events", unused, where={"id": row.id})
        return
    order_id = await _ORDER_OF_PAYMENT(ctx.db, row.gateway, payment_id, row.account_id) if payment_id else None
    order_id = order_id or (payment.order_id if payment else notice.disputed_order_id)
    # Who knows the secret of their own account can write what they like: their gateway itself is asked, and so it is
    # where an event tells too little; before the order is locked.
    is_asked = notice.changed_payment_id is not None or row.account_id is not None
    news = await gateway.payments_of(ctx, order_id) if is_asked and order_id else []
    order = await _ORDER_LOCKED(ctx.db, order_id, row.gateway, row.account_id) if order_id else None
    payment_id = payment_id or (order.payment_id if order else None)
    if order is None or payment_id is None:
        raise OrderNotYetKnown
    note: str | None = None
    try:
        if not is_asked:
            news = [_whole(order, payment_id, notice)]
        after = order
        for one_payment in news:
            cause = f"{row.gateway} webhook {notice.kind} {row.event_id}"
            after = await merge(ctx, after, one_payment, cause=cause)
    except AmountMismatch as error:  # it will not fit later either: people must look at it
        outcome, note = "rejected", error.detail
    else:
        outcome = "applied" if after is not order else "unchanged"
    changed = {"outcome": outcome, "note": note, "order_id": order.id, "applied_at": ctx.now}
    await update(ctx.db, "webhook_events", changed, where={"id": row.id})


async def repeat(ctx: Ctx, webhook_event_id: UUID) -> None:
    """Order that a verified event which is not applied yet be tried (again), for administrators.

    Raises NotFound, Forbidden, Conflict.
    """
    if not ctx.member.is_admin:
        raise Forbidden
    row = await _LOCKED(ctx.db, webhook_event_id)
    if row is None:
        raise NotFound
    if row.verdict != "verified":
        raise Conflict("This event was not believed, so it cannot be applied")
    if row.outcome is not None:
        raise Conflict(f"This event is {row.outcome} already")
    await audit.record(ctx, "payments.webhook_repeated", subject="webhook_event", subject_id=row.id)
    await enqueue(ctx, ApplyWebhook(row.id), unique=str(row.id))


async def forget_unbelieved(ctx: Ctx) -> int:
    """Delete what was not believed and is old; answers how many."""
    return await _FORGET(ctx.db, ctx.now - timedelta(days=UNBELIEVED_KEPT_DAYS))


def _whole(order: Order, payment_id: str, notice: Notice) -> Payment:
    """What an event says of its payment, the dispute with it."""
    if notice.payment is None:
        return disputed_payment(order, payment_id, notice.dispute)
    return msgspec.structs.replace(notice.payment, dispute=notice.payment.dispute or notice.dispute)
