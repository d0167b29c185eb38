"""Sites at names of their own: `{slug}.{host of the platform}`, and domains that their owners have proved.

Whoever comes by such a name sees the site as if it were alone there: `/about` is `/s/{slug}/about`. Nobody is signed in
under it, because cookies belong to the platform's host; what needs that leads back there.
"""

import ipaddress
import time
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote, urlsplit

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.operations.syndication.queries import site_at, site_named

KEPT_S: Final = 30.0  # how long a process remembers whose name it is, or that it is nobody's
MOST: Final = 5_000
# What is the same under every name: files, pictures, and how a reader likes things on this device.
SHARED: Final = frozenset({"api", "media", "preferences", "static"})


class SiteHosts:
    """ASGI around the application: a request to a site's own name becomes one to its place on the platform."""

    def __init__(self, app: Litestar, *, stoa: Callable[[], App]) -> None:
        self.app: ASGIApp = app
        self.stoa = stoa
        self.elsewhere = platform_parts(route.path for route in app.routes)
        self._known: dict[str, tuple[float, str | None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == ScopeType.HTTP:
            host = _host_of(scope)
            slug = await self._slug_of(host) if host and _is_foreign(self.stoa(), host) else None
            if slug is not None:
                away = self._move(scope, slug)
                if away is not None:
                    await _redirect(send, away)
                    return
        await self.app(scope, receive, send)

    def _move(self, scope: Any, slug: str) -> str | None:
        """Makes the path that of the platform; or an address to go to instead."""
        scope["state"]["house"] = slug
        path, root = scope["path"], f"/s/{slug}"
        first = path.split("/", 2)[1] if "/" in path else ""
        if scope["method"] not in ("GET", "HEAD") or first in SHARED:
            return None
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        if path == root or path.startswith(f"{root}/"):
            short = path.removeprefix(root) or "/"
            part = short.split("/", 2)[1]
            # '//x' would be another host; and what this name means otherwise can only be reached by the long address.
            kept = not part or part in self.elsewhere or part in SHARED
            return None if kept and short != "/" else f"{quote(short)}{query}"
        if first in self.elsewhere or first.startswith("@") or first == "s":
            return f"{self.stoa().settings.base_url}{quote(path, safe='/@')}{query}"
        moved = root if path in ("", "/") else root + path
        scope["path"], scope["raw_path"] = moved, quote(moved).encode()
        return None

    async def _slug_of(self, host: str) -> str | None:
        known = self._known.get(host)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        app = self.stoa()
        async with app.side.connection() as db:
            ctx = Ctx(db=db, actor=None, now=utcnow(), trace_id="", app=app)
            label = label_of(app, host)
            found = await (site_at(ctx, host) if label is None else site_named(ctx, label))
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[host] = (time.monotonic() + KEPT_S, found)
        return found


def label_of(app: App, host: str) -> str | None:
    """'ana' of 'ana.stoa.example' where that is the platform; None for a name elsewhere."""
    own = urlsplit(app.settings.base_url).hostname or ""
    label = host.removesuffix(f".{own}")
    return None if label == host else label


def platform_parts(paths: Iterable[str]) -> frozenset[str]:
    """The first parts of the platform's own addresses, without those that mean something on a site, too."""
    split = [[part for part in path.split("/") if part] for path in paths]
    on_site = {parts[2] for parts in split if parts[:1] == ["s"] and len(parts) > 2}
    return frozenset({parts[0] for parts in split if parts and "{" not in parts[0]} - on_site - {"s"} - SHARED)


def _host_of(scope: Any) -> str:
    for name, content in scope["headers"]:
        if name == b"host":
            host: str = content.decode("latin-1").lower()
            return host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host
    return ""


def _is_foreign(app: App, host: str) -> bool:
    """Whether it is a name other than those the platform itself is called by."""
    if "." not in host or host in (urlsplit(app.settings.base_url).hostname, app.settings.host):
        return False
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


async def _redirect(send: Send, address: str) -> None:
    headers = [(b"location", address.encode("latin-1")), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
