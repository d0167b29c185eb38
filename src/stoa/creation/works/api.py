"""`/api/v1/works`, search, categories and the review queue: what is the same for all kinds of works."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, delete, get, post, put
from litestar.params import QueryParameter

from stoa.creation.works import actions, queries
from stoa.creation.works.policies import access_published
from stoa.creation.works.schemas import ApproveIn, RefuseIn, ReviewedOut, WorkGiftIn, WorkGiftOut
from stoa.creation.works.types import CATEGORIES, AuthorStats, Reaction, ReactionView, ReviewItem, SearchHit, WorkCard
from stoa.foundation.people.policies import access_person
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id
from stoa.kit.pagination import Page
from stoa.money.wallet import actions as wallet

SearchText = Annotated[str, QueryParameter(min_length=1, max_length=200)]
Language = Annotated[str, QueryParameter(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$")]


@get("/api/v1/categories", opt=access("public"))
async def categories() -> list[str]:
    """The categories a post can have (P1)."""
    return list(CATEGORIES)


@get("/api/v1/search", opt=access("public"))
async def search(
    ctx: CtxDep, q: SearchText, language: Language = "en", cursor: Cursor = None, limit: PageLimit = 20
) -> Page[SearchHit]:
    """Published works that hold the words, the best first. Quotes, `or` and `-` work as in web search."""
    return await queries.search(ctx, q, language=language, cursor=cursor, limit=limit)


@get("/api/v1/users/{username:str}/series", opt=access("public"))
async def series(ctx: CtxDep, username: Path[str], cursor: Cursor = None, limit: PageLimit = 20) -> Page[WorkCard]:
    """The published series of somebody, the newest first."""
    person = await access_person(ctx, username)
    return await queries.feed(ctx, kinds=("series",), author_id=person.id, cursor=cursor, limit=limit)


@get("/api/v1/users/{username:str}/stats", opt=access("public"))
async def author_stats(ctx: CtxDep, username: Path[str]) -> AuthorStats:
    """What everybody may know of somebody in numbers."""
    person = await access_person(ctx, username)
    return await queries.author_stats(ctx, person.id)


@put("/api/v1/works/{work_id:uuid}/like", opt=access("member"))
async def like(ctx: CtxDep, work_id: Path[UUID]) -> ReactionView:
    """Likes a work, in place of a dislike; repeating it changes nothing (P3)."""
    return await actions.react(ctx, work_id, Reaction.LIKE)


@delete("/api/v1/works/{work_id:uuid}/like", status_code=200, opt=access("member"))
async def unlike(ctx: CtxDep, work_id: Path[UUID]) -> ReactionView:
    """Takes the like back; repeating it changes nothing."""
    return await actions.unreact(ctx, work_id, Reaction.LIKE)


@put("/api/v1/works/{work_id:uuid}/dislike", opt=access("member"))
async def dislike(ctx: CtxDep, work_id: Path[UUID]) -> ReactionView:
    """Dislikes a work, in place of a like; repeating it changes nothing (P3)."""
    return await actions.react(ctx, work_id, Reaction.DISLIKE)


@delete("/api/v1/works/{work_id:uuid}/dislike", status_code=200, opt=access("member"))
async def undislike(ctx: CtxDep, work_id: Path[UUID]) -> ReactionView:
    """Takes the dislike back; repeating it changes nothing."""
    return await actions.unreact(ctx, work_id, Reaction.DISLIKE)


@post("/api/v1/works/{work_id:uuid}/gifts", opt=access("member", idempotent=True))
async def gift(
    ctx: CtxDep, work_id: Path[UUID], data: Body[WorkGiftIn], request: Request[Any, Any, Any]
) -> WorkGiftOut:
    """Gives coins to the author of a work (M6). Honours `Idempotency-Key` (M11)."""
    work = await access_published(ctx, work_id)
    given = await wallet.gift(
        ctx,
        recipient_id=work.author_id,
        amount_coins=data.amount,
        message=data.message,
        work_id=work_id,
        key=key_of(request.scope) or str(new_id()),
    )
    stats = await queries.stats(ctx, work_id)
    if stats is None:
        raise NotFound("There is no such work")
    return WorkGiftOut(
        id=given.id,
        work_id=work_id,
        amount_coins=given.amount_coins,
        message=given.message,
        creator_minor=given.creator_minor,
        creator_promotional_minor=given.creator_promotional_minor,
        platform_minor=given.platform_minor,
        created_at=given.created_at,
        undo_until=given.undo_until,
        stats=stats,
    )


@get("/api/v1/admin/review", opt=access("staff"))
async def review_queue(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 20) -> Page[ReviewItem]:
    """Texts that wait for a moderator, the longest waiting first (P5)."""
    return await queries.review_queue(ctx, cursor=cursor, limit=limit)


@post("/api/v1/admin/review/{work_id:uuid}/approve", status_code=200, opt=access("staff"))
async def approve(ctx: CtxDep, work_id: Path[UUID], data: Body[ApproveIn]) -> ReviewedOut:
    """Lets a text pass; it is published now."""
    work = await actions.approve(ctx, work_id, revision=data.revision)
    return ReviewedOut(work.id, work.state, work.revision)


@post("/api/v1/admin/review/{work_id:uuid}/refuse", status_code=200, opt=access("staff"))
async def refuse(ctx: CtxDep, work_id: Path[UUID], data: Body[RefuseIn]) -> ReviewedOut:
    """Refuses a text, or takes a published one down, with a reason for its author."""
    work = await actions.refuse(ctx, work_id, reason=data.reason, revision=data.revision)
    return ReviewedOut(work.id, work.state, work.revision)


routes = [
    categories,
    search,
    series,
    author_stats,
    like,
    unlike,
    dislike,
    undislike,
    gift,
    review_queue,
    approve,
    refuse,
]
