"""`/api/v1/wallet`, `/api/v1/gifts`, `/api/v1/tips` and `/api/v1/transfers`."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, get, patch, post

from stoa.foundation.people.policies import access_person
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payments.types import CheckoutOut, PaidOrderOut, checkout_out, paid_order_out
from stoa.money.wallet import actions, queries
from stoa.money.wallet.policies import access_gift, access_tip, access_transfer
from stoa.money.wallet.queries import history
from stoa.money.wallet.schemas import (
    CoinCheckoutIn,
    CreditCheckoutIn,
    CreditPurchaseIn,
    GiftIn,
    GiftOut,
    PackagesOut,
    PurchaseIn,
    SettingsIn,
    TipIn,
    TipOut,
    TransferOut,
    WalletOut,
    gift_out,
    package_out,
    tip_out,
    transfer_out,
    wallet_out,
)

AnyRequest = Request[Any, Any, Any]


@get("/api/v1/wallet", opt=access("member"))
async def get_wallet(ctx: CtxDep) -> WalletOut:
    """One's own coins by bucket (M4)."""
    return wallet_out(await queries.wallet(ctx, ctx.member.id))


@get("/api/v1/wallet/packages", opt=access("public"))
async def list_packages(ctx: CtxDep) -> PackagesOut:
    """What coins cost (M3)."""
    return PackagesOut([package_out(package) for package in await queries.packages(ctx)])


