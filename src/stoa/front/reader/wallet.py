"""`/wallet`: the balance and its buckets, what coins cost, credits, and the setting of promotional coins (M3, M4)."""

import re
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.settings.queries import platform
from stoa.front import flash
from stoa.front.leaving import leave_to
from stoa.front.page import page, see_other
from stoa.front.studio.payouts import set_aside_for
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access
from stoa.kit.ids import new_id
from stoa.kit.money import parse_decimal
from stoa.money.payments import actions as payments
from stoa.money.payments.errors import OrderClosed
from stoa.money.payouts.queries import payables
from stoa.money.payouts.types import PayoutView
from stoa.money.wallet import actions, queries
from stoa.money.wallet.queries import history
from stoa.money.wallet.types import CREDIT_LIMITS, USD, Package, WalletView

RECENT = 6
PLAIN_AMOUNT = re.compile(r"[0-9]{1,12}([.][0-9]{1,3})?")

# What can be paid with at once while there is no real gateway: the sandbox's stored methods.
TEST_METHODS = (
    ("pm_card_visa", "Test card that pays"),
    ("pm_card_authenticationRequired", "Test card whose bank asks first"),
    ("pm_card_chargeDeclined", "Test card that is declined"),
)

FormKey = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class PackageForm(msgspec.Struct):
    """A package, and the key that was drawn when the form was shown: sent twice, it buys once (M11)."""

    package_id: Annotated[int, msgspec.Meta(ge=1, le=32767)]
    key: FormKey


class PurchaseForm(PackageForm):
    """The same, paid at once with a stored method."""

    payment_method_id: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]


class CreditForm(msgspec.Struct):
    """How much credit, as written, in which currency, and the key of the form (M11)."""

    amount: Annotated[str, msgspec.Meta(min_length=1, max_length=20)]
    currency: Annotated[str, msgspec.Meta(min_length=3, max_length=10)]
    key: FormKey


def per_coin(package: Package) -> str:
    """Price of one coin, bonus counted, in hundredths of the currency's main unit: '3.63'."""
    hundredths = package.price_minor * 100 / package.total_coins
    return f"{hundredths / 100:.2f}"


def saving_percent(package: Package, dearest: Package) -> int:
    """By how much a coin of this package costs less than one of the smallest package, in whole percent."""
    return 100 - package.price_minor * dearest.total_coins * 100 // (dearest.price_minor * package.total_coins)


@get("/wallet", opt=access("member"))
async def show_wallet(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The balance, the packages, the latest movements."""
    return await _wallet_page(request, ctx)


async def _wallet_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    *,
    errors: dict[str, str] | None = None,
    status: int = 200,
    credit: tuple[str, str] = ("", USD),
) -> Response[str]:
    me = ctx.member
    packages = await queries.packages(ctx)
    wallet = await queries.wallet(ctx, me.id)
    return await page(
        request,
        ctx,
        "reader/wallet.html",
        status=status,
        held=wallet,
        wallet=wallet,
        under_way=await _under_way(ctx, wallet),
        set_aside_for=set_aside_for,
        packages=[(p, per_coin(p), saving_percent(p, packages[0])) for p in packages],
        lines=await history.lines(ctx, me.id, limit=RECENT),
        config=await platform(ctx),
        key=str(new_id()),
        methods=TEST_METHODS if ctx.app.settings.sandbox else (),
        errors=errors or {},
        credit=credit,
        currencies=[(code, code) for code in CREDIT_LIMITS],
    )


async def _under_way(ctx: Ctx, wallet: WalletView) -> dict[str, PayoutView]:
    """Payouts under way by asset; nothing is asked for where nothing is set aside."""
    if not wallet.reserved_minor and not any(held.reserved_minor for held in wallet.currencies):
        return {}
    return {one.asset: one.open_payout for one in await payables(ctx, ctx.member.id) if one.open_payout}


@post("/wallet/checkout", opt=access("member"))
async def open_checkout(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Places the order and goes to the gateway's page; the payer comes back to the order."""
    try:
        given = forms.parse(PackageForm, dict(await request.form()), strict=False)
        order = await actions.order_coins(ctx, given.package_id, key=given.key)
    except Invalid as error:
        return await _wallet_page(request, ctx, errors=error.fields, status=error.status)
    return await to_checkout(request, ctx, order.id)


@post("/wallet/credits", opt=access("member"))
async def add_credits(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Places an order for credits and goes to the gateway's page."""
    form = dict(await request.form())
    try:
        given = forms.parse(CreditForm, form, strict=False)
        if not PLAIN_AMOUNT.fullmatch(given.amount.strip()):
            raise Invalid(fields={"amount": "Please give an amount, such as 20 or 12.50"})
        if given.currency not in CREDIT_LIMITS:
            raise Invalid(fields={"currency": "Please choose a currency"})
        amount_minor = parse_decimal(given.amount, given.currency)
        order = await actions.order_credits(ctx, amount_minor, given.currency, key=given.key)
    except Invalid as error:
        typed = str(form.get("amount", ""))[:20], str(form.get("currency", ""))[:10]
        return await _wallet_page(request, ctx, errors=error.fields, status=error.status, credit=typed)
    return await to_checkout(request, ctx, order.id)


async def to_checkout(
    request: Request[Any, Any, Any], ctx: Ctx, order_id: UUID, *, own_page: bool = False
) -> Response[Any]:
    """Off to the hosted page of an order; one that is closed shows what became of it instead.

    own_page: the payer comes back to the page of the checkout, where it has one, and not to the order in their wallet.
    """
    back = f"/wallet/orders/{order_id}"
    try:
        checkout = await payments.start_checkout(ctx, order_id, None if own_page else back)
    except OrderClosed:
        return see_other(back)
    return await leave_to(request, ctx, checkout.url, back=back, why="There you enter your card.")


@post("/wallet/purchase", opt=access("member"))
async def purchase(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Buys a package with a stored method; where the bank asks first, the payer goes there."""
    try:
        given = forms.parse(PurchaseForm, dict(await request.form()), strict=False)
        order = await actions.order_coins(ctx, given.package_id, key=given.key)
        confirmation = await payments.confirm(
            ctx, order.id, given.payment_method_id, return_url=f"/wallet/orders/{order.id}"
        )
    except Invalid as error:
        return await _wallet_page(request, ctx, errors=error.fields, status=error.status)
    except OrderClosed:
        return see_other(f"/wallet/orders/{order.id}")
    if confirmation.next_action is not None:
        back = f"/wallet/orders/{order.id}"
        return await leave_to(request, ctx, confirmation.next_action.url, back=back, why="Your bank asks you first.")
    return see_other(f"/wallet/orders/{order.id}")


@post("/wallet/settings", opt=access("member"))
async def change_settings(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Whether promotional coins are taken as gifts (M4)."""
    accepts = (await request.form()).get("accepts_promotional") == "on"
    await actions.change_settings(ctx, accepts_promotional=accepts)
    text = "You now take promotional coins." if accepts else "You no longer take promotional coins."
    htmx = "hx-request" in request.headers
    response: Response[Any] = Response(content=None, status_code=204) if htmx else see_other("/wallet#settings")
    flash.add(request, response, flash.Toast(text, "good"))
    return response


routes = [show_wallet, open_checkout, purchase, add_credits, change_settings]
