"""Files as the modules above see them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

SIZES: Final = (320, 640, 960, 1440)  # widths in pixels; a narrower picture is never enlarged
FORMATS: Final = ("webp", "avif")
MAX_PIXELS: Final = 50_000_000  # L2, all frames together
MAX_FRAMES: Final = 400
MAX_ALT: Final = 1000
MAX_TITLE: Final = 200
MAX_CAPTION: Final = 5000
MAX_TAGS: Final = 50
MAX_TAG: Final = 50
MAX_FILENAME: Final = 255
MAX_BULK: Final = 200
MAX_FOLDERS: Final = 1000  # of one person
MAX_DEPTH: Final = 8
AVATAR_SIDE: Final = 640  # pixels of a face's picture
TRASH_DAYS: Final = 30


class Purpose(StrEnum):
    """What a picture is for: a face, and a part that was cut from a picture, are no files of somebody's library."""

    LIBRARY = "library"
    AVATAR = "avatar"
    PART = "part"


class Kind(StrEnum):
    """What a file is, by its content."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    OTHER = "other"


class State(StrEnum):
    """Only what is ready can be fetched by others."""

    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"
    QUARANTINED = "quarantined"
    BLOCKED = "blocked"
    DELETED = "deleted"


class Scan(StrEnum):
    """L2. `not_scanned`: the operator runs no scanner, and whoever looks at the file is told so."""

    NOT_SCANNED = "not_scanned"
    PENDING = "pending"
    CLEAN = "clean"
    INFECTED = "infected"
    ERROR = "error"


class Visibility(StrEnum):
    """Public: at an address that does not change. Private: only at a signed one that ends."""

    PUBLIC = "public"
    PRIVATE = "private"


class Sort(StrEnum):
    """The order of a library."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    LARGEST = "largest"


class Crop(msgspec.Struct, frozen=True):
    """A square part of an upright picture, in its pixels, from the upper left."""

    x: int
    y: int
    size: int


class Area(msgspec.Struct, frozen=True):
    """A part of an upright picture, in its pixels, from the upper left."""

    x: int
    y: int
    width: int
    height: int


class Variant(msgspec.Struct, frozen=True):
    """One stored size: `size` names it, and it is at most so many pixels wide."""

    size: int
    width: int
    height: int
    bytes_count: int


class VariantView(msgspec.Struct, frozen=True):
    """A stored size with its address."""

    format: str
    size: int
    width: int
    height: int
    bytes_count: int
    url: str


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


class Links(msgspec.Struct, frozen=True):
    """Addresses of a file that need no session and end at `expires_at`."""

    download_url: str
    stream_url: str
    expires_at: datetime


class FileView(msgspec.Struct, frozen=True, kw_only=True):
    """A file of one's library.

    `width` and `height` are those of the largest stored size, `source_width` and `source_height` those of what was
    sent; 0 where there is nothing to be seen. `url` and `srcset` are empty then. `placeholder` is a thumbhash, base64.
    `bytes_count` is all that is stored of it, `sent_bytes` what was sent, `original_bytes` what is kept of that.
    `uses_count`: in how many places it is shown. `problem` says why it could not be worked on.
    """

    id: UUID
    owner_id: UUID
    kind: Kind
    state: State
    url: str
    srcset: str
    avif_srcset: str
    width: int
    height: int
    frames: int
    source_width: int
    source_height: int
    colour: str
    dominant_colour: str | None
    placeholder: str | None
    filename: str
    title: str
    alt: str
    caption: str
    folder_id: UUID | None
    tags: list[str]
    visibility: Visibility
    content_type: str
    bytes_count: int
    sent_bytes: int
    original_bytes: int
    duration_ms: int | None
    page_count: int | None
    details: dict[str, Any]
    scan_status: Scan
    scan_result: str | None
    scanned_at: datetime | None
    progress: int
    problem: str | None
    made_from: UUID | None
    uses_count: int
    last_used_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    sort_name: str  # what it is ordered by where names order
    links: Links | None = None

    @property
    def name(self) -> str:
        """As people read it."""
        return self.title or self.filename or "Untitled"


