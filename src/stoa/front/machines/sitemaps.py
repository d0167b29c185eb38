"""`/sitemap.xml` and the maps it names: works by kind and month, sites, people; and the map of one site."""

import re
import time
from datetime import UTC, datetime
from typing import Any, Final

from litestar import Request, Response, get

from stoa.creation.sites.queries import public_site
from stoa.creation.sites.types import SiteState
from stoa.front.machines.answers import XML, kept, tag
from stoa.front.sites.house import address_of
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.operations.syndication import queries
from stoa.operations.syndication.types import MAPPED, PART

_SPACE: Final = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_NAME: Final = re.compile(r"([a-z]+)-(?:(\d{4})-(\d{2})-)?(\d{1,5})\.xml")
KEPT_S: Final = 3600
INDEX_S: Final = 600  # the index reads all works, so one answer serves everybody for so long


def _url(address: str, changed_at: datetime | None) -> str:
    return f"<url>{tag('loc', address)}{tag('lastmod', _day(changed_at))}</url>"


def _map(address: str, changed_at: datetime | None = None) -> str:
    return f"<sitemap>{tag('loc', address)}{tag('lastmod', _day(changed_at))}</sitemap>"


def _day(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds") if moment else ""


def _whole(urls: list[str]) -> str:
    return f"{XML}<urlset {_SPACE}>{''.join(urls)}</urlset>"


def _numbers(count: int) -> range:
    return range(1, -(-count // PART) + 1)


async def _index(ctx: Ctx) -> str:
    made: tuple[float, str] | None = ctx.app.cache.get("sitemap")
    if made is not None and time.monotonic() < made[0]:
        return made[1]
    base, counted = f"{ctx.app.settings.base_url}/sitemaps", await queries.counted(ctx)
    maps = [
        _map(f"{base}/{one.kind}-{one.month:%Y-%m}-{number}.xml", one.updated_at)
        for one in await queries.parts(ctx)
        for number in _numbers(one.works_count)
    ]
    maps += [_map(f"{base}/sites-{number}.xml") for number in _numbers(counted.sites_count)]
    maps += [_map(f"{base}/people-{number}.xml") for number in _numbers(counted.people_count)]
    maps.append(_map(f"{base}/places-1.xml"))
    content = f"{XML}<sitemapindex {_SPACE}>{''.join(maps)}</sitemapindex>"
    ctx.app.cache["sitemap"] = (time.monotonic() + INDEX_S, content)
    return content


@get("/sitemap.xml", opt=access("public"))
async def sitemap_index(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Names all maps of the platform."""
    return kept(request, await _index(ctx), "application/xml", max_age_s=KEPT_S)


@get("/sitemaps/{name:str}", opt=access("public"))
async def sitemap_part(request: Request[Any, Any, Any], ctx: CtxDep, name: Path[str]) -> Response[Any]:
    """One map: 'chapter-2026-11-1.xml', 'sites-1.xml', 'people-1.xml', 'places-1.xml'."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise NotFound
    kind, part, base = match[1], int(match[4]), ctx.app.settings.base_url
    if part < 1:
        raise NotFound
    match kind, match[2]:
        case "places", None if part == 1:
            urls = [_url(f"{base}{path}", None) for path in ("/", "/about", "/discover", "/search")]
        case "sites", None:
            urls = [_url(f"{base}/s/{one.name}", one.updated_at) for one in await queries.site_names(ctx, part)]
        case "people", None:
            urls = [_url(f"{base}/@{one.name}", None) for one in await queries.person_names(ctx, part)]
        case (kind, str()) if kind in MAPPED:
            begins = _month(int(match[2]), int(match[3]))
            urls = [_url(f"{base}{one.path}", one.updated_at) for one in await queries.month(ctx, kind, begins, part)]
        case _:
            raise NotFound
    return kept(request, _whole(urls), "application/xml", max_age_s=KEPT_S)


def _month(year: int, month: int) -> datetime:
    if not (2000 <= year <= 2200 and 1 <= month <= 12):
        raise NotFound
    return datetime(year, month, 1, tzinfo=UTC)


@get("/s/{site:str}/sitemap.xml", opt=access("public"))
async def site_map(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """All that stands on one site, at its own domain where it has one."""
    here = await public_site(ctx, site)
    if here.state is not SiteState.OPEN or not here.search_engines:
        raise NotFound("There is no such map")
    urls = [_url(address_of(ctx, here, f"/s/{here.slug}"), here.last_published_at or here.updated_at)]
    places = await queries.site_places(ctx, here.id)
    urls += [_url(address_of(ctx, here, one.path), one.updated_at) for one in places]
    return kept(request, _whole(urls), "application/xml", max_age_s=KEPT_S)


routes = [sitemap_index, sitemap_part, site_map]
