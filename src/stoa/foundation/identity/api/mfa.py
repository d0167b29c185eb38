"""Second factors (I4): set up, taken off, shown to finish a log-in, shown once more before what matters."""

from typing import Any, cast

from litestar import get, post

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.actions.second_factor import SteppedUp
from stoa.foundation.identity.actions.totp import SecondFactorAdded, SetUp
from stoa.foundation.identity.api.session import open_session
from stoa.foundation.identity.schemas import (
    BackupCodesOut,
    ChallengeIn,
    ChallengeOptionsIn,
    CodeIn,
    FactorIn,
    MfaOut,
    ProveIn,
    SignedInOut,
)
from stoa.foundation.identity.types import BackupCodesView, Proof
from stoa.kit.http import Body, CtxDep, access


def _proof(data: FactorIn) -> Proof:
    return Proof(code=data.code, backup_code=data.backup_code, passkey=data.passkey)


@post("/api/v1/auth/mfa/enable", status_code=200, opt=access("member", limit="auth"))
async def enable(ctx: CtxDep, data: Body[ProveIn]) -> SetUp:
    """Begins to set up an authenticator app: its secret, as text, address and QR code. Nothing is active yet."""
    return await actions.totp.enable(ctx, password=data.password)


@post("/api/v1/auth/mfa/verify", status_code=200, opt=access("member", limit="auth"))
async def verify(ctx: CtxDep, data: Body[CodeIn]) -> SecondFactorAdded:
    """The app's first code makes it a second factor. Answers ten backup codes, this once, where there were none."""
    return await actions.totp.verify(ctx, data.code)


@post("/api/v1/auth/mfa/disable", status_code=200, opt=access("member", limit="auth"))
async def disable(ctx: CtxDep, data: Body[ProveIn]) -> MfaOut:
    """Takes the app off; needs the password and a second factor of the last ten minutes. Passkeys stay."""
    return MfaOut(await actions.totp.disable(ctx, password=data.password))


@post("/api/v1/auth/mfa/challenge", status_code=200, opt=access("public", limit="auth"))
async def challenge(ctx: CtxDep, data: Body[ChallengeIn]) -> SignedInOut:
    """Finishes a log-in that was answered `mfa_required`: by a code, a backup code or a passkey, within five tries."""
    closed = await actions.second_factor.answer_challenge(ctx, data.challenge_token, _proof(data))
    return await open_session(ctx, closed.user_id, by=cast(actions.Way, closed.by), second_factor=True)


@post("/api/v1/auth/mfa/challenge/options", status_code=200, opt=access("public", limit="auth", write=False))
async def challenge_options(ctx: CtxDep, data: Body[ChallengeOptionsIn]) -> dict[str, Any]:
    """What `navigator.credentials.get` takes to finish this log-in with a passkey."""
    return await actions.second_factor.challenge_options(ctx, data.challenge_token)


@get("/api/v1/auth/mfa/backup-codes", opt=access("member"))
async def backup_codes(ctx: CtxDep) -> BackupCodesView:
    """How many backup codes are left, and since when there are these. The codes themselves are kept nowhere."""
    return await queries.backup_codes(ctx)


@post("/api/v1/auth/mfa/regenerate-backup", status_code=200, opt=access("member", limit="auth"))
async def regenerate_backup(ctx: CtxDep) -> BackupCodesOut:
    """Ten new backup codes, shown this once; the old ones are void. Needs a second factor of the last ten minutes."""
    return BackupCodesOut(await actions.backup_codes.regenerate(ctx))


@post("/api/v1/auth/step-up", status_code=200, opt=access("member", limit="auth"))
async def step_up(ctx: CtxDep, data: Body[FactorIn]) -> SteppedUp:
    """A second factor once more: for ten minutes this session may do what is answered `step_up_required`."""
    return await actions.second_factor.step_up(ctx, _proof(data))


@post("/api/v1/auth/step-up/options", status_code=200, opt=access("member", write=False))
async def step_up_options(ctx: CtxDep) -> dict[str, Any]:
    """What `navigator.credentials.get` takes to show a passkey in this session."""
    return await actions.second_factor.step_up_options(ctx)


routes = [
    enable,
    verify,
    disable,
    challenge,
    challenge_options,
    backup_codes,
    regenerate_backup,
    step_up,
    step_up_options,
]
