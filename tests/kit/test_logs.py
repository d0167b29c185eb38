"""Logs: one event per line with its trace, and no secret in it."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from stoa.kit import logs
from stoa.kit.config import Settings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    config = structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(False)
    for name in ("uvicorn.access", "httpx", "httpcore", "engineio", "socketio", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_json_has_one_object_per_line_with_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json"))
    with structlog.contextvars.bound_contextvars(trace_id="abc"):
        structlog.get_logger("stoa.test").info("door.opened", door="north")
        logging.getLogger("asyncio").warning("slow %s", "callback")
    structlog.get_logger("stoa.test").debug("not shown")
    first, second = lines(capsys)
    assert first["event"] == "door.opened" and first["door"] == "north" and first["trace_id"] == "abc"
    assert first["level"] == "info" and first["logger"] == "stoa.test" and first["timestamp"].endswith("Z")
    assert second["event"] == "slow callback" and second["trace_id"] == "abc"


def test_secrets_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json"))
    structlog.get_logger("t").warning(
        "login failed for password=hunter2",
        password="hunter2",
        headers={"Authorization": "Bearer hunter2", "accept": "*/*", "nested": [{"api_key": "hunter2"}]},
        refresh_token="hunter2",
        dsn="postgresql://stoa:hunter2@db/stoa",
        url="https://x.test/?token=hunter2&page=2",
        blob=b"hunter2",
        deep={"a": {"b": {"c": {"d": {"e": {"f": {"password": "hunter2"}}}}}}},
        has_password=True,
    )
    text = capsys.readouterr().err
    assert "hunter2" not in text
    line = json.loads(text)
    assert line["headers"]["accept"] == "*/*" and line["has_password"] is True
    assert line["url"].endswith("page=2") and line["dsn"].startswith("postgresql://stoa:***@")


def test_an_exception_is_logged_without_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json"))
    try:
        raise ValueError("cannot connect to postgresql://stoa:hunter2@db/stoa")
    except ValueError:
        structlog.get_logger("t").exception("it failed")
        logging.getLogger("uvicorn.error").exception("it failed too")
    text = capsys.readouterr().err
    assert "hunter2" not in text and text.count("Traceback") == 2


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="text"))
    try:
        raise ValueError("token=hunter2")
    except ValueError:
        structlog.get_logger("t").exception("it failed", door="north")
    text = capsys.readouterr().err
    assert "it failed" in text and "door=north" in text and "ValueError" in text and "hunter2" not in text


def test_levels_and_talkative_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json", log_level="info"))
    logging.getLogger("uvicorn.access").info("GET /")
    logging.getLogger("httpx").info("HTTP Request")
    structlog.get_logger("t").debug("no")
    assert lines(capsys) == []
    logs.configure(Settings(log_format="json", log_level="error"))
    structlog.get_logger("t2").warning("no")
    assert lines(capsys) == []
