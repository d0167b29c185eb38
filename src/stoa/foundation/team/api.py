"""`/api/v1/sites` and the teams on them: collaborators and invitations."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import QueryParameter
from msgspec import UNSET

from stoa.foundation.team import actions, queries
from stoa.foundation.team.policies import access_collaborator, access_invite, access_site
from stoa.foundation.team.schemas import CollaboratorChange, InviteIn
from stoa.foundation.team.types import CollaboratorState, CollaboratorView, InviteView, Permission, SiteView
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.pagination import Page

InState = Annotated[CollaboratorState | None, QueryParameter(name="state")]  # the plain name is the framework's
_TEAM = "/api/v1/sites/{site_id:uuid}/collaborators"
_ONE = f"{_TEAM}/{{collaborator_id:uuid}}"
_INVITES = "/api/v1/collaborator-invites"


@get("/api/v1/sites", opt=access("member"))
async def my_sites(ctx: CtxDep) -> list[SiteView]:
    """One's own sites, then those one works on, each with one's role and permissions there."""
    return await queries.sites(ctx)


@get(_TEAM, opt=access("member"))
async def list_team(
    ctx: CtxDep, site_id: Path[UUID], in_state: InState = None, cursor: Cursor = None, limit: PageLimit = 20
) -> Page[CollaboratorView]:
    """Who works on a site and who is invited, newest first. Who does not manage the team sees active colleagues."""
    found = await access_site(ctx, site_id)
    return await queries.team(ctx, found, state=in_state, cursor=cursor, limit=limit)


@post(_TEAM, opt=access("member"))
async def invite(ctx: CtxDep, site_id: Path[UUID], data: Body[InviteIn]) -> CollaboratorView:
    """Invites an address by mail. 402 when the owner's plan has no room (B4), 409 when the person is in or invited."""
    extra = [Permission(one) for one in data.permissions]
    return await actions.invite(ctx, site_id, email=data.email, role=data.role, permissions=extra)


@get(_ONE, opt=access("member"))
async def read(ctx: CtxDep, site_id: Path[UUID], collaborator_id: Path[UUID]) -> CollaboratorView:
    """One membership or invitation."""
    found, row = await access_collaborator(ctx, collaborator_id, site_id=site_id)
    return queries.seen(ctx, found, row)


@patch(_ONE, opt=access("member"))
async def change(
    ctx: CtxDep, site_id: Path[UUID], collaborator_id: Path[UUID], data: Body[CollaboratorChange]
) -> CollaboratorView:
    """Changes role, permissions beyond it, and whether the membership holds; at once."""
    return await actions.change(
        ctx,
        collaborator_id,
        site_id=site_id,
        role=data.role,
        permissions=UNSET if data.permissions is UNSET else [Permission(one) for one in data.permissions],
        is_active=data.is_active,
        reason=data.reason,
    )


@delete(_ONE, opt=access("member"))
async def remove(ctx: CtxDep, site_id: Path[UUID], collaborator_id: Path[UUID]) -> None:
    """Ends a membership for good, one's own too, or withdraws an invitation."""
    await actions.remove(ctx, collaborator_id, site_id=site_id)


@post(f"{_ONE}/resend-invite", status_code=200, opt=access("member"))
async def resend(ctx: CtxDep, site_id: Path[UUID], collaborator_id: Path[UUID]) -> CollaboratorView:
    """Sends an invitation again, with a new token; the old one is dead."""
    return await actions.resend(ctx, collaborator_id, site_id=site_id)


@get(_INVITES, opt=access("member"))
async def my_invites(ctx: CtxDep) -> list[InviteView]:
    """What one's confirmed address is invited to. The `id` of an entry stands for its token in the routes below."""
    return await queries.my_invites(ctx)


@get(f"{_INVITES}/{{token:str}}", opt=access("member"))
async def read_invite(ctx: CtxDep, token: Path[str]) -> InviteView:
    """An invitation by the token of its mail, in any state."""
    return queries.invite_view(await access_invite(ctx, token))


@post(f"{_INVITES}/{{token:str}}/accept", status_code=200, opt=access("member"))
async def accept(ctx: CtxDep, token: Path[str]) -> InviteView:
    """Takes the place; only with the account whose confirmed e-mail was invited."""
    return await actions.accept(ctx, token)


@post(f"{_INVITES}/{{token:str}}/decline", status_code=200, opt=access("member"))
async def decline(ctx: CtxDep, token: Path[str]) -> InviteView:
    """Turns an invitation down."""
    return await actions.decline(ctx, token)


routes = [
    my_sites,
    list_team,
    invite,
    read,
    change,
    remove,
    resend,
    my_invites,
    read_invite,
    accept,
    decline,
]
