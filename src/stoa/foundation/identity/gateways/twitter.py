"""X: OAuth 2.0 without OpenID. Who came back is asked with the access token; an e-mail comes only when confirmed."""

from datetime import datetime
from typing import Annotated, Final

import msgspec

from stoa.foundation.identity.gateways import Ask, Code
from stoa.foundation.identity.gateways.fetching import fetch, tell, with_query
from stoa.foundation.identity.gateways.openid import TokenAnswer
from stoa.foundation.identity.types import Identity, Person, Provider
from stoa.kit.config import Settings
from stoa.kit.ctx import App
from stoa.kit.errors import Invalid

SCOPES: Final = "users.read tweet.read users.email"
FIELDS: Final = "confirmed_email,name,profile_image_url,username"


class _User(msgspec.Struct, frozen=True):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    name: str | None = None
    username: str | None = None
    confirmed_email: str | None = None
    profile_image_url: str | None = None


class _Me(msgspec.Struct, frozen=True):
    data: _User


class Twitter:
    """Log-in with an X account."""

    def __init__(self, settings: Settings) -> None:
        self._id = settings.twitter_client_id
        self._secret = settings.twitter_client_secret
        self._authorize_url = settings.twitter_authorize_url
        self._api_url = settings.twitter_api_url.rstrip("/")

    async def authorization_url(self, app: App, ask: Ask) -> str:
        """X's page. It knows no nonce: the code is bound to us by PKCE, and to the browser by the state."""
        return with_query(
            self._authorize_url,
            {
                "response_type": "code",
                "client_id": self._id,
                "redirect_uri": ask.redirect_uri,
                "scope": SCOPES,
                "state": ask.state,
                "code_challenge": ask.challenge,
                "code_challenge_method": "S256",
            },
        )

    async def redeem(self, app: App, code: Code) -> Identity:
        """Who came back."""
        answer = await fetch(
            app,
            "POST",
            f"{self._api_url}/2/oauth2/token",
            TokenAnswer,
            form={
                "grant_type": "authorization_code",
                "code": code.code,
                "redirect_uri": code.redirect_uri,
                "client_id": self._id,
                "code_verifier": code.verifier,
            },
            auth=(self._id, self._secret),
        )
        bearer = {"Authorization": f"Bearer {answer.access_token}"}
        me = await fetch(
            app, "GET", with_query(f"{self._api_url}/2/users/me", {"user.fields": FIELDS}), _Me, headers=bearer
        )
        return Identity(Provider.TWITTER, _person(me.data), answer.grant)

    async def trust(self, app: App, id_token: str, nonce: str) -> Identity:
        """X gives no id tokens."""
        raise Invalid(fields={"id_token": "X gives none; send a code"})

    async def revoke(self, app: App, token: str, at: datetime) -> None:
        """Ends a grant."""
        form = {"token": token, "client_id": self._id}
        await tell(app, f"{self._api_url}/2/oauth2/revoke", form, auth=(self._id, self._secret))


def _person(user: _User) -> Person:
    return Person(
        account_id=user.id,
        email=user.confirmed_email,
        email_verified=user.confirmed_email is not None,
        email_is_theirs=user.confirmed_email is not None,
        name=user.name,
        username=user.username,
        avatar_url=user.profile_image_url,
    )
