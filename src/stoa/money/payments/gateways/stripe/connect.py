"""Creators' own accounts at Stripe: by a key of theirs, or connected to the platform's account by OAuth (Connect)."""

from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import stripe
from stripe import oauth_error

from stoa.kit.ctx import App
from stoa.kit.errors import Invalid
from stoa.money.payments.errors import GatewayUnavailable, UnknownGateway
from stoa.money.payments.gateways.stripe.client import RETRIES, Http, StripeKeys, client_of, struct_of
from stoa.money.payments.gateways.trying import refused
from stoa.money.payments.types.accounts import Tried

_OVER: Final = "This way to Stripe is over. Please begin again"


class _Account(msgspec.Struct, frozen=True):
    id: str
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False


class _Grant(msgspec.Struct, frozen=True):
    stripe_user_id: str
    livemode: bool
    scope: str = ""


async def account_of_key(app: App, secret_key: str, *, is_live: bool) -> Tried:
    """Whose key it is. Raises Invalid beside the field, and GatewayUnavailable."""
    keys = StripeKeys(secret_key=secret_key, webhook_secret="", api_base=app.settings.stripe_api_base)
    try:
        answer = await client_of(keys, app.http).v1.accounts.retrieve_current_async()
    except stripe.AuthenticationError:
        raise refused("stripe") from None
    except stripe.PermissionError:
        raise refused("stripe", "This key may not read its account. Please give it that permission") from None
    except stripe.StripeError as error:
        raise GatewayUnavailable from error
    return _tried(struct_of(answer, _Account), is_live=is_live)


def is_connectable(app: App) -> bool:
    """Whether creators can connect accounts by OAuth here."""
    return bool(app.settings.stripe_secret_key and app.settings.stripe_connect_client_id)


def authorization_url(app: App, *, state: str, redirect_uri: str) -> str:
    """Where the creator agrees. Raises UnknownGateway where the platform cannot connect accounts."""
    if not is_connectable(app):
        raise UnknownGateway("This place cannot connect Stripe accounts; please use a key of your own")
    asked = {
        "response_type": "code",
        "client_id": app.settings.stripe_connect_client_id,
        "scope": "read_write",
        "state": state,
        "redirect_uri": redirect_uri,
    }
    return f"{app.settings.stripe_connect_base}/oauth/authorize?{urlencode(asked)}"


async def redeem(app: App, code: str) -> Tried:
    """The account that a code opens, used once. Raises Invalid for a code that is over, and GatewayUnavailable."""
    granted = await _asked(app, "/oauth/token", grant_type="authorization_code", code=code)
    grant = _read(granted, _Grant)
    try:
        return await connected_account(app, grant.stripe_user_id, is_live=grant.livemode)
    except Invalid as error:  # it was connected a moment ago
        raise GatewayUnavailable from error


async def connected_account(app: App, account_id: str, *, is_live: bool) -> Tried:
    """A connected account as it is now. Raises Invalid when the platform may not speak for it any more."""
    keys = msgspec.structs.replace(StripeKeys.of(app.settings), connected=account_id)
    try:
        answer = await client_of(keys, app.http).v1.accounts.retrieve_current_async()
    except stripe.PermissionError:
        raise refused("stripe", "Stripe says that this account is not connected any more") from None
    except stripe.StripeError as error:
        raise GatewayUnavailable from error
    return _tried(struct_of(answer, _Account), is_live=is_live)


async def let_go(app: App, account_id: str) -> None:
    """Ends the platform's access to a connected account; one that has ended it already is no error."""
    try:
        client_id = app.settings.stripe_connect_client_id
        await _asked(app, "/oauth/deauthorize", client_id=client_id, stripe_user_id=account_id)
    except Invalid:  # it is not connected any more
        return


async def _asked(app: App, path: str, **params: Any) -> Any:
    """Through the official client; its own service for OAuth would block."""
    client = stripe.StripeClient(
        app.settings.stripe_secret_key,
        base_addresses={"api": app.settings.stripe_api_base, "connect": app.settings.stripe_connect_base},
        http_client=Http(app.http),
        max_network_retries=RETRIES,
    )
    try:
        answer = await client.raw_request_async("post", path, base="connect", **params)
    except stripe.InvalidRequestError as error:
        raise Invalid(fields={"code": _OVER}) from error
    except stripe.StripeError as error:
        if isinstance(error, oauth_error.OAuthError) and not isinstance(error, oauth_error.InvalidClientError):
            raise Invalid(fields={"code": _OVER}) from error
        raise GatewayUnavailable from error
    return answer.data


def _read(told: Any, kind: type[_Grant]) -> _Grant:
    try:
        return msgspec.convert(told, kind)
    except msgspec.ValidationError as error:
        raise GatewayUnavailable from error


def _tried(account: _Account, *, is_live: bool) -> Tried:
    return Tried(
        account_id=account.id,
        is_live=is_live,
        charges_enabled=account.charges_enabled,
        payouts_enabled=account.payouts_enabled,
        details_submitted=account.details_submitted,
    )
