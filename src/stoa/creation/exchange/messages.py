"""Jobs of imports and exports."""

from typing import ClassVar
from uuid import UUID

from stoa.kit.queue import Job


class ReadImport(Job, frozen=True):
    """Read a file that was sent, and, where somebody has said yes, make chapters of it."""

    outside: ClassVar[bool] = True
    timeout_s: ClassVar[float] = 1800
    max_attempts: ClassVar[int] = 3
    backoff_s: ClassVar[float] = 5

    import_id: UUID


class MakeExport(Job, frozen=True):
    """Write a series as a file."""

    outside: ClassVar[bool] = True
    timeout_s: ClassVar[float] = 1800
    max_attempts: ClassVar[int] = 3
    backoff_s: ClassVar[float] = 5

    export_id: UUID
