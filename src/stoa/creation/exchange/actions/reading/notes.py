"""Footnotes of a book: where it refers to one, and which words are one, whoever wrote it."""

import re
from itertools import islice
from typing import Final
from urllib.parse import unquote

from stoa.creation.exchange.actions.reading.tree import Node

_LABEL: Final = re.compile(
    r"[\[({]?\s*(?:\d{1,4}(?::\d{1,4})?|[*†‡§¶#]{1,4}|[a-z]|[ivxlc]{1,6})\s*[\])}]?[.:]?\s*[↑↩⤴]?\ufe0e?"
)
_BLOCKS: Final = frozenset({"li", "aside", "p", "div", "dd", "section", "td"})
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_REFERS: Final = frozenset({"noteref", "doc-noteref", "footnote-ref"})
_BACK: Final = frozenset({"backlink", "doc-backlink", "footnote-backref"})
_NOTES: Final = frozenset({"footnote", "endnote", "rearnote", "doc-footnote", "doc-endnote", "footnote-item"})
_LISTS: Final = frozenset({"footnotes", "endnotes", "rearnotes", "doc-endnotes", "doc-footnotes"})

MOST_LINKS: Final = 200  # in one note; what has more is none
MOST_AROUND: Final = 100  # places close to a reference
MOST_BEFORE: Final = 1_000  # what stands before it in its paragraph

Place = tuple[str, str]  # a file of the book, and an id in it


class Notes:
    """The footnotes of all files together. `note_of` maps references to notes; `hidden` are nodes that are no text."""

    def __init__(self, files: dict[str, Node]) -> None:
        self._places: dict[Place, Node] = {}
        self.note_of: dict[int, Node] = {}
        self.hidden: set[int] = set()
        self._headed: dict[int, bool] = {}
        self._anchors: dict[int, list[Node]] = {}
        links: list[tuple[str, Node]] = []
        for name, root in files.items():
            for node in root.walk():
                for key in ("id", "name") if node.tag == "a" else ("id",):
                    if node.attrs.get(key):
                        self._places.setdefault((name, node.attrs[key]), node)
                if node.tag == "a" and "#" in node.attrs.get("href", ""):
                    links.append((name, node))
        goals = {id(link): self._goal(name, link) for name, link in links}
        for _, link in links:
            self._look(link, goals)
        self._hide_lists(files)

    def _goal(self, name: str, link: Node) -> Node | None:
        file, _, fragment = link.attrs["href"].partition("#")
        folder = name.rpartition("/")[0]
        file = joined(folder, unquote(file)) if file else name
        return self._places.get((file, unquote(fragment)))

    def _look(self, link: Node, goals: dict[int, Node | None]) -> None:
        goal = goals[id(link)]
        if goal is None or link.kinds & _BACK or not (_LABEL.fullmatch(link.text) or link.kinds & _REFERS):
            return
        note = self._block_of(goal)
        if note is None or (not link.kinds & _REFERS and _inside(link, note)):
            return
        if id(note) not in self._anchors:
            self._anchors[id(note)] = list(note.all("a"))
        anchors = self._anchors[id(note)]
        if len(anchors) > MOST_LINKS:
            return
        here = _around(link)
        back = [
            other
            for other in anchors
            if other.kinds & _BACK or (goals.get(id(other)) is not None and id(goals[id(other)]) in here)
        ]
        if not back and not (link.kinds & _REFERS) and not note.kinds & _NOTES:
            return
        if id(link) in self.hidden or _inside(link, note):  # it is itself the way back of another one
            return
        self.note_of[id(link)] = note
        self.hidden.add(id(note))
        self.hidden.update(id(other) for other in back)

    def _block_of(self, node: Node) -> Node | None:
        """The words that an address leads to: not a heading, and not a whole file. Each is looked at once, however many
        links lead there.
        """
        at: Node | None = node
        while at is not None:
            if at.tag in _HEADINGS or at.tag in ("body", "html", "main", "article", ""):
                return None
            if at.tag in _BLOCKS:
                if id(at) not in self._headed:
                    self._headed[id(at)] = at.first(*_HEADINGS) is not None
                return None if self._headed[id(at)] else at
            at = at.parent
        return None

    def _hide_lists(self, files: dict[str, Node]) -> None:
        """What holds nothing but notes that were referred to, and their lines and headings, is no text either."""
        if not self.hidden:
            return
        for root in files.values():
            for node in root.walk():
                if node.tag == "ol" and node.nodes and all(id(item) in self.hidden for item in node.nodes):
                    self.hidden.add(id(node))
                if node.kinds & _LISTS and node.tag in ("section", "div", "aside", "nav"):
                    left = [n for n in node.all("li", "aside", "p", "div") if not self._is_hidden(n, node)]
                    if not any(n.text for n in left):
                        self.hidden.add(id(node))
                if "footnotes-sep" in node.kinds:
                    self.hidden.add(id(node))

    def _is_hidden(self, node: Node | None, until: Node) -> bool:
        while node is not None and node is not until:
            if id(node) in self.hidden:
                return True
            node = node.parent
        return False


def joined(folder: str, path: str) -> str:
    """A path inside of a book, told from a folder of it; what leads out of it ends at its top."""
    parts: list[str] = []
    for part in (path if path.startswith("/") else f"{folder}/{path}").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _around(link: Node) -> set[int]:
    """The places that a way back may lead to: the reference, what is in it, and what stands tightly around it."""
    around = {id(node) for node in islice(link.walk(), MOST_AROUND)}
    inside, at = link, link.parent
    while at is not None and at.tag in ("sup", "span", "small", "b", "i", "em", "strong"):
        around |= {id(node) for node in islice(at.walk(), MOST_AROUND)}
        inside, at = at, at.parent
    if at is not None:
        place = next((n for n, child in enumerate(islice(at.children, MOST_BEFORE)) if child is inside), 0)
        before = at.children[place - 1] if place else None
        if isinstance(before, Node) and before.tag in ("a", "span") and not any(map(str.strip, before.texts())):
            around.add(id(before))
    return around


def _inside(node: Node, outer: Node) -> bool:
    at: Node | None = node
    while at is not None:
        if at is outer:
            return True
        at = at.parent
    return False
