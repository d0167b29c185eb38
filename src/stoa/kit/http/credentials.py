"""What a request shows of who sends it: a bearer token, a session cookie, an address."""

import ipaddress
from http.cookies import CookieError, SimpleCookie
from typing import Any

import msgspec

SESSION_COOKIE = "stoa_session"
CSRF_COOKIE = "stoa_csrf"


class Credentials(msgspec.Struct, frozen=True):
    """`bearer` from the Authorization header, `cookie` from the session cookie; `address` of the client."""

    bearer: str | None
    cookie: str | None
    csrf_seed: str | None
    address: str
    user_agent: str


def read_credentials(scope: Any, trusted_proxies: frozenset[str]) -> Credentials:
    """Collects the credentials of an ASGI HTTP scope. Reads no body and touches no database."""
    headers: dict[bytes, bytes] = {}
    forwarded: list[bytes] = []
    for name, content in scope["headers"]:
        if name == b"x-forwarded-for":
            forwarded.append(content)
        elif name == b"cookie" and name in headers:
            headers[name] += b"; " + content
        else:
            headers[name] = content
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, token = authorization.partition(" ")
    cookies = read_cookies(headers.get(b"cookie", b"").decode("latin-1"))
    return Credentials(
        bearer=token.strip() if scheme.lower() == "bearer" else None,
        cookie=cookies.get(SESSION_COOKIE),
        csrf_seed=cookies.get(CSRF_COOKIE),
        address=client_address(scope, forwarded, trusted_proxies),
        user_agent=headers.get(b"user-agent", b"").decode("latin-1")[:400],
    )


def read_cookies(header: str) -> dict[str, str]:
    """Cookies of a header by name; what is malformed counts as absent."""
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def client_address(scope: Any, forwarded: list[bytes], trusted_proxies: frozenset[str]) -> str:
    """The nearest address in X-Forwarded-For that is not a trusted proxy, or the peer's."""
    client = scope.get("client")
    peer = str(client[0]) if client else "local"
    if peer not in trusted_proxies:
        return peer
    hops = [h.strip() for h in b",".join(forwarded).decode("latin-1").split(",") if h.strip()]
    for hop in reversed(hops):
        try:
            address = str(ipaddress.ip_address(hop))
        except ValueError:
            return peer
        if address not in trusted_proxies:
            return address
    return peer
