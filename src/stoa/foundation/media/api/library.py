"""One's library: lists, one file, folders, what it takes of the plan, several at once."""

from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import QueryParameter
from msgspec import UNSET
from msgspec.structs import replace

from stoa.foundation.media import actions
from stoa.foundation.media.policies import access_own_media, links_to
from stoa.foundation.media.queries import library, storage
from stoa.foundation.media.schemas import (
    BulkDeleteIn,
    BulkIn,
    BulkMoveIn,
    BulkTagIn,
    Changed,
    CopyIn,
    EditIn,
    FolderEditIn,
    FolderIn,
    MoveIn,
)
from stoa.foundation.media.types import (
    BandwidthView,
    Breakdown,
    FileDetail,
    FileView,
    FolderView,
    Kind,
    LimitsView,
    Sort,
    State,
    StorageView,
    TagUse,
)
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.ids import parse_id
from stoa.kit.pagination import Page

Text = Annotated[str | None, QueryParameter(max_length=200)]


@get("/api/v1/media", opt=access("member"))
async def own_files(
    ctx: CtxDep,
    cursor: Cursor = None,
    limit: PageLimit = 20,
    kind: Query[Kind | None] = None,
    folder_id: Text = None,
    tag: Text = None,
    q: Text = None,
    unused: Query[bool] = False,
    deleted: Query[bool] = False,
    sort: Query[Sort] = Sort.NEWEST,
) -> Page[FileView]:
    """One's library. `folder_id` is one folder's, or `none`; `deleted` is the trash; `unused` what is shown nowhere."""
    if folder_id is not None and folder_id != library.NO_FOLDER and parse_id(folder_id) is None:
        raise Invalid(fields={"folder_id": "There is no such folder"})
    wanted = library.Filter(
        kind=kind,
        folder=folder_id,
        tag=tag.lower() if tag else None,
        text=q,
        is_unused=unused,
        is_deleted=deleted,
        sort=sort,
    )
    return await library.files(ctx, wanted, cursor=cursor, limit=limit)


@get("/api/v1/media/{media_id:uuid}", opt=access("member"))
async def one_file(ctx: CtxDep, media_id: Path[UUID]) -> FileView:
    """One of one's own files, with addresses for 15 minutes at which others get it as a whole."""
    found = await access_own_media(ctx, media_id)
    stored = await library.stored_file(ctx, media_id) if found.state is State.READY else None
    return replace(found, links=links_to(ctx, media_id) if stored and library.may_be_fetched(stored) else None)


@get("/api/v1/media/{media_id:uuid}/uses", opt=access("member"))
async def uses(ctx: CtxDep, media_id: Path[UUID]) -> FileDetail:
    """A file with the places in which it is shown."""
    return FileDetail(await access_own_media(ctx, media_id), await library.uses(ctx, media_id))


@patch("/api/v1/media/{media_id:uuid}", opt=access("member"))
async def edit(ctx: CtxDep, media_id: Path[UUID], data: Body[EditIn]) -> FileView:
    """Changes what is said of a file, where it lies, and whether it is private."""
    return await actions.edit(
        ctx,
        media_id,
        title=data.title,
        alt=data.alt,
        caption=data.caption,
        filename=data.filename,
        tags=data.tags,
        folder_id=data.folder_id,
        visibility=data.visibility,
    )


@delete("/api/v1/media/{media_id:uuid}", opt=access("member"))
async def remove(ctx: CtxDep, media_id: Path[UUID], for_good: Query[bool] = False) -> None:
    """Puts a file into the trash for 30 days, or deletes it for good. Until then it counts against the plan."""
    await actions.delete(ctx, media_id, for_good=for_good)


@post("/api/v1/media/{media_id:uuid}/restore", status_code=200, opt=access("member"))
async def restore(ctx: CtxDep, media_id: Path[UUID]) -> FileView:
    """Takes a file out of the trash."""
    await actions.restore(ctx, [media_id])
    return await access_own_media(ctx, media_id)


@post("/api/v1/media/{media_id:uuid}/copy", opt=access("member"))
async def copy(ctx: CtxDep, media_id: Path[UUID], data: Body[CopyIn]) -> FileView:
    """A second file of the same content."""
    return await actions.copy(ctx, media_id, title=data.title, folder_id=data.folder_id)


