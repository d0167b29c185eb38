"""Synctale's routes."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from msgspec import Meta

from stoa.compat.synctale.bodies import (
    CreatedOut,
    EarningsOut,
    FullPost,
    GiftIn,
    GiftOut,
    Pagination,
    PayoutOut,
    PostIn,
    PostsOut,
    PurchaseIn,
    PurchaseOut,
    ReadPost,
    coins,
    common,
    listed,
    payout_of,
)
from stoa.creation.posts import actions as posts
from stoa.creation.posts import queries as post_queries
from stoa.creation.posts.policies import access_post
from stoa.creation.works.actions import readers
from stoa.creation.works.errors import TextRefused
from stoa.creation.works.types import Sort, State
from stoa.kit.errors import NotFound, StoaError
from stoa.kit.http import Body, CtxDep, Path, Query, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.http.lending import lending_of
from stoa.kit.http.problems import DIALECTS
from stoa.kit.ids import new_id
from stoa.money.payments.types import OrderState
from stoa.money.payouts import actions as payouts
from stoa.money.payouts import queries as payout_queries
from stoa.money.payouts.types import payout_amounts
from stoa.money.wallet import actions as wallet
from stoa.money.wallet import queries as wallet_queries

AnyRequest = Request[Any, Any, Any]


# ---- posts -----------------------------------------------------------------------------------------------------


@get("/api/posts", opt=access("public"))
async def list_posts(
    ctx: CtxDep,
    page: Query[Annotated[int, Meta(ge=1, le=100_000)]] = 1,
    limit: Query[Annotated[int, Meta(ge=1, le=50)]] = 10,
    category: Query[str | None] = None,
    sort: Query[Sort] = Sort.RECENT,
) -> PostsOut:
    """Published posts, page by page (P2)."""
    found = await post_queries.posts_page(ctx, sort=sort, category=category, page=page, limit=limit)
    return PostsOut(
        posts=[listed(work) for work in found.items],
        pagination=Pagination(page=found.page, limit=found.limit, total=found.total, pages=found.pages),
    )


@post("/api/posts", opt=access("member"))
async def create_post(ctx: CtxDep, data: Body[PostIn], request: AnyRequest) -> CreatedOut:
    """Writes and publishes at once; a text that needs a moderator's look says so in `message` (P5).

    One that is refused stays as a draft: nothing that was typed is lost.
    """
    draft = await posts.write(
        ctx, title=data.title, body_markdown=data.content, category=data.category, images=data.images
    )
    try:
        made = await posts.publish(ctx, draft.id)
    except TextRefused:
        lending_of(request.scope).keep = True
        raise
    waits = made.state != State.PUBLISHED
    return CreatedOut(
        message="Post waits for review" if waits else "Post created successfully",
        post=FullPost(**common(made), content=data.content),
    )


@get("/api/posts/{id:uuid}", opt=access("public"))
async def read_post(ctx: CtxDep, id: Path[UUID]) -> ReadPost:
    """One post; counts a view once per reader, never for its author (P2)."""
    await access_post(ctx, id)
    await readers.record_view(ctx, id)
    found = await access_post(ctx, id)
    return ReadPost(
        **common(found),
        content=await post_queries.source(ctx, found),
        is_liked=found.my_reaction == "like",
        is_disliked=found.my_reaction == "dislike",
    )


# ---- coins and earnings ----------------------------------------------------------------------------------------


@post("/api/coins/purchase", status_code=200, opt=access("member", idempotent=True))
async def purchase(ctx: CtxDep, data: Body[PurchaseIn], request: AnyRequest) -> PurchaseOut | Response[Any]:
    """Buys a package with a payment method; a payment that does not succeed is 400, and the order is kept (M3, M14)."""
    key = key_of(request.scope) or str(new_id())
    confirmation = await wallet.buy_coins(ctx, data.package_id, data.payment_method_id, key=key)
    order = confirmation.order
    if order.state != OrderState.PAID:
        lending_of(request.scope).keep = True
        wants_payer = confirmation.next_action is not None
        refusal = {
            "error": "Payment failed",
            "code": "authentication_required" if wants_payer else order.failure_code or "payment_failed",
            "detail": order.failure_message or "The payment did not succeed",
            "orderId": order.id,
            "nextActionUrl": confirmation.next_action.url if confirmation.next_action else None,
        }
        return Response(content=refusal, status_code=400, media_type="application/problem+json")
    package = await wallet_queries.package(ctx, data.package_id)
    if package is None or order.payment_id is None:
        raise NotFound
    return PurchaseOut(
        message="Coins purchased successfully", coins=package.total_coins, payment_intent_id=order.payment_id
    )


@post("/api/coins/gift", status_code=200, opt=access("member", idempotent=True))
async def gift(ctx: CtxDep, data: Body[GiftIn], request: AnyRequest) -> GiftOut:
    """Gives coins to a person (M6)."""
    key = key_of(request.scope) or str(new_id())
    given = await wallet.gift(
        ctx, recipient_id=data.recipient_id, amount_coins=data.amount, message=data.message, key=key
    )
    return GiftOut(message="Coins gifted successfully", amount=given.amount_coins, recipient=given.recipient.username)


@get("/api/earnings", opt=access("member"))
async def get_earnings(ctx: CtxDep) -> EarningsOut:
    """Earned coins that no payout has been asked for yet, and the last ten payouts."""
    found = await payout_queries.earnings(ctx, ctx.member.id)
    earned_minor = found.timeline.payable_minor
    worth = payout_amounts(earned_minor, coins_per_usd=found.coins_per_usd, creator_percent=found.creator_percent)
    return EarningsOut(
        total_earned_coins=coins(earned_minor),
        total_earned_usd=worth.net_payout_minor / 100,
        available_for_payout=found.payable.net_payout_minor / 100 if found.payable else 0.0,
        minimum_payout=round(found.payout_min_coins / found.coins_per_usd, 2),
        payouts=[payout_of(p) for p in await payout_queries.payouts(ctx, ctx.member.id, asset="COIN", limit=10)],
    )


@post("/api/earnings/payout", status_code=200, opt=access("member", idempotent=True))
async def request_payout(ctx: CtxDep, request: AnyRequest) -> PayoutOut:
    """Asks for all earned coins as money (M7)."""
    made = await payouts.request_payout(ctx, key=key_of(request.scope) or str(new_id()))
    return PayoutOut(message="Payout requested successfully", payout=payout_of(made))


routes = [
    list_posts,
    create_post,
    read_post,
    purchase,
    gift,
    get_earnings,
    request_payout,
]


# ---- refusals --------------------------------------------------------------------------------------------------

_NAMES = {"body_markdown": "content", "package_id": "packageId", "payment_method_id": "paymentMethodId"}


def dialect(error: StoaError) -> tuple[int, dict[str, Any]]:
    """Synctale's shape of an error: 400 where we say 402, 409 or 422, `error` in words, `details` per field."""
    status = 400 if error.status in (402, 409, 422) else error.status
    fields: dict[str, str] = error.extra.get("fields", {})
    extra: dict[str, Any] = {"error": error.detail if not fields else "Validation failed"}
    if fields:
        extra["details"] = [f"{_NAMES.get(name, name)}: {message}" for name, message in fields.items()]
    if error.code == "insufficient_funds":
        extra["error"] = "Insufficient balance"
    return status, extra


for _method, _path in (
    ("POST", "/api/auth/register"),
    ("POST", "/api/auth/login"),
    ("GET", "/api/posts"),
    ("POST", "/api/posts"),
    ("GET", "/api/posts/{id}"),
    ("POST", "/api/coins/purchase"),
    ("POST", "/api/coins/gift"),
    ("GET", "/api/earnings"),
    ("POST", "/api/earnings/payout"),
):
    DIALECTS[f"{_method} {_path}"] = dialect
