"""Reads of where somebody's money is. Stages are told from the ledger's balances, so that nothing can be missing."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.settings import queries as settings
from stoa.foundation.settings.types import PlatformConfig
from stoa.kit.ctx import Ctx
from stoa.kit.db import many
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.ledger import queries as ledger
from stoa.money.payouts.queries import OPEN_PAYOUTS, minimum_minor, stats
from stoa.money.payouts.types import (
    COIN,
    USD,
    PayoutAmounts,
    PayoutState,
    PayoutView,
    Sums,
    credit_amounts,
    payout_amounts,
)
from stoa.money.risk.queries import holds_of
from stoa.money.splits.queries import rule_at
from stoa.money.wallet import queries as wallets
from stoa.money.wallet.queries import history
from stoa.money.whereabouts.types import OF_PAYOUT, AssetMoney, MoneyView, PaidOut, Part, Stage, StageLine, StageSum

LIMIT: Final = 20
RESERVED_SUFFIX: Final = "_reserved"
_START: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_UNDONE_WITHIN: Final = timedelta(days=1)  # far more than the time in which a gift can be taken back


class _Pending(msgspec.Struct, frozen=True):
    """A gift that its giver can still take back; `total_minor` and `gifts` are of all of them."""

    transfer_id: UUID
    sender: str
    amount_minor: int
    until: datetime
    total_minor: int
    gifts: int


class _SetAside(msgspec.Struct, frozen=True):
    """An open hold of somebody's, and the dispute it is for, if it is: `payment_id` is the order they received."""

    id: UUID
    asset: str
    amount_minor: int
    cause: str
    payout_id: UUID | None
    payment_id: UUID | None
    expires_at: datetime | None
    reason: str | None
    needs_evidence: bool
    evidence_due_by: datetime | None


class _Moved(msgspec.Struct, frozen=True):
    """What a transfer changed in a stage."""

    transfer_id: UUID
    created_at: datetime
    amount_minor: int


_PENDING = many(
    _Pending,
    """select g.transfer_id, s.username as sender, g.creator_minor as amount_minor,
         g.undo_until as until, (sum(g.creator_minor) over ())::bigint as total_minor, count(*) over () as gifts
       from gifts g join users s on s.id = g.sender_id
       where g.recipient_id = $1 and g.undone_at is null and g.undo_until > $2 and g.created_at > $3
         and g.creator_minor > 0
       order by g.undo_until desc, g.id desc limit 3""",
)
_SET_ASIDE = many(
    _SetAside,
    """select h.id, h.assets[1] as asset, (select sum(m) from unnest(h.amounts) m)::bigint as amount_minor, t.cause,
         (t.metadata ->> 'payout_id')::uuid as payout_id, o.id as payment_id, h.expires_at,
         replace(d.reason, '_', ' ') as reason, coalesce(d.state = 'needs_response', false) as needs_evidence,
         d.evidence_due_by
       from ledger_holds h join ledger_transfers t on t.id = h.id
       left join disputes d on d.hold_id = h.id
       left join orders o on o.id = d.order_id and o.payee_id = $1
       where h.owners[1] = $1 and h.state = 'held' order by h.id""",
)
# $1 the person, $2 the asset, $3 and $4 the place, $5 how many.
_BEFORE: Final = "(p.created_at, p.transfer_id) < ($3::timestamptz, $4::uuid)"
_NEWEST: Final = "order by p.created_at desc, p.transfer_id desc limit $5"
_IS_PENDING: Final = """select from gifts g where g.transfer_id = p.transfer_id and g.recipient_id = $1
  and g.undone_at is null and g.undo_until > $6"""
_EARNED_LINES = many(
    _Moved,
    f"""select p.transfer_id, p.created_at, p.amount_minor
        from ledger_accounts a join ledger_postings p on p.account_id = a.id
        where a.owner_id = $1 and a.asset = $2 and a.purpose = 'earned' and {_BEFORE}
          and exists ({_IS_PENDING}) = $7
        {_NEWEST}""",
)
_HELD_LINES = many(
    _Moved,
    f"""select p.transfer_id, p.created_at, sum(p.amount_minor)::bigint as amount_minor
        from ledger_accounts a join ledger_postings p on p.account_id = a.id
        where a.owner_id = $1 and a.asset = $2 and a.purpose like '%\\_reserved' and {_BEFORE}
          and p.transfer_id = any ($6)
        group by p.transfer_id, p.created_at {_NEWEST}""",
)
# What was settled left the person's account: it is what has arrived.
_ARRIVED_LINES = many(
    _Moved,
    f"""select p.transfer_id, p.created_at, -p.amount_minor as amount_minor
        from payouts o cross join lateral ledger_postings_of(o.transfer_id) p
        join ledger_accounts a on a.id = p.account_id and a.owner_id = $1 and a.purpose = 'earned_reserved'
        where o.user_id = $1 and o.asset = $2 and o.state = 'paid' and a.asset = $2 and {_BEFORE}
        {_NEWEST}""",
)


