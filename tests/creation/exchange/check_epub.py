"""What epubcheck looks at, as far as our books can be wrong in it: container, package, pages, links, pictures.

`faults(data)` answers a sentence for each fault, and nothing for a good EPUB 3.
"""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote
from xml.etree import ElementTree

from stoa.foundation.media.actions.pictures import read_head

_OPF: Final = "{http://www.idpf.org/2007/opf}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_X: Final = "{http://www.w3.org/1999/xhtml}"
_EPUB: Final = "{http://www.idpf.org/2007/ops}"
_PICTURES: Final = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_INLINE: Final = frozenset("a em strong del code sup sub span br img".split())
_FLOW: Final = frozenset(
    "p blockquote ul ol pre hr table figure section aside nav header h1 h2 h3 h4 h5 h6 div".split()
)
_INSIDE: Final = {  # what may stand in what, of the elements that have a say in it
    "ul": frozenset({"li"}),
    "ol": frozenset({"li"}),
    "table": frozenset({"thead", "tbody", "tfoot", "caption", "tr"}),
    "thead": frozenset({"tr"}),
    "tbody": frozenset({"tr"}),
    "tr": frozenset({"th", "td"}),
    **dict.fromkeys(
        ("p", "h1", "h2", "h3", "h4", "h5", "h6", "em", "strong", "del", "sup", "span", "code", "pre"), _INLINE
    ),
}
_ATTRIBUTES: Final = {
    "*": {"id", "class", "role", "lang", "dir", f"{_EPUB}type", "{http://www.w3.org/XML/1998/namespace}lang"},
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "section": {"data-number", "data-volume"},
    "aside": {"data-position"},
    "link": {"rel", "type", "href"},
}


def faults(data: bytes) -> list[str]:
    """Everything that is wrong with a book."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        found = list(_container(book))
        return found or list(_package(book))


def _container(book: zipfile.ZipFile) -> Iterator[str]:
    first = book.infolist()[0]
    if first.filename != "mimetype" or first.compress_type != zipfile.ZIP_STORED or first.extra:
        yield "mimetype is not the first file, stored as it is"
    if book.read("mimetype") != b"application/epub+zip":
        yield "mimetype says something else"
    names = book.namelist()
    if len(set(names)) != len(names) or len({name.lower() for name in names}) != len(names):
        yield "two files have the same name"
    for name in names:
        if re.search(r'[\\:*?"<>|\x00-\x1f]|\.$|^/|\.\.', name):
            yield f"{name} is no name for a file in a book"
    root = ElementTree.fromstring(book.read("META-INF/container.xml"))
    path = root.find(".//{urn:oasis:names:tc:opendocument:xmlns:container}rootfile")
    if path is None or path.get("full-path") not in names:
        yield "the container leads to no package"


def _package(book: zipfile.ZipFile) -> Iterator[str]:
    path = re.search(rb'full-path="([^"]+)"', book.read("META-INF/container.xml"))
    assert path is not None
    place = path[1].decode()
    folder = posixpath.dirname(place)
    opf = ElementTree.fromstring(book.read(place))
    yield from _metadata(opf)
    items = {item.get("id", ""): item for item in opf.iter(f"{_OPF}item")}
    files = {posixpath.normpath(posixpath.join(folder, unquote(i.get("href", "")))): i for i in items.values()}
    if len(items) != len(list(opf.iter(f"{_OPF}item"))) or len(files) != len(items):
        yield "two items have the same id or address"
    for name in files:
        if name not in book.namelist():
            yield f"{name} is listed, and not there"
    for name in book.namelist():
        if name not in files and name not in ("mimetype", place) and not name.startswith("META-INF/"):
            yield f"{name} is there, and not listed"
    navs = [item for item in items.values() if "nav" in item.get("properties", "").split()]
    if len(navs) != 1:
        yield "there is not one table of contents"
    spine = [ref.get("idref", "") for ref in opf.iter(f"{_OPF}itemref")]
    if not spine or len(set(spine)) != len(spine) or any(key not in items for key in spine):
        yield "the spine is empty, or names an item twice or one that is not there"
    toc = opf.find(f"{_OPF}spine")
    if toc is not None and toc.get("toc") and items[toc.get("toc", "")].get("media-type") != "application/x-dtbncx+xml":
        yield "the spine names no ncx"
    there = {name: item for name, item in files.items() if name in book.namelist()}
    pages = {n: i for n, i in there.items() if i.get("media-type") == "application/xhtml+xml"}
    trees = {name: ElementTree.fromstring(book.read(name)) for name in pages}
    for name, item in there.items():
        if item.get("media-type", "").startswith("image/"):
            yield from _picture(name, item.get("media-type", ""), book.read(name))
    for name, tree in trees.items():
        yield from _page(name, tree, trees, files, {n for n in files if files[n].get("id") in spine})


def _metadata(opf: ElementTree.Element) -> Iterator[str]:
    if opf.get("version") != "3.0":
        yield "the package is not of version 3.0"
    for name in ("identifier", "title", "language"):
        if not (opf.findtext(f".//{_DC}{name}") or "").strip():
            yield f"dc:{name} is missing"
    if opf.get("unique-identifier") not in {e.get("id") for e in opf.iter(f"{_DC}identifier")}:
        yield "the identifier is not named"
    changed = [m.text or "" for m in opf.iter(f"{_OPF}meta") if m.get("property") == "dcterms:modified"]
    if len(changed) != 1 or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", changed[0]):
        yield "dcterms:modified is not one time in UTC"
    if not re.fullmatch(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*", opf.findtext(f".//{_DC}language") or ""):
        yield "dc:language is no language"


def _picture(name: str, said: str, data: bytes) -> Iterator[str]:
    if said not in _PICTURES:
        yield f"{name} is of a kind that not every reader knows"
    elif read_head(data).content_type != said:
        yield f"{name} is not what it is said to be"


def _page(
    name: str,
    tree: ElementTree.Element,
    trees: dict[str, ElementTree.Element],
    files: dict[str, ElementTree.Element],
    read: set[str],
) -> Iterator[str]:
    if tree.tag != f"{_X}html" or not (tree.findtext(f"{_X}head/{_X}title") or "").strip():
        yield f"{name} is no page with a title"
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    if len(set(ids)) != len(ids):
        yield f"{name} has an id twice"
    for key in ids:
        if re.search(r"\s", key or ""):
            yield f"{name} has an id with a space"
    body = tree.find(f"{_X}body")
    assert body is not None
    if body.text and body.text.strip():
        yield f"{name} has words in no element"
    for element in body.iter():
        yield from _element(name, element, trees, files, read)


def _element(
    name: str,
    element: ElementTree.Element,
    trees: dict[str, ElementTree.Element],
    files: dict[str, ElementTree.Element],
    read: set[str],
) -> Iterator[str]:
    tag = element.tag.removeprefix(_X)
    known = _ATTRIBUTES["*"] | _ATTRIBUTES.get(tag, set())
    for attribute in element.attrib:
        if attribute not in known:
            yield f"{name}: <{tag}> has {attribute}"
    allowed = _INSIDE.get(tag, _FLOW | _INLINE | {"li", "figcaption", "thead", "tbody", "tr", "th", "td"})
    for child in element:
        if child.tag.removeprefix(_X) not in allowed:
            yield f"{name}: <{child.tag.removeprefix(_X)}> stands in <{tag}>"
    if tag == "img" and ("alt" not in element.attrib or "://" in element.get("src", "")):
        yield f"{name}: a picture without a description, or from elsewhere"
    if tag == "a" and any(e.tag == f"{_X}a" for e in element.iter() if e is not element):
        yield f"{name}: a link in a link"
    target = element.get("src") or element.get("href") or ""
    if not target or re.match(r"[a-z][a-z0-9+.-]*:", target):
        if target and not re.match(r"(?:https?|mailto):", target):
            yield f"{name}: {target} leads nowhere good"
        return
    path, _, fragment = target.partition("#")
    goal = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(path))) if path else name
    if goal not in files:
        yield f"{name}: {target} leads to no file of the book"
    elif fragment and fragment not in {e.get("id") for e in trees[goal].iter()}:
        yield f"{name}: {target} leads to no place in {goal}"
    elif tag == "a" and goal not in read:
        yield f"{name}: {target} leads to a file that is not read"
