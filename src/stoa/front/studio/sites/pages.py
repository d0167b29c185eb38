"""`/dashboard/sites/{id}/pages` and `/navigation`: the site's own pages, written, published, put in order."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.sites import actions
from stoa.creation.sites.policies.pages import access_page
from stoa.creation.sites.queries import site_pages
from stoa.creation.sites.types import BODY_MAX, MAX_NAV, MAX_PAGES, NavEntry, SiteDetail, SitePage
from stoa.creation.sites.types.changes import PageChange
from stoa.creation.works.errors import EditConflict, TextRefused
from stoa.creation.works.types import State
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front.studio.sites.desk import ONE, SITES, named, number, opened, said, site_page, texts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, StoaError
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import parse_id

PAGES: Final = f"{ONE}/pages"
PAGE: Final = f"{PAGES}/{{page_id:uuid}}"
BLANK: Final = {"title": "", "slug": "", "body_markdown": "", "nav_label": "", "meta_title": "", "meta_description": ""}
SHOWN: Final = {
    "draft": ("Draft", ""),
    "published": ("Published", "good"),
    "in_review": ("In review", "warn"),
    "unpublished": ("Taken back", ""),
    "refused": ("Refused", "bad"),
    "withheld": ("Withheld", "bad"),
}
LIVE: Final = (State.PUBLISHED, State.IN_REVIEW)


@get(PAGES, opt=access("member"))
async def page_list(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """All pages, in the order of the navigation."""
    there, site = await opened(ctx, site_id, Permission.READ_DRAFTS)
    found = await site_pages(ctx, there)
    return await site_page(request, ctx, there, site, "pages", pages=found, shown=SHOWN, most=MAX_PAGES)


@get(f"{PAGES}/new", opt=access("member"))
async def new_form(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """An empty page."""
    there, site = await opened(ctx, site_id, Permission.EDIT_CONTENT)
    title = "About" if request.query_params.get("like") == "about" else ""
    return await _editor(request, ctx, there, site, None, BLANK | {"title": title, "slug": title.lower()})


@get(f"{PAGE}/edit", opt=access("member"))
async def edit_form(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]
) -> Response[Any]:
    """A page to go on with."""
    there, site = await opened(ctx, site_id, Permission.EDIT_CONTENT)
    _, found = await access_page(ctx, page_id, Permission.EDIT_CONTENT, site_id=site_id)
    return await _editor(request, ctx, there, site, found, {name: getattr(found, name) for name in BLANK})


async def _editor(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: SiteAccess,
    site: SiteDetail,
    found: SitePage | None,
    typed: Mapping[str, Any],
    *,
    errors: dict[str, str] | None = None,
    revision: int | None = None,
    in_nav: bool | None = None,
    status: int = 200,
) -> Response[Any]:
    return await site_page(
        request,
        ctx,
        there,
        site,
        "page_edit",
        status=status,
        rail_path=f"{SITES}/{site.id}/pages",
        page=found,
        typed=typed,
        in_nav=in_nav if in_nav is not None else (found.show_in_nav if found else False),
        revision=revision if revision is not None else (found.revision if found else None),
        shown=SHOWN,
        is_live=found is not None and found.state in LIVE,
        body_max=BODY_MAX,
        errors=errors or {},
    )


def _change(sent: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {name: sent.get(name, "") for name in BLANK if name != "slug"}
    slug = sent.get("slug", "").strip().lower()
    return given | {"show_in_nav": bool(sent.get("show_in_nav"))} | ({"slug": slug} if slug else {})


@post(f"{PAGES}/new", opt=access("member", limit="write"))
async def make(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Keeps a new page, as a draft, or published at once."""
    return await _keep(request, ctx, site_id, None)


@post(f"{PAGE}/edit", opt=access("member", limit="write"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]) -> Response[Any]:
    """Keeps what was typed; with `then=publish` visitors see it."""
    return await _keep(request, ctx, site_id, page_id)


async def _keep(request: Request[Any, Any, Any], ctx: Ctx, site_id: UUID, page_id: UUID | None) -> Response[Any]:
    there, site = await opened(ctx, site_id, Permission.EDIT_CONTENT)
    found = None
    if page_id is not None:
        _, found = await access_page(ctx, page_id, Permission.EDIT_CONTENT, site_id=site_id)
    sent: dict[str, str] = {}
    kept: SitePage | None = None
    try:
        sent = texts(await request.form())
        given = _change(sent)
        if page_id is None:
            kept = await actions.create_page(ctx, site_id, **given)
        else:
            asked = number(sent, "revision")
            revision = asked if asked is not None else (found.revision if found else 0)
            kept = await actions.edit_page(ctx, page_id, PageChange(**given), revision=revision, site_id=site_id)
        if sent.get("then") == "publish" and kept.state not in LIVE:
            kept = await actions.publish_page(ctx, kept.id, site_id=site_id)
    except (Invalid, Conflict, EditConflict, TextRefused) as error:
        return await _editor(
            request,
            ctx,
            there,
            site,
            found,
            {name: sent.get(name, "") for name in BLANK},
            errors=_errors(error),
            revision=number(sent, "revision"),
            in_nav=bool(sent.get("show_in_nav")),
            status=error.status,
        )
    return _kept(request, site, kept)


