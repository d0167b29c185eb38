"""A domain of a site's own."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post
from litestar.params import QueryParameter

from stoa.creation.sites import actions
from stoa.creation.sites.policies.domains import host_of, view_of
from stoa.creation.sites.queries.domains import is_known
from stoa.creation.sites.schemas import CertificateOut, DomainIn, KnownOut
from stoa.creation.sites.types import DnsRecord, DomainView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Path, access
from stoa.kit.http.lending import lending_of

_DOMAIN = "/api/v1/sites/{site_id:uuid}/domain"


async def _view(ctx: Ctx, site_id: UUID) -> DomainView:
    return view_of(await actions.domain_question(ctx, site_id), ctx.app.settings)


@get(_DOMAIN, opt=access("member"))
async def read(ctx: CtxDep, site_id: Path[UUID]) -> DomainView:
    """A site's domain, and what the last look at it found. 404 while it has none."""
    return await _view(ctx, site_id)


@post(_DOMAIN, status_code=200, opt=access("member", limit="write"))
async def claim(ctx: CtxDep, site_id: Path[UUID], data: Body[DomainIn]) -> DomainView:
    """Claims a domain, instead of the one there is; it leads here once one of its records is found."""
    return await actions.set_domain(ctx, site_id, data.domain)


@delete(_DOMAIN, opt=access("member"))
async def remove(ctx: CtxDep, site_id: Path[UUID]) -> None:
    """Gives the domain up."""
    await actions.remove_domain(ctx, site_id)


@post(f"{_DOMAIN}/verify", status_code=200, opt=access("member", limit="write", gated=False))
async def verify(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> DomainView:
    """Asks the DNS now, and looks at the certificate: see `state` and `problem` of the answer."""
    question = await actions.domain_question(ctx, site_id)
    lending = lending_of(request.scope)
    look = await lending.outside(actions.look_at(question))
    return await actions.note_look(await lending.ctx(), question, look)


@get(f"{_DOMAIN}/dns-records", opt=access("member"))
async def records(ctx: CtxDep, site_id: Path[UUID]) -> list[DnsRecord]:
    """What is to be set where the domain is managed."""
    return (await _view(ctx, site_id)).records


@get(f"{_DOMAIN}/ssl-status", opt=access("member"))
async def certificate(ctx: CtxDep, site_id: Path[UUID]) -> CertificateOut:
    """What browsers found at the domain when it was last looked at."""
    found = await _view(ctx, site_id)
    return CertificateOut(
        found.domain,
        found.certificate_state,
        found.certificate_expires_at,
        found.certificate_checked_at,
        found.problem,
    )


@get("/api/v1/domains/known", opt=access("public", limit="none"))
async def known(ctx: CtxDep, domain: Annotated[str, QueryParameter(max_length=300)]) -> KnownOut:
    """For a proxy that gets certificates when they are first needed: whether this name is one of ours, else 404."""
    name = domain.lower().rstrip(".")
    host = host_of(ctx.app.settings)
    label = name.removesuffix(f".{host}") if name.endswith(f".{host}") else ""
    if not storable(name) or not (name == host or await is_known(ctx, name, label)):
        raise NotFound("There is no site at this name")
    return KnownOut(name)


routes = [known, read, claim, remove, verify, records, certificate]
