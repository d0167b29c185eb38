"""`/s/{site}/series/{series}/{chapter}`: a chapter to be read, in words or in pictures, and bought."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Redirect

from stoa.creation.comics.queries import pages_of
from stoa.creation.comics.types import PageView
from stoa.creation.serials.actions.unlock import unlock
from stoa.creation.serials.errors import NotForSale
from stoa.creation.serials.policies.reading import access_published_chapter, access_to_read_by
from stoa.creation.serials.types import Direction, ReadView, SeriesView
from stoa.creation.sites.types import PublicSite
from stoa.creation.works import actions as works
from stoa.foundation.people.queries import profile
from stoa.foundation.settings.queries import platform
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import see_other
from stoa.front.public.gift import gift_context
from stoa.front.sites import facts
from stoa.front.sites.chair import Seat, seat_of
from stoa.front.sites.house import address_of, house_page, is_away
from stoa.front.sites.series import after_word, ask, asks_first, open_series
from stoa.kit.ctx import Ctx
from stoa.kit.forms import parse
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import new_id
from stoa.money.wallet.errors import NotEnoughCoins, NotEnoughCredits, PriceChanged
from stoa.money.wallet.queries import wallet

KEYS = [("n", "Next chapter"), ("p", "Previous chapter"), ("m", "All chapters"), ("t", "How it looks")]
KEYS_OF_TEXT = [("Space", "A screen further"), ("+ -", "Larger, smaller type")]
KEYS_OF_PICTURES = [
    ("→ ←", "Turn the page, the way this is read"),
    ("Space", "Next page; with Shift the one before"),
    ("Home End", "First and last page"),
    ("+ - 0", "Larger, smaller, as it was"),
    ("f", "Fit it in another way"),
    ("v", "One page, two pages, or a strip"),
]
KEYS_OF_READERS = [("l", "Like"), ("s", "Share")]


@get("/s/{site:str}/series/{series:str}/{chapter:str}", opt=access("public"))
async def read(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], series: Path[str], chapter: Path[str]
) -> Response[Any]:
    """A chapter: the whole, or its beginning and what would open the rest (S1). A member's first look counts (P2)."""
    here, found, renamed = await open_series(request, ctx, site, series)
    if renamed is not None:
        return Redirect(path=renamed, status_code=308)
    shown = await access_to_read_by(ctx, found.id, slug=chapter)
    if shown.slug != chapter:
        return Redirect(path=shown.url, status_code=308)
    for rating in (found.rating, shown.rating):
        if await asks_first(request, ctx, rating, found):
            return await ask(request, ctx, here, found, rating, shown.url)
    is_ahead = _is_ahead(request)
    if shown.state == "published" and not is_ahead:
        await works.record_view(ctx, shown.id)
    answer = await _chapter_page(request, ctx, here, found, shown, is_ahead=is_ahead)
    return after_word(request, ctx, found, answer)


def _is_ahead(request: Request[Any, Any, Any]) -> bool:
    """Whether a browser fetches the page before anybody asks for it, which is no look at it."""
    return request.headers.get("sec-purpose", "").startswith("prefetch") or "x-preload" in request.headers


async def _chapter_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    here: PublicSite,
    series: SeriesView,
    shown: ReadView,
    *,
    is_ahead: bool = False,
    problem: str | None = None,
    status: int = 200,
) -> Response[Any]:
    seat = seat_of(request)
    held = await wallet(ctx, ctx.actor.id) if ctx.actor else None
    is_out = shown.state == "published"
    is_comic = shown.content_type.is_comic
    pages = await pages_of(ctx, shown) if is_comic else []
    base, address = ctx.app.settings.base_url, address_of(ctx, here, shown.url)
    return await house_page(
        request,
        ctx,
        here,
        "sites/reader.html",
        status=status,
        path=shown.url,
        indexed=is_out,
        read=shown,
        series=series,
        pages=pages,
        stage=_stage(seat, shown, pages),
        held=held,
        author=await profile(ctx, shown.author.username),
        config=await platform(ctx),
        gift=await gift_context(ctx, shown.author, work_id=shown.id, back=shown.url, held=held) if is_out else None,
        purchase_key=str(new_id()) if ctx.actor else None,
        problem=problem,
        seen=f"/chapters/{shown.id}/seen" if is_ahead and ctx.actor is not None and not is_away(request) else None,
        page_keys=[*KEYS, *(KEYS_OF_PICTURES if pages else KEYS_OF_TEXT), *KEYS_OF_READERS],
        json_ld=facts.chapter(shown, base, address, address_of(ctx, here, str(series.url))) if is_out else None,
        **seat.context,
    )


def _stage(seat: Seat, shown: ReadView, pages: list[PageView]) -> dict[str, str]:
    """How pictures are shown to begin with: as the reader likes it, else as they were drawn."""
    drawn = "strip" if shown.reading_direction is Direction.VERTICAL else "page"
    sideways = "rtl" if shown.reading_direction is Direction.RTL else "ltr"
    mode, direction = seat.get("mode"), seat.get("direction")
    return {
        "mode": drawn if mode == "drawn" else mode,
        "direction": sideways if direction == "drawn" else direction,
        "drawn-mode": drawn,
        "drawn-direction": sideways,
        "fit": seat.get("fit"),
        "taps": seat.get("taps"),
    }


@get("/s/{site:str}/series/{series:str}/chapter/{number:str}", opt=access("public"))
async def read_by_number(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], series: Path[str], number: Path[str]
) -> Response[Any]:
    """To the chapter of this number, which may be one such as 12.5."""
    _, found, renamed = await open_series(request, ctx, site, series)
    if renamed is not None:
        return Redirect(path=renamed, status_code=308)
    shown = await access_to_read_by(ctx, found.id, number=number)
    return Redirect(path=shown.url, status_code=303)


class Purchase(msgspec.Struct):
    """What the form sends: the price that was agreed to, and a key, so that a second click buys nothing (M11)."""

    key: Annotated[str, msgspec.Meta(min_length=8, max_length=100)]
    price_minor: Annotated[int, msgspec.Meta(ge=0, le=10**15)]
    price_asset: Annotated[str, msgspec.Meta(max_length=10)]


@post("/s/{site:str}/series/{series:str}/{chapter:str}/unlock", opt=access("member", limit="write"))
async def buy(
    request: Request[Any, Any, Any], ctx: CtxDep, site: Path[str], series: Path[str], chapter: Path[str]
) -> Response[Any]:
    """Buys a chapter, and goes on reading; or says beside the offer why not, and nothing is bought."""
    here, found, _ = await open_series(request, ctx, site, series)
    shown = await access_to_read_by(ctx, found.id, slug=chapter)
    form = parse(Purchase, dict(await request.form()), strict=False)
    response = see_other(shown.url)
    try:
        await unlock(ctx, shown.id, key=form.key, price_minor=form.price_minor, price_asset=form.price_asset)
    except NotForSale:  # it is open to them already, or is not sold any more: the page says which
        return response
    except (PriceChanged, NotEnoughCoins, NotEnoughCredits) as error:
        return await _chapter_page(request, ctx, here, found, shown, problem=error.title, status=error.status)
    flash.add(request, response, Toast("This chapter is open to you now, for good.", "good"))
    return response


@post("/chapters/{chapter_id:uuid}/seen", opt=access("member"), status_code=204)
async def seen(ctx: CtxDep, chapter_id: Path[UUID]) -> None:
    """A page that was fetched ahead is looked at now (P2)."""
    shown = await access_published_chapter(ctx, chapter_id)
    await works.record_view(ctx, shown.id)


routes = [read, read_by_number, buy, seen]
