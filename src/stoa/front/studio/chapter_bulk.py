"""`/dashboard/series/{id}/chapters/bulk-edit` and `/order`: many chapters at once, and the order of all of them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from msgspec import UNSET

from stoa.creation.serials.actions import bulk
from stoa.creation.serials.actions.chapters import restore_chapter
from stoa.creation.serials.actions.places import reorder
from stoa.creation.serials.policies.series import access_series
from stoa.creation.serials.queries.chapters import own_chapters
from stoa.creation.serials.types import MAX_BULK, MAX_CHAPTERS, AccessLevel, BulkDone, SeriesView
from stoa.foundation.people.types import timezones
from stoa.foundation.team.types import Permission
from stoa.front.languages import language_choices
from stoa.front.page import safe_next, see_other
from stoa.front.studio.chapter_access import ASSETS
from stoa.front.studio.chapter_settings import wall_time
from stoa.front.studio.chapters import LIST, PER_PAGE, show_list
from stoa.front.studio.series import RATINGS, SERIES, said, series_page, texts
from stoa.front.studio.series_settings import access_levels
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Forbidden, Invalid, LimitReached
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import parse_id
from stoa.kit.money import parse_decimal
from stoa.money.wallet.types import COIN

Short = Annotated[str, msgspec.Meta(max_length=64)]


class BulkForm(msgspec.Struct):
    """All that can be said of many chapters. What is left empty stays as it is."""

    do: Short = ""
    at: Short = ""
    timezone: Short = "UTC"
    every_days: int = 0
    access: AccessLevel | None = None
    opens_at: Short = ""
    price: Short = ""
    price_asset: Short = COIN
    is_free_of_price: bool = False
    volume: int | None = None
    has_no_volume: bool = False
    rating: Short = ""
    language: Short = ""


def _ids(form: Any) -> list[UUID]:
    return [one for one in map(parse_id, map(str, form.getall("ids", []))) if one is not None]


def _chapters(count: int) -> str:
    return "1 chapter" if count == 1 else f"{count} chapters"


# ---- from the list ---------------------------------------------------------------------------------------------


@post(f"{LIST}/bulk", opt=access("member", limit="write"))
async def from_list(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """What the buttons below the list do with the chapters that are ticked."""
    await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    form = await request.form()
    here = f"{SERIES}/{series_id}/chapters"
    back, ids, do = safe_next(str(form.get("back", "")), here), _ids(form)[:MAX_BULK], str(form.get("do", ""))
    if not ids:
        return said(request, back, "Please tick some chapters first.", "warn")
    if do == "change":
        return see_other(f"{here}/bulk-edit?" + "&".join(f"ids={one}" for one in ids[:PER_PAGE]))
    try:
        match do:
            case "publish":
                text, kind = _told(await bulk.publish_many(ctx, series_id, ids), "published"), "good"
            case "delete":
                text, kind = _told(await bulk.delete_many(ctx, series_id, ids), "deleted"), "good"
            case "restore":
                for one in ids[:PER_PAGE]:
                    await restore_chapter(ctx, one)
                text, kind = f"{_chapters(len(ids[:PER_PAGE]))} back in place.", "good"
            case _:
                text, kind = "Please choose what to do with them.", "warn"
    except (Invalid, Forbidden, Conflict, LimitReached) as error:
        wrong = next(iter(error.fields.values()), error.detail) if isinstance(error, Invalid) else error.detail
        return said(request, back, wrong, "bad", seconds=12)
    return said(request, back, text, "good" if kind == "good" else "warn", seconds=8)


def _told(done: BulkDone, what: str) -> str:
    text = f"{_chapters(len(done.done))} {what}."
    if done.problems:
        text += f" {_chapters(len(done.problems))} not: {done.problems[0].detail}"
    return text


# ---- many at once ----------------------------------------------------------------------------------------------


@get(f"{LIST}/bulk-edit", opt=access("member"))
async def bulk_form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """The chapters to choose from, and what can be done with them together."""
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    asked = [one for one in map(parse_id, request.query_params.getall("ids", [])) if one is not None]
    return await _bulk(request, ctx, series, ticked={str(one) for one in asked})


async def _bulk(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    series: SeriesView,
    *,
    ticked: set[str],
    typed: dict[str, Any] | None = None,
    error: Invalid | None = None,
) -> Response[Any]:
    kept: dict[str, Any] = dict.fromkeys(BulkForm.__struct_fields__, "")
    kept |= {"timezone": series.timezone, "every_days": 7, "price_asset": COIN}
    return await show_list(
        request,
        ctx,
        series,
        "studio/chapter_bulk.html",
        "chapters/bulk-edit",
        limit=MAX_BULK,
        status=error.status if error else 200,
        ticked=ticked,
        fields=kept | (typed or {}),
        errors=_named(error),
        access_levels=[(level, name) for level, name, _ in access_levels()],
        assets=ASSETS,
        ratings=RATINGS,
        languages=language_choices(),
        timezones=[(zone, zone.replace("_", " ")) for zone in timezones()],
    )


def _named(error: Invalid | None) -> dict[str, str]:
    if error is None:
        return {}
    names = {"chapter_ids": "ids", "price_minor": "price", "amount": "price"}
    return {names.get(name, name): text for name, text in error.fields.items()} or {"ids": error.detail}


@post(f"{LIST}/bulk-edit", opt=access("member", limit="write"))
async def bulk_edit(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Does what the button says with those that are ticked; all of it, or nothing."""
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    form = await request.form()
    ids, typed = _ids(form), {name: value for name, value in texts(form).items() if isinstance(value, str)}
    try:
        given = forms.parse(BulkForm, typed, strict=False)
        if not ids:
            raise Invalid(fields={"ids": "Please tick some chapters first"})
        if len(ids) > MAX_BULK:
            raise Invalid(fields={"ids": f"At most {MAX_BULK} at once"})
        text = await _do(ctx, series_id, ids, given)
    except Invalid as error:
        return await _bulk(request, ctx, series, ticked={str(one) for one in ids}, typed=typed, error=error)
    return said(request, f"{SERIES}/{series_id}/chapters", text, seconds=8)


