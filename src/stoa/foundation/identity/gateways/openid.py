"""OpenID Connect, as far as it is needed here: discovery, keys, the code for tokens, and the check of an id token.

Documents and keys are kept per process for an hour. A key id that is not among them makes us look once more, and then
not again for a while: whoever sends tokens with made-up ids does not make us call the provider each time.
"""

import asyncio
import hmac
import time
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from stoa.foundation.identity.errors import ProofRefused, ProviderUnavailable
from stoa.foundation.identity.gateways.fetching import fetch
from stoa.foundation.identity.types import Grant
from stoa.kit.ctx import App

log = structlog.get_logger(__name__)

KEPT_S: Final = 3600.0
KEPT_IF_AWAY_S: Final = 24 * 3600.0  # while the provider does not answer, what it said last is good for so long
LOOK_AGAIN_AFTER_S: Final = 60.0  # at an unknown key
REST_AFTER_FAILURE_S: Final = 5.0
LEEWAY_S: Final = 30.0
MAX_TOKEN_BYTES: Final = 16 * 1024
MIN_RSA_BITS: Final = 2048
KEY_TYPES: Final = {"RS256": "RSA", "ES256": "EC"}  # the signatures that are believed, with the keys that make them

S = TypeVar("S", bound=msgspec.Struct)
Text = Annotated[str, msgspec.Meta(max_length=8192)]


