"""Events and jobs of media."""

from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class MediaUploaded(Event, frozen=True):
    """A new picture is stored and can be fetched."""

    media_id: UUID
    owner_id: UUID


class MediaDeleted(Event, frozen=True):
    """A picture is gone; what shows it must do without."""

    media_id: UUID
    owner_id: UUID


class RemoveFiles(Job, frozen=True):
    """Take a picture's files from the storage, once its row is gone."""

    outside = True

    media_id: UUID
