"""`/dashboard/team`: who works on a site, who is invited, and who may do what there."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity.types import Email
from stoa.foundation.plans.queries import usage
from stoa.foundation.plans.types import Meter
from stoa.foundation.settings.queries import platform
from stoa.foundation.team import actions, queries
from stoa.foundation.team.errors import AlreadyInvited, AlreadyOnTeam, BeyondYourPermissions
from stoa.foundation.team.policies import access_collaborator, access_site
from stoa.foundation.team.types import (
    ALL,
    GIVEABLE,
    ROLE_PERMISSIONS,
    CollaboratorState,
    CollaboratorView,
    Permission,
    SiteAccess,
    SiteView,
    TeamRole,
)
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, LimitReached, StoaError, TooManyRequests
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import parse_id

HERE = "/dashboard/team"
LIMIT = 50
MATRIX = [(permission, [permission in held for held in (ALL, *ROLE_PERMISSIONS.values())]) for permission in Permission]
OPEN = (CollaboratorState.INVITED, CollaboratorState.EXPIRED)


class InviteForm(msgspec.Struct):
    """Who is invited, and as what."""

    site: UUID
    email: Email
    role: TeamRole
    permissions: list[Permission] = []


class RoleForm(msgspec.Struct):
    """What somebody is on the team."""

    role: TeamRole
    permissions: list[Permission] = []


class PauseForm(msgspec.Struct):
    """Why somebody's access is paused."""

    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


