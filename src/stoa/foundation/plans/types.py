"""Plans, what they limit, and what somebody uses of them."""

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec


class Plan(StrEnum):
    """From the smallest to the largest."""

    FREE = "free"
    STARTER = "starter"
    GROWTH = "growth"
    PROFESSIONAL = "professional"
    ENTERPRISE = "enterprise"

    @property
    def label(self) -> str:
        """As people read it."""
        return self.value.capitalize()


class Meter(StrEnum):
    """What is counted (B4). Bytes, or a number of things."""

    STORAGE_BYTES = "storage_bytes"
    SERIES = "series"
    CHAPTERS = "chapters"
    MEMBERS = "members"
    BROADCASTS = "broadcasts"
    AI_WORDS = "ai_words"
    COLLABORATORS = "collaborators"

    def said(self, number: int) -> str:
        """A number of it in words: '3 series', '1.5 GB of pictures and files'."""
        return f"{self.amount(number)} {_WORDS[self]}"

    def amount(self, number: int) -> str:
        """A number of it: '1,200', '1.5 GB'."""
        if self is not Meter.STORAGE_BYTES:
            return f"{number:,}"
        for size, unit in ((1024**3, "GB"), (1024**2, "MB"), (1024, "kB")):
            if number >= size:
                return f"{number / size:.3g} {unit}"
        return f"{number} bytes"


_WORDS: Final = {
    Meter.STORAGE_BYTES: "of pictures and files",
    Meter.SERIES: "series",
    Meter.CHAPTERS: "chapters",
    Meter.MEMBERS: "paying members",
    Meter.BROADCASTS: "letters a month",
    Meter.AI_WORDS: "words by machine a month",
    Meter.COLLABORATORS: "people on your team, open invitations included",
}


class PlanRow(msgspec.Struct, frozen=True):
    """The plan of an account. `started_at` is None for those who never had another than the free one."""

    plan: Plan
    started_at: datetime | None
    expires_at: datetime | None


class Use(msgspec.Struct, frozen=True):
    """One meter: `limit` and `percent` are None without a limit."""

    meter: Meter
    used: int
    limit: int | None
    percent: int | None


class UsageView(msgspec.Struct, frozen=True):
    """What somebody uses of their plan, one entry for each meter."""

    plan: Plan
    meters: list[Use]


class PlanView(msgspec.Struct, frozen=True):
    """A plan with its limits; None is without limit."""

    plan: Plan
    limits: dict[Meter, int | None]


class TierView(msgspec.Struct, frozen=True):
    """Somebody's plan, and the larger ones."""

    plan: Plan
    status: str
    started_at: datetime | None
    expires_at: datetime | None
    limits: dict[Meter, int | None]
    larger: list[PlanView]
