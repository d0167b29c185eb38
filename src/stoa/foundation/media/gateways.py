"""The virus scanner: what speaks clamd's protocol, over TCP or a socket file."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from stoa.foundation.media.errors import ScannerSilent
from stoa.kit.config import Settings
from stoa.kit.doctor import Finding

CONNECT_S: Final = 5.0
ANSWER_S: Final = 120.0
CHUNK_BYTES: Final = 256 * 1024
MAX_ANSWER_BYTES: Final = 4096


class Verdict(msgspec.Struct, frozen=True):
    """What the scanner said: `found` names what it found, None is clean."""

    found: str | None


class Scanner(Protocol):
    """What looks for viruses. Called outside of any transaction that holds locks."""

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        """Looks through a file. Raises ScannerSilent."""
        ...

    async def version(self) -> str:
        """How it calls itself. Raises ScannerSilent."""
        ...


class Clamd:
    """ClamAV's daemon. Files go to it over the connection (INSTREAM), so it may run on another machine."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)

    async def scan(self, chunks: AsyncIterator[bytes]) -> Verdict:
        """One file, one connection; the answer is `stream: OK` or `stream: <name> FOUND`."""

        async def send(writer: asyncio.StreamWriter) -> None:
            writer.write(b"zINSTREAM\0")
            async for chunk in chunks:
                for begin in range(0, len(chunk), CHUNK_BYTES):
                    part = chunk[begin : begin + CHUNK_BYTES]
                    writer.write(struct.pack("!L", len(part)) + part)
                    await writer.drain()
            writer.write(struct.pack("!L", 0))
            await writer.drain()

        said = await self._ask(send)
        verdict = said.removeprefix("stream: ")
        if verdict == "OK":
            return Verdict(None)
        if verdict.endswith(" FOUND"):
            return Verdict(verdict.removesuffix(" FOUND")[:200])
        raise ScannerSilent(f"the virus scanner answered {said[:200]!r}")

    async def version(self) -> str:
        """Such as `ClamAV 1.4.2/27500/…`."""

        async def send(writer: asyncio.StreamWriter) -> None:
            writer.write(b"zVERSION\0")
            await writer.drain()

        return await self._ask(send)

    async def _ask(self, send: "_Send") -> str:
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await self._open()
            try:
                async with asyncio.timeout(ANSWER_S):
                    with suppress(ConnectionError):  # it hangs up on a file that is too large for it, and says so
                        await send(writer)
                    answer = await reader.read(MAX_ANSWER_BYTES)
            finally:
                writer.close()
        except (OSError, TimeoutError) as error:
            raise ScannerSilent(f"the virus scanner does not answer: {error or type(error).__name__}") from error
        said = answer.partition(b"\0")[0].decode("utf-8", "replace").strip()
        if not said:
            raise ScannerSilent("the virus scanner hung up without an answer")
        return said

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._url.scheme == "unix":
            return await asyncio.open_unix_connection(Path(unquote(self._url.path)))
        return await asyncio.open_connection(self._url.hostname, self._url.port)


class _Send(Protocol):
    async def __call__(self, writer: asyncio.StreamWriter) -> None: ...


def scanner_of(settings: Settings) -> Scanner | None:
    """By whom uploads are scanned here, or None when the operator chose nobody."""
    return Clamd(settings.clamd_url) if settings.clamd_url else None


async def look(settings: Settings) -> Finding:
    """A line for the doctor: who scans uploads."""
    scanner = scanner_of(settings)
    if scanner is None:
        return Finding("scanner", True, "none: uploads are shown as not scanned; set clamd_url to have them scanned")
    try:
        return Finding("scanner", True, await scanner.version())
    except ScannerSilent as error:
        return Finding("scanner", False, str(error), "see to clamd and to clamd_url; uploads wait meanwhile")
