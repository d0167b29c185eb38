"""A chapter's HTML as a tree that goes out: pictures by their new names, nothing that only our own pages know."""

import re
from collections.abc import Callable, Iterable
from html import escape
from typing import Final

from stoa.creation.exchange.actions.reading.tree import VOID, Node, read_html
from stoa.kit.markdown import own_media_id

_KEPT: Final = {
    "a": ("href", "id", "epub:type", "role"),
    "img": ("src", "alt", "title"),
    "ol": ("start",),
    "th": ("class",),
    "td": ("class",),
    "span": ("class",),
    "sup": ("class",),
    "code": ("class",),
    "li": ("id", "epub:type", "role"),
    "section": ("epub:type", "class"),
    "hr": (),
}
_RENAMED: Final = {"s": "del", "strike": "del", "b": "strong", "i": "em"}
_CLASS: Final = re.compile(r"spoiler|align-(?:left|right|center)|footnotes|footnote-ref|language-[A-Za-z0-9_+#-]{1,30}")
_HREF: Final = re.compile(r"https?://|mailto:|#", re.IGNORECASE)

_NOT_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

PictureName = Callable[[str], str | None]  # a media id to where its file lies, None when it does not come along


def tree_of(html: str, picture_name: PictureName, *, prefix: str = "") -> list[Node | str]:
    """The tree of safe HTML. `prefix` makes the ids of footnotes its own where chapters share a page.

    A picture from elsewhere becomes a link to it: nothing that is read offline may need the net.
    """
    root = read_html(html)
    for node in list(root.walk()):
        node.children = [_changed(child, picture_name, prefix) for child in node.children]
    return root.children


def serialised(children: Iterable[Node | str]) -> str:
    """Well-formed XHTML of a tree, which is HTML, too."""
    out: list[str] = []
    for child in children:
        if isinstance(child, str):
            out.append(escape(child, quote=False))
            continue
        attrs = "".join(f' {name}="{escape(value)}"' for name, value in child.attrs.items())
        if child.tag in VOID:
            out.append(f"<{child.tag}{attrs}/>")
        else:
            out.append(f"<{child.tag}{attrs}>{serialised(child.children)}</{child.tag}>")
    return "".join(out)


def _changed(child: Node | str, picture_name: PictureName, prefix: str) -> Node | str:
    if isinstance(child, str):
        return child
    if "footnotes-sep" in child.kinds:
        return ""
    if child.tag == "img":
        return _picture(child, picture_name)
    child.tag = _RENAMED.get(child.tag, child.tag)
    attrs = {name: child.attrs[name] for name in _KEPT.get(child.tag, ()) if child.attrs.get(name)}
    kinds = child.kinds
    if "class" in attrs:
        kept = " ".join(kind for kind in attrs["class"].split() if _CLASS.fullmatch(kind))
        attrs = {name: value for name, value in attrs.items() if name != "class"} | ({"class": kept} if kept else {})
    if "id" in attrs:
        attrs["id"] = prefix + attrs["id"].replace(":", "-")
    href = attrs.get("href", "")
    if href.startswith("#"):
        attrs["href"] = "#" + prefix + href[1:].replace(":", "-")
        if "footnote-backref" in kinds:
            attrs["role"] = "doc-backlink"
        elif child.parent is not None and "footnote-ref" in child.parent.kinds:
            attrs |= {"epub:type": "noteref", "role": "doc-noteref"}
    elif href and not _HREF.match(href):
        del attrs["href"]
    if child.tag == "section" and "footnotes" in kinds:
        attrs |= {"epub:type": "footnotes", "class": "footnotes"}
    if child.tag == "li" and "footnote-item" in kinds:
        attrs["epub:type"] = "footnote"
    child.attrs = attrs
    return child


def _picture(node: Node, picture_name: PictureName) -> Node | str:
    source = node.attrs.get("src", "")
    alt = node.attrs.get("alt", "")
    media_id = own_media_id(source)
    name = picture_name(media_id) if media_id else None
    if name is not None:
        node.attrs = {"src": name, "alt": alt}
        return node
    if source[:8].lower() != "https://":
        return alt
    link = Node("a", {"href": source}, node.parent)
    link.children = [alt or source]
    return link


def as_bytes(text: str) -> bytes:
    """A file of XML or HTML, without characters that XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text).encode("utf-8", "replace")