class Use(msgspec.Struct, frozen=True):
    """A place in which a file is shown."""

    subject: str
    subject_id: UUID
    title: str
    url: str
    used_at: datetime


class FileDetail(msgspec.Struct, frozen=True):
    """A file with where it is shown."""

    file: FileView
    uses: list[Use]


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
    """Where a size lies, the tag of its content, and who pays for its fetching."""

    path: str
    etag: str
    owner_id: UUID
    bytes_count: int
    is_private: bool


class StoredFile(msgspec.Struct, frozen=True):
    """Where a whole file lies, and how it is called. `state` and `scan_status` say whether it may be fetched."""

    id: UUID
    owner_id: UUID
    path: str
    bytes_count: int
    content_type: str
    kind: Kind
    filename: str
    etag: str
    state: State
    scan_status: Scan


class FolderView(msgspec.Struct, frozen=True):
    """A folder; `files_count` and `bytes_count` are what lies in it itself, without the folders inside."""

    id: UUID
    parent_id: UUID | None
    name: str
    files_count: int
    bytes_count: int
    created_at: datetime


class TagUse(msgspec.Struct, frozen=True):
    """A tag with the number of files that carry it."""

    tag: str
    files_count: int


class Part(msgspec.Struct, frozen=True):
    """One part of an upload: PUT exactly `bytes_count` bytes to `url`. `is_stored`: it has arrived."""

    number: int
    bytes_count: int
    url: str
    is_stored: bool


class UploadRow(msgspec.Struct, frozen=True):
    """An upload in parts."""

    id: UUID
    owner_id: UUID
    filename: str
    size_bytes: int
    part_bytes: int
    alt: str
    folder_id: UUID | None
    visibility: Visibility
    created_at: datetime
    expires_at: datetime


class UploadView(msgspec.Struct, frozen=True):
    """An upload in parts, until `expires_at`: whatever is not stored yet is to be sent, in any order."""

    upload_id: UUID
    filename: str
    size_bytes: int
    part_bytes: int
    stored_bytes: int
    parts: list[Part]
    expires_at: datetime


class KindUse(msgspec.Struct, frozen=True):
    """What files of one kind take."""

    kind: Kind
    files_count: int
    bytes_count: int


class FolderUse(msgspec.Struct, frozen=True):
    """What lies in a folder; None is what lies in none."""

    folder_id: UUID | None
    name: str | None
    files_count: int
    bytes_count: int


class StorageView(msgspec.Struct, frozen=True):
    """What somebody uses of their storage. `limit_bytes` and `percent` are None without a limit.

    `total_bytes` is all that counts against the plan: the library, the trash, faces, and uploads that are under way.
    """

    plan: str
    total_bytes: int
    limit_bytes: int | None
    percent: int | None
    image_bytes: int
    video_bytes: int
    document_bytes: int
    other_bytes: int
    trash_bytes: int
    uploading_bytes: int
    total_files: int
    image_files: int
    video_files: int
    document_files: int
    trash_files: int


class Breakdown(msgspec.Struct, frozen=True):
    """Where the storage went."""

    kinds: list[KindUse]
    folders: list[FolderUse]
    originals_bytes: int
    variants_bytes: int
    unused_bytes: int
    unused_files: int
    largest: list[FileView]


class DayUse(msgspec.Struct, frozen=True):
    """What was fetched on one day (UTC)."""

    day: date
    bytes_count: int
    requests_count: int


class BandwidthView(msgspec.Struct, frozen=True):
    """What was fetched of somebody's files this month and on each of the last 30 days. Without a limit it is None."""

    month_bytes: int
    month_requests: int
    limit_bytes: int | None
    percent: int | None
    resets_at: datetime
    days: list[DayUse]


class LimitsView(msgspec.Struct, frozen=True):
    """What may be uploaded, and how much of it."""

    plan: str
    storage_bytes: int | None
    bandwidth_bytes: int | None
    image_bytes: int
    image_pixels: int
    direct_bytes: int
    file_bytes: int
    content_types: list[str]
    is_scanned: bool
    trash_days: int
