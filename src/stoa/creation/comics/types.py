"""The pictures of a chapter: as its readers get them, and as those who work on it do."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

MAX_IMAGES: Final = 500  # of one chapter
MAX_AT_ONCE: Final = 100  # files of one upload
MAX_ALT: Final = 500
MAX_BODY_BYTES: Final = 128 * 1024 * 1024  # of one upload, all its files together
PAGE_LASTS: Final = timedelta(hours=4)  # a page's signed address: as long as somebody may have a chapter open


class State(StrEnum):
    """How far the work on a page is. Readers see what is ready."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class OcrState(StrEnum):
    """Whether what is written in a page has been read by machine. `none`: nobody asked for it."""

    NONE = "none"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class SliceView(msgspec.Struct, frozen=True):
    """A part of a long strip, from the top; `width` and `height` are those of its largest size. `id` is its file's."""

    id: UUID
    url: str
    srcset: str
    width: int
    height: int


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """A page as a reader gets it. All addresses are signed, and end after PAGE_LASTS.

    `width` and `height` are those of the largest size, in pixels; `colour` ('#rrggbb') fills the place until the
    picture is there. `alt` is what its author says of it, `text` what is written in it, read by machine; both may be
    empty. `is_double`: a spread over two pages. Where there are `slices`, they are shown in its place, without gaps.
    """

    id: UUID
    position: int
    url: str
    srcset: str
    width: int
    height: int
    alt: str
    text: str
    colour: str
    is_double: bool
    slices: list[SliceView]


class Words(msgspec.Struct, frozen=True):
    """What is written at one place of a page. `box`: x, y, width and height in its pixels. `score`: 0 to 1."""

    text: str
    box: list[int]
    score: float


class ImageView(msgspec.Struct, frozen=True, kw_only=True):
    """A page as those who work on its chapter have it.

    `url` and `srcset` are signed, and empty until its sizes are made. `width`, `height` and `bytes_count` are those of
    what was sent. `progress` is in percent; `problem` says why the work on it ended. `is_double_chosen`: somebody said
    whether it is a spread, and no machine says otherwise. `slices_count`: into how many parts it is cut for reading, 0
    for a page as a whole.
    """

    id: UUID
    chapter_id: UUID
    media_id: UUID
    position: int
    filename: str
    alt: str
    state: State
    progress: int
    problem: str | None
    url: str
    srcset: str
    width: int
    height: int
    bytes_count: int
    content_type: str
    colour: str
    placeholder: str | None
    is_double: bool
    is_double_chosen: bool
    slices_count: int
    ocr_state: OcrState
    ocr_text: str
    created_at: datetime
    processed_at: datetime | None


class ImageDetail(msgspec.Struct, frozen=True):
    """A page with the places of what is written in it."""

    image: ImageView
    words: list[Words]


class Refused(msgspec.Struct, frozen=True):
    """A file of an upload that was not taken, and why."""

    filename: str
    problem: str


class Uploaded(msgspec.Struct, frozen=True):
    """What became of several files: the pages they are, in order, and those that were refused."""

    images: list[ImageView]
    refused: list[Refused]
