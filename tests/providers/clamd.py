"""A virus scanner on this machine, for tests, that speaks clamd's protocol over TCP as its documentation has it.

    async with standing(app) as clamd:       set up for an App, on a port of its own
    clamd.scanned                            what it was sent, whole
    clamd.mischief = ["hang_up"]             what it does to its next connections, one after the other

It finds EICAR's test signature, and nothing else. Mischief: `hang_up` without an answer, `error`, `gibberish`, `limit`
(it says that the file is too large, before it is all there).
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NAME = "Win.Test.EICAR_HDB-1"


class Clamd:
    """The server."""

    def __init__(self) -> None:
        self.scanned: list[bytes] = []
        self.mischief: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            how = self.mischief.pop(0) if self.mischief else ""
            command = await reader.readuntil(b"\0")
            if how == "hang_up":
                return
            if how == "limit":
                answer = "INSTREAM size limit exceeded. ERROR"
            elif command == b"zVERSION\0":
                answer = "ClamAV 1.4.2/27500/Fri Nov 20 09:00:00 2026"
            elif command == b"zINSTREAM\0":
                answer = await self._instream(reader)
            else:
                answer = "UNKNOWN COMMAND"
            if how == "error":
                answer = "stream: Can't allocate memory ERROR"
            writer.write(b"\xff\xfe" if how == "gibberish" else answer.encode() + b"\0")
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _instream(self, reader: asyncio.StreamReader) -> str:
        content = b""
        while size := struct.unpack("!L", await reader.readexactly(4))[0]:
            content += await reader.readexactly(size)
        self.scanned.append(content)
        return f"stream: {NAME} FOUND" if EICAR in content else "stream: OK"


@asynccontextmanager
async def standing(app: Any) -> AsyncIterator[Clamd]:
    """The server, on a free port, set up for an App."""
    made, settings = Clamd(), app.settings
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    app.settings = msgspec.structs.replace(settings, clamd_url=f"tcp://127.0.0.1:{port}")
    try:
        yield made
    finally:
        app.settings = settings
        server.close()
        await server.wait_closed()
