"""`/dashboard/payouts/destinations`: where one is paid out; added, changed and removed with proof (I4)."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.identity import queries as identity
from stoa.foundation.identity.errors import LockedOut, LogInAgain
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.identity.types import AnyText
from stoa.front import flash
from stoa.front.countries import countries, country_name
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.money.payouts.actions import destinations as actions
from stoa.money.payouts.actions.switchboard import provider_view, providers, questions
from stoa.money.payouts.errors import DestinationInUse, DestinationKnown, DestinationMoved, ProviderUnavailable
from stoa.money.payouts.policies import access_destination
from stoa.money.payouts.queries.destinations import destinations
from stoa.money.payouts.types import DestinationDetails, DestinationView, Field, ProviderView

HERE: Final = "/dashboard/payouts/destinations"
ANSWER: Final = "answer_"  # before the names of a provider's fields, which are not ours
REFUSALS: Final = (Invalid, LockedOut, LogInAgain, DestinationKnown, DestinationMoved, ProviderUnavailable)


class PlaceForm(msgspec.Struct, kw_only=True, frozen=True):
    """Where somebody wants to be paid out; the provider's own questions stand beside it."""

    label: Annotated[str, msgspec.Meta(max_length=40)] = ""
    holder: Annotated[str, msgspec.Meta(min_length=2, max_length=140)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    password: AnyText | None = None


class RemoveForm(msgspec.Struct):
    """What takes one away."""

    password: AnyText | None = None


@get(HERE, opt=access("member"))
async def list_destinations(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Each with its state, and what can be done with it."""
    labels = {provider.name: provider.label for provider in providers(ctx)}
    return await page(
        request,
        ctx,
        "studio/destinations.html",
        destinations=await destinations(ctx, ctx.member.id),
        labels=labels,
        country_name=country_name,
    )


@get(HERE + "/new", opt=access("member"))
async def new_destination(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """First where the account is, then what its bank asks for."""
    await require_recent_factor(ctx)
    asked = dict(request.query_params)
    if not asked.get("country"):
        return await _first(request, ctx, asked, {})
    try:
        by, fields = _asked_for(ctx, asked)
    except Invalid as error:
        return await _first(request, ctx, asked, error.fields, error.status)
    return await _form(request, ctx, by, fields, asked, {})


@post(HERE + "/new", opt=access("member", limit="auth"))
async def add_destination(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Adds it. What is wrong is told beside its field."""
    form = {name: str(given) for name, given in (await request.form()).items()}
    try:
        by, asked = _asked_for(ctx, form)
    except Invalid as error:
        return await _first(request, ctx, form, error.fields, error.status)
    try:
        given = forms.parse(PlaceForm, form, strict=False)
        async with ctx.db.transaction():
            made = await actions.add(
                ctx, provider=by.name, label=given.label, details=_details(given, form), password=given.password
            )
    except REFUSALS as error:
        return await _form(request, ctx, by, asked, form, _told(error, asked), error.status)
    back = see_other(HERE)
    waits = made.usable_from > ctx.now
    text = f"Added. Money can be sent there from {actions.in_words(made)}." if waits else "Added. It can be used now."
    flash.add(request, back, flash.Toast(text, "good"))
    return back


@get(HERE + "/{destination_id:uuid}", opt=access("member"))
async def edit_destination(request: Request[Any, Any, Any], ctx: CtxDep, destination_id: Path[UUID]) -> Response[Any]:
    """Its form, without what is secret of it."""
    known = await access_destination(ctx, destination_id)
    await require_recent_factor(ctx)
    details = await actions.shown_details(ctx, known.id)
    by = provider_view(ctx, known.provider)
    form = {
        "label": known.label,
        "holder": details.holder,
        "currency": details.currency,
        "country": details.country,
        **{ANSWER + name: answer for name, answer in details.fields.items()},
    }
    asked = questions(ctx, by.name, details.currency, details.country)
    return await _form(request, ctx, by, asked, form, {}, known=known)


@post(HERE + "/{destination_id:uuid}", opt=access("member", limit="auth"))
async def change_destination(request: Request[Any, Any, Any], ctx: CtxDep, destination_id: Path[UUID]) -> Response[Any]:
    """Changes it. Another account waits like a new one."""
    known = await access_destination(ctx, destination_id)
    form = {name: str(given) for name, given in (await request.form()).items()}
    form |= {"currency": known.currency, "country": known.country}
    by = provider_view(ctx, known.provider)
    asked = questions(ctx, by.name, known.currency, known.country)
    try:
        given = forms.parse(PlaceForm, form, strict=False)
        async with ctx.db.transaction():
            after = await actions.change(
                ctx, known.id, label=given.label, details=_details(given, form), password=given.password
            )
    except (*REFUSALS, DestinationInUse) as error:
        told = _told(error, asked)
        return await _form(request, ctx, by, asked, form, told, error.status, known=known)
    back = see_other(HERE)
    waits = after.usable_from > ctx.now
    text = f"Changed. Money can be sent there from {actions.in_words(after)}." if waits else "Changed."
    flash.add(request, back, flash.Toast(text, "good"))
    return back


@post(HERE + "/{destination_id:uuid}/default", opt=access("member"))
async def make_default(request: Request[Any, Any, Any], ctx: CtxDep, destination_id: Path[UUID]) -> Response[Any]:
    """Payouts go there when nobody says where."""
    made = await actions.make_default(ctx, destination_id)
    back = see_other(HERE)
    flash.add(request, back, flash.Toast(f"Payouts go to {made.label}, unless you say otherwise.", "good"))
    return back


@get(HERE + "/{destination_id:uuid}/remove", opt=access("member"))
async def ask_to_remove(request: Request[Any, Any, Any], ctx: CtxDep, destination_id: Path[UUID]) -> Response[Any]:
    """What it means, and the button."""
    known = await access_destination(ctx, destination_id)
    await require_recent_factor(ctx)
    return await _removal(request, ctx, known, {})


@post(HERE + "/{destination_id:uuid}/remove", opt=access("member", limit="auth"))
async def remove_destination(request: Request[Any, Any, Any], ctx: CtxDep, destination_id: Path[UUID]) -> Response[Any]:
    """Takes it away; what was typed is forgotten."""
    known = await access_destination(ctx, destination_id)
    try:
        given = forms.parse(RemoveForm, dict(await request.form()), strict=False)
        await actions.remove(ctx, known.id, password=given.password)
    except (Invalid, LockedOut, LogInAgain, DestinationInUse) as error:
        errors = error.fields if isinstance(error, Invalid) else {"password": error.detail}
        return await _removal(request, ctx, known, errors, error.status)
    back = see_other(HERE)
    flash.add(request, back, flash.Toast(f"{known.label} is removed.", "good"))
    return back


# ---- forms


def _asked_for(ctx: Ctx, form: dict[str, Any]) -> tuple[ProviderView, list[Field]]:
    """The provider and its questions. Raises Invalid for where it does not reach."""
    found = providers(ctx)
    by = provider_view(ctx, form.get("provider") or (found[0].name if found else ""))
    wrong = {}
    if form.get("currency") not in by.currencies:
        wrong["currency"] = f"One of {', '.join(by.currencies)}"
    if form.get("country") not in dict(countries()):
        wrong["country"] = "Please choose a country"
    if wrong:
        raise Invalid(fields=wrong)
    return by, questions(ctx, by.name, form["currency"], form["country"])


def _details(given: PlaceForm, form: dict[str, str]) -> DestinationDetails:
    answers = {name.removeprefix(ANSWER): answer for name, answer in form.items() if name.startswith(ANSWER)}
    return DestinationDetails(holder=given.holder, currency=given.currency, country=given.country, fields=answers)


def _told(error: Any, fields: list[Field]) -> dict[str, str]:
    """What went wrong, by the names that the form's fields have."""
    if isinstance(error, LockedOut | LogInAgain):
        return {"password": error.detail}
    if not isinstance(error, Invalid):
        return {"label": error.detail}
    asked = {question.name for question in fields}
    return {(ANSWER + name if name in asked else name): told for name, told in error.fields.items()}


async def _asks_password(ctx: Ctx) -> bool:
    security = await identity.security(ctx)
    return security.has_password and not security.second_factors


async def _first(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], errors: dict[str, str], status: int = 200
) -> Response[Any]:
    found = providers(ctx)
    return await page(
        request,
        ctx,
        "studio/destination_where.html",
        status=status,
        providers=found,
        provider_options=[(by.name, by.label) for by in found],
        currencies=sorted({currency for by in found for currency in by.currencies}, key=lambda c: (c != "USD", c)),
        countries=countries(),
        form=form,
        errors=errors,
    )


async def _form(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    by: ProviderView,
    fields: list[Field],
    form: dict[str, Any],
    errors: dict[str, str],
    status: int = 200,
    known: DestinationView | None = None,
) -> Response[Any]:
    labels = {ANSWER + question.name: question.label for question in fields}
    return await page(
        request,
        ctx,
        "studio/destination.html",
        status=status,
        by=by,
        questions=fields,
        prefix=ANSWER,
        form=form,
        errors=errors,
        labels=labels | {"holder": "Name on the account", "label": "What you call it", "password": "Password"},
        known=known,
        country=country_name(str(form.get("country", ""))),
        asks_password=await _asks_password(ctx),
        is_first=known is None and not await destinations(ctx, ctx.member.id),
    )


async def _removal(
    request: Request[Any, Any, Any], ctx: Ctx, known: DestinationView, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    asks = await _asks_password(ctx)
    return await page(
        request,
        ctx,
        "studio/destination_remove.html",
        status=status,
        known=known,
        errors=errors,
        asks_password=asks,
    )


routes = [
    list_destinations,
    new_destination,
    add_destination,
    edit_destination,
    change_destination,
    make_default,
    ask_to_remove,
    remove_destination,
]
