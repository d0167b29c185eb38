"""The work that messages order."""

from typing import ClassVar
from uuid import UUID

from stoa.kit.queue import Job


class DeliverMessage(Job, frozen=True):
    """Give a message to its carrier. Somebody waits for most of them, so they go before other work."""

    priority: ClassVar[int] = 20
    max_attempts: ClassVar[int] = 12
    timeout_s: ClassVar[float] = 120
    backoff_s: ClassVar[float] = 15
    outside: ClassVar[bool] = True

    message_id: UUID
