"""The web application: modules, compat and pages put behind one edge."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.openapi import OpenAPIConfig
from litestar.routes import HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp

from stoa import __version__
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.queries import SESSIONS_BY_ID
from stoa.foundation.settings.queries import platform_of
from stoa.front import page
from stoa.front.page import error_response
from stoa.front.sites.hosts import SiteHosts
from stoa.kit import limits, logs, metrics
from stoa.kit.clock import utcnow
from stoa.kit.config import Settings, load_settings
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.db import Db
from stoa.kit.http import access, health, problems
from stoa.kit.http.credentials import Credentials
from stoa.kit.http.description import Description, complete
from stoa.kit.http.edge import Edge
from stoa.kit.http.envelope import Envelope
from stoa.kit.http.inputs import InputDTO, PageRequest
from stoa.kit.http.lending import Lending, lending_of
from stoa.kit.http.live import Live
from stoa.modules import PACKAGE, api_routes, build_app, close_app, load, page_routes

OPENAPI_PATH = "/api/openapi"
STATIC = PACKAGE / "front" / "static"


class Holder:
    """Where the running application finds its App, which needs an event loop to be made."""

    def __init__(self, app: App | None, settings: Settings | None) -> None:
        self.app = app
        self.settings = settings
        self.live = Live(self, who=who, still_open=still_open)

    def __call__(self) -> App:
        """The App; only asked for once the application has started."""
        if self.app is None:
            raise RuntimeError("the application has not started")
        return self.app

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Makes the App at the start and ends it at the stop, unless it was given."""
        if self.app is not None:
            yield
            return
        self.app = await build_app(self.settings or load_settings())
        listener = await identity.remember_sessions(self.app, self.live.told)
        self.live.start(lambda: listener.hears)
        try:
            yield
        finally:
            await self.live.stop()
            await listener.stop()
            await close_app(self.app)


async def who(app: App, shown: Credentials) -> Actor | None:
    """As `authenticate`, for a socket."""

    async with AsyncExitStack() as lent:

        async def connection() -> Db:
            return await lent.enter_async_context(app.database.connection())

        if shown.bearer is not None:
            return await identity.actor_of_bearer(app, shown.bearer, utcnow(), connection)
        if shown.cookie is not None:
            return await identity.actor_of_cookie(app, shown.cookie, utcnow(), connection)
    return None


async def still_open(app: App, session_ids: list[UUID]) -> set[UUID]:
    """Which of these sessions are live."""
    async with app.database.connection() as db:
        return {row.session_id for row in await SESSIONS_BY_ID(db, session_ids, utcnow())}


async def authenticate(lending: Lending) -> Actor | None:
    """Bearer token, else session cookie, else nobody. Raises Unauthenticated for a bearer token that is not valid."""
    shown = lending.credentials
    if shown.bearer is not None:
        return await identity.actor_of_bearer(lending.app, shown.bearer, lending.now, lending.db)
    if shown.cookie is not None:
        return await identity.actor_of_cookie(lending.app, shown.cookie, lending.now, lending.db)
    return None


async def limit(app: App, actor: Actor | None, address: str, kind: str | None) -> None:
    """L1: authentication, uploads and texts by their own limit, everything else by the general one; staff unlimited."""
    if kind == "none" or not app.settings.limits or (actor is not None and actor.is_staff):
        return
    config, factor, network = await platform_of(app), app.settings.limits_multiplier, limits.network_of(address)
    match kind:
        case "auth":
            await limits.allow(app, f"auth:{network}", int(config.limit_auth_per_minute * factor), 60)
        case "upload" if actor is not None:
            await limits.allow(app, f"upload:{actor.id}", int(config.limit_upload_per_minute * factor), 60)
        case "write" if actor is not None:
            await limits.allow(app, f"write:{actor.id}", int(config.limit_write_per_minute * factor), 60)
        case _ if actor is not None:
            await limits.allow(app, f"member:{actor.id}", int(config.limit_member_per_minute * factor), 60)
        case _:
            await limits.allow(app, f"address:{network}", int(config.limit_anonymous_per_minute * factor), 60)


