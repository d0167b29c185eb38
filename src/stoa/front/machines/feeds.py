"""RSS, Atom and JSON Feed of a site, a series and a person. They hold what everybody may read of a work, no more."""

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from xml.sax.saxutils import quoteattr

import msgspec
from litestar import Request, Response, get

from stoa.creation.serials.policies.series import access_series_by_slug
from stoa.creation.sites.queries import public_site
from stoa.creation.sites.types import PublicSite, SiteState
from stoa.creation.works.types import State
from stoa.foundation.people.queries import profile
from stoa.front.machines.answers import XML, kept, tag
from stoa.front.public.profile import username_of
from stoa.front.sites.house import address_of
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.operations.syndication.queries import author_entries, series_entries, site_entries
from stoa.operations.syndication.types import Entry

FOR_ADULTS: Final = ("mature", "explicit")
_NAMESPACES: Final = {
    "xmlns:atom": "http://www.w3.org/2005/Atom",
    "xmlns:dc": "http://purl.org/dc/elements/1.1/",
}


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One entry with its address in full."""

    entry: Entry
    url: str
    picture: str | None

    @property
    def categories(self) -> list[str]:
        """What it is about, and whether it is for adults."""
        named = [self.entry.category, self.entry.series_title]
        return [one for one in named if one] + (["Mature"] if self.entry.rating in FOR_ADULTS else [])


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed says of itself, and its entries, the newest first."""

    title: str
    url: str
    itself: str
    description: str
    language: str
    author: str
    changed_at: datetime
    icon: str | None
    items: list[Item]


def rss(feed: Feed) -> str:
    """RSS 2.0."""
    items = "".join(
        f"<item>{tag('title', one.entry.name)}{tag('link', one.url)}"
        f"{tag('guid', f'urn:uuid:{one.entry.id}', isPermaLink='false')}{tag('description', one.entry.excerpt)}"
        f"{tag('dc:creator', one.entry.author.display_name)}"
        f"{''.join(tag('category', name) for name in one.categories)}"
        f"{tag('pubDate', format_datetime(one.entry.published_at))}</item>"
        for one in feed.items
    )
    spaces = "".join(f' {name}="{address}"' for name, address in _NAMESPACES.items())
    return (
        f'{XML}<rss version="2.0"{spaces}><channel>{tag("title", feed.title)}{tag("link", feed.url)}'
        f"{tag('description', feed.description)}{tag('language', feed.language)}"
        f"{tag('lastBuildDate', format_datetime(feed.changed_at))}"
        f"{tag('atom:link', href=feed.itself, rel='self', type='application/rss+xml')}{items}</channel></rss>"
    )


def atom(feed: Feed) -> str:
    """Atom 1.0 (RFC 4287)."""
    items = "".join(
        f"<entry>{tag('id', f'urn:uuid:{one.entry.id}')}{tag('title', one.entry.name)}"
        f"{tag('link', href=one.url, rel='alternate', type='text/html')}"
        f"{tag('published', one.entry.published_at.isoformat())}{tag('updated', one.entry.updated_at.isoformat())}"
        f"<author>{tag('name', one.entry.author.display_name)}</author>{tag('summary', one.entry.excerpt)}"
        f"{''.join(tag('category', term=name) for name in one.categories)}</entry>"
        for one in feed.items
    )
    return (
        f'{XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(feed.language)}>{tag("id", feed.itself)}'
        f"{tag('title', feed.title)}{tag('subtitle', feed.description)}{tag('updated', feed.changed_at.isoformat())}"
        f"{tag('link', href=feed.itself, rel='self', type='application/atom+xml')}"
        f"{tag('link', href=feed.url, rel='alternate', type='text/html')}{tag('icon', feed.icon or '')}"
        f"<author>{tag('name', feed.author)}</author>{items}</feed>"
    )


def json(feed: Feed) -> str:
    """JSON Feed 1.1."""
    items = [
        {
            "id": f"urn:uuid:{one.entry.id}",
            "url": one.url,
            "title": one.entry.name,
            "summary": one.entry.excerpt,
            "content_text": one.entry.excerpt,
            "date_published": one.entry.published_at,
            "date_modified": one.entry.updated_at,
            "authors": [{"name": one.entry.author.display_name}],
            "tags": one.categories,
            "language": one.entry.language,
        }
        | ({"image": one.picture} if one.picture else {})
        for one in feed.items
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": feed.itself,
        "description": feed.description,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": items,
    }
    return msgspec.json.encode(document | ({"icon": feed.icon} if feed.icon else {})).decode()


