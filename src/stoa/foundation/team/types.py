"""Sites, roles and permissions. Who may do what on a site is one table, `ROLE_PERMISSIONS`; the page shows the same."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.people.types import PersonView


class Permission(StrEnum):
    """What somebody may do on a site, beyond what every reader may."""

    READ_DRAFTS = "read_drafts"
    EDIT_CONTENT = "edit_content"
    PUBLISH = "publish"
    TRANSLATE = "translate"
    SEE_ANALYTICS = "see_analytics"
    MANAGE_TEAM = "manage_team"
    MANAGE_SETTINGS = "manage_settings"
    SEE_MONEY = "see_money"

    @property
    def label(self) -> str:
        """In words, as the page shows it."""
        return {
            "read_drafts": "Read drafts",
            "edit_content": "Edit texts",
            "publish": "Publish and take back",
            "translate": "Translate",
            "see_analytics": "See readers and reactions",
            "manage_team": "Invite and manage people",
            "manage_settings": "Change the site's settings",
            "see_money": "See the money",
        }[self.value]


class TeamRole(StrEnum):
    """What somebody is on another person's site."""

    EDITOR = "editor"
    TRANSLATOR = "translator"
    ANALYST = "analyst"
    MANAGER = "manager"

    @property
    def purpose(self) -> str:
        """What somebody of this role is there for."""
        return {
            "editor": "Reads your drafts, corrects and publishes them",
            "translator": "Reads your drafts and texts, to bring them into other languages",
            "analyst": "Sees how your texts are read, and no draft",
            "manager": "Does all of this, and looks after the team. Never sees your money",
        }[self.value]


class CollaboratorState(StrEnum):
    """Where a membership stands. The first three hold the place of a person or an address on a site."""

    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"


P = Permission
ALL: Final = frozenset(Permission)
ROLE_PERMISSIONS: Final[dict[TeamRole, frozenset[Permission]]] = {
    TeamRole.EDITOR: frozenset({P.READ_DRAFTS, P.EDIT_CONTENT, P.PUBLISH}),
    TeamRole.TRANSLATOR: frozenset({P.READ_DRAFTS, P.TRANSLATE}),
    TeamRole.ANALYST: frozenset({P.SEE_ANALYTICS}),
    TeamRole.MANAGER: frozenset(
        {P.READ_DRAFTS, P.EDIT_CONTENT, P.PUBLISH, P.TRANSLATE, P.SEE_ANALYTICS, P.MANAGE_TEAM, P.MANAGE_SETTINGS}
    ),
}
GIVEABLE: Final = ALL - {P.SEE_MONEY}  # the money stays the owner's
STAFF_PERMISSIONS: Final = frozenset({P.READ_DRAFTS, P.SEE_ANALYTICS})  # staff looks, and changes nothing

# From where to where, and by what; nothing else happens to a membership. `declined` and `revoked` are final.
TRANSITIONS: Final[dict[CollaboratorState, dict[str, CollaboratorState]]] = {
    CollaboratorState.INVITED: {
        "accept": CollaboratorState.ACTIVE,
        "decline": CollaboratorState.DECLINED,
        "expire": CollaboratorState.EXPIRED,
        "resend": CollaboratorState.INVITED,
        "remove": CollaboratorState.REVOKED,
    },
    CollaboratorState.EXPIRED: {"resend": CollaboratorState.INVITED, "remove": CollaboratorState.REVOKED},
    CollaboratorState.ACTIVE: {
        "deactivate": CollaboratorState.DEACTIVATED,
        "remove": CollaboratorState.REVOKED,
    },
    CollaboratorState.DEACTIVATED: {
        "reactivate": CollaboratorState.ACTIVE,
        "remove": CollaboratorState.REVOKED,
    },
    CollaboratorState.DECLINED: {},
    CollaboratorState.REVOKED: {},
}


def permissions_of(role: str | None, extra: Iterable[str]) -> frozenset[Permission]:
    """All that a role gives, and what was given besides; nothing without a role."""
    if role is None:
        return frozenset()
    return ROLE_PERMISSIONS[TeamRole(role)] | {Permission(one) for one in extra}


class SiteView(msgspec.Struct, frozen=True):
    """A site that the actor owns or works on. `role` is owner or a TeamRole; `permissions` are the actor's there."""

    id: UUID
    slug: str
    title: str
    is_default: bool
    owner: PersonView
    role: str
    permissions: list[Permission]
    created_at: datetime


class SiteAccess(msgspec.Struct, frozen=True):
    """A site with what the actor is there: owner, staff, or a TeamRole."""

    id: UUID
    owner_id: UUID
    slug: str
    title: str
    is_default: bool
    is_open: bool
    deleted_at: datetime | None
    role: str
    permissions: frozenset[Permission]

    @property
    def is_owner(self) -> bool:
        """Whether it is the actor's own."""
        return self.role == "owner"

    @property
    def sees_team(self) -> bool:
        """Whether invitations, addresses and past members are shown to the actor."""
        return self.is_owner or self.role == "staff" or self.may(Permission.MANAGE_TEAM)

    def may(self, permission: Permission) -> bool:
        """Whether the actor has this permission there."""
        return permission in self.permissions

    def may_change(self, held: frozenset[Permission]) -> bool:
        """Whether the actor may change somebody who holds these: the owner everybody, a manager all but managers."""
        return self.is_owner or (self.may(Permission.MANAGE_TEAM) and Permission.MANAGE_TEAM not in held)

    def may_give(self, given: frozenset[Permission]) -> bool:
        """Whether the actor may give these: no more than their own, and only the owner gives the team's management."""
        return given <= GIVEABLE & self.permissions and (self.is_owner or Permission.MANAGE_TEAM not in given)

    @property
    def roles_to_give(self) -> list[TeamRole]:
        """The roles that the actor may give to somebody who has none."""
        return [role for role in TeamRole if self.may_give(ROLE_PERMISSIONS[role])]


class CollaboratorView(msgspec.Struct, frozen=True, kw_only=True):
    """A membership or an invitation, as whoever may manage the team, or the person in question, sees it.

    `user` is None until somebody accepts. `email` is the invited address, None for colleagues who do not manage the
    team. `permissions` are those given beyond the role's; `all_permissions` are both. `can_change` and `can_remove` are
    the actor's.
    """

    id: UUID
    site_id: UUID
    user: PersonView | None
    email: str | None
    role: TeamRole
    permissions: list[Permission]
    all_permissions: list[Permission]
    state: CollaboratorState
    is_active: bool
    is_me: bool
    can_change: bool
    can_remove: bool
    invited_by: PersonView | None
    invited_at: datetime
    sent_at: datetime
    sends: int
    expires_at: datetime
    accepted_at: datetime | None
    deactivated_at: datetime | None
    deactivated_reason: str | None


class InviteView(msgspec.Struct, frozen=True):
    """An invitation as the invited person sees it. `id` stands for the token where they are signed in."""

    id: UUID
    site_id: UUID
    site_title: str
    owner: PersonView
    invited_by: PersonView | None
    role: TeamRole
    all_permissions: list[Permission]
    state: CollaboratorState
    invited_at: datetime
    expires_at: datetime
