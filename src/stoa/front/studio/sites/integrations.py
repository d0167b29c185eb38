"""`/dashboard/sites/{id}/integrations/verify`: whether a service that counts visits knows the site's id there."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post

from stoa.creation.sites import actions
from stoa.front.studio.sites.desk import ONE, SITES, named, said, texts
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.lending import lending_of

KINDS = ("google_analytics", "facebook_pixel", "plausible")


@post(f"{ONE}/integrations/verify", opt=access("member", limit="write", gated=False))
async def verify(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Asks the service."""
    here, kind = f"{SITES}/{site_id}/integrations", texts(await request.form()).get("kind", "")
    if kind not in KINDS:
        raise Invalid(fields={"kind": f"One of {', '.join(KINDS)}"})
    try:
        question = await actions.integration_question(ctx, site_id, kind)
    except Invalid as error:
        return said(request, here, next(iter(named(error).values())), "warn")
    found = await lending_of(request.scope).outside(actions.ask(question))
    return said(request, here, found.message, "good" if found.ok else "warn", seconds=12)


routes = [verify]
