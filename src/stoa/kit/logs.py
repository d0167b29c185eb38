"""Structured logs: one event per line with its trace id, as text for people or JSON for machines, secrets left out."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor

from stoa.kit.config import Settings

SECRET_NAME: Final = re.compile(
    r"(?i)passw|secret|token|authorization|cookie|api_?key|credential|private_?key|encryption|signature|otp\b|\bpin\b|cvc"
)
# What gives a secret away inside a text: a header value, a parameter of an address, a password in an address.
SECRET_TEXT: Final = re.compile(
    r"(?i)((?:bearer|basic)\s+|(?:password|passwd|secret|token|api_?key|authorization)[\"']?\s*[=:]\s*[\"']?|://[^/\s:@]+:)"
    r"(?!\*\*\*)([^\s\"'&,;@]+)"
)
MASK: Final = "***"
MAX_DEPTH: Final = 6


def configure(settings: Settings) -> None:
    """Sets up all logging of this process: structlog's, and the standard library's (uvicorn, asyncio) through it."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(settings.log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    _take_over()


def _rendering(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(default=str)]
    console = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [structlog.processors.format_exc_info, redact, console]


def _take_over() -> None:
    """Loggers of libraries hand their lines to the root; those that only repeat what we log ourselves are quieter."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi", "asyncio", "litestar"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in ("uvicorn.access", "httpx", "httpcore", "engineio", "socketio", "pyvips"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # uvicorn says "finished" and "started" at each restart of a process; its errors are what matters.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.captureWarnings(True)


def redact(_: Any, __: str, event: EventDict) -> EventDict:
    """A structlog processor: values under a telling name, and telling parts of texts, become `***`."""
    for name, value in event.items():
        event[name] = _redacted(name, value, 0)
    return event


def _redacted(name: str, value: Any, depth: int) -> Any:
    if value is not None and not isinstance(value, bool) and SECRET_NAME.search(name):
        return MASK
    if isinstance(value, str):
        return SECRET_TEXT.sub(rf"\1{MASK}", value)
    if depth >= MAX_DEPTH:
        return MASK if isinstance(value, (Mapping, list, tuple)) else value
    if isinstance(value, (Mapping, MutableMapping)):
        return {key: _redacted(str(key), inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted("", inner, depth + 1) for inner in value]
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    return value
