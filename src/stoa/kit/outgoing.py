"""Fetching what somebody else named the address of, without being led to our own network (L3).

    found = await download("https://example.org/a.png", most_bytes=25_000_000)

A host is resolved once, each of its addresses must be public, and the connection goes to the very address that was
looked at: a name that answers differently a moment later changes nothing. Redirects are followed by hand, each one
looked at in the same way. Only http and https, on their usual ports.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from email.message import Message
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
import msgspec

PORTS: Final = {"http": 80, "https": 443}
MAX_REDIRECTS: Final = 5
MAX_URL: Final = 2000
TIMEOUT_S: Final = 20.0
STEP_S: Final = 8.0
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_CONTEXT: Final = ssl.create_default_context()


class Unreachable(Exception):
    """Nothing was fetched; the message says why, in words for whoever named the address."""


class Fetched(msgspec.Struct, frozen=True):
    """What an address gave. `filename` is what it would be called, without a path; it may be empty."""

    url: str
    content: bytes
    content_type: str
    filename: str


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is wrapped in."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or ip in _NAT64:
            return False  # a tunnel, whose end could be anywhere
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, as the system knows them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def checked(host: str, port: int) -> str:
    """An address of a host, all of whose addresses are public. Raises Unreachable."""
    try:
        async with asyncio.timeout(STEP_S):
            addresses = await resolve(host, port)
    except (OSError, UnicodeError, TimeoutError):
        raise Unreachable("There is no such host") from None
    if not addresses or not all(map(is_public, addresses)):
        raise Unreachable("This address is not on the open internet")
    return addresses[0]


class _Checking(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were looked at, never to names."""

    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await self._inner.connect_tcp(
            await checked(host, port), port, timeout, local_address, list(socket_options or ())
        )

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Unreachable("Only web addresses can be fetched")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def network() -> httpcore.AsyncNetworkBackend:
    """What opens the connections."""
    return httpcore.AnyIOBackend()


async def download(url: str, *, most_bytes: int, timeout_s: float = TIMEOUT_S, accept: str = "*/*") -> Fetched:
    """What a public address gives, at most `most_bytes`, within `timeout_s` in all. Raises Unreachable."""
    try:
        async with (
            asyncio.timeout(timeout_s),
            httpcore.AsyncConnectionPool(network_backend=_Checking(network()), ssl_context=_CONTEXT) as pool,
        ):
            for _ in range(MAX_REDIRECTS + 1):
                found = await _step(pool, url, most_bytes, accept)
                if isinstance(found, Fetched):
                    return found
                url = found
    except TimeoutError:
        raise Unreachable(f"It did not arrive within {timeout_s:.0f} seconds") from None
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError):
        raise Unreachable("This host did not answer properly") from None
    raise Unreachable("This address leads from one to the next without an end")


async def _step(pool: httpcore.AsyncConnectionPool, url: str, most_bytes: int, accept: str) -> Fetched | str:
    """One request: what it gave, or where it leads."""
    target = _target(url)
    asked = {"Host": target.netloc, "User-Agent": "Stoa", "Accept": accept, "Accept-Encoding": "identity"}
    headers: list[tuple[bytes | str, bytes | str]] = list(asked.items())
    limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), STEP_S)}
    async with pool.stream("GET", url, headers=headers, extensions=limits) as response:
        sent = {k.lower().decode("latin-1"): v.decode("latin-1") for k, v in response.headers}
        if response.status in REDIRECTS and sent.get("location"):
            return urljoin(url, sent["location"])
        if response.status != 200:
            raise Unreachable(f"This address answers with status {response.status}")
        if sent.get("content-encoding", "identity") != "identity":
            raise Unreachable("This host sends its files packed, which cannot be limited")
        content = await _limited(response, sent.get("content-length", ""), most_bytes)
    return Fetched(url, content, sent.get("content-type", "").partition(";")[0].strip(), _filename(sent, url))


async def _limited(response: httpcore.Response, announced: str, most_bytes: int) -> bytes:
    too_large = Unreachable(f"What lies there has more than {most_bytes / 1024**2:.3g} MB")
    if announced.isascii() and announced.isdigit() and len(announced) < 20 and int(announced) > most_bytes:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_stream():
        size += len(chunk)
        if size > most_bytes:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def _target(url: str) -> Any:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unreachable("This is not a web address") from None
    if parts.scheme not in PORTS or not parts.hostname or not url.isascii() or len(url) > MAX_URL:
        raise Unreachable("This is not a web address that begins with https:// or http://")
    if any(ord(c) <= 32 or ord(c) == 127 for c in url):
        raise Unreachable("This is not a web address")
    if "@" in parts.netloc:
        raise Unreachable("An address with a name or password in it is not fetched")
    if port not in (None, PORTS[parts.scheme]):
        raise Unreachable("Only the usual ports of the web are fetched from")
    return parts


def _filename(headers: dict[str, str], url: str) -> str:
    message = Message()
    message["content-disposition"] = headers.get("content-disposition", "")
    try:
        name = message.get_filename() or ""
    except (LookupError, ValueError, UnicodeError):
        name = ""
    name = name or unquote(urlsplit(url).path.rpartition("/")[2])
    return name.replace("\\", "/").rpartition("/")[2].strip()[:255]
