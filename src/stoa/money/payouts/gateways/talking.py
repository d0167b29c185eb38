"""Speaking with a provider over HTTP: in bounded time, for a bounded answer, with amounts that are never floats.

An answer is either a `Reply`, which concerns the request (done, or refused), or ProviderUnavailable: then nothing is
known of what became of it, and it is asked again under the same key.
"""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

import httpx
import msgspec
import structlog

from stoa.kit.errors import Invalid
from stoa.kit.money import parse_decimal, to_decimal
from stoa.money.payouts.errors import ProviderUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")

TIMEOUT_S: Final = 20.0  # of one question, from the first byte sent to the last one read
MAX_BYTES: Final = 1024 * 1024
REFUSALS: Final = frozenset({400, 404, 409, 422})
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_JSON: Final = msgspec.json.Encoder(decimal_format="number")


class Reply(msgspec.Struct, frozen=True):
    """What a provider answered to a request that it understood: it is done, or it is refused."""

    status: int
    body: bytes

    @property
    def is_refused(self) -> bool:
        """Whether it was not done."""
        return self.status in REFUSALS


async def ask(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Reply:
    """One question; Decimals in `body` become JSON numbers with all their digits. No redirect is followed.

    Raises ProviderUnavailable for everything but a success and a refusal: our own keys not taken is no refusal either,
    because nothing was said about the request.
    """
    content = _JSON.encode(body) if body is not None else None
    sent = {"accept": "application/json", **({"content-type": "application/json"} if content is not None else {})}
    request = http.build_request(method, url, params=params, content=content, headers=sent | dict(headers))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            answer = await http.send(request, stream=True, follow_redirects=False)
            try:
                told = await _read(answer)
            finally:
                await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, TimeoutError, OSError) as error:
        log.warning("payouts.provider_silent", url=url, error=f"{type(error).__name__}: {error}")
        raise ProviderUnavailable from None
    if answer.is_success or answer.status_code in REFUSALS:
        return Reply(answer.status_code, told)
    log.warning("payouts.provider_failed", url=url, status=answer.status_code)
    raise ProviderUnavailable


async def _read(answer: httpx.Response) -> bytes:
    told = bytearray()
    async for chunk in answer.aiter_bytes():
        told += chunk
        if len(told) > MAX_BYTES:
            raise httpx.StreamError("the answer is too long")
    return bytes(told)


def read_as(body: bytes, kind: type[T]) -> T:
    """The answer's JSON. Raises ProviderUnavailable for what is not as documented."""
    try:
        return msgspec.json.decode(body, type=kind)
    except _UNREADABLE as error:
        log.error("payouts.answer_not_as_documented", kind=kind.__name__, error=str(error))
        raise ProviderUnavailable from None


def read_if(body: bytes, kind: type[T]) -> T | None:
    """The answer's JSON, or None for what is not as documented: for refusals, which come in many forms."""
    try:
        return msgspec.json.decode(body, type=kind)
    except _UNREADABLE:
        return None


def wire_amount(amount_minor: int, currency: str) -> Decimal:
    """Minor units as the decimal number that stands on the wire: 5.00 USD, 5 JPY, 0.005 KWD."""
    return to_decimal(amount_minor, currency)


def minor_of(amount: Decimal, currency: str) -> int:
    """A decimal number from the wire in minor units. Raises ProviderUnavailable for one with too many decimals."""
    try:
        return parse_decimal(str(amount), currency)
    except Invalid:
        log.error("payouts.amount_not_as_documented", amount=str(amount), currency=currency)
        raise ProviderUnavailable from None
