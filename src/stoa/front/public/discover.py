"""`/discover`: series to find, by what is read, by genre and by tag."""

from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response, get
from litestar.response import Redirect

from stoa.creation.serials.policies.genres import access_genre_by_slug
from stoa.creation.serials.policies.tags import access_tag_by_slug
from stoa.creation.serials.queries.genres import children, featured_genres, genre_by_id, genres
from stoa.creation.serials.queries.listed import public_series
from stoa.creation.serials.queries.tags import popular_tags, search_tags
from stoa.creation.serials.types import ContentType, GenreView, SeriesCard, SeriesStatus, TagView
from stoa.creation.works.policies import slugify
from stoa.creation.works.types import Sort
from stoa.foundation.people.queries.account import preferences
from stoa.front.page import page, see_other
from stoa.front.public.home import address
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access

SHELF: Final = 24
TAGS: Final = 50
COUNTED_FOR: Final = timedelta(minutes=1)
FOR_ADULTS: Final = ("mature", "explicit")
SORTS: Final = {Sort.TRENDING: "Read just now", Sort.RECENT: "New chapters", Sort.POPULAR: "Read most"}
TYPES: Final = {
    ContentType.WEB_NOVEL: "Novels",
    ContentType.WEBTOON: "Webtoons",
    ContentType.MANGA: "Manga",
    ContentType.MANHWA: "Manhwa",
    ContentType.WESTERN_COMIC: "Comics",
}


@get("/discover", opt=access("public"))
async def discover(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Series that are listed; sorted and filtered in the address."""
    tree = [] if "cursor" in request.query_params else await _all_genres(ctx)
    return await _shelf(request, ctx, "public/discover.html", "/discover", tree=_tree(tree))


@get("/discover/genre/{genre_slug:str}", opt=access("public"))
async def by_genre(request: Request[Any, Any, Any], ctx: CtxDep, genre_slug: Path[str]) -> Response[Any]:
    """The series of a genre and of those below it."""
    genre = await access_genre_by_slug(ctx, genre_slug)
    above = await genre_by_id(ctx, genre.parent_id) if genre.parent_id else None
    beside = await children(ctx, above.id if above else genre.id)
    return await _shelf(
        request,
        ctx,
        "public/discover_genre.html",
        f"/discover/genre/{genre.slug}",
        genre=genre,
        above=above,
        beside=beside,
    )


@get("/discover/tags", opt=access("public"))
async def all_tags(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Tags, those of the most series first; or those that hold some words."""
    query = " ".join(request.query_params.get("q", "").split())[:50]
    if query:
        found, follows = await search_tags(ctx, query, slug=slugify(query, fallback=""), limit=TAGS), None
    else:
        try:
            tags = await popular_tags(ctx, cursor=request.query_params.get("cursor"), limit=TAGS)
        except Invalid:
            return see_other("/discover/tags")
        found = tags.items
        follows = address("/discover/tags", cursor=tags.next_cursor) if tags.next_cursor else None
    return await page(
        request,
        ctx,
        "public/discover_tags.html",
        tags=found,
        words=query,
        top=await featured_genres(ctx),
        further=follows,
    )


@get("/discover/tags/{tag_slug:str}", opt=access("public"))
async def by_tag(request: Request[Any, Any, Any], ctx: CtxDep, tag_slug: Path[str]) -> Response[Any]:
    """The series that have a tag; one that became another leads to that one."""
    tag = await access_tag_by_slug(ctx, tag_slug)
    if tag.slug != tag_slug:
        return Redirect(path=f"/discover/tags/{tag.slug}", status_code=308)
    return await _shelf(request, ctx, "public/discover_tag.html", f"/discover/tags/{tag.slug}", tag=tag)


async def _shelf(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    name: str,
    path: str,
    *,
    genre: GenreView | None = None,
    tag: TagView | None = None,
    **more: Any,
) -> Response[Any]:
    asked = request.query_params
    sort = _one(Sort, asked.get("sort")) or Sort.TRENDING
    kind = _one(ContentType, asked.get("type"))
    is_complete = asked.get("status") == SeriesStatus.COMPLETED
    kept: dict[str, str | None] = {
        "sort": sort.value if sort is not Sort.TRENDING else None,
        "type": kind,
        "status": SeriesStatus.COMPLETED.value if is_complete else None,
    }
    cursor = asked.get("cursor")
    try:
        found = await public_series(
            ctx,
            genre_id=genre.id if genre else None,
            tag_id=tag.id if tag else None,
            content_type=kind,
            status=SeriesStatus.COMPLETED if is_complete else None,
            sort=sort,
            cursor=cursor,
            limit=SHELF,
        )
    except Invalid:  # a cursor of another list or another time: begin again
        return see_other(address(path, **kept))
    is_plain = cursor is None and not any(kept.values())
    veiled = await is_veiled(ctx, found.items)
    is_part = "hx-request" in request.headers and cursor is not None
    return await page(
        request,
        ctx,
        "public/_covers.html" if is_part else name,
        shared=True,
        series=found.items,
        veiled=veiled,
        lead=next((one for one in found.items if not is_adult(one)), None)
        if is_plain and not genre and not tag
        else None,
        follows=address(path, **kept, cursor=found.next_cursor) if found.next_cursor else None,
        canonical=ctx.app.settings.base_url + address(path, type=kind),
        is_plain=is_plain,
        **_filters(path, kept),
        everything=path,
        genre=genre,
        tag=tag,
        **more,
    )


def _filters(path: str, kept: dict[str, str | None]) -> dict[str, Any]:
    """What a list can be sorted and filtered by, each with its address and whether it is so now."""

    def choices(name: str, said: dict[Any, str], default: Any = None) -> list[tuple[str, str, bool]]:
        given = [(None if one == default else str(one) if one else None, text) for one, text in said.items()]
        return [(address(path, **kept | {name: value}), text, kept[name] == value) for value, text in given]

    return {
        "sorts": choices("sort", SORTS, Sort.TRENDING),
        "kinds": choices("type", {None: "All", **TYPES}),
        "standings": choices("status", {None: "Any", SeriesStatus.COMPLETED: "Complete"}),
    }


async def is_veiled(ctx: Ctx, cards: list[SeriesCard]) -> bool:
    """Whether the visitor is asked before they see what is for adults; looked up only where something is."""
    if not any(is_adult(card) for card in cards):
        return False
    return ctx.actor is None or (await preferences(ctx)).mature_content == "ask"


def is_adult(card: SeriesCard) -> bool:
    """Whether it is marked as for adults."""
    return card.rating in FOR_ADULTS


async def _all_genres(ctx: Ctx) -> list[GenreView]:
    """With how many series each had a minute ago: counting them all takes longer than the rest of the page."""
    counted_at, found = ctx.app.cache.get("discover.genres", (None, []))
    if counted_at is None or abs(ctx.now - counted_at) > COUNTED_FOR:
        found = await genres(ctx)
        ctx.app.cache["discover.genres"] = (ctx.now, found)
    return list(found)


def _one(choices: Any, name: str | None) -> Any:
    return choices(name) if name in set(choices) else None


def _tree(all_genres: list[GenreView]) -> list[tuple[GenreView, list[GenreView]]]:
    return [
        (top, [below for below in all_genres if below.parent_id == top.id])
        for top in all_genres
        if top.parent_id is None
    ]


routes = [discover, by_genre, all_tags, by_tag]
