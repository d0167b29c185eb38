"""How somebody likes to read: type, paper, and the way pictures turn; on this device, or in one series only.

Kept in two cookies: one for the whole place, and one whose path is a series', which so goes along with its chapters and
comes first. Face and size are also those of every other long text, and of who is signed in on all their devices.
"""

import re
from typing import Any, Final, Literal

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import Cookie

from stoa.foundation.people import actions
from stoa.foundation.people.types import PreferenceChanges
from stoa.front.page import FACES, SIZES, Reading, safe_next, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import parse
from stoa.kit.http import CtxDep, access

DEVICE: Final = "chair"
SERIES: Final = "chair_series"
ADULT: Final = "adult"  # of a series that somebody has opened, knowing what it is
_YEAR_S: Final = 365 * 24 * 3600
_PLACE: Final = re.compile(r"/[A-Za-z0-9._~%/-]{0,200}")
# Each choice with its words; the first is what it is until somebody chooses.
CHOICES: Final[dict[str, dict[str, str]]] = {
    "face": dict(zip(FACES, ("The house's own", "Inter", "Atkinson", "OpenDyslexic"), strict=True)),
    "size": {"19": "19"} | dict(zip(SIZES, SIZES, strict=True)),
    "leading": {"usual": "Usual", "close": "Close", "open": "Open"},
    "measure": {"usual": "Usual", "narrow": "Narrow", "wide": "Wide"},
    "align": {"start": "Ragged", "justify": "Justified"},
    "paper": {"site": "As here", "light": "Light", "sepia": "Sepia", "dark": "Dark"},
    "mode": {"drawn": "As drawn", "page": "One", "double": "Two", "strip": "Strip"},
    "direction": {"drawn": "As drawn", "rtl": "To the left", "ltr": "To the right"},
    "fit": {"whole": "Whole", "width": "Width", "height": "Height", "full": "Full size"},
    "taps": {"on": "Turn pages", "off": "Do nothing"},
    "sides": {"off": "Do nothing", "on": "Turn a screen"},
}
_THEMES: Final = {"light": "stoa", "sepia": "stoa", "dark": "stoa-dark"}


class Chair(msgspec.Struct, frozen=True):
    """One's choices by the names of CHOICES; empty is not chosen."""

    face: str = ""
    size: str = ""
    leading: str = ""
    measure: str = ""
    align: str = ""
    paper: str = ""
    mode: str = ""
    direction: str = ""
    fit: str = ""
    taps: str = ""
    sides: str = ""

    @classmethod
    def read(cls, text: str | None) -> "Chair":
        """Of a cookie; what is not offered any more is left out."""
        pairs = (part.partition(":") for part in (text or "").split("."))
        return cls(**{name: value for name, _, value in pairs if value in CHOICES.get(name, ())})

    def write(self) -> str:
        """As a cookie."""
        return ".".join(f"{name}:{value}" for name, value in msgspec.structs.asdict(self).items() if value)

    def over(self, other: "Chair") -> "Chair":
        """These choices, and where there are none those of another."""
        return Chair(**{name: value or getattr(other, name) for name, value in msgspec.structs.asdict(self).items()})


class Seat(msgspec.Struct, frozen=True):
    """The choices that hold in a series; `face` and `size` are empty where they are those of all long texts."""

    chosen: Chair
    is_of_series: bool

    def get(self, name: str) -> str:
        """What was chosen, or what it is until then."""
        return getattr(self.chosen, name) or usual(name)

    @property
    def choices(self) -> dict[str, dict[str, str]]:
        """What there is to choose from."""
        return CHOICES

    @property
    def sizes(self) -> tuple[str, ...]:
        """Those of the type, from small to large."""
        return SIZES

    @property
    def attributes(self) -> dict[str, str]:
        """Those of the page's root element, where they differ from what is usual."""
        named = {name: self.get(name) for name in ("leading", "measure", "align", "paper")}
        return {f"data-{name}": value for name, value in named.items() if value != usual(name)}

    @property
    def context(self) -> dict[str, Any]:
        """What a page of the series is given."""
        given: dict[str, Any] = {"seat": self}
        if self.chosen.paper in _THEMES:
            given["theme"] = _THEMES[self.chosen.paper]
        if self.chosen.face and self.chosen.size:
            face, size = (("" if one == usual(name) else one) for name, one in self._text.items())
            given["reading"] = Reading(face, size)
        return given

    @property
    def _text(self) -> dict[str, str]:
        return {"face": self.chosen.face, "size": self.chosen.size}


