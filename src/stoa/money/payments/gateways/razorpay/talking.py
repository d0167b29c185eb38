"""Talking to Razorpay: whose account, how amounts are counted, and what its answers and refusals are made into."""

from typing import Any, TypeVar

import httpx
import msgspec
import structlog

from stoa.kit.config import Settings
from stoa.kit.errors import Invalid
from stoa.kit.money import exponent
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payments.gateways.asking import Refused, ask

log = structlog.get_logger(__name__)
T = TypeVar("T")


class RazorpayKeys(msgspec.Struct, frozen=True):
    """Whose account at Razorpay it is. `key_id` is no secret: a checkout in the browser needs it."""

    key_id: str
    key_secret: str
    webhook_secret: str
    api_base: str

    @classmethod
    def of(cls, settings: Settings) -> "RazorpayKeys":
        """The platform's own."""
        return cls(
            key_id=settings.razorpay_key_id,
            key_secret=settings.razorpay_key_secret,
            webhook_secret=settings.razorpay_webhook_secret,
            api_base=settings.razorpay_api_base,
        )


def to_razorpay(amount_minor: int, currency: str) -> int:
    """An amount as Razorpay counts it: in the smallest unit; with three decimals, in steps of ten. Raises Invalid."""
    if exponent(currency) == 3 and amount_minor % 10:
        raise Invalid(fields={"amount": f"Razorpay takes {currency} with two decimals only"})
    return amount_minor


async def ask_razorpay(http: httpx.AsyncClient, keys: RazorpayKeys, method: str, path: str, **sent: Any) -> Any:
    """The answer's JSON. Raises Refused, GatewayUnavailable."""
    try:
        auth = (keys.key_id, keys.key_secret)
        return await ask(http, method, f"{keys.api_base}/v1/{path}", auth=auth, repeats=True, **sent)
    except Refused as refused:
        if why(refused).startswith("Authentication failed"):  # documented as a 400 in places
            raise GatewayUnavailable from refused
        raise


def struct(told: Any, kind: type[T]) -> T:
    """An answer as documented. Raises GatewayUnavailable for another."""
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        log.error("razorpay.answer_not_as_documented", error=str(error))
        raise GatewayUnavailable from error


def why(refused: Refused) -> str:
    """Razorpay's own words for a refusal."""
    error = refused.told.get("error")
    reason = error.get("description") if isinstance(error, dict) else None
    return reason if isinstance(reason, str) and reason else "Razorpay does not take this"
