"""Stoory's registration and log-in; their paths are also Synctale's, see `compat.joint`."""

import dataclasses
import re
from uuid import UUID

from anyascii import anyascii

from stoa.compat import registering
from stoa.compat.stoory.bodies import CodeSentOut, LoginIn, RegisterIn, SignedInOut, User, user_of
from stoa.compat.token import seven_day_token
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.policies import is_kept, read_phone
from stoa.foundation.identity.queries import name_is_kept, phone_of
from stoa.foundation.people.queries.account import account
from stoa.kit.ctx import Actor, Ctx
from stoa.kit.db import Statement, value
from stoa.kit.ids import new_id

_EMAIL_OF_PHONE: Statement[str | None] = value(str | None, "select email from users where phone = $1")
_USERNAME: Statement[str | None] = value(str | None, "select username from users where id = $1")
MAX_BASE = 40


async def register(ctx: Ctx, data: RegisterIn) -> SignedInOut:
    """A new account; a code is on its way to the phone, which opens nothing before it is confirmed."""
    phone = read_phone(data.phone)
    username = await _free_username(ctx, data.name)
    user, acting = await registering.register(
        ctx, username=username, email=data.email, password=data.password, name=data.name, role=data.role
    )
    await identity.phone.change_phone(acting, phone=phone, password=data.password)
    token = await seven_day_token(acting, user.id, by="registration")
    message = "Registration successful. A code is on its way to your phone"
    return SignedInOut(success=True, message=message, user=await own(acting), token=token)


async def login(ctx: Ctx, data: LoginIn) -> SignedInOut | CodeSentOut:
    """By a code, by a password, or, with neither, has a code sent. No answer tells whose phone it is."""
    if data.code is not None:
        user_id = await identity.phone.verify_code(ctx, data.phone, data.code)
        return await _signed_in(ctx, user_id, by="phone")
    if data.password is not None:
        phone = read_phone(data.phone)
        # A phone that nobody has is tried as an address that nobody has: the same work, the same counts.
        row = await identity.check_login(
            ctx, email=await _EMAIL_OF_PHONE(ctx.db, phone) or phone, password=data.password
        )
        return await _signed_in(ctx, row.id, by="password")
    phone = await identity.phone.request_code(ctx, data.phone)
    return CodeSentOut(
        success=True, message="If there is an account with this phone, a code is on its way", phone=phone
    )


async def _signed_in(ctx: Ctx, user_id: UUID, *, by: identity.Way) -> SignedInOut:
    await identity.enter(ctx, user_id, by=by)
    username = await _USERNAME(ctx.db, user_id)
    acting = dataclasses.replace(ctx, actor=Actor(user_id, username or "", frozenset()))
    token = await seven_day_token(acting, user_id, by=by)
    return SignedInOut(success=True, message="Login successful", user=await own(acting), token=token)


async def own(ctx: Ctx) -> User:
    """The actor in Stoory's words."""
    return user_of(await account(ctx), await phone_of(ctx))


async def _free_username(ctx: Ctx, name: str) -> str:
    """A name for the account out of the name of its person: Jane Doe is jane-doe, or jane-doe-3f2a1b."""
    base = re.sub(r"[^a-z0-9]+", "-", anyascii(name).lower())[:MAX_BASE].strip("-")
    if len(base) >= 3 and not is_kept(base) and not await name_is_kept(ctx, base):
        return base
    return f"{base or 'person'}-{new_id().hex[-6:]}"
