"""Reading the books: balances now and at any time, statements, transfers with their postings, the trial balance."""

from datetime import datetime
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import Db, many, one, value
from stoa.kit.invariants import Difference, checking
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.ledger.queries.facts import FACTS
from stoa.money.ledger.types import (
    AccountRef,
    AccountView,
    AssetTotal,
    BalanceView,
    HoldView,
    StatementLine,
    TransferRow,
    TransferView,
    TrialBalance,
    TrialRow,
)

PAGE: Final = 20

# ---- balances

_BALANCES = many(
    BalanceView,
    """
    select asset, purpose, balance_minor from ledger_accounts
    where owner_id = $1 and ($2::text is null or asset = $2) order by asset, purpose
    """,
)
_ACCOUNT_ID = value(
    int | None,
    "select id from ledger_accounts where owner_id = $1 and asset = $2 and purpose = $3",
)
_PLATFORM_ID = value(
    int | None,
    "select id from ledger_accounts where owner_id is null and asset = $1 and purpose = $2",
)
_BALANCE = value(int, "select ledger_balance($1)")
_BALANCE_AT = value(int, "select ledger_balance_at($1, $2)")


async def balances(ctx: Ctx, owner_id: UUID, asset: str | None = None) -> list[BalanceView]:
    """Every account somebody has, of one asset or of all."""
    return await _BALANCES(ctx.db, owner_id, asset)


async def balance(ctx: Ctx, ref: AccountRef, at: datetime | None = None) -> int:
    """What an account holds now, or held right after the last posting up to `at`; 0 for one that was never opened."""
    if ref.owner_id is None:
        account_id = await _PLATFORM_ID(ctx.db, ref.asset, ref.purpose)
    else:
        account_id = await _ACCOUNT_ID(ctx.db, ref.owner_id, ref.asset, ref.purpose)
    if account_id is None:
        return 0
    return await (_BALANCE(ctx.db, account_id) if at is None else _BALANCE_AT(ctx.db, account_id, at))


# ---- transfers and statements

_REVERSED_BY: Final = "(select r.reversal from ledger_reversals r where r.original = t.id) as reversed_by"
_TRANSFER = one(
    TransferView,
    f"""
    select t.id, t.kind, t.cause, t.metadata, t.idempotency_key, t.actor_id, t.reverses, {_REVERSED_BY}, t.created_at,
      (select jsonb_agg(jsonb_build_object(
          'account_id', p.account_id, 'owner_id', a.owner_id, 'asset', a.asset, 'purpose', a.purpose,
          'amount_minor', p.amount_minor, 'balance_after_minor', p.balance_after_minor, 'created_at', p.created_at
        ) order by a.asset, p.amount_minor, p.account_id)
       from ledger_postings_of(t.id) p join ledger_accounts a on a.id = p.account_id) as postings
    from ledger_transfers t where t.id = $1
    """,
)
_TRANSFER_ROW: Final = (
    f"select t.id, t.kind, t.cause, t.actor_id, t.reverses, {_REVERSED_BY}, t.created_at from ledger_transfers t"
)
_TRANSFERS = many(TransferRow, f"{_TRANSFER_ROW} where $1::uuid is null or t.id < $1 order by t.id desc limit $2")
_LINE: Final = f"""
    select p.transfer_id, p.account_id, t.kind, t.cause, t.metadata, a.asset, a.purpose, p.amount_minor,
      p.balance_after_minor, t.reverses, {_REVERSED_BY}, p.created_at
    from ledger_accounts a
    cross join lateral (
      select * from ledger_postings l
      where l.account_id = a.id
        and ($1::timestamptz is null
          or (l.created_at <= $1 and (l.created_at, l.transfer_id, l.account_id) < ($1, $2::uuid, $3::bigint)))
      order by l.created_at desc, l.transfer_id desc limit $4) p
    join ledger_transfers t on t.id = p.transfer_id
"""
_NEWEST: Final = "order by p.created_at desc, p.transfer_id desc, p.account_id desc limit $4"
_STATEMENT = many(StatementLine, f"{_LINE} where a.owner_id = $5 and ($6::text is null or a.asset = $6) {_NEWEST}")
_ACCOUNT_STATEMENT = many(StatementLine, f"{_LINE} where a.id = $5 {_NEWEST}")


_Place = tuple[datetime, UUID, int]


def _place(line: StatementLine) -> _Place:
    return (line.created_at, line.transfer_id, line.account_id)


async def transfer(ctx: Ctx, transfer_id: UUID) -> TransferView:
    """A transfer with its postings, debits first. Raises NotFound."""
    return await _TRANSFER(ctx.db, transfer_id)


async def transfers(ctx: Ctx, cursor: str | None = None, *, limit: int = PAGE) -> Page[TransferRow]:
    """All transfers, newest first."""
    before = decode(cursor, tuple[UUID], scope="ledger.transfers")
    rows = await _TRANSFERS(ctx.db, before[0] if before else None, limit + 1)
    return keyset(rows, limit, scope="ledger.transfers", key=lambda row: (row.id,))


async def statement(
    ctx: Ctx, owner_id: UUID, asset: str | None = None, cursor: str | None = None, *, limit: int = PAGE
) -> Page[StatementLine]:
    """What moved on somebody's accounts, newest first: a line per posting, with its transfer and the balance after."""
    before = decode(cursor, _Place, scope="ledger.statement")
    rows = await _STATEMENT(ctx.db, *(before or (None, None, None)), limit + 1, owner_id, asset)
    return keyset(rows, limit, scope="ledger.statement", key=_place)


