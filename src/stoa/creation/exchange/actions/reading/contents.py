"""The table of contents of an EPUB, as EPUB 3 (`nav`) or EPUB 2 (`ncx`) write it, as one list."""

from urllib.parse import unquote

import msgspec

from stoa.creation.exchange.actions.reading.archive import Archive
from stoa.creation.exchange.actions.reading.dividing import tidy_title
from stoa.creation.exchange.actions.reading.notes import joined
from stoa.creation.exchange.actions.reading.tree import Node, decoded, read_xml
from stoa.creation.exchange.errors import Unreadable

MAX_ENTRIES = 20_000
MAX_DEPTH = 6


class Entry(msgspec.Struct):
    """A line of it. `volume` counts the parts that have chapters below them; `has_below`: it has lines of its own."""

    title: str
    file: str
    fragment: str
    has_below: bool
    volume: int | None = None


def entries_of(archive: Archive, opf: Node, items: dict[str, dict[str, str]], files: dict[str, Node]) -> list[Entry]:
    """The lines in order; none where the book has no table of contents that can be read."""
    found: list[Entry] = []
    for item in items.values():
        if "nav" in item.get("properties", "").split() and item["path"] in files:
            navs = list(files[item["path"]].all("nav"))
            nav = next((n for n in navs if "toc" in n.kinds), navs[0] if navs else None)
            first = nav.first("ol") if nav is not None else None
            if first is not None:
                _from_nav(first, item["path"].rpartition("/")[0], found, 0)
            break
    if not found:
        found = _from_ncx(archive, opf, items)
    return _with_volumes(found)


def _from_nav(node: Node, folder: str, found: list[Entry], depth: int) -> None:
    for item in node.nodes:
        if item.tag != "li" or len(found) >= MAX_ENTRIES:
            continue
        label = next((n for n in item.nodes if n.tag in ("a", "span", "p", "div")), None)
        link = label if label is None or label.tag == "a" else label.first("a") or label
        below = next((n for n in item.nodes if n.tag == "ol"), None)
        if link is not None:
            _add(found, link.text, link.attrs.get("href", ""), folder, below is not None)
        if below is not None and depth < MAX_DEPTH:
            _from_nav(below, folder, found, depth + 1)


def _from_ncx(archive: Archive, opf: Node, items: dict[str, dict[str, str]]) -> list[Entry]:
    spine = opf.first("spine")
    named = items.get(spine.attrs.get("toc", "")) if spine is not None else None
    item = named or next((i for i in items.values() if i.get("media-type") == "application/x-dtbncx+xml"), None)
    if item is None or not archive.has(item["path"]):
        return []
    try:
        root = read_xml(decoded(archive.read(item["path"])))
    except Unreadable:
        return []
    found: list[Entry] = []
    top = root.first("navmap")
    if top is not None:
        _from_points(top, item["path"].rpartition("/")[0], found, 0)
    return found


def _from_points(node: Node, folder: str, found: list[Entry], depth: int) -> None:
    for point in node.nodes:
        if point.tag != "navpoint" or len(found) >= MAX_ENTRIES:
            continue
        label = next((n for n in point.nodes if n.tag == "navlabel"), None)
        content = next((n for n in point.nodes if n.tag == "content"), None)
        below = any(n.tag == "navpoint" for n in point.nodes)
        if content is not None:
            _add(found, label.text if label is not None else "", content.attrs.get("src", ""), folder, below)
        if depth < MAX_DEPTH:
            _from_points(point, folder, found, depth + 1)


def _add(found: list[Entry], title: str, href: str, folder: str, has_below: bool) -> None:
    file, _, fragment = href.partition("#")
    path = joined(folder, unquote(file)) if file else ""
    found.append(Entry(tidy_title(title), path, unquote(fragment), has_below))


def _with_volumes(entries: list[Entry]) -> list[Entry]:
    """A line that has others below it is a part; the chapters after it are in that volume, where there are two or more.

    A part that is the only one is the title of the book, and no volume.
    """
    parts = [entry for entry in entries if entry.has_below]
    if len(parts) < 2:
        return entries
    volume = 0
    for entry in entries:
        volume += entry.has_below
        entry.volume = volume or None
    return entries
