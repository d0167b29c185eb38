"""Passkeys (WebAuthn, I4): added, renamed, removed, and used, as second factor or as the whole log-in.

What an authenticator signs is a challenge of ours: when it ends, a random part, and our own signature over both and
over what it is good for. So nothing is kept of challenges that nobody answers; one that is answered is written down,
and the database takes it once.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NoReturn
from uuid import UUID

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from stoa.foundation.identity.actions import backup_codes, factors
from stoa.foundation.identity.actions.devices import describe
from stoa.foundation.identity.actions.door import enter
from stoa.foundation.identity.errors import LastWayIn, PasskeyKnown, PasskeyRefused, TooManyPasskeys
from stoa.foundation.identity.policies import access_own_passkey, relying_party, require_recent_factor
from stoa.foundation.identity.queries import security
from stoa.foundation.identity.types import Assertion, Attestation, PasskeyView
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import many, maybe, run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id

Purpose = Literal["add", "log_in", "second_factor"]
# Log-in pages stay open for long, with the passkey offered among the names that the browser fills in.
CHALLENGE_TTL: Final = {
    "add": timedelta(minutes=10),
    "log_in": timedelta(hours=1),
    "second_factor": timedelta(minutes=10),
}
TIMEOUT_MS: Final = 120_000
MOST: Final = 20
_NONCE_BYTES: Final = 16
_TIME_BYTES: Final = 8


class PasskeyAdded(msgspec.Struct, frozen=True):
    """The new passkey, and what the account has from now on. `backup_codes`: shown this once, with the first factor."""

    passkey: PasskeyView
    second_factors: list[str]
    backup_codes: list[str]


class _Credential(msgspec.Struct, frozen=True):
    id: UUID
    user_id: UUID
    name: str
    credential_id: bytes
    public_key: bytes
    transports: list[str]


_CREDENTIAL_COLUMNS = "select id, user_id, name, credential_id, public_key, transports from passkeys"
_CREDENTIAL = maybe(_Credential, f"{_CREDENTIAL_COLUMNS} where credential_id = $1")
_CREDENTIALS = many(_Credential, f"{_CREDENTIAL_COLUMNS} where user_id = $1 order by created_at, id")
_ADD = maybe(
    PasskeyView,
    """
    insert into passkeys (id, user_id, credential_id, public_key, sign_count, name, transports, backed_up, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (credential_id) do nothing
    returning id, name, backed_up, created_at, last_used_at
    """,
)
# An authenticator that counts, counts upwards; one that says a number again is a copy. Many never count at all.
_USE = value(
    bool | None,
    """
    update passkeys set sign_count = $2, backed_up = $3, last_used_at = $4
    where id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0)) returning true
    """,
)
_RENAME = maybe(
    PasskeyView,
    "update passkeys set name = $2 where id = $1 returning id, name, backed_up, created_at, last_used_at",
)
_REMOVE = run("delete from passkeys where id = $1 and user_id = $2")
_TAKE = value(
    bool | None,
    "insert into used_passkey_challenges (nonce, expires_at) values ($1, $2) on conflict do nothing returning true",
)
_PRUNE = run("delete from used_passkey_challenges where expires_at < $1")


# ---- added, renamed, removed -----------------------------------------------------------------------------------


async def begin_adding(ctx: Ctx, *, password: str | None) -> dict[str, Any]:
    """What `navigator.credentials.create` takes. Raises what `require_proof` raises, and PasskeysUnavailable."""
    party = relying_party(ctx.app.settings)
    await factors.require_proof(ctx, password)
    known = await _CREDENTIALS(ctx.db, ctx.member.id)
    if len(known) >= MOST:
        raise TooManyPasskeys
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=(await platform(ctx)).name,
        user_id=ctx.member.id.bytes,
        user_name=ctx.member.username,
        user_display_name=ctx.member.username,
        challenge=_challenge(ctx, "add", _bound_to_session(ctx)),
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[_descriptor(one) for one in known],
    )
    return options_to_json_dict(options)


async def add(ctx: Ctx, attestation: Attestation, *, name: str | None) -> PasskeyAdded:
    """Keeps a passkey that the actor's authenticator has just made, by the options of `begin_adding`.

    Raises PasskeyRefused, PasskeyKnown, TooManyPasskeys.
    """
    party = relying_party(ctx.app.settings)
    signed = _bytes(attestation.response.client_data_json)
    challenge = await _taken(ctx, signed, "add", _bound_to_session(ctx))
    owner = await factors.hold(ctx)
    if len(await _CREDENTIALS(ctx.db, owner.id)) >= MOST:
        raise TooManyPasskeys
    transports = [t for t in AuthenticatorTransport if t.value in attestation.response.transports]
    try:
        made = webauthn.verify_registration_response(
            credential=RegistrationCredential(
                id=attestation.id,
                raw_id=_bytes(attestation.id),
                response=AuthenticatorAttestationResponse(
                    client_data_json=signed,
                    attestation_object=_bytes(attestation.response.attestation_object),
                    transports=transports,
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except Exception as error:  # the library raises of all kinds for what is malformed
        _refuse(error)
    kept = await _ADD(
        ctx.db,
        new_id(),
        owner.id,
        made.credential_id,
        made.credential_public_key,
        made.sign_count,
        (name or "").strip()[:60] or _device_name(ctx),
        [t.value for t in transports],
        made.credential_backed_up,
        ctx.now,
    )
    if kept is None:
        raise PasskeyKnown
    methods = await factors.settle(ctx, owner.id)
    codes = [] if owner.second_factors else await backup_codes.make(ctx, owner.id)
    await factors.mark_shown(ctx)
    await factors.changed(
        ctx,
        owner,
        "identity.passkey_added",
        f"A passkey was added: {kept.name}",
        before={"second_factors": owner.second_factors},
        after={"second_factors": methods, "passkey": kept.name},
        then="You can log in with it alone, or use it after your password.",
    )
    return PasskeyAdded(kept, methods, codes)


async def rename(ctx: Ctx, passkey_id: UUID, name: str) -> PasskeyView:
    """Gives one of the actor's passkeys another name. Raises NotFound, Invalid."""
    passkey = await access_own_passkey(ctx, passkey_id)
    if not name.strip():
        raise Invalid(fields={"name": "Please give it a name"})
    return await _RENAME(ctx.db, passkey.id, name.strip()) or passkey


