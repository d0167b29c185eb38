"""Markdown as it was written, with what is known of each chapter before it; alone, or packed with its pictures."""

import hashlib
import io
import re
import zipfile
from datetime import datetime
from typing import Any, Final

from anyascii import anyascii

from stoa.creation.exchange.actions.reading.texts import BOOK_MARKER, MARKER, written_front
from stoa.creation.exchange.types import OutBook, OutChapter, plain_number

_OWN: Final = re.compile(r"/media/([0-9a-f-]{36})/[a-z0-9]+\.webp")


def as_markdown(book: OutBook, base_url: str) -> bytes:
    """One file. Pictures are told by their addresses on this site."""

    def placed(text: str) -> str:
        return _OWN.sub(lambda match: base_url.rstrip("/") + match[0], text)

    if len(book.chapters) == 1 and book.chapters[0].heading == book.title:
        return _chapter(book.chapters[0], placed(book.chapters[0].markdown)).encode()
    texts = [chapter.markdown + chapter.author_note_markdown for chapter in book.chapters]
    mark = _unused(book, "".join(texts))
    parts = [BOOK_MARKER.format(mark), "\n", _about(book), "\n", placed(book.description).strip("\n"), "\n\n"]
    for chapter in book.chapters:
        parts += [MARKER.format(mark), "\n", _chapter(chapter, placed(chapter.markdown)), "\n"]
    return "".join(parts).encode("utf-8", "replace")


def as_zip(book: OutBook) -> bytes:
    """A folder: `series.md`, a text for each chapter, the pictures, the cover."""
    names = {picture.url: picture.name for picture in book.pictures}

    def placed(text: str) -> str:
        return _OWN.sub(lambda match: f"../pictures/{names[match[1]]}" if match[1] in names else match[0], text)

    files: dict[str, bytes] = {"series.md": (_about(book) + "\n" + book.description.strip("\n") + "\n").encode()}
    digits = max(3, len(str(len(book.chapters))))
    for place, chapter in enumerate(book.chapters, 1):
        name = f"chapters/{place:0{digits}}-{slug_of(chapter.heading)}.md"
        files[name] = _chapter(chapter, placed(chapter.markdown)).encode("utf-8", "replace")
    for picture in book.pictures:
        files[f"pictures/{picture.name}"] = picture.data
    if book.cover is not None:
        files[f"cover.{book.cover.name.rpartition('.')[2]}"] = book.cover.data
    return packed(files, book.changed_at)


def packed(files: dict[str, bytes], at: datetime, *, stored: tuple[str, ...] = ()) -> bytes:
    """A ZIP file of these in this order; the same files and time give the same bytes."""
    made = io.BytesIO()
    moment = (max(1980, at.year), at.month, at.day, at.hour, at.minute, at.second)
    pictures = ("jpg", "jpeg", "png", "gif", "webp", "avif")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, moment)
            is_packed = name in stored or name.rpartition(".")[2] in pictures
            entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return made.getvalue()


def slug_of(title: str) -> str:
    """A title as part of the name of a file; never empty."""
    return re.sub(r"[^a-z0-9]+", "-", anyascii(title).lower()).strip("-")[:60].strip("-") or "chapter"


def _chapter(chapter: OutChapter, markdown: str) -> str:
    fields: dict[str, Any] = {"title": chapter.title, "number": plain_number(chapter.number)}
    if chapter.volume is not None:
        fields["volume"] = chapter.volume
    if chapter.author_note_markdown:
        fields["author_note_position"] = chapter.author_note_position
        fields["author_note"] = chapter.author_note_markdown
    return written_front(fields) + "\n" + markdown + "\n"


def _about(book: OutBook) -> str:
    return written_front({"title": book.title, "author": book.author, "language": book.language, "source": book.url})


def _unused(book: OutBook, texts: str) -> str:
    """A word for the lines between chapters that stands in none of them."""
    number = 0
    while True:
        mark = hashlib.sha256(f"{book.id}{number}".encode()).hexdigest()[:8]
        if mark not in texts:
            return mark
        number += 1
