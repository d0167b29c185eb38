"""`/api/v1/checkout`: buying on the gateway's hosted page, and how far that is."""

from litestar import get, post

from stoa.foundation.people.policies import access_person
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import Body, CtxDep, Path, Request, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id
from stoa.money.payments.actions import asking
from stoa.money.payments.actions.buying import buy
from stoa.money.payments.policies import access_checkout
from stoa.money.payments.schemas import CheckoutStatusOut, checkout_status_out
from stoa.money.payments.schemas.checkout import PurchaseCheckoutIn, SubscriptionCheckoutIn, TipCheckoutIn
from stoa.money.payments.types import CheckoutOut, OrderState, checkout_out, is_sold

MEMBERSHIP = "membership"


@post("/api/v1/checkout/tip", opt=access("member", idempotent=True))
async def tip(ctx: CtxDep, data: Body[TipCheckoutIn], request: Request) -> CheckoutOut:
    """Tip somebody by card (M8). A creator with a gateway account of their own is paid there (M12)."""
    recipient_id = data.recipient_id
    if recipient_id is None:
        if not data.recipient_username:
            raise Invalid(fields={"recipient_username": "Whom is it for?"})
        recipient_id = (await access_person(ctx, data.recipient_username)).id
    given = {"recipient_id": str(recipient_id), "superlike": data.superlike}
    return checkout_out(await buy(ctx, "tip", given, key=_key(request), return_url=data.return_url))


@post("/api/v1/checkout/purchase", opt=access("member", idempotent=True))
async def purchase(ctx: CtxDep, data: Body[PurchaseCheckoutIn], request: Request) -> CheckoutOut:
    """Buy one thing of a kind that is sold, such as coins or credits."""
    if data.kind == MEMBERSHIP:
        raise Invalid(fields={"kind": "A membership is begun at /api/v1/checkout/subscription"})
    if (data.amount_minor is None) != (data.currency is None):
        raise Invalid(fields={"amount_minor": "Please give an amount and its currency, or neither"})
    expected = None
    if data.amount_minor is not None and data.currency is not None:
        expected = (data.amount_minor, data.currency)
    return checkout_out(
        await buy(
            ctx,
            data.kind,
            data.item,
            key=_key(request),
            return_url=data.return_url,
            gateway=data.gateway,
            expected=expected,
        )
    )


@post("/api/v1/checkout/subscription", opt=access("member", idempotent=True))
async def subscription(ctx: CtxDep, data: Body[SubscriptionCheckoutIn], request: Request) -> CheckoutOut:
    """Begin a membership of a creator's tier. 404 for a tier that nobody offers."""
    if not is_sold(MEMBERSHIP):
        raise NotFound("There is no such tier")
    given = {"tier_id": str(data.tier_id), "billing": data.billing}
    return checkout_out(await buy(ctx, MEMBERSHIP, given, key=_key(request), return_url=data.return_url))


@get(["/api/v1/checkout/session/{session_id:str}", "/api/v1/checkouts/{session_id:str}"], opt=access("member"))
async def get_checkout(ctx: CtxDep, session_id: Path[str]) -> CheckoutStatusOut:
    """How far a hosted checkout of one's own is, at whatever gateway; one that is slow to tell us is asked."""
    status = await access_checkout(ctx, session_id)
    if status.order_state == OrderState.PENDING:
        await asking.ask_soon(ctx, status.order_id)
    return checkout_status_out(status)


def _key(request: Request) -> str:
    return key_of(request.scope) or str(new_id())


routes = [tip, purchase, subscription, get_checkout]
