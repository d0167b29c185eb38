"""HTML and XML as a tree of plain nodes, at most MAX_DEPTH deep: what lies deeper keeps its words, not its marks.

XHTML and XML go through expat, which is quick and resolves nothing from outside; what is not well-formed goes through
an HTML5 parser, whose output is. Neither is asked to read what would take it for ever.
"""

import re
from collections.abc import Iterator
from html.entities import html5
from html.parser import HTMLParser
from typing import Final
from xml.parsers import expat

import nh3

from stoa.creation.exchange.errors import Unreadable

MAX_DEPTH: Final = 60
MAX_OPEN: Final = 5_000  # elements that are open at once in HTML
MAX_WORK: Final = 200_000_000  # open elements, summed over all tags
VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_NO_WORDS: Final = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head"})
_MAY_STAY_OPEN: Final = frozenset({"p", "li", "td", "th", "tr", "dt", "dd", "option", "thead", "tbody"})
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_ENTITY: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_STYLE: Final = re.compile(r"<style[^>]{0,200}>", re.IGNORECASE)
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_TAGS: Final = {
    *("p", "br", "hr", "blockquote", "pre", "ol", "ul", "li", "section", "figure", "figcaption", "img", "div", "span"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "a", "code", "em", "strong", "s", "del", "strike", "sup", "sub", "i", "b"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "dl", "dt", "dd", "q", "cite", "dfn", "var"),
    *("article", "main", "header", "footer", "aside", "nav", "details", "summary", "kbd", "samp", "tt", "u", "ins"),
    *("ruby", "rt", "rp", "hgroup", "address", "center", "font", "small", "mark", "abbr"),
}
_ATTRIBUTES: Final = {
    "*": {"id", "class", "style", "epub:type", "role", "data-number", "data-volume", "data-position"},
    "a": {"href", "name"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
}


class Node:
    """An element. `tag` is lower case and without a prefix; `children` are nodes and texts."""

    __slots__ = ("attrs", "children", "parent", "tag")

    def __init__(self, tag: str, attrs: dict[str, str], parent: "Node | None" = None) -> None:
        self.tag = tag
        self.attrs = attrs
        self.parent = parent
        self.children: list[Node | str] = []

    def walk(self) -> "Iterator[Node]":
        """This node and all below it, as they stand in the text."""
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, *tags: str) -> "Iterator[Node]":
        """All below it of these tags, in order."""
        return (node for node in self.walk() if node.tag in tags and node is not self)

    def first(self, *tags: str) -> "Node | None":
        """The first of them."""
        return next(self.all(*tags), None)

    @property
    def nodes(self) -> "list[Node]":
        """Its children that are elements."""
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        """All words below it, with single spaces."""
        return " ".join("".join(self.texts()).split())

    def texts(self) -> Iterator[str]:
        """The texts below it as they are."""
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in _NO_WORDS:
                yield from child.texts()

    @property
    def kinds(self) -> set[str]:
        """What it says it is for: its `epub:type`, `role` and `class`, in words."""
        said = (self.attrs.get(name, "") for name in ("epub:type", "role", "class"))
        return set(" ".join(said).lower().split())


class _Builder:
    """Makes a tree of what a parser reports."""

    def __init__(self) -> None:
        self.root = Node("", {})
        self._at = self.root
        self._depth = 0
        self._deeper = 0

    def open(self, tag: str, attrs: dict[str, str]) -> None:
        if self._depth >= MAX_DEPTH:
            self._deeper += 1
            return
        node = Node(tag, attrs, self._at)
        self._at.children.append(node)
        self._at = node
        self._depth += 1

    def close(self) -> None:
        if self._deeper:
            self._deeper -= 1
        elif self._at.parent is not None:
            self._at = self._at.parent
            self._depth -= 1

    def words(self, text: str) -> None:
        self._at.children.append(text)


def read_xml(data: str) -> Node:
    """The tree of an XML text; names without prefixes, entities of HTML known. Raises Unreadable when it is none."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def refuse(*_: object) -> None:
        raise Unreadable("This file defines abbreviations of its own, which are not read")

    parser.StartElementHandler = lambda name, attrs: builder.open(name.rpartition(":")[2].lower(), attrs)
    parser.EndElementHandler = lambda _: builder.close()
    parser.CharacterDataHandler = builder.words
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(_known(data), True)
    except (expat.ExpatError, UnicodeError, ValueError) as error:
        raise Unreadable("This is not well-formed XML") from error
    return builder.root


def read_html(source: str) -> Node:
    """The tree of a page, or of part of one, of whatever quality. Raises Unreadable for one that nests without end."""
    if source.lstrip("\ufeff \r\n\t").startswith("<?xml") or "http://www.w3.org/1999/xhtml" in source[:2000]:
        try:
            return read_xml(source.lstrip("\ufeff \r\n\t"))
        except Unreadable:
            pass
    _check_nesting(source)
    clean = nh3.clean(
        source,
        tags=_TAGS,
        clean_content_tags={"script", "style", "template", "noscript", "iframe", "title"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "data", "file"},
        link_rel=None,
    )
    return _Events(clean).builder.root


def style_of(source: str) -> dict[str, str]:
    """The classes of a page's own style sheets with what they say, as far as it means emphasis."""
    found: dict[str, list[str]] = {}
    source = source[:2_000_000]
    at = 0
    while (start := _STYLE.search(source, at)) is not None:
        end = source.find("</style", start.end())
        if end < 0:
            break
        for rule in re.finditer(r"\.([A-Za-z0-9_-]{1,60})\s*\{([^{}]{0,2000})\}", source[start.end() : end][:500_000]):
            found.setdefault(rule[1], []).append(rule[2].lower())
        at = end  # what begins within a sheet is no sheet, and all of them together are read once
    return {name: ";" + ";".join(said) for name, said in found.items()}


def decoded(data: bytes) -> str:
    """Text of a file: by its first bytes, by what it says of itself, as UTF-8, and at last as Windows-1252.

    Raises Unreadable for what is no text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return _plain(data[len(mark) :].decode(encoding, "replace"))
    if b"\0" in data[:4096]:
        raise Unreadable("This file holds no text")
    said = re.search(rb"(?:encoding=|charset=)[\"']?\s*([A-Za-z0-9_-]{2,20})", data[:1024])
    try:
        return _plain(data.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    try:
        return _plain(data.decode(said[1].decode("ascii") if said else "cp1252", "replace"))
    except LookupError:
        return _plain(data.decode("cp1252", "replace"))


def _plain(text: str) -> str:
    """Without what no text holds, and with one kind of line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return text.encode("utf-8", "replace").decode("utf-8")


def _known(source: str) -> str:
    def known(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name in _OF_XML else html5.get(name + ";", match[0])

    return _ENTITY.sub(known, source)


def _check_nesting(source: str) -> None:
    opened = work = 0
    for tag in _TAG.finditer(source):
        name = tag[2].lower()
        if name in VOID or name in _MAY_STAY_OPEN:
            work += opened
            continue
        opened = max(0, opened - 1) if tag[1] else opened + 1
        work += opened
        if opened > MAX_OPEN or work > MAX_WORK:
            raise Unreadable("The elements of this page are nested too deeply to be read")


class _Events(HTMLParser):
    """What the HTML5 parser has written, which is well-formed."""

    def __init__(self, clean: str) -> None:
        super().__init__(convert_charrefs=True)
        self.builder = _Builder()
        self.feed(clean)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.builder.open(tag, {name: value or "" for name, value in attrs})
        if tag in VOID:
            self.builder.close()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.builder.close()

    def handle_data(self, data: str) -> None:
        self.builder.words(data)
