"""`/domains/known`: asked by the web server in front, before it has a certificate made for a name."""

from typing import Annotated, Any, Final

from litestar import Response, get
from litestar.params import QueryParameter

from stoa.front.sites.hosts import label_of
from stoa.kit.http import CtxDep, access
from stoa.operations.syndication.queries import site_at, site_named

LONGEST: Final = 253


@get("/domains/known", opt=access("public"))
async def known(ctx: CtxDep, domain: Annotated[str, QueryParameter(min_length=1, max_length=LONGEST)]) -> Response[Any]:
    """200 for a name under which a site stands here, or which a site has proved to be its own; else 404."""
    name = domain.lower().rstrip(".")
    label = label_of(ctx.app, name)
    found = await (site_at(ctx, name) if label is None else site_named(ctx, label))
    return Response(content="yes\n" if found else "no\n", status_code=200 if found else 404, media_type="text/plain")


routes = [known]
