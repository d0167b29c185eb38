"""Moving money: open accounts, post and reverse transfers, lock balances to decide on; holds and groups beside it.

Each of these is one round trip. A refusal aborts the caller's transaction, as all of the database's do: let it end
the request, or put a savepoint around the call.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, value
from stoa.kit.ids import new_id
from stoa.money.ledger.actions.groups import Batcher, post_many
from stoa.money.ledger.actions.holds import expire_next, hold, release, settle
from stoa.money.ledger.actions.legs import balanced, columns, input_hash, ordered
from stoa.money.ledger.errors import translated
from stoa.money.ledger.types import AccountRef, Leg, Receipt

__all__ = [
    "Batcher",
    "expire_next",
    "fold",
    "hold",
    "lock_balances",
    "open_accounts",
    "post",
    "post_many",
    "release",
    "reverse",
    "settle",
]

FOLD_ROWS = 20_000


class _Locked(msgspec.Struct):
    place: int
    balance_minor: int


_OPEN = value(
    int,
    """
    select count(ledger_open(o.owner_id, o.asset, o.purpose))
    from (select * from unnest($1::uuid[], $2::text[], $3::text[]) u (owner_id, asset, purpose)
          order by owner_id, asset, purpose) o
    """,
)
_LOCK = many(_Locked, "select place, balance_minor from ledger_lock($1, $2, $3)")
_POST = value(
    UUID | None,
    """
    insert into ledger_transfers
      (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, owners, assets, purposes, amounts)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (idempotency_key) do nothing returning id
    """,
)
_REPLAY = value(UUID, "select ledger_replay($1, $2)")
_REVERSE = value(UUID, "select ledger_reverse($1, $2, $3, $4, $5, $6, $7)")
_FOLD = value(int, "select ledger_fold($1)")


async def open_accounts(ctx: Ctx, refs: Sequence[AccountRef]) -> None:
    """Opens those that are not open yet, empty. Raises UnknownAccount for an asset or purpose nobody has declared."""
    try:
        await _OPEN(ctx.db, [r.owner_id for r in refs], [r.asset for r in refs], [r.purpose for r in refs])
    except asyncpg.PostgresError as error:
        raise translated(error) from error


async def post(
    ctx: Ctx,
    *,
    kind: str,
    legs: Sequence[Leg],
    key: str,
    cause: str,
    metadata: dict[str, Any] | None = None,
) -> Receipt:
    """One balanced transfer (M1); accounts that are missing are opened, legs of one account are summed.

    key: the same key with the same input answers the same transfer, with another input KeyReused (M11). Kind, legs,
    cause and metadata are the input. Raises InsufficientFunds, Unbalanced, UnknownAccount.
    """
    names = columns(ordered(balanced(legs)))
    metadata = metadata or {}
    digest = input_hash(kind, names, cause, metadata)
    actor_id = ctx.actor.id if ctx.actor else None
    try:
        made = await _POST(ctx.db, new_id(), kind, key, digest, cause, metadata, actor_id, *names)
        if made is None:
            return Receipt(await _REPLAY(ctx.db, key, digest), True)
    except asyncpg.PostgresError as error:
        raise translated(error) from error
    return Receipt(made, False)


async def reverse(
    ctx: Ctx, transfer_id: UUID, *, key: str, cause: str, metadata: dict[str, Any] | None = None
) -> Receipt:
    """The opposite of a transfer, once. A settled hold goes back to where the money was before it was held.

    Raises NotFound, AlreadyReversed, NotReversible, KeyReused, and InsufficientFunds when somebody has spent it.
    """
    metadata = metadata or {}
    id_ = new_id()
    digest = input_hash("reversal", transfer_id, cause, metadata)
    actor_id = ctx.actor.id if ctx.actor else None
    try:
        done = await _REVERSE(ctx.db, id_, transfer_id, key, digest, cause, metadata, actor_id)
    except asyncpg.PostgresError as error:
        raise translated(error) from error
    return Receipt(done, done != id_)


async def lock_balances(ctx: Ctx, refs: Sequence[AccountRef]) -> dict[AccountRef, int]:
    """Balances that stay as they are until the transaction ends: for deciding what to spend.

    Accounts that are missing are opened. All of a decision's accounts belong into one call: they are locked in one
    order, so that two decisions wait for each other instead of ending in a deadlock. Accounts of the platform are not
    locked, their balance is that of the moment.
    """
    unique = list(dict.fromkeys(refs))
    try:
        rows = await _LOCK(ctx.db, [r.owner_id for r in unique], [r.asset for r in unique], [r.purpose for r in unique])
    except asyncpg.PostgresError as error:
        raise translated(error) from error
    return {unique[row.place - 1]: row.balance_minor for row in rows}


async def fold(ctx: Ctx, limit: int = FOLD_ROWS) -> int:
    """Moves up to `limit` pending postings into the balances of the platform's accounts; answers how many it moved."""
    return await _FOLD(ctx.db, limit)
