"""A provider of identities on this machine, for tests: it signs real tokens, and can misbehave in every known way.

    world = Providers("http://providers.test")        an ASGI application; serve it, or mount it into an httpx client
    world.person = Somebody(email="ana@gmail.com")    who sits at the provider's pages
    world.mischief = "wrong_nonce"                    what it does to its next answers
    back = world.consent(authorization_url)           what the person's browser brings back: code, state
    world.settings()                                  the settings of a Stoa that uses it

Google and Apple live under /google and /apple (OpenID Connect, RS256 and ES256), X under /twitter (OAuth 2.0).
"""

import base64
import hashlib
import hmac
import html
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

CLIENT_IDS = {"google": "stoa.apps.example", "apple": "example.stoa.web", "twitter": "stoa-on-x"}
APP_ID = "example.stoa.app"
SECRET = "the secret of the client"
TEAM_ID, KEY_ID = "TEAM123456", "KEY1234567"


@dataclass(frozen=True)
class Somebody:
    """Who sits at the provider's pages. `extra` claims go into the id token as they are."""

    account_id: str = "person-1"
    email: str | None = "ana@gmail.com"
    email_verified: bool | str | None = True
    name: str | None = "Ana Lindqvist"
    username: str = "ana_l"
    picture: str | None = "https://pictures.example/ana.png"
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Issued:
    """A code that was given out."""

    provider: str
    person: Somebody
    asked: dict[str, str]
    used: bool = False


