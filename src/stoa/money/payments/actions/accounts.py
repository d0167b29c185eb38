"""Creators' own accounts at gateways: connected, changed, left (M12).

A row is one version of somebody's keys. New ones end it and add another, so that orders which are open finish with the
keys they were placed with. What is sealed is wiped as soon as no open order needs it.
"""

from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, maybe, run, update, value
from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue
from stoa.money.payments.errors import AccountNotReady, GatewayDisconnected, UnknownGateway
from stoa.money.payments.gateways import Gateway
from stoa.money.payments.messages import LetAccountGo
from stoa.money.payments.types.accounts import AccountRow, NewKeys, Provider, Tried

HINT_CHARS: Final = 4
WIPED_AT_ONCE: Final = 100

_COLUMNS: Final = """id, owner_id, provider, way, account_id, key_id, key_hint, secret_sealed, webhook_hint,
  webhook_sealed, is_live, charges_enabled, payouts_enabled, details_submitted, is_default, connected_at, verified_at,
  ended_at"""
_LOCK = run("select pg_advisory_xact_lock(hashtextextended('gateway_accounts:' || $1::text, 0))")
_CURRENT = maybe(
    AccountRow,
    f"select {_COLUMNS} from gateway_accounts where owner_id = $1 and provider = $2 and ended_at is null",
)
_ROW = maybe(AccountRow, f"select {_COLUMNS} from gateway_accounts where id = $1")
_DEFAULT = maybe(
    AccountRow, f"select {_COLUMNS} from gateway_accounts where owner_id = $1 and is_default and ended_at is null"
)
_IN_USE = many(
    AccountRow,
    f"""select {_COLUMNS} from gateway_accounts where owner_id = $1 and ended_at is null
        order by is_default desc, provider""",
)
# The one that is in use, then those before it which open orders still need.
_LISTENING = many(
    AccountRow,
    f"""select {_COLUMNS} from gateway_accounts a
        where owner_id = $1 and provider = $2 and (ended_at is null or (webhook_sealed is not null and exists (
          select from orders o where o.account_id = a.id and o.state in ('created', 'pending', 'failed'))))
        order by ended_at desc nulls first limit 10""",
)
_CONNECTED = many(
    AccountRow,
    f"""select {_COLUMNS} from gateway_accounts where account_id = $1 and way = 'oauth'
        order by ended_at desc nulls first, connected_at desc limit 10""",
)
_IS_CONNECTED = value(
    bool,
    """select exists (
         select from gateway_accounts where way = 'oauth' and account_id = $1 and wiped_at is null)""",
)
_HAS_OPEN_ORDERS = value(
    bool,
    "select exists (select from orders where account_id = $1 and state in ('created', 'pending', 'failed'))",
)
_NO_DEFAULT = run("update gateway_accounts set is_default = false where owner_id = $1 and is_default")


class _Wiped(msgspec.Struct, frozen=True):
    id: UUID
    way: Literal["keys", "oauth"]
    account_id: str | None
    is_left: bool


_WIPE = many(
    _Wiped,
    """update gateway_accounts a set secret_sealed = null, webhook_sealed = null, wiped_at = $1
       where id in (
         select w.id from gateway_accounts w
         where w.ended_at is not null and w.wiped_at is null and ($2::uuid is null or w.owner_id = $2)
           and not exists (
             select from orders o where o.account_id = w.id and o.state in ('created', 'pending', 'failed'))
         order by w.ended_at limit $3 for update skip locked)
       returning id, way, account_id, not exists (
         select from gateway_accounts n
         where n.way = 'oauth' and n.account_id = a.account_id and n.id <> a.id and n.wiped_at is null) as is_left""",
)
_OLD_SEALS = many(
    AccountRow,
    f"""select {_COLUMNS} from gateway_accounts
        where (secret_sealed is not null and substring(secret_sealed from 1 for $2) <> $1)
           or (webhook_sealed is not null and substring(webhook_sealed from 1 for $2) <> $1)
        order by id limit 100 for update""",
)


# ---- by their owner


async def connect(ctx: Ctx, keys: NewKeys, tried: Tried) -> UUID:
    """Keeps keys of the acting member that were tried just now; the first account is the one that payments go to.

    Those of the same provider before them end with the orders that are open. A webhook secret stays with the account it
    belongs to. The caller has had the owner prove who they are.
    """
    before = await _begin(ctx, keys.provider)
    webhook_secret = keys.webhook_secret
    if webhook_secret is None and before is not None and tried.account_id in (None, before.account_id):
        webhook_secret = _open_webhook(ctx, before)
    return await _add(ctx, keys, tried, webhook_secret=webhook_secret, before=before)


async def connect_oauth(ctx: Ctx, tried: Tried) -> UUID:
    """Keeps a Stripe account that was connected to the platform's own just now, by OAuth; there is no key to keep."""
    before = await _begin(ctx, "stripe")
    keys = NewKeys(provider="stripe", secret="")
    return await _add(ctx, keys, tried, webhook_secret=None, before=before, way="oauth")


