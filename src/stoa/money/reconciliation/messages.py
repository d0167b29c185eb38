"""The work that reconciliation orders."""

from typing import ClassVar
from uuid import UUID

from stoa.kit.queue import Job


class Compare(Job, frozen=True):
    """Make a run that was begun. It changes nothing outside, and starting over finds the same."""

    outside: ClassVar[bool] = True
    timeout_s: ClassVar[float] = 1800
    max_attempts: ClassVar[int] = 3

    run_id: UUID
