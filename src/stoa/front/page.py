"""Renders pages: one synchronous Jinja environment, the macros of `components/` as `ui`, and what every page needs.

    return await page(request, ctx, "public/home.html", feed=feed)

Templates lie beside their page files and are named by their path below `front/`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined, select_autoescape
from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.response import Redirect
from litestar.utils import normalize_path

from stoa.foundation.identity.errors import StepUpRequired
from stoa.foundation.people.queries.account import me as person_at_the_page
from stoa.foundation.people.types import MeView
from stoa.foundation.settings.queries import platform
from stoa.front import charts, flash, formats, kept
from stoa.front.remembered import TOKEN, Remembered, key_of
from stoa.kit.config import Settings
from stoa.kit.ctx import Ctx
from stoa.kit.errors import StoaError
from stoa.kit.http.edge import csrf_token
from stoa.money.wallet.queries import wallet
from stoa.money.wallet.types import WalletView

FRONT: Final = Path(__file__).parent
MANIFEST: Final = FRONT / "static" / "build" / "manifest.json"
COMPONENTS: Final = ("basics", "forms", "lists", "figures", "overlays", "works", "money", "machine", "shelf", "covers")
# Macros that say the same for the same arguments. Typed: a text that is safe already is another than one that is not.
ALWAYS_THE_SAME: Final = ("icon", "columns")
KEPT: Final = 2000
THEMES: Final = {"light": "stoa", "dark": "stoa-dark"}
FACES: Final = ("literata", "inter", "atkinson", "dyslexic")
SIZES: Final = ("16", "17", "18", "19", "20", "21", "22", "24", "26")
# Names that a template may leave unset.
OPTIONAL: Final[dict[str, Any]] = {
    "query": None,
    "page_keys": None,
    "wide": False,
    "theme_id": None,
    "lang": None,
    "rail_path": None,
    "trail": None,
}


class Reading(msgspec.Struct, frozen=True):
    """How somebody likes long texts: a face and a size in pixels; empty is the default."""

    face: str = ""
    size: str = ""


class Answered(StoaError):
    """Raised by what stands around a page in place of the page: here is the answer."""

    code = "answered"

    def __init__(self, answer: Response[Any]) -> None:
        super().__init__()
        self.answer = answer
        self.status = answer.status_code or 200  # type: ignore[misc]


class Assets:
    """Plain names to the addresses of the built files, whose names carry a hash of their content."""

    def __init__(self) -> None:
        self.fresh = False  # whether to look at the manifest again at each use, as while developing
        self._seen = 0.0
        self._names: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """'app.css' as '/static/build/app-1a2b3c.css'. Raises KeyError for a file that was not built."""
        if self.fresh or not self._names:
            changed = MANIFEST.stat().st_mtime
            if changed != self._seen:
                self._names, self._seen = msgspec.json.decode(MANIFEST.read_bytes(), type=dict[str, str]), changed
        return f"/static/build/{self._names[name]}"


class Components:
    """The macros of all component files under one name, `ui`."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._macros: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        if self._environment.auto_reload or not self._macros:
            for file in COMPONENTS:
                module = self._environment.get_template(f"components/{file}.html").module
                self._macros.update((key, made) for key, made in vars(module).items() if not key.startswith("_"))
            self._macros |= {name: lru_cache(KEPT, typed=True)(self._macros[name]) for name in ALWAYS_THE_SAME}
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(name) from None


def make_environment() -> Environment:
    """The Jinja environment of all pages."""
    environment = Environment(
        loader=FileSystemLoader(FRONT),
        autoescape=select_autoescape(default_for_string=True, default=True),
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= formats.FILTERS
    environment.globals |= OPTIONAL
    environment.globals |= {
        "asset": assets,
        "url": lambda name: f"/static/{name}",
        "ui": Components(environment),
        "plot": charts.plot,
        "shares": charts.shares,
    }
    return environment


assets: Final = Assets()
ENVIRONMENT: Final = make_environment()
REMEMBERED: Final = Remembered()


def prepare(settings: Settings, *, reload: bool = False) -> None:
    """Keeps compiled templates between starts; with `reload`, templates and built files are read again when changed."""
    folder = settings.home / "cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    ENVIRONMENT.bytecode_cache = FileSystemBytecodeCache(str(folder))
    ENVIRONMENT.auto_reload = assets.fresh = reload


def render(name: str, /, **context: Any) -> str:
    """A template as text, with only the context that is given."""
    return ENVIRONMENT.get_template(name).render(context)


async def page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    name: str,
    /,
    *,
    status: int = 200,
    held: WalletView | None = None,
    shared: bool = False,
    **context: Any,
) -> Response[Any]:
    """A whole page, or the part of one that an HTMX request asked for, with the base context (see `base_context`).

    held: the actor's wallet where the handler has read it already.
    shared: many who are not signed in ask for it, so that it is worth remembering as it was rendered.
    """
    is_part = "hx-request" in request.headers  # a part has no place for toasts; they wait for the next page
    toasts = [] if is_part else flash.unpack(request.cookies.get(flash.COOKIE), ctx.app.settings.secret_key)
    whole = {**await base_context(request, ctx, held), "toasts": toasts, **context}
    text = _rendered(name, whole) if shared and ctx.actor is None and status == 200 else render(name, **whole)
    response = Response(content=text, media_type=MediaType.HTML, status_code=status, headers={"Vary": "HX-Request"})
    response.headers["Cache-Control"] = "private, no-cache"
    if toasts:
        response.cookies.append(Cookie(key=flash.COOKIE, value="", path="/", max_age=0))
    return response


