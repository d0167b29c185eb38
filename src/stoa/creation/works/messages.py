"""What happens to works."""

from uuid import UUID

from stoa.kit.outbox import Event


class WorkPublished(Event, frozen=True):
    """Everybody can see it now; `is_first` the first time."""

    work_id: UUID
    author_id: UUID
    kind: str
    slug: str
    title: str
    is_first: bool


class WorkChanged(Event, frozen=True):
    """A published work has another text or address."""

    work_id: UUID
    author_id: UUID
    kind: str
    slug: str
    title: str


class WorkUnpublished(Event, frozen=True):
    """Its author took it back; it is a private text again."""

    work_id: UUID
    author_id: UUID
    kind: str
    title: str


class WorkDeleted(Event, frozen=True):
    """Its author deleted it."""

    work_id: UUID
    author_id: UUID
    kind: str
    title: str


class WorkInReview(Event, frozen=True):
    """It waits for a moderator (P5), with the reasons its author is told."""

    work_id: UUID
    author_id: UUID
    kind: str
    title: str
    score: int
    reasons: list[str]


class WorkRefused(Event, frozen=True):
    """A moderator refused it, with a reason for its author."""

    work_id: UUID
    author_id: UUID
    kind: str
    title: str
    reason: str
    moderator_id: UUID


class WorkReacted(Event, frozen=True):
    """A reader's reaction changed: `reaction` is like, dislike or None, `before` what it was."""

    work_id: UUID
    author_id: UUID
    user_id: UUID
    reaction: str | None
    before: str | None
