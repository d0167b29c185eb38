"""`/dashboard/sites`: one's sites and those one works on, the trash, and a new one in three steps on a page."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.sites.actions import create_site, delete_site, restore_site
from stoa.creation.sites.queries import deleted_sites
from stoa.creation.sites.types import KEPT_DAYS, MAX_SITES
from stoa.creation.sites.types.themes import CATEGORIES, DEFAULT, THEMES
from stoa.foundation.team.errors import SiteSlugTaken
from stoa.foundation.team.queries import sites
from stoa.front.languages import language_choices
from stoa.front.page import page
from stoa.front.studio.sites.desk import ONE, SITES, named, opened, said, texts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Forbidden, Invalid
from stoa.kit.http import CtxDep, Path, access

BLANK: Final = {"title": "", "slug": "", "tagline": "", "language": "en", "theme": DEFAULT, "is_public": "on"}


@get(SITES, opt=access("member"))
async def my_sites(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """All sites that the actor owns or works on; below them what can still be put back (S5)."""
    return await page(
        request,
        ctx,
        "studio/sites/list.html",
        sites=await sites(ctx),
        deleted=await deleted_sites(ctx),
        kept_days=KEPT_DAYS,
        most=MAX_SITES,
    )


@get(f"{SITES}/new", opt=access("member"))
async def new_form(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """What a new site is called, how it looks, and whether it opens at once."""
    return await _new(request, ctx, BLANK, {})


async def _new(
    request: Request[Any, Any, Any], ctx: Ctx, typed: dict[str, str], errors: dict[str, str], status: int = 200
) -> Response[Any]:
    return await page(
        request,
        ctx,
        "studio/sites/new.html",
        status=status,
        rail_path=SITES,
        typed=typed,
        errors=errors,
        themes=list(THEMES.values()),
        kinds=CATEGORIES,
        languages=language_choices(typed.get("language", "en")),
    )


@post(f"{SITES}/new", opt=access("member", limit="write"))
async def make(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Makes it, and shows what to do next."""
    sent: dict[str, str] = {}
    try:
        sent = texts(await request.form())
        made = await create_site(
            ctx,
            title=sent.get("title", ""),
            slug=sent.get("slug", "").strip().lower() or None,
            tagline=sent.get("tagline", ""),
            language=sent.get("language") or "en",
            theme=sent.get("theme") or DEFAULT,
            is_public=bool(sent.get("is_public")),
        )
    except (Invalid, Conflict) as error:
        wrong = named(error, "slug" if isinstance(error, SiteSlugTaken) else "title")
        typed = {name: sent.get(name, "") for name in BLANK}
        return await _new(request, ctx, typed, wrong, error.status)
    return said(request, f"{SITES}/{made.id}", "Your site stands. What makes it yours comes next.")


@get(f"{ONE}/delete", opt=access("member"))
async def delete_form(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Asks once more, and says what becomes of what stands there."""
    there, site = await opened(ctx, site_id)
    if not there.is_owner:
        raise Forbidden("Only the owner deletes a site")
    return await page(request, ctx, "studio/sites/delete.html", site=site, there=there, kept_days=KEPT_DAYS)


@post(f"{ONE}/delete", opt=access("member"))
async def delete(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Puts it into the trash for 30 days."""
    gone = await delete_site(ctx, site_id)
    return said(request, SITES, f"“{gone.title}” is in the trash. For {KEPT_DAYS} days you can put it back.")


@post(f"{ONE}/restore", opt=access("member"))
async def restore(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Takes it back out, with all that stood in it."""
    back = await restore_site(ctx, site_id)
    return said(request, f"{SITES}/{back.id}", "It is back, with all that stood in it.")


routes = [my_sites, new_form, make, delete_form, delete, restore]
