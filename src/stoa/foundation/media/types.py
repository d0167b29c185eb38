"""A picture as the modules above see it."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

SIZES: Final = (320, 640, 960, 1440)  # widths in pixels; a narrower picture is never enlarged
MAX_PIXELS: Final = 50_000_000  # L2, all frames together
MAX_FRAMES: Final = 400
MAX_ALT: Final = 1000
AVATAR_SIDE: Final = 640  # pixels of a face's picture


class Purpose(StrEnum):
    """What a picture is for: a face is no part of somebody's library."""

    LIBRARY = "library"
    AVATAR = "avatar"


class Crop(msgspec.Struct, frozen=True):
    """A square part of an upright picture, in its pixels, from the upper left."""

    x: int
    y: int
    size: int


class Variant(msgspec.Struct, frozen=True):
    """One stored size: `size` names it, and it is at most so many pixels wide."""

    size: int
    width: int
    height: int
    bytes_count: int


class MediaView(msgspec.Struct, frozen=True):
    """A picture with its addresses. `width` and `height` are those of the largest size, in pixels.

    `url` is a size for text columns; any size of SIZES may stand in its place, and answers with the nearest there is.
    `colour` ('#rrggbb') fills the place until the picture is there.
    """

    id: UUID
    owner_id: UUID
    url: str
    srcset: str
    width: int
    height: int
    frames: int
    alt: str
    colour: str
    content_type: str
    bytes_count: int
    created_at: datetime


class Cover(msgspec.Struct, frozen=True):
    """A picture as a list needs it."""

    id: UUID
    url: str
    srcset: str
    width: int
    height: int
    alt: str
    colour: str


class StoredVariant(msgspec.Struct, frozen=True):
    """Where a size lies, and the tag of its content."""

    path: str
    etag: str
