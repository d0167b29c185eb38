"""The accounts of other providers that belong to accounts here (I7): put on, kept fresh, taken off.

Whoever puts one on or looks for one holds a lock on it first. So two log-ins at once make one account, and of two who
connect the same one, one is told that it is connected elsewhere.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.links import circumstances, lock_account
from stoa.foundation.identity.actions.oauth_flows import tidy
from stoa.foundation.identity.errors import AlreadyConnected, ConnectedElsewhere, LastWayIn
from stoa.foundation.identity.gateways.configured import provider_of, providers
from stoa.foundation.identity.messages import RevokeGrant
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.identity.queries import ways_in
from stoa.foundation.identity.types import Identity, Provider
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, run, update, value
from stoa.kit.errors import NotFound
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue

MAX_TEXT_CHARS: Final = 254


class Link(msgspec.Struct, frozen=True):
    """A provider account and whose it is, or was."""

    id: UUID
    user_id: UUID
    revoked_at: datetime | None


class _Tokens(msgspec.Struct, frozen=True):
    provider: str
    access_token_sealed: bytes | None
    refresh_token_sealed: bytes | None


# ---- finding and putting on ------------------------------------------------------------------------------------

_LOCK = run("select pg_advisory_xact_lock(hashtextextended('auth_account:' || $1::text || ':' || $2::text, 0))")
_FIND = maybe(
    Link,
    """
    select a.id, a.user_id, a.revoked_at from auth_accounts a join users u on u.id = a.user_id
    where a.provider = $1 and a.provider_account_id = $2 and u.status <> 'deleted'
    """,
)
_OTHER = value(UUID | None, "select id from auth_accounts where user_id = $1 and provider = $2 and revoked_at is null")
# One that was taken off once, here or elsewhere, is put on again under the same id.
_PUT_ON = value(
    UUID | None,
    """
    insert into auth_accounts as a (id, user_id, provider, provider_account_id, synced_at, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $5, $5)
    on conflict (provider, provider_account_id) do update set user_id = $2, revoked_at = null, created_at = $5
      where a.revoked_at is not null or exists (select from users u where u.id = a.user_id and u.status = 'deleted')
    returning id
    """,
)


async def find(ctx: Ctx, identity: Identity) -> Link | None:
    """The provider account, if it is or was somebody's; from here on nobody else puts it on or finds it."""
    await _LOCK(ctx.db, identity.provider.value, identity.person.account_id)
    return await _FIND(ctx.db, identity.provider.value, identity.person.account_id)


async def put_on(ctx: Ctx, user_id: UUID, identity: Identity) -> None:
    """Connects a provider account that `find` found free, writes it down and tells the owner.

    Raises AlreadyConnected and ConnectedElsewhere.
    """
    account = await lock_account(ctx, user_id)
    if account is None:
        raise NotFound
    if await _OTHER(ctx.db, user_id, identity.provider.value) is not None:
        raise AlreadyConnected
    link_id = await _PUT_ON(ctx.db, new_id(), user_id, identity.provider.value, identity.person.account_id, ctx.now)
    if link_id is None:
        raise ConnectedElsewhere
    await sync(ctx, link_id, identity)
    await _tell(ctx, user_id, account.email, account.username, identity.provider, connected=True)


async def sync(ctx: Ctx, link_id: UUID, identity: Identity) -> None:
    """Keeps what the provider said just now: tokens, sealed, and how they call the person."""
    person, grant = identity.person, identity.grant
    changed: dict[str, Any] = {
        "provider_email": tidy(person.email, MAX_TEXT_CHARS),
        "provider_avatar": tidy(person.avatar_url, 2000),
        "synced_at": ctx.now,
        "updated_at": ctx.now,
    }
    if person.name is not None:  # Apple tells it once
        changed["provider_name"] = tidy(person.name, MAX_TEXT_CHARS)
    if grant.access_token is not None:
        changed["access_token_sealed"] = _sealed(ctx, link_id, "access_token", grant.access_token)
        changed["token_expires_at"] = (
            ctx.now + timedelta(seconds=grant.expires_in_s) if grant.expires_in_s is not None else None
        )
        changed["scopes"] = list(grant.scopes)
    if grant.refresh_token is not None:
        changed["refresh_token_sealed"] = _sealed(ctx, link_id, "refresh_token", grant.refresh_token)
    await update(ctx.db, "auth_accounts", changed, where={"id": link_id})


