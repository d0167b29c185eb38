"""Phones: confirmed by a code, and a way to log in by one (I1).

Nobody can tell by an answer, its status or its time whether a phone belongs to an account: asking for a code writes the
same rows for every number, and a job looks whose it is. Tries are counted in the database, in a transaction of their
own, before a code is compared; so however many come at once, five are the most.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import factors
from stoa.foundation.identity.actions.links import circumstances, lock_account
from stoa.foundation.identity.actions.login import begin_attempt, count_failure
from stoa.foundation.identity.errors import LastWayIn, PhoneTaken, SessionOver, TooManyCodes, WrongCode
from stoa.foundation.identity.messages import SendPhoneCode
from stoa.foundation.identity.policies import read_phone
from stoa.foundation.identity.queries import phone_of, ways_in
from stoa.foundation.mail import actions as mail
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, insert, maybe, one, run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.kit.limits import network_of
from stoa.kit.queue import enqueue

CODE_TTL: Final = timedelta(minutes=10)
TRIES: Final = 5
HOUR_S: Final = 3600
PHONE_PER_HOUR, PHONE_PER_DAY = 5, 10  # for one purpose: at most 50 guesses a day, out of a million
NETWORK_PER_HOUR: Final = 20
PERSON_PER_DAY: Final = 10  # to phones that somebody says are theirs: text messages cost money
KEPT_FOR: Final = timedelta(days=2)
NOT_RIGHT: Final = "This code is not right, or it is over. After five tries a new one is needed"
_PURPOSE: Final = "phone-code"


class _Code(msgspec.Struct, frozen=True):
    id: UUID
    purpose: str
    phone: str
    user_id: UUID | None
    code_hash: bytes | None


class _Asked(msgspec.Struct, frozen=True):
    phone_hour: int
    phone_day: int
    network_hour: int
    person_day: int


_CODE: Final = "id, purpose, phone, user_id, code_hash"
_ALONE = run("select pg_advisory_xact_lock(hashtextextended($1, 0))")
_ASKED = one(
    _Asked,
    """
    select
      count(*) filter (where phone = $1 and purpose = $2 and created_at > $5) as phone_hour,
      count(*) filter (where phone = $1 and purpose = $2) as phone_day,
      count(*) filter (where network = $3 and created_at > $5) as network_hour,
      count(*) filter (where user_id = $4 and purpose = 'confirm') as person_day
    from phone_codes
    where created_at > $6 and (phone = $1 or network = $3 or user_id = $4)
    """,
)
_END_LOGIN = run("update phone_codes set ended_at = $2 where phone = $1 and purpose = 'login' and ended_at is null")
_END_CONFIRM = run(
    "update phone_codes set ended_at = $2 where user_id = $1 and purpose = 'confirm' and ended_at is null"
)
_TO_SEND = maybe(
    _Code,
    f"""
    select {_CODE} from phone_codes
    where id = $1 and code_hash is null and ended_at is null and expires_at > $2 for update
    """,
)
_MADE = run("update phone_codes set code_hash = $2, user_id = $3 where id = $1")
_OWNER: Statement[UUID | None] = value(UUID | None, "select id from users where phone = $1 and status <> 'deleted'")
_COUNT_TRY = """
    update phone_codes set attempts = attempts + 1
    where ended_at is null and expires_at > $2 and attempts < $3
