"""Apple: OpenID Connect whose client secret is a token that we sign, and whose answer comes as a posted form.

The person's name comes beside the code, once in a lifetime, and never in the id token.
"""

from datetime import datetime, timedelta
from typing import Final

import jwt

from stoa.foundation.identity.errors import ProofRefused, ProviderUnavailable
from stoa.foundation.identity.gateways import Ask, Code
from stoa.foundation.identity.gateways.fetching import fetch, log, tell, with_query
from stoa.foundation.identity.gateways.openid import Claims, Client, TokenAnswer, check_id_token, discover
from stoa.foundation.identity.types import Grant, Identity, Person, Provider
from stoa.kit.config import Settings
from stoa.kit.ctx import App

SCOPES: Final = "name email"
SECRET_TTL: Final = timedelta(minutes=5)


class Apple:
    """Log-in with an Apple account."""

    def __init__(self, settings: Settings) -> None:
        self._id = settings.apple_client_id
        self._team_id = settings.apple_team_id
        self._key_id = settings.apple_key_id
        self._private_key = settings.apple_private_key.replace("\\n", "\n")
        issuer = settings.apple_issuer
        self._client = Client(issuer, (self._id, *settings.apple_app_ids), (issuer,))

    async def authorization_url(self, app: App, ask: Ask) -> str:
        """Apple's page. Whoever asks for a name or an e-mail is answered by a form that the browser posts."""
        found = await discover(app, self._client.issuer)
        return with_query(
            found.authorization_endpoint,
            {
                "response_type": "code",
                "response_mode": "form_post",
                "client_id": self._id,
                "redirect_uri": ask.redirect_uri,
                "scope": SCOPES,
                "state": ask.state,
                "nonce": ask.nonce,
                "code_challenge": ask.challenge,
                "code_challenge_method": "S256",
            },
        )

    async def redeem(self, app: App, code: Code) -> Identity:
        """Who came back."""
        found = await discover(app, self._client.issuer)
        answer = await fetch(
            app,
            "POST",
            found.token_endpoint,
            TokenAnswer,
            form={
                "grant_type": "authorization_code",
                "code": code.code,
                "redirect_uri": code.redirect_uri,
                "client_id": self._id,
                "client_secret": self._secret_at(code.at),
                "code_verifier": code.verifier,
            },
        )
        if answer.id_token is None:
            raise ProofRefused
        claims = await check_id_token(app, self._client, answer.id_token, code.nonce)
        return Identity(Provider.APPLE, _person(claims), answer.grant)

    async def trust(self, app: App, id_token: str, nonce: str) -> Identity:
        """Whom a token of one of our apps speaks of."""
        return Identity(Provider.APPLE, _person(await check_id_token(app, self._client, id_token, nonce)), Grant())

    async def revoke(self, app: App, token: str, at: datetime) -> None:
        """Ends a grant."""
        found = await discover(app, self._client.issuer)
        if found.revocation_endpoint is not None:
            form = {"client_id": self._id, "client_secret": self._secret_at(at), "token": token}
            await tell(app, found.revocation_endpoint, form)

    def _secret_at(self, now: datetime) -> str:
        claims = {
            "iss": self._team_id,
            "sub": self._id,
            "aud": self._client.issuer,
            "iat": now,
            "exp": now + SECRET_TTL,
        }
        try:
            return jwt.encode(claims, self._private_key, algorithm="ES256", headers={"kid": self._key_id})
        except (jwt.PyJWTError, ValueError, TypeError):
            log.error("apple_private_key is not the text of a key for ES256")
            raise ProviderUnavailable from None


def _person(claims: Claims) -> Person:
    return Person(
        account_id=claims.sub,
        email=claims.email,
        email_verified=claims.email_is_verified,
        email_is_theirs=claims.email_is_verified,
    )
