"""Messages without a request: delivering them, and forgetting them in time."""

from stoa.foundation.mail.actions import delivery
from stoa.foundation.mail.messages import DeliverMessage
from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles


@handles(DeliverMessage)
async def deliver_message(ctx: Ctx, job: DeliverMessage) -> None:
    """One attempt."""
    await delivery.deliver(ctx, job.message_id)


@every(name="mail.remind", seconds=600)
async def remind(ctx: Ctx) -> int:
    """No message is forgotten."""
    return await delivery.remind(ctx)


@every(name="mail.prune", seconds=3600)
async def prune(ctx: Ctx) -> dict[str, int]:
    """Bodies hold links and names; they are not kept longer than they are of use."""
    return {"touched": await delivery.prune(ctx)}
