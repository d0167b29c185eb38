"""Log-in by password: the first factor. The door (door.py) decides what follows."""

import dataclasses
import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import hashing
from stoa.foundation.identity.errors import LockedOut, WrongCredentials
from stoa.foundation.identity.queries import LOGIN_ROW, LoginRow
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.limits import network_of


async def check_login(ctx: Ctx, *, email: str, password: str) -> LoginRow:
    """The account these credentials belong to. Raises WrongCredentials or LockedOut, never telling which exists."""
    keys = failure_keys(ctx, email)
    await begin_attempt(ctx, keys)
    row = await LOGIN_ROW(ctx.db, email)
    right, new_hash = await hashing.verify_password(password, (row and row.password_hash) or hashing.NOBODY)
    if row is None or row.password_hash is None or not right or row.status == "deleted":
        await count_failure(ctx, keys, user_id=row.id if row else None)
        raise WrongCredentials
    # Whoever changes a password waits for this row until our session is there, and ends it with the others.
    if not await _STILL_SO(ctx.db, row.id, row.password_hash):
        raise WrongCredentials
    if new_hash is not None:
        await _REHASH(ctx.db, row.id, new_hash)
    return row


def failure_keys(ctx: Ctx, email: str) -> list[str]:
    """What failed attempts are counted by (I5): the account, without telling whether there is one, and the address."""
    return [f"account:{hashlib.sha256(email.lower().encode()).hexdigest()}", f"address:{network_of(ctx.address)}"]


async def begin_attempt(ctx: Ctx, keys: list[str]) -> None:
    """Before a password is looked at: raises LockedOut while one of these is locked.

    Attempts at one account, and from one address, go one after the other until their transaction ends: however many
    come at once, no more are looked at than may fail.
    """
    for key in sorted(keys):
        await _ALONE(ctx.db, key)
    await refuse_locked(ctx, keys)


async def refuse_locked(ctx: Ctx, keys: list[str]) -> None:
    """Raises LockedOut while one of these is locked."""
    locked_until = await _LOCKED_UNTIL(ctx.db, keys, ctx.now)
    if locked_until is not None:
        raise LockedOut(int((locked_until - ctx.now).total_seconds()) + 1)


async def count_failure(ctx: Ctx, keys: list[str], *, user_id: UUID | None = None) -> None:
    """In a transaction of its own: the request's is rolled back when it answers 401. What locks is written down.

    `user_id`: whose account it is, if anybody's. Not being anybody's takes the same time.
    """
    config = await platform(ctx)
    async with ctx.app.side.transaction() as db:
        beside = dataclasses.replace(ctx, db=db)
        for key in sorted(keys):
            if await _FAILED(db, key, ctx.now, config.lock_after_failures, timedelta(seconds=config.lock_for_s)):
                kind, _, name = key.partition(":")
                of_user = user_id is not None and kind != "address"
                await audit.record(
                    beside,
                    "identity.locked",
                    subject="user" if of_user else kind,
                    subject_id=user_id if of_user else name,
                    after={"failures": config.lock_after_failures, "seconds": config.lock_for_s},
                )


async def forgive(ctx: Ctx, user_id: UUID) -> None:
    """Failed attempts at an account are forgotten once its owner is in."""
    await _FORGIVE(ctx.db, user_id)


_LOCKED_UNTIL = value(
    datetime | None, "select max(locked_until) from login_failures where key = any($1) and locked_until > $2"
)
_FAILED = value(
    bool,
    """
    insert into login_failures as f (key, failures, updated_at) values ($1, 1, $2)
    on conflict (key) do update set
      failures = case when f.updated_at < $2 - $4::interval then 1 else f.failures + 1 end,
      locked_until = case when f.updated_at >= $2 - $4::interval and f.failures + 1 >= $3 then $2 + $4::interval end,
      updated_at = $2
    returning locked_until is not null
    """,
)
_FORGIVE = run(
    """
    delete from login_failures
    where key = (select 'account:' || encode(sha256(convert_to(lower(email), 'UTF8')), 'hex') from users where id = $1)
    """
)
_ALONE = run("select pg_advisory_xact_lock(hashtextextended($1, 0))")
_STILL_SO = value(bool | None, "select true from users where id = $1 and password_hash = $2 for no key update")
_REHASH = run("update users set password_hash = $2 where id = $1")
