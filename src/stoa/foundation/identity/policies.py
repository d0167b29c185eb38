"""Which names and passwords may be used, and who may see or end a session."""

import ipaddress
import re
import unicodedata
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from zxcvbn_rs_py import zxcvbn

from stoa.foundation.identity.errors import NotYourself, OnlySuperAdmin, PasskeysUnavailable, StepUpRequired
from stoa.foundation.identity.queries import FACTORS_OF_SESSION, OWN_PASSKEY, SESSION_BY_ID
from stoa.foundation.identity.types import Account, PasskeyView, Role
from stoa.foundation.mail.policies import check_phone
from stoa.kit.config import Settings
from stoa.kit.ctx import ADMIN_ROLES, Ctx
from stoa.kit.errors import Forbidden, Invalid, NotFound

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
_KEPT = frozenset(name.replace("_", "") for name in RESERVED)
# What digits are read as; a 1 is two letters.
_READINGS: tuple[dict[int, int], ...] = ({}, str.maketrans("0134578", "oleastb"), str.maketrans("0134578", "oieastb"))
COMMON_PASSWORDS = frozenset((Path(__file__).parent / "passwords.txt").read_text(encoding="utf-8").split())
PASSWORD_MIN, PASSWORD_MAX = 10, 256  # I2, in characters
GUESSES_MIN = 10_000_000  # at five tries in 15 minutes (I5), some lifetimes
GUESSED_CHARS = 100  # judging takes longer the longer the text; what is guessed has its beginning guessed
_LOOK_ALIKES = tuple(str.maketrans("@483!0$57+" + "1", "aabeiosstt" + letter) for letter in "il")
FACTOR_IS_RECENT = timedelta(minutes=10)


def is_kept(username: str) -> bool:
    """Whether a name is kept for the platform, or only looks so: `Adm1n`, `sup.port`, `st0a`."""
    plain = re.sub("[._-]", "", username.lower())
    return any(plain.translate(reading) in _KEPT for reading in _READINGS)


def check_username(username: str) -> None:
    """Raises Invalid for a name that is kept for the platform. Its form is checked by the request's Struct."""
    if is_kept(username):
        raise Invalid(fields={"username": "This name is kept for the platform"})


def check_password(
    password: str, *, username: str, email: str, site_name: str = "Stoa", field: str = "password"
) -> None:
    """I2: raises Invalid, for `field`, for a password that is too short, too long, or easily guessed.

    Easily guessed is one that is found in a few million tries by whoever knows common passwords, words, names, dates,
    keyboards and the account's own names; and one of a common word with digits, signs or these names around it.
    """
    if len(password) < PASSWORD_MIN:
        raise Invalid(fields={field: f"Please use at least {PASSWORD_MIN} characters"})
    if len(password) > PASSWORD_MAX:
        raise Invalid(fields={field: f"Please use at most {PASSWORD_MAX} characters"})
    folded = unicodedata.normalize("NFKC", password).casefold()
    names = _names(username, email, site_name)
    if any(name in folded for name in names) and _without(folded, names) == "":
        raise Invalid(fields={field: "Please use more than your name or e-mail as the password"})
    if (
        folded in COMMON_PASSWORDS
        or not COMMON_PASSWORDS.isdisjoint(_cores(folded, names))
        or _is_guessed(folded, names)
    ):
        raise Invalid(
            fields={field: "This password is too easy to guess. A short sentence is harder, and stays in mind"}
        )


def _names(username: str, email: str, site_name: str) -> list[str]:
    """What everybody can know of an account, the longest first."""
    whole = [name.casefold() for name in (username, email, site_name)]
    parts = {part for name in whole for part in re.split(r"[^\w]|_", name) if len(part) >= 3}
    return sorted({*whole, *parts}, key=lambda name: (-len(name), name))


def _without(folded: str, names: list[str]) -> str:
    """The letters of a password besides the account's own names."""
    for name in names:
        folded = folded.replace(name, "")
    return "".join(filter(str.isalpha, folded))


def _cores(folded: str, names: list[str]) -> set[str]:
    """The word a password is made of: p@ssw0rd2024! is "password", summer-stoa25 is "summer"."""
    cores = set()
    for text in (folded, *(folded.replace(name, "") for name in names)):
        for ends in (r"^[\d\W_]+|[\d\W_]+$", r"[\d\W_]+$"):
            core = re.sub(ends, "", text)
            cores |= {"".join(filter(str.isalpha, core.translate(look))) for look in _LOOK_ALIKES}
    return cores - {""}


def _is_guessed(folded: str, names: list[str]) -> bool:
    return zxcvbn(folded[:GUESSED_CHARS], names).guesses < GUESSES_MIN


def read_phone(text: str) -> str:
    """A number as people type it, as E.164 writes it (I1): +49 170 123-45 67 is +491701234567. Raises Invalid."""
    phone = re.sub(r"[\s()./\u2010-\u2015-]", "", text)
    phone = "+" + phone[2:] if phone.startswith("00") else phone
    check_phone(phone)
    return phone


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


async def access_own_passkey(ctx: Ctx, passkey_id: UUID) -> PasskeyView:
    """The actor's own passkey; NotFound for anybody else's."""
    found = await OWN_PASSKEY(ctx.db, passkey_id, ctx.member.id)
    if found is None:
        raise NotFound
    return found


class RelyingParty(msgspec.Struct, frozen=True):
    """What passkeys of this installation are bound to: its name, and the address that pages must have."""

    id: str
    origin: str


def relying_party(settings: Settings) -> RelyingParty:
    """The name in `base_url`; `localhost` for a loopback address. Raises PasskeysUnavailable for any other number."""
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    try:
        if not ipaddress.ip_address(host).is_loopback:
            raise PasskeysUnavailable
        host = "localhost"
    except ValueError:
        pass
    port = "" if parts.port in (None, {"http": 80, "https": 443}.get(parts.scheme)) else f":{parts.port}"
    return RelyingParty(host, f"{parts.scheme}://{host}{port}")


def check_may_decide(actor: Account | None, target: Account, role: Role | None = None) -> None:
    """I8: whether the actor may change somebody's status, or give them or take from them this role.

    Administrators may, but not about themselves; about administrators only super admins. Raises Forbidden, NotYourself,
    OnlySuperAdmin.
    """
    if actor is None or not actor.may_come_in or not actor.is_admin:
        raise Forbidden
    if actor.id == target.id:
        raise NotYourself
    about_admins = target.is_admin or role in ADMIN_ROLES
    if about_admins and not actor.is_super_admin:
        raise OnlySuperAdmin