@get("/api/v1/wallet/history", opt=access("member"))
async def list_history(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[TransferOut]:
    """What moved in one's own wallet, newest first, each movement with its postings explained."""
    before = decode(cursor, tuple[datetime, UUID], scope="wallet.history")
    rows = await history.lines(ctx, ctx.member.id, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope="wallet.history", key=lambda row: (row.created_at, row.transfer_id))
    return Page([transfer_out(row) for row in page.items], page.next_cursor)


@patch("/api/v1/wallet/settings", opt=access("member"))
async def change_settings(ctx: CtxDep, data: Body[SettingsIn]) -> WalletOut:
    """Whether promotional coins are taken as gifts (M4)."""
    await actions.change_settings(ctx, accepts_promotional=data.accepts_promotional)
    return wallet_out(await queries.wallet(ctx, ctx.member.id))


@post("/api/v1/wallet/purchases", opt=access("member", idempotent=True))
async def buy_coins(ctx: CtxDep, data: Body[PurchaseIn], request: AnyRequest) -> PaidOrderOut:
    """Buy a package with a payment method. A refused card is no error: look at `state` and `failure_message`."""
    key = key_of(request.scope) or str(new_id())
    confirmation = await actions.buy_coins(
        ctx, data.package_id, data.payment_method_id, key=key, return_url=data.return_url
    )
    return paid_order_out(confirmation)


@post("/api/v1/wallet/checkout", opt=access("member", idempotent=True))
async def checkout_coins(ctx: CtxDep, data: Body[CoinCheckoutIn], request: AnyRequest) -> CheckoutOut:
    """Buy a package on the gateway's hosted page."""
    key = key_of(request.scope) or str(new_id())
    return checkout_out(await actions.checkout_coins(ctx, data.package_id, key=key, return_url=data.return_url))


@post("/api/v1/wallet/credits", opt=access("member", idempotent=True))
async def buy_credits(ctx: CtxDep, data: Body[CreditPurchaseIn], request: AnyRequest) -> PaidOrderOut:
    """Buy credits with a payment method. A refused card is no error: look at `state` and `failure_message`."""
    confirmation = await actions.buy_credits(
        ctx,
        data.amount_minor,
        data.currency,
        data.payment_method_id,
        key=key_of(request.scope) or str(new_id()),
        return_url=data.return_url,
    )
    return paid_order_out(confirmation)


@post("/api/v1/wallet/credits/checkout", opt=access("member", idempotent=True))
async def checkout_credits(ctx: CtxDep, data: Body[CreditCheckoutIn], request: AnyRequest) -> CheckoutOut:
    """Buy credits on the gateway's hosted page."""
    key = key_of(request.scope) or str(new_id())
    return checkout_out(
        await actions.checkout_credits(ctx, data.amount_minor, data.currency, key=key, return_url=data.return_url)
    )


@post("/api/v1/gifts", opt=access("member", idempotent=True))
async def give(ctx: CtxDep, data: Body[GiftIn], request: AnyRequest) -> GiftOut:
    """Give coins to a person, or on a work to its owner (M6)."""
    recipient_id = data.recipient_id
    if recipient_id is None and data.recipient_username:
        recipient_id = (await queries.recipient(ctx, data.recipient_username)).user_id
    gift = await actions.gift(
        ctx,
        recipient_id=recipient_id,
        amount_coins=data.amount,
        message=data.message,
        work_id=data.work_id,
        key=key_of(request.scope) or str(new_id()),
    )
    return gift_out(gift, ctx.now, viewer_id=ctx.member.id)


@get("/api/v1/gifts", opt=access("member"))
async def list_gifts(
    ctx: CtxDep,
    direction: Query[Literal["sent", "received"]] = "sent",
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[GiftOut]:
    """Gifts one made or got, newest first."""
    before = decode(cursor, tuple[datetime, UUID], scope=f"gifts.{direction}")
    find = queries.gifts_sent if direction == "sent" else queries.gifts_received
    rows = await find(ctx, ctx.member.id, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope=f"gifts.{direction}", key=lambda row: (row.created_at, row.id))
    return Page([gift_out(row, ctx.now, viewer_id=ctx.member.id) for row in page.items], page.next_cursor)


@get("/api/v1/gifts/{gift_id:uuid}", opt=access("member"))
async def get_gift(ctx: CtxDep, gift_id: Path[UUID]) -> GiftOut:
    """A gift one is part of."""
    return gift_out(await access_gift(ctx, gift_id), ctx.now, viewer_id=ctx.member.id)


@post("/api/v1/gifts/{gift_id:uuid}/undo", status_code=200, opt=access("member", idempotent=True))
async def undo_gift(ctx: CtxDep, gift_id: Path[UUID]) -> GiftOut:
    """Take one's own gift back while its time runs."""
    return gift_out(await actions.undo_gift(ctx, gift_id), ctx.now, viewer_id=ctx.member.id)


@post("/api/v1/tips", opt=access("member", idempotent="own"))
async def send_tip(ctx: CtxDep, data: Body[TipIn], request: AnyRequest) -> Response[TipOut]:
    """Tip somebody 1 USD, or 3 USD as a superlike, from one's credits (M8)."""
    recipient_id = data.recipient_id
    if recipient_id is None:
        if not data.recipient_username:
            raise Invalid(fields={"recipient_username": "Whom is it for?"})
        recipient_id = (await access_person(ctx, data.recipient_username)).id
    key = key_of(request.scope) or str(new_id())
    tip = await actions.tip(ctx, recipient_id=recipient_id, superlike=data.superlike, key=key)
    return Response(tip_out(tip), headers={} if tip.created_at == ctx.now else {"idempotent-replayed": "true"})


@get("/api/v1/tips/{tip_id:uuid}", opt=access("member"))
async def get_tip(ctx: CtxDep, tip_id: Path[UUID]) -> TipOut:
    """A tip one is part of."""
    return tip_out(await access_tip(ctx, tip_id))


@get("/api/v1/transfers/{transfer_id:uuid}", opt=access("member"))
async def get_transfer(ctx: CtxDep, transfer_id: Path[UUID]) -> TransferOut:
    """A transfer with its postings, for those with a posting in it and for staff."""
    return transfer_out(await access_transfer(ctx, transfer_id))


routes = [
    get_wallet,
    list_packages,
    list_history,
    change_settings,
    buy_coins,
    checkout_coins,
    buy_credits,
    checkout_credits,
    give,
    list_gifts,
    get_gift,
    undo_gift,
    send_tip,
    get_tip,
    get_transfer,
]
