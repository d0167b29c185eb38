"""Accounts and sessions as the modules above see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

# I1. `$` alone would let a line break at the end pass.
# Only ASCII letters, digits, and single . _ - between them: no look-alikes from other scripts.
USERNAME_PATTERN: Final = r"^[A-Za-z0-9](?:[._-]?[A-Za-z0-9]){2,49}$(?!\n)"
EMAIL_PATTERN: Final = r"^[^@\s\x00-\x1f\"(),:;<>\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,186}[A-Za-z0-9])?$(?!\n)"

# As they are typed at the door, by programs and in forms.
Username = Annotated[str, msgspec.Meta(min_length=3, max_length=50, pattern=USERNAME_PATTERN)]
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=EMAIL_PATTERN)]
AnyText = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Role(StrEnum):
    """Capabilities; one account can hold several."""

    READER = "reader"
    CREATOR = "creator"
    BRAND = "brand"
    MODERATOR = "moderator"
    SUPPORT = "support"
    ADMIN = "admin"
    SUPER_ADMIN = "super_admin"


class Status(StrEnum):
    """I8."""

    PENDING_VERIFICATION = "pending_verification"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    BANNED = "banned"
    DELETED = "deleted"


class LinkKind(StrEnum):
    """What a link in a mail is good for (I6)."""

    EMAIL_VERIFICATION = "email_verification"
    PASSWORD_RESET = "password_reset"
    EMAIL_CHANGE_OLD = "email_change_old"
    EMAIL_CHANGE_NEW = "email_change_new"


class EmailChange(msgspec.Struct, frozen=True):
    """A change of e-mail: done, or waiting for the links in the mails to these addresses."""

    new_email: str
    is_done: bool
    waits_for: list[str]


class UserRow(msgspec.Struct, frozen=True):
    """An account, without its secrets."""

    id: UUID
    username: str
    email: str
    roles: list[str]
    status: str
    is_verified: bool
    created_at: datetime


class Tokens(msgspec.Struct, frozen=True):
    """I3: what `/api/v1` hands out. Times in seconds."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    refresh_expires_in_s: int
    session_id: UUID
