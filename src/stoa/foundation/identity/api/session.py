"""Register, log in, refresh, log out, me, sessions."""

from uuid import UUID

from litestar import delete, get, post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.errors import SessionOver
from stoa.foundation.identity.queries import SessionView
from stoa.foundation.identity.schemas import LoginIn, MeOut, RefreshIn, RegisterIn, SignedInOut
from stoa.foundation.identity.types import Tokens, UserRow
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Path, access


def _me(user: UserRow) -> MeOut:
    return MeOut(id=user.id, username=user.username, email=user.email, roles=user.roles, is_verified=user.is_verified)


def signed_in(user: UserRow, tokens: Tokens) -> SignedInOut:
    """The answer of every log-in."""
    return SignedInOut(
        user=_me(user),
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_type="Bearer",
        expires_in_s=tokens.expires_in_s,
        refresh_expires_in_s=tokens.refresh_expires_in_s,
    )


async def open_session(ctx: Ctx, user_id: UUID, *, by: actions.Way, second_factor: bool = False) -> SignedInOut:
    """A session for whoever the door let in."""
    tokens = await actions.open_api_session(ctx, user_id, by=by, second_factor=second_factor)
    user = await queries.user_by_id(ctx, user_id)
    if user is None:
        raise NotFound
    return signed_in(user, tokens)


async def _current(ctx: Ctx) -> UserRow:
    user = await queries.user_by_id(ctx, ctx.member.id)
    if user is None:
        raise SessionOver
    return user


@post("/api/v1/auth/register", opt=access("public", limit="auth"))
async def register(ctx: CtxDep, data: Body[RegisterIn]) -> SignedInOut:
    """A new account, signed in."""
    user = await actions.register(ctx, username=data.username, email=data.email, password=data.password)
    tokens = await actions.open_api_session(ctx, user.id, by="registration")
    return signed_in(user, tokens)


@post("/api/v1/auth/login", status_code=200, opt=access("public", limit="auth"))
async def login(ctx: CtxDep, data: Body[LoginIn]) -> SignedInOut:
    """A new session for these credentials. 401 `mfa_required` hands out a challenge where a second factor is set up."""
    row = await actions.check_login(ctx, email=data.email, password=data.password)
    await actions.enter(ctx, row.id, by="password")
    return await open_session(ctx, row.id, by="password")


@post("/api/v1/auth/refresh", status_code=200, opt=access("public", limit="auth"))
async def refresh(ctx: CtxDep, data: Body[RefreshIn]) -> Tokens:
    """A fresh pair of tokens; the old refresh token is used up."""
    return await actions.refresh(ctx, data.refresh_token)


@post("/api/v1/auth/logout", status_code=204, opt=access("member"))
async def logout(ctx: CtxDep) -> None:
    """Ends the session of this token."""
    if ctx.member.session_id is not None:
        await actions.end_session(ctx, ctx.member.session_id, reason="logged out")


@post("/api/v1/auth/logout-all", status_code=204, opt=access("member"))
async def logout_all(ctx: CtxDep) -> None:
    """Ends all sessions of the account, this one too."""
    await actions.end_all_sessions(ctx, reason="logged out everywhere")


@get("/api/v1/auth/me", opt=access("member"))
async def me(ctx: CtxDep) -> MeOut:
    """Who is signed in."""
    return _me(await _current(ctx))


@get("/api/v1/auth/sessions", opt=access("member"))
async def sessions(ctx: CtxDep) -> list[SessionView]:
    """Where the account is signed in, newest first."""
    return await queries.sessions(ctx)


@delete("/api/v1/auth/sessions/{session_id:uuid}", opt=access("member"))
async def end_session(ctx: CtxDep, session_id: Path[UUID]) -> None:
    """Ends one session of the account."""
    await actions.end_session(ctx, session_id, reason="ended by its owner")


routes = [register, login, refresh, logout, logout_all, me, sessions, end_session]
