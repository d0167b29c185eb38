"""A series as its chapters need it: where they stand, and what holds for them where they say nothing themselves."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.types import SERIES, AccessLevel, ContentType
from stoa.creation.works.policies import permissions_on
from stoa.creation.works.queries import TEAM_JOIN
from stoa.foundation.people.queries import looking_as, not_hidden, viewer_id
from stoa.foundation.team.queries import MEMBERSHIP_COLUMNS
from stoa.foundation.team.types import STAFF_PERMISSIONS, Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe
from stoa.money.entitlements.types import Readable


class SeriesPlace(msgspec.Struct, frozen=True):
    """A series with what its chapters take from it. `team_…`: the actor's membership on its site."""

    id: UUID
    author_id: UUID
    site_id: UUID
    site_slug: str
    slug: str | None
    title: str
    content_type: ContentType
    state: str
    closed: bool
    access: str
    opens_at: datetime | None
    price_minor: int | None
    price_asset: str | None
    language: str
    rating: str
    timezone: str
    default_access: AccessLevel
    early_access_days: int
    preview_paragraphs: int
    team_role: str | None
    team_permissions: list[str]


_PLACE: Final = maybe(
    SeriesPlace,
    f"""
    select w.id, w.author_id, site.id as site_id, site.slug as site_slug, w.slug, w.title, b.content_type, w.state,
      w.closed, w.access, w.opens_at, w.price_minor, w.price_asset, w.language, w.rating, b.timezone, b.default_access,
      b.early_access_days, b.preview_paragraphs, {MEMBERSHIP_COLUMNS}
    from works w join series b on b.work_id = w.id join sites site on site.id = w.site_id {TEAM_JOIN}
    where w.id = $1 and w.kind = '{SERIES}' and w.deleted_at is null and site.deleted_at is null
      and {not_hidden("w.author_id", "$3")}
    """,
)


async def place_by_id(ctx: Ctx, series_id: UUID) -> SeriesPlace | None:
    """A series in any state; policies decide who may know of it."""
    return await _PLACE(ctx.db, series_id, viewer_id(ctx), looking_as(ctx))


def permissions_of_actor(ctx: Ctx, work: Readable) -> frozenset[Permission]:
    """What the actor may do with a work of a site: what is theirs there, and what staff may look at."""
    if ctx.actor is None:
        return frozenset()
    held = permissions_on(ctx.actor, work)
    return held | STAFF_PERMISSIONS if ctx.actor.is_staff else held


def chapter_url(site_slug: str, series_slug: str | None, slug: str | None) -> str | None:
    """Where a chapter is read; None before it has an address."""
    return None if series_slug is None or slug is None else f"/s/{site_slug}/series/{series_slug}/{slug}"
