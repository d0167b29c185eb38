"""Ways in: a form, parts at signed addresses, an address somewhere else."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, delete, get, post, put

from stoa.foundation.media import actions
from stoa.foundation.media.errors import FileInfected, FileTooLarge, ImageTooLarge
from stoa.foundation.media.policies import (
    FORM_OVERHEAD_BYTES,
    access_own_upload,
    check_announced,
    check_announced_file,
)
from stoa.foundation.media.queries.storage import own_uploads
from stoa.foundation.media.schemas import CompleteIn, FileIn, FromUrlIn, SignedIn, UploadIn
from stoa.foundation.media.types import FileView, MediaView, State, UploadRow, UploadView, Visibility
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.http import Body, CtxDep, Multipart, Path, Query, access
from stoa.kit.http.lending import lending_of
from stoa.kit.ids import parse_id

MAX_BODY_BYTES = MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


async def _announced_file(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced_file(request.headers.get("content-length"), most_bytes)


@post(
    "/api/v1/media",
    dto=None,  # a file is no field of JSON
    before_request=_announced,
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def upload_picture(request: Request[Any, Any, Any], ctx: CtxDep, data: Multipart[UploadIn]) -> MediaView:
    """Stores a picture (multipart fields `file` and `alt`): JPEG, PNG, WebP, GIF or AVIF.

    It may have at most 25 MB, unless the operator says otherwise (L2).
    """
    if not storable(data.alt + (data.file.filename or "")):
        raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ImageTooLarge(most_bytes)
    try:
        return await actions.upload_image(ctx, data=content, alt=data.alt.strip(), filename=data.file.filename or "")
    except FileInfected:
        lending_of(request.scope).keep = True  # it lies in quarantine, and that is to be known
        raise


@post(
    "/api/v1/media/upload",
    dto=None,  # a file is no field of JSON
    before_request=_announced_file,
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(request: Request[Any, Any, Any], ctx: CtxDep, data: Multipart[FileIn]) -> FileView:
    """Stores a file of any kind that is taken, of at most 25 MB unless the operator says otherwise; larger ones come in
    parts. Pictures are ready at once, others when they were worked on: see `state` and `progress`.
    """
    about = about_form(data)
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise FileTooLarge(most_bytes)
    return refuse_infected(request, await actions.upload_file(ctx, data=content, about=about))


@post("/api/v1/media/upload/signed-url", opt=access("member"))
async def signed_url(ctx: CtxDep, data: Body[SignedIn]) -> UploadView:
    """Room for a file, and addresses to PUT its parts to, in any order, each until it is there; then `complete`.

    What it takes counts against the plan from now on (B4). It has to be completed within 24 hours.
    """
    about = actions.About(filename=data.filename, alt=data.alt, folder_id=data.folder_id, visibility=data.visibility)
    return await actions.begin_upload(ctx, size_bytes=data.size_bytes, about=about, direct=data.direct)


@get("/api/v1/media/upload", opt=access("member"))
async def uploads_under_way(ctx: CtxDep) -> list[UploadRow]:
    """One's uploads that are not complete yet."""
    return await own_uploads(ctx)


@get("/api/v1/media/upload/{upload_id:uuid}", opt=access("member"))
async def upload_under_way(ctx: CtxDep, upload_id: Path[UUID], direct: Query[bool] = True) -> UploadView:
    """What has arrived of an upload, and addresses for the rest: how to go on after a cut."""
    return await actions.upload_view(ctx, await access_own_upload(ctx, upload_id), direct=direct)


@delete("/api/v1/media/upload/{upload_id:uuid}", opt=access("member"))
async def give_up(ctx: CtxDep, upload_id: Path[UUID]) -> None:
    """Ends an upload that is not wanted any more; nothing is left of it."""
    await actions.give_up(ctx, upload_id)


@put(
    "/api/v1/media/upload/parts/{token:str}",
    dto=None,  # bytes
    status_code=204,
    request_max_body_size=64 * 1024 * 1024,
    opt=access("provider", write=False),
)
async def store_part(request: Request[Any, Any, Any], ctx: CtxDep, token: Path[str]) -> Response[None]:
    """One part of an upload, as bytes. The address itself is the permission; it ends with the upload."""
    tag = await actions.store_part(ctx, token, await request.body())
    return Response(None, status_code=204, headers={"ETag": tag})


@post("/api/v1/media/upload/complete", opt=access("member"))
async def complete(ctx: CtxDep, data: Body[CompleteIn]) -> FileView:
    """Makes a file of an upload all of whose parts are there. It is worked on from now on: see `state`."""
    return await actions.complete_upload(ctx, data.upload_id)


@post("/api/v1/media/upload/from-url", opt=access("member", limit="upload", gated=False))
async def from_url(request: Request[Any, Any, Any], ctx: CtxDep, data: Body[FromUrlIn]) -> FileView:
    """Fetches a file from a public address and stores it; never from private or local ones (L3)."""
    lending = lending_of(request.scope)
    found = await lending.outside(actions.fetched(data.url, ctx.app.settings.max_upload_bytes))
    about = actions.About(
        filename=found.filename if storable(found.filename) else "",
        alt=data.alt,
        title=data.title,
        folder_id=data.folder_id,
        visibility=data.visibility,
    )
    return refuse_infected(request, await actions.upload_file(await lending.ctx(), data=found.content, about=about))


def about_form(data: FileIn) -> actions.About:
    """What the fields of a form say of a file. Raises Invalid."""
    wrong = {
        name: "This holds a character that cannot be stored"
        for name in ("alt", "title", "caption", "tags")
        if not storable(getattr(data, name))
    }
    folder_id = parse_id(data.folder_id) if data.folder_id else None
    if data.folder_id and folder_id is None:
        wrong["folder_id"] = "There is no such folder"
    if data.visibility and data.visibility not in set(Visibility):
        wrong["visibility"] = "Public or private"
    if wrong:
        raise Invalid(fields=wrong)
    name = data.file.filename or ""
    return actions.About(
        filename=name if storable(name) else "",
        title=data.title,
        alt=data.alt,
        caption=data.caption,
        folder_id=folder_id,
        tags=data.tags.split(","),
        visibility=Visibility(data.visibility or Visibility.PUBLIC),
    )


def refuse_infected(request: Request[Any, Any, Any], file: FileView) -> FileView:
    """The file; raises FileInfected for one in quarantine, where it stays all the same."""
    if file.state is State.QUARANTINED:
        lending_of(request.scope).keep = True
        raise FileInfected(file.id, file.scan_result)
    return file


routes = [
    upload_picture,
    upload,
    signed_url,
    uploads_under_way,
    upload_under_way,
    give_up,
    store_part,
    complete,
    from_url,
]
