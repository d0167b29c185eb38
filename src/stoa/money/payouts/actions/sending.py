"""Giving payouts to their provider, and what follows from its answers (M10).

Each step first commits what it is about to do, then speaks to the provider under a key made of the payout and the
attempt, then commits the answer. A worker that dies anywhere in between leaves a job that starts over and finds, under
the same key, the transfer it made: one attempt is one transfer.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.settings import queries as settings
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, many, update, value
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payouts import queries
from stoa.money.payouts.actions.moving import LOCKED, collect_debt, end, hold, is_barred, move
from stoa.money.payouts.actions.switchboard import provider_named
from stoa.money.payouts.actions.watching import hold_if_open
from stoa.money.payouts.errors import AccountChanged
from stoa.money.payouts.gateways import Provider, Transfer, TransferRequest
from stoa.money.payouts.messages import FollowPayout, PayoutFailed, PayoutPaid, PayoutSent, SubmitPayout
from stoa.money.payouts.types import COIN, PayoutState, PayoutView

FIRST_LOOK_S: Final = 2
LONGEST_PAUSE_S: Final = 3600
RETRY_AFTER_S: Final = (10, 60, 300)  # the last one for all further attempts
FORGOTTEN_AFTER_S: Final = 2 * LONGEST_PAUSE_S

_FORGOTTEN = many(
    PayoutView,
    f"""select {queries.PAYOUT_COLUMNS} from payouts
        where state in ('pending', 'processing') and greatest(updated_at, submit_at, next_try_at) < $1
        order by requested_at, id limit 100""",
)
_BEGUN_BY = value(str | None, "select account from payout_attempts where payout_id = $1 and attempt = $2")


async def submit(ctx: Ctx, payout_id: UUID, attempt: int) -> None:
    """Make one attempt. Needs a context outside of any transaction."""
    async with ctx.app.database.transaction() as db:
        payout = await _begin(replace(ctx, db=db), payout_id, attempt)
    if payout is None:
        return
    provider = await _asked(ctx, payout, attempt)
    request = TransferRequest(
        key=f"{payout.id}:{attempt}",
        amount_minor=payout.handed_minor,
        currency=payout.currency,
        recipient=payout.recipient,
        description=f"Earnings, {payout.requested_at:%B %Y}",
    )
    transfer = await provider.submit(ctx, request)
    async with ctx.app.database.transaction() as db:
        await _record(replace(ctx, db=db), payout_id, attempt, transfer)


async def follow(ctx: Ctx, payout_id: UUID, attempt: int) -> None:
    """Ask what became of an attempt, and act on it; also of one that had arrived, since banks send money back days
    later. Needs a context outside of any transaction."""
    payout = await queries.PAYOUT(ctx.db, payout_id)
    if not (_is_at(payout, attempt) or _was(payout, attempt)) or payout.provider_reference is None:
        return
    transfer = await (await _asked(ctx, payout, attempt)).look_up(ctx, payout.provider_reference)
    async with ctx.app.database.transaction() as db:
        await _record(replace(ctx, db=db), payout_id, attempt, transfer)


async def remind(ctx: Ctx) -> int:
    """Order the work on payouts again that nobody has touched for long, as when their job became a dead letter."""
    forgotten = await _FORGOTTEN(ctx.db, ctx.now - timedelta(seconds=FORGOTTEN_AFTER_S))
    for payout in forgotten:
        if payout.state == PayoutState.PROCESSING and payout.provider_reference and payout.next_try_at is None:
            await enqueue(ctx, FollowPayout(payout.id, payout.attempts), unique=f"{payout.id}:{payout.attempts}")
            continue
        attempt = payout.attempts
        if payout.state == PayoutState.PENDING or payout.next_try_at is not None:
            attempt += 1
        await enqueue(ctx, SubmitPayout(payout.id, attempt), unique=f"{payout.id}:{attempt}")
    return len(forgotten)


async def _begin(ctx: Ctx, payout_id: UUID, attempt: int) -> PayoutView | None:
    """Writes down that the attempt is being made; None when it is not to be made (any more)."""
    payout = await LOCKED(ctx.db, payout_id)
    if _is_at(payout, attempt) and payout.provider_reference is None:
        return payout  # begun before, by a worker that did not live to hear the answer
    first = payout.state == PayoutState.PENDING and attempt == 1
    again = payout.state == PayoutState.PROCESSING and payout.next_try_at is not None and payout.attempts == attempt - 1
    if not first and not again:
        return None
    if first and await is_barred(ctx, payout):  # since it was asked for: nothing leaves before somebody has looked (F5)
        await hold(ctx, payout, "The account is not in good standing")
        return None
    if first and await hold_if_open(ctx, payout):  # a flag whose news has not come yet
        return None
    account = provider_named(ctx, payout.provider).account(ctx)
    begun = {"payout_id": payout.id, "attempt": attempt, "account": account, "begun_at": ctx.now}
    await insert(ctx.db, "payout_attempts", begun)
    return await move(
        ctx,
        payout,
        PayoutState.PROCESSING,
        cause=f"attempt {attempt} is sent to {payout.provider}",
        attempts=attempt,
        provider_reference=None,
        next_try_at=None,
        failure_code=None,
        failure_reason=None,
    )


async def _asked(ctx: Ctx, payout: PayoutView, attempt: int) -> Provider:
    """The provider of an attempt. Raises AccountChanged while our keys belong to another account than when it began:
    that one would not know the transfer, and make a second one."""
    provider = provider_named(ctx, payout.provider)
    begun_by = await _BEGUN_BY(ctx.db, payout.id, attempt)
    if begun_by not in (None, provider.account(ctx)):
        raise AccountChanged(
            f"Attempt {attempt} of payout {payout.id} was begun by account {begun_by} at {provider.name}"
        )
    return provider


async def _record(ctx: Ctx, payout_id: UUID, attempt: int, transfer: Transfer) -> None:
    """What the provider said of an attempt; news of an attempt that is over is left alone."""
    payout = await LOCKED(ctx.db, payout_id)
    if _was(payout, attempt) and transfer.state == "failed":
        await _returned(ctx, payout, transfer)
    if not _is_at(payout, attempt):
        return
    if payout.provider_reference is None:
        cause = f"{payout.provider} took it as {transfer.reference}"
        payout = await move(
            ctx, payout, payout.state, cause=cause, provider_reference=transfer.reference, sent_at=ctx.now
        )
        taken = {"reference": transfer.reference}
        await update(ctx.db, "payout_attempts", taken, where={"payout_id": payout.id, "attempt": attempt})
        await emit(ctx, PayoutSent(payout.id, payout.user_id))
    match transfer.state:
        case "arrived":
            await _arrived(ctx, payout)
        case "failed":
            await _failed(ctx, payout, transfer)
        case "processing":
            look_at = _next_look(ctx, payout)
            await update(ctx.db, "payouts", {"updated_at": ctx.now}, where={"id": payout.id})  # it is not forgotten
            await enqueue(ctx, FollowPayout(payout.id, attempt), run_at=look_at, unique=f"{payout.id}:{attempt}")


async def _arrived(ctx: Ctx, payout: PayoutView) -> None:
    """What was reserved is redeemed, and the money for it leaves, in one transfer; the provider's fee is part of it.

    A fee that the platform bears is a transfer of its own, beside it: a hold pays for nothing but itself.
    """
    out = _outward(payout)
    is_coins = payout.asset == COIN
    sold = Leg(AccountRef(None, payout.currency, "coin_sales"), -payout.net_payout_minor)
    settled = await ledger.settle(
        ctx,
        payout.hold_id,
        legs_to=[Leg(AccountRef(None, COIN, "redeemed"), payout.source_minor)] if is_coins else out,
        beside=[sold, *out] if is_coins else [],
        key=f"payout-paid:{payout.id}",
        cause=f"Payout {payout.provider_reference} has arrived",
    )
    if payout.fee_on_platform and payout.fee_minor:
        costs = AccountRef(None, payout.currency, "payout_costs")
        await ledger.post(
            ctx,
            kind="payout_cost",
            legs=[Leg(costs, -payout.fee_minor), Leg(_fees(payout), payout.fee_minor)],
            key=f"payout-cost:{payout.id}",
            cause=f"The fee of {payout.provider} for payout {payout.provider_reference}",
            metadata={"payout_id": str(payout.id)},
        )
    await move(
        ctx,
        payout,
        PayoutState.PAID,
        cause=f"{payout.provider} says that the money has arrived",
        transfer_id=settled.closing_transfer_id,
        ended_at=ctx.now,
    )
    await emit(ctx, PayoutPaid(payout.id, payout.user_id, payout.net_payout_minor, payout.currency))


async def _returned(ctx: Ctx, payout: PayoutView, transfer: Transfer) -> None:
    """The bank sent it back after all: the money is at the provider again with its fee, and what was redeemed for it is
    earned again. It is not sent again by itself: the place is wrong, or the account there is closed."""
    reason = transfer.failure_reason or "The bank sent it back"
    back = [Leg(AccountRef(payout.user_id, payout.asset, "earned"), payout.source_minor)]
    if payout.asset == COIN:
        back.append(Leg(AccountRef(None, COIN, "redeemed"), -payout.source_minor))
        back.append(Leg(AccountRef(None, payout.currency, "coin_sales"), payout.net_payout_minor))
    back += [Leg(leg.account, -leg.amount_minor) for leg in _outward(payout)]
    if payout.fee_on_platform and payout.fee_minor:
        back.append(Leg(AccountRef(None, payout.currency, "payout_costs"), payout.fee_minor))
        back.append(Leg(_fees(payout), -payout.fee_minor))
    await ledger.post(
        ctx,
        kind="payout_returned",
        legs=back,
        key=f"payout-returned:{payout.id}",
        cause=f"A payout came back from the bank; it is among your earnings again: {reason}",
        metadata={"payout_id": str(payout.id)},
    )
    await collect_debt(ctx, payout)
    payout = await move(
        ctx,
        payout,
        PayoutState.FAILED,
        cause=f"{payout.provider} says that the money has come back: {reason}",
        failure_code=transfer.failure_code,
        failure_reason=reason,
        ended_at=ctx.now,
    )
    await emit(ctx, PayoutFailed(payout.id, payout.user_id, reason))


def _outward(payout: PayoutView) -> list[Leg]:
    """What leaves of the net, and what of it the provider keeps."""
    kept_minor = 0 if payout.fee_on_platform else payout.fee_minor
    world = AccountRef(None, payout.currency, f"payout_world:{payout.provider}")
    return [Leg(world, payout.net_payout_minor - kept_minor), Leg(_fees(payout), kept_minor)]


def _fees(payout: PayoutView) -> AccountRef:
    """What the provider has kept."""
    return AccountRef(None, payout.currency, f"payout_fees:{payout.provider}")


async def _failed(ctx: Ctx, payout: PayoutView, transfer: Transfer) -> None:
    retries = (await settings.platform(ctx)).payout_retries
    reason = transfer.failure_reason or "The provider could not send it"
    if payout.attempts > retries:
        cause = f"attempt {payout.attempts} failed: {reason}; that was the last one"
        await end(
            ctx, payout, PayoutState.FAILED, cause=cause, failure_code=transfer.failure_code, failure_reason=reason
        )
        return
    pause_s = RETRY_AFTER_S[min(payout.attempts, len(RETRY_AFTER_S)) - 1]
    next_try_at = ctx.now + timedelta(seconds=pause_s)
    await move(
        ctx,
        payout,
        payout.state,
        cause=f"attempt {payout.attempts} of {retries + 1} failed: {reason}; the next one in {pause_s} s",
        next_try_at=next_try_at,
        failure_code=transfer.failure_code,
        failure_reason=reason,
    )
    attempt = payout.attempts + 1
    await enqueue(ctx, SubmitPayout(payout.id, attempt), run_at=next_try_at, unique=f"{payout.id}:{attempt}")


def _is_at(payout: PayoutView, attempt: int) -> bool:
    """Whether the outcome of this attempt is what the payout waits for."""
    return payout.state == PayoutState.PROCESSING and payout.attempts == attempt and payout.next_try_at is None


def _was(payout: PayoutView, attempt: int) -> bool:
    """Whether it is paid by this attempt."""
    return payout.state == PayoutState.PAID and payout.attempts == attempt


def _next_look(ctx: Ctx, payout: PayoutView) -> datetime:
    """Soon at first, then after as long again as it has taken so far."""
    waited_s = (ctx.now - payout.sent_at).total_seconds() if payout.sent_at else 0.0
    return ctx.now + timedelta(seconds=min(max(waited_s, FIRST_LOOK_S), LONGEST_PAUSE_S))
