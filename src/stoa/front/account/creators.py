"""`/dashboard/account/author-profile` and `/brand-profile`: becoming a creator or a brand, and what one says as one."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict

from stoa.foundation.people import actions
from stoa.foundation.people.actions.creators import PRICED_IN
from stoa.foundation.people.queries.account import own_author_profile, own_brand_profile
from stoa.foundation.people.types import GENRES, AuthorChanges, AuthorProfile, BrandChanges
from stoa.front import flash
from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, access
from stoa.kit.money import format_amount, parse_decimal

AUTHOR: Final = "/dashboard/account/author-profile"
BRAND: Final = "/dashboard/account/brand-profile"
_PRICES: Final = ("commission_min_price", "commission_max_price")
_TICKS: Final = ("accepting_commissions", "allow_direct_messages", "show_email")


def _typed(form: FormMultiDict, row: type[msgspec.Struct]) -> dict[str, Any]:
    """What the form holds of a profile; a text that is empty takes away."""
    return {name: form[name].strip() or None for name in row.__struct_fields__ if name in form}


def _author(form: FormMultiDict) -> AuthorChanges:
    """The form as a profile. Raises Invalid with each field that is not right."""
    given: dict[str, Any] = {**_typed(form, AuthorChanges), "genres": form.getall("genres", [])}
    given |= {name: name in form for name in _TICKS}
    errors: dict[str, str] = {}
    currency = given.get("commission_currency") or PRICED_IN[0]
    for name in _PRICES:
        try:
            if given.get(name) is not None and currency in PRICED_IN:
                given[name] = parse_decimal(given[name], currency, field=name)
        except Invalid as error:
            errors |= error.fields
            given[name] = None
    try:
        made = forms.parse(AuthorChanges, given, strict=False)
    except Invalid as error:
        raise Invalid(fields={**error.fields, **errors}) from None
    if errors:
        raise Invalid(fields=errors)
    return made


def _shown(held: AuthorProfile | None) -> dict[str, Any]:
    """A profile as its form shows it."""
    if held is None:
        return {"commission_currency": "INR", "allow_direct_messages": True, "genres": []}
    fields = msgspec.structs.asdict(held)
    for name in _PRICES:
        if fields[name] is not None:
            fields[name] = format_amount(fields[name], held.commission_currency)
    return fields


async def _show_author(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    held: AuthorProfile | None,
    *,
    errors: Mapping[str, str] | None = None,
    typed: dict[str, Any] | None = None,
) -> Response[Any]:
    return await page(
        request,
        ctx,
        "account/author_profile.html",
        status=422 if errors else 200,
        profile=held,
        fields=dict.fromkeys(AuthorChanges.__struct_fields__) | (typed or _shown(held)),
        errors=errors or {},
        genres=GENRES,
        currencies=PRICED_IN,
    )


@get(AUTHOR, opt=access("member"))
async def author_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form; for who is no creator yet, with what becoming one means."""
    return await _show_author(request, ctx, await own_author_profile(ctx))


@post(AUTHOR, opt=access("member"))
async def save_author(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Makes one a creator, or changes what one says as one."""
    form = await request.form()
    held = await own_author_profile(ctx)
    try:
        given = _author(form)
        await (actions.create_author_profile if held is None else actions.edit_author_profile)(ctx, given)
    except Invalid as error:
        typed = {**_typed(form, AuthorChanges), "genres": form.getall("genres", []), **{n: n in form for n in _TICKS}}
        return await _show_author(request, ctx, held, errors=error.fields, typed=typed)
    except Conflict:  # two clicks: the first has made it
        return see_other(AUTHOR)
    return _said(request, AUTHOR, "You are a creator now." if held is None else "Your creator profile is saved.")


@get(BRAND, opt=access("member"))
async def brand_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form; for who is no brand yet, with what becoming one means."""
    held = await own_brand_profile(ctx)
    fields = msgspec.structs.asdict(held) if held else {}
    return await _show_brand(request, ctx, held is not None, fields)


@post(BRAND, opt=access("member"))
async def save_brand(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Makes one a brand, or changes what one says as one."""
    form = await request.form()
    held = await own_brand_profile(ctx)
    typed = _typed(form, BrandChanges)
    try:
        given = forms.parse(BrandChanges, {**typed, "company_name": typed.get("company_name") or ""}, strict=False)
        if given.company_name is msgspec.UNSET:
            raise Invalid(fields={"company_name": "This field is needed"})
        await (actions.create_brand_profile if held is None else actions.edit_brand_profile)(ctx, given)
    except Invalid as error:
        return await _show_brand(request, ctx, held is not None, typed, error.fields)
    except Conflict:
        return see_other(BRAND)
    return _said(request, BRAND, "You are a brand now." if held is None else "Your brand profile is saved.")


async def _show_brand(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: bool,
    fields: Mapping[str, Any],
    errors: Mapping[str, str] | None = None,
) -> Response[Any]:
    return await page(
        request,
        ctx,
        "account/brand_profile.html",
        status=422 if errors else 200,
        there=there,
        fields=dict.fromkeys(BrandChanges.__struct_fields__) | dict(fields),
        errors=errors or {},
    )


def _said(request: Request[Any, Any, Any], path: str, text: str) -> Response[Any]:
    response = see_other(path)
    flash.add(request, response, flash.Toast(text, "good"))
    return response


routes = [author_page, save_author, brand_page, save_brand]
