"""Events and jobs of media."""

from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class MediaUploaded(Event, frozen=True):
    """A new file is there. Unless it is a picture, it is worked on before it can be fetched: see MediaProcessed."""

    media_id: UUID
    owner_id: UUID


class MediaProcessed(Event, frozen=True):
    """The work on a file has come to its end: `state` is ready, failed or quarantined."""

    media_id: UUID
    owner_id: UUID
    state: str


class MediaDeleted(Event, frozen=True):
    """A file is gone, or in its owner's trash; what shows it must do without."""

    media_id: UUID
    owner_id: UUID


class ProcessMedia(Job, frozen=True):
    """Put a file together, have it scanned, look into it, make its sizes."""

    outside = True
    priority = -10
    timeout_s = 1800
    backoff_s = 5
    max_attempts = 10

    media_id: UUID


class RemoveFiles(Job, frozen=True):
    """Take a file's bytes from the storage, once its row is gone."""

    outside = True

    media_id: UUID


class RemoveParts(Job, frozen=True):
    """Take what came of an upload that was given up."""

    outside = True

    upload_id: UUID


class RemovePath(Job, frozen=True):
    """Take one file from the storage that another one has replaced."""

    outside = True

    path: str
