"""What comes in, what goes out, and how far it is."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

MAX_PICTURES: Final = 500  # of one import
MAX_READ_BYTES: Final = 400 * 1024 * 1024  # of all that is unpacked of one file
KEPT_IMPORT_DAYS: Final = 7  # the file of an import that nobody has decided about
KEPT_EXPORT_DAYS: Final = 7


class Format(StrEnum):
    """What an import is read as."""

    MARKDOWN = "markdown"
    DOCX = "docx"
    EPUB = "epub"
    HTML = "html"
    ZIP = "zip"
    GOOGLE_DOCS = "google_docs"


class Target(StrEnum):
    """What an export is written as."""

    MARKDOWN = "markdown"
    HTML = "html"
    EPUB = "epub"
    DOCX = "docx"
    PDF = "pdf"
    ZIP = "zip"

    @property
    def ending(self) -> str:
        """How the names of such files end."""
        return {"markdown": "md"}.get(self.value, self.value)

    @property
    def content_type(self) -> str:
        """What it is, as the web calls it."""
        return {
            "markdown": "text/markdown; charset=utf-8",
            "html": "text/html; charset=utf-8",
            "epub": "application/epub+zip",
            "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "pdf": "application/pdf",
            "zip": "application/zip",
        }[self.value]

    @property
    def label(self) -> str:
        """As people call it."""
        return {
            "markdown": "Markdown",
            "html": "Web page",
            "epub": "EPUB",
            "docx": "Word",
            "pdf": "PDF",
            "zip": "ZIP of Markdown and pictures",
        }[self.value]


class Duplicates(StrEnum):
    """What becomes of a chapter that the series seems to have: left out, added all the same, or its text replaced."""

    SKIP = "skip"
    ADD = "add"
    REPLACE = "replace"


class ImportState(StrEnum):
    """Checked: it was read, and waits for somebody to say yes."""

    READING = "reading"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ExportState(StrEnum):
    """Expired: its file was removed."""

    MAKING = "making"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"


# ---- what was read of a file -----------------------------------------------------------------------------------


class Picture(msgspec.Struct, frozen=True):
    """A picture of a file. `key` stands in the Markdown where its address will be."""

    key: str
    name: str
    data: bytes


class ReadChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter as a file has it. `source` says where in the file; `number` and `volume` where the file says so.

    `problems` are sentences for its author: what could not be taken along.
    """

    title: str
    markdown: str
    source: str = ""
    number: Decimal | None = None
    volume: int | None = None
    author_note_markdown: str = ""
    author_note_position: str = "end"
    problems: list[str] = []


class LeftOut(msgspec.Struct, frozen=True):
    """A part of a file that is no chapter, and why."""

    source: str
    why: str


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a file: its chapters in order, and their pictures, whose keys begin with `mark`."""

    mark: str = ""

    title: str = ""
    author: str = ""
    language: str = ""
    description: str = ""
    chapters: list[ReadChapter] = []
    pictures: list[Picture] = []
    cover: Picture | None = None
    left_out: list[LeftOut] = []
    problems: list[str] = []


# ---- imports ---------------------------------------------------------------------------------------------------


class Duplicate(msgspec.Struct, frozen=True):
    """The chapter that the series has already. `by`: text, title or number."""

    chapter_id: UUID
    title: str
    number: str
    by: str


class FoundChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter of the report. `index` counts from 1 within the file. `begins` are its first words.

    `outcome` once it is over: added, replaced or skipped; `chapter_id` is the chapter it became. `can` is False where a
    problem keeps it from coming in.
    """

    index: int
    title: str
    number: str | None
    volume: int | None
    words: int
    pictures: int
    source: str
    begins: str
    duplicate: Duplicate | None = None
    problems: list[str] = []
    can: bool = True
    outcome: str | None = None
    chapter_id: UUID | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a file, and what became of it."""

    title: str = ""
    author: str = ""
    language: str = ""
    has_cover: bool = False
    chapters: list[FoundChapter] = []
    left_out: list[LeftOut] = []
    problems: list[str] = []
    pictures: int = 0
    words: int = 0
    added: int = 0
    replaced: int = 0
    skipped: int = 0


class Options(msgspec.Struct, frozen=True):
    """What was asked of an import. `leave_out`: indexes of chapters that stay out. `dry_run`: it waits for a yes."""

    dry_run: bool = True
    duplicates: Duplicates = Duplicates.SKIP
    leave_out: list[int] = []
    take_cover: bool = False


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """An import. `progress` in percent of what it does now; `problem` says why it failed."""

    id: UUID
    series_id: UUID
    user_id: UUID
    format: Format
    filename: str
    options: Options
    state: ImportState
    progress: int
    report: Report
    problem: str | None
    created_at: datetime
    finished_at: datetime | None


class ExportView(msgspec.Struct, frozen=True, kw_only=True):
    """An export of a series; its file is there until `expires_at`."""

    id: UUID
    series_id: UUID
    user_id: UUID
    format: Target
    only_published: bool
    state: ExportState
    progress: int
    filename: str
    bytes_count: int
    problem: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


# ---- what is written -------------------------------------------------------------------------------------------


class OutPicture(msgspec.Struct, frozen=True):
    """A picture as it goes out. `url` is its address in texts, without its size; `name` how its file is called."""

    url: str
    name: str
    content_type: str
    data: bytes
    width: int = 0  # pixels
    height: int = 0
    alt: str = ""


class OutChapter(msgspec.Struct, frozen=True, kw_only=True):
    """A chapter as it goes out; `html` and `author_note_html` are safe HTML."""

    title: str
    number: Decimal
    volume: int | None
    markdown: str
    html: str
    author_note_markdown: str = ""
    author_note_html: str = ""
    author_note_position: str = "end"

    @property
    def heading(self) -> str:
        """Its title, or its number where it has none."""
        return self.title or f"Chapter {plain_number(self.number)}"


class OutBook(msgspec.Struct, frozen=True, kw_only=True):
    """What is written: a series, or one chapter of it. `id` is the work's, `url` where it is read."""

    id: UUID
    title: str
    author: str
    language: str
    description: str
    url: str
    changed_at: datetime
    chapters: list[OutChapter]
    pictures: list[OutPicture] = []
    cover: OutPicture | None = None
    is_rtl: bool = False


def plain_number(number: Decimal) -> str:
    """A chapter's number without zeros that say nothing: 3, 3.5."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
