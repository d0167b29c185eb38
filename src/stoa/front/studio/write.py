"""`/write`: the editor, its autosave, the preview and the step to publishing. A plain form without JS.

A draft saves itself. A post that is out does not: its readers would see half sentences, so its changes wait for the
button, kept on the writer's device meanwhile.
"""

from typing import Annotated, Any, NoReturn
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.creation.posts import actions
from stoa.creation.posts.policies import access_post_to, access_post_to_edit, check_post
from stoa.creation.posts.types import BODY_MAX, TITLE_MAX, PostView
from stoa.creation.works.errors import EditConflict, TextRefused
from stoa.creation.works.types import CATEGORIES, State
from stoa.foundation.media.queries import media_by_ids
from stoa.foundation.media.types import MediaView
from stoa.foundation.team.types import Permission
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import page, see_other
from stoa.front.public.post import reading_page
from stoa.front.studio.posts import list_of
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, StoaError
from stoa.kit.http import Body, CtxDep, Path, access
from stoa.kit.ids import parse_id
from stoa.kit.markdown import own_media_id

LIVE = (State.PUBLISHED, State.IN_REVIEW)


class Typed(msgspec.Struct):
    """What the editor holds. `revision` is the one it was opened with; both are None for a text that is new."""

    title: Annotated[str, msgspec.Meta(max_length=TITLE_MAX)] = ""
    body: Annotated[str, msgspec.Meta(max_length=BODY_MAX)] = ""
    category: str | None = None
    id: UUID | None = None
    revision: int | None = None


class Saved(msgspec.Struct):
    """Where the text is kept now."""

    id: UUID
    revision: int


class NotSaved(msgspec.Struct):
    """Why the text could not be kept, for the person who writes it."""

    code: str
    detail: str


class Publishing(msgspec.Struct):
    """The step to publishing: category, cover and the revision that was looked at."""

    revision: int
    category: str | None = None
    cover: UUID | None = None


