"""Bodies of the work routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from stoa.creation.works.types import StatsView


class WorkGiftIn(msgspec.Struct):
    """Whole coins for the author of a work, with a few words (M6)."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=10**9)]
    message: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class WorkGiftOut(msgspec.Struct):
    """A gift on a work. `creator_minor` arrived with its author as earned, `creator_promotional_minor` as promotional,
    in hundredths of a coin (M4); it can be taken back until `undo_until`."""

    id: UUID
    work_id: UUID
    amount_coins: int
    message: str | None
    creator_minor: int
    creator_promotional_minor: int
    platform_minor: int
    created_at: datetime
    undo_until: datetime
    stats: StatsView


class ApproveIn(msgspec.Struct):
    """The revision that the moderator read."""

    revision: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class RefuseIn(msgspec.Struct):
    """Why, in words for the author, and the revision that the moderator read."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
    revision: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class ReviewedOut(msgspec.Struct):
    """Where a work stands after the moderator's decision."""

    id: UUID
    state: str
    revision: int