async def money(ctx: Ctx, user_id: UUID) -> MoneyView:
    """Where everything is that somebody has: coins first, then USD, then whatever else there is. Raises NotFound."""
    config = await settings.platform(ctx)
    wallet = await wallets.wallet_row(ctx, user_id)
    held: dict[str, dict[str, int]] = {COIN: {}, USD: {}}
    for found in await ledger.balances(ctx, user_id):
        if found.balance_minor:
            held.setdefault(found.asset, {})[found.purpose] = found.balance_minor
    owed = {COIN: wallet.debt_minor, **wallet.credit_debts}
    pending = await _PENDING(ctx.db, user_id, ctx.now, ctx.now - _UNDONE_WITHIN)
    payouts = await OPEN_PAYOUTS(ctx.db, user_id)
    aside = await _SET_ASIDE(ctx.db, user_id)
    sums = await stats.sums(ctx, user_id)
    percent = (await rule_at(ctx, "gift")).creator_percent
    for asset in (*(code for code, minor in owed.items() if minor), *(sum_.asset for sum_ in sums)):
        held.setdefault(asset, {})
    assets = []
    for asset in sorted(held, key=lambda code: (code != COIN, code != USD, code)):
        balances = held[asset]
        open_payout = next((payout for payout in payouts if payout.asset == asset), None)
        arrived = [one for one in sums if one.asset == asset and one.paid]
        stages = _stages(
            balances,
            pending=pending if asset == COIN else [],
            payout=open_payout,
            aside=[hold for hold in aside if hold.asset == asset],
            arrived=arrived,
        )
        assets.append(
            AssetMoney(
                asset=asset,
                stages=stages,
                promotional_minor=balances.get("promotional", 0),
                purchased_minor=balances.get("purchased", 0),
                direct_minor=balances.get("direct", 0),
                owed_minor=owed.get(asset, 0),
                minimum_minor=minimum_minor(config, asset),
                worth=_worth(config, percent, asset, balances.get("earned", 0)),
                paid_out=[PaidOut(one.currency, one.paid, one.net_minor, one.fees_minor) for one in arrived],
                open_payout=open_payout,
            )
        )
    return MoneyView(assets, await holds_of(ctx, user_id))


def _worth(config: PlatformConfig, percent: int, asset: str, earned_minor: int) -> PayoutAmounts:
    if asset == COIN:
        return payout_amounts(earned_minor, coins_per_usd=config.coins_per_usd, creator_percent=percent)
    return credit_amounts(earned_minor, asset)


def _stages(
    balances: dict[str, int],
    *,
    pending: Sequence[_Pending],
    payout: PayoutView | None,
    aside: Sequence[_SetAside],
    arrived: Sequence[Sums],
) -> list[StageSum]:
    """The six sums. Whatever is reserved and belongs to no payout is held."""
    earned_minor = balances.get("earned", 0)
    # A gift that was spent already is spent; what is left of it is what could still be taken back.
    pending_minor = min(pending[0].total_minor, earned_minor) if pending else 0
    parts: dict[Stage, list[Part]] = {stage: [] for stage in Stage}
    parts[Stage.PENDING] = _pending_parts(pending) if pending_minor else []
    parts[Stage.HELD] = [_held_part(hold) for hold in aside if hold.payout_id is None]
    if payout is not None:
        parts[OF_PAYOUT[payout.state]].append(_payout_part(payout))
    reserved_minor = sum(minor for purpose, minor in balances.items() if purpose.endswith(RESERVED_SUFFIX))
    moving_minor = dict.fromkeys((Stage.RESERVED, Stage.HELD, Stage.SENT), 0)
    if payout is not None:
        moving_minor[OF_PAYOUT[payout.state]] = payout.source_minor
        reserved_minor -= payout.source_minor
    moving_minor[Stage.HELD] += reserved_minor
    sums = {
        Stage.PENDING: pending_minor,
        Stage.AVAILABLE: earned_minor - pending_minor,
        **moving_minor,
        Stage.ARRIVED: sum(one.source_minor for one in arrived),
    }
    return [StageSum(stage, sums[stage], parts[stage]) for stage in Stage]