"""
_TRY_LOGIN = maybe(_Code, f"{_COUNT_TRY} and purpose = 'login' and phone = $1 returning {_CODE}")
_TRY_CONFIRM = maybe(_Code, f"{_COUNT_TRY} and purpose = 'confirm' and user_id = $1 returning {_CODE}")
_END = run("update phone_codes set ended_at = $2 where id = $1")
# Whoever changes the phone waits for this row until our session is there.
_STILL_THEIRS: Statement[bool | None] = value(
    bool | None, "select true from users where id = $1 and phone = $2 and status <> 'deleted' for no key update"
)
_FORGIVE = run("delete from login_failures where key = $1")
_SET = run("update users set phone = $2, updated_at = $3 where id = $1")
_PRUNE = run("delete from phone_codes where created_at < $1")


# ---- logging in ------------------------------------------------------------------------------------------------


async def request_code(ctx: Ctx, phone: str) -> str:
    """Has a code sent to a phone, if it is somebody's; answers the phone as E.164 writes it. An older code ends.

    The same for every number. Raises Invalid for what is no number, LockedOut, TooManyCodes.
    """
    phone = read_phone(phone)
    await begin_attempt(ctx, _keys(ctx, phone))
    await _refuse_too_many(ctx, "login", phone, None)
    await _END_LOGIN(ctx.db, phone, ctx.now)
    await _order(ctx, "login", phone, None)
    return phone


async def verify_code(ctx: Ctx, phone: str, code: str) -> UUID:
    """Whose phone it is, once the code is right; a code is good once. The door decides what follows.

    Raises Invalid, LockedOut (I5), and WrongCode, whatever is wrong.
    """
    phone = read_phone(phone)
    keys = _keys(ctx, phone)
    await begin_attempt(ctx, keys)
    shown, right = await _try(ctx, _TRY_LOGIN, phone, code)
    owner_id = shown.user_id if shown else None
    if not right or owner_id is None:
        await count_failure(ctx, keys, user_id=owner_id)
        raise WrongCode(NOT_RIGHT)
    if not await _STILL_THEIRS(ctx.db, owner_id, phone):
        raise WrongCode(NOT_RIGHT)
    await _FORGIVE(ctx.db, keys[0])
    return owner_id


def _keys(ctx: Ctx, phone: str) -> list[str]:
    """What failed tries are counted by (I5), without telling whose phone it is."""
    return [f"phone:{hashlib.sha256(phone.encode()).hexdigest()}", f"address:{network_of(ctx.address)}"]


# ---- one's own phone -------------------------------------------------------------------------------------------


async def change_phone(ctx: Ctx, *, phone: str, password: str | None) -> str:
    """Sends a code to what is to become the actor's phone; answers it as E.164 writes it. `confirm_phone` makes it so.

    Whether it belongs to another account is told to whoever holds the phone, not before. Raises Invalid, StepUpRequired
    (I4), what a wrong password raises (`factors.require_proof`), and TooManyCodes.
    """
    phone = read_phone(phone)
    await factors.require_proof(ctx, password)
    own = await phone_of(ctx)
    if phone == own.phone:
        raise Invalid(fields={"phone": "This is your phone already"})
    for key in sorted(_keys(ctx, phone)):  # one after the other, so that the counts are exact
        await _ALONE(ctx.db, key)
    if await lock_account(ctx, ctx.member.id) is None:
        raise SessionOver
    await _refuse_too_many(ctx, "confirm", phone, ctx.member.id)
    await _END_CONFIRM(ctx.db, ctx.member.id, ctx.now)
    await _order(ctx, "confirm", phone, ctx.member.id)
    await audit.record(
        ctx,
        "identity.phone_change_requested",
        subject="user",
        subject_id=ctx.member.id,
        before={"phone": own.phone},
        after={"phone": phone},
    )
    return phone


async def confirm_phone(ctx: Ctx, code: str) -> str:
    """With the right code the phone is the actor's; answers it. Raises Invalid for a wrong one, and PhoneTaken."""
    shown, right = await _try(ctx, _TRY_CONFIRM, ctx.member.id, code)
    if shown is None or not right:
        raise Invalid(fields={"code": NOT_RIGHT})
    await _replace(ctx, shown.phone)
    return shown.phone


async def remove_phone(ctx: Ctx, *, password: str | None) -> None:
    """The account has no phone any more; without one nothing happens.

    Raises StepUpRequired, what a wrong password raises, and LastWayIn where nobody could come in any more.
    """
    await factors.require_proof(ctx, password)
    if (await phone_of(ctx)).phone is None:
        return
    async with ctx.db.transaction():  # all of it undone where it may not be
        await _replace(ctx, None)
        if not await ways_in(ctx, ctx.member.id):
            raise LastWayIn("Your phone is the only way to log in to your account. Set a password first")


