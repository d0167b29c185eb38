"""`/api/v1/posts`: reading, writing and publishing posts."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import QueryParameter

from stoa.creation.posts import actions, queries
from stoa.creation.posts.policies import access_post, access_post_by_slug, category_named
from stoa.creation.posts.schemas import PostEdit, PostIn, PreviewIn, PublishIn
from stoa.creation.posts.types import KIND, OwnPost, PostView, Rendered
from stoa.creation.works import actions as works
from stoa.creation.works import queries as lists
from stoa.creation.works.types import Sort, State, WorkCard
from stoa.foundation.people.policies import access_person
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page

NEWEST = PublishIn()  # what no body at all means
InState = Annotated[State | None, QueryParameter(name="state")]  # the plain name is the framework's
Text = Annotated[str | None, QueryParameter(max_length=50)]


@get("/api/v1/posts", opt=access("public"))
async def list_posts(
    ctx: CtxDep,
    sort: Query[Sort] = Sort.RECENT,
    category: Text = None,
    author: Text = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[WorkCard]:
    """Published posts: recent, trending or popular; of a category, of an author (by username) (P2)."""
    author_id = (await access_person(ctx, author)).id if author else None
    return await lists.feed(
        ctx,
        sort=sort,
        kinds=(KIND,),
        category=category_named(category) if category else None,
        author_id=author_id,
        cursor=cursor,
        limit=limit,
    )


@get("/api/v1/posts/mine", opt=access("member"))
async def my_posts(
    ctx: CtxDep, in_state: InState = None, cursor: Cursor = None, limit: PageLimit = 20
) -> Page[OwnPost]:
    """One's own posts, drafts included, the last changed first."""
    return await queries.own_posts(ctx, state=in_state, cursor=cursor, limit=limit)


@post("/api/v1/posts", opt=access("member", limit="write"))
async def write(ctx: CtxDep, data: Body[PostIn]) -> PostView:
    """A new draft; it may still be incomplete."""
    return await actions.write(ctx, **_given(data))


@post("/api/v1/posts/preview", status_code=200, opt=access("member", limit="write"))
async def preview(ctx: CtxDep, data: Body[PreviewIn]) -> Rendered:
    """What a Markdown text will look like; stores nothing."""
    return await actions.preview_of(ctx, data.body_markdown)


@get("/api/v1/posts/{post_id:uuid}", opt=access("public"))
async def read(ctx: CtxDep, post_id: Path[UUID]) -> PostView:
    """One post; the reader's first look counts as a view (P2)."""
    await works.record_view(ctx, post_id)
    return await access_post(ctx, post_id)


@get("/api/v1/posts/by-slug/{slug:str}", opt=access("public"))
async def read_by_slug(ctx: CtxDep, slug: Path[str]) -> PostView:
    """The same by an address the post has or once had."""
    found = await access_post_by_slug(ctx, slug)
    if await works.record_view(ctx, found.id):
        return await access_post(ctx, found.id)
    return found


@patch("/api/v1/posts/{post_id:uuid}", opt=access("member", limit="write"))
async def edit(ctx: CtxDep, post_id: Path[UUID], data: Body[PostEdit]) -> PostView:
    """Changes what is given, made on `revision`; 409 with the newer revision when somebody was faster."""
    return await actions.edit(ctx, post_id, **_given(data))


@post("/api/v1/posts/{post_id:uuid}/publish", status_code=200, opt=access("member", limit="write"))
async def publish(ctx: CtxDep, post_id: Path[UUID], data: Body[PublishIn] = NEWEST) -> PostView:
    """Publishes a post. Where the answer's state is in_review, `screening_reasons` says why (P5)."""
    return await actions.publish(ctx, post_id, revision=data.revision)


@post("/api/v1/posts/{post_id:uuid}/unpublish", status_code=200, opt=access("member"))
async def unpublish(ctx: CtxDep, post_id: Path[UUID]) -> PostView:
    """Takes a post back from readers or from review."""
    return await actions.unpublish(ctx, post_id)


@delete("/api/v1/posts/{post_id:uuid}", opt=access("member"))
async def remove(ctx: CtxDep, post_id: Path[UUID]) -> None:
    """Deletes a post."""
    await actions.delete(ctx, post_id)


def _given(data: msgspec.Struct) -> dict[str, Any]:
    category = getattr(data, "category", None)
    given = {name: getattr(data, name) for name in data.__struct_fields__}
    return given | {"category": category_named(category)} if isinstance(category, str) else given


routes = [list_posts, my_posts, write, preview, read, read_by_slug, edit, publish, unpublish, remove]
