"""Writing down who did what. Rows are only ever added; the database refuses anything else."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.ids import new_id

_LEFT_OUT: Final = "left out"
_SECRET: Final = ("password", "secret", "token", "passcode", "otp")
_SECRET_NAMES: Final = frozenset({"code", "codes", "backup_codes", "cookie", "authorization"})


async def record(
    ctx: Ctx,
    action: str,
    *,
    subject: str,
    subject_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    actor_id: UUID | None = None,
) -> None:
    """Writes down an action, in the caller's transaction: it is true exactly when what it tells of is.

    `action` is `module.what_happened` in the past tense; `subject` and `subject_id` say to what: `"user"` and whose id
    for everything about somebody's account, so that they see it among their activity. `before` and `after` hold only
    what changed, and never secrets. `actor_id`: who, where nobody is signed in yet. Raises nothing of its own.
    """
    actor = ctx.actor if ctx.actor is not None and actor_id in (None, ctx.actor.id) else None
    await _RECORD(
        ctx.db,
        new_id(),
        ctx.now,
        actor.id if actor else actor_id,
        actor.username if actor else None,
        action,
        subject,
        str(subject_id),
        _clean(before),
        _clean(after),
        ctx.address,
        ctx.user_agent,
        actor.session_id if actor else None,
        ctx.trace_id,
    )


async def record_beside(
    ctx: Ctx,
    action: str,
    *,
    subject: str,
    subject_id: object,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    actor_id: UUID | None = None,
) -> None:
    """The same in a transaction of its own, for what a refused request leaves behind: its own is rolled back."""
    async with ctx.app.side.transaction() as db:
        beside = dataclasses.replace(ctx, db=db)
        await record(
            beside, action, subject=subject, subject_id=subject_id, before=before, after=after, actor_id=actor_id
        )


# The name is the one of that moment: accounts are renamed and deleted, and this stays.
_RECORD = run(
    """
    insert into audit_events (id, at, actor_id, actor_name, action, subject, subject_id, before, after, address,
      user_agent, session_id, trace_id)
    values ($1, $2, $3, coalesce($4, (select username from users where id = $3)), $5, $6, $7, $8, $9, $10, $11, $12,
      $13)
    """
)


def _clean(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without what a caller should not have put in: it would stay for ever."""
    return None if values is None else {name: _value(name, value) for name, value in values.items()}


def _value(name: str, value: Any) -> Any:
    folded = name.lower()
    if isinstance(value, Mapping):
        return {inner: _value(inner, held) for inner, held in value.items()}
    if folded in _SECRET_NAMES or (isinstance(value, str | bytes) and any(part in folded for part in _SECRET)):
        return _LEFT_OUT
    return value