async def set_webhook_secret(ctx: Ctx, provider: Provider, secret: str) -> UUID:
    """Changes what the acting member's events of a provider are verified by. Raises NotFound for none connected."""
    before = await _begin(ctx, provider)
    if before is None:
        raise NotFound("Nothing is connected here")
    keys = NewKeys(
        provider=provider,
        secret=secret_of(ctx, before),
        key_id=before.key_id,
        account_id=before.account_id,
    )
    tried = Tried(
        account_id=before.account_id,
        is_live=before.is_live,
        charges_enabled=before.charges_enabled,
        payouts_enabled=before.payouts_enabled,
        details_submitted=before.details_submitted,
    )
    return await _add(ctx, keys, tried, webhook_secret=secret, before=before, way=before.way)


async def make_default(ctx: Ctx, provider: Provider | None) -> None:
    """Where payments for the acting member go: to an account of their own, or (None) through the platform.

    Raises NotFound where nothing is connected, AccountNotReady where it cannot take payments yet.
    """
    await _LOCK(ctx.db, str(ctx.member.id))
    before = await _DEFAULT(ctx.db, ctx.member.id)
    row: AccountRow | None = None
    if provider is not None:
        row = await _CURRENT(ctx.db, ctx.member.id, provider)
        if row is None:
            raise NotFound("Nothing is connected here")
        if row.waits_for is not None:
            raise AccountNotReady(f"It cannot take payments yet. {row.waits_for}")
    await _NO_DEFAULT(ctx.db, ctx.member.id)
    if row is not None:
        await update(ctx.db, "gateway_accounts", {"is_default": True}, where={"id": row.id})
    await _note(
        ctx,
        "default_changed",
        before={"default": before.provider if before else None},
        after={"default": provider},
    )


async def disconnect(ctx: Ctx, provider: Provider) -> None:
    """Leaves an account of the acting member's: nothing new goes to it, and its keys are wiped.

    Open orders finish with it first. Raises NotFound where nothing is connected.
    """
    before = await _begin(ctx, provider)
    if before is None:
        raise NotFound("Nothing is connected here")
    await _end(ctx, before, "disconnected")
    await _note(ctx, "disconnected", before=_shown(before))
    await wipe(ctx, ctx.member.id)


async def wipe(ctx: Ctx, owner_id: UUID | None = None) -> int:
    """Forgets the keys of accounts that were left and have no open orders (any more); answers of how many."""
    wiped = await _WIPE(ctx.db, ctx.now, owner_id, WIPED_AT_ONCE)
    for row in wiped:
        if row.way == "oauth" and row.account_id is not None and row.is_left:
            await enqueue(ctx, LetAccountGo(row.account_id), unique=row.account_id)
    return len(wiped)


async def reseal(ctx: Ctx) -> int:
    """Seals anew what another key than the first one sealed; answers how many rows."""
    head = ctx.app.keyring.head
    rows = await _OLD_SEALS(ctx.db, head, len(head))
    for row in rows:
        changed: dict[str, Any] = {}
        if row.secret_sealed is not None:
            changed["secret_sealed"] = _seal(ctx, row.id, "secret", secret_of(ctx, row))
        if row.webhook_sealed is not None:
            changed["webhook_sealed"] = _seal(ctx, row.id, "webhook", _open_webhook(ctx, row) or "")
        await update(ctx.db, "gateway_accounts", changed, where={"id": row.id})
    return len(rows)


# ---- for payments


async def account_to_pay(ctx: Ctx, payee_id: UUID, currency: str) -> AccountRow | None:
    """The account of their own that somebody is paid into (M12); None where it is the platform's.

    Their default one, or, where that does not take the currency or cannot take payments yet, another that does.
    """
    rows = await _IN_USE(ctx.db, payee_id)
    if not rows or not rows[0].is_default:
        return None
    for row in rows:
        if row.waits_for is None:
            taken = gateway_with(ctx, row).currencies
            if taken is None or currency in taken:
                return row
    return None


async def gateway_of_account(ctx: Ctx, name: str, account_id: UUID) -> Gateway:
    """A creator's gateway, with the newest keys of that account, or those that its open orders were placed with.

    Raises UnknownGateway, and GatewayDisconnected where the account was left and nothing is open.
    """
    row = await _ROW(ctx.db, account_id)
    if row is None or row.provider != name:
        raise UnknownGateway
    if row.ended_at is None:
        return gateway_with(ctx, row)
    newest = await _CURRENT(ctx.db, row.owner_id, row.provider)
    if newest is not None and newest.account_id is not None and newest.account_id == row.account_id:
        return gateway_with(ctx, newest)
    if (row.way == "oauth" or row.secret_sealed is not None) and await _HAS_OPEN_ORDERS(ctx.db, row.id):
        return gateway_with(ctx, row)
    if newest is not None and None in (newest.account_id, row.account_id):  # very likely new keys of the same account
        return gateway_with(ctx, newest)
    raise GatewayDisconnected


async def listening(ctx: Ctx, owner_id: UUID, provider: Provider) -> list[AccountRow]:
    """Whose events may come to a creator's address: the account in use first."""
    return await _LISTENING(ctx.db, owner_id, provider)


