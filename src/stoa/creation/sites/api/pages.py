"""Pages of a site."""

from uuid import UUID

from litestar import delete, get, patch, post, put

from stoa.creation.sites import actions, queries
from stoa.creation.sites.policies.pages import access_page
from stoa.creation.sites.schemas import NavIn, OrderIn, PageEdit, PageIn, PreviewIn, PreviewOut, PublishIn
from stoa.creation.sites.types import PageRow, SitePage
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.http import Body, CtxDep, Path, access

NEWEST = PublishIn()  # what no body at all means
_PAGES = "/api/v1/sites/{site_id:uuid}/pages"
_PAGE = f"{_PAGES}/{{page_id:uuid}}"


@get(_PAGES, opt=access("member"))
async def list_pages(ctx: CtxDep, site_id: Path[UUID]) -> list[PageRow]:
    """The pages of a site in their order, for those who work on it; drafts for who may read them."""
    return await queries.site_pages(ctx, await access_site(ctx, site_id))


@post(_PAGES, opt=access("member", limit="write"))
async def create(ctx: CtxDep, site_id: Path[UUID], data: Body[PageIn]) -> SitePage:
    """A new page, which nobody else sees until it is published."""
    return await actions.create_page(
        ctx,
        site_id,
        title=data.title,
        slug=data.slug or None,
        body_markdown=data.body_markdown,
        show_in_nav=data.show_in_nav,
        nav_label=data.nav_label,
        meta_title=data.meta_title,
        meta_description=data.meta_description,
    )


@post(f"{_PAGES}/preview", status_code=200, opt=access("member", limit="write"))
async def preview(ctx: CtxDep, site_id: Path[UUID], data: Body[PreviewIn]) -> PreviewOut:
    """What a Markdown text will look like; stores nothing."""
    await access_site(ctx, site_id, Permission.EDIT_CONTENT)
    return PreviewOut(await actions.preview_page(ctx, data.body_markdown))


@patch(f"{_PAGES}/reorder", opt=access("member", limit="write"))
async def reorder(ctx: CtxDep, site_id: Path[UUID], data: Body[OrderIn]) -> list[PageRow]:
    """Puts all pages into this order; 422 where one is missing, stands elsewhere, or is named twice."""
    return await actions.reorder_pages(ctx, site_id, data.page_ids)


@put("/api/v1/sites/{site_id:uuid}/navigation", opt=access("member", limit="write"))
async def navigation(ctx: CtxDep, site_id: Path[UUID], data: Body[NavIn]) -> list[PageRow]:
    """Puts all pages into this order, and says which of them the navigation shows, under which names."""
    return await actions.set_nav(ctx, site_id, data.entries)


@get(f"{_PAGES}/by-slug/{{slug:str}}", opt=access("public"))
async def read_by_slug(ctx: CtxDep, site_id: Path[UUID], slug: Path[str]) -> SitePage:
    """A published page by an address it has or once had."""
    return await queries.public_page(ctx, site_id, slug)


@get(_PAGE, opt=access("member"))
async def read(ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]) -> SitePage:
    """A page with its text, for those who work on the site."""
    return (await access_page(ctx, page_id, site_id=site_id))[1]


@patch(_PAGE, opt=access("member", limit="write"))
async def edit(ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID], data: Body[PageEdit]) -> SitePage:
    """Changes what is given, made on `revision`; 409 with the newer revision when somebody was faster."""
    return await actions.edit_page(ctx, page_id, data.change(), revision=data.revision, site_id=site_id)


@delete(_PAGE, opt=access("member"))
async def remove(ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]) -> None:
    """Deletes a page."""
    await actions.delete_page(ctx, page_id, site_id=site_id)


@post(f"{_PAGE}/publish", status_code=200, opt=access("member", limit="write"))
async def publish(ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID], data: Body[PublishIn] = NEWEST) -> SitePage:
    """Publishes a page. Where the answer's state is in_review, `screening_reasons` says why (P5)."""
    return await actions.publish_page(ctx, page_id, revision=data.revision, site_id=site_id)


@post(f"{_PAGE}/unpublish", status_code=200, opt=access("member"))
async def unpublish(ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]) -> SitePage:
    """Takes a page back from visitors or from review."""
    return await actions.unpublish_page(ctx, page_id, site_id=site_id)


@post(f"{_PAGE}/duplicate", opt=access("member", limit="write"))
async def duplicate(ctx: CtxDep, site_id: Path[UUID], page_id: Path[UUID]) -> SitePage:
    """A new page with the same text."""
    return await actions.duplicate_page(ctx, page_id, site_id=site_id)


routes = [
    list_pages,
    create,
    preview,
    reorder,
    navigation,
    read_by_slug,
    read,
    edit,
    remove,
    publish,
    unpublish,
    duplicate,
]
