"""Tips: a page that says what arrives, and sends one or three dollars, from the wallet or by card (M8)."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.posts.policies import access_post_by_slug
from stoa.foundation.people.policies import access_person
from stoa.foundation.people.types import PersonView
from stoa.front import flash, formats
from stoa.front.flash import Toast
from stoa.front.page import page, safe_next, see_other
from stoa.front.public.profile import username_of
from stoa.front.reader.wallet import to_checkout
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.money.payments.actions.accounts import account_to_pay
from stoa.money.splits.actions import split
from stoa.money.wallet import actions
from stoa.money.wallet.errors import TipToOneself
from stoa.money.wallet.queries import recipient, wallet
from stoa.money.wallet.types import SUPERLIKE_MINOR, TIP_MINOR, USD, CreditsView

NOTHING = CreditsView(asset=USD, promotional_minor=0, purchased_minor=0, earned_minor=0, reserved_minor=0, debt_minor=0)


class TipForm(msgspec.Struct):
    """What the form sends: which tip, how it is paid, and the key that was drawn when it was shown (M11)."""

    recipient_id: UUID
    amount: str
    key: Annotated[str, msgspec.Meta(min_length=8, max_length=100)]
    next: str = "/"
    by: str = "wallet"


async def _form_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    person: PersonView,
    *,
    back: str,
    errors: dict[str, str] | None = None,
    chosen: str = "1",
    status: int = 200,
) -> Response[str]:
    if person.id == ctx.member.id:
        raise TipToOneself
    found = await recipient(ctx, person.id)  # says why, where nothing can be given (F5), before anybody fills it in
    credits = next((held for held in (await wallet(ctx, ctx.member.id)).currencies if held.asset == USD), NOTHING)
    spendable_minor = credits.total_minor - (0 if found.accepts_promotional else credits.promotional_minor)
    arriving = [(minor, await split(ctx, "tip", minor, USD)) for minor in (TIP_MINOR, SUPERLIKE_MINOR)]
    return await page(
        request,
        ctx,
        "public/tip.html",
        status=status,
        person=person,
        arriving=arriving,
        spendable_minor=spendable_minor,
        promotional_minor=credits.promotional_minor if found.accepts_promotional else 0,
        refuses_promotional=not found.accepts_promotional,
        goes_directly=await account_to_pay(ctx, person.id, USD) is not None,
        back=back,
        key=str(new_id()),
        chosen=chosen,
        errors=errors or {},
    )


@get("/{handle:str}/tip", opt=access("member") | {"shown_as": "/@{username}/tip"})
async def tip_person(request: Request[Any, Any, Any], ctx: CtxDep, handle: Path[str]) -> Response[str]:
    """The form, for a person."""
    person = await access_person(ctx, username_of(handle))
    return await _form_page(request, ctx, person, back=f"/@{person.username}")


@get("/p/{slug:str}/tip", opt=access("member"))
async def tip_for_post(request: Request[Any, Any, Any], ctx: CtxDep, slug: Path[str]) -> Response[str]:
    """The form, for the author of a post; afterwards one is back at the post."""
    found = await access_post_by_slug(ctx, slug)
    return await _form_page(request, ctx, found.author, back=f"/p/{found.slug}")


@post("/tips", opt=access("member"))
async def send(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Sends the tip, or goes to where a card pays it; a second click is the same tip."""
    given = forms.parse(TipForm, dict(await request.form()), strict=False)
    person = await access_person(ctx, given.recipient_id)
    try:
        if given.amount not in ("1", "3"):
            raise Invalid(fields={"amount": "Please choose 1 or 3 dollars"})
        if given.by == "card":
            order = await actions.order_tip(
                ctx, recipient_id=person.id, superlike=given.amount == "3", key=f"tip-{given.key}"
            )
            return await to_checkout(request, ctx, order.id, own_page=True)
        tip = await actions.tip(ctx, recipient_id=person.id, superlike=given.amount == "3", key=given.key)
    except (Invalid, Conflict) as error:
        if isinstance(error, TipToOneself):
            raise
        errors = error.fields if isinstance(error, Invalid) else {"amount": error.detail or error.title}
        return await _form_page(
            request, ctx, person, back=safe_next(given.next), errors=errors, chosen=given.amount, status=error.status
        )
    what = formats.money(tip.amount_minor, tip.asset)
    response: Response[Any] = see_other(safe_next(given.next))
    flash.add(request, response, Toast(f"You tipped {tip.recipient.display_name} {what}.", "good"))
    return response


routes = [tip_person, tip_for_post, send]
