"""Codes of an authenticator app (I4, RFC 6238): six digits, a new one each 30 seconds, each good once."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from stoa.foundation.identity.actions import backup_codes, factors
from stoa.foundation.identity.errors import NoSecondFactor, SetUpOver
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, maybe, run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id

SET_UP_TTL: Final = timedelta(hours=1)
WINDOW_STEPS: Final = 1  # clocks differ: the code before and the one after are taken, too
NOT_RIGHT: Final = "This code is not right. It changes every 30 seconds; is the clock of your phone right?"
RESEALED_AT_ONCE: Final = 500


class SetUp(msgspec.Struct, frozen=True):
    """What an app needs to know. `qr`: the address as a picture, an SVG as data URI."""

    secret: str
    otpauth_uri: str
    qr: str
    expires_in_s: int


class SecondFactorAdded(msgspec.Struct, frozen=True):
    """What the account has from now on. `backup_codes`: shown this once; empty where there were some before."""

    second_factors: list[str]
    backup_codes: list[str]


class _Factor(msgspec.Struct, frozen=True):
    id: UUID
    user_id: UUID
    secret_sealed: bytes


_SET_UP = maybe(
    _Factor,
    """
    select id, user_id, secret_sealed from totp_factors
    where user_id = $1 and session_id = $2 and confirmed_at is null and created_at > $3
    """,
)
_IN_USE = maybe(
    _Factor, "select id, user_id, secret_sealed from totp_factors where user_id = $1 and confirmed_at is not null"
)
_DROP_SET_UP = run("delete from totp_factors where user_id = $1 and confirmed_at is null")
_DROP_IN_USE = run("delete from totp_factors where user_id = $1 and confirmed_at is not null")
_CONFIRM = run(
    """
    update totp_factors set confirmed_at = $2, last_used_at = $2, last_step = $3
    where id = $1 and confirmed_at is null
    """
)
_USE = value(
    bool | None,
    "update totp_factors set last_step = $2, last_used_at = $3 where id = $1 and last_step < $2 returning true",
)
_OLD_SEALS = many(
    _Factor,
    """
    select id, user_id, secret_sealed from totp_factors
    where substring(secret_sealed from 1 for octet_length($1::bytea)) <> $1 limit $2
    """,
)
_RESEAL = run("update totp_factors set secret_sealed = $3 where id = $1 and secret_sealed = $2")
_PRUNE = run("delete from totp_factors where confirmed_at is null and created_at < $1")


async def enable(ctx: Ctx, *, password: str | None) -> SetUp:
    """Begins to set up an app; nothing is active before `verify`. While one is in use, this begins to replace it.

    Raises StepUpRequired where the account has second factors, else what a wrong password raises (`require_proof`).
    """
    await factors.require_proof(ctx, password)
    owner = await factors.hold(ctx)
    factor_id, secret = new_id(), pyotp.random_base32()
    await _DROP_SET_UP(ctx.db, owner.id)
    await insert(
        ctx.db,
        "totp_factors",
        {
            "id": factor_id,
            "user_id": owner.id,
            "session_id": ctx.member.session_id or owner.id,
            "secret_sealed": ctx.app.keyring.seal(secret.encode(), _place(factor_id)),
            "created_at": ctx.now,
        },
    )
    return await _shown(ctx, secret)


async def set_up_under_way(ctx: Ctx) -> SetUp | None:
    """What this session has begun within the last hour, to be looked at again; None when there is nothing."""
    found = await _begun(ctx)
    return None if found is None else await _shown(ctx, _secret(ctx, found))


async def verify(ctx: Ctx, code: str) -> SecondFactorAdded:
    """The first code makes the app a second factor, in place of the one before. Raises SetUpOver, Invalid."""
    owner = await factors.hold(ctx)
    begun = await _begun(ctx)
    if begun is None:
        raise SetUpOver
    step = _step_of(_secret(ctx, begun), code, ctx)
    if step is None:
        raise Invalid(fields={"code": NOT_RIGHT})
    replaced = "totp" in owner.second_factors
    await _DROP_IN_USE(ctx.db, owner.id)
    await _CONFIRM(ctx.db, begun.id, ctx.now, step)
    methods = await factors.settle(ctx, owner.id)
    codes = [] if owner.second_factors else await backup_codes.make(ctx, owner.id)
    await factors.mark_shown(ctx)
    await factors.changed(
        ctx,
        owner,
        "identity.authenticator_app_replaced" if replaced else "identity.authenticator_app_added",
        "Your authenticator app was replaced by another one" if replaced else "An authenticator app was added",
        before={"second_factors": owner.second_factors},
        after={"second_factors": methods},
        then="From now on, logging in asks for a code of that app.",
    )
    return SecondFactorAdded(methods, codes)


async def disable(ctx: Ctx, *, password: str | None) -> list[str]:
    """Takes the app off; answers what second factors are left. With the last one, the backup codes go.

    Raises StepUpRequired, Invalid for a wrong password, and NoSecondFactor where no app is in use.
    """
    await require_recent_factor(ctx)
    await factors.confirm_owner(ctx, password)
    owner = await factors.hold(ctx)
    if not await _DROP_IN_USE(ctx.db, owner.id):
        raise NoSecondFactor("No authenticator app is in use")
    await _DROP_SET_UP(ctx.db, owner.id)
    methods = await factors.settle(ctx, owner.id)
    if not methods:
        await backup_codes.drop(ctx, owner.id)
    await factors.changed(
        ctx,
        owner,
        "identity.authenticator_app_removed",
        "Your authenticator app was removed",
        before={"second_factors": owner.second_factors},
        after={"second_factors": methods},
        then="" if methods else "Your account has no second factor now: whoever has your password gets in.",
    )
    return methods


async def use(ctx: Ctx, user_id: UUID, code: str) -> bool:
    """Whether this is the app's code of now, and was not used before (nor any later one)."""
    found = await _IN_USE(ctx.db, user_id)
    if found is None:
        return False
    step = _step_of(_secret(ctx, found), code, ctx)
    return step is not None and bool(await _USE(ctx.db, found.id, step, ctx.now))


