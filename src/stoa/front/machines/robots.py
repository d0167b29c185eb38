"""`robots.txt` and `llms.txt` of the platform and of each site: who may look, and what may be made of it."""

from typing import Any, Final

from litestar import Request, Response, get

from stoa.creation.serials.queries.listed import public_series
from stoa.creation.sites.queries import public_site
from stoa.creation.sites.types import PublicSite, SiteState
from stoa.foundation.settings.queries import platform
from stoa.front.machines.answers import kept
from stoa.front.sites.house import address_of
from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import MAX_LIMIT
from stoa.operations.syndication.queries import open_to_models

# Those who say by these names that they collect texts for language models.
COLLECTORS: Final = (
    "AI2Bot",
    "Amazonbot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "ClaudeBot",
    "cohere-ai",
    "Diffbot",
    "FacebookBot",
    "Google-Extended",
    "GPTBot",
    "ImagesiftBot",
    "meta-externalagent",
    "Omgilibot",
    "PerplexityBot",
    "Timpibot",
)
# What is somebody's own, or has no end.
CLOSED: Final = (
    "/account",
    "/admin",
    "/api/",
    "/dashboard",
    "/login",
    "/media/files/",
    "/oauth/",
    "/register",
    "/sandbox/",
    "/search",
    "/wallet",
    "/write",
)
ALWAYS: Final = ("/$", "/about", "/llms.txt", "/robots.txt", "/sitemap.xml")


def _rules(agents: tuple[str, ...], lines: list[str]) -> str:
    return "\n".join([*(f"User-agent: {agent}" for agent in agents), *lines, ""])


@get("/robots.txt", opt=access("public"))
async def robots(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """For the platform: search engines may look at what is public, collectors at sites that allow it."""
    allowed = await open_to_models(ctx)
    content = "\n".join(
        (
            _rules(("*",), [f"Disallow: {path}" for path in CLOSED]),
            "# What people write here belongs to them. Language models may be made of the sites below, whose owners",
            "# allow it, and of nothing else.",
            _rules(
                COLLECTORS,
                [
                    "Disallow: /",
                    *(f"Allow: {path}" for path in ALWAYS),
                    *(line for one in allowed for line in (f"Allow: /s/{one.name}$", f"Allow: /s/{one.name}/")),
                ],
            ),
            f"Sitemap: {ctx.app.settings.base_url}/sitemap.xml\n",
        )
    )
    return kept(request, content, "text/plain")


async def _site(ctx: Any, slug: str) -> PublicSite:
    here = await public_site(ctx, slug)
    if here.state is not SiteState.OPEN:
        raise NotFound
    return here


@get("/s/{site:str}/robots.txt", opt=access("public"))
async def site_robots(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """For a site at a domain of its own: as its owner has decided."""
    here = await _site(ctx, site)
    parts = [_rules(("*",), ["Allow: /" if here.search_engines else "Disallow: /"])]
    if not here.ai_crawlers:
        parts.append(_rules(COLLECTORS, ["Disallow: /", "Allow: /llms.txt"]))
    if here.search_engines:
        parts.append(f"Sitemap: {address_of(ctx, here, f'/s/{here.slug}/sitemap.xml')}\n")
    return kept(request, "\n".join(parts), "text/plain")


@get("/llms.txt", opt=access("public"))
async def llms(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """For language models: what this is, how to read it properly, and of what models may be made."""
    base, name = ctx.app.settings.base_url, (await platform(ctx)).name
    allowed = await open_to_models(ctx)
    lines = [
        f"# {name}",
        "",
        "> A place where people publish what they write and draw, and are paid for it by those who read.",
        "",
        "Each text belongs to whoever wrote it. You may fetch a public page for somebody who asks you about it,",
        "quote a little, and link to it. Training is allowed only on the sites under “Open to models”.",
        "",
        "## How to read",
        "",
        f"- [API]({base}/api/openapi): everything that pages show, described by OpenAPI",
        f"- [Site maps]({base}/sitemap.xml): all public addresses",
        "- Feeds: `rss.xml`, `atom.xml` and `feed.json` below the address of each site, series and person",
        f"- [oEmbed]({base}/oembed): how to show a link to a work",
        "",
        "## Open to models",
        "",
        *([f"- [{_plain(one.title)}]({base}/s/{one.name})" for one in allowed] or ["No site allows it so far."]),
        "",
    ]
    return kept(request, "\n".join(lines), "text/plain")


@get("/s/{site:str}/llms.txt", opt=access("public"))
async def site_llms(request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str]) -> Response[Any]:
    """For language models: what stands on a site, and what its owner lets them do with it."""
    here = await _site(ctx, site)
    home = address_of(ctx, here, f"/s/{here.slug}")
    allows = (
        "Its owner allows language models to be made of it, if they name it as a source."
        if here.ai_crawlers
        else "Its owner does not allow that language models are made of it, or that it is copied for them."
    )
    lines = [
        f"# {_plain(here.title)}",
        "",
        f"> {_plain(here.tagline) or 'By ' + here.owner.display_name}",
        "",
        allows,
        "",
    ]
    series = await public_series(ctx, site_id=here.id, limit=MAX_LIMIT)
    if series.items:
        lines += ["## Series", ""]
        for one in series.items:
            there = address_of(ctx, here, f"/s/{here.slug}/series/{one.slug}")
            lines.append(f"- [{_plain(one.title)}]({there}): {_plain(one.excerpt)}")
        lines.append("")
    lines += ["## More", "", f"- [Feed]({home.rstrip('/')}/feed.json)", *_pages(ctx, here), ""]
    return kept(request, "\n".join(lines), "text/plain")


def _pages(ctx: Any, here: PublicSite) -> list[str]:
    return [f"- [{_plain(one.label)}]({address_of(ctx, here, one.path)})" for one in here.nav]


def _plain(text: str) -> str:
    """One line that cannot be taken for Markdown of ours."""
    return " ".join(text.split()).replace("[", "(").replace("]", ")")


routes = [robots, site_robots, llms, site_llms]
