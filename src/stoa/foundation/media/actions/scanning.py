"""L2: what the scanner says of a file, and where a file goes in which it found something."""

from collections.abc import AsyncIterator
from uuid import UUID

import structlog

from stoa.foundation.audit import actions as audit
from stoa.foundation.media.errors import ScannerSilent
from stoa.foundation.media.gateways import scanner_of
from stoa.foundation.media.types import Scan
from stoa.kit.ctx import Ctx

log = structlog.get_logger(__name__)


async def scanned(ctx: Ctx, chunks: AsyncIterator[bytes]) -> tuple[Scan, str | None]:
    """Clean, or infected with what was found; not scanned without a scanner, pending while it is silent."""
    scanner = scanner_of(ctx.app.settings)
    if scanner is None:
        return Scan.NOT_SCANNED, None
    try:
        verdict = await scanner.scan(chunks)
    except ScannerSilent as error:
        log.warning("media.scanner_silent", error=str(error))
        return Scan.PENDING, None
    return (Scan.INFECTED, verdict.found) if verdict.found else (Scan.CLEAN, None)


async def note_infected(ctx: Ctx, media_id: UUID, owner_id: UUID, found: str | None) -> None:
    """The scanner's find in the audit log."""
    await audit.record(
        ctx,
        "media.quarantined",
        subject="media",
        subject_id=str(media_id),
        after={"owner_id": str(owner_id), "found": found},
    )


def quarantine_path(media_id: UUID) -> str:
    """Where a file with a virus is kept; no route leads there."""
    return f"quarantine/{media_id}"


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Bytes in memory as the scanner takes them."""
    yield data