@contextmanager
def standing(app: Any, base: str = "http://providers.test") -> Iterator["Providers"]:
    """The providers, set up for an App and reached by it in process."""
    made, settings, http = Providers(base), app.settings, app.http
    app.settings = msgspec.structs.replace(settings, **made.settings())
    app.http = httpx.AsyncClient(mounts={base: httpx.ASGITransport(app=made)}, transport=http._transport)
    app.cache.clear()
    yield made
    app.settings, app.http = settings, http


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Providers:
    """The application. `asked` holds the path of each request it got, in order."""

    apple_key = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    ec_key = ec.generate_private_key(ec.SECP256R1())
    other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def __init__(self, base: str) -> None:
        self.base = base
        self.person = Somebody()
        self.mischief: str = ""
        self.codes: dict[str, Issued] = {}
        self.tokens: dict[str, Somebody] = {}
        self.revoked: list[str] = []
        self.asked: list[str] = []
        self.key_ids = {"google": "rsa-1", "apple": "ec-1"}

    def settings(self) -> dict[str, Any]:
        """Overrides of Settings."""
        return {
            "google_client_id": CLIENT_IDS["google"],
            "google_client_secret": SECRET,
            "google_app_ids": (APP_ID,),
            "google_issuer": f"{self.base}/google",
            "apple_client_id": CLIENT_IDS["apple"],
            "apple_team_id": TEAM_ID,
            "apple_key_id": KEY_ID,
            "apple_private_key": _pem(self.apple_key).replace("\n", "\\n"),
            "apple_app_ids": (APP_ID,),
            "apple_issuer": f"{self.base}/apple",
            "twitter_client_id": CLIENT_IDS["twitter"],
            "twitter_client_secret": SECRET,
            "twitter_authorize_url": f"{self.base}/twitter/authorize",
            "twitter_api_url": f"{self.base}/twitter",
        }

    # ---- what the person does

    def consent(self, authorization_url: str) -> dict[str, str]:
        """The person looks at the page, agrees, and is sent back with this."""
        parts = urlsplit(authorization_url)
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        return self._agree(parts.path.split("/")[1], asked)

    def _agree(self, provider: str, asked: dict[str, str]) -> dict[str, str]:
        assert asked["client_id"] == CLIENT_IDS[provider], asked
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert ("nonce" in asked) == (provider != "twitter")
        assert asked.get("response_mode") == ("form_post" if provider == "apple" else None)
        code = secrets.token_urlsafe(16)
        self.codes[code] = Issued(provider, self.person, asked)
        back = {"code": code, "state": asked["state"]}
        if provider == "apple" and self.person.name:
            first, _, last = self.person.name.partition(" ")
            back["user"] = msgspec.json.encode({"name": {"firstName": first, "lastName": last}}).decode()
        return back

    # ---- id tokens

    def id_token(self, provider: str, nonce: str, *, audience: Any = None) -> str:
        """A signed token about the person, as good as `mischief` lets it be."""
        now, person = int(time.time()), self.person
        claims: dict[str, Any] = {
            "iss": f"{self.base}/{provider}",
            "aud": audience or CLIENT_IDS[provider],
            "sub": person.account_id,
            "iat": now,
            "exp": now + 600,
            "nonce": nonce,
            "email": person.email,
            "email_verified": person.email_verified,
        }
        if provider == "google":
            claims |= {"name": person.name, "picture": person.picture}
        claims = {name: value for name, value in claims.items() if value is not None} | dict(person.extra)
        if self.mischief in _CLAIMS:
            claims |= _CLAIMS[self.mischief](claims)
        if self.mischief.startswith("without_"):
            del claims[self.mischief.removeprefix("without_")]
        return self._signed(provider, claims)

    def _signed(self, provider: str, claims: dict[str, Any]) -> str:
        headers = {"kid": self.key_ids[provider]}
        key, algorithm = (self.rsa_key, "RS256") if provider == "google" else (self.ec_key, "ES256")
        match self.mischief:
            case "alg_none":
                return _unsigned(claims, {"alg": "none", "typ": "JWT", **headers})
            case "alg_none_capitals":
                return _unsigned(claims, {"alg": "nOnE", "typ": "JWT", **headers})
            case "hs256_with_the_public_key":
                return _hs256(claims, headers, self._public_pem(provider))
            case "hs256_with_the_client_secret":
                return _hs256(claims, headers, SECRET.encode())
            case "another_key":
                return jwt.encode(claims, self.other_key, algorithm="RS256", headers=headers)
            case "unknown_kid":
                return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": f"made-up-{secrets.token_hex(4)}"})
            case "no_kid":
                return jwt.encode(claims, key, algorithm=algorithm)
            case "own_key_in_header":
                jwk = _jwk(self.other_key, "rsa-1")
                return jwt.encode(claims, self.other_key, algorithm="RS256", headers={**headers, "jwk": jwk})
            case "rs512":
                return jwt.encode(claims, self.rsa_key, algorithm="RS512", headers=headers)
            case "broken_signature":
                token = jwt.encode(claims, key, algorithm=algorithm, headers=headers)
                head, _, signature = token.rpartition(".")
                return f"{head}.{signature[::-1]}"
            case "huge_token":
                return jwt.encode({**claims, "x": "y" * 20_000}, key, algorithm=algorithm, headers=headers)
            case "garbage":
                return "this.is.garbage"
        return jwt.encode(claims, key, algorithm=algorithm, headers=headers)

    def _public_pem(self, provider: str) -> bytes:
        key = self.rsa_key if provider == "google" else self.ec_key
        return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    # ---- the application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.asked.append(scope["path"])
        query = dict(parse_qsl(scope["query_string"].decode()))
        form = dict(parse_qsl(body.decode()))
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, kind, answer = self._answer(scope["path"], query, form, headers)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", kind.encode())]}
            if status != 303
            else {"type": "http.response.start", "status": 303, "headers": [(b"location", answer)]}
        )
        await send({"type": "http.response.body", "body": b"" if status == 303 else answer})

    def _answer(
        self, path: str, query: dict[str, str], form: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, str, bytes]:
        _, provider, *rest = path.split("/")
        match "/".join(rest):
            case ".well-known/openid-configuration":
                return self._json(self._discovery(provider))
            case "keys":
                return self._json({"keys": self._keys(provider)})
            case "authorize":
                return 200, "text/html; charset=utf-8", self._page(provider, query).encode()
            case "agree":
                return self._back(provider, query, self._agree(provider, query))
            case "deny":
                return self._back(provider, query, {"error": "access_denied", "state": query["state"]})
            case "token" | "2/oauth2/token":
                return self._token(provider, form, headers)
            case "revoke" | "2/oauth2/revoke":
                self.revoked.append(form["token"])
                return 200, "text/plain", b""
            case "2/users/me":
                return self._me(headers)
            case "" if provider == "favicon.ico":
                return 200, "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>'
        return 404, "text/plain", b"there is nothing here"

    def _json(self, document: Any) -> tuple[int, str, bytes]:
        match self.mischief:
            case "down":
                return 503, "text/html", b"<h1>We will be back</h1>"
            case "html":
                return 200, "text/html; charset=utf-8", b"<h1>Hello</h1>"
            case "not_json":
                return 200, "application/json", b"{hello"
            case "bad_utf8":
                return 200, "application/json", b'{"access_token": "\xff\xfe"}'
            case "deep":
                return 200, "application/json", b"[" * 100_000
            case "another_shape":
                return 200, "application/json", b"[1, 2]"
            case "empty":
                return 200, "application/json", b""
            case "huge":  # and otherwise right
                return 200, "application/json", msgspec.json.encode({**document, "padding": "y" * 2_000_000})
            case "elsewhere":
                return 302, "text/plain", b""
        return 200, "application/json; charset=utf-8", msgspec.json.encode(document)

    def _discovery(self, provider: str) -> dict[str, Any]:
        issuer = f"{self.base}/{provider}"
        return {
            "issuer": "https://evil.example" if self.mischief == "another_discovery" else issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": "ftp://evil.example/keys" if self.mischief == "strange_endpoints" else f"{issuer}/keys",
            "revocation_endpoint": f"{issuer}/revoke",
            "response_types_supported": ["code"],
        }

    def _keys(self, provider: str) -> list[dict[str, Any]]:
        key = self.rsa_key if provider == "google" else self.ec_key
        return [
            {"kty": "oct", "kid": "secret-1", "k": "c2VjcmV0", "alg": "HS256"},
            {**_jwk(self.other_key, self.key_ids[provider]), "use": "enc"},
            _jwk(key, self.key_ids[provider]),
        ]

    def _token(self, provider: str, form: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        if not self._knows_client(provider, form, headers):
            return 401, "application/json", b'{"error": "invalid_client"}'
        issued = self.codes.get(form.get("code", ""))
        hashed = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if (
            issued is None
            or issued.used
            or issued.provider != provider
            or issued.asked["redirect_uri"] != form.get("redirect_uri")
            or issued.asked["code_challenge"] != challenge
        ):
            return 400, "application/json", b'{"error": "invalid_grant"}'
        issued.used = True
        access, self.person = secrets.token_urlsafe(16), issued.person
        self.tokens[access] = issued.person
        answer = {
            "access_token": access,
            "refresh_token": f"refresh-{access}",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": issued.asked["scope"],
        }
        if provider != "twitter" and self.mischief != "no_id_token":
            answer["id_token"] = self.id_token(provider, issued.asked["nonce"])
        return self._json(answer)

    def _knows_client(self, provider: str, form: dict[str, str], headers: dict[str, str]) -> bool:
        if form.get("client_id") != CLIENT_IDS[provider] or self.mischief == "unknown_client":
            return False
        match provider:
            case "google":
                return form["client_secret"] == SECRET
            case "twitter":
                basic = base64.b64encode(f"{CLIENT_IDS['twitter']}:{SECRET}".encode()).decode()
                return headers.get("authorization") == f"Basic {basic}"
        claims = jwt.decode(
            form["client_secret"],
            self.apple_key.public_key(),
            algorithms=["ES256"],
            audience=f"{self.base}/apple",
            issuer=TEAM_ID,
        )
        header = jwt.get_unverified_header(form["client_secret"])
        return bool(
            header["kid"] == KEY_ID and claims["sub"] == CLIENT_IDS["apple"] and claims["exp"] - claims["iat"] < 3600
        )

    def _me(self, headers: dict[str, str]) -> tuple[int, str, bytes]:
        person = self.tokens.get(headers.get("authorization", "").removeprefix("Bearer "))
        if person is None:
            return 401, "application/json", b'{"title": "Unauthorized"}'
        data = {
            "id": person.account_id,
            "name": person.name,
            "username": person.username,
            "profile_image_url": person.picture,
            "confirmed_email": person.email if person.email_verified is True else None,
        }
        return self._json({"data": {name: value for name, value in data.items() if value is not None}})

    # ---- pages, for a browser

    def _page(self, provider: str, asked: dict[str, str]) -> str:
        query = html.escape(urlencode(asked))
        return f"""<!doctype html><html lang="en"><title>{provider}</title><h1>Sign in at {provider}</h1>
            <p><a href="/{provider}/agree?{query}">Continue as {html.escape(self.person.name or "")}</a></p>
            <p><a href="/{provider}/deny?{query}">Cancel</a></p></html>"""

    def _back(self, provider: str, asked: dict[str, str], back: dict[str, str]) -> tuple[int, str, bytes]:
        if asked.get("response_mode") != "form_post":
            return 303, "", f"{asked['redirect_uri']}?{urlencode(back)}".encode()
        fields = "".join(f'<input type="hidden" name="{n}" value="{html.escape(v)}">' for n, v in back.items())
        page = f"""<!doctype html><html lang="en"><title>{provider}</title>
            <form id="back" method="post" action="{html.escape(asked["redirect_uri"])}">{fields}<button>Go on</button>
            </form></html>"""
        return 200, "text/html; charset=utf-8", page.encode()


_CLAIMS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "wrong_nonce": lambda _: {"nonce": "another nonce"},
    "empty_nonce": lambda _: {"nonce": ""},
    "expired": lambda _: {"iat": int(time.time()) - 1200, "exp": int(time.time()) - 600},
    "from_the_future": lambda _: {"iat": int(time.time()) + 600, "exp": int(time.time()) + 1200},
    "not_yet": lambda _: {"nbf": int(time.time()) + 600},
    "another_audience": lambda _: {"aud": "somebody.else"},
    "one_audience_too_many": lambda c: {"aud": [c["aud"], "somebody.else"], "azp": c["aud"]},
    "unclear_audience": lambda c: {"aud": [c["aud"], APP_ID]},
    "another_party": lambda _: {"azp": "somebody.else"},
    "another_issuer": lambda _: {"iss": "https://evil.example"},
    "empty_subject": lambda _: {"sub": ""},
    "long_subject": lambda _: {"sub": "x" * 300},
    "number_as_subject": lambda _: {"sub": 12},
}


def _jwk(key: Any, key_id: str) -> dict[str, Any]:
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        made = jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True)
        return {**made, "kid": key_id, "use": "sig", "alg": "RS256"}
    made = jwt.algorithms.ECAlgorithm.to_jwk(public, as_dict=True)
    return {**made, "kid": key_id, "use": "sig", "alg": "ES256"}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unsigned(claims: dict[str, Any], headers: dict[str, Any]) -> str:
    return f"{_b64(msgspec.json.encode(headers))}.{_b64(msgspec.json.encode(claims))}."


def _hs256(claims: dict[str, Any], headers: dict[str, Any], secret: bytes) -> str:
    """By hand: the library itself would not make it."""
    body = _unsigned(claims, {"alg": "HS256", "typ": "JWT", **headers})[:-1]
    return f"{body}.{_b64(hmac.digest(secret, body.encode(), 'sha256'))}"