async def connect(ctx: Ctx, identity: Identity) -> None:
    """Connects a provider account to the actor's account; doing it again changes nothing.

    Raises ConnectedElsewhere and AlreadyConnected.
    """
    link = await find(ctx, identity)
    if link is not None and link.revoked_at is None:
        if link.user_id != ctx.member.id:
            raise ConnectedElsewhere
        await sync(ctx, link.id, identity)
        return
    await put_on(ctx, ctx.member.id, identity)


# ---- taking off ------------------------------------------------------------------------------------------------

_TAKE_OFF = value(
    UUID | None,
    """
    update auth_accounts set revoked_at = $3, updated_at = $3
    where user_id = $1 and provider = $2 and revoked_at is null returning id
    """,
)
_TOKENS = maybe(
    _Tokens,
    """
    select provider, access_token_sealed, refresh_token_sealed from auth_accounts
    where id = $1 and revoked_at is not null
    """,
)
_FORGET_TOKENS = run(
    """
    update auth_accounts set access_token_sealed = null, refresh_token_sealed = null, token_expires_at = null
    where id = $1 and revoked_at is not null
    """
)


async def disconnect(ctx: Ctx, provider: str) -> None:
    """Takes a provider account off the actor's account; the provider is told to forget what it gave us.

    Raises NotFound, StepUpRequired, and LastWayIn where nobody could come in any more.
    """
    await require_recent_factor(ctx)
    account = await lock_account(ctx, ctx.member.id)  # of two that are taken off at once, the second one waits
    link_id = await _TAKE_OFF(ctx.db, ctx.member.id, provider, ctx.now)
    if account is None or link_id is None:
        raise NotFound
    if not await ways_in(ctx, ctx.member.id):
        raise LastWayIn
    await enqueue(ctx, RevokeGrant(link_id))
    await _tell(ctx, ctx.member.id, account.email, account.username, Provider(provider), connected=False)


async def revoke_grant(ctx: Ctx, link_id: UUID) -> bool:
    """Tells the provider that the tokens of a disconnected account will not be used, and forgets them. Answers
    whether there was something to tell; raises ProviderUnavailable, and is then tried again."""
    kept = await _TOKENS(ctx.db, link_id)
    sealed = [
        (name, blob)
        for name, blob in (
            ("refresh_token", kept.refresh_token_sealed if kept else None),
            ("access_token", kept.access_token_sealed if kept else None),
        )
        if blob is not None
    ]
    if kept is None or not sealed:
        return False
    if kept.provider in providers(ctx.app.settings):  # else there is nobody any more whom we could tell
        gateway = provider_of(ctx.app.settings, kept.provider)
        for name, blob in sealed:
            await gateway.revoke(ctx.app, ctx.app.keyring.open(blob, _place(link_id, name)).decode(), ctx.now)
    await _FORGET_TOKENS(ctx.db, link_id)
    return True


def _sealed(ctx: Ctx, link_id: UUID, name: str, token: str) -> bytes:
    return ctx.app.keyring.seal(token.encode(), _place(link_id, name))


def _place(link_id: UUID, name: str) -> str:
    return f"auth_account:{link_id}:{name}"


async def _tell(ctx: Ctx, user_id: UUID, email: str, username: str, provider: Provider, *, connected: bool) -> None:
    """Into the audit, and to the owner by mail: whoever did it, they hear of it."""
    what = {"provider": provider.value}
    await audit.record(
        ctx,
        "identity.provider_connected" if connected else "identity.provider_disconnected",
        subject="user",
        subject_id=user_id,
        before=None if connected else what,
        after=what if connected else None,
        actor_id=user_id,
    )
    await mail.send(
        ctx,
        to=email,
        template="provider_connected" if connected else "provider_disconnected",
        values={
            "username": username,
            "provider": provider.label,
            "link": mail.link(ctx, "/dashboard/account/connected"),
            "facts": circumstances(ctx),
        },
        user_id=user_id,
    )