async def provide_ctx(request: Request[Any, Any, Any]) -> Ctx:
    """The request's context."""
    return await lending_of(request.scope).ctx()


def create_app(app: App | None = None, settings: Settings | None = None) -> ASGIApp:
    """The whole web application as ASGI. With an `app` it uses that one; else it makes its own at the start."""
    holder = Holder(app, settings)
    known = app.settings if app else settings
    pages = Envelope(SiteHosts(_litestar(holder), stoa=holder), secure=known is not None and known.cookies_are_secure)
    whole: ASGIApp = holder.live.asgi(pages)
    return whole


def create_litestar(app: App | None = None, settings: Settings | None = None) -> Litestar:
    """The routes; needs no database, so that they can be listed and described without one."""
    return _litestar(Holder(app, settings))


def _litestar(holder: Holder) -> Litestar:
    load()
    pages = Router(path="/", route_handlers=page_routes(), include_in_schema=False, request_class=PageRequest)
    # Built files carry a hash of their content in their names, so they may be kept for ever; the few others a day.
    built = static_files("/static/build", STATIC / "build", CacheControlHeader(max_age=31536000, immutable=True))
    static = static_files("/static", STATIC, CacheControlHeader(max_age=86400))
    problems.PAGES[:] = [error_response]
    litestar = Litestar(
        route_handlers=[*health.routes, *api_routes(), pages, built, static],
        dependencies={"ctx": Provide(provide_ctx)},
        dto=InputDTO,
        return_dto=None,
        middleware=[DefineMiddleware(Edge, stoa=holder, authenticate=authenticate, limiter=limit)],
        exception_handlers={Exception: problems.handle},
        lifespan=[holder.lifespan],
        openapi_config=OpenAPIConfig(
            title="Stoa",
            version=__version__,
            path=OPENAPI_PATH,
            render_plugins=[Description(describe)],
            use_handler_docstrings=True,
        ),
        logging_config=None,
        # Files only: a page holds its CSRF token beside what people typed, and compressing both together tells of it.
        compression_config=CompressionConfig(backend="gzip", minimum_size=1024, exclude_opt_key="as_is"),
        request_max_body_size=1024 * 1024,
    )
    check_access_declared(litestar)
    return litestar


def static_files(path: str, folder: Path, cache_control: CacheControlHeader) -> Router:
    """Files of a folder, for anybody, without looking at who asks."""
    return create_static_files_router(
        path=path,
        directories=[folder],
        opt=access("public", limit="none") | {"as_is": False},
        include_in_schema=False,
        cache_control=cache_control,
    )


def http_handlers(litestar: Litestar) -> Iterable[tuple[str, str, HTTPRouteHandler]]:
    """Each (method, path template, handler), without the framework's own OPTIONS answers."""
    for route in litestar.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                for method in sorted(handler.http_methods):
                    if method != "OPTIONS":
                        yield method, handler.opt.get("shown_as", route.path_format), handler


def describe(litestar: Litestar) -> dict[str, Any]:
    """The API's description as plain data."""
    declared = {(path, method): handler.opt for method, path, handler in http_handlers(litestar)}
    return complete(litestar.openapi_schema.to_schema(), declared)


def check_access_declared(litestar: Litestar) -> None:
    """Deny by default: a route that does not say who may call it stops the start."""
    bare = {
        f"{method} {path}"
        for method, path, handler in http_handlers(litestar)
        if "access" not in handler.opt and not path.startswith(OPENAPI_PATH)
    }
    if bare:
        raise RuntimeError(f"routes without a declared access: {', '.join(sorted(bare))}")


def asgi() -> ASGIApp:
    """For uvicorn: `stoa.main:asgi` as factory."""
    settings = load_settings()
    logs.configure(settings)
    metrics.configure(settings.home / "metrics")
    page.prepare(settings)
    return create_app(settings=settings)
