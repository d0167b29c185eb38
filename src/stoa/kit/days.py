"""Days on which people work."""

from datetime import date, timedelta


def business_days_after(day: date, count: int) -> date:
    """The day `count` weekdays later."""
    while count:
        day += timedelta(days=1)
        if day.weekday() < 5:
            count -= 1
    return day