@post("/api/v1/media/{media_id:uuid}/move", status_code=200, opt=access("member"))
async def move(ctx: CtxDep, media_id: Path[UUID], data: Body[MoveIn]) -> FileView:
    """Puts a file into a folder, or into none."""
    await actions.move(ctx, [media_id], data.folder_id)
    return await access_own_media(ctx, media_id)


@get("/api/v1/media/folders", opt=access("member"))
async def folders(ctx: CtxDep) -> list[FolderView]:
    """One's folders, by name; `parent_id` makes a tree of them."""
    return await library.folders(ctx)


@post("/api/v1/media/folders", opt=access("member"))
async def make_folder(ctx: CtxDep, data: Body[FolderIn]) -> FolderView:
    """A new folder."""
    return await actions.make_folder(ctx, name=data.name, parent_id=data.parent_id)


@patch("/api/v1/media/folders/{folder_id:uuid}", opt=access("member"))
async def change_folder(ctx: CtxDep, folder_id: Path[UUID], data: Body[FolderEditIn]) -> FolderView:
    """Renames a folder, or puts it into another one."""
    return await actions.change_folder(
        ctx,
        folder_id,
        name=None if data.name is UNSET else data.name,
        parent_id=None if data.parent_id is UNSET else data.parent_id,
        moves=data.parent_id is not UNSET,
    )


@delete("/api/v1/media/folders/{folder_id:uuid}", opt=access("member"))
async def remove_folder(ctx: CtxDep, folder_id: Path[UUID]) -> None:
    """Removes a folder and those inside; the files of all of them go one up."""
    await actions.remove_folder(ctx, folder_id)


@get("/api/v1/media/tags", opt=access("member"))
async def tags(ctx: CtxDep) -> list[TagUse]:
    """One's tags, the most used first."""
    return await library.tags(ctx)


@get("/api/v1/media/storage", opt=access("member"))
async def storage_use(ctx: CtxDep) -> StorageView:
    """What one's files take, against the plan."""
    return await storage.storage(ctx)


@get("/api/v1/media/storage/breakdown", opt=access("member"))
async def breakdown(ctx: CtxDep) -> Breakdown:
    """Where the storage went: by kind, by folder, the largest files, what is shown nowhere."""
    return await storage.breakdown(ctx)


@get("/api/v1/media/bandwidth", opt=access("member"))
async def bandwidth(ctx: CtxDep) -> BandwidthView:
    """What was fetched of one's files, by the day."""
    await actions.write_down(ctx.app)
    return await storage.bandwidth(ctx)


@get("/api/v1/media/limits", opt=access("member"))
async def limits(ctx: CtxDep) -> LimitsView:
    """What may be uploaded, and how much of it, on one's plan."""
    return await storage.limits(ctx)


@post("/api/v1/media/bulk/delete", status_code=200, opt=access("member"))
async def bulk_delete(ctx: CtxDep, data: Body[BulkDeleteIn]) -> Changed:
    """Deletes several files, all or none, into the trash or for good."""
    return Changed(await actions.delete_many(ctx, data.ids, for_good=data.for_good))


@post("/api/v1/media/bulk/restore", status_code=200, opt=access("member"))
async def bulk_restore(ctx: CtxDep, data: Body[BulkIn]) -> Changed:
    """Takes several files out of the trash."""
    return Changed(await actions.restore(ctx, data.ids))


@post("/api/v1/media/bulk/move", status_code=200, opt=access("member"))
async def bulk_move(ctx: CtxDep, data: Body[BulkMoveIn]) -> Changed:
    """Puts several files into a folder, all or none."""
    return Changed(await actions.move(ctx, data.ids, data.folder_id))


@post("/api/v1/media/bulk/tag", status_code=200, opt=access("member"))
async def bulk_tag(ctx: CtxDep, data: Body[BulkTagIn]) -> Changed:
    """Adds tags to several files, and takes tags from them."""
    return Changed(await actions.tag(ctx, data.ids, add=data.add, remove=data.remove))


@post("/api/v1/media/trash/empty", status_code=200, opt=access("member"))
async def empty_trash(ctx: CtxDep) -> Changed:
    """Deletes for good what lies in the trash."""
    return Changed(await actions.empty_trash(ctx))


routes = [
    own_files,
    one_file,
    uses,
    edit,
    remove,
    restore,
    copy,
    move,
    folders,
    make_folder,
    change_folder,
    remove_folder,
    tags,
    storage_use,
    breakdown,
    bandwidth,
    limits,
    bulk_delete,
    bulk_restore,
    bulk_move,
    bulk_tag,
    empty_trash,
]
