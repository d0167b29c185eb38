"""Gifts: the form, in a dialog or as a page of its own, and taking one back while its time runs (M6)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.posts.policies import access_post_by_slug
from stoa.foundation.people.policies import access_person
from stoa.foundation.people.types import PersonView
from stoa.foundation.settings.queries import platform
from stoa.front import flash, formats
from stoa.front.flash import Action, Toast
from stoa.front.page import base_context, page, render, safe_next, see_other
from stoa.front.public.profile import username_of
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id, parse_id
from stoa.money.splits.queries import rule_at
from stoa.money.wallet import actions
from stoa.money.wallet.errors import GiftToOneself, NotEnoughCoins
from stoa.money.wallet.queries import recipient, wallet, wallet_row
from stoa.money.wallet.types import COIN, MINOR_PER_COIN, GiftView, WalletView, gift_target

SUGGESTED = (20, 50, 200)


class GiftForm(msgspec.Struct):
    """What the form sends; `amount` is one of the suggestions or "other"."""

    recipient_id: UUID
    amount: str
    key: Annotated[str, msgspec.Meta(min_length=8, max_length=100)]
    work_id: UUID | None = None
    other_amount: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | None = None
    message: Annotated[str, msgspec.Meta(max_length=500)] | None = None
    next: str = "/"


class GiftPlace(msgspec.Struct):
    """What the gift form shows: to whom, for what, what there is to give, and what was typed already.

    `balance_minor` can be given to this recipient, `promotional_minor` of it first. `refused_minor` is in the wallet
    too: promotional coins, which they do not take (M4).
    """

    recipient: PersonView
    work_id: UUID | None
    back: str
    key: str
    balance_minor: int
    promotional_minor: int
    refused_minor: int
    coins_per_usd: int
    creator_percent: int
    suggested: list[tuple[int, str, str]]
    chosen: str
    other: str = ""
    message: str = ""
    errors: dict[str, str] = {}


async def gift_context(
    ctx: Ctx, recipient: PersonView, *, work_id: UUID | None, back: str, held: WalletView | None = None
) -> GiftPlace | None:
    """The form for the actor, or None for nobody, for the recipient themselves, and where nobody can receive anything.

    held: the actor's wallet, if known.
    """
    if ctx.actor is None or ctx.actor.id == recipient.id:
        return None
    try:
        accepts_promotional = (await wallet_row(ctx, recipient.id)).accepts_promotional
    except NotFound:
        return None
    config = await platform(ctx)
    held = held or await wallet(ctx, ctx.actor.id)
    refused_minor = 0 if accepts_promotional else held.promotional_minor
    per_usd = config.coins_per_usd
    return GiftPlace(
        recipient=recipient,
        work_id=work_id,
        back=back,
        key=str(new_id()),
        balance_minor=held.total_minor - refused_minor,
        promotional_minor=held.promotional_minor - refused_minor,
        refused_minor=refused_minor,
        coins_per_usd=per_usd,
        creator_percent=(await rule_at(ctx, "gift")).creator_percent,
        suggested=[(n, f"{n} coins", f"${n / per_usd:.2f}") for n in SUGGESTED],
        chosen=str(SUGGESTED[1]),
    )


@get("/p/{slug:str}/gift", opt=access("member"))
async def gift_for_post(request: Request[Any, Any, Any], ctx: CtxDep, slug: Path[str]) -> Response[Any]:
    """The form as a page, for a post."""
    found = await access_post_by_slug(ctx, slug)
    place = await gift_context(ctx, found.author, work_id=found.id, back=f"/p/{found.slug}")
    return await _form_page(request, ctx, place, found.title)


@get("/{handle:str}/gift", opt=access("member") | {"shown_as": "/@{username}/gift"})
async def gift_for_person(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[Any]:
    """The form as a page, for a person."""
    person = await access_person(ctx, username_of(handle))
    place = await gift_context(ctx, person, work_id=None, back=f"/@{person.username}")
    return await _form_page(request, ctx, place, None)


async def _form_page(
    request: Request[Any, Any, Any], ctx: Ctx, place: GiftPlace | None, title: str | None
) -> Response[Any]:
    if place is None:
        raise GiftToOneself
    await recipient(ctx, place.recipient.id)  # says why, where nothing can be given (F5), before anybody fills it in
    return await page(request, ctx, "public/gift.html", gift=place, work_title=title)


@post("/gifts", opt=access("member"))
async def give(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Makes the gift. The form carries a key, so that a second click is the same gift (M11)."""
    form = dict(await request.form())
    try:
        given = forms.parse(GiftForm, form, strict=False)
        gift = await actions.gift(
            ctx,
            recipient_id=given.recipient_id,
            amount_coins=_amount(given),
            message=given.message,
            work_id=given.work_id,
            key=given.key,
        )
    except (Invalid, NotEnoughCoins) as error:
        return await _again(request, ctx, form, error)
    toast = _given(ctx, gift, given.next, in_place="hx-request" in request.headers)
    return await _after(request, ctx, gift, given.next, toast)


