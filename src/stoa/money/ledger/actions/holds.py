"""Holds in two steps (M9): set money aside, then settle it wholly or in part, or give it back.

A hold's row is locked first, so of two that would end it, one does and the other gets HoldClosed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, value
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.money.ledger.actions.legs import Columns, above_zero, balanced, columns, input_hash, merged, ordered
from stoa.money.ledger.errors import translated
from stoa.money.ledger.messages import HoldExpired
from stoa.money.ledger.queries import hold as hold_view
from stoa.money.ledger.types import HoldView, Leg

_HOLD = value(UUID, "select ledger_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
_CLOSE = value(UUID, "select ledger_close($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
_NOTHING: Columns = ([], [], [], [])


class _Due(msgspec.Struct):
    id: UUID


_DUE = maybe(
    _Due,
    """
    select id from ledger_holds where state = 'held' and expires_at <= clock_timestamp()
    order by expires_at limit 1 for no key update skip locked
    """,
)


async def hold(
    ctx: Ctx,
    *,
    kind: str,
    legs_from: Sequence[Leg],
    key: str,
    cause: str,
    expires_at: datetime | None = None,
    metadata: dict[str, Any] | None = None,
) -> HoldView:
    """Moves amounts (above zero) into the `<purpose>_reserved` account beside each; `settle` takes them in this order.

    expires_at: from then on it is given back by itself, and HoldExpired said. The same key with the same input answers
    the same hold as it is now. Raises InsufficientFunds, KeyReused, Unbalanced, UnknownAccount.
    """
    names = columns(above_zero(legs_from))
    metadata = metadata or {}
    digest = input_hash("hold", kind, names, cause, metadata, expires_at)
    actor_id = ctx.actor.id if ctx.actor else None
    try:
        id_ = await _HOLD(ctx.db, new_id(), kind, key, digest, cause, metadata, actor_id, *names, expires_at)
    except asyncpg.PostgresError as error:
        raise translated(error) from error
    return await hold_view(ctx, id_)


async def settle(
    ctx: Ctx,
    hold_id: UUID,
    *,
    legs_to: Sequence[Leg],
    beside: Sequence[Leg] = (),
    key: str,
    cause: str,
    metadata: dict[str, Any] | None = None,
) -> HoldView:
    """Pays amounts (above zero) out of a hold and returns the rest to where it came from; the hold is then closed.

    beside: balanced legs of other assets that move in the same transfer, as the money for coins that are paid out.
    Raises NotFound, HoldClosed, HoldExceeded, KeyReused, Unbalanced, UnknownAccount.
    """
    above_zero(legs_to)
    if beside:
        balanced(beside)
    names = columns(ordered(merged([*legs_to, *beside])))
    digest = input_hash("settle", hold_id, names, cause, metadata or {})
    await _close(ctx, hold_id, "settled", key, digest, cause, metadata, names)
    return await hold_view(ctx, hold_id)


async def release(ctx: Ctx, hold_id: UUID, *, key: str, cause: str, metadata: dict[str, Any] | None = None) -> HoldView:
    """Gives all of a hold back. Raises NotFound, HoldClosed, KeyReused."""
    digest = input_hash("release", hold_id, cause, metadata or {})
    await _close(ctx, hold_id, "released", key, digest, cause, metadata, _NOTHING)
    return await hold_view(ctx, hold_id)


async def expire_next(ctx: Ctx) -> bool:
    """Gives back one hold whose time is over, if there is one.

    One for each transaction: several together would lock people's accounts in the order in which holds run out, and
    end in deadlocks with those who keep to the order of owners.
    """
    due = await _DUE(ctx.db)
    if due is None:
        return False
    key, digest = f"hold-expired:{due.id}", input_hash("expire", due.id)
    transfer_id = await _close(ctx, due.id, "expired", key, digest, "The hold ran out", None, _NOTHING)
    await emit(ctx, HoldExpired(due.id, transfer_id))
    return True


async def _close(
    ctx: Ctx,
    hold_id: UUID,
    state: str,
    key: str,
    digest: bytes,
    cause: str,
    metadata: dict[str, Any] | None,
    to: Columns,
) -> UUID:
    actor_id = ctx.actor.id if ctx.actor else None
    try:
        return await _CLOSE(ctx.db, new_id(), hold_id, state, key, digest, cause, metadata or {}, actor_id, *to)
    except asyncpg.PostgresError as error:
        raise translated(error) from error
