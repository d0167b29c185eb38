"""The one clock. Below the ways in, code reads `ctx.now` instead, so that a request or job has one time."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)
