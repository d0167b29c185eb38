"""`/dashboard/media/{id}`: one file: what is said of it, where it is used, what can be made of it; and the storage."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.media import actions
from stoa.foundation.media.errors import FileRefused, NotReady
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries import library, storage
from stoa.foundation.media.types import MAX_ALT, MAX_CAPTION, MAX_FILENAME, MAX_TITLE, Area, FileView, State, Visibility
from stoa.front import flash
from stoa.front.flash import Action, Toast
from stoa.front.page import page, see_other
from stoa.front.studio.media import PATH, choices_of, trail_of
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, LimitReached
from stoa.kit.http import CtxDep, Path, access

_TEXTS: Final = ("title", "alt", "caption", "filename")
_SIZES: Final = ("width", "height", "part_x", "part_y", "part_width", "part_height")


QUALITY: Final = 82
Pixels = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Place = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class FileForm(msgspec.Struct):
    """What is said of a file."""

    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILENAME)]
    visibility: Visibility
    tags: list[str] = []
    title: Annotated[str, msgspec.Meta(max_length=MAX_TITLE)] = ""
    alt: Annotated[str, msgspec.Meta(max_length=MAX_ALT)] = ""
    caption: Annotated[str, msgspec.Meta(max_length=MAX_CAPTION)] = ""
    folder_id: UUID | None = None


class SizeForm(msgspec.Struct):
    """How large the new file is to be at most, and which part of the picture it shows."""

    width: Pixels | None = None
    height: Pixels | None = None
    covers: bool = False


class PartForm(msgspec.Struct):
    """A part of the upright picture, in its pixels, from the upper left."""

    part_x: Place
    part_y: Place
    part_width: Pixels
    part_height: Pixels


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    file: FileView,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    folders = await library.folders(ctx)
    folder = next((one for one in folders if one.id == file.folder_id), None)
    fields: dict[str, Any] = {name: getattr(file, name) for name in _TEXTS} | dict.fromkeys(_SIZES, "")
    fields |= {
        "tags": ", ".join(file.tags),
        "folder_id": str(file.folder_id or ""),
        "visibility": file.visibility.value,
    }
    return await page(
        request,
        ctx,
        "studio/media_file.html",
        status=status,
        file=file,
        uses=await library.uses(ctx, file.id),
        trail=[*(trail_of(folders, folder) or [(PATH, "Media")]), ("", file.name)],
        choices=choices_of(folders),
        fields=fields | (typed or {}),
        errors=errors or {},
    )


@get(f"{PATH}/{{media_id:uuid}}", opt=access("member"))
async def one_file(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """The file, with its form."""
    return await _show(request, ctx, await access_own_media(ctx, media_id))


@post(f"{PATH}/{{media_id:uuid}}", opt=access("member"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """What is said of it."""
    file = await access_own_media(ctx, media_id)
    sent = await request.form()
    typed = {name: str(sent.get(name, "")) for name in (*_TEXTS, "tags", "folder_id", "visibility")}
    try:
        tags = [tag for tag in (part.strip() for part in typed["tags"].split(",")) if tag]
        given = forms.parse(FileForm, typed | {"tags": tags, "folder_id": typed["folder_id"] or None})
        await actions.edit(
            ctx,
            media_id,
            title=given.title,
            alt=given.alt,
            caption=given.caption,
            filename=given.filename,
            tags=given.tags,
            folder_id=given.folder_id,
            visibility=given.visibility,
        )
    except Invalid as error:
        return await _show(request, ctx, file, typed=typed, errors=error.fields, status=422)
    return _said(request, media_id, "Saved.")


@post(f"{PATH}/{{media_id:uuid}}/delete", opt=access("member"))
async def delete(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """Into the trash; from there, or if it never was ready, for good."""
    file = await access_own_media(ctx, media_id)
    await actions.delete(ctx, media_id, for_good=file.state is State.DELETED)
    response = see_other(PATH)
    if file.state is State.READY:
        toast = Toast("It is in the trash.", "good", Action("Put it back", f"{PATH}/{media_id}/restore"), seconds=12)
    else:
        toast = Toast("It is deleted for good.", "good")
    flash.add(request, response, toast)
    return response


@post(f"{PATH}/{{media_id:uuid}}/restore", opt=access("member"))
async def restore(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """Out of the trash."""
    await actions.restore(ctx, [media_id])
    return _said(request, media_id, "It is back in your library.")


@post(f"{PATH}/{{media_id:uuid}}/copy", opt=access("member"))
async def copy(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """A second one, beside it."""
    file = await access_own_media(ctx, media_id)
    try:
        made = await actions.copy(ctx, media_id, folder_id=file.folder_id)
    except (NotReady, LimitReached) as error:
        return await _show(request, ctx, file, errors={"make": error.detail}, status=error.status)
    return _said(request, made.id, "This is the copy.")


@post(f"{PATH}/{{media_id:uuid}}/resize", opt=access("member", limit="upload"))
async def resize(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """Another file: another size of it, or a part."""
    file = await access_own_media(ctx, media_id)
    form = await request.form()
    sent = dict.fromkeys(("width", "height"), "") | {name: str(value).strip() for name, value in form.items()}
    try:
        given, area = _wanted(sent)
        made = await actions.resize(
            ctx, media_id, width=given.width, height=given.height, area=area, covers=given.covers
        )
    except Invalid as error:
        return await _show(request, ctx, file, typed=sent, errors=_by_field(error.fields, sent), status=422)
    except (NotReady, LimitReached) as error:
        return await _show(request, ctx, file, errors={"make": error.detail}, status=error.status)
    return _said(request, made.id, "This is the new file. The one it was made from is as it was.")


@post(f"{PATH}/{{media_id:uuid}}/optimize", opt=access("member", limit="upload"))
async def optimise(request: Request[Any, Any, Any], ctx: CtxDep, media_id: Path[UUID]) -> Response[Any]:
    """The same picture in fewer bytes."""
    file = await access_own_media(ctx, media_id)
    try:
        after = await actions.optimise_file(ctx, media_id, quality=QUALITY)
    except (NotReady, FileRefused) as error:
        return await _show(request, ctx, file, errors={"make": error.detail}, status=error.status)
    smaller = after.original_bytes < file.original_bytes
    return _said(request, media_id, "It takes fewer bytes now." if smaller else "It could not be made smaller.")


@get(f"{PATH}/storage", opt=access("member"))
async def storage_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Where the storage went, and what was fetched of one's files."""
    await actions.write_down(ctx.app)
    return await page(
        request,
        ctx,
        "studio/media_storage.html",
        storage=await storage.storage(ctx),
        split=await storage.breakdown(ctx),
        bandwidth=await storage.bandwidth(ctx),
    )


