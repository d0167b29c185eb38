"""`/dashboard/media/upload`: files from this device or from an address; with a script many at once, with progress."""

from dataclasses import dataclass
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from stoa.foundation.media import actions
from stoa.foundation.media.errors import FileInfected, FileTooLarge, ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced_file
from stoa.foundation.media.queries import library, storage
from stoa.foundation.media.types import FileView, State
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import page, see_other
from stoa.front.studio.media import PATH, choices_of
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, LimitReached
from stoa.kit.forms import storable
from stoa.kit.http import CtxDep, Multipart, access
from stoa.kit.http.lending import lending_of
from stoa.kit.ids import parse_id

UPLOAD: Final = f"{PATH}/upload"


@dataclass
class FileForm:
    """One file, and the folder it goes into."""

    file: UploadFile
    alt: str = ""
    folder_id: str = ""


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced_file(request.headers.get("content-length"), most_bytes)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    *,
    fields: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    typed = {"folder_id": request.query_params.get("folder", ""), "alt": "", "url": ""} | (fields or {})
    return await page(
        request,
        ctx,
        "studio/media_upload.html",
        status=status,
        limits=await storage.limits(ctx),
        storage=await storage.storage(ctx),
        choices=choices_of(await library.folders(ctx)),
        fields=typed,
        errors=errors or {},
    )


@get(UPLOAD, opt=access("member"))
async def upload_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Where to choose, drop or name files."""
    return await _show(request, ctx)


@post(
    UPLOAD,
    dto=None,  # a file is no field of a form
    before_request=_announced,
    request_max_body_size=MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(request: Request[Any, Any, Any], ctx: CtxDep, data: Multipart[FileForm]) -> Response[Any]:
    """One file, by a plain form."""
    fields = {"alt": data.alt, "folder_id": data.folder_id}
    most_bytes = ctx.app.settings.max_upload_bytes
    content = await data.file.read(most_bytes + 1)
    name = data.file.filename or ""
    try:
        if not storable(data.alt + name):
            raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
        if len(content) > most_bytes:
            raise FileTooLarge(most_bytes)
        about = actions.About(filename=name, alt=data.alt, folder_id=parse_id(data.folder_id))
        made = await actions.upload_file(ctx, data=content, about=about)
    except Invalid as error:
        return await _show(request, ctx, fields=fields, errors=error.fields, status=422)
    except (FileTooLarge, ImageTooLarge, LimitReached) as error:
        return await _show(request, ctx, fields=fields, errors={"file": error.detail}, status=error.status)
    return _done(request, made)


@post(f"{UPLOAD}/from-url", opt=access("member", limit="upload", gated=False))
async def from_url(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """One file from a public address (L3)."""
    sent = await request.form()
    fields = {name: str(sent.get(name, "")) for name in ("url", "folder_id")}
    lending = lending_of(request.scope)
    try:
        found = await lending.outside(actions.fetched(fields["url"], ctx.app.settings.max_upload_bytes))
        about = actions.About(
            filename=found.filename if storable(found.filename) else "", folder_id=parse_id(fields["folder_id"])
        )
        made = await actions.upload_file(await lending.ctx(), data=found.content, about=about)
    except Invalid as error:
        wrong = {"url" if name == "file" else name: text for name, text in error.fields.items()}
        return await _show(request, await lending.ctx(), fields=fields, errors=wrong, status=422)
    except LimitReached as error:
        wrong = {"url": error.detail}
        return await _show(request, await lending.ctx(), fields=fields, errors=wrong, status=error.status)
    return _done(request, made)


def _done(request: Request[Any, Any, Any], made: FileView) -> Response[Any]:
    response = see_other(f"{PATH}/{made.id}")
    if made.state is State.QUARANTINED:
        flash.add(request, response, Toast(FileInfected(made.id, made.scan_result).detail, "bad"))
    else:
        flash.add(request, response, Toast("It is in your library. Say what is to be seen in it.", "good"))
    return response


routes = [upload_page, upload, from_url]
