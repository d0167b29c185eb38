"""What a session shows of where it is used: the kind of device, its system and browser, and the place, if known."""

import functools
from pathlib import Path
from typing import Any, Final

import maxminddb
import msgspec
import structlog
import ua_parser

from stoa.kit.ctx import App

log = structlog.get_logger(__name__)
KNOWN_AGENTS: Final = 2_000  # kept parsed: reading one takes a millisecond
PHONES: Final = frozenset({"iPhone", "Generic Smartphone"})


class Device(msgspec.Struct, frozen=True):
    """`type`: desktop, phone, tablet, program or unknown. Names as people know them, such as Firefox on Windows."""

    type: str
    os: str
    browser: str


class Place(msgspec.Struct, frozen=True):
    """ISO 3166 country code and a city, each None where nothing is known."""

    country: str | None
    city: str | None


NOWHERE: Final = Place(None, None)


@functools.lru_cache(maxsize=KNOWN_AGENTS)
def describe(user_agent: str) -> Device:
    """The device that calls itself so."""
    found = ua_parser.parse(user_agent)
    system = found.os.family if found.os else ""
    browser = found.user_agent.family if found.user_agent else user_agent.partition("/")[0][:60]
    return Device(_kind(user_agent, system, found.device.family if found.device else ""), system, browser)


def _kind(user_agent: str, system: str, device: str) -> str:
    if "iPad" in device or "Tablet" in user_agent or (system == "Android" and "Mobile" not in user_agent):
        return "tablet"
    if system in ("iOS", "Android") or device in PHONES or "Mobile" in user_agent:
        return "phone"
    if system:
        return "desktop"
    return "program" if user_agent else "unknown"


def place_of(app: App, address: str) -> Place:
    """Where an address is, by the database file the operator named in `geoip_database`; nowhere without one."""
    reader = _reader(app)
    if reader is None:
        return NOWHERE
    try:
        found: Any = reader.get(address)
    except ValueError:  # no address, as in tests and from sockets of this machine
        return NOWHERE
    if not isinstance(found, dict):
        return NOWHERE
    return Place(found.get("country", {}).get("iso_code"), found.get("city", {}).get("names", {}).get("en"))


def _reader(app: App) -> Any:
    """Read into memory once; None without a file, or with one that cannot be read."""
    if "identity.places" not in app.cache:
        file: Path | None = app.settings.geoip_database
        reader = None
        if file is not None:
            try:
                reader = maxminddb.open_database(str(file), maxminddb.MODE_MEMORY)
            except (OSError, maxminddb.InvalidDatabaseError) as error:
                log.warning("identity.no_places", file=str(file), error=str(error))
        app.cache["identity.places"] = reader
    return app.cache["identity.places"]
