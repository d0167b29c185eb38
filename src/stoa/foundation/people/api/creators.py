"""`/api/v1/author-profile`, `/authors`, `/brand-profile`, `/brands`: who somebody is as a creator or a brand."""

from uuid import UUID

from litestar import get, patch, post

from stoa.foundation.people import actions
from stoa.foundation.people.errors import NoAuthorProfile, NoBrandProfile
from stoa.foundation.people.queries import account
from stoa.foundation.people.schemas import SitesOut
from stoa.foundation.people.types import AuthorChanges, AuthorProfile, AuthorView, BrandChanges, BrandProfile, BrandView
from stoa.kit.http import Body, CtxDep, Path, access


@get("/api/v1/author-profile", opt=access("member"))
async def own_author_profile(ctx: CtxDep) -> AuthorProfile:
    """One's own creator profile."""
    found = await account.own_author_profile(ctx)
    if found is None:
        raise NoAuthorProfile
    return found


@post("/api/v1/author-profile", opt=access("member"))
async def create_author_profile(ctx: CtxDep, data: Body[AuthorChanges]) -> AuthorProfile:
    """Makes one a creator, with this profile."""
    return await actions.create_author_profile(ctx, data)


@patch("/api/v1/author-profile", opt=access("member"))
async def edit_author_profile(ctx: CtxDep, data: Body[AuthorChanges]) -> AuthorProfile:
    """Changes what is given of one's creator profile."""
    return await actions.edit_author_profile(ctx, data)


@get("/api/v1/authors/{user_id:uuid}", opt=access("public"))
async def author(ctx: CtxDep, user_id: Path[UUID]) -> AuthorView:
    """A creator, as everybody sees them."""
    found = await account.author(ctx, user_id)
    if found is None:
        raise NoAuthorProfile
    return found


@get("/api/v1/authors/{user_id:uuid}/sites", opt=access("public"))
async def author_sites(ctx: CtxDep, user_id: Path[UUID]) -> SitesOut:
    """The sites of a creator, the oldest first."""
    if await account.author(ctx, user_id) is None:
        raise NoAuthorProfile
    return SitesOut(await account.sites_of(ctx, user_id))


@get("/api/v1/brand-profile", opt=access("member"))
async def own_brand_profile(ctx: CtxDep) -> BrandProfile:
    """One's own brand profile."""
    found = await account.own_brand_profile(ctx)
    if found is None:
        raise NoBrandProfile
    return found


@post("/api/v1/brand-profile", opt=access("member"))
async def create_brand_profile(ctx: CtxDep, data: Body[BrandChanges]) -> BrandProfile:
    """Makes one a brand, with this profile."""
    return await actions.create_brand_profile(ctx, data)


@patch("/api/v1/brand-profile", opt=access("member"))
async def edit_brand_profile(ctx: CtxDep, data: Body[BrandChanges]) -> BrandProfile:
    """Changes what is given of one's brand profile."""
    return await actions.edit_brand_profile(ctx, data)


@get("/api/v1/brands/{user_id:uuid}", opt=access("public"))
async def brand(ctx: CtxDep, user_id: Path[UUID]) -> BrandView:
    """A brand, as everybody sees it."""
    found = await account.brand(ctx, user_id)
    if found is None:
        raise NoBrandProfile
    return found


routes = [
    own_author_profile,
    create_author_profile,
    edit_author_profile,
    author,
    author_sites,
    own_brand_profile,
    create_brand_profile,
    edit_brand_profile,
    brand,
]
