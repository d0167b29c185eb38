"""Where somebody is paid out: added, changed and removed by nobody but them, sealed, and told to them by mail."""

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import circumstances, factors
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.mail import actions as mail
from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, one, run, update, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.money.payouts.actions.switchboard import SANDBOX, provider_named, switched_on
from stoa.money.payouts.errors import DestinationInUse, DestinationKnown, DestinationMoved, NoDestination
from stoa.money.payouts.gateways import Provider, check_answers
from stoa.money.payouts.policies import access_destination
from stoa.money.payouts.queries.destinations import DEFAULT, SAME
from stoa.money.payouts.types import (
    SANDBOX_BANK,
    SANDBOX_FAIL,
    SANDBOX_FAIL_ONCE,
    TEST_ACCOUNTS,
    USD,
    DestinationDetails,
    DestinationView,
    Field,
)
from stoa.money.risk.actions import note_destination

RESEALED_AT_ONCE: Final = 100
HINT_CHARS: Final = 4
_PURPOSE: Final = "payout destination"
_TEST_NUMBERS: Final = {SANDBOX_BANK: "TEST", SANDBOX_FAIL: "FAIL", SANDBOX_FAIL_ONCE: "FAILONCE"}
_NO_COUNTRY: Final = "US"  # of test accounts, which are nowhere


class _Sealed(msgspec.Struct, frozen=True):
    id: UUID
    user_id: UUID
    provider: str
    details: bytes


class _Kept(msgspec.Struct, frozen=True):
    """What is remembered of a place, besides its details."""

    hint: str
    fingerprint: bytes
    recipient: str


# Who changes their destinations does one thing after the other. The lock lets rows that point to them be written.
_LOCK_OWNER = value(UUID | None, "select id from users where id = $1 for no key update")
_IS_FIRST = value(
    bool,
    """select not exists (select from payout_destinations where user_id = $1)
         and not exists (select from payouts where user_id = $1)""",
)
# A payout that is being asked for keeps its destination as it is until it stands; see `still_there`.
_LOCK = value(UUID | None, "select id from payout_destinations where id = $1 for no key update")
_STILL = value(
    UUID | None,
    """select id from payout_destinations
       where id = $1 and recipient = $2 and usable_from <= $3 and deleted_at is null for share""",
)
_DETAILS = one(_Sealed, "select id, user_id, provider, details from payout_destinations where id = $1")
_UNSET_DEFAULT = run("update payout_destinations set is_default = false where user_id = $1 and is_default")
_NEXT_DEFAULT = run(
    """update payout_destinations set is_default = true where id = (
         select id from payout_destinations where user_id = $1 and deleted_at is null
         order by created_at, id limit 1)"""
)
_OLD_SEALS = many(
    _Sealed,
    """select id, user_id, provider, details from payout_destinations
       where deleted_at is null and substr(details, 1, length($1::bytea)) <> $1 order by id limit $2
       for update skip locked""",
)


async def add(
    ctx: Ctx, *, provider: str, label: str, details: DestinationDetails, password: str | None = None
) -> DestinationView:
    """A new place to be paid out to. The first one an account ever has can be used at once, by default; each further
    one after `payout_cooldown_s`.

    Needs a second factor shown just now, or the password where there is none (I4). Raises StepUpRequired, Invalid,
    LogInAgain, BadDestination, UnknownDestination, DestinationKnown, ProviderUnavailable.
    """
    await factors.require_proof(ctx, password)
    by = provider_named(ctx, provider)
    details, asked = _checked(by, details)
    kept = await _registered(ctx, by, details, asked)
    await _LOCK_OWNER(ctx.db, ctx.member.id)
    config = await settings.platform(ctx)
    first = await _IS_FIRST(ctx.db, ctx.member.id)
    wait_s = config.payout_first_cooldown_s if first else config.payout_cooldown_s
    made = await _keep(ctx, by, label, details, kept, wait_s=wait_s)
    await _tell(ctx, made, f"Payouts can go to {made.title}")
    return made


