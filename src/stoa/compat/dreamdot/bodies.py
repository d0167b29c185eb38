"""DreamDot's requests and answers. Amounts are numbers of dollars, as the document has them."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.compat.registering import DisplayName
from stoa.foundation.identity.types import AnyText, Email, Username
from stoa.foundation.people.types import AccountView, ProfileView
from stoa.money.wallet.types import WalletView


class SignupIn(msgspec.Struct):
    """POST /api/auth/signup."""

    username: Username
    email: Email
    password: AnyText
    name: DisplayName | None = None


class SigninIn(msgspec.Struct):
    """POST /api/auth/signin."""

    email: AnyText
    password: AnyText


class PersonIn(msgspec.Struct, frozen=True):
    """Who is meant. Where a DELETE may not have a body, `?user_id=` says the same."""

    user_id: UUID | None = None


class Me(msgspec.Struct):
    """One's own account."""

    id: UUID
    username: str
    email: str
    name: str
    image: str | None
    bio: str
    roles: list[str]
    is_verified: bool
    followers_count: int
    following_count: int
    balance: float
    created_at: datetime


class MeOut(msgspec.Struct):
    """200 of me."""

    user: Me


class SignedInOut(msgspec.Struct):
    """An account with its 7-day token."""

    user: Me
    token: str


class Account(msgspec.Struct):
    """Anybody's account, as everybody sees it."""

    id: UUID
    username: str
    name: str
    image: str | None
    bio: str
    is_verified: bool
    followers_count: int
    following_count: int
    is_following: bool
    created_at: datetime


class AccountOut(msgspec.Struct):
    """200 of an account."""

    user: Account


class FollowOut(msgspec.Struct):
    """Whether one follows them now."""

    user_id: UUID
    following: bool


class BlockOut(msgspec.Struct):
    """Whether they are blocked now."""

    user_id: UUID
    blocked: bool


def me(view: AccountView, held: WalletView) -> Me:
    """One's own account in DreamDot's words."""
    return Me(
        id=view.id,
        username=view.username,
        email=view.email,
        name=view.display_name,
        image=view.avatar_url,
        bio=view.bio,
        roles=view.roles,
        is_verified=view.is_verified,
        followers_count=view.followers_count,
        following_count=view.following_count,
        balance=held.credits_minor / 100,
        created_at=view.created_at,
    )


def account(view: ProfileView) -> Account:
    """A profile in DreamDot's words."""
    return Account(
        id=view.id,
        username=view.username,
        name=view.display_name,
        image=view.avatar_url,
        bio=view.bio,
        is_verified=view.is_verified,
        followers_count=view.followers_count,
        following_count=view.following_count,
        is_following=view.is_followed,
        created_at=view.joined_at,
    )
