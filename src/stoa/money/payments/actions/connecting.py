"""The way to Stripe and back, by which a creator connects an account to the platform's (OAuth).

The state that goes along is signed, holds for ten minutes, and only in the session in which the way was begun.
"""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import App, Ctx
from stoa.kit.errors import Invalid
from stoa.kit.ids import new_id
from stoa.money.payments.gateways import trying
from stoa.money.payments.types.accounts import NewKeys, Tried

CALLBACK: Final = "/dashboard/payments/connected/stripe"
TTL: Final = timedelta(minutes=10)
_PURPOSE: Final = "stripe connect"
_OVER: Final = "This way to Stripe is over, or was begun elsewhere. Please begin again"


class _State(msgspec.Struct, frozen=True):
    user_id: UUID
    session_id: UUID | None
    ends_at: datetime
    nonce: UUID


def is_connectable(app: App) -> bool:
    """Whether accounts can be connected to the platform's."""
    from stoa.money.payments.gateways.stripe import connect  # its client takes a while to import

    return connect.is_connectable(app)


async def redeem(app: App, code: str) -> Tried:
    """The account that a creator agreed to connect. Nothing of the database is needed. Raises Invalid,
    GatewayUnavailable."""
    from stoa.money.payments.gateways.stripe import connect  # its client takes a while to import

    return await connect.redeem(app, code)


async def try_keys(app: App, keys: NewKeys) -> Tried:
    """What keys open that a creator brought along; see `gateways.trying`. Raises Invalid, GatewayUnavailable."""
    return await trying.try_keys(app, keys)


def begin(ctx: Ctx) -> str:
    """Where the acting member agrees at Stripe. Raises UnknownGateway where accounts cannot be connected."""
    from stoa.money.payments.gateways.stripe.connect import authorization_url  # its client takes a while to import

    state = _State(ctx.member.id, ctx.member.session_id, ctx.now + TTL, new_id())
    body = msgspec.json.encode(state)
    signed = _text(body) + "." + _text(ctx.app.keyring.sign(body, _PURPOSE))
    return authorization_url(ctx.app, state=signed, redirect_uri=ctx.app.settings.base_url + CALLBACK)


def check(ctx: Ctx, state: str | None) -> None:
    """Whether a way ends where it was begun: for this member, in this session, in time. Raises Invalid."""
    wrong = Invalid(fields={"state": _OVER})
    try:
        body, signature = (_bytes(part) for part in (state or "").split("."))
    except (ValueError, binascii.Error):
        raise wrong from None
    if not ctx.app.keyring.verify(body, signature, _PURPOSE):
        raise wrong
    known = msgspec.json.decode(body, type=_State)
    if (known.user_id, known.session_id) != (ctx.member.id, ctx.member.session_id) or known.ends_at < ctx.now:
        raise wrong


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
