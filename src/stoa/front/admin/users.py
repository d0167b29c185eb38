"""`/admin/users`: people's accounts. Each decision has a page of its own that says what it does and asks why (I8)."""

from datetime import timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.audit import queries as audit
from stoa.foundation.audit.types import Filter, label
from stoa.foundation.identity import actions
from stoa.foundation.identity.types import Role, Status
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, text
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import ADMIN_ROLES, Actor, Ctx
from stoa.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.operations.admin.queries import people
from stoa.operations.admin.types import PersonDetail

SPANS: Final = (
    ("1", "A day"),
    ("3", "Three days"),
    ("7", "A week"),
    ("14", "Two weeks"),
    ("30", "Thirty days"),
    ("90", "Ninety days"),
    ("0", "Until somebody reinstates them"),
)


class ReasonForm(msgspec.Struct):
    """Why, in words the person reads."""

    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class SuspendForm(ReasonForm):
    """For how many days; 0 has no end."""

    days: Annotated[int, msgspec.Meta(ge=0, le=3650)]


class RoleForm(ReasonForm):
    """`grant:moderator` or `revoke:moderator`."""

    role: Annotated[str, msgspec.Meta(pattern=r"^(grant|revoke):[a-z_]+$(?!\n)")]


def allowed(actor: Actor, person: PersonDetail) -> tuple[str, ...]:
    """The decisions an administrator has about somebody; the actions themselves ask again."""
    about_admin = not ADMIN_ROLES.isdisjoint(person.roles)
    if (
        actor.id == person.id
        or person.status == Status.DELETED
        or (about_admin and Role.SUPER_ADMIN not in actor.roles)
    ):
        return ()
    first = {Status.SUSPENDED: ("reinstate", "suspend", "ban"), Status.BANNED: ("reinstate",)}
    return (*first.get(Status(person.status), ("suspend", "ban")), "roles")


def role_choices(actor: Actor, person: PersonDetail) -> list[tuple[str, str]]:
    """What can be given and taken, as the choices of a form."""
    given = [role for role in Role if role is not Role.READER]
    if Role.SUPER_ADMIN not in actor.roles:
        given = [role for role in given if role not in ADMIN_ROLES]
    return [
        (f"revoke:{role}", f"Take: {role.replace('_', ' ')}")
        if role in person.roles
        else (f"grant:{role}", f"Give: {role.replace('_', ' ')}")
        for role in given
    ]


@get("/admin/users", opt=access("admin"))
async def list_users(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Accounts, newest first, by name, e-mail or id, role and status."""
    query, status, role = (
        text(request, "q"),
        choice(request, "status", list(Status)),
        choice(request, "role", list(Role)),
    )
    found = await people.people(ctx, query=query, status=status, role=role, cursor=request.query_params.get("cursor"))
    return await page(
        request,
        ctx,
        "admin/users.html",
        people=found.items,
        roles=list(Role),
        states=list(Status),
        chosen={"q": query, "status": status, "role": role},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/users/{user_id:uuid}", opt=access("admin"))
async def show_user(request: Request[Any, Any, Any], ctx: CtxDep, user_id: Path[UUID]) -> Response[str]:
    """One account: what it is, where it is signed in, what its status was, what was done to it."""
    person = await people.person(ctx, user_id)
    about = await audit.events(ctx, Filter(subject="user", subject_id=str(user_id)), limit=20)
    return await page(
        request,
        ctx,
        "admin/user.html",
        person=person,
        sessions=await people.sessions_of(ctx, user_id),
        history=await people.status_history(ctx, user_id),
        events=about.items,
        more_events=about.next_cursor is not None,
        label=label,
        decisions=allowed(ctx.member, person),
    )


@get("/admin/users/{user_id:uuid}/{decision:str}", opt=access("admin"))
async def ask(request: Request[Any, Any, Any], ctx: CtxDep, user_id: Path[UUID], decision: Path[str]) -> Response[str]:
    """What a decision will do, and the question why."""
    person = await people.person(ctx, user_id)
    if decision not in ("suspend", "ban", "reinstate", "roles"):
        raise NotFound
    if decision not in allowed(ctx.member, person):
        raise Forbidden
    return await _ask(request, ctx, person, decision)


async def _ask(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    person: PersonDetail,
    decision: str,
    *,
    given: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    return await page(
        request,
        ctx,
        "admin/user_decision.html",
        status=status,
        person=person,
        decision=decision,
        spans=SPANS,
        role_choices=role_choices(ctx.member, person),
        given=given or {},
        errors=errors or {},
    )


@post("/admin/users/{user_id:uuid}/{decision:str}", opt=access("admin"))
async def decide(
    request: Request[Any, Any, Any], ctx: CtxDep, user_id: Path[UUID], decision: Path[str]
) -> Response[Any]:
    """Does it."""
    person = await people.person(ctx, user_id)
    form = {name: str(value) for name, value in dict(await request.form()).items()}
    back = see_other(f"/admin/users/{user_id}")
    try:
        said = await _decide(ctx, person, decision, form)
    except Invalid as error:
        return await _ask(request, ctx, person, decision, given=form, errors=error.fields, status=error.status)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    flash.add(request, back, flash.Toast(said, "good"))
    return back


async def _decide(ctx: Ctx, person: PersonDetail, decision: str, form: dict[str, str]) -> str:
    who = f"@{person.username}"
    match decision:
        case "suspend":
            suspended = forms.parse(SuspendForm, form, strict=False)
            until = ctx.now + timedelta(days=suspended.days) if suspended.days else None
            await actions.suspend(ctx, person.id, reason=suspended.reason, until=until)
            return f"{who} is suspended. All their sessions have ended."
        case "ban":
            await actions.ban(ctx, person.id, reason=forms.parse(ReasonForm, form, strict=False).reason)
            return f"{who} is banned. All their sessions have ended, and what they made is hidden."
        case "reinstate":
            await actions.reinstate(ctx, person.id, reason=forms.parse(ReasonForm, form, strict=False).reason)
            return f"{who} may come in again."
        case "roles":
            asked = forms.parse(RoleForm, form, strict=False)
            change, _, name = asked.role.partition(":")
            if name not in list(Role):
                raise Invalid(fields={"role": "There is no such role"})
            act = actions.grant_role if change == "grant" else actions.revoke_role
            changed = await act(ctx, person.id, Role(name), reason=asked.reason)
            verb = "has" if change == "grant" else "no longer has"
            return f"{who} {verb} the role {name.replace('_', ' ')}." if changed else "Nothing had to change."
        case _:
            raise NotFound


routes = [list_users, show_user, ask, decide]
