"""Bodies of the team routes."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from stoa.foundation.identity.types import Email
from stoa.foundation.team.types import TeamRole

# All but seeing the money, which stays the owner's.
Giveable = Literal[
    "read_drafts", "edit_content", "publish", "translate", "see_analytics", "manage_team", "manage_settings"
]
Extra = Annotated[list[Giveable], msgspec.Meta(max_length=7)]
Reason = Annotated[str, msgspec.Meta(max_length=500)]


class InviteIn(msgspec.Struct):
    """Who is invited, as what; `permissions` are given beyond the role's."""

    email: Email
    role: TeamRole
    permissions: Extra = []


class CollaboratorChange(msgspec.Struct):
    """Changes to a membership; what is absent stays. `permissions` are all those beyond the role's.

    `reason` goes with `is_active` false.
    """

    role: TeamRole | UnsetType = UNSET
    permissions: Extra | UnsetType = UNSET
    is_active: bool | UnsetType = UNSET
    reason: Reason | UnsetType | None = UNSET
