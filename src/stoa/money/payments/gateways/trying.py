"""Whether keys that somebody brings along work: one real question to their provider, before anything is kept."""

from typing import Final

import httpx
import structlog

from stoa.kit.ctx import App
from stoa.kit.errors import Invalid
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payments.types.accounts import SECRET_FIELD, NewKeys, Provider, Tried

log = structlog.get_logger(__name__)

TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
# How each provider's keys begin: for real money, and for tests.
_BEGINNINGS: Final[dict[Provider, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "stripe": (("sk_live_", "rk_live_"), ("sk_test_", "rk_test_")),
    "razorpay": (("rzp_live_",), ("rzp_test_",)),
    "xendit": (("xnd_production_",), ("xnd_development_",)),
}
_REFUSED: Final = "{} does not know this key. Please copy it again"


async def try_keys(app: App, keys: NewKeys) -> Tried:
    """What the keys open. Raises Invalid beside the field for what is refused, and GatewayUnavailable."""
    is_live = _kind_of(app, keys)
    match keys.provider:
        case "stripe":
            from stoa.money.payments.gateways.stripe.connect import account_of_key  # its client takes a while to import

            return await account_of_key(app, keys.secret, is_live=is_live)
        case "razorpay":
            url = f"{app.settings.razorpay_api_base}/v1/payments?count=1"
            await _ask(app, keys.provider, url, (keys.key_id or "", keys.secret))
        case "xendit":
            await _ask(app, keys.provider, f"{app.settings.xendit_api_base}/balance", (keys.secret, ""))
    return Tried(account_id=keys.account_id, is_live=is_live)


def refused(provider: Provider, message: str | None = None) -> Invalid:
    """The error of a key that does not work, beside its field."""
    return Invalid(fields={SECRET_FIELD[provider]: message or _REFUSED.format(provider.capitalize())})


def _kind_of(app: App, keys: NewKeys) -> bool:
    """Whether the keys are for real money, by how they begin. Raises Invalid."""
    telling = keys.key_id if keys.provider == "razorpay" else keys.secret
    field = "key_id" if keys.provider == "razorpay" else SECRET_FIELD[keys.provider]
    live, test = _BEGINNINGS[keys.provider]
    if (telling or "").startswith(live):
        return True
    if not (telling or "").startswith(test):
        raise Invalid(fields={field: f"This key begins with {' or '.join((*live, *test))}"})
    if not app.settings.sandbox:
        raise Invalid(fields={field: "This is a key for tests. Please use the one for real payments"})
    return False


async def _ask(app: App, provider: Provider, url: str, auth: tuple[str, str]) -> None:
    try:
        answer = await app.http.get(url, auth=auth, timeout=TIMEOUT, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("gateway.unavailable", url=url, error=type(error).__name__)
        raise GatewayUnavailable from error
    if answer.status_code in (400, 401):
        raise refused(provider)
    if answer.status_code == 403:
        raise refused(provider, "This key is not allowed to read payments. Please give it that permission")
    if not answer.is_success:
        log.warning("gateway.unavailable", url=url, status=answer.status_code)
        raise GatewayUnavailable
