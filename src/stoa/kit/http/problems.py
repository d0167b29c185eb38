"""Errors as answers: problem+json (RFC 9457) under `/api`, a page or a toast elsewhere."""

from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException

from stoa.kit.errors import Conflict, Invalid, NotFound, StoaError, TooLarge, TooManyRequests, Unavailable
from stoa.kit.forms import humane
from stoa.kit.http.lending import Lending

log = structlog.get_logger(__name__)

PageOfError = Callable[[Request[Any, Any, Any], StoaError], Response[Any]]
Dialect = Callable[[StoaError], tuple[int, dict[str, Any]]]

# Set once by the composition root: how a page tells of an error, and how older wordings of the API do, by path.
PAGES: list[PageOfError] = []
DIALECTS: dict[str, Dialect] = {}


class _Http(StoaError):
    """An error of the framework itself, such as a wrong method."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status  # type: ignore[misc]
        self.code = code  # type: ignore[misc]
        self.title = detail  # type: ignore[misc]


class Busy(Conflict):
    """Two requests wanted the same rows in opposite order and the database let one go; it may be sent again."""

    code = "busy"
    title = "Somebody else changed this at the same moment. Please try again"


def as_stoa_error(error: Exception) -> StoaError:
    """Any exception as the typed error that the caller sees; an unknown one is the 500 that says nothing."""
    match error:
        case StoaError():
            return error
        case HTTPException(status_code=404):
            return NotFound()
        case HTTPException(status_code=400):
            return _from_framework(error)
        case HTTPException(status_code=413):
            return TooLarge()
        case HTTPException(status_code=status) if status < 500:
            return _Http(status, {405: "method_not_allowed"}.get(status, "bad_request"), error.detail)
        case asyncpg.DataError() | asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return Invalid("This holds a value that cannot be stored")
        case asyncpg.DeadlockDetectedError() | asyncpg.SerializationError() | asyncpg.LockNotAvailableError():
            return Busy()
        case TimeoutError() | asyncpg.TooManyConnectionsError() | asyncpg.CannotConnectNowError() | ConnectionError():
            return Unavailable()
        case asyncpg.PostgresConnectionError() | asyncpg.AdminShutdownError() | asyncpg.CrashShutdownError():
            return Unavailable()
        case asyncpg.InternalClientError():  # what a connection says whose server is gone, before it knows it is
            return Unavailable()
        case asyncpg.InterfaceError() if "closed" in str(error):
            return Unavailable()
        case _:
            return StoaError()


def _from_framework(error: HTTPException) -> StoaError:
    """Litestar's 400 for parameters and bodies that do not fit is our 422 with fields."""
    fields: dict[str, str] = {}
    for item in error.extra if isinstance(error.extra, list) else []:
        name, message = str(item.get("key", "body")), str(item.get("message", ""))
        if name == "data":  # the framework's word for a body that is not there
            name, message = "body", "This request needs a body"
        fields[name] = humane(message)
    return Invalid(None if fields else error.detail, fields=fields)


def problem(error: StoaError, *, instance: str, trace_id: str) -> dict[str, Any]:
    """The problem document: type, title, status, code, detail, instance, trace_id and the error's own members."""
    return {
        "type": f"urn:stoa:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "instance": instance,
        "trace_id": trace_id,
        **error.extra,
    }


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The one exception handler of the application."""
    seen = as_stoa_error(error)
    lending: Lending | None = request.scope["state"].get("lending")
    if lending is not None:
        lending.raised = True
    trace_id = str(request.scope.get("state", {}).get("trace_id", ""))
    if seen.status == 503:  # while the database is away, each request would tell the same long story
        log.warning("request unavailable", path=request.url.path, error=f"{type(error).__name__}: {error}")
    elif seen.status >= 500:
        log.error("request failed", path=request.url.path, exc_info=error)
    headers = {"Retry-After": str(seen.retry_after_s)} if isinstance(seen, TooManyRequests) else {}
    path = str(request.scope["path"])
    template = str(request.scope.get("path_template", ""))
    if not path.startswith("/api/") and PAGES:
        response = PAGES[0](request, seen)
        response.headers.update(headers)
        return response
    status, document = seen.status, problem(seen, instance=path, trace_id=trace_id)
    dialect = DIALECTS.get(f"{request.scope['method']} {template}")
    if dialect is not None:
        status, extra = dialect(seen)
        document |= {"status": status, **extra}
    return Response(
        content=msgspec.json.encode(document),
        status_code=status,
        media_type="application/problem+json" if path.startswith("/api/") else MediaType.JSON,
        headers=headers,
    )
