"""Typed errors: each has a status, a stable `code` and a sentence for people.

They are raised, never returned. `kit.http` turns them into problem+json under `/api` and into a page or a toast
elsewhere. Modules subclass them in their own `errors.py` and give each a `code` of its own.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class StoaError(Exception):
    """Base of all errors a caller may see.

    `detail` is a sentence for a person, `extra` holds machine-readable members of the problem document.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        self.detail = detail or self.title
        self.extra: dict[str, Any] = extra
        super().__init__(self.detail)


class Invalid(StoaError):
    """422: the input is not acceptable. `fields` maps each wrong field to its message."""

    status = 422
    code = "invalid"
    title = "Some of this is not right yet"

    def __init__(self, detail: str | None = None, *, fields: Mapping[str, str] | None = None, **extra: Any) -> None:
        self.fields: dict[str, str] = dict(fields or {})
        if self.fields:
            extra["fields"] = self.fields
            detail = detail or "; ".join(f"{name}: {message}" for name, message in self.fields.items())
        super().__init__(detail, **extra)


class Unauthenticated(StoaError):
    """401: nobody is signed in, or the proof is not valid any more."""

    status = 401
    code = "unauthenticated"
    title = "Please sign in"


class Forbidden(StoaError):
    """403: the caller is known and may know of the thing, but may not do this."""

    status = 403
    code = "forbidden"
    title = "You may not do this"


class NotFound(StoaError):
    """404: it does not exist, or the caller may not know that it does."""

    status = 404
    code = "not_found"
    title = "There is nothing here"


class Conflict(StoaError):
    """409: the state of things does not allow it (any more)."""

    status = 409
    code = "conflict"
    title = "This does not fit what is there"


class LimitReached(StoaError):
    """402: a plan's limit is used up."""

    status = 402
    code = "plan_limit"
    title = "Your plan's limit is reached"


class TooLarge(StoaError):
    """413: the body is larger than the route takes."""

    status = 413
    code = "too_large"
    title = "This is too large"


class TooManyRequests(StoaError):
    """429: slow down. `retry_after_s` is how long to wait, in whole seconds."""

    status = 429
    code = "too_many_requests"
    title = "Too many requests, please wait a moment"

    def __init__(self, retry_after_s: int, detail: str | None = None) -> None:
        self.retry_after_s = max(1, int(retry_after_s))
        super().__init__(detail, retry_after_s=self.retry_after_s)


class Unavailable(StoaError):
    """503: something this needs does not answer now; trying again later is right."""

    status = 503
    code = "unavailable"
    title = "This is not available right now"
