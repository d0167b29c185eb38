"""Reads of payouts and earnings."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.settings import queries as settings
from stoa.foundation.settings.types import PlatformConfig
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one
from stoa.money.ledger import queries as ledger
from stoa.money.payouts.types import (
    COIN,
    MINIMUM_MINOR,
    MINOR_PER_COIN,
    USD,
    DayEarned,
    EarningsView,
    Payable,
    PayoutEvent,
    PayoutState,
    PayoutView,
    Timeline,
    WorkEarned,
    credit_amounts,
    payout_amounts,
)
from stoa.money.risk.queries import holds_of
from stoa.money.splits.queries import rule_at

PAYOUT_COLUMNS: Final = """id, user_id, source_minor, gross_minor, platform_fee_minor, net_payout_minor, currency,
  state, provider, destination, hold_id, transfer_id, attempts, provider_reference, next_try_at, failure_code,
  failure_reason, review_reason, review_until, requested_at, submit_at, promised_from, promised_by, sent_at, ended_at,
  asset, fee_minor, fee_on_platform, arrives_minor, arrives_currency, arrives_by, destination_id, recipient"""
PAYOUT = one(PayoutView, f"select {PAYOUT_COLUMNS} from payouts where id = $1")
PAYOUT_BY_KEY = maybe(PayoutView, f"select {PAYOUT_COLUMNS} from payouts where user_id = $1 and key = $2")
OPEN_PAYOUT = maybe(
    PayoutView,
    f"""select {PAYOUT_COLUMNS} from payouts
        where user_id = $1 and asset = $2 and state in ('pending', 'in_review', 'processing')""",
)
OPEN_PAYOUTS = many(
    PayoutView,
    f"""select {PAYOUT_COLUMNS} from payouts
        where user_id = $1 and state in ('pending', 'in_review', 'processing') order by id""",
)
_PAYOUTS = many(
    PayoutView,
    f"""select {PAYOUT_COLUMNS} from payouts
        where user_id = $1 and ($2::text is null or state = $2) and ($3::text is null or asset = $3)
          and ($4::timestamptz is null or (requested_at, id) < ($4, $5))
        order by requested_at desc, id desc limit $6""",
)
_OPEN = many(
    PayoutView,
    f"""select {PAYOUT_COLUMNS} from payouts
        where state in ('pending', 'in_review', 'processing')
          and ($1::text is null or state = $1) and ($2::timestamptz is null or (requested_at, id) > ($2, $3))
        order by requested_at, id limit $4""",
)
_EVENTS = many(
    PayoutEvent, "select from_state, to_state, cause, created_at from payout_events where payout_id = $1 order by id"
)


class _Sums(msgspec.Struct, frozen=True):
    """Sums over somebody's received gifts and payouts."""

    earned_minor: int
    gifts: int
    pending_minor: int
    pending_until: datetime | None
    arrived_minor: int
    paid_net_minor: int


# What a gift brought its receiver and did not go back (M13).
_KEPT: Final = """case when g.refunded_minor = 0 then g.creator_minor else greatest(0, g.creator_minor - (
  select sum(v.creator_minor) from share_reversals v where v.gift_id = g.id)::bigint) end"""
_SUMS = one(
    _Sums,
    f"""select coalesce(sum({_KEPT}), 0)::bigint as earned_minor,
              count(*) as gifts,
              coalesce(sum({_KEPT}) filter (where g.undo_until > $2), 0)::bigint as pending_minor,
              max(g.undo_until) filter (where g.undo_until > $2) as pending_until,
              (select coalesce(sum(source_minor), 0)::bigint from payouts
               where user_id = $1 and asset = 'COIN' and state = 'paid')
                as arrived_minor,
              (select coalesce(sum(net_payout_minor), 0)::bigint from payouts
               where user_id = $1 and asset = 'COIN' and state = 'paid')
                as paid_net_minor
       from gifts g where g.recipient_id = $1 and g.undone_at is null""",
)
_DAYS = many(
    DayEarned,
    f"""select d.day::date as day, coalesce(sum({_KEPT}), 0)::bigint as earned_minor, count(g.id) as gifts
       from generate_series(($2 at time zone 'utc')::date, ($3 at time zone 'utc')::date, '1 day') as d (day)
       left join gifts g on g.recipient_id = $1 and g.undone_at is null
         and g.created_at >= d.day at time zone 'utc' and g.created_at < (d.day + interval '1 day') at time zone 'utc'
       group by d.day order by d.day""",
)
_TOP_WORKS = many(
    WorkEarned,
    f"""select work_id, (array_agg(work_title order by created_at desc))[1] as title,
              (array_agg(work_path order by created_at desc))[1] as path,
              sum({_KEPT})::bigint as earned_minor, count(*) as gifts, sum(amount_coins)::bigint as coins_given
       from gifts g where recipient_id = $1 and work_id is not null and undone_at is null
       group by work_id order by 4 desc, sum(amount_coins) desc, work_id limit $2""",
)


