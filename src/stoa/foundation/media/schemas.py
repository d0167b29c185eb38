"""Bodies of the media routes."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from stoa.foundation.media.types import MAX_ALT, MAX_BULK, MAX_CAPTION, MAX_FILENAME, MAX_TAG, MAX_TITLE, Visibility

Alt = Annotated[str, msgspec.Meta(max_length=MAX_ALT)]
Title = Annotated[str, msgspec.Meta(max_length=MAX_TITLE)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Tags = Annotated[list[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TAG)]], msgspec.Meta(max_length=50)]
Ids = Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=MAX_BULK)]
Pixels = Annotated[int, msgspec.Meta(ge=1, le=8192)]
Place = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Extent = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


@dataclass
class UploadIn:
    """A multipart form with the picture and its alternative text."""

    file: UploadFile
    alt: str = ""


@dataclass
class FileIn:
    """A multipart form with a file and what is said of it; `tags` are separated by commas."""

    file: UploadFile
    alt: str = ""
    title: str = ""
    caption: str = ""
    folder_id: str = ""
    tags: str = ""
    visibility: str = ""


class SignedIn(msgspec.Struct):
    """A file that is to come in parts; `direct`: to the storage itself, where that signs addresses."""

    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILENAME)]
    size_bytes: Annotated[int, msgspec.Meta(ge=1)]
    alt: Alt = ""
    folder_id: UUID | None = None
    visibility: Visibility = Visibility.PUBLIC
    direct: bool = True


class CompleteIn(msgspec.Struct):
    """The upload all of whose parts were sent."""

    upload_id: UUID


class FromUrlIn(msgspec.Struct):
    """A public address of a file (L3)."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    alt: Alt = ""
    title: Title = ""
    folder_id: UUID | None = None
    visibility: Visibility = Visibility.PUBLIC


class EditIn(msgspec.Struct):
    """What is to be changed; `alt` says what is to be seen, for those who do not see it."""

    title: Title | UnsetType = UNSET
    alt: Alt | UnsetType = UNSET
    caption: Annotated[str, msgspec.Meta(max_length=MAX_CAPTION)] | UnsetType = UNSET
    filename: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_FILENAME)] | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    folder_id: UUID | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET


class CopyIn(msgspec.Struct):
    """How the copy is called, and where it lies."""

    title: Title | None = None
    folder_id: UUID | None = None


class MoveIn(msgspec.Struct):
    """The folder, or none."""

    folder_id: UUID | None


class FolderIn(msgspec.Struct):
    """A new folder, in another one or in none."""

    name: Name
    parent_id: UUID | None = None


class FolderEditIn(msgspec.Struct):
    """Another name, or another place."""

    name: Name | UnsetType = UNSET
    parent_id: UUID | UnsetType | None = UNSET


class AreaIn(msgspec.Struct):
    """A part of the upright picture, in its pixels, from the upper left."""

    x: Place
    y: Place
    width: Extent
    height: Extent


class ResizeIn(msgspec.Struct):
    """How wide and how high it is to be at most; `covers` fills both and loses what juts out; `crop` comes first."""

    width: Pixels | None = None
    height: Pixels | None = None
    covers: bool = False
    crop: AreaIn | None = None


class OptimizeIn(msgspec.Struct):
    """The quality of the WebP it becomes."""

    quality: Annotated[int, msgspec.Meta(ge=30, le=100)] = 82


class BulkIn(msgspec.Struct):
    """Files of one's own."""

    ids: Ids


class BulkDeleteIn(msgspec.Struct):
    """Files of one's own; `for_good`: not into the trash."""

    ids: Ids
    for_good: bool = False


class BulkMoveIn(msgspec.Struct):
    """Files of one's own, and the folder they are to lie in, or none."""

    ids: Ids
    folder_id: UUID | None


class BulkTagIn(msgspec.Struct):
    """Files of one's own, and the tags to add and to remove."""

    ids: Ids
    add: Tags = []
    remove: Tags = []


class Changed(msgspec.Struct):
    """How many files it was."""

    count: int
