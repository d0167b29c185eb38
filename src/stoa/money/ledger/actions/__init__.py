"""Moving money: open accounts, post and reverse transfers, lock balances to decide on; holds and groups beside it.

Each of these is one round trip. A refusal aborts the caller's transaction, as all of the database's do: let it end
the request, or put a savepoint around the call.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, value
from stoa.kit.ids import new_id
from stoa.money.ledger.actions.groups import Batcher, post_many
from stoa.money.ledger.actions.holds import expire_next, hold, release, settle
from stoa.money.ledger.actions.legs import Columns, balanced, columns, input_hash, ordered
from stoa.money.ledger.errors import translated
from stoa.money.ledger.types import AccountRef, Leg, Receipt

__all__ = [
    "Batcher",
    "Posting",
    "expire_next",
    "fold",
    "hold",
    "lock_balances",
    "open_accounts",
    "post",
    "post_many",
    "posted",
    "posting",
    "refusals",
    "release",
    "reverse",
    "settle",
]

FOLD_ROWS = 20_000


class Posting(msgspec.Struct, frozen=True):
    """A transfer that is yet to be made, by a statement with `posted` in it that takes its `arguments`."""

    id: UUID
    about: tuple[object, ...]
    legs: Columns

    @property
    def arguments(self) -> tuple[object, ...]:
        """All that goes into a row of ledger_transfers."""
        return (*self.about, *self.legs)


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
_COLUMNS: Final = (
    "id", "kind", "idempotency_key", "input_hash", "cause", "metadata", "actor_id",
    "owners", "assets", "purposes", "amounts",
)  # fmt: skip


def _inserted(first: int) -> str:
    places = ", ".join(f"${number}" for number in range(first, first + len(_COLUMNS)))
    return f"insert into ledger_transfers ({', '.join(_COLUMNS)}) values ({places})"


_ONCE: Final = "on conflict (idempotency_key) do nothing"
_POST = run(f"{_inserted(1)} {_ONCE}")
_POST_PAIR = run(  # most transfers; asyncpg encodes values in less time than lists
    f"""
    insert into ledger_transfers ({", ".join(_COLUMNS)}) values ($1, $2, $3, $4, $5, $6, $7,
      array[$8::uuid, $9], array[$10::text, $10], array[$11::text, $12], array[$13::bigint, -$13]) {_ONCE}
    """
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
    order = posting(ctx, kind=kind, legs=legs, key=key, cause=cause, metadata=metadata)
    try:
        owners, assets, purposes, amounts = order.legs
        if len(amounts) == 2:  # of one asset, as they sum to zero
            made = await _POST_PAIR(ctx.db, *order.about, *owners, assets[0], *purposes, amounts[0])
        else:
            made = await _POST(ctx.db, *order.arguments)
        if not made:
            digest = order.about[_COLUMNS.index("input_hash")]
            return Receipt(await _REPLAY(ctx.db, key, digest), True)
    except asyncpg.PostgresError as error:
        raise translated(error) from error
    return Receipt(order.id, False)


def posting(
    ctx: Ctx,
    *,
    kind: str,
    legs: Sequence[Leg],
    key: str,
    cause: str,
    metadata: dict[str, Any] | None = None,
) -> Posting:
    """As `post`, to be made by a statement of the caller's that begins `with {posted(first)}, …`, within `refusals`.

    For what is done so often that a round trip counts. The key must be new: one that was used is refused.
    """
    names = columns(ordered(balanced(legs)))
    metadata = metadata or {}
    id_, actor_id = new_id(), ctx.actor.id if ctx.actor else None
    digest = input_hash(kind, names, cause, metadata)
    return Posting(id_, (id_, kind, key, digest, cause, metadata, actor_id), names)


def posted(first: int) -> tuple[str, int]:
    """The part of a statement that makes a `posting`, whose parameters begin at `first`; and the first after them.

    It is made at the end of the statement, as triggers are: what stands beside it sees the balances of before.
    """
    return f"posted as ({_inserted(first)})", first + len(_COLUMNS)


@contextmanager
def refusals() -> Iterator[None]:
    """Raises what the ledger refuses as its own errors."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise translated(error) from error


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