def _kept(request: Request[Any, Any, Any], site: SiteDetail, kept: SitePage) -> Response[Any]:
    edit = f"{SITES}/{site.id}/pages/{kept.id}/edit"
    if kept.state == State.IN_REVIEW:
        reasons = "; ".join(kept.screening_reasons or [])
        return said(request, edit, f"A moderator looks at it first: {reasons}", "warn", seconds=12)
    if kept.state == State.PUBLISHED:
        return said(request, edit, "Your visitors see it.")
    return said(request, edit, "Saved. Only those who work on the site see it.")


def _errors(error: StoaError) -> dict[str, str]:
    if isinstance(error, EditConflict):
        return {"revision": "Somebody changed this page meanwhile. Copy what you typed, then open the page again"}
    return named(error, "body_markdown" if isinstance(error, TextRefused) else "title")


@post(f"{PAGE}/publish", opt=access("member", limit="write"))
async def publish(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]
) -> Response[Any]:
    """Shows it to visitors."""
    _, site = await opened(ctx, site_id, Permission.PUBLISH)
    return _kept(request, site, await actions.publish_page(ctx, page_id, site_id=site_id))


@post(f"{PAGE}/unpublish", opt=access("member", limit="write"))
async def unpublish(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]
) -> Response[Any]:
    """Takes it back; it can be published again."""
    await actions.unpublish_page(ctx, page_id, site_id=site_id)
    return said(request, f"{SITES}/{site_id}/pages", "Visitors no longer find it.")


@post(f"{PAGE}/duplicate", opt=access("member", limit="write"))
async def duplicate(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]
) -> Response[Any]:
    """A copy to go on with."""
    made = await actions.duplicate_page(ctx, page_id, site_id=site_id)
    return said(request, f"{SITES}/{site_id}/pages/{made.id}/edit", "This is the copy. Nobody else sees it yet.")


@get(f"{PAGE}/delete", opt=access("member"))
async def delete_form(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]
) -> Response[Any]:
    """Asks once more: a deleted page does not come back."""
    there, site = await opened(ctx, site_id, Permission.EDIT_CONTENT)
    _, found = await access_page(ctx, page_id, Permission.EDIT_CONTENT, site_id=site_id)
    return await site_page(request, ctx, there, site, "page_delete", rail_path=f"{SITES}/{site_id}/pages", page=found)


@post(f"{PAGE}/delete", opt=access("member"))
async def delete(
    request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]
) -> Response[Any]:
    """Deletes it."""
    await actions.delete_page(ctx, page_id, site_id=site_id)
    return said(request, f"{SITES}/{site_id}/pages", "The page is deleted.")


# ---- navigation ------------------------------------------------------------------------------------------------


@get(f"{ONE}/navigation", opt=access("member"))
async def navigation(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Which pages stand at the top of the site, under which names, in which order."""
    there, site = await opened(ctx, site_id, Permission.EDIT_CONTENT)
    return await _navigation(request, ctx, there, site)


async def _navigation(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: SiteAccess,
    site: SiteDetail,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    return await site_page(
        request,
        ctx,
        there,
        site,
        "navigation",
        status=status,
        pages=await site_pages(ctx, there),
        shown=SHOWN,
        most=MAX_NAV,
        errors=errors or {},
    )


@post(f"{ONE}/navigation", opt=access("member", limit="write"))
async def save_navigation(request: Request[Any, Any, Any], ctx: CtxDep, site_id: Path[UUID]) -> Response[Any]:
    """Keeps names and order. Pages go by the number beside them; equal ones stay as they were sent."""
    there, site = await opened(ctx, site_id, Permission.EDIT_CONTENT)
    try:
        sent = texts(await request.form())
        ids = [parse_id(name.removeprefix("place-")) for name in sent if name.startswith("place-")]
        places = sorted(
            ((number(sent, f"place-{one}") or 0, at, one) for at, one in enumerate(ids) if one is not None),
            key=lambda place: place[:2],
        )
        entries = [
            NavEntry(page_id=one, show_in_nav=bool(sent.get(f"show-{one}")), nav_label=sent.get(f"label-{one}", ""))
            for _, _, one in places
        ]
        await actions.set_nav(ctx, site_id, entries)
    except Invalid as error:
        return await _navigation(request, ctx, there, site, errors=named(error), status=error.status)
    return said(request, f"{SITES}/{site_id}/navigation", "Your visitors see it in this order.")


routes = [
    page_list,
    new_form,
    edit_form,
    make,
    save,
    publish,
    unpublish,
    duplicate,
    delete_form,
    delete,
    navigation,
    save_navigation,
]
