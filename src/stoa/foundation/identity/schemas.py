"""Bodies of `/api/v1/auth`."""

from uuid import UUID

import msgspec

from stoa.foundation.identity.types import AnyText, Email, Username


class RegisterIn(msgspec.Struct):
    """A new account."""

    username: Username
    email: Email
    password: AnyText


class LoginIn(msgspec.Struct):
    """E-mail and password."""

    email: AnyText
    password: AnyText


class RefreshIn(msgspec.Struct):
    """The refresh token of the last answer."""

    refresh_token: AnyText


class MeOut(msgspec.Struct):
    """The account that is signed in."""

    id: UUID
    username: str
    email: str
    roles: list[str]
    is_verified: bool


class SignedInOut(msgspec.Struct):
    """An account with its tokens (I3); times in seconds."""

    user: MeOut
    access_token: str
    refresh_token: str
    token_type: str
    expires_in_s: int
    refresh_expires_in_s: int
