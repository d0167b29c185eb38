"""`/dashboard/account/sessions`: where the account is signed in, and the ways to end that."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.foundation.identity import actions, queries
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.kit.http import CtxDep, Path, access

HERE = "/dashboard/account/sessions"
KINDS = {"page": "a browser", "api": "an app", "legacy": "an app"}


@get(HERE, opt=access("member"))
async def sessions_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The session that asks first, then the others, newest first."""
    found = sorted(await queries.sessions(ctx), key=lambda session: not session.is_current)
    return await page(request, ctx, "account/sessions.html", sessions=found, kinds=KINDS)


@post(HERE + "/{session_id:uuid}/end", opt=access("member"))
async def end_session(request: Request[Any, Any, Any], ctx: CtxDep, session_id: Path[UUID]) -> Response[Any]:
    """Ends one; every token and page of it is out at once. 404 for somebody else's, and for one that has ended."""
    await actions.end_session(ctx, session_id, reason="ended by its owner")
    response = see_other("/login" if session_id == ctx.member.session_id else HERE)
    flash.add(request, response, flash.Toast("That session has ended.", "good"))
    return response


@post(HERE + "/end-others", opt=access("member"))
async def end_others(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Ends all sessions but this one."""
    me = ctx.member
    ended = await actions.end_other_sessions(ctx, me.id, keep=me.session_id, reason="ended by its owner")
    response = see_other(HERE)
    text = {0: "There was no other session.", 1: "The other session has ended."}
    flash.add(request, response, flash.Toast(text.get(ended, f"The {ended} other sessions have ended."), "good"))
    return response


routes = [sessions_page, end_session, end_others]
