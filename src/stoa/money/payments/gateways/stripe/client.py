"""Stripe's official client over our own HTTP client: our time limits hold, and nothing has to be closed apart."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import httpx
import msgspec
import stripe
import structlog

from stoa.kit.config import Settings
from stoa.money.payments.errors import GatewayUnavailable

log = structlog.get_logger(__name__)
T = TypeVar("T")

TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
RETRIES: Final = 1
STRIPE_BASE: Final = "https://api.stripe.com"


class Http(stripe.HTTPClient):
    """The client's way out: one of our own, whose connections the process shares."""

    name = "stoa"

    def __init__(self, http: httpx.AsyncClient) -> None:
        super().__init__()
        self._http = http

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request. A failure to get an answer may be repeated: whatever changes something carries a key."""
        try:
            answer = await self._http.request(
                method.upper(), url, headers=dict(headers), content=post_data or None, timeout=TIMEOUT
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise stripe.APIConnectionError(type(error).__name__, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        """The pause before a repetition."""
        await asyncio.sleep(secs)


class StripeKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Whose account at Stripe it is. With `connected` (acct_…) the key speaks for an account connected to its own."""

    secret_key: str
    webhook_secret: str
    api_base: str
    connected: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "StripeKeys":
        """The platform's own."""
        return cls(
            secret_key=settings.stripe_secret_key,
            webhook_secret=settings.stripe_webhook_secret,
            api_base=settings.stripe_api_base,
        )


def client_of(keys: StripeKeys, http: httpx.AsyncClient) -> stripe.StripeClient:
    """The client of an account."""
    return stripe.StripeClient(
        keys.secret_key,
        stripe_account=keys.connected,
        base_addresses=_addresses(keys.api_base),
        http_client=Http(http),
        max_network_retries=RETRIES,
    )


def _addresses(api_base: str) -> Any:
    """Files go to an address of their own, unless it is not Stripe's one that we speak to."""
    return {"api": api_base} if api_base == STRIPE_BASE else {"api": api_base, "files": api_base}


@contextmanager
def reached() -> Iterator[None]:
    """Answers that concern the request pass; whatever else keeps Stripe from doing it is GatewayUnavailable."""
    try:
        yield
    except (stripe.CardError, stripe.InvalidRequestError, stripe.IdempotencyError) as error:
        if error.http_status != 409:
            raise
        raise GatewayUnavailable from error  # another request with this key is being answered
    except stripe.StripeError as error:
        log.warning(
            "stripe.unavailable", error=type(error).__name__, status=error.http_status, request=error.request_id
        )
        raise GatewayUnavailable from error


def struct_of(answer: stripe.StripeObject, kind: type[T]) -> T:
    """An answer as a Struct. Raises GatewayUnavailable when it is not as documented."""
    try:
        return msgspec.convert(answer.to_dict(), kind)
    except msgspec.ValidationError as error:
        log.error("stripe.answer_not_as_documented", error=str(error))
        raise GatewayUnavailable from error


async def ask(keys: StripeKeys, http: httpx.AsyncClient) -> None:
    """Whether Stripe knows the key. Raises GatewayUnavailable."""
    with reached():
        await client_of(keys, http).v1.balance.retrieve_async()
