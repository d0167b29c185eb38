"""PDF, set by typst: a book on A5 with its contents, footnotes at the foot of the page, pictures where they stand."""

from typing import Any, Final

from stoa.creation.exchange.actions.reading.tree import Node
from stoa.creation.exchange.actions.writing.page import TEMPLATES
from stoa.creation.exchange.actions.writing.trees import tree_of
from stoa.creation.exchange.types import OutBook
from stoa.kit import paper

MAX_DEPTH: Final = 12  # typst follows no calls that go much deeper; what does loses its marks
_INLINE: Final = frozenset({"em", "strong", "del", "code", "sup", "sub", "a", "br", "img", "span"})
_BLOCKS: Final = frozenset("p blockquote ul ol li pre hr table tr th td figure figcaption h1 h2 h3 h4 h5 h6".split())


async def as_pdf(book: OutBook) -> bytes:
    """The book. Pictures are to be JPEG, PNG, GIF or WebP."""
    content = {
        "title": book.title,
        "author": book.author,
        "language": book.language.partition("-")[0][:3].lower() or "en",
        "is_rtl": book.is_rtl,
        "url": book.url,
        "cover": f"pictures/{book.cover.name}" if book.cover is not None else None,
        "is_series": len(book.chapters) > 1,
        "chapters": [
            {
                "title": chapter.heading,
                "body": _plain(tree_of(chapter.html, lambda media_id: media_id), book),
                "note": _plain(tree_of(chapter.author_note_html, lambda _: None), book),
                "note_first": chapter.author_note_position == "start",
            }
            for chapter in book.chapters
        ],
    }
    files = {f"pictures/{p.name}": p.data for p in (*book.pictures, *([book.cover] if book.cover else []))}
    return await paper.book_as_pdf(TEMPLATES / "book.typ", "book", content, at=book.changed_at, files=files)


def _plain(children: list[Node | str], book: OutBook) -> list[Any]:
    """A chapter as typst reads it: words, and nodes of `t` (kind) and `c` (what is inside)."""
    names = {picture.url: picture for picture in book.pictures}
    notes: dict[str, Node] = {}
    for child in children:
        if isinstance(child, Node) and "footnotes" in child.kinds:
            notes = {item.attrs["id"]: item for item in child.all("li") if "id" in item.attrs}
    rest = [child for child in children if not (isinstance(child, Node) and "footnotes" in child.kinds)]
    return _Plain(names, notes).nodes(rest, 0)


class _Plain:
    def __init__(self, names: dict[str, Any], notes: dict[str, Node]) -> None:
        self._names = names
        self._notes = notes

    def nodes(self, children: list[Node | str], depth: int) -> list[Any]:
        out: list[Any] = []
        for child in children:
            if isinstance(child, str):
                if child.strip() or (child and out and isinstance(out[-1], dict) and out[-1]["t"] in _INLINE):
                    words = " ".join(child.split("\n"))
                    begins = bool(out) and isinstance(out[-1], dict) and out[-1]["t"] == "br"
                    out.append(words.lstrip() if begins else words)
                continue
            out.extend(self._node(child, depth))
        return out

    def _node(self, node: Node, depth: int) -> list[Any]:
        tag = node.tag
        if tag == "a":
            return self._link(node, depth)
        if tag == "img":
            picture = self._names.get(node.attrs.get("src", ""))
            alt = node.attrs.get("alt", "")
            if picture is None:
                return [alt] if alt else []
            return [{"t": "img", "c": [], "src": f"pictures/{picture.name}", "alt": alt, "width": picture.width}]
        if tag == "pre":
            return [{"t": "pre", "c": ["".join(node.texts()).rstrip("\n")]}]
        inside = self.nodes(node.children, depth + 1)
        if depth > MAX_DEPTH or tag not in _INLINE | _BLOCKS | {"thead", "tbody"}:
            return inside
        if tag == "table":
            return [{"t": "table", "c": [], "rows": self._rows(node, depth)}]
        made: dict[str, Any] = {"t": tag, "c": inside}
        if tag == "ol":
            start = node.attrs.get("start", "1")
            made["start"] = int(start) if start.isascii() and start.isdigit() and len(start) < 7 else 1
        if tag == "span":
            made["spoiler"] = "spoiler" in node.kinds
        return [made]

    def _rows(self, node: Node, depth: int) -> list[list[Any]]:
        rows = [[cell for cell in row.nodes if cell.tag in ("th", "td")] for row in node.all("tr")]
        width = max((len(row) for row in rows), default=0)
        filled = [[*row, *([Node("td", {})] * (width - len(row)))] for row in rows if row]
        return [
            [{"c": self.nodes(cell.children, depth + 2), "head": cell.tag == "th"} for cell in row] for row in filled
        ]

    def _link(self, node: Node, depth: int) -> list[Any]:
        href = node.attrs.get("href", "")
        if node.attrs.get("role") == "doc-backlink":
            return []
        note = self._notes.get(href[1:]) if href.startswith("#") else None
        if note is not None:
            return [{"t": "note", "c": _Plain(self._names, {}).nodes(note.children, depth + 1)}]
        inside = self.nodes(node.children, depth + 1)
        return [{"t": "a", "c": inside, "href": href}] if href and not href.startswith("#") else inside
