"""A run: what a gateway lists, and then what stands here, compared; what differs is looked at again before it is told.

Nothing is locked meanwhile, and payments go on: what is read later on one side than on the other may differ for a
moment. So each difference is asked about once more, by its order, and only what still differs then is written down.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.foundation.audit import actions as audit
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, update, value
from stoa.kit.errors import Invalid, NotFound, Unavailable
from stoa.kit.ids import new_id
from stoa.kit.queue import enqueue
from stoa.money.payments import queries as orders
from stoa.money.payments.actions import asking
from stoa.money.payments.actions.asking import Listed, Payment
from stoa.money.payments.actions.switchboard import gateway_of
from stoa.money.payments.errors import GatewayDisconnected, UnknownGateway
from stoa.money.payouts.actions import asking as payouts
from stoa.money.payouts.actions.switchboard import switched_on as providers_on
from stoa.money.reconciliation import queries
from stoa.money.reconciliation.actions import comparing
from stoa.money.reconciliation.errors import RunUnderWay
from stoa.money.reconciliation.messages import Compare
from stoa.money.reconciliation.policies import check_may_reconcile
from stoa.money.reconciliation.types import LONGEST_DAYS, Finding, Kind, Ours, PayoutHere, Run, Subject

SETTLED_AFTER: Final = timedelta(minutes=15)  # news of what is younger may be on its way
USUAL: Final = timedelta(days=3)
FIRST_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
FORGOTTEN_AFTER: Final = timedelta(hours=2)  # a run that has not ended by then will not

_FORGET = run(
    """update reconciliation_runs set state = 'failed', failure = 'It was interrupted', ended_at = $1
       where state = 'running' and started_at < $2"""
)
_BEGIN = value(
    UUID | None,
    """insert into reconciliation_runs (id, subject, gateway, account_id, since, until, state, actor_id, started_at)
       values ($1, $2, $3, $4, $5, $6, 'running', $7, $8)
       on conflict (subject, gateway, account_id) where state = 'running' do nothing returning id""",
)
_UNDER_WAY = value(
    UUID | None,
    """select id from reconciliation_runs
       where state = 'running' and subject = $1 and gateway = $2 and account_id is not distinct from $3""",
)
# What an administrator has settled stays settled for as long as both sides say the same.
_FOUND = value(
    UUID | None,
    """
    insert into reconciliation_discrepancies as known (id, subject, gateway, account_id, kind, reference, order_id,
      payout_id, currency, here, there, at, first_run_id, last_run_id, found_at, seen_at)
    select $1, r.subject, r.gateway, r.account_id, $3, $4, $5, $6, $7, $8, $9, $10, r.id, r.id, $11, $11
    from reconciliation_runs r
    where r.id = $2 and not exists (
      select from reconciliation_discrepancies d
      where d.state = 'resolved' and d.subject = r.subject and d.gateway = r.gateway
        and d.account_id is not distinct from r.account_id and d.kind = $3 and d.reference = $4
        and d.here = $8 and d.there = $9)
    on conflict (subject, gateway, account_id, kind, reference) where state = 'open' do update
      set here = excluded.here, there = excluded.there, order_id = excluded.order_id,
        last_run_id = excluded.last_run_id, seen_at = excluded.seen_at
    returning id
    """,
)


class _Closed(msgspec.Struct, frozen=True):
    id: UUID


_CLOSE = many(
    _Closed,
    """
    update reconciliation_discrepancies d set state = 'closed', ended_at = $3, last_run_id = r.id
    from reconciliation_runs r
    where r.id = $1 and d.state = 'open' and d.subject = r.subject and d.gateway = r.gateway
      and d.account_id is not distinct from r.account_id and d.at >= r.since and d.at < r.until
      and d.id <> all($2::uuid[])
    returning d.id
    """,
)
_STILL_RUNNING = value(bool | None, "select state = 'running' from reconciliation_runs where id = $1 for update")


async def start(
    ctx: Ctx,
    *,
    subject: Subject,
    gateway: str,
    account_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    queued: bool = True,
) -> Run:
    """Start a run over what was paid from `since` to before `until`; a job makes it, unless the caller does.

    Without `until` it leaves out the last minutes, whose news may be on its way; without `since` it covers three days,
    and reaches back to the oldest open matter. For administrators. Raises Invalid for an unknown gateway or a period
    without days or with too many, and RunUnderWay.
    """
    check_may_reconcile(ctx)
    since, until = await _period(ctx, subject, gateway, account_id, since, until)
    await _check_known(ctx, subject, gateway, account_id)
    await _FORGET(ctx.db, ctx.now, ctx.now - FORGOTTEN_AFTER)
    run_id, actor_id = new_id(), ctx.actor.id if ctx.actor else None
    if await _BEGIN(ctx.db, run_id, subject, gateway, account_id, since, until, actor_id, ctx.now) is None:
        raise RunUnderWay(run_id=await _UNDER_WAY(ctx.db, subject, gateway, account_id))
    if ctx.actor is not None:
        after = {"subject": subject, "gateway": gateway, "since": since.isoformat(), "until": until.isoformat()}
        await audit.record(ctx, "reconciliation.started", subject="reconciliation_run", subject_id=run_id, after=after)
    if queued:
        await enqueue(ctx, Compare(run_id))
    return await queries.run(ctx, run_id)


async def perform(ctx: Ctx, run_id: UUID) -> Run:
    """Make a run that was begun; one that has ended stays as it is. Needs a context outside of any transaction.

    A gateway that does not answer ends it as failed, and closes nothing.
    """
    begun = await queries.run(ctx, run_id)
    if begun.state != "running":
        return begun
    compare = _payments if begun.subject == "payments" else _payouts
    try:
        found, compared, elsewhere = await compare(ctx, begun)
    except (Unavailable, UnknownGateway, GatewayDisconnected, Invalid) as error:
        changed: dict[str, Any] = {"state": "failed", "failure": error.detail, "ended_at": ctx.now}
        await update(ctx.db, "reconciliation_runs", changed, where={"id": run_id, "state": "running"})
        return await queries.run(ctx, run_id)
    async with ctx.app.database.transaction() as db:
        await _write_down(replace(ctx, db=db), run_id, found, compared, elsewhere)
    return await queries.run(ctx, run_id)


async def compare_order(ctx: Ctx, gateway: str, account_id: UUID | None, order_id: UUID) -> list[Finding]:
    """What differs about one order now. Raises NotFound, GatewayUnavailable, UnknownGateway."""
    listed: dict[str, Listed] = {}
    await _ask_about(ctx, order_id, listed)
    ours = await queries.ours_of(ctx, gateway, account_id, order_id)
    here = await queries.orders_here(ctx, gateway, account_id, [order_id])
    return comparing.payments(listed, ours, here, books=account_id is None)


async def compare_payout(ctx: Ctx, payout_id: UUID) -> list[Finding]:
    """What differs about one payout now. Raises NotFound, ProviderUnavailable."""
    here = await queries.payout_here(ctx, payout_id)
    return comparing.payouts([(here, await payouts.told(ctx, payout_id))], ctx.now)


# ---- the period and the accounts


async def _period(
    ctx: Ctx, subject: Subject, gateway: str, account_id: UUID | None, since: datetime | None, until: datetime | None
) -> tuple[datetime, datetime]:
    until = min(until, ctx.now) if until else ctx.now - SETTLED_AFTER
    if until < FIRST_DAY:
        raise Invalid(fields={"until": f"Nothing is from before {FIRST_DAY:%Y}"})
    if since is None:
        oldest = await queries.oldest_open(ctx, subject, gateway, account_id)
        earliest = until - timedelta(days=LONGEST_DAYS)
        since = max(earliest, min(until - USUAL, oldest or until))
    if since >= until:
        raise Invalid(fields={"since": "This must be before the end of the period, which is not after now"})
    if until - since > timedelta(days=LONGEST_DAYS):
        raise Invalid(fields={"since": f"At most {LONGEST_DAYS} days at once"})
    return since, until


async def _check_known(ctx: Ctx, subject: Subject, gateway: str, account_id: UUID | None) -> None:
    wrong = Invalid(fields={"gateway": "No such gateway is switched on"})
    if subject == "payouts":
        if gateway not in providers_on(ctx.app.settings) or account_id is not None:
            raise wrong
        return
    try:
        await gateway_of(ctx, gateway, account_id)
    except NotFound:
        raise wrong from None


# ---- the two comparisons


async def _payments(ctx: Ctx, begun: Run) -> tuple[list[Finding], int, int]:
    account = (begun.gateway, begun.account_id)
    listed = {one.payment_id: one for one in await asking.list_payments(ctx, *account, begun.since, begun.until)}
    elsewhere = sum(one.order_id is None for one in listed.values())
    found, compared = await _compare(ctx, begun, listed)
    if await _learn_fees(ctx, found, listed):
        found, compared = await _compare(ctx, begun, listed)
    for order_id in {finding.order_id for finding in found if finding.order_id}:
        await _ask_about(ctx, order_id, listed)
    if any(finding.order_id for finding in found):
        found, compared = await _compare(ctx, begun, listed)
    if begun.account_id is None:
        found += comparing.strays(await queries.strays(ctx, begun.gateway, begun.since, begun.until))
    return found, compared, elsewhere


async def _compare(ctx: Ctx, begun: Run, listed: dict[str, Listed]) -> tuple[list[Finding], int]:
    account = (begun.gateway, begun.account_id)
    ours = await queries.ours(ctx, *account, listed, begun.since, begun.until)
    ids = {one.order_id for one in listed.values() if one.order_id}
    here = await queries.orders_here(ctx, *account, ids)
    found = comparing.payments(listed, _in_view(ours, listed, begun), here, books=begun.account_id is None)
    return found, len(listed.keys() | {one.payment_id for one in ours})


def _in_view(ours: Iterable[Ours], listed: dict[str, Listed], begun: Run) -> list[Ours]:
    """Without other payments of the same orders, which this period's list says nothing about."""
    return [one for one in ours if one.payment_id in listed or begun.since <= one.ordered_at < begun.until]


