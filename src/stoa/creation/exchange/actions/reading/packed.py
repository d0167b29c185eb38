"""A ZIP file of texts of any kind, in the order of their names, with the pictures that lie beside them."""

import re
from functools import partial
from urllib.parse import unquote

from stoa.creation.exchange.actions.reading.archive import Archive, Budget, Pictures
from stoa.creation.exchange.actions.reading.docx import read_docx
from stoa.creation.exchange.actions.reading.epub import read_epub
from stoa.creation.exchange.actions.reading.notes import joined
from stoa.creation.exchange.actions.reading.pages import picture_at, read_page
from stoa.creation.exchange.actions.reading.texts import front_matter, read_text
from stoa.creation.exchange.actions.reading.tree import decoded
from stoa.creation.exchange.errors import Unreadable
from stoa.creation.exchange.types import Book, LeftOut, Picture, ReadChapter

ENDINGS = {
    **dict.fromkeys(("md", "markdown", "mdown", "txt", "text"), "text"),
    **dict.fromkeys(("html", "htm", "xhtml"), "page"),
    "docx": "docx",
    "epub": "epub",
}
_PICTURES = frozenset({"jpg", "jpeg", "png", "gif", "webp", "avif"})
_ABOUT = frozenset({"series.md", "readme.md", "readme.txt", "license.txt", "licence.txt"})


def natural(name: str) -> list[tuple[int, int, str]]:
    """The order in which people sort names: chapter 2 before chapter 10."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(1, int(p[:18]), "") if p.isdecimal() and p.isascii() else (0, 0, p) for p in parts if p]


def read_zip(data: bytes, pictures: Pictures, budget: Budget) -> Book:
    """The chapters of all texts inside. Raises Unreadable when there is none, or one of them cannot be read."""
    archive = Archive(data, budget)
    chapters: list[ReadChapter] = []
    left_out: list[LeftOut] = []
    about: dict[str, str] = {}
    problems: list[str] = []
    for name in sorted(archive.names, key=natural):
        kind = ENDINGS.get(name.rpartition(".")[2].lower())
        if name.rpartition("/")[2].lower() in _ABOUT and kind == "text":
            if name.lower().endswith("series.md"):
                about = _about(decoded(archive.read(name)))
            continue
        if kind is None:
            if name.rpartition(".")[2].lower() not in _PICTURES and name.lower().rpartition(".")[2] != "css":
                left_out.append(LeftOut(name, "This kind of file holds no chapters"))
            continue
        try:
            book = _read(archive, name, kind, pictures, budget)
        except Unreadable as error:
            if budget.left < 0:
                raise
            left_out.append(LeftOut(name, next(iter(error.fields.values()))))
            continue
        chapters.extend(book.chapters)
        left_out.extend(book.left_out)
        problems.extend(book.problems)
        if not about and book.title:
            about = {"title": book.title, "author": book.author, "language": book.language}
    if not chapters and not left_out:
        raise Unreadable("There are no texts in this ZIP file")
    return Book(
        title=about.get("title", ""),
        author=about.get("author", ""),
        language=about.get("language", ""),
        description=about.get("description", ""),
        chapters=chapters,
        cover=_cover(archive, pictures),
        left_out=left_out[:1000],
        problems=problems,
    )


def _read(archive: Archive, name: str, kind: str, pictures: Pictures, budget: Budget) -> Book:
    folder = name.rpartition("/")[0]

    def load(path: str) -> bytes:
        return archive.read(path, pictures.most_bytes + 1)

    def picture_of(address: str) -> str | None:
        return picture_at(_inside(folder, address), pictures, load)

    if kind == "docx":
        return read_docx(archive.read(name), name, pictures, budget)
    if kind == "epub":
        return read_epub(archive.read(name, 200 * 1024 * 1024), pictures, budget)
    text = decoded(archive.read(name))
    if kind == "page":
        return read_page(text, name, pictures, lambda address: load(_inside(folder, unquote(address))))
    return read_text(text, name, picture_of)


def _inside(folder: str, address: str) -> str:
    """A path inside the archive for an address that is told from a folder of it; others stay as they are."""
    if ":" in address[:12] or address.startswith(("/media/", "#")):
        return address
    return joined(folder, address.partition("#")[0])


def _about(text: str) -> dict[str, str]:
    fields, body = front_matter(text)
    return {**fields, "description": body.strip("\n")}


def _cover(archive: Archive, pictures: Pictures) -> Picture | None:
    for name in archive.names:
        stem, _, ending = name.rpartition("/")[2].lower().rpartition(".")
        if stem == "cover" and ending in _PICTURES:
            return pictures.picture(name, partial(archive.read, name, pictures.most_bytes + 1))
    return None
