"""Google: OpenID Connect as written. The client secret goes into the form of the token request."""

from datetime import datetime

from stoa.foundation.identity.errors import ProofRefused
from stoa.foundation.identity.gateways import Ask, Code
from stoa.foundation.identity.gateways.fetching import fetch, tell, with_query
from stoa.foundation.identity.gateways.openid import Claims, Client, TokenAnswer, check_id_token, discover
from stoa.foundation.identity.types import Grant, Identity, Person, Provider
from stoa.kit.config import Settings
from stoa.kit.ctx import App

SCOPES = "openid email profile"


class Google:
    """Log-in with a Google account."""

    def __init__(self, settings: Settings) -> None:
        self._id = settings.google_client_id
        self._secret = settings.google_client_secret
        issuer = settings.google_issuer
        bare = issuer.removeprefix("https://")  # Google's own tokens name it either way
        self._client = Client(issuer, (self._id, *settings.google_app_ids), (issuer, bare))

    async def authorization_url(self, app: App, ask: Ask) -> str:
        """Google's page, which lets people choose among their accounts."""
        found = await discover(app, self._client.issuer)
        return with_query(
            found.authorization_endpoint,
            {
                "response_type": "code",
                "client_id": self._id,
                "redirect_uri": ask.redirect_uri,
                "scope": SCOPES,
                "state": ask.state,
                "nonce": ask.nonce,
                "code_challenge": ask.challenge,
                "code_challenge_method": "S256",
                "prompt": "select_account",
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
                "client_secret": self._secret,
                "code_verifier": code.verifier,
            },
        )
        if answer.id_token is None:
            raise ProofRefused
        claims = await check_id_token(app, self._client, answer.id_token, code.nonce)
        return Identity(Provider.GOOGLE, _person(claims), answer.grant)

    async def trust(self, app: App, id_token: str, nonce: str) -> Identity:
        """Whom a token of one of our apps speaks of."""
        return Identity(Provider.GOOGLE, _person(await check_id_token(app, self._client, id_token, nonce)), Grant())

    async def revoke(self, app: App, token: str, at: datetime) -> None:
        """Ends a grant; one that has ended already answers 400, which is as good."""
        found = await discover(app, self._client.issuer)
        if found.revocation_endpoint is not None:
            await tell(app, found.revocation_endpoint, {"token": token})


def _person(claims: Claims) -> Person:
    # An address that is neither Gmail's nor of an organisation that Google runs the mail for was checked once, when
    # the Google account was made; whose it is today, Google does not know.
    domain = (claims.email or "").rpartition("@")[2].lower()
    return Person(
        account_id=claims.sub,
        email=claims.email,
        email_verified=claims.email_is_verified,
        email_is_theirs=claims.email_is_verified and (domain == "gmail.com" or bool(claims.hd)),
        name=claims.name,
        avatar_url=claims.picture,
    )