def _pending_parts(pending: Sequence[_Pending]) -> list[Part]:
    parts = [
        Part(
            amount_minor=gift.amount_minor,
            what=f"Your share of a gift by @{gift.sender}",
            next_step="The giver can still take it back. It is yours",
            by=gift.until,
            transfer_id=gift.transfer_id,
        )
        for gift in pending
    ]
    told_minor, others = sum(part.amount_minor for part in parts), pending[0].gifts - len(pending)
    if others:
        rest = f"{others} more {'gift' if others == 1 else 'gifts'}"
        parts.append(
            Part(
                amount_minor=pending[0].total_minor - told_minor, what=rest, next_step="The same", by=pending[-1].until
            )
        )
    return parts


def _held_part(hold: _SetAside) -> Part:
    what, next_step, by = hold.cause, "It is free again, or goes back, when this is decided", hold.expires_at
    if hold.reason is not None:
        what = f"{hold.cause}: {hold.reason}"
        next_step = "The payer's bank looks at the evidence and decides"
    if hold.needs_evidence:
        next_step, by = "The payer's bank waits for evidence, and then decides. It is due", hold.evidence_due_by
    return Part(
        amount_minor=hold.amount_minor,
        what=what,
        next_step=next_step,
        by=by,
        transfer_id=hold.id,
        payment_id=hold.payment_id,
    )


def _payout_part(payout: PayoutView) -> Part:
    """A payout under way. Why it is looked at, and why it is tried again, is what it is called."""
    what, next_step, by = f"Payout to {payout.destination}", "", None
    match payout.state:
        case PayoutState.PENDING:
            next_step, by = "You can still cancel it. It is sent", payout.submit_at
        case PayoutState.IN_REVIEW:
            what = f"{what}: {payout.review_reason}"
            next_step, by = "You can still cancel it. A person has looked at it", payout.review_until
        case PayoutState.PROCESSING if payout.next_try_at is not None:
            what = f"{what}: {payout.failure_reason}"
            next_step, by = "There is nothing you have to do. It is tried again", payout.next_try_at
        case _:
            next_step = "It arrives"
    return Part(
        amount_minor=payout.source_minor,
        what=what,
        next_step=next_step,
        by=by,
        by_day=(payout.arrives_by or payout.promised_by) if by is None else None,
        transfer_id=payout.hold_id,
        payout_id=payout.id,
    )


async def stage_lines(
    ctx: Ctx, user_id: UUID, asset: str, stage: Stage, *, cursor: str | None = None, limit: int = LIMIT
) -> Page[StageLine]:
    """The movements whose amounts sum to what is in a stage, newest first, each opened down to its postings.

    Where more is pending than was left unspent, those of pending and available sum to both together.
    """
    scope = f"money.{asset}.{stage}"
    place = decode(cursor, tuple[datetime, UUID], scope=scope) or _START
    at = (user_id, asset, *place, limit + 1)
    match stage:
        case Stage.PENDING | Stage.AVAILABLE:
            rows = await _EARNED_LINES(ctx.db, *at, ctx.now, stage == Stage.PENDING)
        case Stage.ARRIVED:
            rows = await _ARRIVED_LINES(ctx.db, *at)
        case _:
            rows = await _HELD_LINES(ctx.db, *at, await _holds_in(ctx, user_id, stage))
    page = keyset(rows, limit, scope=scope, key=lambda row: (row.created_at, row.transfer_id))
    return Page(await _opened(ctx, user_id, page.items), page.next_cursor)


async def _holds_in(ctx: Ctx, user_id: UUID, stage: Stage) -> list[UUID]:
    """The open holds whose money is in a stage."""
    of_payouts = {payout.hold_id: OF_PAYOUT[payout.state] for payout in await OPEN_PAYOUTS(ctx.db, user_id)}
    aside = await _SET_ASIDE(ctx.db, user_id)
    return [hold.id for hold in aside if of_payouts.get(hold.id, Stage.HELD) == stage]


async def _opened(ctx: Ctx, user_id: UUID, rows: Iterable[_Moved]) -> list[StageLine]:
    moved = {row.transfer_id: row for row in rows}
    opened = await history.some_lines(ctx, user_id, list(moved))
    return [StageLine(line.transfer_id, line.created_at, moved[line.transfer_id].amount_minor, line) for line in opened]
