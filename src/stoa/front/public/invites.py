"""`/invites`: what one is invited to, and each invitation by its mail's link, with an account or on the way to one."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get, post

from stoa.foundation.team import actions
from stoa.foundation.team.errors import AlreadyOnTeam, EmailNotVerified, InviteOver, NoSuchInvite
from stoa.foundation.team.policies import access_invite
from stoa.foundation.team.queries import address_of, invite_view, my_invites
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.front.public.recovery import secretive
from stoa.kit.ctx import Ctx
from stoa.kit.errors import StoaError
from stoa.kit.http import CtxDep, Path, access

HERE = "/invites"


@get(HERE, opt=access("member"))
async def invites(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """All that wait for one's answer."""
    return await page(request, ctx, "account/invites.html", invites=await my_invites(ctx))


@get(f"{HERE}/{{token:str}}", opt=access("public"))
async def invite(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """One invitation, with what is to be done next: answer it, confirm one's address, log in, or make an account."""
    return await _invite_page(request, ctx, token)


async def _invite_page(
    request: Request[Any, Any, Any], ctx: Ctx, token: str, refused: StoaError | None = None
) -> Response[Any]:
    """`for` of the address comes from the mail's own link: the page never tells whom an invitation was sent to."""
    path = f"{HERE}/{quote(token, safe='')}"
    try:
        row = await access_invite(ctx, token)
    except NoSuchInvite:
        status = 409 if refused is None else refused.status  # looking is no mistake
        return secretive(await page(request, ctx, "public/invite_none.html", status=status))
    mine = await address_of(ctx, ctx.actor.id) if ctx.actor else None
    asked = request.query_params.get("for", "")
    response = await page(
        request,
        ctx,
        "public/invite.html",
        status=refused.status if refused else 200,
        invite=invite_view(row),
        is_verified=mine is not None and mine.is_verified,
        path_here=path,
        register=address("/register", next=path, email=asked[:254]),
        refused=refused.detail if refused else None,
    )
    return secretive(response)


@post(f"{HERE}/{{token:str}}/accept", opt=access("member"))
async def accept(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """Takes the place."""
    try:
        done = await actions.accept(ctx, token)
    except (NoSuchInvite, InviteOver, EmailNotVerified, AlreadyOnTeam) as error:
        return await _invite_page(request, ctx, token, error)
    response = see_other(address("/dashboard/team", site=str(done.site_id)))
    flash.add(request, response, Toast(f"You work on {done.site_title} now.", "good"))
    return response


@post(f"{HERE}/{{token:str}}/decline", opt=access("member"))
async def decline(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[Any]:
    """Turns it down."""
    try:
        done = await actions.decline(ctx, token)
    except (NoSuchInvite, InviteOver) as error:
        return await _invite_page(request, ctx, token, error)
    response = see_other(HERE)
    flash.add(request, response, Toast(f"You have declined to work on {done.site_title}."))
    return response


routes = [invites, invite, accept, decline]
