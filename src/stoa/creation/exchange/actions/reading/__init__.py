"""Reading files: pure functions from bytes to a `Book`, to be called in a thread. Nothing here knows of a database."""

import re
import secrets

import msgspec

from stoa.creation.exchange.actions.reading.archive import Archive, Budget, Pictures
from stoa.creation.exchange.actions.reading.docx import read_docx
from stoa.creation.exchange.actions.reading.epub import read_epub
from stoa.creation.exchange.actions.reading.packed import read_zip
from stoa.creation.exchange.actions.reading.pages import picture_at, read_page
from stoa.creation.exchange.actions.reading.texts import read_text
from stoa.creation.exchange.actions.reading.tree import decoded
from stoa.creation.exchange.errors import Unreadable
from stoa.creation.exchange.types import Book, Format
from stoa.creation.serials.types import MAX_CHAPTERS

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PAGE = re.compile(r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,2000}?-->\s*)?<(?:!doctype|html|head|body)\b", re.I | re.S)
_SIGNED = re.compile(r"%PDF-|\{\\rtf|\x7fELF|MZ\x90")


def format_of(data: bytes, filename: str, budget: Budget | None = None, *, wanted: Format | None = None) -> Format:
    """What a file is read as, by its content; only pages and plain texts are also told by their names.

    wanted: what it was said to be; another kind is refused. Raises Unreadable.
    """
    found = _format_of(data, filename, budget or Budget())
    # Google writes Word files, pages, and pages packed with their pictures.
    if wanted not in (None, Format.GOOGLE_DOCS, found):
        assert wanted is not None
        raise Unreadable(f"This is not {_NAMES[wanted]}, but {_NAMES[found]}")
    return found


def read(data: bytes, filename: str, *, most_picture_bytes: int, base_url: str = "") -> Book:
    """What is in a file. `base_url`: of this installation, whose own pictures are known. Raises Unreadable."""
    budget = Budget()
    found = _format_of(data, filename, budget)
    mark = f"picture-{secrets.token_hex(6)}-"
    pictures = Pictures(mark, most_picture_bytes, base_url)
    if found is Format.EPUB:
        book = read_epub(data, pictures, budget)
    elif found is Format.DOCX:
        book = read_docx(data, filename, pictures, budget)
    elif found is Format.ZIP:
        book = read_zip(data, pictures, budget)
    elif found is Format.HTML:
        book = read_page(decoded(data), filename, pictures, None)
    else:
        book = read_text(decoded(data), filename, lambda address: picture_at(address, pictures, None))
    if not book.chapters:
        raise Unreadable("There is no text in this file")
    if len(book.chapters) > MAX_CHAPTERS:
        raise Unreadable(f"This file has {len(book.chapters):,} chapters; a series has at most {MAX_CHAPTERS:,}")
    problems = [*book.problems, *pictures.problems]
    return msgspec.structs.replace(book, mark=mark, pictures=pictures.taken, problems=problems)


def _format_of(data: bytes, filename: str, budget: Budget) -> Format:
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        archive = Archive(data, budget)
        if archive.content_type == "application/epub+zip" or archive.has("META-INF/container.xml"):
            return Format.EPUB
        return Format.DOCX if archive.content_type == _DOCX else Format.ZIP
    if not data.strip():
        raise Unreadable("This file is empty")
    head = decoded(data[:4096])
    if _SIGNED.match(head):
        raise Unreadable("Markdown, HTML, Word (.docx), EPUB and ZIP files of them can be read")
    if _PAGE.match(head) or filename.lower().endswith((".html", ".htm", ".xhtml")):
        return Format.HTML
    return Format.MARKDOWN


_NAMES = {
    Format.MARKDOWN: "Markdown",
    Format.DOCX: "a Word document",
    Format.EPUB: "an EPUB",
    Format.HTML: "a web page",
    Format.ZIP: "a ZIP file",
}
