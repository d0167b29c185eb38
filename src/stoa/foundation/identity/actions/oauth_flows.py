"""The way to a provider and back (I7). A way is begun once, in one browser, and used once; the database decides.

begun = await oauth_flows.begin(app, "google", redirect_uri=...)     # may ask the provider: no connection is held
await oauth_flows.keep(ctx, begun, came_from="login", next="/")      # then the browser gets its cookie and goes
flow = await oauth_flows.take(ctx, "google", state=..., browser=...)
identity = await oauth_flows.redeem(app, flow, code)                 # asks the provider
"""

import base64
import hashlib
import secrets
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from stoa.foundation.identity.actions.tokens import digest
from stoa.foundation.identity.errors import FlowOver
from stoa.foundation.identity.gateways import Ask, Code
from stoa.foundation.identity.gateways.configured import provider_of
from stoa.foundation.identity.types import Identity, Person, Provider
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import insert, maybe, run
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.ids import new_id

FLOW_TTL: Final = timedelta(minutes=10)
MAX_PARAMETER_CHARS: Final = 4096
COOKIE: Final = "stoa_oauth_"
PAGE_CALLBACK: Final = "/oauth/{}/callback"
API_CALLBACK: Final = "/api/v1/auth/oauth/{}/callback"

Origin = Literal["login", "register", "connected", "api"]  # where somebody began, and is told how it ended


class Begun(msgspec.Struct, frozen=True):
    """A way that can be taken: send the browser to `url`, and give it `browser` in the cookie `cookie`."""

    provider: Provider
    url: str
    state: str
    nonce: str
    verifier: str
    browser: str
    redirect_uri: str

    @property
    def cookie(self) -> str:
        """Each way has a cookie of its own, so that two tabs do not get into each other's."""
        return cookie_of(self.state)


class Flow(msgspec.Struct, frozen=True):
    """A way that has been used up just now."""

    id: UUID
    provider: Provider
    purpose: Literal["login", "connect"]
    nonce: str
    verifier_sealed: bytes | None
    redirect_uri: str
    came_from: Origin
    next: str
    given_name: str | None
    taken_at: datetime


class Origins(msgspec.Struct, frozen=True):
    """Where a way began, without using it up."""

    came_from: Origin
    next: str


class Pending(msgspec.Struct, frozen=True):
    """Somebody known at a provider who has not told an e-mail yet."""

    id: UUID
    provider: Provider
    next: str
    identity_sealed: bytes | None


# ---- out -------------------------------------------------------------------------------------------------------


def cookie_of(state: str) -> str:
    """The name of the cookie that binds this state to its browser."""
    return COOKIE + digest(state).hex()[:12]


def check_offered(app: App, provider: str) -> None:
    """Raises ProviderNotConfigured."""
    provider_of(app.settings, provider)


def redirect_uri_of(app: App, provider: str, wanted: str | None, default: str) -> str:
    """Where the provider sends people back to: one of our two addresses, or one of an app. Raises Invalid."""
    own = [app.settings.base_url + path.format(provider) for path in (PAGE_CALLBACK, API_CALLBACK)]
    if wanted is None:
        return app.settings.base_url + default.format(provider)
    if wanted not in (*own, *app.settings.oauth_redirect_uris):
        raise Invalid(fields={"redirect_uri": "This address is not among those that are allowed here"})
    return wanted


async def begin(app: App, provider: str, *, redirect_uri: str | None, default: str = API_CALLBACK) -> Begun:
    """A fresh way out. Touches no database. Raises ProviderNotConfigured, ProviderUnavailable, Invalid."""
    gateway = provider_of(app.settings, provider)
    back = redirect_uri_of(app, provider, redirect_uri, default)
    state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
    hashed = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
    ask = Ask(redirect_uri=back, state=state, nonce=nonce, challenge=challenge)
    url = await gateway.authorization_url(app, ask)
    return Begun(Provider(provider), url, state, nonce, verifier, browser, back)


