"""EPUB 2 and 3: chapters by the table of contents, footnotes from wherever they stand, pictures, the cover."""

import re
from functools import partial
from typing import Final
from urllib.parse import unquote

import msgspec

from stoa.creation.exchange.actions.reading.archive import Archive, Budget, Pictures
from stoa.creation.exchange.actions.reading.contents import Entry, entries_of
from stoa.creation.exchange.actions.reading.dividing import (
    body_of,
    heading_of,
    split_at_places,
    tidy_title,
    without_title,
)
from stoa.creation.exchange.actions.reading.notes import Notes, joined
from stoa.creation.exchange.actions.reading.pages import marked_chapter
from stoa.creation.exchange.actions.reading.prose import Prose
from stoa.creation.exchange.actions.reading.tree import Node, decoded, read_html, read_xml
from stoa.creation.exchange.errors import Unreadable
from stoa.creation.exchange.types import Book, LeftOut, Picture, ReadChapter

MAX_FILES: Final = 6_000
SHORT_WORDS: Final = 40
_NO_CHAPTERS: Final = {
    **dict.fromkeys(("cover", "coverpage", "cover-page"), "The cover"),
    **dict.fromkeys(("titlepage", "title-page", "halftitlepage", "fulltitle"), "A title page"),
    **dict.fromkeys(("imprint", "colophon", "copyright-page", "copyright", "publisher-logo"), "About the edition"),
    **dict.fromkeys(("toc", "toc-brief", "landmarks", "loi", "lot", "page-list", "index"), "A list of what is in it"),
    **dict.fromkeys(
        ("endnotes", "footnotes", "rearnotes", "doc-endnotes"), "Notes; they go where they are referred to"
    ),
    **dict.fromkeys(("bibliography", "contributors", "other-credits", "acknowledgments-page"), "About the edition"),
}
_UNCOPYRIGHT: Final = re.compile(r"(?:^|/)(?:uncopyright|copyright|colophon|imprint)[^/]*$", re.IGNORECASE)


class _Part(msgspec.Struct):
    """A chapter in the making: the file it begins in, and its nodes."""

    title: str
    file: str
    children: list[Node | str]
    volume: int | None = None
    is_divider: bool = False


class _Package(msgspec.Struct):
    folder: str
    opf: Node
    items: dict[str, dict[str, str]]  # by id
    spine: list[str]  # files in the order in which they are read
    kinds: dict[str, str]  # what a file is for, where the guide says so


def read_epub(data: bytes, pictures: Pictures, budget: Budget) -> Book:
    """The chapters of a book. Raises Unreadable."""
    archive = Archive(data, budget)
    package = _package(archive)
    files = _files(archive, package)
    prose = Prose(Notes(files), lambda _: None)
    about = _about(package)
    own = [(name, node) for name, root in files.items() for node in root.all("section") if "stoa-chapter" in node.kinds]
    if own:
        chapters = []
        for name, node in own:
            prose = _prose_of(prose, name, archive, pictures)
            chapters.append(marked_chapter(node, prose, name))
        left_out: list[LeftOut] = []
    else:
        chapters, left_out = _chapters(archive, package, files, prose, pictures)
    cover = _cover(archive, package, pictures)
    return msgspec.structs.replace(about, chapters=chapters, cover=cover, left_out=left_out)


def _package(archive: Archive) -> _Package:
    if archive.has("META-INF/encryption.xml") and b"xmlenc#" in archive.read("META-INF/encryption.xml"):
        raise Unreadable("This book is locked by its shop")
    container = read_xml(decoded(archive.read("META-INF/container.xml")))
    rootfile = container.first("rootfile")
    path = joined("", unquote(rootfile.attrs.get("full-path", ""))) if rootfile is not None else ""
    opf = read_xml(decoded(archive.read(path)))
    folder = path.rpartition("/")[0]
    items: dict[str, dict[str, str]] = {}
    for item in opf.all("item"):
        if item.attrs.get("id") and item.attrs.get("href"):
            href = joined(folder, unquote(item.attrs["href"].partition("#")[0]))
            items[item.attrs["id"]] = {**item.attrs, "path": href}
    spine = []
    for ref in opf.all("itemref"):
        found = items.get(ref.attrs.get("idref", ""))
        if found is not None and ref.attrs.get("linear") != "no" and archive.has(found["path"]):
            spine.append(found["path"])
    kinds = {
        joined(folder, unquote(one.attrs.get("href", "").partition("#")[0])): one.attrs.get("type", "").lower()
        for one in opf.all("reference")
    }
    spine = list(dict.fromkeys(spine))
    if not spine:
        raise Unreadable("This book names no files to be read")
    if len(spine) > MAX_FILES:
        raise Unreadable(f"This book has more than {MAX_FILES:,} files")
    return _Package(folder, opf, items, spine, kinds)


def _files(archive: Archive, package: _Package) -> dict[str, Node]:
    """The files that are read, and those that only hold notes."""
    pages = [i["path"] for i in package.items.values() if "html" in i.get("media-type", "") and archive.has(i["path"])]
    names = list(dict.fromkeys([*package.spine, *pages]))[: MAX_FILES + 100]
    return {name: read_html(decoded(archive.read(name))) for name in names}


