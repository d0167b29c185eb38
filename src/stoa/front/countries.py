"""The countries by their ISO 3166 codes, as the time zone database names them in English."""

from functools import cache
from importlib.resources import files


@cache
def countries() -> list[tuple[str, str]]:
    """(code, name), by name."""
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return sorted(((code, name) for code, name in pairs), key=lambda one: one[1])


def country_name(code: str) -> str:
    """'Germany' of DE; the code itself where it is not known."""
    return dict(countries()).get(code, code)
