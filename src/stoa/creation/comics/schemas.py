"""Bodies of the routes for the pages of chapters."""

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from stoa.creation.comics.types import MAX_ALT, MAX_IMAGES


@dataclass
class ImageIn:
    """A multipart form with a page and what is to be seen in it."""

    file: UploadFile
    alt: str = ""


@dataclass
class ImagesIn:
    """A multipart form with several files, all called `files`; they become pages in the order of their names."""

    files: list[UploadFile] = field(default_factory=list)


class ImageEdit(msgspec.Struct):
    """Changes to a page; what is absent stays as it is. `is_double` null: its measures say whether it is a spread."""

    alt: Annotated[str, msgspec.Meta(max_length=MAX_ALT)] | UnsetType = UNSET
    position: Annotated[int, msgspec.Meta(ge=1, le=MAX_IMAGES)] | UnsetType = UNSET
    is_double: bool | UnsetType | None = UNSET


class OrderIn(msgspec.Struct):
    """All pages of the chapter, in their new order."""

    image_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_IMAGES)]
