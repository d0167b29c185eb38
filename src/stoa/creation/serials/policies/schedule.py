"""When something is to happen: the author's clock on the wall, as a moment (S4)."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from stoa.foundation.people.types import timezones
from stoa.kit.errors import Invalid

FURTHEST: Final = timedelta(days=3660)


def check_timezone(timezone: str) -> str:
    """The name of a time zone that exists. Raises Invalid."""
    if timezone not in timezones():
        raise Invalid(fields={"timezone": "Please choose a time zone such as Europe/Athens"})
    return timezone


def moment(at: datetime, timezone: str, *, now: datetime, field: str = "at", moves: bool = False) -> datetime:
    """The moment of a time that is still to come, in UTC. Raises Invalid.

    A time without an offset is one on the clocks of the time zone: one that is there twice, when they are put back, is
    the first; one that is never there, when they are put forward, is refused, or where it `moves` as much later.
    """
    check_timezone(timezone)
    if not 1971 <= at.year <= 2900:
        raise Invalid(fields={field: "Please give a day within the next ten years"})
    then = at.astimezone(UTC) if at.tzinfo is not None else _of_wall(at, ZoneInfo(timezone), field, moves)
    if then <= now:
        raise Invalid(fields={field: "This is in the past"})
    if then > now + FURTHEST:
        raise Invalid(fields={field: "Please give a day within the next ten years"})
    return then


def _of_wall(at: datetime, zone: ZoneInfo, field: str, moves: bool) -> datetime:
    then = at.replace(tzinfo=zone, fold=0).astimezone(UTC)
    shown = then.astimezone(zone)
    if shown.replace(tzinfo=None, fold=0) != at.replace(fold=0) and not moves:
        raise Invalid(
            fields={
                field: f"The clocks are put forward that day, and {at:%H:%M} is never there in {zone.key}; "
                f"{shown:%H:%M} would be next"
            }
        )
    return then
