"""Sites are made, changed, deleted and restored; and how everybody sees them."""

from uuid import UUID

from litestar import delete, get, patch, post
from msgspec import UNSET

from stoa.creation.sites import actions, queries
from stoa.creation.sites.queries.sites import DeletedSite
from stoa.creation.sites.schemas import (
    CommentsEdit,
    ContentEdit,
    ReasonIn,
    SettingsEdit,
    SettingsOut,
    SiteEdit,
    SiteIn,
    settings_out,
)
from stoa.creation.sites.types import PublicSite, SiteDetail, SiteState
from stoa.foundation.team.policies import access_site
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Path, access

_SITE = "/api/v1/sites/{site_id:uuid}"


@post("/api/v1/sites", opt=access("member", limit="write"))
async def create(ctx: CtxDep, data: Body[SiteIn]) -> SiteDetail:
    """A new site of one's own; whoever makes one is a creator."""
    return await actions.create_site(
        ctx,
        title=data.title,
        slug=data.slug or None,
        tagline=data.tagline,
        description=data.description,
        language=data.language,
        theme=data.theme,
        is_public=data.is_public,
    )


@get("/api/v1/sites/deleted", opt=access("member"))
async def deleted(ctx: CtxDep) -> list[DeletedSite]:
    """One's own sites in the trash; each can be restored for 30 days (S5)."""
    return await queries.deleted_sites(ctx)


@get(_SITE, opt=access("member"))
async def read(ctx: CtxDep, site_id: Path[UUID]) -> SiteDetail:
    """A site with all its settings, for those who work on it."""
    return await queries.site_detail(ctx, await access_site(ctx, site_id))


@patch(_SITE, opt=access("member", limit="write"))
async def edit(ctx: CtxDep, site_id: Path[UUID], data: Body[SiteEdit]) -> SiteDetail:
    """Changes what is given; 409 with the newer revision when somebody was faster. An old address leads to the new."""
    return await _edited(ctx, site_id, data)


@delete(_SITE, opt=access("member"))
async def remove(ctx: CtxDep, site_id: Path[UUID]) -> None:
    """Puts a site into the trash for 30 days (S5), with all that stands in it."""
    await actions.delete_site(ctx, site_id)


@post(f"{_SITE}/restore", status_code=200, opt=access("member"))
async def restore(ctx: CtxDep, site_id: Path[UUID]) -> SiteDetail:
    """Takes a site back out of the trash."""
    return await actions.restore_site(ctx, site_id)


# ---- settings --------------------------------------------------------------------------------------------------


@get(f"{_SITE}/settings", opt=access("member"))
async def settings(ctx: CtxDep, site_id: Path[UUID]) -> SettingsOut:
    """What a site says of itself, who may come in, and how it is found."""
    return settings_out(await queries.site_detail(ctx, await access_site(ctx, site_id)))


@patch(f"{_SITE}/settings", opt=access("member", limit="write"))
async def edit_settings(ctx: CtxDep, site_id: Path[UUID], data: Body[SettingsEdit]) -> SettingsOut:
    """Changes what is given."""
    return settings_out(await _edited(ctx, site_id, data))


@patch(f"{_SITE}/settings/comments", opt=access("member", limit="write"))
async def edit_comments(ctx: CtxDep, site_id: Path[UUID], data: Body[CommentsEdit]) -> SettingsOut:
    """Whether visitors may comment, and when that is looked at."""
    return settings_out(await _edited(ctx, site_id, data))


@patch(f"{_SITE}/settings/content", opt=access("member", limit="write"))
async def edit_content(ctx: CtxDep, site_id: Path[UUID], data: Body[ContentEdit]) -> SettingsOut:
    """What new series begin with."""
    return settings_out(await _edited(ctx, site_id, data))


async def _edited(ctx: CtxDep, site_id: UUID, data: SiteEdit | CommentsEdit | ContentEdit) -> SiteDetail:
    revision = None if data.revision is UNSET else data.revision
    return await actions.edit_site(ctx, site_id, data.change(), revision=revision)


# ---- as everybody sees them ------------------------------------------------------------------------------------


@get("/api/v1/sites/by-slug/{slug:str}", opt=access("public"))
async def by_slug(ctx: CtxDep, slug: Path[str]) -> PublicSite:
    """A site by an address it has or once had."""
    return _shown(await queries.public_site(ctx, slug))


@get("/api/v1/sites/by-domain/{domain:str}", opt=access("public"))
async def by_domain(ctx: CtxDep, domain: Path[str]) -> PublicSite:
    """A site by the domain that it has proved."""
    return _shown(await queries.public_site_by_domain(ctx, domain))


@get(f"{_SITE}/public", opt=access("public"))
async def public(ctx: CtxDep, site_id: Path[UUID]) -> PublicSite:
    """A site as everybody sees it. One that is closed for a while has its name and its message only."""
    return _shown(await queries.public_site_by_id(ctx, site_id))


def _shown(site: PublicSite) -> PublicSite:
    if site.state in (SiteState.PRIVATE, SiteState.SUSPENDED) and not site.is_insider:
        raise NotFound("There is no such site")
    return site


# ---- staff -----------------------------------------------------------------------------------------------------


@post("/api/v1/admin/sites/{site_id:uuid}/suspend", status_code=200, opt=access("staff"))
async def suspend(ctx: CtxDep, site_id: Path[UUID], data: Body[ReasonIn]) -> SiteDetail:
    """Closes a site, and says its owner why."""
    return await actions.suspend_site(ctx, site_id, reason=data.reason)


@post("/api/v1/admin/sites/{site_id:uuid}/lift", status_code=200, opt=access("staff"))
async def lift(ctx: CtxDep, site_id: Path[UUID]) -> SiteDetail:
    """Opens a suspended site again, as far as its owner has it open."""
    return await actions.lift_suspension(ctx, site_id)


routes = [
    create,
    deleted,
    read,
    edit,
    remove,
    restore,
    settings,
    edit_settings,
    edit_comments,
    edit_content,
    by_slug,
    by_domain,
    public,
    suspend,
    lift,
]