async def reseal(ctx: Ctx) -> int:
    """Seals with the first key what an earlier one sealed; answers how many. Called until nothing is left."""
    old = await _OLD_SEALS(ctx.db, ctx.app.keyring.head, RESEALED_AT_ONCE)
    for factor in old:
        fresh = ctx.app.keyring.seal(_secret(ctx, factor).encode(), _place(factor.id))
        await _RESEAL(ctx.db, factor.id, factor.secret_sealed, fresh)
    return len(old)


async def prune(ctx: Ctx) -> int:
    """Deletes what was begun and never finished; answers how many rows."""
    return await _PRUNE(ctx.db, ctx.now - SET_UP_TTL)


async def _begun(ctx: Ctx) -> _Factor | None:
    session_id = ctx.member.session_id or ctx.member.id
    return await _SET_UP(ctx.db, ctx.member.id, session_id, ctx.now - SET_UP_TTL)


async def _shown(ctx: Ctx, secret: str) -> SetUp:
    uri = pyotp.TOTP(secret, name=ctx.member.username, issuer=(await platform(ctx)).name).provisioning_uri()
    qr = segno.make(uri, error="m").svg_data_uri(border=4, light="#fff", svgclass=None, lineclass=None, omitsize=True)
    return SetUp(secret, uri, qr, int(SET_UP_TTL.total_seconds()))


def _step_of(secret: str, code: str, ctx: Ctx) -> int | None:
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=ctx.now, valid_window=WINDOW_STEPS)
    except OTPVerificationError:
        return None


def _secret(ctx: Ctx, factor: _Factor) -> str:
    return ctx.app.keyring.open(factor.secret_sealed, _place(factor.id)).decode()


def _place(factor_id: UUID) -> str:
    return f"totp_factor:{factor_id}"
