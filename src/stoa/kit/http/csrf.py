"""Cross-site request forgery: same-origin by the browser's own word, and a token bound to the session.

A request that changes something and is authenticated by a cookie, or is an HTML form, must come from our own origin
and carry the token, as header `X-CSRF-Token` or form field `_csrf`. A bearer token needs neither: a foreign page
cannot send one.
"""

import hashlib
import hmac
from urllib.parse import parse_qs

from litestar.types import Scope

from stoa.kit.errors import Forbidden, Invalid
from stoa.kit.http.credentials import Credentials

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


class CsrfRefused(Forbidden):
    """The request does not prove that it comes from one of our own pages."""

    code = "csrf"
    title = "This page was open for too long. Please reload it and try again"


def token_for(secret: bytes, seed: str) -> str:
    """The token that belongs to a session cookie, or to the anonymous cookie where there is none."""
    return hmac.new(secret, b"csrf:" + seed.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def needs_check(credentials: Credentials, content_type: str) -> bool:
    """Whether this unsafe request could have been sent by a foreign page on somebody's behalf."""
    if credentials.bearer is not None:
        return False
    return credentials.cookie is not None or content_type.split(";")[0].strip().lower() in FORM_TYPES


def check(scope: Scope, credentials: Credentials, secret: bytes, content_type: str, body: bytes) -> None:
    """Raises CsrfRefused unless origin and token are right."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site", b"").decode("latin-1")
    if site and site not in ("same-origin", "none"):
        raise CsrfRefused("This request came from another site")
    origin = headers.get(b"origin", b"").decode("latin-1")
    # "null" is what browsers say on pages that hand their address to nobody; the token proves where it came from.
    if (
        not site
        and origin not in ("", "null")
        and origin.partition("://")[2] != headers.get(b"host", b"").decode("latin-1")
    ):
        raise CsrfRefused("This request came from another site")
    seed = credentials.cookie or credentials.csrf_seed
    given = headers.get(b"x-csrf-token", b"").decode("latin-1") or _from_form(scope, content_type, body)
    if not seed or not hmac.compare_digest(given.encode(), token_for(secret, seed).encode()):
        raise CsrfRefused


def _from_form(scope: Scope, content_type: str, body: bytes) -> str:
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    if "_csrf" in query:  # a multipart form without script carries it in its action's address
        return query["_csrf"][0]
    if content_type.startswith(FORM_TYPES[0]):
        try:
            fields = parse_qs(body.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
        except ValueError:
            raise Invalid("This form has too many fields") from None
        return fields.get("_csrf", [""])[0]
    return ""
