"""`/api/v1/chapters/{chapter_id}/images`: the pages of a comic for those who work on it; `/pages`: for its readers."""

from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.datastructures import UploadFile

from stoa.creation.comics import actions
from stoa.creation.comics.policies import access_image, access_images
from stoa.creation.comics.queries import pages_of
from stoa.creation.comics.schemas import ImageEdit, ImageIn, ImagesIn, OrderIn
from stoa.creation.comics.types import MAX_AT_ONCE, MAX_BODY_BYTES, ImageDetail, ImageView, PageView, Uploaded
from stoa.creation.serials.policies.reading import access_to_read
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import Body, CtxDep, Multipart, Path, access
from stoa.kit.http.lending import lending_of

IMAGES = "/api/v1/chapters/{chapter_id:uuid}/images"


@get("/api/v1/chapters/{chapter_id:uuid}/pages", opt=access("public"))
async def pages(ctx: CtxDep, chapter_id: Path[UUID]) -> list[PageView]:
    """The pages of a chapter at signed addresses: all, or where it is locked the first ones (S1)."""
    return await pages_of(ctx, await access_to_read(ctx, chapter_id))


@get(IMAGES, opt=access("member"))
async def list_images(ctx: CtxDep, chapter_id: Path[UUID]) -> list[ImageView]:
    """The pages of a chapter in order, with how far the work on each is."""
    return (await access_images(ctx, chapter_id))[1]


@post(
    IMAGES,
    dto=None,  # a file is no field of JSON
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def upload(
    request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID], data: Multipart[ImageIn]
) -> ImageView:
    """Adds a page behind the others (multipart fields `file` and `alt`): JPEG, PNG, WebP, GIF or AVIF (L2)."""
    done = await taken(request, ctx, chapter_id, [data.file], data.alt, field="file")
    return done.images[0]


@post(
    f"{IMAGES}/bulk",
    dto=None,  # as above
    request_max_body_size=MAX_BODY_BYTES,
    opt=access("member", limit="upload"),
)
async def upload_several(
    request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID], data: Multipart[ImagesIn]
) -> Uploaded:
    """Adds files as pages in the natural order of their names: page 2 before page 10. `refused` says what was left out.

    At most 100 at once. 422 where none of them can be taken.
    """
    return await taken(request, ctx, chapter_id, data.files)


@get(f"{IMAGES}/{{image_id:uuid}}", opt=access("member"))
async def one_image(ctx: CtxDep, chapter_id: Path[UUID], image_id: Path[UUID]) -> ImageDetail:
    """A page, with the places of what is written in it."""
    return await access_image(ctx, chapter_id, image_id)


@patch(f"{IMAGES}/{{image_id:uuid}}", opt=access("member"))
async def edit(ctx: CtxDep, chapter_id: Path[UUID], image_id: Path[UUID], data: Body[ImageEdit]) -> ImageView:
    """Changes what is given: what is to be seen in it, its place, whether it is a spread."""
    return await actions.edit_image(
        ctx, chapter_id, image_id, alt=data.alt, position=data.position, is_double=data.is_double
    )


@delete(f"{IMAGES}/{{image_id:uuid}}", opt=access("member"))
async def remove(ctx: CtxDep, chapter_id: Path[UUID], image_id: Path[UUID]) -> None:
    """Takes a page out. Its file goes to the trash of the library, unless it is shown elsewhere."""
    await actions.delete_images(ctx, chapter_id, [image_id])


@patch(f"{IMAGES}/reorder", opt=access("member"))
async def reorder(ctx: CtxDep, chapter_id: Path[UUID], data: Body[OrderIn]) -> list[ImageView]:
    """Puts the pages into another order. Each has to be named, once."""
    return await actions.reorder(ctx, chapter_id, data.image_ids)


@post(f"{IMAGES}/{{image_id:uuid}}/process", status_code=200, opt=access("member"))
async def process(ctx: CtxDep, chapter_id: Path[UUID], image_id: Path[UUID]) -> ImageView:
    """Has a page worked on once more: its measures, its parts, its words."""
    return await actions.process_again(ctx, chapter_id, image_id)


async def taken(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter_id: UUID,
    files: list[UploadFile],
    alt: str = "",
    *,
    field: str = "files",
) -> Uploaded:
    """The files of a form as pages. Raises Invalid where none of them can be taken, with the reasons."""
    if not 0 < len(files) <= MAX_AT_ONCE:
        raise Invalid(fields={field: f"Please send 1 to {MAX_AT_ONCE} pictures at once"})
    most_bytes = ctx.app.settings.max_upload_bytes
    new = [actions.NewImage(one.filename or "", await one.read(most_bytes + 1), alt) for one in files]
    done = await actions.add_images(ctx, chapter_id, new)
    if not done.images:
        # One with a virus lies in quarantine, and that is to be known.
        lending_of(request.scope).keep = True
        names = [f"{one.filename}: {one.problem}" if len(files) > 1 else one.problem for one in done.refused[:20]]
        raise Invalid(fields={field: "; ".join(names)})
    return done


routes = [pages, list_images, upload, upload_several, one_image, edit, remove, reorder, process]