async def _learn_fees(ctx: Ctx, found: list[Finding], listed: dict[str, Listed]) -> int:
    """Gateways tell their fee only with the list, not with the webhook of a payment: what was not said yet is taken
    over, and is no difference. Answers how many."""
    learnt = 0
    for one in found:
        if one.kind == Kind.FEE and one.here["fee_minor"] == 0 and one.order_id is not None:
            await asking.take_over(ctx, one.order_id, listed[one.reference])
            learnt += 1
    return learnt


async def _ask_about(ctx: Ctx, order_id: UUID, listed: dict[str, Listed]) -> None:
    """Puts what the gateway says of an order now into the list."""
    order = await orders.ORDER(ctx.db, order_id)
    for payment in await asking.payments_of(ctx, order):
        before = listed.get(payment.payment_id)
        listed[payment.payment_id] = _listed(payment, before.created_at if before else order.created_at)


def _listed(payment: Payment, created_at: datetime) -> Listed:
    return Listed(
        payment_id=payment.payment_id,
        order_id=payment.order_id,
        status=payment.status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        captured_minor=payment.captured_minor,
        refunded_minor=payment.refunded_minor,
        fee_minor=payment.fee_minor,
        created_at=created_at,
    )


async def _payouts(ctx: Ctx, begun: Run) -> tuple[list[Finding], int, int]:
    pairs: list[tuple[PayoutHere, Any]] = []
    for here in await queries.payouts_here(ctx, begun.gateway, begun.since, begun.until):
        there = await payouts.told(ctx, here.id)
        pairs.append((await queries.payout_here(ctx, here.id), there))  # as it is after it was asked about
    return comparing.payouts(pairs, ctx.now), len(pairs), 0


# ---- what it comes to


async def _write_down(ctx: Ctx, run_id: UUID, found: list[Finding], compared: int, elsewhere: int) -> None:
    if not await _STILL_RUNNING(ctx.db, run_id):
        return
    seen: list[UUID] = []
    for one in found:
        known = await _FOUND(
            ctx.db,
            new_id(),
            run_id,
            one.kind,
            one.reference,
            one.order_id,
            one.payout_id,
            one.currency,
            one.here,
            one.there,
            one.at,
            ctx.now,
        )
        if known is not None:
            seen.append(known)
    await _CLOSE(ctx.db, run_id, seen, ctx.now)
    ended = {
        "state": "done",
        "compared": compared,
        "elsewhere": elsewhere,
        "found": len(seen),
        "ended_at": ctx.now,
    }
    await update(ctx.db, "reconciliation_runs", ended, where={"id": run_id})
