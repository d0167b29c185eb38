"""What people do on the sandbox's hosted pages. Orders learn of it only by the sandbox's webhook."""

from typing import Final

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, run
from stoa.money.payments.actions.switchboard import sandbox
from stoa.money.payments.gateways.sandbox import signed
from stoa.money.payments.types import SandboxAnswer, SandboxCard

DELIVERY_TIMEOUT_S: Final = 20.0


class _Outgoing(msgspec.Struct, frozen=True):
    body: str
    is_delivered: bool


_OUTGOING = maybe(_Outgoing, "select body, delivered_at is not null as is_delivered from sandbox_events where id = $1")
_DELIVERED = run("update sandbox_events set delivered_at = $2 where id = $1")


async def submit_card(ctx: Ctx, session_id: str, card: SandboxCard) -> SandboxAnswer:
    """A card typed on the hosted checkout page. Raises NotFound, SessionClosed, BadCard; pressing twice pays once."""
    return await sandbox(ctx).submit_card(ctx, session_id, card)


async def answer_challenge(ctx: Ctx, payment_id: str, *, approve: bool) -> SandboxAnswer:
    """The answer on the 3-D Secure page; a second answer changes nothing. Raises NotFound."""
    return await sandbox(ctx).answer_challenge(ctx, payment_id, approve=approve)


async def leave_checkout(ctx: Ctx, session_id: str) -> str:
    """The payer turns back on the hosted checkout page; answers the address to go to. Raises NotFound."""
    return await sandbox(ctx).leave(ctx, session_id)


async def deliver_sandbox_event(ctx: Ctx, event_id: str) -> None:
    """Send one of the sandbox's events to our webhook address by HTTP, as a gateway would. A refusal raises."""
    event = await _OUTGOING(ctx.db, event_id)
    if event is None or event.is_delivered:
        return
    body = event.body.encode()
    answer = await ctx.app.http.post(
        f"{ctx.app.settings.base_url}/api/v1/webhooks/sandbox",
        content=body,
        headers=signed(ctx.app, body, ctx.now),
        timeout=DELIVERY_TIMEOUT_S,
    )
    answer.raise_for_status()
    await _DELIVERED(ctx.db, event_id, ctx.now)
