"""Reads across works, sites and people, of what everybody may see."""

from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from stoa.creation.works.queries import LISTED
from stoa.foundation.media.queries import cover_columns
from stoa.foundation.people.queries import PERSON_COLUMNS, SHOWN
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one, value
from stoa.kit.errors import NotFound
from stoa.operations.syndication.types import FEED_LENGTH, MAPPED, PART, Counted, Entry, Named, Part, Place

T = TypeVar("T")
_PLACE: Final = "w.kind, w.slug, home.slug as site_slug, parent.slug as series_slug, w.updated_at"
_HOME: Final = """
    left join works parent on parent.id = w.parent_id and w.kind = 'chapter'
    left join sites home on home.id = w.site_id left join site_settings looks on looks.site_id = home.id
    left join site_domains own on own.site_id = home.id and own.state = 'verified'
"""
# What stands on a site that wants no search engines is left out, and what has its place at a domain of its own.
_MAPPED: Final = (
    f"{LISTED} and w.kind = any($1::text[]) and coalesce(looks.search_engines, true) and own.domain is null"
)
_ENTRY: Final = f"""
    select w.id, w.kind, w.slug, w.title, w.excerpt, w.language, w.rating, w.category, {PERSON_COLUMNS},
      {cover_columns("m", "cover")}, home.slug as site_slug, home.title as site_title, parent.slug as series_slug,
      parent.title as series_title, c.number, w.published_at, w.updated_at
    from works w join users u on u.id = w.author_id join profiles p on p.user_id = u.id {_HOME}
    left join chapters c on c.work_id = w.id
    left join media m on m.id = coalesce(w.cover_media_id, parent.cover_media_id) and m.state = 'ready'
    where {LISTED} and w.kind = any($1::text[])
"""
_LAST: Final = f"order by w.published_at desc, w.id desc limit {FEED_LENGTH}"
_OF_AUTHOR = many(Entry, f"{_ENTRY} and w.author_id = $2 {_LAST}")
_OF_SERIES = many(Entry, f"{_ENTRY} and w.parent_id = $2 {_LAST}")
# What somebody writes without a site stands on their first one.
_OF_SITE = many(
    Entry,
    f"""
    {_ENTRY} and (w.site_id = $2 or (
      w.kind = 'post' and w.author_id = (select owner_id from sites where id = $2 and is_default)
    )) {_LAST}
    """,
)
_PARTS = many(
    Part,
    f"""
    select w.kind, date_trunc('month', w.published_at, 'UTC') as month, count(*) as works_count,
      max(w.updated_at) as updated_at
    from works w {_HOME} where {_MAPPED} group by 1, 2 order by 1, 2
    """,
)
_MONTH = many(
    Place,
    f"""
    select {_PLACE} from works w {_HOME}
    where {_MAPPED} and w.published_at >= $2 and w.published_at < $2 + interval '1 month'
    order by w.published_at, w.id offset $3 limit {PART}
    """,
)
_ON_SITE = many(
    Place,
    f"""
    select {_PLACE} from works w {_HOME} where {LISTED} and w.site_id = $1 and w.kind = any($2::text[])
    order by w.published_at desc, w.id limit {PART * 5}
    """,
)
_SITES: Final = """
    from sites s join site_settings t on t.site_id = s.id join users u on u.id = s.owner_id
    left join site_domains own on own.site_id = s.id and own.state = 'verified'
    where s.is_open and not t.maintenance and t.search_engines and own.domain is null
      and u.status in ('active', 'pending_verification')
"""
_PEOPLE: Final = f"""
    from users u join profiles p on p.user_id = u.id
    where {SHOWN} and coalesce((p.preferences ->> 'show_in_search')::boolean, true)
      and exists (select from works w where w.author_id = u.id and {LISTED})
"""
_COUNTED = one(
    Counted, f"select (select count(*) {_PEOPLE}) as people_count, (select count(*) {_SITES}) as sites_count"
)
_SITE_NAMES = many(
    Named,
    f"""
    select s.slug as name, s.title, coalesce(t.last_published_at, t.updated_at) as updated_at {_SITES}
    order by s.id offset $1 limit {PART}
    """,
)
_PERSON_NAMES = many(
    Named,
    f"""
    select u.username as name, p.display_name as title, u.created_at as updated_at {_PEOPLE}
    order by u.id offset $1 limit {PART}
    """,
)
# The first site of somebody stands there from the beginning on; it is worth a visit once something stands on it.
_OF_OWNER = many(
    Named,
    f"""
    select s.slug as name, s.title, coalesce(t.last_published_at, t.updated_at) as updated_at
    from sites s join site_settings t on t.site_id = s.id
    where s.owner_id = $1 and s.is_open and exists (select from works w where w.site_id = s.id and {LISTED})
    order by s.is_default desc, s.created_at, s.id limit 20
    """,
)
_OPEN_TO_MODELS = many(
    Named,
    """
    select s.slug as name, s.title, t.updated_at
    from sites s join site_settings t on t.site_id = s.id join users u on u.id = s.owner_id
    where s.is_open and t.ai_crawlers and u.status in ('active', 'pending_verification') order by s.id limit 5000
    """,
)
_OWN_HOST = value(
    str | None,
    """
    select s.slug from sites s join site_domains d on d.site_id = s.id
    where d.domain = $1 and d.state = 'verified' and s.deleted_at is null
    """,
)
_SUBDOMAIN = value(
    str | None,
    """
    select case when s.is_open or (t.maintenance and t.is_public and t.suspended_at is null) then s.slug
      else old.slug end
    from site_slugs old join sites s on s.id = old.site_id join site_settings t on t.site_id = s.id
    where old.slug = $1 and s.deleted_at is null
    """,
)
FED: Final = ("post", "chapter")  # kinds of works that feeds tell of


