"""What the door does on its own."""

import dataclasses

from stoa.foundation.identity import actions
from stoa.foundation.identity.messages import RevokeGrant, SendPasswordReset, SendPhoneCode, SendVerification
from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles


@every(name="identity.prune", seconds=3600)
async def prune(ctx: Ctx) -> dict[str, int]:
    """Forgets sessions, links, ways to providers and failed log-ins that no longer count."""
    return {"deleted": await actions.prune(ctx) + await actions.prune_links(ctx) + await actions.oauth_flows.prune(ctx)}


@every(name="identity.suspensions", seconds=60)
async def end_suspensions(ctx: Ctx) -> dict[str, int]:
    """Lets people in again whose suspension is over, also those who do not try to come in."""
    return {"ended": await actions.end_suspensions(ctx)}


@handles(SendVerification)
async def send_verification(ctx: Ctx, job: SendVerification) -> None:
    """Says nothing of what it found, in its result neither."""
    await actions.send_verification_to(_asked(ctx, job), job.email)


@handles(SendPasswordReset)
async def send_password_reset(ctx: Ctx, job: SendPasswordReset) -> None:
    """Says nothing of what it found, in its result neither."""
    await actions.send_password_reset(_asked(ctx, job), job.email)


def _asked(ctx: Ctx, job: SendVerification | SendPasswordReset) -> Ctx:
    """The context of whoever asked for it."""
    return dataclasses.replace(ctx, address=job.address, user_agent=job.user_agent)


@handles(SendPhoneCode)
async def send_phone_code(ctx: Ctx, job: SendPhoneCode) -> None:
    """Says nothing of what it found, in its result neither."""
    await actions.phone.send_code(ctx, job.code_id)


@every(name="identity.phone_codes", seconds=3600)
async def prune_phone_codes(ctx: Ctx) -> dict[str, int]:
    """Forgets codes that count no more."""
    return {"deleted": await actions.phone.prune(ctx)}


@every(name="identity.factors", seconds=3600)
async def look_after_factors(ctx: Ctx) -> dict[str, int]:
    """Seals secrets with the newest key, and forgets what was begun and never finished."""
    forgotten = await actions.totp.prune(ctx) + await actions.passkeys.prune(ctx)
    return {"resealed": await actions.totp.reseal(ctx), "deleted": forgotten}


@handles(RevokeGrant)
async def revoke_grant(ctx: Ctx, job: RevokeGrant) -> dict[str, bool]:
    """A provider that does not answer is asked again later."""
    return {"told": await actions.oauth_accounts.revoke_grant(ctx, job.auth_account_id)}
