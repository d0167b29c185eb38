"""What happens to chapters beyond what happens to all works; and what is done about it later."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class ChapterOut(Event, frozen=True):
    """Readers find it for the first time, published in a series and on a site that are open; told once in its life."""

    chapter_id: UUID
    series_id: UUID
    site_id: UUID
    author_id: UUID
    title: str


class ChapterOpened(Event, frozen=True):
    """The day has come on which everybody may read the whole of it (S1); told once for each such day."""

    chapter_id: UUID
    series_id: UUID
    author_id: UUID
    opened_at: datetime


class ScheduleFailed(Event, frozen=True):
    """A chapter could not be published when it was to be; `problem` says why, for its author."""

    chapter_id: UUID
    series_id: UUID
    author_id: UUID
    problem: str


class ChapterCopied(Event, frozen=True):
    """A chapter was duplicated: `copy_id` is a draft with its text. What others keep of the chapter they copy now."""

    chapter_id: UUID
    copy_id: UUID


class ChaptersPurged(Event, frozen=True):
    """Nothing is left of the content of these chapters (S5)."""

    chapter_ids: list[UUID]


class CutAgain(Job, frozen=True):
    """A series shows another number of paragraphs to everybody (S1): the beginnings of its chapters are made anew."""

    timeout_s: ClassVar[float] = 600
    series_id: UUID