def _rendered(name: str, context: dict[str, Any]) -> bytes | str:
    """A page for a stranger: as it was rendered a moment ago from the same context, else anew."""
    token, unsigned = context["csrf"], {**context, "csrf": TOKEN}
    key = None if ENVIRONMENT.auto_reload else key_of(name, unsigned)
    if key is None:
        return render(name, **context)
    found = REMEMBERED.find(key, context["now"], token)
    if found is not None:
        return found
    text = render(name, **unsigned)
    REMEMBERED.keep(key, context["now"], text)
    return text.replace(TOKEN, token)


async def base_context(request: Request[Any, Any, Any], ctx: Ctx, held: WalletView | None = None) -> dict[str, Any]:
    """What layouts use: actor, me (MeView), coins_minor, csrf, path, back_to, next_query, theme, reading, now, partial.

    `back_to` is the page somebody is on: `path`, but for an answer to a form, whose address is no page.

    From here on numbers and times are written as this person wants them.
    """
    me = await person_at_the_page(ctx)
    if held is None and ctx.actor is not None:
        held = await wallet(ctx, ctx.actor.id)
    return {
        **_bare_context(request, me),
        "actor": ctx.actor,
        "me": me,
        "coins_minor": held.total_minor if held else None,
        "csrf": csrf_token(request),
        "now": ctx.now,
        "base_url": ctx.app.settings.base_url,
        "site_name": (await platform(ctx)).name,
    }


def _bare_context(request: Request[Any, Any, Any], me: MeView | None = None) -> dict[str, Any]:
    """What can be said about a request without a database, beside what somebody told us once for all their devices."""
    formats.write_for(*((me.locale, me.timezone) if me else ()))
    choice = request.cookies.get("theme", "system")
    face, _, size = request.cookies.get("reading", "").partition(".")
    if me is not None:
        choice = me.preferences.theme or choice
        face = me.preferences.reading_face or face
        size = str(me.preferences.reading_size or size)
    path = request.url.path
    back_to = _way_back(request, htmx="hx-request" in request.headers)
    return {
        "actor": None,
        "me": None,
        "coins_minor": None,
        "csrf": "",
        "site_name": "Stoa",
        "path": path,
        "back_to": back_to,
        "next_query": f"?next={quote(back_to)}" if back_to not in ("/", "/login", "/register") else "",
        "theme": THEMES.get(choice),
        "theme_choice": choice if choice in THEMES else "system",
        "reading": Reading(face if face in FACES[1:] else "", size if size in SIZES and size != "19" else ""),
        "partial": "hx-request" in request.headers,
        "toasts": [],
    }


def safe_next(target: str | None, default: str = "/") -> str:
    """A path on this site to go on to, never another site's address."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc or any(ord(c) < 32 for c in target) else target


def _own_path(request: Request[Any, Any, Any], address: str) -> str:
    """The path of an address of this site; empty for another's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return parts.path if parts.netloc == request.headers.get("host") else ""


def _opens(request: Request[Any, Any, Any], path: str) -> bool:
    """Whether there is a page, and not an address that only takes a form."""
    try:
        request.app.asgi_router.handle_routing(path=normalize_path(path), method="GET")
    except (NotFoundException, MethodNotAllowedException):
        return False
    return True


def see_other(path: str) -> Redirect:
    """After a POST: go and look at `path`."""
    return Redirect(path=path, status_code=303)


def error_page(request: Request[Any, Any, Any], status: int, code: str, detail: str) -> str:
    """The page that tells of an error; needs neither database nor session."""
    return render("layouts/error.html", **_bare_context(request), status=status, code=code, detail=detail)


def error_response(request: Request[Any, Any, Any], error: StoaError) -> Response[Any]:
    """An error outside `/api`: a toast for HTMX, the log-in page for who is not signed in, else a page of its own."""
    if isinstance(error, Answered):
        return error.answer
    htmx = "hx-request" in request.headers
    if isinstance(error, StepUpRequired):
        return _to_step_up(request, htmx=htmx)
    if error.status == 401:
        target = f"/login?next={quote(_way_back(request, htmx=htmx))}"
        if htmx:
            return Response(content="", media_type=MediaType.HTML, status_code=401, headers={"HX-Redirect": target})
        return see_other(target)
    if htmx:
        response: Response[Any] = Response(content="", media_type=MediaType.HTML, status_code=error.status)
        flash.add(request, response, flash.Toast(error.detail, "bad"))
        response.headers["HX-Reswap"] = "none"
        return response
    text = error_page(request, error.status, error.code, error.detail)
    return Response(content=text, media_type=MediaType.HTML, status_code=error.status)


def _way_back(request: Request[Any, Any, Any], *, htmx: bool) -> str:
    """The page that somebody is on: the one they opened, or the one whose form they have sent.

    An error that answers a form stands at the form's address, so that the next form can come from one without a page.
    """
    if request.method == "GET" and not htmx:
        return safe_next(request.url.path)
    address = request.headers.get("hx-current-url") or request.headers.get("referer") or ""
    path = safe_next(_own_path(request, address))
    return path if _opens(request, path) else "/"


def _to_step_up(request: Request[Any, Any, Any], *, htmx: bool) -> Response[Any]:
    """I4: to the page that asks for a second factor, and back from there; a form that was sent waits meanwhile."""
    target = f"/mfa/step-up?next={quote(_way_back(request, htmx=htmx))}"
    response: Response[Any] = see_other(target)
    if htmx:
        response = Response(content="", media_type=MediaType.HTML, status_code=403, headers={"HX-Redirect": target})
    cookie = kept.keep(request)
    if cookie is not None:
        response.cookies.append(cookie)
    return response