async def payout_events(ctx: Ctx, payout_id: UUID) -> list[PayoutEvent]:
    """All that happened to a payout, oldest first."""
    return await _EVENTS(ctx.db, payout_id)


async def payouts(
    ctx: Ctx,
    user_id: UUID,
    *,
    state: PayoutState | None = None,
    asset: str | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 20,
) -> list[PayoutView]:
    """Somebody's payouts, newest first, those before the given (requested_at, id)."""
    return await _PAYOUTS(ctx.db, user_id, state, asset, *(before or (None, None)), limit)


async def open_payouts(
    ctx: Ctx, *, state: PayoutState | None = None, after: tuple[datetime, UUID] | None = None, limit: int = 50
) -> list[PayoutView]:
    """Everybody's payouts that are under way, the longest waiting first; for administrators."""
    return await _OPEN(ctx.db, state, *(after or (None, None)), limit)


async def payables(ctx: Ctx, user_id: UUID) -> list[Payable]:
    """What somebody has earned and not been paid, by asset; coins first, and always."""
    config = await settings.platform(ctx)
    percent = (await rule_at(ctx, "gift")).creator_percent
    held: dict[str, dict[str, int]] = {COIN: {}}
    for found in await ledger.balances(ctx, user_id):
        if found.purpose in ("earned", "earned_reserved") and found.balance_minor:
            held.setdefault(found.asset, {})[found.purpose] = found.balance_minor
    under_way = {payout.asset: payout for payout in await OPEN_PAYOUTS(ctx.db, user_id)}
    return [
        Payable(
            asset=asset,
            earned_minor=purposes.get("earned", 0),
            reserved_minor=purposes.get("earned_reserved", 0),
            minimum_minor=minimum_minor(config, asset),
            open_payout=under_way.get(asset),
            worth=(
                payout_amounts(purposes.get("earned", 0), coins_per_usd=config.coins_per_usd, creator_percent=percent)
                if asset == COIN
                else credit_amounts(purposes.get("earned", 0), asset)
            ),
        )
        for asset, purposes in sorted(held.items(), key=lambda one: (one[0] != COIN, one[0] != USD, one[0]))
    ]


def minimum_minor(config: PlatformConfig, asset: str) -> int:
    """The least that can be paid out (M7), in the smallest unit of the asset."""
    match asset:
        case "COIN":
            return config.payout_min_coins * MINOR_PER_COIN
        case "USD":
            return config.payout_min_usd_minor
        case _:
            return MINIMUM_MINOR[asset]


async def earnings(ctx: Ctx, user_id: UUID, *, days: int = 30, top: int = 5) -> EarningsView:
    """What somebody has earned and where it is, with a series of the last `days` days and their `top` works."""
    config = await settings.platform(ctx)
    percent = (await rule_at(ctx, "gift")).creator_percent
    balances = await ledger.balances(ctx, user_id, COIN)
    held = {b.purpose: b.balance_minor for b in balances}
    sums = await _SUMS(ctx.db, user_id, ctx.now)
    under_way = await OPEN_PAYOUT(ctx.db, user_id, COIN)
    earned_minor = held.get("earned", 0)
    pending_minor = min(sums.pending_minor, earned_minor)
    is_sent = under_way is not None and under_way.state == PayoutState.PROCESSING
    reserved_minor = held.get("earned_reserved", 0)
    return EarningsView(
        timeline=Timeline(
            pending_minor=pending_minor,
            pending_until=sums.pending_until if pending_minor else None,
            available_minor=earned_minor - pending_minor,
            payable_minor=earned_minor,
            reserved_minor=0 if is_sent else reserved_minor,
            sent_minor=reserved_minor if is_sent else 0,
            arrived_minor=sums.arrived_minor,
        ),
        earned_total_minor=sums.earned_minor,
        gifts_total=sums.gifts,
        paid_net_minor=sums.paid_net_minor,
        payable=(
            payout_amounts(earned_minor, coins_per_usd=config.coins_per_usd, creator_percent=percent)
            if earned_minor >= config.payout_min_coins * MINOR_PER_COIN
            else None
        ),
        payout_min_coins=config.payout_min_coins,
        coins_per_usd=config.coins_per_usd,
        creator_percent=percent,
        open_payout=under_way,
        holds=await holds_of(ctx, user_id),
        days=await _DAYS(ctx.db, user_id, ctx.now - timedelta(days=days - 1), ctx.now),
        top_works=await _TOP_WORKS(ctx.db, user_id, top),
    )
