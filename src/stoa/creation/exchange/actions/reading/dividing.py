"""Where one chapter ends and the next one begins."""

import re
from decimal import Decimal, InvalidOperation

from stoa.creation.exchange.actions.reading.tree import Node
from stoa.creation.serials.types import TITLE_MAX

_HEADINGS = ("h1", "h2", "h3", "h4")
_WRAPPERS = frozenset({"body", "html", "section", "article", "div", "main", "header", "hgroup", "center"})
_LETTERS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d{1,6}(?:\.\d{1,2})?")
TITLES_LOOKED_AT = 4


def tidy_title(text: str) -> str:
    """A title of one line that a chapter may have."""
    return " ".join(text.replace("\xad", "").split())[:TITLE_MAX].strip()


def number_of(text: str) -> Decimal | None:
    """A chapter's number as somebody wrote it, or None."""
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) and Decimal(text) < 1_000_000 else None
    except InvalidOperation:
        return None


def volume_of(text: str) -> int | None:
    """A volume as somebody wrote it, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= 10_000 else None


def body_of(root: Node) -> Node:
    """Where the words are: inside of `body`, and of whatever is wrapped around all of them."""
    at = root.first("body") or root
    while True:
        words = [c for c in at.children if (c.strip() if isinstance(c, str) else c.tag not in ("head", "title"))]
        if len(words) == 1 and isinstance(words[0], Node) and words[0].tag in _WRAPPERS:
            at = words[0]
        else:
            return at


def split_at_headings(root: Node) -> tuple[str, list[tuple[str, list[Node | str]]]]:
    """The title of a page, and its parts: at each heading of the highest level of which there are two or more.

    What stands before the first one is a part without a title. Headings of the parts are taken out of them.
    """
    body = body_of(root)
    found = {tag: list(body.all(tag)) for tag in _HEADINGS}
    level = next((tag for tag in _HEADINGS if len([n for n in found[tag] if n.text]) >= 2), None)
    above = next((tag for tag in _HEADINGS if found[tag]), None)
    if level is None:
        title = found[above][0].text if above and found[above][0].text else ""
        return title, [(title, without_title(body.children, title))]
    title = found[above][0].text if above and above < level else ""
    parts: list[tuple[str, list[Node | str]]] = [("", [])]
    for child in _flat(body, level):
        if isinstance(child, Node) and child.tag == level and child.text:
            parts.append((tidy_title(child.text), []))
        elif not (isinstance(child, Node) and above and above < level and child.tag == above and child.text == title):
            parts[-1][1].append(child)
    return title, parts


def _flat(node: Node, level: str) -> list[Node | str]:
    """The children of a node, with those that hold headings taken apart."""
    out: list[Node | str] = []
    for child in node.children:
        if isinstance(child, Node) and child.tag != level and child.first(level) is not None:
            out.extend(_flat(child, level))
        else:
            out.append(child)
    return out


def split_at_places(children: list[Node | str], places: list[Node]) -> list[list[Node | str]]:
    """Parts that begin where these nodes stand, in their order; the first part is what stands before all of them."""
    wanted = {id(node): number for number, node in enumerate(places, 1)}
    parts: list[list[Node | str]] = [[] for _ in range(len(places) + 1)]
    at = 0

    def take(nodes: list[Node | str]) -> None:
        nonlocal at
        for child in nodes:
            if isinstance(child, Node):
                inside = [wanted[id(n)] for n in child.walk() if id(n) in wanted]
                if inside and inside != [wanted.get(id(child))] and child.tag in _WRAPPERS:
                    at = wanted.get(id(child), at)
                    take(child.children)
                    continue
                if inside:
                    at = max(at, *inside)
            parts[at].append(child)

    take(children)
    return parts


def without_title(children: list[Node | str], title: str) -> list[Node | str]:
    """The words of a chapter without the headings that say its title once more."""
    said = _letters(title)
    out = list(children)
    for _ in range(TITLES_LOOKED_AT):
        place = next((n for n, c in enumerate(out) if not isinstance(c, str) or c.strip()), None)
        if place is None:
            break
        first = out[place]
        if not isinstance(first, Node):
            break
        if first.tag in _WRAPPERS and first.first(*_HEADINGS, "h5", "h6") is not None:
            out[place : place + 1] = first.children
            continue
        words = _letters(first.text)
        is_title = first.tag in (*_HEADINGS, "h5", "h6") or (first.tag == "p" and "title" in " ".join(first.kinds))
        if first.tag in ("a", "span", "hr") and not words and first.first("img") is None:
            del out[place]
            continue
        if not is_title or not said or not words or not (words in said or said in words):
            break
        del out[place]
    return out


def heading_of(node: Node) -> str:
    """The first heading below a node, in words; empty where there is none."""
    found = node.first(*_HEADINGS)
    return tidy_title(found.text) if found is not None else ""


def _letters(text: str) -> str:
    return _LETTERS.sub("", text).casefold()