def usual(name: str) -> str:
    """What holds until somebody chooses."""
    return next(iter(CHOICES[name]))


def seat_of(request: Request[Any, Any, Any]) -> Seat:
    """The choices that hold where the request is: its browser sends along those of the series."""
    own = Chair.read(request.cookies.get(SERIES))
    return Seat(own.over(Chair.read(request.cookies.get(DEVICE))), is_of_series=own != Chair())


class ChairForm(msgspec.Struct):
    """What the form sends. `here` is the path of the series."""

    face: str = ""
    size: str = ""
    leading: str = ""
    measure: str = ""
    align: str = ""
    paper: str = ""
    mode: str = ""
    direction: str = ""
    fit: str = ""
    taps: str = ""
    sides: str = ""
    scope: Literal["device", "series"] = "device"
    here: str = "/"
    next: str = "/"


@post("/preferences/reader", opt=access("public"))
async def choose(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Keeps the choices for this device, or for a series on it. For the device, those of the series are forgotten."""
    form = parse(ChairForm, dict(await request.form()), strict=False)
    wrong = {n: "One of those offered" for n, offered in CHOICES.items() if getattr(form, n) not in ("", *offered)}
    if not _PLACE.fullmatch(form.here) or safe_next(form.here) != form.here:
        wrong["here"] = "The path of a series"
    if wrong:
        raise Invalid(fields=wrong)
    chosen = Chair(**{name: getattr(form, name) for name in CHOICES})
    htmx = "hx-request" in request.headers
    response: Response[Any] = Response(content=None, status_code=204) if htmx else see_other(safe_next(form.next))
    if form.scope == "series":
        _keep(ctx, response, SERIES, chosen.write(), form.here)
        return response
    _keep(ctx, response, SERIES, "", form.here)
    rest = msgspec.structs.replace(chosen, face="", size="")
    _keep(ctx, response, DEVICE, rest.over(Chair.read(request.cookies.get(DEVICE))).write(), "/")
    if chosen.face and chosen.size:
        await _keep_for_texts(ctx, response, chosen)
    return response


async def _keep_for_texts(ctx: Ctx, response: Response[Any], chosen: Chair) -> None:
    """Face and size, as every long text has them (see front/public/preferences.py)."""
    if ctx.actor is not None:
        changes = {"reading_face": chosen.face, "reading_size": int(chosen.size)}
        await actions.prefer(ctx, parse(PreferenceChanges, changes))
    plain = (chosen.face, chosen.size) == (FACES[0], usual("size"))
    _keep(ctx, response, "reading", "" if plain else f"{chosen.face}.{chosen.size}", "/")


def _keep(ctx: Ctx, response: Response[Any], key: str, value: str, path: str) -> None:
    response.cookies.append(
        Cookie(
            key=key,
            value=value,
            path=path,
            samesite="lax",
            secure=ctx.app.settings.cookies_are_secure,
            max_age=_YEAR_S if value else 0,
        )
    )


def is_opened(request: Request[Any, Any, Any]) -> bool:
    """Whether somebody said on this device, or says now, that they want to see what is for adults in this series."""
    return request.query_params.get("open") == "yes" or request.cookies.get(ADULT) == "yes"


def keep_opened(ctx: Ctx, response: Response[Any], path: str) -> None:
    """Does not ask again in the series at `path` until the browser is closed."""
    response.cookies.append(
        Cookie(
            key=ADULT,
            value="yes",
            path=path,
            samesite="lax",
            httponly=True,
            secure=ctx.app.settings.cookies_are_secure,
        )
    )


routes = [choose]
