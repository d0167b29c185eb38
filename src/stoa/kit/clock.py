"""The one clock. Below the ways in, code reads `ctx.now` instead, so that a request or job has one time."""

from datetime import UTC, date, datetime, timedelta


def utcnow() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


def business_days_after(day: date, count: int) -> date:
    """The day `count` weekdays later."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