class Discovery(msgspec.Struct, frozen=True):
    """What a provider tells of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    revocation_endpoint: str | None = None


class KeySet(msgspec.Struct, frozen=True):
    """The keys a provider signs with."""

    keys: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=100)]


class TokenAnswer(msgspec.Struct, frozen=True):
    """What a token endpoint answers to a code."""

    access_token: Text
    id_token: str | None = None
    refresh_token: Text | None = None
    expires_in: Annotated[int, msgspec.Meta(ge=0, le=10**9)] | None = None
    scope: Text | None = None

    @property
    def grant(self) -> Grant:
        """The tokens to be kept."""
        return Grant(
            access_token=self.access_token,
            refresh_token=self.refresh_token,
            expires_in_s=self.expires_in,
            scopes=tuple((self.scope or "").split()[:50]),
        )


class Claims(msgspec.Struct, frozen=True):
    """What an id token says. `email_verified` is a text with some providers."""

    sub: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    aud: str | list[str]
    azp: str | None = None
    nonce: str | None = None
    email: str | None = None
    email_verified: bool | str | None = None
    name: str | None = None
    picture: str | None = None
    hd: str | None = None

    @property
    def email_is_verified(self) -> bool:
        """Only a clear yes is one."""
        return self.email_verified is True or self.email_verified == "true"


class Client(msgspec.Struct, frozen=True):
    """Whom we are at a provider, and whose tokens are believed: `audiences` are our own client ids."""

    issuer: str
    audiences: tuple[str, ...]
    issuers: tuple[str, ...]  # as it may stand in a token


# ---- documents -------------------------------------------------------------------------------------------------


class _Kept(Generic[S]):
    __slots__ = ("asking", "fetched_at", "rests_until", "value")

    def __init__(self) -> None:
        self.asking = asyncio.Lock()  # one question at a time: those who come meanwhile share its answer
        self.value: S | None = None
        self.fetched_at = 0.0
        self.rests_until = 0.0


async def _document(app: App, url: str, row: type[S], *, look_again: bool = False) -> S:
    kept: _Kept[S] = app.cache.setdefault(("identity.openid", url), _Kept())
    asked_at = time.monotonic()
    if kept.value is not None and not look_again and asked_at < kept.fetched_at + KEPT_S:
        return kept.value
    async with kept.asking:
        if kept.value is not None and (kept.fetched_at > asked_at or time.monotonic() < kept.rests_until):
            return kept.value
        if time.monotonic() < kept.rests_until:
            raise ProviderUnavailable
        try:
            kept.value = await fetch(app, "GET", url, row)
        except (ProviderUnavailable, ProofRefused):
            kept.rests_until = time.monotonic() + REST_AFTER_FAILURE_S
            if kept.value is None or time.monotonic() > kept.fetched_at + KEPT_IF_AWAY_S:
                raise ProviderUnavailable from None
            return kept.value
        kept.fetched_at = time.monotonic()
        kept.rests_until = kept.fetched_at + LOOK_AGAIN_AFTER_S if look_again else 0.0
        return kept.value


async def discover(app: App, issuer: str) -> Discovery:
    """What the provider tells of itself. Raises ProviderUnavailable, also for what does not belong to the issuer."""
    found = await _document(app, f"{issuer.rstrip('/')}/.well-known/openid-configuration", Discovery)
    scheme = urlsplit(issuer).scheme
    endpoints = (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.revocation_endpoint)
    if found.issuer != issuer or any(urlsplit(e).scheme != scheme for e in endpoints if e is not None):
        log.warning("discovery does not belong to its issuer", issuer=issuer, told=found.issuer)
        raise ProviderUnavailable
    return found


# ---- id tokens -------------------------------------------------------------------------------------------------


async def check_id_token(app: App, client: Client, id_token: str, nonce: str) -> Claims:
    """What the token says, after all that makes it worth something was checked. Raises ProofRefused."""
    try:
        if len(id_token.encode()) > MAX_TOKEN_BYTES:
            raise jwt.InvalidTokenError("too long")
        header = jwt.get_unverified_header(id_token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in KEY_TYPES or not isinstance(key_id, str) or "crit" in header:
            raise jwt.InvalidTokenError(f"signed by {algorithm!r}")
        key = await _key(app, client, key_id, algorithm)
        # The algorithm comes from our list and fits the kind of key, so a public key never serves as a shared secret.
        read = jwt.decode(
            id_token,
            key,
            algorithms=[algorithm],
            audience=client.audiences,
            issuer=client.issuers,
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        claims = msgspec.convert(read, Claims)
    except (jwt.PyJWTError, msgspec.ValidationError, UnicodeEncodeError, ValueError, TypeError) as error:
        log.info("id token refused", issuer=client.issuer, error=f"{type(error).__name__}: {error}")
        raise ProofRefused from None
    _check_party(claims, client)
    if not hmac.compare_digest((claims.nonce or "").encode(), nonce.encode()) or not nonce:
        log.info("id token refused", issuer=client.issuer, error="another nonce")
        raise ProofRefused
    return claims


def _check_party(claims: Claims, client: Client) -> None:
    """Every audience is one of ours; with several, it says for which one it was made."""
    audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    strangers = set(audiences) - set(client.audiences)
    unclear = len(audiences) > 1 and claims.azp is None
    if strangers or unclear or (claims.azp is not None and claims.azp not in client.audiences):
        log.info("id token refused", issuer=client.issuer, error="made for somebody else")
        raise ProofRefused


async def _key(app: App, client: Client, key_id: str, algorithm: str) -> RSAPublicKey | EllipticCurvePublicKey:
    """The public key of this id. Raises InvalidKeyError when the provider has none."""
    where = (await discover(app, client.issuer)).jwks_uri
    for look_again in (False, True):
        known = await _document(app, where, KeySet, look_again=look_again)
        for described in known.keys:
            if described.get("kid") == key_id and _fits(described, algorithm):
                return _made(described, algorithm)
    raise jwt.InvalidKeyError(f"no key {key_id[:100]!r} for {algorithm}")


def _fits(described: dict[str, Any], algorithm: str) -> bool:
    return (
        described.get("kty") == KEY_TYPES[algorithm]
        and described.get("use", "sig") == "sig"
        and described.get("alg", algorithm) == algorithm
    )


def _made(described: dict[str, Any], algorithm: str) -> RSAPublicKey | EllipticCurvePublicKey:
    key = jwt.PyJWK(described, algorithm=algorithm).key
    if isinstance(key, RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return key
    if isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise jwt.InvalidKeyError("not a public key that is believed")
