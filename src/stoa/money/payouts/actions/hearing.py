"""What providers tell by webhook. It is kept, and looked into; what becomes of a payout is always asked for.

So a webhook hurries the next look at a payout, and moves no money by itself; one that got lost is made up for by the
looks that are taken anyway.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import maybe, value
from stoa.kit.errors import NotFound
from stoa.kit.queue import RetryLater, enqueue
from stoa.money.payments.actions import webhooks as inbox
from stoa.money.payments.actions.webhooks import Applied, Known
from stoa.money.payouts.actions.moving import LOCKED
from stoa.money.payouts.actions.switchboard import provider_named, switched_on
from stoa.money.payouts.errors import BadPayoutWebhook
from stoa.money.payouts.messages import FollowPayout
from stoa.money.payouts.types import PayoutState

FAMILY: Final = "payout"
MAX_BODY_BYTES: Final = inbox.MAX_BODY_BYTES
_ANSWER_DUE_S: Final = 30


class _Attempt(msgspec.Struct, frozen=True):
    payout_id: UUID
    attempt: int


_BY_REFERENCE = maybe(
    _Attempt,
    """select a.payout_id, a.attempt from payout_attempts a join payouts p on p.id = a.payout_id
       where p.provider = $1 and a.reference = $2 order by a.begun_at desc limit 1""",
)
_IS_SENDING = value(
    bool,
    """select exists (
         select from payouts where provider = $1 and state = 'processing' and provider_reference is null)""",
)


async def receive(ctx: Ctx, provider_name: str, headers: Mapping[str, str], body: bytes) -> UUID:
    """Keep a provider's webhook in the inbox, and order that it be applied. Needs a connection in autocommit.

    Header names in lower case. Answers the inbox row's id. Raises NotFound for a provider that is not switched on, and
    BadWebhook for what is not believed.
    """
    if provider_name not in switched_on(ctx.app.settings):
        raise NotFound
    provider = provider_named(ctx, provider_name)
    verdict: str = provider.verify(ctx, headers, body)
    known: Known | None = None
    if verdict == "verified":
        try:
            news = provider.read(body)
        except BadPayoutWebhook:
            verdict = "unreadable"
        else:
            known = Known(news.event_id[: inbox.MAX_EVENT_ID], news.kind)
    return await inbox.keep(ctx, f"{FAMILY}:{provider.name}", headers, body, verdict, known)


async def apply(ctx: Ctx, provider_name: str, body: bytes) -> Applied:
    """Have the payout looked at, at once. Raises RetryLater while a transfer's own answer is still under way."""
    news = provider_named(ctx, provider_name).read(body)
    if news.reference is None:
        return Applied("unchanged", "not about a transfer")
    found = await _BY_REFERENCE(ctx.db, provider_name, news.reference)
    if found is None:
        if await _IS_SENDING(ctx.db, provider_name):  # perhaps it is that one
            raise RetryLater(_ANSWER_DUE_S, "No payout has this reference yet, and one is just being sent")
        return Applied("unchanged", "not about a payout of ours")
    payout = await LOCKED(ctx.db, found.payout_id)
    is_latest = found.attempt == payout.attempts
    is_open = payout.state == PayoutState.PROCESSING and payout.next_try_at is None
    has_come_back = payout.state == PayoutState.PAID and news.state == "failed"
    if is_latest and (is_open or has_come_back):
        await enqueue(ctx, FollowPayout(payout.id, payout.attempts), unique=f"{payout.id}:{payout.attempts}")
        return Applied("applied")
    if news.state == "arrived" and (not is_latest or payout.state != PayoutState.PAID):
        note = (
            f"Attempt {found.attempt} of payout {payout.id} had failed, and has arrived after all: please look into it"
        )
        return Applied("rejected", note)
    return Applied("unchanged")
