"""Bodies of the routes about imports and exports."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile

from stoa.creation.exchange.queries import StoredExport, StoredImport
from stoa.creation.exchange.types import (
    Duplicates,
    ExportState,
    Format,
    ImportState,
    Options,
    Report,
    Target,
)
from stoa.kit.errors import Invalid

MAX_URL = 2000


@dataclass
class ImportIn:
    """A file, and what is to be done with it; the fields of a form."""

    file: UploadFile
    format: str = ""
    dry_run: str = ""
    duplicates: str = ""
    take_cover: str = ""


class GoogleIn(msgspec.Struct):
    """A document of Google Docs that everybody with the link may read."""

    url: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_URL)]
    dry_run: bool = False
    duplicates: Duplicates = Duplicates.SKIP
    take_cover: bool = False


class ConfirmIn(msgspec.Struct):
    """What to bring in of what was read. `leave_out`: indexes of chapters in the report."""

    duplicates: Duplicates = Duplicates.SKIP
    leave_out: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=5000)]], msgspec.Meta(max_length=5000)] = []
    take_cover: bool = False


class ExportIn(msgspec.Struct):
    """What to write, and as what."""

    format: Target = Target.EPUB
    only_published: bool = False


class ImportOut(msgspec.Struct, kw_only=True):
    """An import. `progress` in percent of what it does now.

    `state`: reading, then checked where it waits for a yes, importing, done, failed with a `problem`, or cancelled.
    """

    id: UUID
    series_id: UUID
    format: Format
    filename: str
    dry_run: bool
    duplicates: Duplicates
    state: ImportState
    progress: int
    report: Report
    problem: str | None
    created_at: datetime
    finished_at: datetime | None


class ExportOut(msgspec.Struct, kw_only=True):
    """An export; `file_url` is there while its file is."""

    id: UUID
    series_id: UUID
    format: Target
    only_published: bool
    state: ExportState
    progress: int
    filename: str
    bytes_count: int
    problem: str | None
    file_url: str | None
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


def import_out(row: StoredImport) -> ImportOut:
    """An import for whoever may see it."""
    return ImportOut(
        id=row.id,
        series_id=row.series_id,
        format=row.format,
        filename=row.filename,
        dry_run=row.options.dry_run,
        duplicates=row.options.duplicates,
        state=row.state,
        progress=row.progress,
        report=row.report,
        problem=row.problem,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def export_out(row: StoredExport) -> ExportOut:
    """An export for whoever asked for it."""
    return ExportOut(
        id=row.id,
        series_id=row.series_id,
        format=row.format,
        only_published=row.only_published,
        state=row.state,
        progress=row.progress,
        filename=row.filename,
        bytes_count=row.bytes_count,
        problem=row.problem,
        file_url=f"/api/v1/exports/{row.id}/file" if row.state is ExportState.DONE else None,
        created_at=row.created_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )


def options_of(data: ImportIn, *, dry_run: bool = False) -> Options:
    """What the fields of a form ask for; `dry_run` where they do not say. Raises Invalid."""
    wrong: dict[str, str] = {}
    if data.duplicates not in ("", *Duplicates):
        wrong["duplicates"] = "Please choose skip, add or replace"
    said = {name: getattr(data, name).strip().lower() for name in ("dry_run", "take_cover")}
    wrong |= {n: "This must be yes or no" for n, text in said.items() if text not in ("", *_YES, *_NO)}
    if wrong:
        raise Invalid(fields=wrong)
    return Options(
        dry_run=said["dry_run"] in _YES if said["dry_run"] else dry_run,
        duplicates=Duplicates(data.duplicates or Duplicates.SKIP),
        take_cover=said["take_cover"] in _YES,
    )


_YES = ("true", "on", "yes", "1")
_NO = ("false", "off", "no", "0")