async def author_entries(ctx: Ctx, author_id: UUID) -> list[Entry]:
    """The newest posts and chapters of somebody."""
    return await _OF_AUTHOR(ctx.db, list(FED), author_id)


async def site_entries(ctx: Ctx, site_id: UUID) -> list[Entry]:
    """The newest posts and chapters on a site."""
    return await _OF_SITE(ctx.db, list(FED), site_id)


async def series_entries(ctx: Ctx, series_id: UUID) -> list[Entry]:
    """The newest chapters of a series."""
    return await _OF_SERIES(ctx.db, ["chapter"], series_id)


async def parts(ctx: Ctx) -> list[Part]:
    """How the works of all of the platform are divided among site maps. Reads all of them: keep the answer."""
    return await _PARTS(ctx.db, list(MAPPED))


async def month(ctx: Ctx, kind: str, begins: datetime, part: int) -> list[Place]:
    """A part, from 1, of one kind of works from the month that begins then. Raises NotFound for one without any."""
    return _some(await _MONTH(ctx.db, [kind], begins, (part - 1) * PART))


async def site_places(ctx: Ctx, site_id: UUID) -> list[Place]:
    """All that stands on one site, the newest 50,000."""
    return await _ON_SITE(ctx.db, site_id, list(MAPPED))


async def counted(ctx: Ctx) -> Counted:
    """How many people and sites the site maps list."""
    return await _COUNTED(ctx.db)


async def site_names(ctx: Ctx, part: int) -> list[Named]:
    """A part, from 1, of the sites that are open to search engines."""
    return _some(await _SITE_NAMES(ctx.db, (part - 1) * PART))


async def person_names(ctx: Ctx, part: int) -> list[Named]:
    """A part, from 1, of the people who have published and want to be found."""
    return _some(await _PERSON_NAMES(ctx.db, (part - 1) * PART))


async def sites_of(ctx: Ctx, owner_id: UUID) -> list[Named]:
    """The open sites of somebody on which something stands."""
    return await _OF_OWNER(ctx.db, owner_id)


async def open_to_models(ctx: Ctx) -> list[Named]:
    """The sites whose owners allow that language models are made of them."""
    return await _OPEN_TO_MODELS(ctx.db)


async def site_at(ctx: Ctx, domain: str) -> str | None:
    """The name of the site that has proved this domain."""
    return await _OWN_HOST(ctx.db, domain)


async def site_named(ctx: Ctx, label: str) -> str | None:
    """The name of the site that has, or once had, this one; of a closed one, which says nothing, the same again."""
    return await _SUBDOMAIN(ctx.db, label)


def _some(found: list[T]) -> list[T]:
    if not found:
        raise NotFound
    return found
