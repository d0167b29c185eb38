"""The edge of every request: who calls, may they, how often, and one transaction that ends before the answer leaves."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.exceptions import LitestarException
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from stoa.kit.ctx import Actor, App
from stoa.kit.errors import Forbidden, Invalid, NotFound, TooLarge, Unauthenticated, Unavailable
from stoa.kit.http import csrf, idempotency
from stoa.kit.http.credentials import read_credentials
from stoa.kit.http.lending import Lending

log = structlog.get_logger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_PART_LENGTH = 250  # of one part of a path, in characters
MAX_BODY_BYTES = 1024 * 1024  # where a route does not say otherwise by `request_max_body_size`
BODY_TIMEOUT_S = 15.0
SLOWEST_BYTES_PER_S = 128 * 1024  # an upload may take so much longer
GATES = {"auth": 4, "upload": 3}  # by limit class; well below the size of the pool
GATE_TIMEOUT_S = 15.0

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
        lending = Lending(stoa, trace_id=scope["state"]["trace_id"], credentials=credentials)
        lending.authenticate = self.authenticate
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
        """Nothing of the database is held while the caller sends: a few who send slowly would have all of it."""
        _refuse_bad_text(scope)
        await self._admit(lending, opt)
        if scope["method"] in SAFE:
            if opt["write"]:
                await lending.begin_writing()
            await self.app(scope, receive, _Ending(send, lending))
            return
        await lending.finish(False)
        handler: Any = scope["route_handler"]
        body = await _read(receive, handler.resolve_request_max_body_size() or MAX_BODY_BYTES)
        if opt["write"] is not False:
            await lending.begin_writing()
        async with _gate(lending.app, opt["limit"] if opt["gated"] else None):
            await self._change(scope, body, send, lending, opt)

    async def _admit(self, lending: Lending, opt: dict[str, Any]) -> None:
        """Who it is, how often they came, and whether they may. A bad token counts against its sender's address."""
        access, address = opt["access"], lending.credentials.address
        if access != "provider" and not (access == "public" and opt["limit"] == "none"):
            try:
                lending.actor = await self.authenticate(lending)
            except Unauthenticated:
                await self.limiter(lending.app, None, address, opt["limit"])
                raise
        await self.limiter(lending.app, lending.actor, address, opt["limit"])
        check_access(access, lending.actor)

    async def _change(self, scope: HTTPScope, body: bytes, send: Send, lending: Lending, opt: dict[str, Any]) -> None:
        """A request that changes something: really from one of our pages, and once for each Idempotency-Key."""
        receive, credentials = _replayed(body), lending.credentials
        scope["state"]["body"] = body  # for whoever tells of an error without losing what was typed
        content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
        if opt["access"] != "provider" and csrf.needs_check(credentials, content_type):
            csrf.check(scope, credentials, _secret(lending.app), content_type, body)
        key = idempotency.key_of(scope) if opt["idempotent"] is True else None
        if key is None:
            await self.app(scope, receive, _Ending(send, lending))
            return
        who = f"user:{lending.actor.id}" if lending.actor else f"address:{credentials.address}"
        before = await idempotency.claim(await lending.db(), who, key, idempotency.request_hash(scope, body))
        if before is not None:
            await _repeat(before, send)
            return
        await self.app(scope, receive, _Keeping(send, lending, who, key))


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


async def _read(receive: Receive, limit_bytes: int) -> bytes:
    """The whole body. Raises TooLarge beyond the limit, and Invalid for one that does not come to its end in time."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S + limit_bytes / SLOWEST_BYTES_PER_S):
            while True:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise Invalid("The request ended before it was complete")
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > limit_bytes:
                    raise TooLarge
                chunks.append(chunk)
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise Invalid("The request did not arrive in time") from None


@asynccontextmanager
async def _gate(app: App, kind: str | None) -> AsyncIterator[None]:
    """Few at a time of what computes long while it holds a connection: hashing passwords, making pictures."""
    width = GATES.get(kind or "")
    if width is None:
        yield
        return
    gate: asyncio.Semaphore = app.cache.setdefault(("gate", kind), asyncio.Semaphore(width))
    try:
        async with asyncio.timeout(GATE_TIMEOUT_S):
            await gate.acquire()
    except TimeoutError:
        raise Unavailable("Too many people want this at once. Please try again in a moment") from None
    try:
        yield
    finally:
        gate.release()


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
            await self._lending.finish(self._lending.is_kept(message["status"]))
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
        commit = self._lending.is_kept(status)
        if commit:
            headers = {k.lower(): v for k, v in self._start["headers"]}  # type: ignore[typeddict-item]
            content_type = headers.get(b"content-type", b"").decode("latin-1")
            db = await self._lending.db()
            await idempotency.keep(db, self._who, self._key, status=status, content_type=content_type, body=body)
        await self._lending.finish(commit)
        self._lending.answered = True
        await self._send(self._start)
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