async def keep(ctx: Ctx, begun: Begun, *, connects: bool = False, came_from: Origin = "api", next: str = "/") -> None:
    """Writes down a way, so that it can be come back on. `connects`: to the actor's account, in this very session."""
    flow_id = new_id()
    await insert(
        ctx.db,
        "oauth_flows",
        {
            "id": flow_id,
            "provider": begun.provider.value,
            "purpose": "connect" if connects else "login",
            "state_hash": digest(begun.state),
            "nonce": begun.nonce,
            "verifier_sealed": ctx.app.keyring.seal(begun.verifier.encode(), _place(flow_id, "verifier")),
            "browser_hash": digest(begun.browser),
            "user_id": ctx.member.id if connects else None,
            "session_id": ctx.member.session_id if connects else None,
            "redirect_uri": begun.redirect_uri,
            "came_from": came_from,
            "next": next,
            "created_at": ctx.now,
            "expires_at": ctx.now + FLOW_TTL,
        },
    )


# ---- back ------------------------------------------------------------------------------------------------------

# A way of another browser, session or provider is left as it is: whoever sees a state cannot spoil it for its owner.
_TAKE = """
    update oauth_flows set used_at = $1
    where provider = $2 and used_at is null and expires_at > $1 and purpose = any($4)
      and (purpose = 'login' or (purpose = 'connect' and session_id = $3))
"""
_TAKEN = (
    "returning id, provider, purpose, nonce, verifier_sealed, redirect_uri, came_from, next, given_name, $1 as taken_at"
)
_BY_STATE = maybe(Flow, f"{_TAKE} and state_hash = $5 and browser_hash = $6 {_TAKEN}")
_BY_NONCE = maybe(Flow, f"{_TAKE} and nonce = $5 {_TAKEN}")
_ORIGINS = maybe(
    Origins, "select came_from, next from oauth_flows where state_hash = $1 and provider = $2 and browser_hash = $3"
)
_NAME = run(
    """
    update oauth_flows set given_name = $4
    where state_hash = $1 and provider = $2 and used_at is null and expires_at > $3 and given_name is null
    """
)
_PRUNE = run("delete from oauth_flows where expires_at < $1")


async def take(ctx: Ctx, provider: str, *, state: str, browser: str, connects: bool | None = None) -> Flow:
    """Uses a way up, once: of this provider, in the browser where it began, and to connect, in its session.

    connects: whether it must be a way to connect, or must not; None takes either. Raises FlowOver.
    """
    taken = await _BY_STATE(
        ctx.db, ctx.now, provider, _session(ctx), _purposes(connects), digest(state), digest(browser)
    )
    if taken is None:
        raise FlowOver
    return taken


async def take_nonce(ctx: Ctx, provider: str, nonce: str, *, connects: bool) -> Flow:
    """The same for an app that comes with what it got by itself: the nonce was ours, and is good once. Raises
    FlowOver."""
    taken = await _BY_NONCE(ctx.db, ctx.now, provider, _session(ctx), _purposes(connects), nonce)
    if taken is None:
        raise FlowOver
    return taken


def _session(ctx: Ctx) -> UUID | None:
    return ctx.actor.session_id if ctx.actor else None


def _purposes(connects: bool | None) -> list[str]:
    return ["login", "connect"] if connects is None else ["connect" if connects else "login"]


async def origins_of(ctx: Ctx, provider: str, state: str, browser: str) -> Origins | None:
    """Where somebody began who comes back with this state, in this browser, used up or not."""
    return await _ORIGINS(ctx.db, digest(state), provider, digest(browser))


async def redeem(app: App, flow: Flow, code: str) -> Identity:
    """Who came back with this code. Touches no database. Raises ProofRefused, ProviderUnavailable."""
    verifier = app.keyring.open(flow.verifier_sealed or b"", _place(flow.id, "verifier")).decode()
    gateway = provider_of(app.settings, flow.provider)
    asked = Code(code=code, verifier=verifier, redirect_uri=flow.redirect_uri, nonce=flow.nonce, at=flow.taken_at)
    return named(await gateway.redeem(app, asked), flow.given_name)


def named(identity: Identity, given_name: str | None) -> Identity:
    """Apple tells a name only beside the code."""
    if not given_name or identity.person.name:
        return identity
    person: Person = msgspec.structs.replace(identity.person, name=given_name)
    return msgspec.structs.replace(identity, person=person)