@get("/write", opt=access("member"))
async def write_new(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """An empty page."""
    return await _editor(request, ctx, Typed(), None)


@get("/write/{post_id:uuid}", opt=access("member"))
async def write_on(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """One's own post, or one of a site where one edits, to go on with."""
    found = await access_post_to_edit(ctx, post_id)
    return await _editor(request, ctx, _typed(found), found)


def _typed(found: PostView) -> Typed:
    return Typed(found.title, found.body_markdown or "", found.category, found.id, found.revision)


async def _editor(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    typed: Typed,
    found: PostView | None,
    error: StoaError | None = None,
) -> Response[Any]:
    conflict = isinstance(error, EditConflict)
    return await page(
        request,
        ctx,
        "studio/write.html",
        status=error.status if error else 200,
        typed=typed,
        post=found,
        is_live=found is not None and found.state in LIVE,
        can_publish=found is None or Permission.PUBLISH in found.my_permissions,
        home=await list_of(ctx, found),
        errors={} if error is None or conflict else _named(error),
        conflict=conflict,
        categories=CATEGORIES,
        body_max=BODY_MAX,
        title_max=TITLE_MAX,
        page_keys=[("Ctrl S", "Save"), ("Ctrl B", "Bold"), ("Ctrl I", "Italic"), ("Ctrl Z", "Undo")],
    )


async def _keep(ctx: Ctx, typed: Typed) -> PostView:
    """Writes a new draft or changes the one there is. Raises what `actions` raise."""
    category = typed.category or None
    if typed.id is None:
        return await actions.write(ctx, title=typed.title, body_markdown=typed.body, category=category)
    revision = typed.revision
    if revision is None:
        revision = (await access_post_to_edit(ctx, typed.id)).revision
    return await actions.edit(
        ctx, typed.id, revision=revision, title=typed.title, body_markdown=typed.body, category=category
    )


@post("/write/save", opt=access("member", limit="write"), status_code=200)
async def autosave(ctx: CtxDep, data: Body[Typed]) -> Response[Saved | NotSaved]:
    """What the editor sends while one types. Refuses a post that is out (409): that takes the button."""
    if data.id is not None and (await access_post_to_edit(ctx, data.id)).state in LIVE:
        return Response(NotSaved("is_live", "This post is out; its changes wait for the button"), status_code=409)
    try:
        kept = await _keep(ctx, data)
    except (Invalid, EditConflict) as error:
        return Response(NotSaved(error.code, error.detail), status_code=error.status)
    return Response(Saved(kept.id, kept.revision), status_code=200)


@post("/write", opt=access("member", limit="write"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """The form's buttons: save, go on to publishing, or change a post that is out."""
    form = dict(await request.form())
    try:
        typed = forms.parse(Typed, form, strict=False)
        if typed.id is None and not typed.title.strip() and not typed.body.strip():
            _refuse_empty(wants_out=form.get("then") == "publish", category=typed.category or None)
        kept = await _keep(ctx, typed)
    except (Invalid, EditConflict) as error:
        return await _editor_again(request, ctx, form, error)
    if kept.state in LIVE:
        is_out = kept.state == State.PUBLISHED
        response = see_other(f"/p/{kept.slug}" if is_out else await list_of(ctx, kept))
        said = "Your readers see the new text." if is_out else "The new text waits for a moderator."
        flash.add(request, response, Toast(said, "good"))
        return response
    if form.get("then") == "publish":
        return see_other(f"/write/{kept.id}/publish")
    response = see_other(f"/write/{kept.id}")
    flash.add(request, response, Toast("Saved.", "good"))
    return response


def _refuse_empty(*, wants_out: bool, category: str | None) -> NoReturn:
    """An empty page is no draft, and says what a post needs. Raises Invalid."""
    if wants_out:
        _check_complete("", "", category)
    raise Invalid(fields={"body": "Please write something first"})


def _check_complete(title: str, body: str, category: str | None) -> None:
    check_post(
        title=title,
        body_markdown=body,
        category=category,
        images=(),
        images_in_text=(),
        language="en",
        rating="general",
        complete=True,
    )


async def _editor_again(
    request: Request[Any, Any, Any], ctx: Ctx, form: dict[str, Any], error: StoaError
) -> Response[Any]:
    """The editor with what was typed, whatever was wrong with it."""
    post_id, revision = parse_id(form.get("id")), form.get("revision", "")[:10]
    found = await access_post_to_edit(ctx, post_id) if post_id else None
    typed = Typed(
        title=form.get("title", ""),
        body=form.get("body", ""),
        category=form.get("category") or None,
        id=found.id if found else None,
        revision=int(revision) if revision.isascii() and revision.isdigit() else None,
    )
    return await _editor(request, ctx, typed, found, error)


def _named(error: StoaError) -> dict[str, str]:
    """Errors by the names that the form's fields have."""
    if isinstance(error, Invalid) and error.fields:
        return {{"body_markdown": "body", "images": "body"}.get(n, n): text for n, text in error.fields.items()}
    return {"body": error.detail}


@get("/write/{post_id:uuid}/preview", opt=access("member"))
async def preview(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """The text as readers will see it."""
    return await reading_page(
        request, ctx, await access_post_to(ctx, post_id, Permission.READ_DRAFTS), "studio/preview.html"
    )


@get("/write/{post_id:uuid}/publish", opt=access("member"))
async def publish_form(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """The last look: category, cover, and what will happen."""
    return await _publish_page(request, ctx, await access_post_to(ctx, post_id, Permission.PUBLISH), {})


async def _publish_page(
    request: Request[Any, Any, Any], ctx: Ctx, found: PostView, errors: dict[str, str], status: int = 200
) -> Response[Any]:
    return await page(
        request,
        ctx,
        "studio/publish.html",
        status=status,
        post=found,
        pictures=await _pictures(ctx, found),
        errors=errors,
        lacks=_lacks(found),
        categories=CATEGORIES,
    )


def _lacks(found: PostView) -> dict[str, str]:
    """What has to be written first; the category is chosen on the way."""
    if found.body_markdown is None:
        return {}
    try:
        _check_complete(found.title, found.body_markdown, found.category or CATEGORIES[0])
    except Invalid as error:
        return _named(error)
    return {}


async def _pictures(ctx: Ctx, found: PostView) -> list[MediaView]:
    """The author's own pictures in the text, in order: any of them can be the cover."""
    named = [own_media_id(url) for url in [*found.images, *await actions.images_of(found.body_markdown or "")]]
    ids = list(dict.fromkeys(UUID(media_id) for media_id in named if media_id))
    known = {m.id: m for m in await media_by_ids(ctx, ids)}
    return [known[i] for i in ids if i in known and known[i].owner_id == found.author.id]


@post("/write/{post_id:uuid}/publish", opt=access("member", limit="write"))
async def publish(request: Request[Any, Any, Any], ctx: CtxDep, post_id: Path[UUID]) -> Response[Any]:
    """Publishes, or puts into review and says why (P5)."""
    form = dict(await request.form())
    try:
        given = forms.parse(Publishing, form, strict=False)
        revision = given.revision
        if Permission.EDIT_CONTENT in (await access_post_to(ctx, post_id, Permission.PUBLISH)).my_permissions:
            changed = await actions.edit(
                ctx, post_id, revision=revision, category=given.category, cover_media_id=given.cover
            )
            revision = changed.revision
        done = await actions.publish(ctx, post_id, revision=revision)
    except (Invalid, TextRefused, EditConflict) as error:
        found = await access_post_to(ctx, post_id, Permission.PUBLISH)
        return await _publish_page(request, ctx, found, _named(error), error.status)
    if done.state == State.IN_REVIEW:
        response = see_other(await list_of(ctx, done))
        reasons = "; ".join(done.screening_reasons or [])
        flash.add(request, response, Toast(f"A moderator looks at it first: {reasons}", "warn", seconds=12))
        return response
    response = see_other(f"/p/{done.slug}")
    flash.add(request, response, Toast("Published. It is open to everybody now.", "good"))
    return response


routes = [write_new, write_on, autosave, save, preview, publish_form, publish]
