"""Looking at what moves, inside the transaction that moves it, and deciding about what was noticed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.days import business_days_after
from stoa.kit.db import one, run, value
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.money.risk import queries
from stoa.money.risk.errors import Blocked, FlagDecided
from stoa.money.risk.messages import FlagClosed, MovementFlagged
from stoa.money.risk.policies import access_flag_to_decide
from stoa.money.risk.types import (
    SEVERITY,
    Finding,
    FlagState,
    FlagView,
    Limits,
    Movement,
    Observed,
    Rule,
    Severity,
    blocked_by,
    findings,
    usd_micro,
)

_OBSERVE = one(Observed, "select * from risk_observe($1, $2, $3, $4, $5)")
_FLAG = value(
    UUID | None,
    """
    insert into risk_flags (id, rule, severity, state, kind, from_id, to_id, asset, amount_minor, reason, review_until,
      created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict (from_id, rule) where state = 'open' and severity = 'high' do nothing returning id
    """,
)
_DECIDE = run(
    """
    update risk_flags set state = $2, note = $3, decided_by = $4, decided_at = $5 where id = $1 and state = 'open'
    """
)
_NOTE_DESTINATION = run(
    "insert into risk_destinations (fingerprint, user_id) values ($1, $2) on conflict (fingerprint, user_id) do nothing"
)
_FORGET = run("delete from risk_movements where at < $1")


_PARTIES = one(
    Observed,
    """
    select (select status from users where id = $1) as from_status,
      (select status from users where id = $2) as to_status,
      exists (select from risk_destinations a join risk_destinations b on b.fingerprint = a.fingerprint
        where a.user_id = $1 and b.user_id = $2) as same_destination,
      0::bigint as movements, 0::bigint as volume_micro, '{}'::text[] as open_high
    """,
)


async def measure(ctx: Ctx, movement: Movement) -> tuple[int | None, datetime]:
    """What `risk_observe` is told: the movement's worth in millionths of a USD, and since when movements count.

    For who calls it within a statement of their own, after the ledger's locks, and then `judge`s what it saw.
    """
    config = await settings.platform(ctx)
    worth_micro = usd_micro(movement.asset, movement.amount_minor, coins_per_usd=config.coins_per_usd)
    return worth_micro, ctx.now - timedelta(seconds=config.risk_window_s)


async def judge(ctx: Ctx, movement: Movement, seen: Observed) -> None:
    """Looks at a movement before it is posted, by what `risk_observe` saw under the ledger's locks; once per movement.

    Flags it by F1 to F3, compared in USD: coins by M2; a currency without a rate counts for F2 only. Simultaneous
    movements of one person are counted one after the other (F6). Raises Blocked for F4 and F5, and then keeps a line of
    the log that outlives the caller's transaction.
    """
    blocked, found = await _findings(ctx, movement, seen)
    if blocked is not None:
        await _refuse(ctx, movement, blocked)
    await _flag(ctx, movement, found)


async def check_parties(ctx: Ctx, movement: Movement) -> None:
    """Whether a movement that is to come would be let through by F4 and F5; nothing is counted. Raises Blocked."""
    blocked = blocked_by(movement, await _PARTIES(ctx.db, movement.from_id, movement.to_id))
    if blocked is not None:
        await _refuse(ctx, movement, blocked)


async def note_movement(ctx: Ctx, movement: Movement) -> None:
    """Looks at what has happened outside already, as a card that was charged: it is counted and flagged, never refused.

    What F4 or F5 would have kept from happening is flagged as high, for both sides where they are one person: so the
    payouts of both wait until somebody has looked.
    """
    blocked, found = await _look(ctx, movement)
    await _flag(ctx, movement, found)
    if blocked is None:
        return
    await _flag(ctx, movement, [blocked])
    if blocked.rule is Rule.ONESELF and movement.to_id not in (None, movement.from_id):
        turned = msgspec.structs.replace(movement, from_id=movement.to_id, to_id=movement.from_id)
        await _flag(ctx, turned, [blocked])


async def note_blocked(ctx: Ctx, movement: Movement, finding: Finding) -> None:
    """A line of the log about what is not let through, in a transaction of its own: the caller's is rolled back."""
    async with ctx.app.side.transaction() as db:
        await _record(replace(ctx, db=db), movement, finding, Severity.CRITICAL, FlagState.BLOCKED, None)


async def note_destination(ctx: Ctx, user_id: UUID, fingerprint: bytes) -> None:
    """Remembers to where somebody is paid out, by a fingerprint that says nothing else; repeating it changes nothing.

    Who shares one with another account cannot send money to it (F4).
    """
    await _NOTE_DESTINATION(ctx.db, fingerprint, user_id)


async def approve(ctx: Ctx, flag_id: UUID, *, note: str | None = None) -> FlagView:
    """All is well: it holds nothing any more, and what was looked at does not count again. For administrators.

    Raises NotFound, Forbidden for one's own, FlagDecided.
    """
    return await _decide(ctx, flag_id, FlagState.APPROVED, (note or "").strip() or None)


async def reject(ctx: Ctx, flag_id: UUID, *, note: str) -> FlagView:
    """The hold stays, with the note as its reason: each payout is decided by itself from now on. For administrators.

    Raises NotFound, Forbidden for one's own, FlagDecided, and Invalid without a note.
    """
    note = note.strip()
    if len(note) < 3:
        raise Invalid(fields={"note": "Please say why, in words the person reads"})
    return await _decide(ctx, flag_id, FlagState.REJECTED, note)


async def forget_movements(ctx: Ctx) -> int:
    """Removes movements that no limit counts any more; answers how many."""
    window_s = (await settings.platform(ctx)).risk_window_s
    return await _FORGET(ctx.db, ctx.now - 2 * timedelta(seconds=window_s))


async def _decide(ctx: Ctx, flag_id: UUID, state: FlagState, note: str | None) -> FlagView:
    await access_flag_to_decide(ctx, flag_id)
    if not await _DECIDE(ctx.db, flag_id, state, note, ctx.member.id, ctx.now):
        found = await queries.flag(ctx, flag_id)
        raise FlagDecided(f"It is {found.state} already", state=found.state)
    flag = await queries.flag(ctx, flag_id)
    await audit.record(
        ctx,
        f"risk.flag_{state}",
        subject="risk_flag",
        subject_id=flag_id,
        before={"state": FlagState.OPEN},
        after={"state": state, "rule": flag.rule, **({"note": note} if note else {})},
    )
    await emit(ctx, FlagClosed(flag_id, flag.from_id, flag.severity, state, flag.reason))
    return flag


async def _look(ctx: Ctx, movement: Movement) -> tuple[Finding | None, list[Finding]]:
    """Counts a movement; what would not be let through (F4, F5), and what it trips (F1 to F3)."""
    worth_micro, since = await measure(ctx, movement)
    seen = await _OBSERVE(ctx.db, movement.from_id, movement.to_id, worth_micro, ctx.now, since)
    return await _findings(ctx, movement, seen)


async def _findings(ctx: Ctx, movement: Movement, seen: Observed) -> tuple[Finding | None, list[Finding]]:
    config = await settings.platform(ctx)
    worth = usd_micro(movement.asset, movement.amount_minor, coins_per_usd=config.coins_per_usd)
    limits = Limits(
        large_usd_minor=config.risk_large_usd_minor,
        movements=config.risk_movements,
        volume_usd_minor=config.risk_volume_usd_minor,
    )
    found = [finding for finding in findings(worth, seen, limits) if finding.rule not in seen.open_high]
    return blocked_by(movement, seen), found


async def _flag(ctx: Ctx, movement: Movement, found: list[Finding]) -> None:
    """Open flags, which are high where they are not medium: what is critical was not let through."""
    if not found:
        return
    until = _day_end(ctx, (await settings.platform(ctx)).risk_review_days)
    for finding in found:
        severity = Severity.MEDIUM if SEVERITY[finding.rule] is Severity.MEDIUM else Severity.HIGH
        flag_id = await _record(ctx, movement, finding, severity, FlagState.OPEN, until)
        if flag_id is not None:
            await emit(ctx, MovementFlagged(flag_id, movement.from_id, finding.rule, severity))


async def _refuse(ctx: Ctx, movement: Movement, blocked: Finding) -> NoReturn:
    await note_blocked(ctx, movement, blocked)
    raise Blocked(f"{Blocked.title}. {blocked.reason}", rule=blocked.rule)


async def _record(
    ctx: Ctx, movement: Movement, finding: Finding, severity: Severity, state: FlagState, until: datetime | None
) -> UUID | None:
    """The flag's id; None when the same matter is open already."""
    return await _FLAG(
        ctx.db,
        new_id(),
        finding.rule,
        severity,
        state,
        movement.kind,
        movement.from_id,
        movement.to_id,
        movement.asset,
        movement.amount_minor,
        finding.reason,
        until,
        ctx.now,
    )


def _day_end(ctx: Ctx, days: int) -> datetime:
    """The end of a business day (F7)."""
    day = business_days_after(ctx.now.date(), days)
    return datetime.combine(day, datetime.min.time(), ctx.now.tzinfo) + timedelta(days=1)