async def change(
    ctx: Ctx, destination_id: UUID, *, label: str, details: DestinationDetails, password: str | None = None
) -> DestinationView:
    """Another name, or another place. What was not given anew of its fields stays. Another place waits like a new one.

    Raises NotFound, DestinationInUse while a payout is on its way there, DestinationMoved, and what `add` raises.
    """
    known = await access_destination(ctx, destination_id)
    await factors.require_proof(ctx, password)
    by = provider_named(ctx, known.provider)
    before = _opened(ctx, await _DETAILS(ctx.db, known.id))
    given = {name: answer for name, answer in details.fields.items() if answer.strip()}
    details, asked = _checked(by, msgspec.structs.replace(details, fields=before.fields | given))
    kept = await _registered(ctx, by, details, asked)
    changed_at, known = known.changed_at, await _locked(ctx, destination_id)
    if known.changed_at != changed_at:
        raise DestinationMoved
    same = await SAME(ctx.db, ctx.member.id, kept.fingerprint, details.currency)
    if same is not None and same.id != known.id:
        raise DestinationKnown(destination_id=same.id)
    moved = same is None or before.holder != details.holder
    wait = timedelta(seconds=(await settings.platform(ctx)).payout_cooldown_s)
    columns: dict[str, Any] = {
        "label": _label(by, label),
        "currency": details.currency,
        "country": details.country,
        "details": _sealed(ctx, known.id, details),
        **msgspec.structs.asdict(kept),
        "usable_from": ctx.now + wait if moved else known.usable_from,
        "changed_at": ctx.now,
    }
    await update(ctx.db, "payout_destinations", columns, where={"id": known.id})
    await note_destination(ctx, ctx.member.id, kept.fingerprint)
    after = await access_destination(ctx, known.id)
    await _audited(ctx, "payouts.destination_changed", before=known, after=after)
    await _tell(ctx, after, f"{known.title} is now {after.title}" if moved else f"{after.title} was changed")
    return after


async def remove(ctx: Ctx, destination_id: UUID, *, password: str | None = None) -> None:
    """No payout goes there any more; what was typed is forgotten. Raises NotFound, DestinationInUse, StepUpRequired."""
    await access_destination(ctx, destination_id)
    await factors.require_proof(ctx, password)
    known = await _locked(ctx, destination_id)
    gone = {"deleted_at": ctx.now, "changed_at": ctx.now, "is_default": False, "details": b""}
    await update(ctx.db, "payout_destinations", gone, where={"id": known.id})
    if known.is_default:
        await _NEXT_DEFAULT(ctx.db, ctx.member.id)
    await _audited(ctx, "payouts.destination_removed", before=known, after=None)
    await _tell(ctx, known, f"Payouts can no longer go to {known.title}")


async def still_there(ctx: Ctx, destination_id: UUID, recipient: str) -> bool:
    """Whether money can be sent there, and goes to this recipient; then it stays so until the transaction ends."""
    return await _STILL(ctx.db, destination_id, recipient, ctx.now) is not None


async def make_default(ctx: Ctx, destination_id: UUID) -> DestinationView:
    """Payouts go there when nobody says where. Repeating it changes nothing. Raises NotFound."""
    await _LOCK_OWNER(ctx.db, ctx.member.id)
    known = await access_destination(ctx, destination_id)
    if known.is_default:
        return known
    await _UNSET_DEFAULT(ctx.db, ctx.member.id)
    await update(ctx.db, "payout_destinations", {"is_default": True}, where={"id": known.id})
    after = await access_destination(ctx, known.id)
    await _audited(ctx, "payouts.destination_default", before=known, after=after)
    return after


async def shown_details(ctx: Ctx, destination_id: UUID) -> DestinationDetails:
    """What was typed, for the form that changes it; secret answers are left out. Raises NotFound."""
    known = await access_destination(ctx, destination_id)
    details = _opened(ctx, await _DETAILS(ctx.db, known.id))
    asked = provider_named(ctx, known.provider).fields(details.currency, details.country)
    shown = {field.name for field in asked if not field.secret}
    answers = {name: answer for name, answer in details.fields.items() if name in shown}
    return msgspec.structs.replace(details, fields=answers)


