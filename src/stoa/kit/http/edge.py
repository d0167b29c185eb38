"""The edge of every request: who calls, may they, how often, and one transaction that ends before the answer leaves."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.exceptions import LitestarException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from stoa.kit.ctx import Actor, App
from stoa.kit.errors import Forbidden, Invalid, NotFound, TooLarge, Unauthenticated
from stoa.kit.http import csrf, idempotency
from stoa.kit.http.credentials import read_credentials
from stoa.kit.http.lending import Lending

log = structlog.get_logger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_PART_LENGTH = 250  # of one part of a path, in characters
MAX_BODY_BYTES = 1024 * 1024  # a route that takes uploads sets `request_max_body_size` itself and reads a stream

Authenticate = Callable[[Lending], Awaitable[Actor | None]]
Limiter = Callable[[App, Actor | None, str, str | None], Awaitable[None]]


class Edge:
    """Litestar middleware, made once per route.

    authenticate: resolves the credentials of a lending to an actor, or raises Unauthenticated for a bad bearer token.
    limiter: raises TooManyRequests; takes the app, the actor, the client's address and the route's limit class.
    """

    def __init__(self, app: ASGIApp, *, stoa: Callable[[], App], authenticate: Authenticate, limiter: Limiter) -> None:
        self.app = app
        self.stoa = stoa
        self.authenticate = authenticate
        self.limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        opt: dict[str, Any] = scope["route_handler"].opt
        if "access" not in opt:  # the framework's own OPTIONS answers
            await self.app(scope, receive, send)
            return
        stoa = self.stoa()
        credentials = read_credentials(scope, frozenset(stoa.settings.trusted_proxies))
        write = scope["method"] not in SAFE if opt["write"] is None else opt["write"]
        lending = Lending(stoa, write=write, trace_id=scope["state"]["trace_id"], credentials=credentials)
        scope["state"]["lending"] = lending
        try:
            await self._serve(scope, receive, send, lending, opt)
        except LitestarException as error:
            # A COMMIT that fails does so inside `send`, when the framework believes the answer has begun. It has not.
            if lending.answered or error.__cause__ is None:
                raise
            ScopeState.from_scope(scope).response_started = False
            raise error.__cause__ from None
        finally:
            await lending.finish(False)

    async def _serve(
        self, scope: HTTPScope, receive: Receive, send: Send, lending: Lending, opt: dict[str, Any]
    ) -> None:
        _refuse_bad_text(scope)
        access, credentials = opt["access"], lending.credentials
        if access != "provider" and not (access == "public" and opt["limit"] == "none"):
            lending.actor = await self.authenticate(lending)
        await self.limiter(lending.app, lending.actor, credentials.address, opt["limit"])
        check_access(access, lending.actor)
        if scope["method"] not in SAFE and access != "provider":
            receive, key, digest = await self._check_body(scope, receive, lending, opt)
            if key is not None:
                who = f"user:{lending.actor.id}" if lending.actor else f"address:{credentials.address}"
                before = await idempotency.claim(await lending.db(), who, key, digest)
                if before is not None:
                    await _repeat(before, send)
                    return
                await self.app(scope, receive, _Keeping(send, lending, who, key))
                return
        await self.app(scope, receive, _Ending(send, lending))

    async def _check_body(
        self, scope: HTTPScope, receive: Receive, lending: Lending, opt: dict[str, Any]
    ) -> tuple[Receive, str | None, bytes]:
        """CSRF and idempotency look at the body; it is then handed on as it came. Uploads are not read here."""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        wants_csrf = csrf.needs_check(lending.credentials, content_type)
        key = idempotency.key_of(scope) if opt["idempotent"] else None
        body = b""
        if (wants_csrf or key is not None) and not content_type.startswith("multipart/"):
            body = await _read(receive, MAX_BODY_BYTES)
            receive = _replayed(body)
        if wants_csrf:
            csrf.check(scope, lending.credentials, _secret(lending.app), content_type, body)
        return receive, key, idempotency.request_hash(scope, body) if key is not None else b""


def check_access(access: str, actor: Actor | None) -> None:
    """Raises Unauthenticated or Forbidden unless the actor may call a route of this access."""
    match access:
        case "public" | "provider":
            return
        case _ if actor is None:
            raise Unauthenticated
        case "member":
            return
        case "staff" if actor.is_staff:
            return
        case "admin" if actor.is_admin:
            return
        case _:
            raise Forbidden


def _secret(app: App) -> bytes:
    return app.settings.secret_key.encode()


def csrf_token(request: Any) -> str:
    """The token for forms of this page, bound to the session, or to an anonymous cookie that the envelope then sets."""
    state = request.scope["state"]
    lending: Lending | None = state.get("lending")
    if lending is None:  # the page that says that there is no such address
        return ""
    shown = lending.credentials
    seed = shown.cookie or shown.csrf_seed or state.setdefault("csrf_seed", secrets.token_urlsafe(24))
    return csrf.token_for(_secret(lending.app), seed)


def _refuse_bad_text(scope: Scope) -> None:
    """No path or query may hold NUL or broken UTF-8: nothing below could store or compare it."""
    query = scope.get("query_string", b"")
    if b"%00" in query or "\x00" in scope["path"]:
        raise Invalid("The address holds a character that is not allowed")
    if "�" in scope["path"]:
        raise Invalid("The address is not valid UTF-8")
    if len(scope["path"]) > MAX_PART_LENGTH and max(map(len, scope["path"].split("/"))) > MAX_PART_LENGTH:
        raise NotFound  # and no file could be named like that


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid("The request ended before it was complete")
        chunk = message.get("body", b"")
        size += len(chunk)  # type: ignore[arg-type]
        if size > limit:
            raise TooLarge
        chunks.append(chunk)  # type: ignore[arg-type]
        if not message.get("more_body"):
            return b"".join(chunks)


def _replayed(body: bytes) -> Receive:
    sent = False

    async def receive() -> Any:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _repeat(answer: idempotency.Answer, send: Send) -> None:
    body = answer.body or b""
    headers = [
        (b"content-type", (answer.content_type or "application/json").encode()),
        (b"content-length", str(len(body)).encode()),
        (b"idempotent-replayed", b"true"),
    ]
    await send({"type": "http.response.start", "status": answer.status or 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class _Ending:
    """A `send` that ends the transaction before the first byte of the answer leaves."""

    def __init__(self, send: Send, lending: Lending) -> None:
        self._send = send
        self._lending = lending

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._lending.finish(message["status"] < 400 or self._lending.keep)
            self._lending.answered = True
        await self._send(message)


class _Keeping(_Ending):
    """Holds the answer back until it is stored under its key and committed with the work it speaks of."""

    def __init__(self, send: Send, lending: Lending, who: str, key: str) -> None:
        super().__init__(send, lending)
        self._who = who
        self._key = key
        self._start: Message | None = None
        self._body: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body" or self._start is None:
            await self._send(message)
            return
        self._body.append(message["body"])
        if message.get("more_body"):
            return
        body, status = b"".join(self._body), self._start["status"]  # type: ignore[typeddict-item]
        commit = status < 400 or self._lending.keep
        if commit:
            headers = {k.lower(): v for k, v in self._start["headers"]}  # type: ignore[typeddict-item]
            content_type = headers.get(b"content-type", b"").decode("latin-1")
            db = await self._lending.db()
            await idempotency.keep(db, self._who, self._key, status=status, content_type=content_type, body=body)
        await self._lending.finish(commit)
        self._lending.answered = True
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
