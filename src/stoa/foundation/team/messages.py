"""Events of teams. The acting person stands in the event's row."""

from uuid import UUID

from stoa.kit.outbox import Event


class CollaboratorInvited(Event, frozen=True):
    """An invitation was sent; `again` when it was not the first time."""

    site_id: UUID
    collaborator_id: UUID
    role: str
    again: bool


class CollaboratorJoined(Event, frozen=True):
    """Somebody accepted an invitation."""

    site_id: UUID
    collaborator_id: UUID
    user_id: UUID
    role: str


class CollaboratorChanged(Event, frozen=True):
    """Role, permissions or activity changed."""

    site_id: UUID
    collaborator_id: UUID
    user_id: UUID | None
    role: str
    state: str


class CollaboratorEnded(Event, frozen=True):
    """Somebody left or was removed, or an invitation was withdrawn (no user)."""

    site_id: UUID
    collaborator_id: UUID
    user_id: UUID | None
    reason: str


class InvitationDeclined(Event, frozen=True):
    """The invited person does not want to."""

    site_id: UUID
    collaborator_id: UUID


class InvitationExpired(Event, frozen=True):
    """Nobody answered in time."""

    site_id: UUID
    collaborator_id: UUID
