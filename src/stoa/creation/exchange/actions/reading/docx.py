"""Word documents, through mammoth: by their styles, not by their looks. Nothing outside of the file is fetched."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import mammoth

from stoa.creation.exchange.actions.reading.archive import Archive, Budget, Pictures
from stoa.creation.exchange.actions.reading.pages import read_page
from stoa.creation.exchange.errors import Unreadable
from stoa.creation.exchange.types import Book

_STYLES: Final = """
p[style-name='Title'] => p.book-title:fresh
p.Title => p.book-title:fresh
p[style-name='Stoa Note'] => aside.author-note > p:fresh
p[style-name='Stoa Note Before'] => aside.author-note.author-note-start > p:fresh
p[style-name='Subtitle'] => p.book-subtitle:fresh
p[style-name='Author'] => p.book-author:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Block Text'] => blockquote > p:fresh
p[style-name='Stoa Code'] => pre:separator('\\n')
p[style-name='Stoa Figure'] => figure:fresh
p[style-name='Stoa Caption'] => figure > figcaption:fresh
p[style-name='Stoa Item'] => ul|ol > li > p:fresh
r[style-name='Stoa Code Text'] => code
r[style-name='Stoa Spoiler'] => span.spoiler
strike => s
"""
_NESTS: Final = re.compile(
    rb"<(/?)(?:[A-Za-z0-9]+:)?(tbl|sdt|smartTag|ins|del|txbxContent|hyperlink|fldSimple)\b[^<>]*?(/?)>"
)
_MAX_OPEN: Final = 100
_READ: Final = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")


def read_docx(data: bytes, name: str, pictures: Pictures, budget: Budget) -> Book:
    """The chapters of a document: at its headings. Raises Unreadable."""
    archive = Archive(data, budget)
    if not archive.has("word/document.xml"):
        raise Unreadable("This is not a Word document")
    _check(archive)
    html = _converted(data, pictures)
    return read_page(html, name, _Known(pictures), None)


class _Known(Pictures):
    """Pictures that were taken while the document was read: their keys stand in its page already."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__(pictures.mark, pictures.most_bytes, pictures.own)
        self.taken, self.problems = pictures.taken, pictures.problems
        self._known = {picture.key for picture in pictures.taken}

    def data_url(self, source: str) -> str | None:
        """The key behind `data:`, where there is one."""
        key = source.removeprefix("data:")
        return key if key in self._known else None


def _converted(data: bytes, pictures: Pictures) -> str:
    count = 0

    def picture(image: Any) -> list[Any]:
        nonlocal count
        count += 1

        def load() -> bytes:
            with opened(image) as stream:
                return stream.read(pictures.most_bytes + 1)

        key = pictures.take(f"Picture {count} of the document", load)
        attributes = {"src": f"data:{key}" if key else "", "alt": image.alt_text or ""}
        return [mammoth.html.element("img", attributes)]

    try:
        made = mammoth.convert_to_html(
            io.BytesIO(data),
            style_map=_STYLES,
            convert_image=picture,
            include_embedded_style_map=False,
            external_file_access=False,
        )
    except RecursionError as error:
        raise Unreadable("The parts of this document are nested too deeply to be read") from error
    except Unreadable:
        raise
    except Exception as error:  # mammoth trusts that a document is one, and fails in many ways where it is not
        raise Unreadable("This Word document is damaged, or not one that can be read") from error
    return str(made.value)


@contextmanager
def opened(image: Any) -> Iterator[BinaryIO]:
    """A picture inside the document. Raises Unreadable for one that lies elsewhere, which is not fetched."""
    try:
        with image.open() as stream:
            yield stream
    except Exception as error:
        raise Unreadable("A picture lies outside of this document") from error


def _check(archive: Archive) -> None:
    """Refuses what mammoth would read for ever: it takes the whole document as one tree, by recursion."""
    for part in _READ:
        if not archive.has(part):
            continue
        text = archive.read(part)
        if b"<!DOCTYPE" in text[:4096] or b"<!ENTITY" in text[:65536]:
            raise Unreadable("This document defines abbreviations of its own, which are not read")
        opened_ = 0
        for tag in _NESTS.finditer(text):
            if not tag[3]:
                opened_ += -1 if tag[1] else 1
            if opened_ > _MAX_OPEN:
                raise Unreadable("The parts of this document are nested too deeply to be read")