async def remove(ctx: Ctx, passkey_id: UUID) -> list[str]:
    """Takes one of the actor's passkeys off; answers what second factors are left.

    Raises NotFound, StepUpRequired, and LastWayIn where nobody could log in any more.
    """
    passkey = await access_own_passkey(ctx, passkey_id)
    await require_recent_factor(ctx)
    owner = await factors.hold(ctx)
    if (await security(ctx)).ways_in <= 1:
        raise LastWayIn("This passkey is the only way to log in to your account. Set a password first")
    if not await _REMOVE(ctx.db, passkey.id, owner.id):
        return owner.second_factors  # another request was quicker
    methods = await factors.settle(ctx, owner.id)
    if not methods:
        await backup_codes.drop(ctx, owner.id)
    await factors.changed(
        ctx,
        owner,
        "identity.passkey_removed",
        f"A passkey was removed: {passkey.name}",
        before={"second_factors": owner.second_factors, "passkey": passkey.name},
        after={"second_factors": methods},
        then="" if methods else "Your account has no second factor now: whoever has your password gets in.",
    )
    return methods


# ---- used ------------------------------------------------------------------------------------------------------


def log_in_options(ctx: Ctx) -> dict[str, Any]:
    """What `navigator.credentials.get` takes to log in with a passkey alone. Raises PasskeysUnavailable."""
    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=relying_party(ctx.app.settings).id,
            challenge=_challenge(ctx, "log_in", ""),
            timeout=TIMEOUT_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


async def log_in(ctx: Ctx, assertion: Assertion) -> UUID:
    """Whose passkey this is; the door has let them in, and a session may be opened: both factors are shown.

    Raises PasskeyRefused, AccountSuspended, AccountBanned.
    """
    signed = _bytes(assertion.response.client_data_json)
    challenge = await _taken(ctx, signed, "log_in", "")
    credential = await _CREDENTIAL(ctx.db, _bytes(assertion.id))
    if credential is None:
        raise PasskeyRefused
    if assertion.response.user_handle is None or _bytes(assertion.response.user_handle) != credential.user_id.bytes:
        raise PasskeyRefused
    await _verify(ctx, credential, assertion, challenge, user_verification=True)
    await enter(ctx, credential.user_id, by="passkey")
    return credential.user_id


async def second_factor_options(ctx: Ctx, user_id: UUID, bound_to: str) -> dict[str, Any]:
    """What `navigator.credentials.get` takes to show one of this account's passkeys as second factor.

    bound_to: the log-in or the session that it is for; what is signed is good for nothing else.
    """
    return options_to_json_dict(
        webauthn.generate_authentication_options(
            rp_id=relying_party(ctx.app.settings).id,
            challenge=_challenge(ctx, "second_factor", bound_to),
            timeout=TIMEOUT_MS,
            allow_credentials=[_descriptor(one) for one in await _CREDENTIALS(ctx.db, user_id)],
            user_verification=UserVerificationRequirement.PREFERRED,
        )
    )


