"""Links in mails (I6): random, kept as hashes, good once and for a while; a newer one ends the older ones of its kind.

Whoever issues or uses a link locks its account first. So of two who use one link at once, exactly one succeeds, and of
two links that are asked for at once, exactly one stays good.
"""

import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.identity.actions.devices import describe
from stoa.foundation.identity.actions.tokens import digest
from stoa.foundation.identity.errors import LinkOver, SessionOver
from stoa.foundation.identity.types import LinkKind
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, maybe, run, value
from stoa.kit.ids import new_id

TTL: Final = {
    LinkKind.EMAIL_VERIFICATION: timedelta(hours=24),
    LinkKind.PASSWORD_RESET: timedelta(hours=1),
    LinkKind.EMAIL_CHANGE_OLD: timedelta(hours=24),
    LinkKind.EMAIL_CHANGE_NEW: timedelta(hours=24),
}
MOST_PER_HOUR: Final = 5  # of one kind and account; nobody's mailbox is filled by others
KEPT_AFTER_END: Final = timedelta(days=30)


class OwnAccount(msgspec.Struct, frozen=True):
    """An account with what its owner proves themselves by."""

    id: UUID
    username: str
    email: str
    password_hash: str | None
    status: str
    is_verified: bool


class Link(msgspec.Struct, frozen=True):
    """A link that is still good, and whose it is."""

    id: UUID
    user_id: UUID
    kind: LinkKind
    new_email: str | None
    username: str
    email: str


class _Open(msgspec.Struct, frozen=True):
    kind: LinkKind


_ACCOUNT = """
    select id, username, email, password_hash, status, is_verified from users where id = $1 and status <> 'deleted'
"""
_OWN = maybe(OwnAccount, _ACCOUNT)
_LOCK = maybe(OwnAccount, f"{_ACCOUNT} for no key update")
_LIVE = maybe(
    Link,
    """
    select t.id, t.user_id, t.kind, t.new_email, u.username, u.email
    from verification_tokens t join users u on u.id = t.user_id
    where t.token_hash = $1 and t.kind = any($2) and t.used_at is null and t.expires_at > $3 and u.status <> 'deleted'
    """,
)
_USE = run(
    """
    update verification_tokens set used_at = $2, used_address = $3
    where id = $1 and used_at is null and expires_at > $2
    """
)
# Ended means: never was good. A request that began a moment earlier could otherwise still come before the end.
_END = run(
    """
    update verification_tokens set expires_at = created_at
    where user_id = $1 and kind = any($2) and used_at is null and expires_at > $3
    """
)
_OPEN = many(
    _Open,
    """
    select kind from verification_tokens
    where user_id = $1 and kind = any($2) and used_at is null and expires_at > $3 order by kind
    """,
)
_COUNT = value(int, "select count(*) from verification_tokens where user_id = $1 and kind = $2 and created_at > $3")
_PRUNE = run("delete from verification_tokens where expires_at < $1")


async def own_account(ctx: Ctx) -> OwnAccount:
    """The actor's account. Raises SessionOver once it is deleted."""
    found = await _OWN(ctx.db, ctx.member.id)
    if found is None:
        raise SessionOver
    return found


async def lock_account(ctx: Ctx, user_id: UUID) -> OwnAccount | None:
    """The account, from here on changed by nobody else; None once it is deleted."""
    return await _LOCK(ctx.db, user_id)


async def issue(ctx: Ctx, account: OwnAccount, kind: LinkKind, *, new_email: str | None = None) -> str:
    """A fresh token for the locked account; the older ones of its kind end."""
    await _END(ctx.db, account.id, [kind.value], ctx.now)
    token = secrets.token_urlsafe(32)
    await insert(
        ctx.db,
        "verification_tokens",
        {
            "id": new_id(),
            "user_id": account.id,
            "kind": kind.value,
            "token_hash": digest(token),
            "new_email": new_email,
            "requested_address": ctx.address,
            "expires_at": ctx.now + TTL[kind],
            "created_at": ctx.now,
        },
    )
    return token


async def sent_enough(ctx: Ctx, account: OwnAccount, kind: LinkKind) -> bool:
    """Whether this account got as many links of this kind as it may in an hour. The last of them stays good."""
    return await _COUNT(ctx.db, account.id, kind.value, ctx.now - timedelta(hours=1)) >= MOST_PER_HOUR


async def read_link(ctx: Ctx, token: str, *kinds: LinkKind) -> Link:
    """A link without using it up: mail scanners follow links, too. Raises LinkOver."""
    found = await _LIVE(ctx.db, digest(token), [kind.value for kind in kinds], ctx.now)
    if found is None:
        raise LinkOver
    return found


async def use_link(ctx: Ctx, link: Link) -> OwnAccount:
    """Uses a link up, once, and locks its account. Raises LinkOver."""
    account = await lock_account(ctx, link.user_id)
    if account is None or not await _USE(ctx.db, link.id, ctx.now, ctx.address):
        raise LinkOver
    return account


async def open_kinds(ctx: Ctx, user_id: UUID, *kinds: LinkKind) -> list[LinkKind]:
    """Of which of these kinds the account has a link that is still good."""
    return [row.kind for row in await _OPEN(ctx.db, user_id, [kind.value for kind in kinds], ctx.now)]


async def end_links(ctx: Ctx, user_id: UUID, *kinds: LinkKind) -> int:
    """Ends what links of these kinds an account has; answers how many."""
    return await _END(ctx.db, user_id, [kind.value for kind in kinds], ctx.now)


async def prune_links(ctx: Ctx) -> int:
    """Forgets links that ended a while ago; answers how many."""
    return await _PRUNE(ctx.db, ctx.now - KEPT_AFTER_END)


def circumstances(ctx: Ctx) -> list[tuple[str, str]]:
    """When, from where and by what something was asked for, for the mail that tells its owner."""
    device = describe(ctx.user_agent)
    by = " on ".join(name for name in (device.browser, device.os) if name)
    facts = [("When", f"{ctx.now:%d %B %Y, %H:%M} UTC"), ("From address", ctx.address), ("With", by)]
    return [(name, words) for name, words in facts if words]