async def connected_to(ctx: Ctx, account_id: str) -> list[AccountRow]:
    """The creators' rows of an account that is connected to the platform's by OAuth, those in use first."""
    return await _CONNECTED(ctx.db, account_id)


async def is_connected(ctx: Ctx, account_id: str) -> bool:
    """Whether an account is connected to the platform's by OAuth, or has open orders from when it was."""
    return await _IS_CONNECTED(ctx.db, account_id)


def gateway_with(ctx: Ctx, row: AccountRow) -> Gateway:
    """The gateway that speaks with the keys of this row."""
    settings = ctx.app.settings
    webhook_secret = _open_webhook(ctx, row) or ""
    match row.provider:
        case "stripe":
            from stoa.money.payments.gateways.stripe import Stripe, StripeKeys  # its client takes a while to import

            is_connected = row.way == "oauth"
            keys = StripeKeys(
                secret_key=settings.stripe_secret_key if is_connected else secret_of(ctx, row),
                webhook_secret=webhook_secret,
                api_base=settings.stripe_api_base,
                connected=row.account_id if is_connected else None,
            )
            return Stripe(keys)
        case "razorpay":
            from stoa.money.payments.gateways.razorpay import Razorpay, RazorpayKeys

            secret = secret_of(ctx, row)
            return Razorpay(RazorpayKeys(row.key_id or "", secret, webhook_secret, settings.razorpay_api_base))
        case "xendit":
            from stoa.money.payments.gateways.xendit import Xendit, XenditKeys

            return Xendit(XenditKeys(secret_of(ctx, row), webhook_secret, settings.xendit_api_base))


# ---- steps


async def _begin(ctx: Ctx, provider: Provider) -> AccountRow | None:
    """One change of somebody's accounts at a time; the row that is in use."""
    await _LOCK(ctx.db, str(ctx.member.id))
    return await _CURRENT(ctx.db, ctx.member.id, provider)


async def _add(
    ctx: Ctx,
    keys: NewKeys,
    tried: Tried,
    *,
    webhook_secret: str | None,
    before: AccountRow | None,
    way: Literal["keys", "oauth"] = "keys",
) -> UUID:
    is_default = before.is_default if before else await _DEFAULT(ctx.db, ctx.member.id) is None
    if before is not None:
        await _end(ctx, before, "replaced")
    row_id = new_id()
    public: dict[str, Any] = {
        "provider": keys.provider,
        "way": way,
        "account_id": tried.account_id,
        "key_id": keys.key_id,
        "key_hint": keys.secret[-HINT_CHARS:] or None,
        "webhook_hint": webhook_secret[-HINT_CHARS:] if webhook_secret else None,
        "is_live": tried.is_live,
    }
    sealed = {
        "secret_sealed": _seal(ctx, row_id, "secret", keys.secret) if way == "keys" else None,
        "webhook_sealed": _seal(ctx, row_id, "webhook", webhook_secret) if webhook_secret else None,
    }
    row = {
        "id": row_id,
        "owner_id": ctx.member.id,
        "charges_enabled": tried.charges_enabled,
        "payouts_enabled": tried.payouts_enabled,
        "details_submitted": tried.details_submitted,
        "is_default": is_default,
        "connected_at": ctx.now,
        "verified_at": ctx.now,
    }
    await insert(ctx.db, "gateway_accounts", row | public | sealed)
    await _note(ctx, "connected", before=_shown(before) if before else None, after=public)
    await wipe(ctx, ctx.member.id)
    return row_id


async def _end(ctx: Ctx, row: AccountRow, because: Literal["disconnected", "replaced"]) -> None:
    ended = {"ended_at": ctx.now, "ended_because": because, "is_default": False}
    await update(ctx.db, "gateway_accounts", ended, where={"id": row.id})


async def _note(ctx: Ctx, what: str, **changes: Any) -> None:
    """About the owner's account, so that they see it among what happened there."""
    await audit.record(ctx, f"payments.gateway_{what}", subject="user", subject_id=ctx.member.id, **changes)


def _shown(row: AccountRow) -> dict[str, Any]:
    names = ("provider", "way", "account_id", "key_id", "key_hint", "webhook_hint", "is_live")
    return {name: getattr(row, name) for name in names}


def _aad(row_id: UUID, what: str) -> str:
    return f"gateway_account:{row_id}:{what}"


def _seal(ctx: Ctx, row_id: UUID, what: str, secret: str) -> bytes:
    return ctx.app.keyring.seal(secret.encode(), _aad(row_id, what))


def secret_of(ctx: Ctx, row: AccountRow) -> str:
    """The key of an account; empty for one that is connected. Raises GatewayDisconnected when it is wiped."""
    if row.way == "oauth":
        return ""
    if row.secret_sealed is None:
        raise GatewayDisconnected
    return ctx.app.keyring.open(row.secret_sealed, _aad(row.id, "secret")).decode()


def _open_webhook(ctx: Ctx, row: AccountRow) -> str | None:
    if row.webhook_sealed is None:
        return None
    return ctx.app.keyring.open(row.webhook_sealed, _aad(row.id, "webhook")).decode()