async def account_statement(
    ctx: Ctx, account_id: int, cursor: str | None = None, *, limit: int = PAGE
) -> Page[StatementLine]:
    """The same for one account, those of the platform too."""
    before = decode(cursor, _Place, scope="ledger.account")
    rows = await _ACCOUNT_STATEMENT(ctx.db, *(before or (None, None, None)), limit + 1, account_id)
    return keyset(rows, limit, scope="ledger.account", key=_place)


# ---- holds

_HOLD: Final = """
    select h.id, h.state, t.kind, t.cause,
      (select jsonb_agg(jsonb_build_object(
          'account', jsonb_build_object('owner_id', u.owner, 'asset', u.asset, 'purpose', u.purpose),
          'amount_minor', u.amount) order by u.place)
       from unnest(h.owners, h.assets, h.purposes, h.amounts) with ordinality u (owner, asset, purpose, amount, place)
      ) as legs,
      h.expires_at, h.created_at, h.closed_at, h.closing as closing_transfer_id
    from ledger_holds h join ledger_transfers t on t.id = h.id
"""
_HOLD_BY_ID = one(HoldView, f"{_HOLD} where h.id = $1")
_OPEN_HOLDS = many(
    HoldView, f"{_HOLD} where h.state = 'held' and ($1::uuid is null or h.id > $1) order by h.id limit $2"
)


async def hold(ctx: Ctx, hold_id: UUID) -> HoldView:
    """A hold. Raises NotFound."""
    return await _HOLD_BY_ID(ctx.db, hold_id)


async def open_holds(ctx: Ctx, cursor: str | None = None, *, limit: int = PAGE) -> Page[HoldView]:
    """What is set aside now, the oldest first."""
    after = decode(cursor, tuple[UUID], scope="ledger.holds")
    rows = await _OPEN_HOLDS(ctx.db, after[0] if after else None, limit + 1)
    return keyset(rows, limit, scope="ledger.holds", key=lambda row: (row.id,))


# ---- the books

_ACCOUNT: Final = """
    select a.id, a.owner_id, a.asset, a.purpose, k.kind, ledger_balance(a.id) as balance_minor, a.opened_at
    from ledger_accounts a
    join ledger_purposes k on k.purpose = split_part(a.purpose, ':', 1) and k.platform = (a.owner_id is null)
"""
_ACCOUNT_BY_ID = one(AccountView, f"{_ACCOUNT} where a.id = $1")
_ACCOUNTS = many(
    AccountView,
    f"""{_ACCOUNT}
    where ($1::bigint is null or a.id > $1) and ($2::text is null or a.asset = $2)
      and ($3::boolean is null or (a.id < 0) = $3) and ($4::uuid is null or a.owner_id = $4)
    order by a.id limit $5""",
)
_TRIAL_ROW: Final = "a.asset, a.id < 0 as platform, a.purpose, k.kind, count(*) as accounts"
_BY_PURPOSE: Final = """
    join ledger_purposes k on k.purpose = split_part(a.purpose, ':', 1) and k.platform = (a.id < 0)
    group by a.asset, a.id < 0, a.purpose, k.kind order by a.asset, a.id < 0, a.purpose
"""
_TRIAL = many(
    TrialRow,
    f"""
    select {_TRIAL_ROW}, sum(a.balance_minor + a.folded_minor + coalesce(u.amount_minor, 0))::bigint as balance_minor
    from ledger_accounts a
    left join (select account_id, sum(amount_minor) as amount_minor from ledger_pending group by account_id) u
      on u.account_id = a.id
    {_BY_PURPOSE}""",
)
_TRIAL_AT = many(
    TrialRow,
    f"""
    select {_TRIAL_ROW}, coalesce(sum(p.amount_minor), 0)::bigint as balance_minor
    from ledger_accounts a
    left join (select account_id, sum(amount_minor) as amount_minor from ledger_postings
               where created_at <= $1 group by account_id) p on p.account_id = a.id
    {_BY_PURPOSE}""",
)


async def account(ctx: Ctx, account_id: int) -> AccountView:
    """An account in the books. Raises NotFound."""
    return await _ACCOUNT_BY_ID(ctx.db, account_id)


async def accounts(
    ctx: Ctx,
    cursor: str | None = None,
    *,
    asset: str | None = None,
    platform: bool | None = None,
    owner_id: UUID | None = None,
    limit: int = PAGE,
) -> Page[AccountView]:
    """All accounts by id, those of the platform first; of one asset, of the platform or not, of one owner."""
    after = decode(cursor, tuple[int], scope="ledger.accounts")
    rows = await _ACCOUNTS(ctx.db, after[0] if after else None, asset, platform, owner_id, limit + 1)
    return keyset(rows, limit, scope="ledger.accounts", key=lambda row: (row.id,))


async def trial_balance(ctx: Ctx, at: datetime | None = None) -> TrialBalance:
    """Every asset and purpose with what it sums to, now or as of a time, and each asset's total, which is zero (M1)."""
    rows = await (_TRIAL(ctx.db) if at is None else _TRIAL_AT(ctx.db, at))
    assets = dict.fromkeys(row.asset for row in rows)
    totals = [_total(asset, [row.balance_minor for row in rows if row.asset == asset]) for asset in assets]
    return TrialBalance(at, rows, totals)


def _total(asset: str, sums_minor: list[int]) -> AssetTotal:
    debits_minor = sum(minor for minor in sums_minor if minor < 0)
    credits_minor = sum(minor for minor in sums_minor if minor > 0)
    return AssetTotal(asset, debits_minor, credits_minor, debits_minor + credits_minor)


# ---- the check

_VERIFY = checking(FACTS)


async def verify(db: Db) -> list[Difference]:
    """Recomputes everything from the postings, in one snapshot, and names what differs; empty when the books are right.

    Reads all of the history. At most a thousand of each kind are named.
    """
    return await _VERIFY(db)
