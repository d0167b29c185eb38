"""`/dashboard/sites/{id}`: how the site stands, and what would make it more of one's own."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.serials.queries.series import own_series
from stoa.creation.sites.actions import lift_suspension, suspend_site
from stoa.creation.sites.types import SiteDetail
from stoa.foundation.team.types import Permission
from stoa.front.studio.sites.desk import ONE, SITES, named, opened, said, site_page, texts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.operations.syndication.queries import site_entries

NEWEST = 5


def steps_of(site: SiteDetail) -> list[tuple[str, str, str, bool]]:
    """What makes a site: (what, why, where, whether it is done)."""
    return [
        ("Choose a theme", "Eight looks that differ in paper, type and layout.", "theme", site.theme != "stoa"),
        ("Show a logo or a cover", "A picture is what people remember.", "branding", bool(site.logo or site.cover)),
        ("Say what it is about", "A line below the name, and a few sentences.", "settings", bool(site.description)),
        ("Begin a series", "What you publish stands on the shelf by itself.", "series", site.series_count > 0),
        ("Write a page", "About you, how to reach you, what comes next.", "pages", site.pages_count > 0),
        ("Be found", "What search engines and shared links say of it.", "seo", bool(site.meta_description)),
    ]


@get(ONE, opt=access("member"))
async def overview(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """The site at a glance."""
    return await _show(request, ctx, site_id)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    site_id: UUID,
    *,
    typed: str = "",
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    there, site = await opened(ctx, site_id)
    shelf = await own_series(ctx, there, limit=NEWEST) if there.may(Permission.READ_DRAFTS) else None
    newest = await site_entries(ctx, site.id)
    return await site_page(
        request,
        ctx,
        there,
        site,
        "overview",
        status=status,
        steps=steps_of(site) if there.may(Permission.MANAGE_SETTINGS) else [],
        shelf=shelf.items if shelf else [],
        newest=newest[:NEWEST],
        typed=typed,
        errors=errors or {},
    )


@post(f"{ONE}/suspend", opt=access("staff"))
async def suspend(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Staff closes a site, and tells its owner why."""
    reason = ""
    try:
        reason = texts(await request.form()).get("reason", "")
        await suspend_site(ctx, site_id, reason=reason)
    except Invalid as error:
        return await _show(request, ctx, site_id, typed=reason, errors=named(error), status=error.status)
    return said(request, f"{SITES}/{site_id}", "The site is closed. Its owner sees the reason.")


@post(f"{ONE}/lift", opt=access("staff"))
async def lift(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Staff opens it again, as far as its owner has it open."""
    await lift_suspension(ctx, site_id)
    return said(request, f"{SITES}/{site_id}", "The suspension is lifted.")


routes = [overview, suspend, lift]
