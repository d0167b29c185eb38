"""Asking a provider over HTTP: in bounded time, for a bounded answer, that has to be JSON of the expected shape."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx
import msgspec
import structlog

from stoa.foundation.identity.errors import ProofRefused, ProviderUnavailable
from stoa.kit.ctx import App

log = structlog.get_logger(__name__)

TIMEOUT_S: Final = 10.0  # of one question, from the first byte sent to the last one read
MAX_BYTES: Final = 256 * 1024
OUR_FAULT: Final = ("invalid_client", "unauthorized_client")
S = TypeVar("S", bound=msgspec.Struct)


class Answer(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    content_type: str
    body: bytes


async def fetch(
    app: App,
    method: str,
    url: str,
    row: type[S],
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> S:
    """The JSON of an answer as a `row`. Raises ProofRefused for a 4xx that is about what somebody brought, and
    ProviderUnavailable for everything else that is not a 200 of that shape."""
    answer = await ask(app, method, url, form=form, headers=headers, auth=auth)
    if answer.status in (400, 401, 403):
        reason = _reason(answer.body)
        if reason in OUR_FAULT:
            log.error("provider does not know this Stoa: look at its client id and secret", url=url, error=reason)
            raise ProviderUnavailable
        log.info("provider refused", url=url, status=answer.status, error=reason)
        raise ProofRefused
    try:
        if answer.status == 200 and _is_json(answer.content_type):
            return msgspec.json.decode(answer.body, type=row)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.warning("provider's answer has another shape", url=url, error=str(error))
        raise ProviderUnavailable from None
    log.warning("provider failed", url=url, status=answer.status, content_type=answer.content_type)
    raise ProviderUnavailable


async def tell(app: App, url: str, form: Mapping[str, str], *, auth: tuple[str, str] | None = None) -> None:
    """Posts something whose refusal changes nothing. Raises ProviderUnavailable where trying again may help."""
    answer = await ask(app, "POST", url, form=form, auth=auth)
    if answer.status == 429 or answer.status >= 500:
        raise ProviderUnavailable


class _Refusal(msgspec.Struct, frozen=True):
    error: str | None = None


def _reason(body: bytes) -> str | None:
    try:
        return msgspec.json.decode(body, type=_Refusal).error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


async def ask(
    app: App,
    method: str,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> Answer:
    """Status and body. No redirect is followed: an answer comes from whom we asked. Raises ProviderUnavailable."""
    # The form is encoded here: a client that is given a mapping may stream it in another way.
    content = urlencode(form).encode() if form is not None else None
    sent = {"Accept": "application/json", **(headers or {})}
    if content is not None:
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            app.http.stream(method, url, content=content, headers=sent, auth=auth, follow_redirects=False) as response,
        ):
            return Answer(response.status_code, response.headers.get("content-type", ""), await _read(response))
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, OSError) as error:
        log.warning("provider does not answer", url=url, error=f"{type(error).__name__}: {error}")
        raise ProviderUnavailable from None


async def _read(response: httpx.Response) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.aiter_bytes(16 * 1024):  # what is packed counts as what it unpacks to
        size += len(chunk)
        if size > MAX_BYTES:
            log.warning("provider's answer is too large", limit_bytes=MAX_BYTES)
            raise ProviderUnavailable
        chunks.append(chunk)
    return b"".join(chunks)


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def with_query(url: str, parameters: Mapping[str, Any]) -> str:
    """An address with more parameters in its query."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))
