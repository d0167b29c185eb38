"""Stoory's requests and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from stoa.compat.registering import DisplayName, RoleWord
from stoa.compat.token import role_of
from stoa.foundation.identity.queries import PhoneView
from stoa.foundation.identity.types import AnyText, Email
from stoa.foundation.people.types import AccountView

Phone = Annotated[str, Meta(min_length=5, max_length=40)]


class RegisterIn(msgspec.Struct):
    """POST /api/auth/register."""

    name: DisplayName
    phone: Phone
    email: Email
    password: AnyText
    role: RoleWord = "influencer"


class LoginIn(msgspec.Struct):
    """POST /api/auth/login: a phone alone is sent a code; with the code, or with the password, it opens a session."""

    phone: Phone
    code: AnyText | None = None
    password: AnyText | None = None


class ProfileIn(msgspec.Struct):
    """PUT /api/auth/profile; what is absent stays, and nothing else can be set here."""

    name: DisplayName | UnsetType = UNSET
    bio: Annotated[str, Meta(max_length=1000)] | UnsetType = UNSET


class User(msgspec.Struct):
    """One's own account. `phone`: the confirmed one, or the one that waits for its code; `phone_verified` tells."""

    id: UUID
    name: str
    phone: str | None
    phone_verified: bool
    email: str
    role: str
    profile_image_url: str | None
    bio: str
    created_at: datetime
    updated_at: datetime


class UserOut(msgspec.Struct):
    """One's profile."""

    success: bool
    user: User


class SignedInOut(msgspec.Struct):
    """An account with its token."""

    success: bool
    message: str
    user: User
    token: str


class CodeSentOut(msgspec.Struct):
    """Whether there is such an account or not."""

    success: bool
    message: str
    phone: str


class TokenOut(msgspec.Struct):
    """A fresh token."""

    success: bool
    token: str


def user_of(view: AccountView, phone: PhoneView) -> User:
    """One's own account in Stoory's words."""
    return User(
        id=view.id,
        name=view.display_name,
        phone=phone.phone or phone.waits_for,
        phone_verified=phone.phone is not None,
        email=view.email,
        role=role_of(view.roles),
        profile_image_url=view.avatar_url,
        bio=view.bio,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )
