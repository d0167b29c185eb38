"""The one way in after a first factor, whichever it was: who may not come in, and who has to show a second one.

    row = await actions.check_login(ctx, email=..., password=...)
    await actions.enter(ctx, row.id, by="password")
    tokens = await actions.open_api_session(ctx, row.id, by="password")

A challenge is a random token that stands for "this person has shown the first factor, just now". It opens nothing: it
is only good for showing the second one, once, within five minutes and five tries.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from stoa.foundation.identity.actions.login import count_failure, failure_keys, forgive
from stoa.foundation.identity.actions.standing import refuse_status
from stoa.foundation.identity.actions.tokens import digest
from stoa.foundation.identity.errors import ChallengeOver, SecondFactorRequired, WrongCredentials
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, maybe, run
from stoa.kit.ids import new_id

Way = Literal["password", "phone", "google", "apple", "twitter", "passkey", "reset", "registration"]
CHALLENGE_TTL: Final = timedelta(minutes=5)
CHALLENGE_TRIES: Final = 5
BOTH_FACTORS: Final = frozenset({"passkey"})  # what you have, and it asked who you are


class ChallengeRow(msgspec.Struct, frozen=True):
    """A log-in that waits for its second factor. `methods`: what the account has; `attempts`: wrong ones so far."""

    id: UUID
    user_id: UUID
    by: str
    methods: list[str]
    attempts: int
    created_at: datetime
    expires_at: datetime


class _Account(msgspec.Struct, frozen=True):
    status: str
    second_factors: list[str]


_ACCOUNT = maybe(_Account, "select status, second_factors from users where id = $1")
_ENTERED = run("update users set last_login_at = $2 where id = $1")


async def enter(ctx: Ctx, user_id: UUID, *, by: Way) -> None:
    """Lets somebody through who has shown a first factor; afterwards a session may be opened.

    Raises AccountSuspended or AccountBanned, and SecondFactorRequired with the challenge to go on with (I4).
    """
    account = await _ACCOUNT(ctx.db, user_id)
    if account is None or account.status == "deleted":
        raise WrongCredentials
    await refuse_status(ctx, user_id, account.status)
    if account.second_factors and by not in BOTH_FACTORS:
        token = await _challenge(ctx, user_id, by)
        raise SecondFactorRequired(token, account.second_factors, int(CHALLENGE_TTL.total_seconds()))
    await entered(ctx, user_id)


async def entered(ctx: Ctx, user_id: UUID) -> None:
    """All factors are shown: earlier failures are forgotten, the log-in is noted."""
    await forgive(ctx, user_id)
    await _ENTERED(ctx.db, user_id, ctx.now)


# ---- challenges ------------------------------------------------------------------------------------------------


async def _challenge(ctx: Ctx, user_id: UUID, by: str) -> str:
    """In a transaction of its own: the request answers 401 and is rolled back."""
    token = secrets.token_urlsafe(32)
    async with ctx.app.side.transaction() as db:
        await insert(
            db,
            "login_challenges",
            {
                "id": new_id(),
                "user_id": user_id,
                "token_hash": digest(token),
                "by": by,
                "created_at": ctx.now,
                "expires_at": ctx.now + CHALLENGE_TTL,
            },
        )
    return token


_CHALLENGE = """
    select c.id, c.user_id, c.by, u.second_factors as methods, c.attempts, c.created_at, c.expires_at
    from login_challenges c join users u on u.id = c.user_id
"""
_CHALLENGE_OF = maybe(
    ChallengeRow,
    f"{_CHALLENGE} where c.token_hash = $1 and c.used_at is null and c.expires_at > $2 and c.attempts < $3",
)
_CLOSE = maybe(
    ChallengeRow,
    """
    update login_challenges c set used_at = $2 from users u
    where u.id = c.user_id and c.token_hash = $1 and c.used_at is null and c.expires_at > $2 and c.attempts < $3
    returning c.id, c.user_id, c.by, u.second_factors as methods, c.attempts, c.created_at, c.expires_at
    """,
)
_FAIL = run("update login_challenges set attempts = attempts + 1 where id = $1")


async def challenge_of(ctx: Ctx, token: str) -> ChallengeRow:
    """The challenge a token stands for. Raises ChallengeOver once it is used, late, or tried five times in vain."""
    found = await _CHALLENGE_OF(ctx.db, digest(token), ctx.now, CHALLENGE_TRIES)
    if found is None:
        raise ChallengeOver
    return found


async def close_challenge(ctx: Ctx, token: str) -> ChallengeRow:
    """Uses a challenge up, once, when its second factor was right; the person is in. Raises ChallengeOver."""
    closed = await _CLOSE(ctx.db, digest(token), ctx.now, CHALLENGE_TRIES)
    if closed is None:
        raise ChallengeOver
    account = await _ACCOUNT(ctx.db, closed.user_id)
    await refuse_status(ctx, closed.user_id, account.status if account else "deleted")
    await entered(ctx, closed.user_id)
    return closed


async def fail_challenge(ctx: Ctx, challenge: ChallengeRow, email: str) -> None:
    """Counts a wrong second factor, against the challenge and against the account (I5), whatever becomes of the
    request."""
    async with ctx.app.side.transaction() as db:
        await _FAIL(db, challenge.id)
    await count_failure(ctx, failure_keys(ctx, email))
