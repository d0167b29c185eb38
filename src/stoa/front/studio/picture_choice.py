"""A picture for a place, of a site or of a series: out of one's library, or sent from here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.datastructures import UploadFile

from stoa.foundation.media import actions as media
from stoa.foundation.media.errors import FileInfected, ImageTooLarge
from stoa.foundation.media.policies import FORM_OVERHEAD_BYTES, check_announced
from stoa.foundation.media.queries import library
from stoa.foundation.media.types import Kind, Sort
from stoa.front.public.home import address
from stoa.kit.config import MAX_UPLOAD_BYTES
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Conflict, Invalid, LimitReached, StoaError
from stoa.kit.forms import storable
from stoa.kit.http.lending import lending_of
from stoa.kit.ids import parse_id

PER_PAGE: Final = 24
_PICTURES: Final = library.Filter(
    kind=Kind.IMAGE, folder=None, tag=None, text=None, is_unused=False, is_deleted=False, sort=Sort.NEWEST
)
Chosen = Callable[[UUID | None], Awaitable[Any]]


@dataclass
class PictureForm:
    """A picture, with what is to be seen in it."""

    file: UploadFile
    alt: str = ""


class NotTaken(Exception):
    """A picture that was refused: the status, and the words beside its field."""

    def __init__(self, field: str, error: StoaError) -> None:
        found = next(iter(error.fields.values()), error.detail) if isinstance(error, Invalid) else error.detail
        super().__init__(found)
        self.status = error.status
        self.errors = {field: found}


async def _announced(request: Request[Any, Any, Any]) -> None:
    most_bytes = lending_of(request.scope).app.settings.max_upload_bytes
    check_announced(request.headers.get("content-length"), most_bytes)


# What the decorator of a route that takes a picture says.
TAKES_PICTURE: Final[dict[str, Any]] = {
    "dto": None,  # a file is no field of a form
    "before_request": _announced,
    "request_max_body_size": MAX_UPLOAD_BYTES + FORM_OVERHEAD_BYTES,
}


async def to_choose_from(request: Request[Any, Any, Any], ctx: Ctx, here: str, refused: NotTaken | None) -> Any:
    """What `studio/_picture_choice.html` shows: pictures of the library, pages of them, what was refused."""
    cursor = None if refused else request.query_params.get("cursor")
    try:
        found = await library.files(ctx, _PICTURES, cursor=cursor, limit=PER_PAGE)
    except Invalid:  # a cursor of another list
        found, cursor = await library.files(ctx, _PICTURES, cursor=None, limit=PER_PAGE), None
    return {
        "here": here,
        "pictures": [one for one in found.items if one.url and one.visibility == "public" and one.state == "ready"],
        "errors": refused.errors if refused else {},
        "older": address(here, cursor=found.next_cursor) if found.next_cursor else None,
        "newer": here if cursor else None,
    }


async def choose(request: Request[Any, Any, Any], show: Chosen) -> str:
    """Shows a picture of the library, or none, as the form says; answers what to say of it. Raises NotTaken."""
    asked = str((await request.form()).get("media_id", ""))
    media_id = parse_id(asked)
    try:
        if asked and media_id is None:
            raise Invalid(fields={"media_id": "There is no such picture"})
        await show(media_id)
    except (Invalid, Conflict) as error:
        raise NotTaken("media_id", error) from error
    return "It is shown from now on." if media_id else "It is taken off. The file stays in your library."


async def take(request: Request[Any, Any, Any], ctx: Ctx, data: PictureForm, show: Chosen) -> str:
    """Takes a picture in and shows it; answers what to say of it. Raises NotTaken."""
    content = await data.file.read(ctx.app.settings.max_upload_bytes + 1)
    name = data.file.filename or ""
    try:
        if not storable(data.alt + name):
            raise Invalid(fields={"alt": "This holds a character that cannot be stored"})
        made = await media.upload_image(ctx, data=content, alt=data.alt[:1000], filename=name)
        await show(made.id)
    except (Invalid, LimitReached, ImageTooLarge, FileInfected) as error:
        if isinstance(error, FileInfected):
            lending_of(request.scope).keep = True  # it lies in quarantine, and that is to be known
        raise NotTaken("file", error) from error
    return "It is shown from now on."