async def default_destination(ctx: Ctx) -> DestinationView:
    """Where payouts go when nobody says where: the default one, or in the sandbox a test account of one's own.

    Raises NoDestination.
    """
    found = await DEFAULT(ctx.db, ctx.member.id)
    if found is not None:
        return found
    if switched_on(ctx.app.settings) != [SANDBOX.name]:
        raise NoDestination
    return await own_test_account(ctx, SANDBOX_BANK)


async def own_test_account(ctx: Ctx, word: str) -> DestinationView:
    """One of TEST_ACCOUNTS as a destination, made when it is first used. There is no money that could be led away, so
    nothing waits and no mail is sent. Raises StepUpRequired for one that has to be made, UnknownDestination."""
    by = provider_named(ctx, SANDBOX.name)
    details, asked = _checked(by, test_details(ctx.member.id, ctx.member.username, word))
    kept = await _registered(ctx, by, details, asked)
    await _LOCK_OWNER(ctx.db, ctx.member.id)
    found = await SAME(ctx.db, ctx.member.id, kept.fingerprint, details.currency)
    if found is not None:
        return found
    await require_recent_factor(ctx)
    return await _keep(ctx, by, TEST_ACCOUNTS[word], details, kept, wait_s=0)


def test_details(user_id: UUID, holder: str, word: str) -> DestinationDetails:
    """The account of a person that one of TEST_ACCOUNTS stands for; no two people share one."""
    number = _TEST_NUMBERS[word] + user_id.hex.upper()
    fields = {"account_number": number, "speed": "standard"}
    return DestinationDetails(holder=holder, currency=USD, country=_NO_COUNTRY, fields=fields)


async def reseal(ctx: Ctx) -> int:
    """Seals with the first key what an earlier one sealed, and fingerprints it anew; answers how many."""
    old = await _OLD_SEALS(ctx.db, ctx.app.keyring.head, RESEALED_AT_ONCE)
    for row in old:
        details = _opened(ctx, row)
        asked = provider_named(ctx, row.provider).fields(details.currency, details.country)
        mark = _fingerprint(ctx, row.provider, details, asked)
        fresh = {"details": _sealed(ctx, row.id, details), "fingerprint": mark}
        await update(ctx.db, "payout_destinations", fresh, where={"id": row.id})
        await note_destination(ctx, row.user_id, mark)
    return len(old)


async def _locked(ctx: Ctx, destination_id: UUID) -> DestinationView:
    """A destination of the actor's that nobody else changes now. Raises NotFound, and DestinationInUse while a payout
    is on its way there."""
    await _LOCK_OWNER(ctx.db, ctx.member.id)
    await _LOCK(ctx.db, destination_id)
    known = await access_destination(ctx, destination_id)
    if known.open_payout_id is not None:
        raise DestinationInUse(payout_id=known.open_payout_id)
    return known


def _checked(by: Provider, details: DestinationDetails) -> tuple[DestinationDetails, list[Field]]:
    """The details with answers that fit the provider's form, and the form."""
    wrong = {}
    if not 2 <= len(details.holder.strip()) <= 140:
        wrong["holder"] = "The name on the account, 2 to 140 characters"
    if re.fullmatch("[A-Z]{2}", details.country) is None:
        wrong["country"] = "Two letters, such as DE"
    if details.currency not in by.currencies:
        wrong["currency"] = f"One of {', '.join(by.currencies)}"
    if wrong:
        raise Invalid(fields=wrong)
    asked = by.fields(details.currency, details.country)
    answers = check_answers(asked, details.fields)
    return msgspec.structs.replace(details, holder=details.holder.strip(), fields=answers), asked


