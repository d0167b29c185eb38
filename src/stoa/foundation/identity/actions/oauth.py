"""Logging in with an account of another provider (I7), and making an account of one.

An e-mail finds an existing account only if it is certain on both sides: the provider vouches that the person reads it
today, and the account's own address was confirmed. Else somebody could register an address beforehand and wait for its
owner, or claim one at a provider that does not look.
"""

import re
import secrets
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from anyascii import anyascii

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import oauth_accounts, oauth_flows
from stoa.foundation.identity.actions.verification import send_verification
from stoa.foundation.identity.errors import (
    AccountExists,
    AlreadyConnected,
    EmailNeeded,
    EmailTaken,
    UsernameTaken,
    WasDisconnected,
)
from stoa.foundation.identity.messages import UserRegistered
from stoa.foundation.identity.policies import check_username
from stoa.foundation.identity.queries import user_by_email
from stoa.foundation.identity.types import EMAIL_PATTERN, Identity, Person
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit

MAX_EMAIL_CHARS: Final = 254
NAME_CHARS: Final = 30  # of a name that we make; there is room for digits behind it
_EMAIL: Final = re.compile(EMAIL_PATTERN)


class _Owner(msgspec.Struct, frozen=True):
    id: UUID
    is_verified: bool
    second_factors: list[str]


class Opened(msgspec.Struct, frozen=True):
    """Whose account it is, and whether it was made just now."""

    user_id: UUID
    is_new: bool = False


_OWNER = maybe(
    _Owner,
    "select id, is_verified, second_factors from users where lower(email) = lower($1) and status <> 'deleted'",
)


async def log_in(ctx: Ctx, identity: Identity, *, next: str = "/") -> Opened:
    """Whose account this is, made now if there was none; the door comes after that.

    Raises AccountExists, WasDisconnected, and EmailNeeded, whose token goes on to `complete`.
    """
    link = await oauth_accounts.find(ctx, identity)
    if link is not None and link.revoked_at is None:
        await oauth_accounts.sync(ctx, link.id, identity)
        return Opened(link.user_id)
    if link is not None:
        raise WasDisconnected
    email = usable_email(identity.person)
    if email is None:
        token = await oauth_flows.hold(ctx, identity, next=next)
        raise EmailNeeded(token, int(oauth_flows.FLOW_TTL.total_seconds()))
    owner = await _OWNER(ctx.db, email)
    if owner is None:
        return Opened(await _make(ctx, identity, email, verified=identity.person.email_verified), is_new=True)
    if not (identity.person.email_is_theirs and owner.is_verified):
        raise AccountExists
    # Where a second factor is still to be shown, nothing is put on: that takes somebody who is inside.
    if not owner.second_factors:
        try:
            await oauth_accounts.put_on(ctx, owner.id, identity)
        except AlreadyConnected:
            raise AccountExists from None
    return Opened(owner.id)


async def complete(ctx: Ctx, token: str, *, email: str) -> tuple[Opened, Identity, str]:
    """Makes the account of somebody whose provider told no e-mail; answers whose, who, and where to go on.

    The address is not confirmed by that: a mail with a link goes there. Raises FlowOver and EmailTaken.
    """
    pending, identity = await oauth_flows.take_held(ctx, token)
    link = await oauth_accounts.find(ctx, identity)
    if link is not None and link.revoked_at is None:  # made meanwhile, in another window
        return Opened(link.user_id), identity, pending.next
    if link is not None:
        raise WasDisconnected
    if await user_by_email(ctx, email) is not None:
        raise EmailTaken
    return Opened(await _make(ctx, identity, email, verified=False), is_new=True), identity, pending.next


def usable_email(person: Person) -> str | None:
    """The provider's address, if mail can go there."""
    email = person.email or ""
    return email.lower() if len(email) <= MAX_EMAIL_CHARS and _EMAIL.match(email) else None


# ---- a new account ---------------------------------------------------------------------------------------------

_MAKE = value(
    UUID | None,
    """
    insert into users (id, username, email, status, is_verified, created_at, updated_at)
    values ($1, $2, lower($3), case when $4 then 'active' else 'pending_verification' end, $4, $5, $5)
    on conflict do nothing returning id
    """,
)


async def _make(ctx: Ctx, identity: Identity, email: str, *, verified: bool) -> UUID:
    """An account without a password, with wallet and profile; its name is derived, and can be changed."""
    user_id = new_id()
    username = await _insert(ctx, user_id, identity.person, email, verified)
    await emit(ctx, UserRegistered(user_id=user_id, username=username))
    await oauth_accounts.put_on(ctx, user_id, identity)
    await audit.record(
        ctx,
        "identity.registered",
        subject="user",
        subject_id=user_id,
        after={"username": username, "provider": identity.provider.value},
        actor_id=user_id,
    )
    if not verified:
        await send_verification(ctx, user_id)
    return user_id


async def _insert(ctx: Ctx, user_id: UUID, person: Person, email: str, verified: bool) -> str:
    for username in _names(person):
        try:
            check_username(username)
            async with ctx.db.transaction():
                if await _MAKE(ctx.db, user_id, username, email, verified, ctx.now) is not None:
                    return username
        except (Invalid, asyncpg.UniqueViolationError):  # kept for the platform, or for whoever was called that once
            continue
        if await user_by_email(ctx, email) is not None:  # registered in this very moment
            raise AccountExists
    raise UsernameTaken


def _names(person: Person) -> Iterator[str]:
    """Names to try: from how they are called over there, never from the e-mail, which nobody else sees."""
    plain = anyascii(person.username or person.name or "").lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:NAME_CHARS].strip("-")
    base = words if len(words) >= 3 else "reader"
    if base != "reader":
        yield base
    for digits in (2, 3, 4, 6, 8):
        yield f"{base}-{secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1)}"
