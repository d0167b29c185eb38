"""Bodies of `/api/v1/auth`."""

from typing import Annotated
from uuid import UUID

import msgspec

from stoa.foundation.identity.types import (
    AnyText,
    Assertion,
    Attestation,
    Email,
    OneTimeCode,
    PasskeyName,
    PhoneText,
    Username,
)


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


class ProveIn(msgspec.Struct):
    """The password, where the account has no second factor yet; with one, a step-up of the last ten minutes counts."""

    password: AnyText | None = None


class PhoneIn(msgspec.Struct):
    """A phone with its country code; spaces and dashes in it do not matter."""

    phone: PhoneText


class PhoneCodeIn(PhoneIn):
    """The code that was sent to a phone."""

    code: OneTimeCode


class SetPhoneIn(ProveIn, kw_only=True):
    """What is to become one's phone."""

    phone: PhoneText


class CodeSentOut(msgspec.Struct):
    """What to do now, and the phone as it was understood."""

    message: str
    phone: str
    expires_in_s: int


class CodeIn(msgspec.Struct):
    """The first code of an app that is being set up."""

    code: OneTimeCode


class FactorIn(msgspec.Struct, kw_only=True):
    """A second factor: exactly one of a code of the app, a backup code, and a passkey."""

    code: OneTimeCode | None = None
    backup_code: OneTimeCode | None = None
    passkey: Assertion | None = None


class ChallengeIn(FactorIn, kw_only=True):
    """The second factor of a log-in, with the token that the first one was answered with."""

    challenge_token: AnyText


class ChallengeOptionsIn(msgspec.Struct):
    """Which log-in it is about."""

    challenge_token: AnyText


class MfaOut(msgspec.Struct):
    """The second factors an account has: `totp`, `passkey`."""

    second_factors: list[str]


class BackupCodesOut(msgspec.Struct):
    """New backup codes. They are shown this once."""

    backup_codes: list[str]


class PasskeyIn(msgspec.Struct):
    """A passkey that the browser has just made, and how its owner calls it."""

    credential: Attestation
    name: PasskeyName | None = None


class PasskeyNameIn(msgspec.Struct):
    """How its owner calls it."""

    name: PasskeyName


class PasskeyLoginIn(msgspec.Struct):
    """A passkey that was used to log in."""

    credential: Assertion


class TokenIn(msgspec.Struct):
    """The end of a link in a mail."""

    token: AnyText


class EmailIn(msgspec.Struct):
    """Somebody's e-mail."""

    email: Email


class ResendIn(msgspec.Struct):
    """Whose e-mail is to be confirmed; whoever is signed in need not say."""

    email: Email | None = None


class ResetIn(msgspec.Struct):
    """A new password, and the end of the link in the mail."""

    token: AnyText
    password: AnyText


class ChangePasswordIn(msgspec.Struct):
    """The password until now, and the one from now on."""

    current_password: AnyText
    new_password: AnyText


class ChangeEmailIn(msgspec.Struct):
    """The address from now on, and the account's password."""

    new_email: Email
    password: AnyText


class OrderedOut(msgspec.Struct):
    """It will be looked at. This says the same whatever there is."""

    message: str


class VerifiedOut(msgspec.Struct):
    """The e-mail is confirmed."""

    is_verified: bool


Brought = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class OAuthConnectIn(msgspec.Struct):
    """A way to another provider (I7), begun or finished.

    Nothing, or only `redirect_uri`: begins; the answer says where to send the person. `code` and `state`: finishes what
    began in this browser. `code`, `code_verifier`, `redirect_uri` and `nonce`: finishes for an app that went the way by
    itself. `id_token` and `nonce`: the same for an app with the provider's own SDK; the nonce is the one of the begin.
    """

    redirect_uri: Brought | None = None
    code: Brought | None = None
    state: Brought | None = None
    code_verifier: Brought | None = None
    nonce: Brought | None = None
    id_token: Annotated[str, msgspec.Meta(min_length=1, max_length=16384)] | None = None


class OAuthLoginIn(OAuthConnectIn):
    """The same to log in. `completion_token` and `email` make the account of whose provider told no e-mail."""

    completion_token: Brought | None = None
    email: Email | None = None


class OAuthStartedOut(msgspec.Struct):
    """Where to send the person. The answer also sets the cookie that binds `state` to this browser."""

    authorization_url: str
    state: str
    nonce: str
    expires_in_s: int