async def _do(ctx: Ctx, series_id: UUID, ids: list[UUID], given: BulkForm) -> str:
    match given.do:
        case "publish":
            return _told(await bulk.publish_many(ctx, series_id, ids), "published")
        case "delete":
            return _told(await bulk.delete_many(ctx, series_id, ids), "deleted")
        case "schedule":
            at = wall_time(given.at, "at")
            done = await bulk.schedule_many(
                ctx, series_id, ids, at=at, timezone=given.timezone, every_days=given.every_days
            )
            return _told(done, "scheduled")
        case "access":
            return _told(await _open(ctx, series_id, ids, given), "changed")
        case "update":
            done = await bulk.update_many(
                ctx,
                series_id,
                ids,
                volume=None if given.has_no_volume else UNSET if given.volume is None else given.volume,
                rating=given.rating or UNSET,
                language=given.language or UNSET,
            )
            return _told(done, "changed")
        case _:
            raise Invalid(fields={"ids": "Please choose what to do with them"})


async def _open(ctx: Ctx, series_id: UUID, ids: list[UUID], given: BulkForm) -> BulkDone:
    price: dict[str, Any] = {}
    if given.is_free_of_price:
        price = {"price_minor": None, "price_asset": None}
    elif given.price.strip():
        amount = parse_decimal(given.price, given.price_asset, field="price")
        price = {"price_minor": amount, "price_asset": given.price_asset}
    if given.access is None and not price:
        raise Invalid(fields={"access": "Please choose who may read them, or a price"})
    is_later = given.access is AccessLevel.SCHEDULED and given.opens_at.strip()
    return await bulk.open_many(
        ctx,
        series_id,
        ids,
        access=UNSET if given.access is None else given.access,
        opens_at=wall_time(given.opens_at, "opens_at") if is_later else None,
        **price,
    )


# ---- their order -----------------------------------------------------------------------------------------------


@get(f"{LIST}/order", opt=access("member"))
async def order_form(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """All chapters in their order: to be dragged, moved by keys, or numbered."""
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    return await _order(request, ctx, series)


async def _order(
    request: Request[Any, Any, Any], ctx: Ctx, series: SeriesView, error: Invalid | None = None
) -> Response[Any]:
    found = await own_chapters(ctx, series.id, limit=MAX_CHAPTERS)
    return await series_page(
        request,
        ctx,
        series,
        "studio/chapter_order.html",
        status=error.status if error else 200,
        chapters=found.items,
        error=next(iter(error.fields.values()), error.detail) if error else None,
    )


@post(f"{LIST}/order", opt=access("member", limit="write"))
async def save_order(request: Request[Any, Any, Any], ctx: CtxDep, series_id: Path[UUID]) -> Response[Any]:
    """Puts them into the order of the numbers that stand beside them; those with the same one stay as they were."""
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    form = texts(await request.form())
    places = [(name.removeprefix("place-"), value) for name, value in form.items() if name.startswith("place-")]
    numbered = [(_place(value), one) for name, value in places if (one := parse_id(name)) is not None]
    ids = [one for _, one in sorted(numbered, key=lambda pair: pair[0])]
    try:
        await reorder(ctx, series_id, ids, renumber=form.get("renumber") == "on")
    except Invalid as error:
        return await _order(request, ctx, series, error)
    return said(request, f"{SERIES}/{series_id}/chapters", "Readers find them in this order.")


def _place(text: Any) -> int:
    digits = text.strip() if isinstance(text, str) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 6 else MAX_CHAPTERS * 2


routes = [from_list, bulk_form, bulk_edit, order_form, save_order]
