"""`/dashboard/chapters/{id}/preview`: a chapter as others would have it, were it out now."""

from typing import Any, Final, get_args
from uuid import UUID

from litestar import Request, Response, get

from stoa.creation.comics.queries import pages_of
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.policies.reading import access_as, access_to_read
from stoa.creation.serials.queries.reading import As
from stoa.front.page import page
from stoa.front.studio.chapters import CHAPTER, CHAPTERS
from stoa.kit.http import CtxDep, Path, access

EYES: Final = (
    (None, "You"),
    ("anonymous", "A stranger"),
    ("follower", "A follower"),
    ("member", "A member"),
)


@get(f"{CHAPTER}/preview", opt=access("member"))
async def preview(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """With the eyes that `as` names: what is not open to them is not sent (S1)."""
    chapter = await access_chapter(ctx, chapter_id)
    asked = request.query_params.get("as")
    who: As | None = next((one for one in get_args(As) if one == asked), None)
    read = await (access_as(ctx, chapter_id, who) if who else access_to_read(ctx, chapter_id))
    return await page(
        request,
        ctx,
        "studio/chapter_preview.html",
        read=read,
        chapter=chapter,
        base=f"{CHAPTERS}/{chapter_id}",
        pages=await pages_of(ctx, read) if read.content_type.is_comic else [],
        eyes=[
            (f"{CHAPTERS}/{chapter_id}/preview" + (f"?as={one}" if one else ""), name, one == who) for one, name in EYES
        ],
        may={one.value for one in chapter.my_permissions},
    )


routes = [preview]