Form = tuple[Callable[[Feed], str], str]
FORMS: Final[dict[str, Form]] = {
    "rss.xml": (rss, "application/rss+xml"),
    "atom.xml": (atom, "application/atom+xml"),
    "feed.json": (json, "application/feed+json"),
}


def _answer(request: Request[Any, Any, Any], feed: Feed) -> Response[Any]:
    make, media_type = FORMS[request.url.path.rpartition("/")[2]]
    return kept(request, make(feed), media_type)


async def _open_site(ctx: Ctx, slug: str) -> PublicSite:
    site = await public_site(ctx, slug)
    if site.state is not SiteState.OPEN:
        raise NotFound("There is no such feed")
    return site


def _itself(request: Request[Any, Any, Any], home: str) -> str:
    return f"{home.rstrip('/')}/{request.url.path.rpartition('/')[2]}"


def _items(ctx: Ctx, entries: list[Entry], site: PublicSite | None = None) -> list[Item]:
    base = ctx.app.settings.base_url
    return [
        Item(
            entry=one,
            url=address_of(ctx, site, one.path) if site and one.site_slug == site.slug else f"{base}{one.path}",
            picture=f"{base}{one.cover.url}" if one.cover else None,
        )
        for one in entries
    ]


@get([f"/s/{{site:str}}/{name}" for name in FORMS], opt=access("public"))
async def site_feed(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """The newest posts and chapters of a site."""
    here = await _open_site(ctx, site)
    entries = await site_entries(ctx, here.id)
    home = address_of(ctx, here, f"/s/{here.slug}")
    feed = Feed(
        title=here.title,
        url=home,
        itself=_itself(request, home),
        description=here.tagline or here.meta_description or f"The newest on {here.title}",
        language=here.language,
        author=here.owner.display_name,
        changed_at=entries[0].published_at if entries else here.updated_at,
        icon=f"{ctx.app.settings.base_url}{here.favicon.url}" if here.favicon else None,
        items=_items(ctx, entries, here),
    )
    return _answer(request, feed)


@get([f"/s/{{site:str}}/series/{{series:str}}/{name}" for name in FORMS], opt=access("public"))
async def series_feed(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], series: Path[str]
) -> Response[Any]:
    """The newest chapters of a series."""
    here = await _open_site(ctx, site)
    found = await access_series_by_slug(ctx, here.id, series)
    if found.state != State.PUBLISHED or found.closed:
        raise NotFound("There is no such feed")
    entries = await series_entries(ctx, found.id)
    home = address_of(ctx, here, f"/s/{here.slug}/series/{found.slug}")
    feed = Feed(
        title=found.title,
        url=home,
        itself=_itself(request, home),
        description=found.excerpt or f"The newest chapters of {found.title}",
        language=found.language,
        author=found.author.display_name,
        changed_at=entries[0].published_at if entries else found.updated_at,
        icon=f"{ctx.app.settings.base_url}{found.cover.url}" if found.cover else None,
        items=_items(ctx, entries, here),
    )
    return _answer(request, feed)


async def author_feed(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """The newest posts and chapters of somebody, wherever they stand."""
    person = await profile(ctx, username_of(handle))
    if person is None:
        raise NotFound("There is nobody of this name")
    entries = await author_entries(ctx, person.id)
    home = f"{ctx.app.settings.base_url}/@{person.username}"
    feed = Feed(
        title=person.display_name,
        url=home,
        itself=_itself(request, home),
        description=person.bio or f"The newest by {person.display_name}",
        language="en",
        author=person.display_name,
        changed_at=entries[0].published_at if entries else person.joined_at,
        icon=f"{ctx.app.settings.base_url}{person.avatar_url}" if person.avatar_url else None,
        items=_items(ctx, entries),
    )
    return _answer(request, feed)


routes = [
    site_feed,
    series_feed,
    *(
        get(f"/{{handle:str}}/{name}", opt=access("public") | {"shown_as": f"/@{{username}}/{name}"})(author_feed)
        for name in FORMS
    ),
]
