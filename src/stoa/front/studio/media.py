"""`/dashboard/media`: one's library: files as pictures or as a list, folders, the trash, several at once."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post

from stoa.foundation.media import actions
from stoa.foundation.media.policies import access_own_folder
from stoa.foundation.media.queries import library, storage
from stoa.foundation.media.types import FolderView, Kind, Sort
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import page, safe_next, see_other
from stoa.front.public.home import address
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.ids import parse_id

PATH: Final = "/dashboard/media"
TRASH: Final = f"{PATH}/trash"
PER_PAGE: Final = 48
KINDS: Final = (
    (None, "All"),
    (Kind.IMAGE, "Pictures"),
    (Kind.VIDEO, "Films"),
    (Kind.AUDIO, "Sound"),
    (Kind.DOCUMENT, "Documents"),
    (Kind.OTHER, "Others"),
)
SORTS: Final = (
    (Sort.NEWEST, "Newest first"),
    (Sort.OLDEST, "Oldest first"),
    (Sort.NAME, "By name"),
    (Sort.LARGEST, "Largest first"),
)
_KEPT: Final = ("kind", "q", "tag", "unused", "sort", "view")


@get(PATH, opt=access("member"))
async def my_media(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """All files, or those that the filters in the address leave."""
    return await _show(request, ctx, PATH)


@get(f"{PATH}/folders/{{folder_id:uuid}}", opt=access("member"))
async def one_folder(request: Request[Any, Any, Any], ctx: CtxDep, folder_id: Path[UUID]) -> Response[Any]:
    """What lies in a folder."""
    folder = await access_own_folder(ctx, folder_id)
    return await _show(request, ctx, f"{PATH}/folders/{folder_id}", folder=folder)


@get(TRASH, opt=access("member"))
async def trash(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """What was deleted in the last 30 days."""
    return await _show(request, ctx, TRASH, is_trash=True)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    here: str,
    *,
    folder: FolderView | None = None,
    is_trash: bool = False,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[Any]:
    asked = {name: request.query_params.get(name) for name in _KEPT}
    kind, sort = asked["kind"], asked["sort"]
    wanted = library.Filter(
        kind=Kind(kind) if kind in set(Kind) else None,
        folder=str(folder.id) if folder else None,
        tag=(asked["tag"] or "").lower()[:50] or None,
        text=(asked["q"] or "")[:200] or None,
        is_unused=bool(asked["unused"]),
        is_deleted=is_trash,
        sort=Sort(sort) if sort in set(Sort) else Sort.NEWEST,
    )
    cursor = request.query_params.get("cursor")
    try:
        found = await library.files(ctx, wanted, cursor=cursor, limit=PER_PAGE)
    except Invalid:
        return see_other(address(here, **asked))
    folders = await library.folders(ctx)
    return await page(
        request,
        ctx,
        "studio/media.html",
        status=status,
        here=here,
        files=found.items,
        folder=folder,
        trail=trail_of(folders, folder),
        inside=[one for one in folders if one.parent_id == (folder.id if folder else None)],
        choices=choices_of(folders),
        is_trash=is_trash,
        wanted=wanted,
        is_filtered=bool(wanted.kind or wanted.tag or wanted.text or wanted.is_unused),
        tabs=[(address(here, **{**asked, "kind": one}), name, one == wanted.kind) for one, name in KINDS],
        sorts=SORTS,
        tags=await library.tags(ctx),
        is_list=asked["view"] == "list",
        as_grid=address(here, **{**asked, "view": None}),
        as_list=address(here, **{**asked, "view": "list"}),
        back=address(here, **asked),
        older=address(here, **asked, cursor=found.next_cursor) if found.next_cursor else None,
        newer=address(here, **asked) if cursor else None,
        storage=await storage.storage(ctx),
        errors=errors or {},
    )


@post(f"{PATH}/bulk", opt=access("member"))
async def bulk(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """What the buttons below the list do with the files that are ticked."""
    form = await request.form()
    back = safe_next(str(form.get("back", "")), PATH)
    ids = [found for found in map(parse_id, map(str, form.getall("ids", []))) if found is not None]
    do, response = str(form.get("do", "")), see_other(back)
    try:
        said = await _do(ctx, do, ids, str(form.get("folder_id", "")), str(form.get("tag", "")))
        flash.add(request, response, said)
    except NotFound as error:
        flash.add(request, response, Toast(error.detail, "bad"))
    except Invalid as error:
        flash.add(request, response, Toast(next(iter(error.fields.values()), error.detail), "bad"))
    return response


async def _do(ctx: Ctx, do: str, ids: list[UUID], folder_id: str, tag: str) -> Toast:
    if not ids:
        return Toast("Please tick some files first.", "warn")
    match do:
        case "delete":
            return Toast(f"{_files(await actions.delete_many(ctx, ids))} in the trash.", "good")
        case "purge":
            return Toast(f"{_files(await actions.delete_many(ctx, ids, for_good=True))} deleted for good.", "good")
        case "restore":
            return Toast(f"{_files(await actions.restore(ctx, ids))} back in your library.", "good")
        case "move":
            return Toast(f"{_files(await actions.move(ctx, ids, parse_id(folder_id)))} moved.", "good")
        case "tag":
            return Toast(f"{_files(await actions.tag(ctx, ids, add=tag.split(','), remove=[]))} tagged.", "good")
        case "untag":
            return Toast(
                f"Tag taken from {_files(await actions.tag(ctx, ids, add=[], remove=tag.split(',')))}.", "good"
            )
        case _:
            return Toast("Please choose what to do with them.", "warn")


@post(f"{PATH}/trash/empty", opt=access("member"))
async def empty_trash(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Deletes what lies in the trash for good."""
    gone = await actions.empty_trash(ctx)
    response = see_other(PATH)
    flash.add(request, response, Toast(f"{_files(gone)} deleted for good.", "good"))
    return response