async def _registered(ctx: Ctx, by: Provider, details: DestinationDetails, asked: list[Field]) -> _Kept:
    recipient = await by.register(ctx, details)
    secret = next((details.fields[f.name] for f in asked if f.secret and f.name in details.fields), recipient)
    hint = "•••• " + re.sub("[^0-9A-Za-z]", "", secret)[-HINT_CHARS:]
    return _Kept(hint, _fingerprint(ctx, by.name, details, asked), recipient)


def _fingerprint(ctx: Ctx, provider: str, details: DestinationDetails, asked: list[Field]) -> bytes:
    """The same for the same account, however it was typed and whoever typed it."""
    marks = {f.name: re.sub(r"[\s-]", "", details.fields.get(f.name, "")).upper() for f in asked if f.identifies}
    said = msgspec.json.encode([provider, details.country, sorted(marks.items())])
    return ctx.app.keyring.sign(said, _PURPOSE)


async def _keep(
    ctx: Ctx, by: Provider, label: str, details: DestinationDetails, kept: _Kept, *, wait_s: int
) -> DestinationView:
    """The row, with its line in the audit. Its owner's row is locked."""
    same = await SAME(ctx.db, ctx.member.id, kept.fingerprint, details.currency)
    if same is not None:
        raise DestinationKnown(destination_id=same.id)
    destination_id = new_id()
    row = {
        "id": destination_id,
        "user_id": ctx.member.id,
        "provider": by.name,
        "label": _label(by, label),
        "currency": details.currency,
        "country": details.country,
        "details": _sealed(ctx, destination_id, details),
        **msgspec.structs.asdict(kept),
        "is_default": await DEFAULT(ctx.db, ctx.member.id) is None,
        "usable_from": ctx.now + timedelta(seconds=wait_s),
        "created_at": ctx.now,
        "changed_at": ctx.now,
    }
    await insert(ctx.db, "payout_destinations", row)
    await note_destination(ctx, ctx.member.id, kept.fingerprint)
    made = await access_destination(ctx, destination_id)
    await _audited(ctx, "payouts.destination_added", before=None, after=made)
    return made


async def _audited(ctx: Ctx, action: str, *, before: DestinationView | None, after: DestinationView | None) -> None:
    """Among the activity of the account."""
    was, now = _for_audit(before), _for_audit(after)
    await audit.record(ctx, action, subject="user", subject_id=ctx.member.id, before=was, after=now)


def _for_audit(shown: DestinationView | None) -> dict[str, Any] | None:
    if shown is None:
        return None
    names = ("id", "provider", "label", "currency", "country", "hint", "is_default")
    return {name: getattr(shown, name) for name in names}


async def _tell(ctx: Ctx, shown: DestinationView, what: str) -> None:
    """A mail to the owner, who may not be the one who did it."""
    owner = await factors.owner_of(ctx, ctx.member.id)
    waits = shown.deleted_at is None and shown.usable_from > ctx.now
    values = {
        "username": owner.username,
        "what": what,
        "then": f"Money can be sent there from {in_words(shown)}." if waits else "",
        "facts": circumstances(ctx),
        "link": mail.link(ctx, "/dashboard/payouts/destinations"),
    }
    await mail.send(
        ctx,
        to=owner.email,
        template="payout_destination_changed",
        values=values,
        user_id=owner.id,
        useful_until=ctx.now + timedelta(days=3),
    )


def in_words(shown: DestinationView) -> str:
    """'22 November 2026, 10:05 UTC', from when money can be sent there."""
    return f"{shown.usable_from.day} {shown.usable_from:%B %Y, %H:%M} UTC"


def _label(by: Provider, label: str) -> str:
    return label.strip() or by.label


def _opened(ctx: Ctx, row: _Sealed) -> DestinationDetails:
    return msgspec.json.decode(ctx.app.keyring.open(row.details, _place(row.id)), type=DestinationDetails)


def _sealed(ctx: Ctx, destination_id: UUID, details: DestinationDetails) -> bytes:
    return ctx.app.keyring.seal(msgspec.json.encode(details), _place(destination_id))


def _place(destination_id: UUID) -> str:
    return f"payout_destination:{destination_id}"
