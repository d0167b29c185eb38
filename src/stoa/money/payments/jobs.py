"""Payments without a request: the inbox, the sandbox's webhooks, double payments, orders nobody paid."""

from dataclasses import replace

from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles
from stoa.money.payments import actions
from stoa.money.payments.actions import accounts, asking, hosted, looking_after, webhooks
from stoa.money.payments.actions.switchboard import gateway_of
from stoa.money.payments.messages import ApplyWebhook, AskOrder, DeliverSandboxEvent, LetAccountGo, RefundExtra


@handles(ApplyWebhook)
async def apply_webhook(ctx: Ctx, job: ApplyWebhook) -> None:
    """The event's effect and the job's end commit together."""
    await webhooks.apply(ctx, job.webhook_event_id)


@handles(DeliverSandboxEvent)
async def deliver_sandbox_event(ctx: Ctx, job: DeliverSandboxEvent) -> None:
    """A webhook sent twice is known by its event id."""
    await hosted.deliver_sandbox_event(ctx, job.event_id)


@handles(RefundExtra)
async def refund_extra(ctx: Ctx, job: RefundExtra) -> None:
    """A refund made twice is known by its key."""
    async with ctx.app.database.transaction() as db:
        own = replace(ctx, db=db)
        gateway = await gateway_of(own, job.gateway, job.account_id)
        key = f"extra:{job.payment_id}"
        await gateway.refund(own, payment_id=job.payment_id, amount_minor=job.amount_minor, key=key)


@handles(AskOrder)
async def ask_order(ctx: Ctx, job: AskOrder) -> None:
    """What the gateway says is merged like a webhook."""
    await asking.ask(ctx, job.order_id)


@every(name="payments.ask_again", seconds=60, outside=True)
async def ask_again(ctx: Ctx) -> dict[str, int]:
    """Orders whose gateway's webhooks stay away are asked about."""
    return await asking.ask_again(ctx)


@every(name="payments.close_unpaid", seconds=600)
async def close_unpaid(ctx: Ctx) -> int:
    """Orders that nobody paid in time are cancelled."""
    return await actions.close_unpaid(ctx)


@every(name="payments.forget_unbelieved", cron="17 3 * * *")
async def forget_unbelieved(ctx: Ctx) -> int:
    """Webhooks that were not believed are kept for a while, not for ever."""
    return await webhooks.forget_unbelieved(ctx)


@handles(LetAccountGo)
async def let_account_go(ctx: Ctx, job: LetAccountGo) -> None:
    """An account that is not connected any more is let go already; one that was connected again meanwhile is kept."""
    if await accounts.is_connected(ctx, job.account_id):
        return
    from stoa.money.payments.gateways.stripe.connect import let_go  # its client takes a while to import

    await let_go(ctx.app, job.account_id)


@every(name="payments.wipe_gateway_keys", seconds=600)
async def wipe_gateway_keys(ctx: Ctx) -> dict[str, int]:
    """Keys of accounts that were left go with the last open order; the others are sealed by the first key."""
    return {"wiped": await accounts.wipe(ctx), "resealed": await accounts.reseal(ctx)}


@every(name="payments.look_after_accounts", seconds=3600, outside=True)
async def look_after_accounts(ctx: Ctx) -> dict[str, int]:
    """Creators' accounts that do not open any more take no payments, until they do again."""
    return await looking_after.look_after(ctx)
