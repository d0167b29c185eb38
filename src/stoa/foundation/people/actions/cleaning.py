"""What people write about themselves, brought into one form: names without tricks, links that lead where they say."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

MOST_URL: Final = 2048
_JOINERS: Final = "\u200c\u200d"  # needed by some scripts, and in emoji
_HOST: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# Of a handle's service: its hosts, and the form of a handle there.
_HANDLES: Final[dict[str, tuple[tuple[str, ...], re.Pattern[str]]]] = {
    "twitter_handle": (("twitter.com", "x.com"), re.compile(r"[A-Za-z0-9_]{1,15}")),
    "instagram_handle": (("instagram.com",), re.compile(r"[A-Za-z0-9._]{1,30}")),
    "tiktok_handle": (("tiktok.com",), re.compile(r"[A-Za-z0-9._]{2,24}")),
}
_PAGES: Final[dict[str, tuple[str, ...]]] = {
    "website_url": (),
    "youtube_channel": ("youtube.com",),
    "discord_server": ("discord.gg", "discord.com"),
    "patreon_page": ("patreon.com",),
    "kofi_page": ("ko-fi.com",),
}


def name(text: str) -> str:
    """A name in one line, its spaces single. Raises ValueError for one that is empty or holds what cannot be seen."""
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if not tidy or all(unicodedata.category(c)[0] in "CMZ" for c in tidy):
        raise ValueError("Please use at least one letter")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Co") and c not in _JOINERS for c in tidy):
        raise ValueError("This holds a character that cannot be seen")
    return tidy


def text(value: str) -> str | None:
    """A longer text with plain line ends, without space around it; None for nothing."""
    return value.replace("\r\n", "\n").replace("\r", "\n").strip() or None


def handle(field: str, value: str) -> str | None:
    """'@ana', 'ana' or 'https://x.com/ana' as 'ana'; None for nothing. Raises ValueError."""
    hosts, pattern = _HANDLES[field]
    given = value.strip()
    if "/" in given:
        parts = urlsplit(given if "://" in given else f"https://{given}")
        if parts.scheme not in ("https", "http") or _without_www(parts.hostname) not in hosts:
            raise ValueError(f"Please give a name, or an address at {hosts[-1]}")
        given = parts.path.strip("/")
    given = given.removeprefix("@")
    if given and not pattern.fullmatch(given):
        raise ValueError("This is not of the expected form")
    return given or None


def page(field: str, value: str) -> str | None:
    """An https address at the service the field is for, of any host for one's own site; None for nothing.

    Raises ValueError for another scheme or host, for credentials in it, and for an address of a machine.
    """
    hosts, given = _PAGES[field], value.strip()
    if not given:
        return None
    given = given if "://" in given else f"https://{given}"
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("This is not an address") from None
    if parts.scheme != "https":
        raise ValueError("Only addresses that begin with https:// are taken")
    if len(given) > MOST_URL or not given.isascii() or re.search(r"[\s\x00-\x20\x7f\"<>\\^`{|}]", given):
        raise ValueError("This is not an address")
    if parts.username is not None or parts.password is not None or port not in (None, 443):
        raise ValueError("Please give the plain address, without a name, password or port in it")
    if not _HOST.fullmatch(host) or _is_machine(host):
        raise ValueError("This is not the address of a site")
    if hosts and (_without_www(host) not in hosts or not parts.path.strip("/")):
        raise ValueError(f"Please give an address at {hosts[0]}")
    return given


def cleaner_of(field: str) -> Callable[[str], str | None]:
    """How a text field of a profile is brought into form."""
    if field in _HANDLES:
        return lambda value: handle(field, value)
    if field in _PAGES:
        return lambda value: page(field, value)
    if field in ("pen_name", "company_name", "display_name"):
        return name
    return text


def _without_www(host: str | None) -> str:
    shown = (host or "").lower()
    for prefix in ("www.", "m.", "mobile."):
        shown = shown.removeprefix(prefix)
    return shown


def _is_machine(host: str) -> bool:
    if host.endswith((".local", ".localhost", ".internal", ".lan", ".home.arpa", ".invalid", ".test")):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
