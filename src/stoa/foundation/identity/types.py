"""Accounts and sessions as the modules above see them."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec


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