def _given(ctx: Ctx, gift: GiftView, target: str, *, in_place: bool) -> Toast:
    """What is said of a gift, also to who sent the same form again: that it was made once."""
    coins = formats.money(gift.amount_coins * MINOR_PER_COIN, COIN)
    name = gift.recipient.display_name
    if gift.undone_at is not None:
        return Toast(f"You took {coins} for {name} back. They were not given again.")
    is_repeated = gift.created_at != ctx.now
    text = f"You gave {coins} to {name}" + (" already. They were given once." if is_repeated else ".")
    # Without JavaScript a browser shows only the last answer to a double click; in place the first one is there too.
    left_s = 0 if is_repeated and in_place else int((gift.undo_until - ctx.now).total_seconds())
    undo = Action("Undo", f"/gifts/{gift.id}/undo?next={safe_next(target)}") if left_s > 0 else None
    return Toast(text, "" if is_repeated else "good", undo, seconds=max(4, left_s))


def _amount(given: GiftForm) -> int:
    if given.amount != "other":
        if given.amount.isascii() and given.amount.isdigit():
            return int(given.amount[:8])
        raise Invalid(fields={"amount": "Please choose an amount"})
    if given.other_amount is None:
        raise Invalid(fields={"other_amount": "Please say how many coins"})
    return given.other_amount


async def _again(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], error: Invalid | NotEnoughCoins
) -> Response[Any]:
    """The form with what was typed and what is wrong with it."""
    person_id = form.get("recipient_id", "")
    fields = error.fields if isinstance(error, Invalid) else {"amount": error.detail}
    if "recipient_id" in fields or "key" in fields:
        raise error
    recipient = await _recipient(ctx, person_id)
    work_id = parse_id(form.get("work_id"))
    place = await gift_context(ctx, recipient, work_id=work_id, back=safe_next(form.get("next")))
    if place is None:
        raise error
    place.chosen, place.other = form.get("amount", place.chosen), form.get("other_amount", "")
    place.message, place.errors = form.get("message", ""), {**fields} or {"amount": error.detail}
    if "hx-request" in request.headers:
        context = await base_context(request, ctx)
        text = render("public/_gift_form.html", **context, gift=place, in_dialog=True)
        return Response(content=text, media_type="text/html", status_code=422)
    title = (await gift_target(ctx, work_id)).title if work_id else None
    return await page(request, ctx, "public/gift.html", status=error.status, gift=place, work_title=title)


async def _recipient(ctx: Ctx, person_id: str) -> PersonView:
    try:
        return await access_person(ctx, UUID(person_id))
    except NotFound:
        raise Invalid(fields={"recipient_id": "There is no such person"}) from None


async def _after(request: Request[Any, Any, Any], ctx: Ctx, gift: GiftView, target: str, toast: Toast) -> Response[Any]:
    """Back to where the gift was made: for HTMX a fresh form, the new balance and the thanks; else a redirect."""
    if "hx-request" not in request.headers:
        response: Response[Any] = see_other(safe_next(target))
        flash.add(request, response, toast)
        return response
    context = await base_context(request, ctx)
    place = await gift_context(ctx, gift.recipient, work_id=gift.work_id, back=safe_next(target))
    text = render("public/_gift_done.html", **context, gift=place, given=gift, in_dialog=True)
    response = Response(content=text, media_type="text/html", status_code=200)
    flash.add(request, response, toast, closes_dialog=True)
    return response


@post("/gifts/{gift_id:uuid}/undo", opt=access("member"))
async def undo(request: Request[Any, Any, Any], ctx: CtxDep, gift_id: Path[UUID]) -> Response[Any]:
    """Takes a gift back; nothing of it stays."""
    gift = await actions.undo_gift(ctx, gift_id)
    coins = formats.money(gift.amount_coins * MINOR_PER_COIN, COIN)
    toast = Toast(f"Taken back: {coins} are in your wallet again.", "good")
    return await _after(request, ctx, gift, safe_next(request.query_params.get("next")), toast)


routes = [gift_for_post, gift_for_person, give, undo]
