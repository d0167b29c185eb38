"""Making accounts."""

import asyncpg

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import hashing
from stoa.foundation.identity.actions.verification import send_verification
from stoa.foundation.identity.errors import EmailTaken, UsernameTaken
from stoa.foundation.identity.messages import UserRegistered
from stoa.foundation.identity.policies import check_password, check_username
from stoa.foundation.identity.queries import name_is_kept, user_by_email
from stoa.foundation.identity.types import Role, Status, UserRow
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit


async def register(
    ctx: Ctx,
    *,
    username: str,
    email: str,
    password: str,
    roles: tuple[Role, ...] = (Role.READER,),
    password_hash: str | None = None,
    verified: bool = False,
) -> UserRow:
    """A new account (I1, I2); its wallet, profile and welcome bonus are made in the same transaction.

    `password_hash`: of this password, where it is known already. `verified`: the e-mail is known to be theirs; else the
    account waits for its confirmation (I8), and a mail asks for it. Raises Invalid, EmailTaken, UsernameTaken.
    """
    check_username(username)
    check_password(password, username=username, email=email, site_name=(await platform(ctx)).name)
    if await user_by_email(ctx, email) is not None:
        raise EmailTaken
    if await name_is_kept(ctx, username):
        raise UsernameTaken
    password_hash = password_hash or await hashing.hash_password(password)
    user_id, status = new_id(), Status.ACTIVE if verified else Status.PENDING_VERIFICATION
    every = [r.value for r in roles]
    try:
        async with ctx.db.transaction():
            made = await _INSERT_USER(
                ctx.db, user_id, username, email.lower(), password_hash, every, ctx.now, status.value, verified
            )
    except asyncpg.UniqueViolationError:  # somebody gave this name up a moment ago: it stays theirs
        raise UsernameTaken from None
    if made is None:  # somebody else took one of the two while the password was being hashed
        raise EmailTaken if await user_by_email(ctx, email) is not None else UsernameTaken
    await audit.record(
        ctx,
        "identity.registered",
        subject="user",
        subject_id=user_id,
        after={"username": username, "email": email.lower(), "roles": every},
        actor_id=None if ctx.actor else user_id,
    )
    await emit(ctx, UserRegistered(user_id=user_id, username=username))
    if not verified:
        await send_verification(ctx, user_id)
    return made


_INSERT_USER = maybe(
    UserRow,
    """
    insert into users (id, username, email, password_hash, roles, created_at, updated_at, status, is_verified)
    values ($1, $2, $3, $4, $5, $6, $6, $7, $8) on conflict do nothing
    returning id, username, email, roles, status, is_verified, created_at
    """,
)