async def use(ctx: Ctx, user_id: UUID, assertion: Assertion, bound_to: str) -> bool:
    """Whether this is one of the account's passkeys, and signed what `second_factor_options` gave for `bound_to`."""
    try:
        challenge = await _taken(ctx, _bytes(assertion.response.client_data_json), "second_factor", bound_to)
        credential = await _CREDENTIAL(ctx.db, _bytes(assertion.id))
        if credential is None or credential.user_id != user_id:
            return False
        await _verify(ctx, credential, assertion, challenge, user_verification=False)
    except PasskeyRefused:
        return False
    return True


async def prune(ctx: Ctx) -> int:
    """Forgets answered challenges that are late by now; answers how many rows."""
    return await _PRUNE(ctx.db, ctx.now)


async def _verify(
    ctx: Ctx, credential: _Credential, assertion: Assertion, challenge: bytes, *, user_verification: bool
) -> None:
    """Raises PasskeyRefused. A passkey that seems to have been copied is refused, and its owner told."""
    party = relying_party(ctx.app.settings)
    given = assertion.response
    try:
        seen = webauthn.verify_authentication_response(
            credential=AuthenticationCredential(
                id=assertion.id,
                raw_id=_bytes(assertion.id),
                response=AuthenticatorAssertionResponse(
                    client_data_json=_bytes(given.client_data_json),
                    authenticator_data=_bytes(given.authenticator_data),
                    signature=_bytes(given.signature),
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=credential.public_key,
            credential_current_sign_count=0,  # what the count means is decided below, by the database
            require_user_verification=user_verification,
        )
    except Exception as error:  # the library raises of all kinds for what is malformed
        _refuse(error)
    if not await _USE(ctx.db, credential.id, seen.new_sign_count, seen.credential_backed_up, ctx.now):
        await factors.changed_beside(
            ctx,
            await factors.owner_of(ctx, credential.user_id),
            "identity.copied_passkey_refused",
            f"A log-in by your passkey {credential.name} was refused",
            then="It looks as if somebody had a copy of it. Please remove it, and add a new one.",
        )
        raise PasskeyRefused


# ---- challenges ------------------------------------------------------------------------------------------------


def _challenge(ctx: Ctx, purpose: Purpose, bound_to: str) -> bytes:
    ends = int((ctx.now + CHALLENGE_TTL[purpose]).timestamp()).to_bytes(_TIME_BYTES, "big")
    head = ends + secrets.token_bytes(_NONCE_BYTES)
    return head + ctx.app.keyring.sign(head + bound_to.encode(), _purpose(purpose))


async def _taken(ctx: Ctx, client_data: bytes, purpose: Purpose, bound_to: str) -> bytes:
    """The challenge that was signed, if it is ours, for this, in time, and answered for the first time.

    Written down in a transaction of its own: it is used up whatever comes of the answer. Raises PasskeyRefused.
    """
    try:
        challenge = parse_client_data_json(client_data).challenge
    except Exception as error:  # as above
        _refuse(error)
    head, signature = challenge[: _TIME_BYTES + _NONCE_BYTES], challenge[_TIME_BYTES + _NONCE_BYTES :]
    if not _is_ours(ctx.app, head + bound_to.encode(), signature, purpose):
        raise PasskeyRefused
    ends = datetime.fromtimestamp(int.from_bytes(head[:_TIME_BYTES], "big"), UTC)
    if ends <= ctx.now:
        raise PasskeyRefused("This took too long. Please try again")
    async with ctx.app.side.transaction() as db:
        if not await _TAKE(db, head[_TIME_BYTES:], ends):
            raise PasskeyRefused
    return challenge


def _is_ours(app: App, signed: bytes, signature: bytes, purpose: Purpose) -> bool:
    return app.keyring.verify(signed, signature, _purpose(purpose))


def _purpose(purpose: Purpose) -> str:
    return f"passkey:{purpose}"


def _bound_to_session(ctx: Ctx) -> str:
    return f"{ctx.member.id}:{ctx.member.session_id}"


def _descriptor(credential: _Credential) -> PublicKeyCredentialDescriptor:
    transports = [AuthenticatorTransport(name) for name in credential.transports]
    return PublicKeyCredentialDescriptor(id=credential.credential_id, transports=transports or None)


def _device_name(ctx: Ctx) -> str:
    device = describe(ctx.user_agent)
    return " on ".join(part for part in (device.browser, device.os) if part)[:60] or "Passkey"


def _bytes(text: str) -> bytes:
    try:
        return base64url_to_bytes(text)
    except ValueError as error:
        _refuse(error)


def _refuse(error: Exception) -> NoReturn:
    raise PasskeyRefused from error