def _about(package: _Package) -> Book:
    def said(tag: str) -> str:
        node = package.opf.first(tag)
        return node.text if node is not None else ""

    description = said("description")
    if "<" in description:
        description = read_html(description).text
    authors = [node.text for node in package.opf.all("creator") if node.text]
    return Book(
        title=tidy_title(said("title")),
        author=tidy_title(", ".join(authors)),
        language=said("language")[:35],
        description=description,
    )


def _cover(archive: Archive, package: _Package, pictures: Pictures) -> Picture | None:
    named = [n.attrs.get("content", "") for n in package.opf.all("meta") if n.attrs.get("name") == "cover"]
    for key, item in package.items.items():
        is_cover = "cover-image" in item.get("properties", "").split() or key in named
        if is_cover and item.get("media-type", "").startswith("image/") and archive.has(item["path"]):
            return pictures.picture(item["path"], partial(archive.read, item["path"], pictures.most_bytes + 1))
    return None


def _chapters(
    archive: Archive, package: _Package, files: dict[str, Node], prose: Prose, pictures: Pictures
) -> tuple[list[ReadChapter], list[LeftOut]]:
    navs = [item["path"] for item in package.items.values() if "nav" in item.get("properties", "").split()]
    entries = entries_of(archive, package.opf, package.items, files)
    left_out: list[LeftOut] = []
    parts: list[_Part] = []
    listed = {entry.file for entry in entries}
    for name in package.spine:
        root = files[name]
        why = "A list of what is in it" if name in navs else _why_no_chapter(name, root, package)
        if why:
            left_out.append(LeftOut(name, why))
            continue
        here = [entry for entry in entries if entry.file == name]
        if here:
            parts.extend(_parts(name, root, here))
        elif parts and entries and not parts[-1].is_divider:
            parts[-1].children.extend(body_of(root).children)  # a long chapter that was cut in two
        elif entries and listed & set(package.spine) and len(body_of(root).text.split()) < SHORT_WORDS * 5:
            left_out.append(LeftOut(name, "It is short, and the table of contents does not name it"))
        else:
            parts.append(_Part(heading_of(root), name, list(body_of(root).children)))
    return _written(parts, left_out, prose, archive, pictures)


def _written(
    parts: list[_Part], left_out: list[LeftOut], prose: Prose, archive: Archive, pictures: Pictures
) -> tuple[list[ReadChapter], list[LeftOut]]:
    chapters: list[ReadChapter] = []
    for part in parts:
        if part.is_divider:
            left_out.append(LeftOut(part.file, f"The page of a part: {part.title}"))
            continue
        before = len(pictures.problems)
        markdown = _prose_of(prose, part.file, archive, pictures).markdown(without_title(part.children, part.title))
        if not markdown:
            left_out.append(LeftOut(part.file, "There is nothing on this page"))
            continue
        problems = pictures.problems[before:]
        title = tidy_title(part.title)
        chapters.append(
            ReadChapter(title=title, markdown=markdown, source=part.file, volume=part.volume, problems=problems)
        )
    return chapters, left_out


def _parts(name: str, root: Node, here: list[Entry]) -> list[_Part]:
    """The chapters that begin in a file."""
    body = body_of(root)
    places: list[Node] = []
    named: list[Entry] = []
    ids = {node.attrs[key]: node for node in root.walk() for key in ("name", "id") if node.attrs.get(key)}
    for entry in here:
        place = ids.get(entry.fragment) if entry.fragment else None
        if place is None or place.tag in ("body", "html") or (not named and not places):
            if not named:
                named.append(entry)
            continue
        if place is not body:
            places.append(place)
            named.append(entry)
    split = split_at_places(list(body.children), places)
    if len(split) > 1 and len(named) == len(split):
        groups = list(zip(named, split, strict=True))
    else:
        groups = [(named[0], list(body.children))]
    made = []
    for entry, children in groups:
        words = " ".join(c if isinstance(c, str) else c.text for c in children).split()
        has_picture = any(isinstance(c, Node) and (c.tag == "img" or c.first("img", "image")) for c in children)
        is_divider = entry.has_below and len(words) < SHORT_WORDS and not has_picture
        made.append(_Part(entry.title or heading_of(root), name, children, entry.volume, is_divider))
    return made


def _why_no_chapter(name: str, root: Node, package: _Package) -> str | None:
    body = root.first("body") or root
    kinds = set(body.kinds) | {package.kinds.get(name, "")}
    at: Node | None = body
    for _ in range(3):  # what is wrapped around the whole page
        at = next(iter(at.nodes), None) if at is not None and len(at.nodes) == 1 else None
        kinds |= at.kinds if at is not None else set()
    for kind, why in _NO_CHAPTERS.items():
        if kind in kinds:
            return why
    if _UNCOPYRIGHT.search(name):
        return "About the edition"
    if not body.text and body.first("img", "image") is None:
        return "There is nothing on this page"
    if not body.text and "cover" in name.lower():
        return "The cover"
    return None


def _prose_of(prose: Prose, name: str, archive: Archive, pictures: Pictures) -> Prose:
    """The same, for a file from which pictures are told."""
    folder = name.rpartition("/")[0]

    def picture_of(address: str) -> str | None:
        if address[:5].lower() == "data:":
            return pictures.data_url(address)
        if ":" in address[:12] or not address:
            return address if address[:8].lower() == "https://" else None
        path = joined(folder, unquote(address.partition("#")[0]))
        return pictures.take(path, lambda: archive.read(path, pictures.most_bytes + 1))

    return prose.seeing(picture_of)