def _wanted(sent: dict[str, str]) -> tuple[SizeForm, Area | None]:
    """The size and the part; raises Invalid with what is wrong with either."""
    part = {name: sent[name] for name in PartForm.__struct_fields__ if sent.get(name)}
    wrong: dict[str, str] = {}
    size, area = SizeForm(), None
    try:
        size = forms.parse(SizeForm, sent, strict=False)
    except Invalid as error:
        wrong |= error.fields
    try:
        if part:
            chosen = forms.parse(PartForm, part, strict=False)
            area = Area(chosen.part_x, chosen.part_y, chosen.part_width, chosen.part_height)
    except Invalid as error:
        wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)
    return size, area


def _by_field(wrong: dict[str, str], sent: dict[str, str]) -> dict[str, str]:
    """What does not lie inside the picture is said of the part, where one was asked for."""
    is_part = any(sent.get(name) for name in PartForm.__struct_fields__) and not (sent["width"] or sent["height"])
    return {
        f"part_{name}" if name in ("x", "y") or (is_part and name in _SIZES) else name: text
        for name, text in wrong.items()
    }


def _said(request: Request[Any, Any, Any], media_id: UUID, text: str) -> Response[Any]:
    response = see_other(f"{PATH}/{media_id}")
    flash.add(request, response, Toast(text, "good"))
    return response


routes = [one_file, save, delete, restore, copy, resize, optimise, storage_page]
