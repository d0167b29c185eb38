"""What was written down, and how one reads it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class AuditEvent(msgspec.Struct, frozen=True):
    """Somebody did something. No actor: the platform itself. `before` and `after` hold what changed."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_name: str | None
    action: str
    subject: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str
    user_agent: str
    session_id: UUID | None
    trace_id: str


class Activity(msgspec.Struct, frozen=True):
    """Something that was done by somebody or to their account, as they see it themselves.

    `by_me`: they did it. What others did carries neither their name nor where they were, and the `reason` they gave.
    """

    id: UUID
    at: datetime
    action: str
    by_me: bool
    address: str
    user_agent: str
    reason: str | None
    details: dict[str, Any] | None


class Filter(msgspec.Struct, frozen=True):
    """Which events: everything that is given has to fit. `who` is a name or an id, `action` the beginning of one."""

    who: str | None = None
    action: str | None = None
    subject: str | None = None
    subject_id: str | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Difference(msgspec.Struct, frozen=True):
    """One value before and after, as text; None where there was none."""

    name: str
    before: str | None
    after: str | None


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """What changed, value by value; what stayed the same is left out."""
    old, new = _flat(before or {}), _flat(after or {})
    names = [*old, *(name for name in new if name not in old)]
    return [Difference(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def label(action: str) -> str:
    """`identity.logged_in` as 'Logged in', `payouts.held` as 'Payouts: held'."""
    module, _, what = action.rpartition(".")
    words = what.replace("_", " ")
    return words.capitalize() if module == "identity" else f"{module.capitalize()}: {words}".replace("_", " ")


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = _text(value)
    return found


def _text(value: Any) -> str:
    match value:
        case None:
            return "none"
        case True | False:
            return "yes" if value else "no"
        case str():
            return value
        case list() if all(isinstance(one, str) for one in value):
            return ", ".join(value) or "none"
        case _:
            return json.dumps(value, ensure_ascii=False)
