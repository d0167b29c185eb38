"""`/p/{slug}`: a post to be read, and what a reader can do about it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.creation.posts.policies import access_post_by_slug
from stoa.creation.posts.types import PostView
from stoa.creation.works import actions as works
from stoa.creation.works.policies import access_published
from stoa.creation.works.queries import feed, reactions
from stoa.creation.works.types import Reaction, Sort, WorkCard
from stoa.foundation.people.queries import profile
from stoa.foundation.people.queries.account import preferences
from stoa.foundation.settings.queries import platform
from stoa.front.page import FACES, SIZES, page, render, safe_next, see_other
from stoa.front.public.gift import gift_context
from stoa.front.sites import facts
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.http.edge import csrf_token
from stoa.money.wallet.queries import wallet

NEXT = 3
FOR_ADULTS = ("mature", "explicit")
FACE_NAMES = dict(zip(FACES, ("Literata", "Inter", "Atkinson Hyperlegible", "OpenDyslexic"), strict=True))


@get("/p/{slug:str}", opt=access("public"))
async def read(request: Request[Any, Any, Any], ctx: CtxDep, slug: Path[str]) -> Response[Any]:
    """The text, its writer, the row of gift, like and share, and what to read next. A first look counts (P2)."""
    found = await access_post_by_slug(ctx, slug)
    if found.slug is not None and found.slug != slug:
        return see_other(f"/p/{found.slug}")
    if found.state == "published":
        if request.query_params.get("open") != "yes" and await _asks_first(ctx, found):
            return await page(request, ctx, "public/mature.html", post=found)
        await works.record_view(ctx, found.id)
    return await reading_page(request, ctx, found, "public/post.html")


async def _asks_first(ctx: Ctx, found: PostView) -> bool:
    """Whether a text for adults waits for a word of its reader, as everybody wants it who has not said otherwise."""
    if found.rating not in FOR_ADULTS:
        return False
    if ctx.actor is None:
        return True
    return found.author.id != ctx.actor.id and (await preferences(ctx)).mature_content == "ask"


async def reading_page(
    request: Request[Any, Any, Any], ctx: Ctx, found: PostView, name: str, **more: Any
) -> Response[Any]:
    """A post as its readers see it."""
    config = await platform(ctx)
    held = await wallet(ctx, ctx.actor.id) if ctx.actor else None
    return await page(
        request,
        ctx,
        name,
        shared=True,
        held=held,
        post=found,
        author=await profile(ctx, found.author.username),
        following=await _next(ctx, found),
        faces=FACE_NAMES,
        sizes=SIZES,
        config=config,
        gift=await gift_context(ctx, found.author, work_id=found.id, back=request.url.path, held=held),
        page_keys=[("l", "Like"), ("s", "Share")],
        json_ld=facts.post(found, ctx.app.settings.base_url) if found.state == "published" else None,
        **more,
    )


async def _next(ctx: Ctx, found: PostView) -> list[WorkCard]:
    """More of the same writer; then what others read now."""
    own = await feed(ctx, author_id=found.author.id, limit=NEXT + 1)
    cards = [card for card in own.items if card.id != found.id][:NEXT]
    if len(cards) < NEXT:
        others = await feed(ctx, sort=Sort.TRENDING, limit=NEXT * 2)
        known = {found.id, *(card.id for card in cards)}
        cards += [card for card in others.items if card.id not in known][: NEXT - len(cards)]
    return cards


@post("/works/{work_id:uuid}/react", opt=access("member"))
async def react(request: Request[Any, Any, Any], ctx: CtxDep, work_id: Path[UUID]) -> Response[Any]:
    """Like, dislike, or the same again to take it back (P3)."""
    form = await request.form()
    asked, is_on = form.get("reaction"), form.get("on") == "yes"
    if asked not in set(Reaction):
        raise Invalid(fields={"reaction": "like or dislike"})
    await access_published(ctx, work_id)
    reaction = Reaction(asked)
    await (works.unreact if is_on else works.react)(ctx, work_id, reaction)
    if "hx-request" not in request.headers:
        return see_other(safe_next(form.get("next")))
    counts = await reactions(ctx, work_id)
    text = render(
        "public/_reactions.html",
        csrf=csrf_token(request),
        work_id=work_id,
        back=safe_next(form.get("next")),
        likes=counts.likes,
        mine=counts.my_reaction,
    )
    return Response(content=text, media_type="text/html", status_code=200)


routes = [read, react]
