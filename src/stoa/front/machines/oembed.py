"""`/oembed`: how another site shows a link to a post, a series, a chapter, a site or a person (oembed.com)."""

import re
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, get

from stoa.creation.posts.policies import access_post_by_slug
from stoa.creation.serials.policies.reading import access_to_read_by
from stoa.creation.serials.policies.series import access_series_by_slug
from stoa.creation.sites.queries import public_page, public_site, public_site_by_domain
from stoa.creation.sites.types import PublicSite, SiteState
from stoa.creation.works.types import State
from stoa.foundation.media.types import Cover
from stoa.foundation.people.queries import profile
from stoa.foundation.people.types import PersonView
from stoa.foundation.settings.queries import platform
from stoa.front.machines.answers import XML, kept, tag
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, access

_POST: Final = re.compile(r"/p/([^/]+)")
_PERSON: Final = re.compile(r"/@([^/]+)")
_SITE: Final = re.compile(r"/s/([^/]+)(?:/(.+))?")
_SERIES: Final = re.compile(r"series/([^/]+)(?:/([^/]+))?")
KEPT_S: Final = 3600
LARGEST: Final = 10_000  # pixels


class Shown(msgspec.Struct, frozen=True):
    """What an address leads to."""

    title: str
    excerpt: str
    author: PersonView
    cover: Cover | None


async def _at(ctx: Ctx, address: str) -> Shown:
    """What stands at this address of ours for everybody. Raises NotFound."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        raise NotFound from None
    if parts.scheme not in ("http", "https"):
        raise NotFound
    path = parts.path.rstrip("/")
    if host != urlsplit(ctx.app.settings.base_url).hostname:
        site = await public_site_by_domain(ctx, host)
        return await _on_site(ctx, site, path.lstrip("/"))
    if match := _POST.fullmatch(path):
        post = await access_post_by_slug(ctx, match[1])
        if post.state != State.PUBLISHED:
            raise NotFound
        return Shown(post.title, post.excerpt, post.author, post.cover)
    if match := _PERSON.fullmatch(path):
        person = await profile(ctx, match[1])
        if person is None:
            raise NotFound
        named = PersonView(person.id, person.username, person.display_name, person.avatar_url, person.is_verified)
        return Shown(person.display_name, person.bio or "", named, None)
    if match := _SITE.fullmatch(path):
        return await _on_site(ctx, await public_site(ctx, match[1]), match[2] or "")
    raise NotFound


async def _on_site(ctx: Ctx, site: PublicSite, rest: str) -> Shown:
    if site.state is not SiteState.OPEN:
        raise NotFound
    if not rest:
        return Shown(site.title, site.tagline, site.owner, site.og_image or site.cover)
    match = _SERIES.fullmatch(rest)
    if match is None:
        page = await public_page(ctx, site.id, rest)
        if page.state != State.PUBLISHED:
            raise NotFound
        return Shown(page.title, page.excerpt, site.owner, site.og_image or site.cover)
    series = await access_series_by_slug(ctx, site.id, match[1])
    if series.state != State.PUBLISHED or series.closed:
        raise NotFound
    if match[2] is None:
        return Shown(series.title, series.excerpt, series.author, series.cover)
    chapter = await access_to_read_by(ctx, series.id, slug=match[2])
    if chapter.state != State.PUBLISHED:
        raise NotFound
    named = chapter.title or f"Chapter {chapter.number.normalize():f}"
    return Shown(f"{named} · {series.title}", chapter.excerpt, chapter.author, series.cover)


def _card(shown: Shown, address: str, name: str) -> str:
    there, by = escape(address), f"{escape(shown.author.display_name)}, {escape(name)}"
    text = f"<p>{escape(shown.excerpt)}</p>" if shown.excerpt else ""
    title = f'<p><a href="{there}">{escape(shown.title)}</a></p>'
    return f'<blockquote cite="{there}">{title}{text}<footer>{by}</footer></blockquote>'


def _pixels(request: Request[Any, Any, Any], name: str) -> int:
    given = request.query_params.get(name, "")
    if not given:
        return LARGEST
    if not (given.isascii() and given.isdigit() and len(given) <= 5 and 0 < int(given) <= LARGEST):
        raise Invalid(fields={name: f"A number of pixels from 1 to {LARGEST}"})
    return int(given)


@get("/oembed", opt=access("public"))
async def oembed(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A card of what `url` leads to: a quotation with a link, and the picture where it fits. No script, no frame."""
    form = request.query_params.get("format", "json")
    if form not in ("json", "xml"):
        return Response("Only json and xml are offered\n", status_code=501, media_type="text/plain")
    address = request.query_params.get("url", "")[:2000]
    width, height = _pixels(request, "maxwidth"), _pixels(request, "maxheight")
    shown, base = await _at(ctx, address), ctx.app.settings.base_url
    name = (await platform(ctx)).name
    document: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "provider_name": name,
        "provider_url": base,
        "title": shown.title,
        "author_name": shown.author.display_name,
        "author_url": f"{base}/@{shown.author.username}",
        "cache_age": KEPT_S,
        "width": min(width, 600),
        "height": min(height, 240),
        "html": _card(shown, address, name),
    }
    if shown.cover and shown.cover.width <= width and shown.cover.height <= height:
        document["thumbnail_url"] = f"{base}{shown.cover.url}"
        document |= {"thumbnail_width": shown.cover.width, "thumbnail_height": shown.cover.height}
    if form == "json":
        return kept(request, msgspec.json.encode(document).decode(), "application/json", max_age_s=KEPT_S)
    whole = "".join(tag(key, str(given)) for key, given in document.items())
    return kept(request, f"{XML}<oembed>{whole}</oembed>", "text/xml", max_age_s=KEPT_S)


routes = [oembed]
