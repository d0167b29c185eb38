"""`/wallet/gifts`: gifts made and received, and taking one's own back while its time runs (M6)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.pagination import decode, keyset
from stoa.money.wallet import actions, queries
from stoa.money.wallet.errors import GiftSpent, UndoTooLate
from stoa.money.wallet.policies import access_gift

LIMIT = 20
DIRECTIONS = ("sent", "received")


@get("/wallet/gifts", opt=access("member"))
async def list_gifts(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Gifts of one direction, newest first."""
    direction = request.query_params.get("direction", "sent")
    if direction not in DIRECTIONS:
        raise Invalid(fields={"direction": "sent or received"})
    scope = f"gifts.{direction}"
    before = decode(request.query_params.get("cursor"), tuple[datetime, UUID], scope=scope)
    find = queries.gifts_sent if direction == "sent" else queries.gifts_received
    rows = await find(ctx, ctx.member.id, before=before, limit=LIMIT + 1)
    gifts = keyset(rows, LIMIT, scope=scope, key=lambda gift: (gift.created_at, gift.id))
    name = "reader/_gifts.html" if "hx-request" in request.headers else "reader/gifts.html"
    return await page(request, ctx, name, gifts=gifts, direction=direction)


@get("/wallet/gifts/{gift_id:uuid}", opt=access("member"))
async def show_gift(request: Request[Any, Any, Any], ctx: CtxDep, gift_id: Path[UUID]) -> Response[str]:
    """One gift, for its two people and for staff; HTMX takes its line, when the time to undo it is over."""
    gift = await access_gift(ctx, gift_id)
    direction = "received" if gift.recipient.id == ctx.member.id else "sent"
    name = "reader/_gift.html" if "hx-request" in request.headers else "reader/gift.html"
    return await page(request, ctx, name, gift=gift, direction=direction)


@post("/wallet/gifts/{gift_id:uuid}/undo", opt=access("member"))
async def undo_gift(request: Request[Any, Any, Any], ctx: CtxDep, gift_id: Path[UUID]) -> Response[Any]:
    """Takes one's own gift back; a second click changes nothing."""
    back = see_other("/wallet/gifts?direction=sent")
    htmx = "hx-request" in request.headers
    try:
        gift = await actions.undo_gift(ctx, gift_id)
    except (UndoTooLate, GiftSpent) as error:
        if htmx:
            raise
        flash.add(request, back, flash.Toast(error.detail, "bad"))
        return back
    response: Response[Any] = back
    if htmx:
        response = await page(request, ctx, "reader/_gift_undone.html", gift=gift, direction="sent")
    coins = "coin is" if gift.amount_coins == 1 else "coins are"
    flash.add(request, response, flash.Toast(f"Your {gift.amount_coins:,} {coins} back.", "good"))
    return response


routes = [list_gifts, show_gift, undo_gift]
