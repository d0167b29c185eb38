"""Showing a second factor (I4): to finish a log-in, or once more before something that matters (step-up).

All tries at one account go one after the other, so that five wrong ones are five, however many come at once.
"""

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import backup_codes, factors, passkeys, totp
from stoa.foundation.identity.actions.door import (
    CHALLENGE_TRIES,
    ChallengeRow,
    challenge_of,
    close_challenge,
    fail_challenge,
)
from stoa.foundation.identity.actions.login import begin_attempt, count_failure, failure_keys
from stoa.foundation.identity.errors import NoSecondFactor, WrongFactor
from stoa.foundation.identity.policies import FACTOR_IS_RECENT
from stoa.foundation.identity.types import Proof
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import Invalid

Method = Literal["code", "backup_code", "passkey"]
NEEDS_ONE: Final = "Please give a code, a backup code or a passkey"


class SteppedUp(msgspec.Struct, frozen=True):
    """Until when this session need not show a second factor again."""

    second_factor_at: datetime
    valid_until: datetime


_FORGIVE = run("delete from login_failures where key = $1")


async def answer_challenge(ctx: Ctx, token: str, proof: Proof) -> ChallengeRow:
    """Finishes a log-in: the person is in, and a session may be opened, with `second_factor=True`.

    Raises ChallengeOver, WrongFactor (counted; five of them end the challenge), LockedOut, AccountSuspended,
    AccountBanned, and Invalid unless exactly one factor is given.
    """
    method = _method(proof)
    seen = await challenge_of(ctx, token)
    owner = await factors.owner_of(ctx, seen.user_id)
    await begin_attempt(ctx, [*failure_keys(ctx, owner.email), _key(owner.id)])
    challenge = await challenge_of(ctx, token)  # once more, now that nobody else is trying
    if not await _is_right(ctx, owner.id, method, proof, bound_to_challenge(challenge)):
        await fail_challenge(ctx, challenge, owner.email)
        await count_failure(ctx, [_key(owner.id)])
        await _refused(ctx, owner, method, challenge)
        raise WrongFactor(attempts_left=CHALLENGE_TRIES - challenge.attempts - 1)
    closed = await close_challenge(ctx, token)
    await _FORGIVE(ctx.db, _key(owner.id))
    return closed


async def challenge_options(ctx: Ctx, token: str) -> dict[str, Any]:
    """What a browser needs to show a passkey for this log-in. Raises ChallengeOver, NoSecondFactor."""
    challenge = await challenge_of(ctx, token)
    if "passkey" not in challenge.methods:
        raise NoSecondFactor("This account has no passkey")
    return await passkeys.second_factor_options(ctx, challenge.user_id, bound_to_challenge(challenge))


async def step_up(ctx: Ctx, proof: Proof) -> SteppedUp:
    """The actor shows a second factor once more; for ten minutes their session may do what needs one.

    Raises NoSecondFactor, LockedOut, and Invalid for one that is not right.
    """
    method = _method(proof)
    owner = await factors.owner_of(ctx, ctx.member.id)
    if not owner.second_factors:
        raise NoSecondFactor
    keys = [*failure_keys(ctx, owner.email), _key(owner.id)]
    await begin_attempt(ctx, keys)
    if not await _is_right(ctx, owner.id, method, proof, _bound_to_session(ctx)):
        await count_failure(ctx, keys)
        await _refused(ctx, owner, method, None)
        raise Invalid(fields={method: totp.NOT_RIGHT if method == "code" else WrongFactor.title})
    await _FORGIVE(ctx.db, _key(owner.id))
    await factors.mark_shown(ctx)
    await audit.record(
        ctx, "identity.second_factor_confirmed", subject="user", subject_id=str(owner.id), after={"method": method}
    )
    return SteppedUp(ctx.now, ctx.now + FACTOR_IS_RECENT)


async def step_up_options(ctx: Ctx) -> dict[str, Any]:
    """What a browser needs to show a passkey in this session. Raises NoSecondFactor."""
    owner = await factors.owner_of(ctx, ctx.member.id)
    if "passkey" not in owner.second_factors:
        raise NoSecondFactor("This account has no passkey")
    return await passkeys.second_factor_options(ctx, owner.id, _bound_to_session(ctx))


async def _is_right(ctx: Ctx, user_id: UUID, method: Method, proof: Proof, bound_to: str) -> bool:
    if proof.code is not None and method == "code":
        return await totp.use(ctx, user_id, proof.code)
    if proof.backup_code is not None and method == "backup_code":
        return await backup_codes.use(ctx, user_id, proof.backup_code)
    return proof.passkey is not None and await passkeys.use(ctx, user_id, proof.passkey, bound_to)


async def _refused(ctx: Ctx, owner: factors.Owner, method: Method, challenge: ChallengeRow | None) -> None:
    """Written down whatever becomes of the request. Whose first factor somebody else has hears of it in the end."""
    action, after = "identity.second_factor_refused", {"method": method}
    if challenge is None or challenge.attempts + 1 < CHALLENGE_TRIES:
        await audit.record_beside(ctx, action, subject="user", subject_id=str(owner.id), after=after, actor_id=owner.id)
        return
    what = "Somebody came as far as your second factor, and no further"
    then = "They tried it five times in vain. If it was not you, they know your password: please choose another one."
    await factors.changed_beside(ctx, owner, action, what, then=then)


def _method(proof: Proof) -> Method:
    given: list[Method] = [name for name in ("code", "backup_code", "passkey") if getattr(proof, name) is not None]
    if len(given) != 1:
        raise Invalid(fields={"code": NEEDS_ONE if not given else "Please give only one of them"})
    return given[0]


def bound_to_challenge(challenge: ChallengeRow) -> str:
    """What a passkey signs for this log-in is good for nothing else."""
    return f"challenge:{challenge.id}"


def _bound_to_session(ctx: Ctx) -> str:
    return f"session:{ctx.member.session_id}"


def _key(user_id: UUID) -> str:
    """Wrong second factors are counted by themselves, too: the right password forgives none of them."""
    return f"factor:{user_id}"
