"""`/dashboard/sites/{id}/domain`: a domain of one's own: claimed, proved by its DNS, with a certificate."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.sites import actions
from stoa.creation.sites.errors import DomainTaken
from stoa.creation.sites.policies.domains import view_of
from stoa.creation.sites.queries.domains import domain_row
from stoa.creation.sites.types import CertificateState, DomainState, SiteDetail
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front.studio.sites.desk import ONE, SITES, named, opened, said, site_page, texts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.lending import lending_of

STATES = {
    DomainState.PENDING: ("Not proved yet", "warn"),
    DomainState.VERIFIED: ("Proved", "good"),
    DomainState.FAILED: ("No longer proved", "bad"),
}
CERTIFICATES = {
    CertificateState.NONE: ("Not looked for yet", ""),
    CertificateState.PENDING: ("On its way", "warn"),
    CertificateState.ACTIVE: ("Valid", "good"),
    CertificateState.EXPIRED: ("Run out", "bad"),
    CertificateState.FAILED: ("Not trusted by browsers", "bad"),
}


@get(f"{ONE}/domain", opt=access("member"))
async def domain_page(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """The domain there is, with the records that prove it, or where to name one."""
    there, site = await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
    return await _show(request, ctx, there, site)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: SiteAccess,
    site: SiteDetail,
    *,
    typed: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    row = await domain_row(ctx, site.id)
    return await site_page(
        request,
        ctx,
        there,
        site,
        "domain",
        status=status,
        domain=view_of(row, ctx.app.settings) if row else None,
        domain_states=STATES,
        certificates=CERTIFICATES,
        typed=typed,
        errors=errors or {},
    )


@post(f"{ONE}/domain", opt=access("member", limit="write"))
async def set_domain(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Claims a domain; nothing leads there before it is proved."""
    there, site = await opened(ctx, site_id, Permission.MANAGE_SETTINGS)
    typed = ""
    try:
        typed = texts(await request.form()).get("domain", "")
        await actions.set_domain(ctx, site_id, typed)
    except (Invalid, DomainTaken) as error:
        wrong = named(error, "domain")
        return await _show(request, ctx, there, site, typed=typed, errors=wrong, status=error.status)
    return said(request, f"{SITES}/{site_id}/domain", "Now set one of the records below where you bought the domain.")


@post(f"{ONE}/domain/verify", opt=access("member", limit="write", gated=False))
async def verify(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Looks at the DNS now."""
    question = await actions.domain_question(ctx, site_id)
    lending = lending_of(request.scope)
    found = await lending.outside(actions.look_at(question))
    try:
        seen = await actions.note_look(await lending.ctx(), question, found)
    except DomainTaken as error:
        return said(request, f"{SITES}/{site_id}/domain", error.detail, "bad")
    here = f"{SITES}/{site_id}/domain"
    if seen.state is DomainState.VERIFIED and seen.failing_since is None:
        return said(request, here, f"{seen.domain} is yours. It leads to your site from now on.")
    wrong = seen.problem or "Nothing answered. Please try again in a few minutes."
    return said(request, here, wrong, "warn", seconds=12)


@post(f"{ONE}/domain/remove", opt=access("member"))
async def remove(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Gives it up; the site stays at its address on the platform."""
    await actions.remove_domain(ctx, site_id)
    return said(request, f"{SITES}/{site_id}/domain", "The domain no longer leads to your site.")


routes = [domain_page, set_domain, verify, remove]
