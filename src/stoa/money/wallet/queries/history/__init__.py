"""What moved in a person's wallet, in their words: each transfer with all its postings, every posting explained."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, value
from stoa.kit.errors import NotFound
from stoa.kit.money import Money
from stoa.money.wallet.queries.history.words import Fact, account_of, explanation_of, title_of
from stoa.money.wallet.types import BUCKETS, HistoryLine, PostingLine


class _Change(msgspec.Struct, frozen=True):
    transfer_id: UUID
    created_at: datetime
    coins_minor: int
    usd_minor: int


_SPENDABLE: Final = "a.purpose in ('promotional', 'purchased', 'earned')"
_SUMS: Final = f"""
  coalesce(sum(p.amount_minor) filter (where a.asset = 'COIN' and {_SPENDABLE}), 0)::bigint as coins_minor,
  coalesce(sum(p.amount_minor) filter (where a.asset = 'USD' and {_SPENDABLE}), 0)::bigint as usd_minor"""

# Each of the latest transfers is among the latest of every account it touched, so a few rows per account are enough.
_CHANGES = many(
    _Change,
    f"""select p.transfer_id, p.created_at,
              {_SUMS}
       from ledger_accounts a
       cross join lateral (
         select q.transfer_id, q.created_at, q.amount_minor from ledger_postings q
         where q.account_id = a.id and ($2::timestamptz is null or (q.created_at, q.transfer_id) < ($2, $3))
         order by q.created_at desc, q.transfer_id desc limit $4
       ) p
       where a.owner_id = $1
       group by p.transfer_id, p.created_at
       order by p.created_at desc, p.transfer_id desc limit $4""",
)
_CHANGES_OF_SOME = many(
    _Change,
    f"""select p.transfer_id, p.created_at,
              {_SUMS}
       from unnest($1::uuid[]) t (id) cross join lateral ledger_postings_of(t.id) p
       join ledger_accounts a on a.id = p.account_id
       where a.owner_id = $2
       group by p.transfer_id, p.created_at
       order by p.created_at desc, p.transfer_id desc""",
)


# The transfers whose metadata name the order they belong to.
_OF_ORDERS: Final = (
    "coin_purchase coin_refund credit_purchase credit_refund card_tip card_tip_refund direct_tip direct_tip_refund"
).split()
_FACTS = many(
    Fact,
    """select t.id as transfer_id, t.kind, coalesce(o.kind, t.kind) as of_kind, t.cause,
              coalesce(o.metadata, t.metadata) as metadata,
              exists (select from ledger_reversals v where v.original = t.id) as is_reversed,
              p.created_at, a.owner_id, u.username as owner, a.asset, a.purpose, p.amount_minor,
              g.amount_coins as gift_coins, g.work_title as gift_title,
              tp.amount_minor as tip_minor,
              coalesce(tp.is_superlike, (b.item ->> 'superlike')::boolean) as tip_superlike,
              coalesce(g.sender_id, tp.sender_id, b.user_id) as sender_id, s.username as sender,
              r.username as recipient, b.description as order_description, b.amount_minor as order_minor,
              b.currency as order_currency
       from ledger_transfers t
       cross join lateral ledger_postings_of(t.id) p
       join ledger_accounts a on a.id = p.account_id
       left join users u on u.id = a.owner_id
       left join ledger_transfers o on o.id = t.reverses
       left join gifts g on g.transfer_id = coalesce(t.reverses, t.id)
       left join tips tp on tp.transfer_id = coalesce(t.reverses, t.id)
       left join orders b on b.id = (t.metadata ->> 'order_id')::uuid and t.kind = any ($2)
       left join users s on s.id = coalesce(g.sender_id, tp.sender_id, b.user_id)
       left join users r on r.id = coalesce(g.recipient_id, tp.recipient_id, b.payee_id)
       where t.id = any ($1)
       order by a.asset, p.amount_minor, a.id desc""",
)
_PAID_BY = value(
    bool,
    """select exists (select from order_shares s join orders o on o.id = s.order_id
                      where s.transfer_id = $1 and o.user_id = $2)""",
)


async def lines(
    ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 20
) -> list[HistoryLine]:
    """What changed in somebody's coins and credit, newest first, those before the given (created_at, transfer_id)."""
    created_at, transfer_id = before or (None, None)
    return await _opened(ctx, user_id, await _CHANGES(ctx.db, user_id, created_at, transfer_id, limit))


async def some_lines(ctx: Ctx, user_id: UUID, transfer_ids: list[UUID]) -> list[HistoryLine]:
    """The same of transfers that somebody is part of, newest first."""
    return await _opened(ctx, user_id, await _CHANGES_OF_SOME(ctx.db, transfer_ids, user_id))


async def _opened(ctx: Ctx, user_id: UUID, changes: list[_Change]) -> list[HistoryLine]:
    facts: dict[UUID, list[Fact]] = {change.transfer_id: [] for change in changes}
    for fact in await _FACTS(ctx.db, list(facts), _OF_ORDERS):
        facts[fact.transfer_id].append(fact)
    return [_line(change, facts[change.transfer_id], user_id) for change in changes]


async def line(ctx: Ctx, transfer_id: UUID, *, viewer_id: UUID) -> HistoryLine:
    """One transfer as somebody sees it who may not be part of it. Raises NotFound where there is none."""
    facts = await _FACTS(ctx.db, [transfer_id], _OF_ORDERS)
    if not facts:
        raise NotFound
    changes = await _CHANGES_OF_SOME(ctx.db, [transfer_id], viewer_id)
    change = changes[0] if changes else _Change(transfer_id, facts[0].created_at, 0, 0)
    return _line(change, facts, viewer_id)


async def paid_by(ctx: Ctx, transfer_id: UUID, user_id: UUID) -> bool:
    """Whether a transfer is what somebody's order was shared into; what comes after it is not theirs to see."""
    return await _PAID_BY(ctx.db, transfer_id, user_id)


def _line(change: _Change, facts: list[Fact], viewer_id: UUID) -> HistoryLine:
    first, changes = facts[0], _changes(facts, viewer_id)
    is_part = any(fact.owner_id == viewer_id for fact in facts)
    return HistoryLine(
        transfer_id=change.transfer_id,
        kind=first.kind,
        created_at=change.created_at,
        title=title_of(first, viewer_id, changes) if is_part else first.cause,
        coins_minor=change.coins_minor,
        usd_minor=change.usd_minor,
        changes=changes,
        is_reversed=first.is_reversed,
        postings=[
            PostingLine(
                account=account_of(fact, viewer_id),
                asset=fact.asset,
                amount_minor=fact.amount_minor,
                explanation=explanation_of(fact, viewer_id),
                is_own=fact.owner_id == viewer_id,
            )
            for fact in facts
        ],
    )


def _changes(facts: list[Fact], viewer_id: UUID) -> list[Money]:
    """By asset, what the viewer can spend more or less."""
    sums: dict[str, int] = {}
    for fact in facts:
        if fact.owner_id == viewer_id and fact.purpose in BUCKETS:
            sums[fact.asset] = sums.get(fact.asset, 0) + fact.amount_minor
    return [Money(asset, minor) for asset, minor in sums.items() if minor]
