"""Filters of a list stand in its address: read here, and carried on to the next page."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from litestar import Request

from stoa.kit.errors import Invalid

S = TypeVar("S", bound=str)


def text(request: Request[Any, Any, Any], name: str) -> str | None:
    """What somebody filtered by, or None for everything."""
    return (request.query_params.get(name) or "").strip()[:100] or None


def choice(request: Request[Any, Any, Any], name: str, allowed: Collection[S]) -> S | None:
    """One of the choices, or None. Raises Invalid for another one."""
    chosen = text(request, name)
    if chosen is None:
        return None
    for one in allowed:
        if one == chosen:
            return one
    raise Invalid(fields={name: f"One of {', '.join(allowed)}"})


def person(request: Request[Any, Any, Any]) -> str | None:
    """A name, with or without the sign before it."""
    name = text(request, "person")
    return name.removeprefix("@") if name else None


def day_end(request: Request[Any, Any, Any], name: str) -> datetime | None:
    """The end of a chosen day in UTC, or None. Raises Invalid for what is not a day."""
    chosen = text(request, name)
    if chosen is None:
        return None
    try:
        day = date.fromisoformat(chosen)
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise Invalid(fields={name: "Please give a day, such as 2026-05-03"}) from None


def older(request: Request[Any, Any, Any], next_cursor: str | None) -> str | None:
    """The address of the next page with the same filters, or None on the last one."""
    if next_cursor is None:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor" and value]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', next_cursor)])}"


def newest(request: Request[Any, Any, Any]) -> str | None:
    """The address of the list's beginning with the same filters, or None when this is it."""
    if "cursor" not in request.query_params:
        return None
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor" and value]
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")
