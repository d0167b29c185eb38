"""Passkeys (I4): a log-in with nothing to type, and a second factor."""

from typing import Any
from uuid import UUID

from litestar import delete, get, patch, post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.actions.passkeys import PasskeyAdded
from stoa.foundation.identity.api.session import open_session
from stoa.foundation.identity.schemas import MfaOut, PasskeyIn, PasskeyLoginIn, PasskeyNameIn, ProveIn, SignedInOut
from stoa.foundation.identity.types import PasskeyView
from stoa.kit.http import Body, CtxDep, Path, access


@get("/api/v1/auth/passkeys", opt=access("member"))
async def list_passkeys(ctx: CtxDep) -> list[PasskeyView]:
    """One's passkeys, in the order in which they were added."""
    return await queries.passkeys(ctx)


@post("/api/v1/auth/passkeys/options", status_code=200, opt=access("member", limit="auth", write=False))
async def adding_options(ctx: CtxDep, data: Body[ProveIn]) -> dict[str, Any]:
    """What `navigator.credentials.create` takes. Needs the password, or a second factor of the last ten minutes."""
    return await actions.passkeys.begin_adding(ctx, password=data.password)


@post("/api/v1/auth/passkeys", opt=access("member", limit="auth"))
async def add_passkey(ctx: CtxDep, data: Body[PasskeyIn]) -> PasskeyAdded:
    """Keeps the passkey that was made by these options. With the first second factor come ten backup codes."""
    return await actions.passkeys.add(ctx, data.credential, name=data.name)


@patch("/api/v1/auth/passkeys/{passkey_id:uuid}", opt=access("member"))
async def rename_passkey(ctx: CtxDep, passkey_id: Path[UUID], data: Body[PasskeyNameIn]) -> PasskeyView:
    """Another name for it."""
    return await actions.passkeys.rename(ctx, passkey_id, data.name)


@delete("/api/v1/auth/passkeys/{passkey_id:uuid}", status_code=200, opt=access("member"))
async def remove_passkey(ctx: CtxDep, passkey_id: Path[UUID]) -> MfaOut:
    """Takes it off; needs a second factor of the last ten minutes. The only way in stays (`last_way_in`)."""
    return MfaOut(await actions.passkeys.remove(ctx, passkey_id))


@post("/api/v1/auth/passkeys/login/options", status_code=200, opt=access("public", write=False))
async def login_options(ctx: CtxDep) -> dict[str, Any]:
    """What `navigator.credentials.get` takes to log in with a passkey alone."""
    return actions.passkeys.log_in_options(ctx)


@post("/api/v1/auth/passkeys/login", status_code=200, opt=access("public", limit="auth"))
async def log_in(ctx: CtxDep, data: Body[PasskeyLoginIn]) -> SignedInOut:
    """A new session for whoever this passkey belongs to."""
    user_id = await actions.passkeys.log_in(ctx, data.credential)
    return await open_session(ctx, user_id, by="passkey", second_factor=True)


routes = [list_passkeys, adding_options, add_passkey, rename_passkey, remove_passkey, login_options, log_in]
