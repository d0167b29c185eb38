"""What all second factors have in common (I4): who may change them, what the account says of them, who is told."""

import dataclasses
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.links import circumstances
from stoa.foundation.identity.actions.passwords import confirm_password
from stoa.foundation.identity.errors import LogInAgain
from stoa.foundation.identity.policies import FACTOR_IS_RECENT, require_recent_factor
from stoa.foundation.identity.queries import FACTORS_OF_SESSION
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.db import one, run, value
from stoa.kit.errors import Invalid


class Owner(msgspec.Struct, frozen=True):
    """Whose factors they are."""

    id: UUID
    username: str
    email: str
    password_hash: str | None
    second_factors: list[str]


_COLUMNS = "select id, username, email, password_hash, second_factors from users where id = $1"
_OWNER = one(Owner, _COLUMNS)
_LOCKED_OWNER = one(Owner, f"{_COLUMNS} for update")
_SETTLE = value(
    list[str] | None,
    """
    update users u set updated_at = $2, second_factors = array_remove(array[
      case when exists (select from totp_factors t where t.user_id = u.id and t.confirmed_at is not null)
        then 'totp' end,
      case when exists (select from passkeys p where p.user_id = u.id) then 'passkey' end
    ], null)
    where u.id = $1 returning u.second_factors
    """,
)
_SHOWN = run("update sessions set second_factor_at = $3 where id = $1 and user_id = $2 and revoked_at is null")
_OPENED_SINCE = value(
    bool, "select exists (select from sessions where id = $1 and user_id = $2 and created_at > $3) as opened"
)


async def owner_of(ctx: Ctx, user_id: UUID) -> Owner:
    """The account. Raises NotFound."""
    return await _OWNER(ctx.db, user_id)


async def hold(ctx: Ctx) -> Owner:
    """The actor's account, locked: changes of somebody's factors happen one after the other."""
    return await _LOCKED_OWNER(ctx.db, ctx.member.id)


async def settle(ctx: Ctx, user_id: UUID) -> list[str]:
    """Has `users.second_factors` say what there is, in the transaction that changed it."""
    return await _SETTLE(ctx.db, user_id, ctx.now) or []


async def mark_shown(ctx: Ctx) -> None:
    """The actor's session has shown a second factor just now."""
    await _SHOWN(ctx.db, ctx.member.session_id, ctx.member.id, ctx.now)


async def require_proof(ctx: Ctx, password: str | None) -> None:
    """Before factors are added or taken off: that it is really the account's owner.

    With second factors: one of them within the last ten minutes (StepUpRequired). Without: the password (Invalid,
    LockedOut); where there is none, a log-in of the last ten minutes (LogInAgain).
    """
    shown = await FACTORS_OF_SESSION(ctx.db, ctx.member.id, ctx.member.session_id)
    if shown is not None and shown.second_factors:
        await require_recent_factor(ctx)
        return
    await confirm_owner(ctx, password)


async def confirm_owner(ctx: Ctx, password: str | None) -> None:
    """The actor's own password once more; see `require_proof`."""
    if (await owner_of(ctx, ctx.member.id)).password_hash is None:
        if not await _OPENED_SINCE(ctx.db, ctx.member.session_id, ctx.member.id, ctx.now - FACTOR_IS_RECENT):
            raise LogInAgain
        return
    if not password:
        raise Invalid(fields={"password": "Please enter your password"})
    await confirm_password(ctx, password)


# ---- word to the owner -----------------------------------------------------------------------------------------


async def changed(
    ctx: Ctx,
    owner: Owner,
    action: str,
    what: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    then: str = "",
) -> None:
    """Writes down what happened to somebody's factors and tells them by mail.

    action: as in the audit log, such as `identity.passkey_added`. what: a sentence without its stop. then: what it
    means from now on.
    """
    await audit.record(
        ctx, action, subject="user", subject_id=str(owner.id), before=before, after=after, actor_id=owner.id
    )
    await tell(ctx, owner, what, then)


async def changed_beside(ctx: Ctx, owner: Owner, action: str, what: str, *, then: str = "") -> None:
    """The same where the request itself is refused and rolled back."""
    async with ctx.app.side.transaction() as db:
        await changed(dataclasses.replace(ctx, db=db), owner, action, what, then=then)


async def tell(ctx: Ctx, owner: Owner, what: str, then: str) -> None:
    """A mail to the owner: what, when, from where."""
    values = {
        "username": owner.username,
        "what": what,
        "then": then,
        "facts": circumstances(ctx),
        "link": mail.link(ctx, "/dashboard/account/security"),
    }
    until = ctx.now + timedelta(days=3)
    await mail.send(
        ctx, to=owner.email, template="factors_changed", values=values, user_id=owner.id, useful_until=until
    )