async def posted(ctx: Ctx, provider: str, form: Mapping[str, object]) -> dict[str, str]:
    """Takes what a foreign page had the browser post (Apple's way); answers the query to come back with.

    Such a post carries none of our cookies, so nothing is decided here. It only leaves the name that came beside the
    code, with the way whose state it knows; then the browser is sent to the callback as from any other provider.
    """
    query = {name: str(form[name]) for name in ("code", "state", "error") if isinstance(form.get(name), str)}
    query = {name: text for name, text in query.items() if storable(text) and len(text) <= MAX_PARAMETER_CHARS}
    name = _name_in(form.get("user"))
    if name and "state" in query:
        await _NAME(ctx.db, digest(query["state"]), provider, ctx.now, name)
    return query


class _Names(msgspec.Struct, rename="camel"):
    first_name: str = ""
    last_name: str = ""


class _User(msgspec.Struct):
    name: _Names = msgspec.field(default_factory=_Names)


def _name_in(user: object) -> str | None:
    """Only the name: the e-mail that stands beside it is nobody's word but the browser's."""
    if not isinstance(user, str) or len(user) > MAX_PARAMETER_CHARS:
        return None
    try:
        name = msgspec.json.decode(user, type=_User).name
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return tidy(f"{name.first_name} {name.last_name}", 100)


def tidy(text: str | None, max_chars: int) -> str | None:
    """A provider's text as it can be kept and shown: one line without control characters, of bounded length."""
    if text is None:
        return None
    printable = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in text)
    return " ".join(printable.split())[:max_chars] or None


async def prune(ctx: Ctx) -> int:
    """Forgets ways that lead nowhere any more; answers how many."""
    return await _PRUNE(ctx.db, ctx.now)


# ---- somebody without an e-mail --------------------------------------------------------------------------------

_PENDING = "where state_hash = $1 and purpose = 'complete' and used_at is null and expires_at > $2"
_PENDING_OF = maybe(Pending, f"select id, provider, next, identity_sealed from oauth_flows {_PENDING}")
_CLOSE_PENDING = maybe(
    Pending, f"update oauth_flows set used_at = $2 {_PENDING} returning id, provider, next, identity_sealed"
)


async def hold(ctx: Ctx, identity: Identity, *, next: str = "/") -> str:
    """Keeps who somebody is for ten minutes, in a transaction of its own: the request is answered as a refusal.

    Answers the token that goes on with it.
    """
    token, flow_id = secrets.token_urlsafe(32), new_id()
    async with ctx.app.side.transaction() as db:
        await insert(
            db,
            "oauth_flows",
            {
                "id": flow_id,
                "provider": identity.provider.value,
                "purpose": "complete",
                "state_hash": digest(token),
                "nonce": secrets.token_urlsafe(32),
                "browser_hash": digest(token),
                "redirect_uri": "",
                "came_from": "api",
                "next": next,
                "identity_sealed": ctx.app.keyring.seal(msgspec.json.encode(identity), _place(flow_id, "identity")),
                "created_at": ctx.now,
                "expires_at": ctx.now + FLOW_TTL,
            },
        )
    return token


async def held(ctx: Ctx, token: str) -> tuple[Pending, Identity]:
    """Whom this token stands for. Raises FlowOver."""
    return _opened(ctx, await _PENDING_OF(ctx.db, digest(token), ctx.now))


async def take_held(ctx: Ctx, token: str) -> tuple[Pending, Identity]:
    """The same, used up, once. Raises FlowOver."""
    return _opened(ctx, await _CLOSE_PENDING(ctx.db, digest(token), ctx.now))


def _opened(ctx: Ctx, pending: Pending | None) -> tuple[Pending, Identity]:
    if pending is None or pending.identity_sealed is None:
        raise FlowOver
    plain = ctx.app.keyring.open(pending.identity_sealed, _place(pending.id, "identity"))
    return pending, msgspec.json.decode(plain, type=Identity)


def _place(flow_id: UUID, what: str) -> str:
    return f"oauth_flow:{flow_id}:{what}"
