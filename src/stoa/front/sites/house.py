"""What stands around every page of a site: who may come in, its theme, its navigation, where it lives.

site = await house(request, ctx, slug)
return await house_page(request, ctx, site, "sites/home.html", works=works)
"""

from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.response import Redirect

from stoa.creation.sites.queries import public_site
from stoa.creation.sites.types import SOCIAL, PublicSite, SiteState
from stoa.front.page import Answered, page
from stoa.kit.ctx import Ctx

RETRY_AFTER_S: Final = 3600
# Whom the browser may talk to so that visits are counted, by who counts them.
_MEASURES: Final = {
    "google": ("https://www.googletagmanager.com", "https://*.google-analytics.com https://*.googletagmanager.com"),
    "facebook": ("https://connect.facebook.net", "https://www.facebook.com"),
    "plausible": ("https://plausible.io", "https://plausible.io"),
}


async def house(request: Request[Any, Any, Any], ctx: Ctx, slug: str) -> PublicSite:
    """The site of this address, for whoever may come in. Every page of a site begins with it.

    Answers by itself (raises Answered) with a redirect from an address that it had before (S6), with the page that says
    why it is closed, or that it is under maintenance (503). Raises NotFound for none.
    """
    site = await public_site(ctx, slug)
    is_shut = site.state is not SiteState.OPEN and not site.is_insider
    if is_shut and site.state is not SiteState.MAINTENANCE:  # nor is it said what it is called now
        raise Answered(await _closed(request, ctx, site))
    if site.slug != slug:
        rest = request.url.path.removeprefix(f"/s/{slug}")
        query = f"?{request.url.query}" if request.url.query else ""
        raise Answered(Redirect(path=f"/s/{site.slug}{rest}{query}", status_code=308))
    if is_shut:
        raise Answered(await _closed(request, ctx, site))
    return site


async def _closed(request: Request[Any, Any, Any], ctx: Ctx, site: PublicSite) -> Response[Any]:
    if site.state is not SiteState.MAINTENANCE:
        return await page(request, ctx, "sites/closed.html", status=403, state=site.state)
    answer = await page(request, ctx, "sites/maintenance.html", status=503, **_around(request, ctx, site))
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


async def house_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    site: PublicSite,
    name: str,
    /,
    *,
    status: int = 200,
    path: str | None = None,
    indexed: bool = True,
    **context: Any,
) -> Response[Any]:
    """A page in a site's house. `path` ('/s/x/about') is its address for search engines, else the one asked for."""
    base = _around(request, ctx, site, path)
    may_index = indexed and status == 200 and site.search_engines
    answer = await page(request, ctx, name, status=status, shared=True, **{**base, "indexed": may_index, **context})
    if not site.ai_crawlers:
        answer.headers["X-Robots-Tag"] = "noai, noimageai"
    if base["measures"]:
        answer.headers["Content-Security-Policy"] = policy_for(base["measures"])
    return answer


def _around(request: Request[Any, Any, Any], ctx: Ctx, site: PublicSite, path: str | None = None) -> dict[str, Any]:
    """What `layouts/house.html` needs beside the base context."""
    here, away = request.url.path, is_away(request)
    root = f"/s/{site.slug}"
    return {
        "site": site,
        "here": here,
        "away": away,
        "at": At(root) if away else At(""),
        "places": _places(site, root),
        "elsewhere": SOCIAL,
        "canonical": address_of(ctx, site, path or here),
        "style_url": f"{root}/style.css?v={site.revision}",
        "measures": measures_of(site) if site.state is SiteState.OPEN else {},
        "insider": site.state is not SiteState.OPEN and site.is_insider,
        "indexed": False,
        "name_tag": None,
        "is_preview": False,
    }


def _places(site: PublicSite, root: str) -> list[tuple[str, str]]:
    """The navigation: what every site has, with the site's own pages between."""
    own = [(one.label, one.path) for one in site.nav]
    about = [] if any(path == f"{root}/about" for _, path in own) else [("About", f"{root}/about")]
    return [("Home", root), ("Series", f"{root}/series"), *own, *about]


def is_away(request: Request[Any, Any, Any]) -> bool:
    """Whether the site is looked at under a name of its own, where nobody is signed in."""
    return request.scope["state"].get("house") is not None


class At(msgspec.Struct, frozen=True):
    """'/s/x/about' as '/about' where the whole host is the site's, whose root is '/s/x'; else as it is."""

    root: str

    def __call__(self, path: str) -> str:
        """The path as visitors see it."""
        if not self.root or (path != self.root and not path.startswith(f"{self.root}/")):
            return path
        return path.removeprefix(self.root) or "/"


def address_of(ctx: Ctx, site: PublicSite, path: str) -> str:
    """The one address by which the world shall know a page of the site: at its own domain, where it has one."""
    if site.domain is None:
        return f"{ctx.app.settings.base_url}{path}"
    at = At(f"/s/{site.slug}")
    return f"https://{site.domain}{at(path)}"


def measures_of(site: PublicSite) -> dict[str, str]:
    """By whom the site has its visits counted, as attributes of the script that does it."""
    named = {
        "data-google": site.google_analytics_id,
        "data-facebook": site.facebook_pixel_id,
        "data-plausible": site.plausible_domain,
    }
    return {name: given for name, given in named.items() if given}


def policy_for(measures: dict[str, str]) -> str:
    """The content security policy of a page whose visits are counted by these, and by nobody else."""
    asked = [_MEASURES[name.removeprefix("data-")] for name in measures]
    scripts, calls = " ".join(one for one, _ in asked), " ".join(one for _, one in asked)
    return "; ".join(
        (
            "default-src 'self'",
            "img-src 'self' data: https:",
            f"script-src 'self' {scripts}",
            f"connect-src 'self' {calls}",
            "style-src 'self'",
            "object-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        )
    )


def plain(content: str, media_type: str, *, max_age_s: int = 300, shared: bool = True) -> Response[str]:
    """Something for machines that may be kept for a while by whoever fetches it; shared: and handed on by them."""
    kept_by = "public" if shared else "private"
    headers = {"Cache-Control": f"{kept_by}, max-age={max_age_s}"}
    return Response(content=content, media_type=media_type, headers=headers)
