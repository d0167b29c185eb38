"""Every route of the application, as the contract tests walk them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from stoa.kit.ids import new_id
from stoa.main import create_litestar, http_handlers

PARAMETER = re.compile(r"\{(\w+)\}")
SAFE = {"GET", "HEAD"}


def filler(name: str, kind: str) -> str:
    """Something that fits a path parameter and belongs to nobody."""
    match kind:
        case "uuid":
            return str(new_id())
        case "int":
            return "999999999"
    return {"username": "nobody-of-this-name", "name": "320.webp"}.get(name, "x")


@dataclass(frozen=True)
class Route:
    """A route as it is listed, with what it declares."""

    method: str
    path: str
    access: str
    kinds: dict[str, str]
    handler: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_page(self) -> bool:
        return not self.path.startswith("/api/")

    def filled(self, values: Mapping[str, Any] | None = None) -> str:
        """The path with these values, or with some that belong to nobody."""
        given = values or {}
        return PARAMETER.sub(
            lambda m: str(given[m[1]] if m[1] in given else filler(m[1], self.kinds.get(m[1], "str"))), self.path
        )


@cache
def handlers() -> list[tuple[str, str, Any]]:
    """Each (method, path, handler). They are put together once: it takes two seconds, and tests ask when collected."""
    return list(http_handlers(create_litestar()))


def routes() -> list[Route]:
    """All routes that declare an access."""
    found = []
    for method, path, handler in handlers():
        if "access" in handler.opt:
            kinds = dict(re.findall(r"\{(\w+):(\w+)\}", next(iter(handler.paths))))
            found.append(Route(method, path, handler.opt["access"], kinds, handler))
    return sorted(found, key=lambda route: (route.path, route.method))


def gist(answer: httpx.Response) -> str:
    """Status and, of a page, only its title."""
    title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
    return f"{answer.status_code} {title[1] if title else answer.text[:500]}"
