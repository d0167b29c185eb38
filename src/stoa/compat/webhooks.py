"""Where DreamDot's and 3AM's documents have Stripe send its webhooks: the same inbox as `/api/v1/webhooks/stripe`."""

from typing import Any
from uuid import UUID

from litestar import Request, post

from stoa.kit.http import CtxDep, access
from stoa.money.payments.actions import webhooks


@post(
    ["/webhook/stripe", "/api/payments/webhook"],
    status_code=200,
    # As there: what is refused is kept, so a refusal must not roll back; and a gateway's burst is no abuse.
    opt=access("provider", write=False, limit="none"),
    request_max_body_size=webhooks.MAX_BODY_BYTES,
)
async def receive_stripe(ctx: CtxDep, request: Request[Any, Any, Any]) -> dict[str, UUID]:
    """An event of Stripe: kept, then applied by a job."""
    headers = {name.lower(): content for name, content in request.headers.items()}
    return {"id": await webhooks.receive(ctx, "stripe", headers, await request.body())}


routes = [receive_stripe]