@get(HERE, opt=access("member"))
async def team(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The team of one's own site, or of the one that `site` names; a page that teaches where there is none."""
    sites = await queries.sites(ctx)
    waiting = len(await queries.my_invites(ctx))
    asked = request.query_params.get("site")
    if asked is None and not sites:
        return await page(request, ctx, "account/team_none.html", waiting=waiting, matrix=MATRIX)
    site_id = parse_id(asked) if asked is not None else sites[0].id
    found = await access_site(ctx, site_id or UUID(int=0))
    cursor = request.query_params.get("cursor")
    try:
        people = await queries.team(ctx, found, cursor=cursor, limit=LIMIT)
    except Invalid:
        return see_other(_home(found.id))
    return await page(
        request,
        ctx,
        "account/team.html",
        site=found,
        tabs=site_tabs(sites, found.id, HERE),
        members=[one for one in people.items if one.state not in OPEN],
        invites=[one for one in people.items if one.state in OPEN],
        places=await _places(ctx, found),
        may_invite=found.may(Permission.MANAGE_TEAM),
        waiting=waiting,
        older=address(HERE, site=str(found.id), cursor=people.next_cursor) if people.next_cursor else None,
        newer=_home(found.id) if cursor else None,
        matrix=MATRIX,
    )


def site_tabs(sites: list[SiteView], current: UUID, path: str) -> list[tuple[str, str, bool]]:
    """The way to the other sites, where there are several."""
    tabs = [(address(path, site=str(one.id)), one.title, one.id == current) for one in sites]
    return tabs if len(tabs) > 1 else []


def _home(site_id: UUID) -> str:
    return address(HERE, site=str(site_id))


async def _places(ctx: Ctx, found: SiteAccess) -> tuple[int, int | None] | None:
    """Used and allowed (B4), for the owner, whose plan it is."""
    if not found.is_owner:
        return None
    return next((one.used, one.limit) for one in (await usage(ctx)).meters if one.meter is Meter.COLLABORATORS)


# ---- inviting --------------------------------------------------------------------------------------------------


@get(f"{HERE}/invite", opt=access("member"))
async def invite_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Address, role, and what is given besides; for one's own site, or the one that `site` names."""
    asked = request.query_params.get("site")
    if asked is None:
        sites = [one for one in await queries.sites(ctx) if Permission.MANAGE_TEAM in one.permissions]
        if not sites:
            return see_other(HERE)
        asked = str(sites[0].id)
    found = await access_site(ctx, parse_id(asked) or UUID(int=0), Permission.MANAGE_TEAM)
    return await _invite_page(request, ctx, found, {}, {})


async def _invite_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    found: SiteAccess,
    form: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    return await page(
        request,
        ctx,
        "account/team_invite.html",
        status=status,
        site=found,
        form=form,
        errors=errors,
        choices=found.roles_to_give,
        extras=_extras(found),
        places=await _places(ctx, found),
        days=(await platform(ctx)).team_invite_days,
    )


def _extras(found: SiteAccess) -> list[Permission]:
    """What the actor can give beyond a role."""
    return [one for one in Permission if one in GIVEABLE and found.may_give(frozenset({one}))]


@post(f"{HERE}/invite", opt=access("member"))
async def invite(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Sends the invitation."""
    form = await _fields(request)
    found = await access_site(ctx, parse_id(form.get("site")) or UUID(int=0), Permission.MANAGE_TEAM)
    try:
        given = forms.parse(InviteForm, form, strict=False)
        made = await actions.invite(ctx, found.id, email=given.email, role=given.role, permissions=given.permissions)
    except (Invalid, AlreadyOnTeam, AlreadyInvited, LimitReached, TooManyRequests, BeyondYourPermissions) as error:
        return await _invite_page(request, ctx, found, form, _named(error, "email"), error.status)
    response = see_other(_home(found.id))
    flash.add(request, response, Toast(f"The invitation is on its way to {made.email}.", "good"))
    return response


async def _fields(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The form's fields; those ticked as a list."""
    sent = await request.form()
    return {**dict(sent), "permissions": [text for name, text in sent.multi_items() if name == "permissions"]}


def _named(error: StoaError, field: str) -> dict[str, str]:
    """Errors by the names of the form's fields."""
    if isinstance(error, BeyondYourPermissions):
        return {"permissions": error.detail}
    if not isinstance(error, Invalid):
        return {field: error.detail}
    better = {"email": "This does not look like an e-mail address", "role": "Please choose a role"}
    return {name: better.get(name, message) for name, message in error.fields.items()}


# ---- one of them -----------------------------------------------------------------------------------------------


@get(f"{HERE}/{{collaborator_id:uuid}}", opt=access("member"))
async def member(request: Request[Any, Any, Any], ctx: CtxDep, collaborator_id: Path[UUID]) -> Response[Any]:
    """One person or invitation: role, what they may do, and the ways to change or end it."""
    found, row = await access_collaborator(ctx, collaborator_id)
    return await _member_page(request, ctx, found, queries.seen(ctx, found, row), {})


async def _member_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    found: SiteAccess,
    one: CollaboratorView,
    errors: dict[str, str],
    status: int = 200,
) -> Response[Any]:
    choices = [role for role in TeamRole if role is one.role or role in found.roles_to_give]
    return await page(
        request,
        ctx,
        "account/team_member.html",
        status=status,
        site=found,
        one=one,
        errors=errors,
        choices=choices,
        extras=_extras(found),
        is_open=one.state in OPEN,
        is_over=one.state in (CollaboratorState.DECLINED, CollaboratorState.REVOKED),
        home=_home(found.id),
    )


@post(f"{HERE}/{{collaborator_id:uuid}}", opt=access("member"))
async def change(request: Request[Any, Any, Any], ctx: CtxDep, collaborator_id: Path[UUID]) -> Response[Any]:
    """Another role, or other permissions beyond it."""
    form = await _fields(request)
    try:
        given = forms.parse(RoleForm, form, strict=False)
        if not GIVEABLE.issuperset(given.permissions):
            raise BeyondYourPermissions
        made = await actions.change(ctx, collaborator_id, role=given.role, permissions=given.permissions)
    except (Invalid, BeyondYourPermissions) as error:
        found, row = await access_collaborator(ctx, collaborator_id)
        errors = _named(error, "role")
        return await _member_page(request, ctx, found, queries.seen(ctx, found, row), errors, error.status)
    return _told(request, _home(made.site_id), "Changed. It holds from now on.")


@post(f"{HERE}/{{collaborator_id:uuid}}/resend", opt=access("member"))
async def resend(request: Request[Any, Any, Any], ctx: CtxDep, collaborator_id: Path[UUID]) -> Response[Any]:
    """The invitation once more, with a new link."""
    made = await actions.resend(ctx, collaborator_id)
    return _told(request, _home(made.site_id), "Sent again. The link in the earlier mail no longer works.")


@post(f"{HERE}/{{collaborator_id:uuid}}/deactivate", opt=access("member"))
async def deactivate(request: Request[Any, Any, Any], ctx: CtxDep, collaborator_id: Path[UUID]) -> Response[Any]:
    """Pauses somebody's access, at once."""
    given = forms.parse(PauseForm, dict(await request.form()), strict=False)
    await actions.change(ctx, collaborator_id, is_active=False, reason=given.reason)
    return _told(request, f"{HERE}/{collaborator_id}", "Paused. They can do nothing here until you let them in again.")


@post(f"{HERE}/{{collaborator_id:uuid}}/reactivate", opt=access("member"))
async def reactivate(request: Request[Any, Any, Any], ctx: CtxDep, collaborator_id: Path[UUID]) -> Response[Any]:
    """Ends the pause."""
    await actions.change(ctx, collaborator_id, is_active=True)
    return _told(request, f"{HERE}/{collaborator_id}", "They are back, with the same role.")


@post(f"{HERE}/{{collaborator_id:uuid}}/remove", opt=access("member"))
async def remove(request: Request[Any, Any, Any], ctx: CtxDep, collaborator_id: Path[UUID]) -> Response[Any]:
    """Ends a membership, one's own too, or withdraws an invitation."""
    found, _ = await access_collaborator(ctx, collaborator_id)
    done = await actions.remove(ctx, collaborator_id)
    said = {"left": f"You no longer work on {found.title}.", "withdrawn": "The invitation is withdrawn."}
    return _told(request, HERE if done == "left" else _home(found.id), said.get(done, "They are off the team."))


def _told(request: Request[Any, Any, Any], path: str, text: str) -> Response[Any]:
    response = see_other(path)
    flash.add(request, response, Toast(text, "good"))
    return response


routes = [team, invite_form, invite, member, change, resend, deactivate, reactivate, remove]