@post(f"{PATH}/folders", opt=access("member"))
async def make_folder(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """A new folder, in the one that is open."""
    form = await request.form()
    parent_id = parse_id(str(form.get("parent_id", "")))
    here = f"{PATH}/folders/{parent_id}" if parent_id else PATH
    try:
        made = await actions.make_folder(ctx, name=str(form.get("name", "")), parent_id=parent_id)
    except Invalid as error:
        folder = await access_own_folder(ctx, parent_id) if parent_id else None
        return await _show(request, ctx, here, folder=folder, errors=error.fields, status=422)
    return see_other(f"{PATH}/folders/{made.id}")


@post(f"{PATH}/folders/{{folder_id:uuid}}", opt=access("member"))
async def change_folder(request: Request[Any, Any, Any], ctx: CtxDep, folder_id: Path[UUID]) -> Response[Any]:
    """Another name for a folder."""
    form = await request.form()
    folder = await access_own_folder(ctx, folder_id)
    here = f"{PATH}/folders/{folder_id}"
    try:
        await actions.change_folder(ctx, folder_id, name=str(form.get("new_name", "")))
    except Invalid as error:
        wrong = {"new_name" if name == "name" else name: text for name, text in error.fields.items()}
        return await _show(request, ctx, here, folder=folder, errors=wrong, status=422)
    response = see_other(here)
    flash.add(request, response, Toast("The folder is renamed.", "good"))
    return response


@post(f"{PATH}/folders/{{folder_id:uuid}}/delete", opt=access("member"))
async def remove_folder(request: Request[Any, Any, Any], ctx: CtxDep, folder_id: Path[UUID]) -> Response[Any]:
    """Removes a folder; its files go one up."""
    folder = await access_own_folder(ctx, folder_id)
    await actions.remove_folder(ctx, folder_id)
    response = see_other(f"{PATH}/folders/{folder.parent_id}" if folder.parent_id else PATH)
    flash.add(request, response, Toast(f"“{folder.name}” is gone. Its files are one folder up.", "good"))
    return response


def trail_of(folders: list[FolderView], folder: FolderView | None) -> list[tuple[str, str]]:
    """The way to a folder, for `ui.breadcrumbs`; empty at the top."""
    known = {one.id: one for one in folders}
    trail: list[tuple[str, str]] = []
    while folder is not None:
        trail.insert(0, (f"{PATH}/folders/{folder.id}", folder.name))
        folder = known.get(folder.parent_id) if folder.parent_id else None
    return [(PATH, "Media"), *trail] if trail else []


def choices_of(folders: list[FolderView]) -> list[tuple[str, str]]:
    """All folders with the way to them, for a select."""
    named = [(str(one.id), " / ".join(name for _, name in trail_of(folders, one)[1:])) for one in folders]
    return [("", "No folder"), *sorted(named, key=lambda pair: pair[1].lower())]


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


routes = [
    my_media,
    one_folder,
    trash,
    bulk,
    empty_trash,
    make_folder,
    change_folder,
    remove_folder,
]