async def _replace(ctx: Ctx, phone: str | None) -> None:
    account = await lock_account(ctx, ctx.member.id)
    if account is None:
        raise SessionOver
    before = (await phone_of(ctx)).phone
    try:
        async with ctx.db.transaction():
            await _SET(ctx.db, account.id, phone, ctx.now)
    except asyncpg.UniqueViolationError:
        raise PhoneTaken from None
    for ended in (before, phone):  # codes that are on their way were for whoever had it
        if ended is not None:
            await _END_LOGIN(ctx.db, ended, ctx.now)
    await audit.record(
        ctx,
        "identity.phone_changed" if phone else "identity.phone_removed",
        subject="user",
        subject_id=account.id,
        before={"phone": before},
        after={"phone": phone},
    )
    await mail.send(
        ctx,
        to=account.email,
        template="phone_changed",
        values={
            "username": account.username,
            "phone": masked(phone) if phone else None,
            "facts": circumstances(ctx),
            "link": mail.link(ctx, "/dashboard/account/phone"),
        },
        user_id=account.id,
    )


def masked(phone: str) -> str:
    """A number as it may stand in a mail: +49••••••567."""
    return f"{phone[:3]}{'•' * (len(phone) - 6)}{phone[-3:]}"


# ---- codes -----------------------------------------------------------------------------------------------------


async def _refuse_too_many(ctx: Ctx, purpose: str, phone: str, user_id: UUID | None) -> None:
    hour, day = ctx.now - timedelta(hours=1), ctx.now - timedelta(days=1)
    asked = await _ASKED(ctx.db, phone, purpose, network_of(ctx.address), user_id, hour, day)
    if asked.phone_day >= PHONE_PER_DAY or (user_id is not None and asked.person_day >= PERSON_PER_DAY):
        raise TooManyCodes(24 * HOUR_S)
    if asked.phone_hour >= PHONE_PER_HOUR or asked.network_hour >= NETWORK_PER_HOUR:
        raise TooManyCodes(HOUR_S)


async def _order(ctx: Ctx, purpose: str, phone: str, user_id: UUID | None) -> None:
    code_id = new_id()
    await insert(
        ctx.db,
        "phone_codes",
        {
            "id": code_id,
            "purpose": purpose,
            "phone": phone,
            "user_id": user_id,
            "network": network_of(ctx.address),
            "created_at": ctx.now,
            "expires_at": ctx.now + CODE_TTL,
        },
    )
    await enqueue(ctx, SendPhoneCode(code_id))


async def send_code(ctx: Ctx, code_id: UUID) -> None:
    """Makes a code and sends it, where the phone is somebody's; elsewhere nothing is sent, and nothing tells so."""
    asked = await _TO_SEND(ctx.db, code_id, ctx.now)
    if asked is None:
        return
    user_id = asked.user_id or await _OWNER(ctx.db, asked.phone)
    if user_id is None:
        return
    code = f"{secrets.randbelow(1_000_000):06}"
    await _MADE(ctx.db, code_id, ctx.app.keyring.sign(_signed(code_id, code), _PURPOSE), user_id)
    does = "logs you in to" if asked.purpose == "login" else "confirms your phone at"
    minutes = int(CODE_TTL.total_seconds() // 60)
    text = (
        f"{code} {does} {(await platform(ctx)).name}. Good for {minutes} minutes. Nobody from us will ask you for it."
    )
    await mail.send_sms(ctx, to=asked.phone, text=text, user_id=user_id, useful_until=ctx.now + CODE_TTL)


async def _try(ctx: Ctx, counted: Statement[_Code | None], whose: str | UUID, code: str) -> tuple[_Code | None, bool]:
    """Counts a try and uses the code up if it is right, whatever becomes of the request. Where there is no code the
    same is computed."""
    async with ctx.app.side.transaction() as db:
        found = await counted(db, whose, ctx.now, TRIES)
        kept = (found and found.code_hash) or ctx.app.keyring.sign(b"nobody's", _PURPOSE)
        signed = _signed(found.id if found else new_id(), "".join(code.split()))
        right = ctx.app.keyring.verify(signed, kept, _PURPOSE) and found is not None
        if right and found is not None:
            await _END(db, found.id, ctx.now)
    return found, right


def _signed(code_id: UUID, code: str) -> bytes:
    return code_id.bytes + code.encode("utf-8", "replace")


async def prune(ctx: Ctx) -> int:
    """Forgets codes that count no more; answers how many."""
    return await _PRUNE(ctx.db, ctx.now - KEPT_FOR)
