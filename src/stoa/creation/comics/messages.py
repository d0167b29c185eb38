"""Jobs of comics."""

from uuid import UUID

from stoa.kit.queue import Job


class GoOn(Job, frozen=True):
    """Go on with the pages that waited for a file."""

    media_id: UUID


class CutStrip(Job, frozen=True):
    """Cut a long strip into parts, and make it a page that is ready."""

    outside = True
    priority = -10
    timeout_s = 600
    max_attempts = 5

    image_id: UUID


class ReadPages(Job, frozen=True):
    """Read by machine what is written in the pages of a chapter that wait for it."""

    outside = True
    priority = -20
    timeout_s = 3600
    max_attempts = 3

    chapter_id: UUID
