"""Sites are made, deleted for 30 days (S5), taken back, and gone for good; staff suspends them."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.sites.actions.settings import hold
from stoa.creation.sites.errors import DefaultSite, TooManySites
from stoa.creation.sites.messages import SiteDeleted, SitePurged, SiteRestored
from stoa.creation.sites.policies.settings import SLUG_MIN, check_settings, check_site_slug, tidied
from stoa.creation.sites.queries import site_detail
from stoa.creation.sites.types import KEPT_DAYS, KIND, MAX_SITES, SiteDetail, SiteState
from stoa.creation.sites.types.themes import DEFAULT
from stoa.creation.works import actions as works
from stoa.creation.works.policies import slugify
from stoa.foundation.audit import actions as audit
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.types import Role
from stoa.foundation.media import actions as media
from stoa.foundation.team import actions as team
from stoa.foundation.team.errors import SiteSlugTaken
from stoa.foundation.team.policies import access_site
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, update, value
from stoa.kit.errors import Forbidden, Invalid, NotFound
from stoa.kit.outbox import emit

_TRIES: Final = 10
_PURGED_AT_ONCE: Final = 20


class _Old(msgspec.Struct, frozen=True):
    id: UUID
    owner_id: UUID
    deleted_at: datetime


_FREE_SLUG = value(
    str | None,
    """
    select n.slug from unnest($1::text[]) with ordinality as n (slug, place)
    where not exists (select from site_slugs s where s.slug = n.slug) order by n.place limit 1
    """,
)
_SUSPEND = run(
    """
    update site_settings set suspended_at = $2, suspension_reason = $3, revision = revision + 1, updated_at = $2
    where site_id = $1 and suspended_at is null
    """
)
_LIFT = run(
    """
    update site_settings set suspended_at = null, suspension_reason = null, revision = revision + 1, updated_at = $2
    where site_id = $1 and suspended_at is not null
    """
)
_OLD = many(
    _Old,
    """
    select id, owner_id, deleted_at from sites where deleted_at < $1 and purged_at is null
    order by deleted_at, id limit $2 for update skip locked
    """,
)
# What comes out in a series that is not out is told with it, and not before.
_PUBLISHED = run(
    """
    update site_settings t set last_published_at = out.at from (
      select w.site_id, greatest(w.published_at, (
        select max(part.published_at) from works part
        where part.parent_id = w.id and part.state = 'published' and part.deleted_at is null
      )) as at
      from works w left join works whole on whole.id = w.parent_id
      where w.id = $1 and (whole.id is null or whole.state = 'published' and whole.deleted_at is null)
    ) out
    where t.site_id = out.site_id and coalesce(t.last_published_at, '-infinity') < out.at
    """
)
_PAGE_TEXTS = run("delete from site_pages where work_id = any($1::uuid[])")
_DOMAIN = run("delete from site_domains where site_id = $1")
_BARE = run(
    """
    update site_settings set tagline = '', description = '', logo_media_id = null, favicon_media_id = null,
      cover_media_id = null, og_media_id = null, custom_css = '', custom_css_safe = '', maintenance_message = '',
      meta_title = '', meta_description = '', canonical_url = null, social_links = '{}', google_analytics_id = null,
      facebook_pixel_id = null, plausible_domain = null, updated_at = $2
    where site_id = $1
    """
)


async def create_site(
    ctx: Ctx,
    *,
    title: str,
    slug: str | None = None,
    tagline: str = "",
    description: str = "",
    language: str = "en",
    theme: str = DEFAULT,
    is_public: bool = True,
) -> SiteDetail:
    """A site of the actor, who becomes a creator by it. Without a `slug` its address is made of the title.

    Raises Invalid, SiteSlugTaken, TooManySites.
    """
    said = {
        "title": title,
        "tagline": tagline,
        "description": description,
        "language": language,
        "theme": theme,
    }
    settings = tidied(said)
    check_settings(settings | ({"slug": slug} if slug else {}))
    chosen = slug or await _free_slug(ctx, settings["title"])
    site_id = await team.create_site(
        ctx, owner_id=ctx.member.id, slug=chosen, title=settings.pop("title"), most=MAX_SITES
    )
    if site_id is None:
        raise TooManySites(MAX_SITES)
    values = settings | {"is_public": is_public, "updated_at": ctx.now}
    await update(ctx.db, "site_settings", values, where={"site_id": site_id})
    await team.set_open(ctx, site_id, is_public)
    await identity.become(ctx, Role.CREATOR)
    await audit.record(ctx, "sites.created", subject="site", subject_id=site_id, after={"slug": chosen})
    return await site_detail(ctx, await access_site(ctx, site_id))


async def delete_site(ctx: Ctx, site_id: UUID) -> SiteDetail:
    """Puts a site into the trash for 30 days (S5); all that stands in it is closed. Only its owner does.

    Raises NotFound, Forbidden, and DefaultSite for where their posts stand.
    """
    access, _ = await hold(ctx, site_id)
    if not access.is_owner:
        raise Forbidden("Only the owner deletes a site")
    if not await team.delete_site(ctx, site_id):
        raise DefaultSite
    await emit(ctx, SiteDeleted(site_id=site_id, owner_id=access.owner_id, slug=access.slug))
    await audit.record(ctx, "sites.deleted", subject="site", subject_id=site_id, before={"slug": access.slug})
    return await site_detail(ctx, await access_site(ctx, site_id, also_deleted=True))


async def restore_site(ctx: Ctx, site_id: UUID) -> SiteDetail:
    """Takes a site back out of the trash, with all that stood in it. Only its owner does; repeating it changes nothing.

    Raises NotFound, Forbidden.
    """
    access, before = await hold(ctx, site_id, also_deleted=True)
    if not access.is_owner:
        raise Forbidden("Only the owner takes a site back")
    if before.deleted_at is None:
        return before
    if before.deleted_at < ctx.now - timedelta(days=KEPT_DAYS):
        raise NotFound("This site is gone for good")
    is_open = before.suspended_at is None and before.is_public and not before.maintenance
    await team.restore_site(ctx, site_id, is_open=is_open)
    await emit(ctx, SiteRestored(site_id=site_id, owner_id=access.owner_id, slug=access.slug))
    await audit.record(ctx, "sites.restored", subject="site", subject_id=site_id, after={"slug": access.slug})
    return await site_detail(ctx, await access_site(ctx, site_id))


async def suspend_site(ctx: Ctx, site_id: UUID, *, reason: str) -> SiteDetail:
    """Staff closes a site, and says its owner why. Raises Forbidden, NotFound, Invalid."""
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= 500:
        raise Invalid(fields={"reason": "Please give a reason of at most 500 characters"})
    return await _suspended(ctx, site_id, reason)


async def lift_suspension(ctx: Ctx, site_id: UUID) -> SiteDetail:
    """Staff opens a suspended site again, as far as its owner has it open. Raises Forbidden, NotFound."""
    return await _suspended(ctx, site_id, None)


async def _suspended(ctx: Ctx, site_id: UUID, reason: str | None) -> SiteDetail:
    if not ctx.member.is_staff:
        raise Forbidden
    await access_site(ctx, site_id)
    await team.lock_site(ctx, site_id)
    changed = (
        await _LIFT(ctx.db, site_id, ctx.now) if reason is None else await _SUSPEND(ctx.db, site_id, ctx.now, reason)
    )
    after = await site_detail(ctx, await access_site(ctx, site_id))
    await team.set_open(ctx, site_id, after.state is SiteState.OPEN)
    if changed:
        action = "sites.suspension_lifted" if reason is None else "sites.suspended"
        await audit.record(ctx, action, subject="site", subject_id=site_id, after={"reason": reason})
    return await site_detail(ctx, await access_site(ctx, site_id))


async def purge_sites(ctx: Ctx) -> int:
    """Ends sites that were deleted 30 days ago (S5); answers how many. Their addresses stay taken (S6).

    Their pages go here; what else stood on them is deleted as of then, so that it goes by the same rule.
    """
    old = await _OLD(ctx.db, ctx.now - timedelta(days=KEPT_DAYS), _PURGED_AT_ONCE)
    for site in old:
        pages = await works.delete_on_site(ctx, site.id, kind=KIND, at=site.deleted_at)
        await _PAGE_TEXTS(ctx.db, pages)
        await works.empty(ctx, pages)
        await _DOMAIN(ctx.db, site.id)
        await _BARE(ctx.db, site.id, ctx.now)
        for subject, subject_id in (("site", site.id), *((KIND, page) for page in pages)):
            await media.note_uses(ctx, subject=subject, subject_id=subject_id, media_ids=(), title="", url="")
        await team.purge_site(ctx, site.id)
        await emit(ctx, SitePurged(site_id=site.id, owner_id=site.owner_id))
    return len(old)


async def note_publication(ctx: Ctx, work_id: UUID) -> None:
    """A site remembers when something was last published there."""
    await _PUBLISHED(ctx.db, work_id)


async def _free_slug(ctx: Ctx, title: str) -> str:
    wanted = slugify(title, fallback="site")[:50].strip("-")
    if len(wanted) < SLUG_MIN:
        wanted = f"{wanted}-site"
    numbered = (f"{wanted}-{number}" for number in range(2, _TRIES))
    # Of a title that many have, the last one is random.
    tries = [wanted, *numbered, f"{wanted}-{secrets.token_hex(4)}"]
    free = await _FREE_SLUG(ctx.db, [one for one in tries if _allowed(one)])
    if free is None:
        raise SiteSlugTaken
    return free


def _allowed(slug: str) -> bool:
    try:
        check_site_slug(slug)
    except Invalid:
        return False
    return True
