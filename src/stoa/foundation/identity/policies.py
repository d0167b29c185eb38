"""Which names and passwords may be used, and who may see or end a session."""

import unicodedata
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from stoa.foundation.identity.errors import StepUpRequired
from stoa.foundation.identity.queries import FACTORS_OF_SESSION, SESSION_BY_ID
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound

RESERVED = frozenset(
    """
    about account accounts admin administrator api app assets auth billing blog brand cart categories checkout contact
    creator dashboard docs everyone explore feed files help home images legal login logout mail me media messages
    moderator notifications null oauth official orders payments payouts platform post posts pricing privacy public
    register reset root sandbox search security series settings shop signin signup site sites staff static status stoa
    studio styleguide super_admin superuser support system tag tags team terms tip undefined user users verify wallet
    webhook webhooks write www
    """.split()
)
COMMON_PASSWORDS = frozenset((Path(__file__).parent / "passwords.txt").read_text(encoding="utf-8").split())
PASSWORD_MIN, PASSWORD_MAX = 10, 256  # I2, in characters
FACTOR_IS_RECENT = timedelta(minutes=10)


def check_username(username: str) -> None:
    """Raises Invalid for a name that is kept for the platform. Its form is checked by the request's Struct."""
    if username.lower() in RESERVED:
        raise Invalid(fields={"username": "This name is kept for the platform"})


def check_password(password: str, *, username: str, email: str) -> None:
    """I2: raises Invalid for a password that is too short, too long, common, or made of the account's own names."""
    folded = unicodedata.normalize("NFKC", password).casefold()
    if len(password) < PASSWORD_MIN:
        raise Invalid(fields={"password": f"Please use at least {PASSWORD_MIN} characters"})
    if len(password) > PASSWORD_MAX:
        raise Invalid(fields={"password": f"Please use at most {PASSWORD_MAX} characters"})
    if folded in COMMON_PASSWORDS or len(set(folded)) < 4:
        raise Invalid(fields={"password": "This password is too easy to guess"})
    if folded in (username.casefold(), email.casefold(), email.partition("@")[0].casefold() * 2):
        raise Invalid(fields={"password": "Please do not use your name or e-mail as the password"})


class OwnSession(msgspec.Struct, frozen=True):
    """A session the actor may end."""

    id: UUID
    user_id: UUID


async def access_session(ctx: Ctx, session_id: UUID) -> OwnSession:
    """The actor's own live session; NotFound for anybody else's."""
    found = await SESSION_BY_ID(ctx.db, session_id, ctx.now)
    if found is None or found.user_id != ctx.member.id:
        raise NotFound
    return OwnSession(found.session_id, found.user_id)


async def require_recent_factor(ctx: Ctx) -> None:
    """I4: raises StepUpRequired where the account has second factors and this session showed none just now.

    Call it before a password, an e-mail, a payout destination or the factors themselves are changed. Accounts without a
    second factor are asked for their password by those actions themselves.
    """
    shown = await FACTORS_OF_SESSION(ctx.db, ctx.member.id, ctx.member.session_id)
    if shown is None or not shown.second_factors:
        return
    if shown.second_factor_at is None or shown.second_factor_at < ctx.now - FACTOR_IS_RECENT:
        raise StepUpRequired(methods=shown.second_factors)
