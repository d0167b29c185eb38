"""Bodies of `/api/v1/admin/users`."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

import msgspec

from stoa.foundation.identity.types import Role
from stoa.operations.admin.types import PersonDetail, PersonSession, StatusLine

Reason: TypeAlias = Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class SuspendIn(msgspec.Struct):
    """Why, in words the person reads, and until when, with a zone; without an end until they are reinstated."""

    reason: Reason
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class ReasonIn(msgspec.Struct):
    """Why, in words the person reads."""

    reason: Reason


class RoleIn(msgspec.Struct):
    """A capability to give or to take."""

    role: Role
    change: Literal["grant", "revoke"]
    reason: Reason


class PersonOut(msgspec.Struct):
    """An account with its live sessions and the history of its status, both newest first."""

    user: PersonDetail
    sessions: list[PersonSession]
    status_history: list[StatusLine]


class OwnStatusLine(msgspec.Struct):
    """One change of one's own status."""

    id: UUID
    status: str
    reason: str | None
    until: datetime | None
    at: datetime
