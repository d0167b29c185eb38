"""Accounts and sessions as the modules above see them."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import ADMIN_ROLES

# I1. `$` alone would let a line break at the end pass.
# Only ASCII letters, digits, and single . _ - between them: no look-alikes from other scripts.
USERNAME_PATTERN: Final = r"^[A-Za-z0-9](?:[._-]?[A-Za-z0-9]){2,49}$(?!\n)"
EMAIL_PATTERN: Final = r"^[^@\s\x00-\x1f\"(),:;<>\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,186}[A-Za-z0-9])?$(?!\n)"

# As they are typed at the door, by programs and in forms.
Username = Annotated[str, msgspec.Meta(min_length=3, max_length=50, pattern=USERNAME_PATTERN)]
Email = Annotated[str, msgspec.Meta(min_length=3, max_length=254, pattern=EMAIL_PATTERN)]
AnyText = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]

RENAME_EVERY: Final = timedelta(days=30)  # I1: how long a name is kept


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


class Provider(StrEnum):
    """Who else can say who somebody is (I7)."""

    GOOGLE = "google"
    APPLE = "apple"
    TWITTER = "twitter"

    @property
    def label(self) -> str:
        """Its name, as people know it."""
        return {"google": "Google", "apple": "Apple", "twitter": "X"}[self.value]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is at a provider.

    `account_id` never changes. `email_verified`: the provider has seen that they read this mailbox. `email_is_theirs`:
    it vouches that they still do, so that the address may find an existing account.
    """

    account_id: str
    email: str | None = None
    email_verified: bool = False
    email_is_theirs: bool = False
    name: str | None = None
    username: str | None = None
    avatar_url: str | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens that came with it; `expires_in_s` is the access token's."""

    access_token: str | None = None
    refresh_token: str | None = None
    expires_in_s: int | None = None
    scopes: tuple[str, ...] = ()


class Identity(msgspec.Struct, frozen=True):
    """A person, proved, at a provider."""

    provider: Provider
    person: Person
    grant: Grant


class ConnectedAccount(msgspec.Struct, frozen=True):
    """An account of another provider that opens one's own (I7). `can_disconnect`: it is not the only way in."""

    provider: Provider
    email: str | None
    name: str | None
    avatar_url: str | None
    scopes: list[str]
    connected_at: datetime
    last_synced_at: datetime
    can_disconnect: bool


class UserRow(msgspec.Struct, frozen=True):
    """An account, without its secrets."""

    id: UUID
    username: str
    email: str
    roles: list[str]
    status: str
    is_verified: bool
    created_at: datetime


class Account(msgspec.Struct, frozen=True):
    """An account as those see it who decide about accounts."""

    id: UUID
    username: str
    email: str
    roles: list[str]
    status: str
    status_reason: str | None
    status_until: datetime | None

    @property
    def is_admin(self) -> bool:
        """Admin or super admin."""
        return not ADMIN_ROLES.isdisjoint(self.roles)

    @property
    def is_super_admin(self) -> bool:
        """Decides about administrators, too."""
        return Role.SUPER_ADMIN in self.roles

    @property
    def may_come_in(self) -> bool:
        """Neither suspended nor banned nor gone."""
        return self.status in (Status.ACTIVE, Status.PENDING_VERIFICATION)


class Tokens(msgspec.Struct, frozen=True):
    """I3: what `/api/v1` hands out. Times in seconds."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    refresh_expires_in_s: int
    session_id: UUID


# ---- second factors (I4) ---------------------------------------------------------------------------------------

Base64Url = Annotated[str, msgspec.Meta(min_length=1, max_length=16_384, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
ShortBase64Url = Annotated[str, msgspec.Meta(min_length=1, max_length=1_400, pattern=r"^[A-Za-z0-9_-]+$(?!\n)")]
OneTimeCode = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
PhoneText = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
PasskeyName = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class SignedResponse(msgspec.Struct, frozen=True, rename="camel"):
    """What an authenticator signed."""

    client_data_json: Base64Url = msgspec.field(name="clientDataJSON")
    authenticator_data: Base64Url
    signature: Base64Url
    user_handle: ShortBase64Url | None = None


class Assertion(msgspec.Struct, frozen=True):
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.get`: a passkey that was used."""

    id: ShortBase64Url
    response: SignedResponse


class MadeResponse(msgspec.Struct, frozen=True, rename="camel"):
    """What an authenticator says of a key that it made."""

    client_data_json: Base64Url = msgspec.field(name="clientDataJSON")
    attestation_object: Base64Url
    transports: Annotated[list[Annotated[str, msgspec.Meta(max_length=20)]], msgspec.Meta(max_length=10)] = []


class Attestation(msgspec.Struct, frozen=True):
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.create`: a passkey that was made."""

    id: ShortBase64Url
    response: MadeResponse


class Proof(msgspec.Struct, frozen=True):
    """A second factor that is shown: exactly one of the three."""

    code: str | None = None
    backup_code: str | None = None
    passkey: Assertion | None = None


class PasskeyView(msgspec.Struct, frozen=True):
    """A passkey as its owner sees it. `backed_up`: it is on more than one device."""

    id: UUID
    name: str
    backed_up: bool
    created_at: datetime
    last_used_at: datetime | None


class BackupCodesView(msgspec.Struct, frozen=True):
    """How many backup codes there were made and are left; none at all without a second factor."""

    total: int
    left: int
    made_at: datetime | None
    last_used_at: datetime | None


class SecurityView(msgspec.Struct, frozen=True):
    """What keeps an account safe, for its owner."""

    email: str
    is_verified: bool
    phone: str | None
    has_password: bool
    second_factors: list[str]
    app_since: datetime | None
    passkeys: int
    providers: list[str]
    sessions: int

    @property
    def ways_in(self) -> int:
        """How many ways there are to log in: password, phone, passkeys, other providers."""
        return self.has_password + (self.phone is not None) + self.passkeys + len(self.providers)
