"""3AM's requests and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stoa.compat.registering import DisplayName, RoleWord
from stoa.foundation.identity.types import AnyText, Email, Username
from stoa.foundation.people.types import AccountView, ProfileView


class RegisterIn(msgspec.Struct):
    """POST /api/users/register."""

    email: Email
    username: Username
    password: AnyText
    display_name: DisplayName | None = None
    role: RoleWord = "viewer"


class ProfileIn(msgspec.Struct):
    """PUT /api/users/{userId}; what is absent stays, and nothing else can be set."""

    display_name: DisplayName | UnsetType = UNSET
    bio: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET


class PublicUser(msgspec.Struct):
    """Anybody, as everybody sees them."""

    id: UUID
    username: str
    display_name: str
    avatar_url: str | None
    bio: str
    is_verified: bool
    followers_count: int
    following_count: int
    created_at: datetime


class OwnUser(msgspec.Struct):
    """One's own account; `role` is creator, brand or user."""

    id: UUID
    email: str
    username: str
    display_name: str
    avatar_url: str | None
    bio: str
    role: str
    is_verified: bool
    created_at: datetime


class PublicOut(msgspec.Struct):
    """A profile."""

    user: PublicUser


class OwnOut(msgspec.Struct):
    """One's own account."""

    user: OwnUser


class RegisterOut(msgspec.Struct):
    """201 of a registration."""

    user: OwnUser
    token: str


def public(view: ProfileView) -> PublicOut:
    """A profile in 3AM's words."""
    return PublicOut(
        PublicUser(
            id=view.id,
            username=view.username,
            display_name=view.display_name,
            avatar_url=view.avatar_url,
            bio=view.bio,
            is_verified=view.is_verified,
            followers_count=view.followers_count,
            following_count=view.following_count,
            created_at=view.joined_at,
        )
    )


def own(view: AccountView) -> OwnUser:
    """One's own account in 3AM's words."""
    role = next((role for role in ("creator", "brand") if role in view.roles), "user")
    return OwnUser(
        id=view.id,
        email=view.email,
        username=view.username,
        display_name=view.display_name,
        avatar_url=view.avatar_url,
        bio=view.bio,
        role=role,
        is_verified=view.is_verified,
        created_at=view.created_at,
    )
