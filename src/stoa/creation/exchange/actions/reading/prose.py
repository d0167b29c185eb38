"""A tree as Markdown, in the kind that `kit.markdown` reads: what it has no word for becomes plain text."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from stoa.creation.exchange.actions.reading.inline import BREAK, Run, address, escaped, expressible, written
from stoa.creation.exchange.actions.reading.notes import Notes
from stoa.creation.exchange.actions.reading.tree import Node

MAX_NOTES: Final = 400  # of one chapter, each with its reference
MAX_COLUMNS: Final = 40
_BLOCKS: Final = frozenset(
    "p div h1 h2 h3 h4 h5 h6 blockquote ul ol li pre hr table figure figcaption dl dt dd section article main header "
    "footer aside nav details summary hgroup address center body html caption".split()
)
_NOTHING: Final = frozenset(
    {"script", "style", "template", "noscript", "iframe", "object", "head", "rp", "svg", "math"}
)
_MARKS: Final = {
    **dict.fromkeys(("em", "i", "cite", "dfn", "var"), "em"),
    **dict.fromkeys(("strong", "b"), "strong"),
    **dict.fromkeys(("s", "del", "strike"), "strike"),
}
_CODE: Final = frozenset({"code", "kbd", "samp", "tt"})
_HEADING: Final = re.compile(r"h[1-6]")
_SCENE: Final = re.compile(r"\s*(?:[*•·⁂∗⁎]\s*){3,}|\s*[*⁂]\s*|\s*[-–—_]{3,}\s*|\s*#\s*(?:#\s*#\s*)?")
_LINK: Final = re.compile(r"(?:https?://|mailto:)\S", re.IGNORECASE)

PictureOf = Callable[[str], str | None]  # the source of a picture to the address that is written, or None


class Prose:
    """Writes parts of trees as Markdown. `picture_of` says where a picture is found, None where there is none.

    `styles`: what the classes of the page look like, as far as it means emphasis.
    """

    def __init__(self, notes: Notes, picture_of: PictureOf, styles: dict[str, str] | None = None) -> None:
        self._notes = notes
        self._picture_of = picture_of
        self._styles = styles or {}
        self._numbers: dict[int, int] = {}
        self._defined: list[tuple[int, Node]] = []
        self._in_note = False

    def markdown(self, children: Iterable[Node | str]) -> str:
        """A chapter; its footnotes are numbered from 1 and stand at its end."""
        self._numbers, self._defined, self._in_note = {}, [], False
        blocks = self._blocks(children)
        text = "\n\n".join(blocks)
        self._in_note = True
        written_notes = []
        for number, node in self._defined:
            inside = "\n\n".join(self._blocks(node.children)) or "…"
            written_notes.append(f"[^{number}]: " + inside.replace("\n", "\n    ").replace("\n    \n", "\n\n"))
        return "\n\n".join([*([text] if text else []), *written_notes]).strip("\n")

    def seeing(self, picture_of: PictureOf) -> "Prose":
        """The same, with pictures that are told from another place."""
        return Prose(self._notes, picture_of, self._styles)

    # ---- blocks

    def _blocks(self, children: Iterable[Node | str]) -> list[str]:
        out: list[str] = []
        runs: list[Run] = []

        def flush() -> None:
            text = self._paragraph(runs)
            if text:
                out.append(text)
            runs.clear()

        for child in children:
            if isinstance(child, Node) and (id(child) in self._notes.hidden or child.tag in _NOTHING):
                continue
            if isinstance(child, Node) and (child.tag in _BLOCKS or _holds_blocks(child)):
                flush()
                self._block(child, out)
            else:
                runs.extend(self._runs(child, frozenset(), ""))
        flush()
        return out

    def _paragraph(self, runs: list[Run]) -> str:
        text = "".join(run.text for run in runs)
        if text.strip() and not any(run.raw for run in runs) and _SCENE.fullmatch(text):
            return "---"
        return written(expressible(runs))

    def _block(self, node: Node, out: list[str]) -> None:
        tag = node.tag
        if _HEADING.fullmatch(tag):
            runs = [run for child in node.children for run in self._runs(child, frozenset(), "")]
            text = written([Run(" ") if run.raw and run.text == BREAK else run for run in expressible(runs)])
            if text:
                out.append("#" * max(1, int(tag[1]) - 1) + " " + text.replace("\n", " "))
        elif tag == "blockquote":
            inside = "\n\n".join(self._blocks(node.children))
            if inside:
                out.append("\n".join(f"> {line}".rstrip() for line in inside.split("\n")))
        elif tag in ("ul", "ol"):
            self._list(node, out)
        elif tag == "pre":
            out.append(_fenced(node))
        elif tag == "hr":
            out.append("---")
        elif tag == "table":
            table = self._table(node)
            if table:
                out.append(table)
        elif tag == "figure":
            self._figure(node, out)
        elif tag == "dt":
            inside = "\n\n".join(self._blocks([Node("p", {})]) or self._blocks(node.children))
            out.append(f"**{inside}**" if inside and "\n" not in inside and "*" not in inside else inside)
        else:
            out.extend(self._blocks(node.children))

    def _figure(self, node: Node, out: list[str]) -> None:
        image, caption = node.first("img"), node.first("figcaption")
        others = [
            n for n in node.all("p", "table", "pre", "blockquote", "ul") if caption is None or n.parent is not caption
        ]
        url = self._picture_of(image.attrs.get("src", "")) if image is not None else None
        if image is None or url is None or others:
            out.extend(self._blocks(node.children))
            return
        said = caption.text if caption is not None else ""
        title = ' "' + said.replace("\\", "\\\\").replace('"', '\\"') + '"' if said else ""
        out.append(f"![{_alt(image)}]({address(url)}{title})")

    def _list(self, node: Node, out: list[str]) -> None:
        items = [item for item in node.nodes if id(item) not in self._notes.hidden]
        ordered = node.tag == "ol"
        again = bool(out) and bool(re.match(r"[-*] " if not ordered else r"\d+[.)] ", out[-1]))
        sign = ("*" if out and out[-1].startswith("- ") else "-") if again or not ordered else "."
        if ordered:
            sign = ")" if again and re.match(r"\d+\. ", out[-1]) else "."
        start = node.attrs.get("start", "1")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        loose = any(item.first("p") is not None and item.first("p").parent is item for item in items)  # type: ignore[union-attr]
        made: list[str] = []
        for item in items:
            mark = f"{number}{sign} " if ordered else f"{sign} "
            number += 1
            blocks = self._blocks(item.children if item.tag == "li" else [item])
            inside = ("\n\n" if loose else "\n").join(blocks)
            lines = inside.split("\n")
            made.append("\n".join([mark + lines[0], *(" " * len(mark) + line if line else "" for line in lines[1:])]))
        if made:
            out.append(("\n\n" if loose else "\n").join(line.rstrip() for line in made))

    def _table(self, node: Node) -> str:
        rows: list[list[Node]] = []
        for row in node.all("tr"):
            cells = [cell for cell in row.nodes if cell.tag in ("td", "th")][:MAX_COLUMNS]
            if cells:
                rows.append(cells)
        if not rows:
            return ""
        width = max(map(len, rows))
        headed = all(cell.tag == "th" for cell in rows[0])
        sides = [_side(rows[0][n] if n < len(rows[0]) else None) for n in range(width)]
        lines = [self._row(rows[0] if headed else [], width), "| " + " | ".join(sides) + " |"]
        lines.extend(self._row(row, width) for row in rows[headed:])
        caption = node.first("caption")
        return "\n".join(lines) + (f"\n\n*{escaped(caption.text)}*" if caption is not None and caption.text else "")

    def _row(self, cells: list[Node], width: int) -> str:
        texts = []
        for cell in cells:
            runs: list[Run] = []
            for child in cell.children:
                runs.extend(self._runs(child, frozenset(), ""))
            texts.append(written(expressible(runs), in_table=True))
        return "| " + " | ".join([*texts, *([""] * (width - len(texts)))]) + " |"

    # ---- words

    def _runs(self, child: Node | str, marks: frozenset[str], link: str) -> Iterable[Run]:
        if isinstance(child, str):
            yield Run(child, marks, link)
            return
        if child.tag in _NOTHING or id(child) in self._notes.hidden:
            return
        if child.tag == "br":
            yield Run(BREAK, raw=True)
        elif child.tag in ("img", "image"):
            yield from self._picture(child, marks, link)
        elif child.tag == "a" and id(child) in self._notes.note_of:
            yield from self._reference(child)
        elif child.tag in _CODE:
            yield Run("".join(child.texts()), marks, link, code=True)
        else:
            yield from self._marked(child, marks, link)

    def _marked(self, node: Node, marks: frozenset[str], link: str) -> Iterable[Run]:
        marks |= self._looks(node)
        if node.tag in _MARKS:
            marks |= {_MARKS[node.tag]}
        if node.tag == "a" and _LINK.match(node.attrs.get("href", "").strip()):
            link = node.attrs["href"].strip()
            if link == node.text and not marks and re.fullmatch(r"[^<>\s]+", link):
                yield Run(f"<{link}>", raw=True)
                return
        before, after = {"q": ("“", "”"), "rt": ("（", "）")}.get(node.tag, ("", ""))
        if node.tag in _BLOCKS:
            before, after = " ", " "
        if before:
            yield Run(before, marks, link)
        for child in node.children:
            yield from self._runs(child, marks, link)
        if after:
            yield Run(after, marks, link)

    def _looks(self, node: Node) -> frozenset[str]:
        """Emphasis that is said by looks alone, as Google Docs and Word do."""
        found = {"spoiler"} if any("spoiler" in kind for kind in node.kinds) and node.tag not in _BLOCKS else set()
        style = ";".join([node.attrs.get("style", "").lower(), *(self._styles.get(c, "") for c in node.kinds)])
        if node.tag in ("span", "font", "a") and style != ";":
            if re.search(r"font-style:\s*(?:italic|oblique)", style):
                found.add("em")
            if re.search(r"font-weight:\s*(?:bold|[6-9]00)", style):
                found.add("strong")
            if "line-through" in style:
                found.add("strike")
        return frozenset(found)

    def _picture(self, node: Node, marks: frozenset[str], link: str) -> Iterable[Run]:
        url = self._picture_of(node.attrs.get("src") or node.attrs.get("xlink:href", ""))
        if url is None:
            yield Run(node.attrs.get("alt", ""), marks, link)
        else:
            yield Run(f"![{_alt(node)}]({address(url)})", marks, link, raw=True)

    def _reference(self, node: Node) -> Iterable[Run]:
        note = self._notes.note_of[id(node)]
        number = self._numbers.get(id(note))
        if number is None:
            if self._in_note or len(self._defined) >= MAX_NOTES:
                yield Run(node.text)
                return
            number = self._numbers[id(note)] = len(self._defined) + 1
            self._defined.append((number, note))
        yield Run(f"[^{number}]", raw=True)


def _holds_blocks(node: Node) -> bool:
    return node.tag not in ("a", "img", "br") and any(below.tag in _BLOCKS for below in node.walk())


def _alt(node: Node) -> str:
    return escaped(" ".join(node.attrs.get("alt", "").split()))


def _side(cell: Node | None) -> str:
    said = "" if cell is None else " ".join((*cell.kinds, cell.attrs.get("style", "").replace(" ", "")))
    for name, sign in (("center", ":-:"), ("right", "--:"), ("left", ":--")):
        if f"align-{name}" in said or f"text-align:{name}" in said:
            return sign
    return "---"


def _fenced(node: Node) -> str:
    text = "".join(node.texts()).rstrip("\n").removeprefix("\n")
    code = node.first("code")
    said = " ".join(code.kinds if code is not None else ())
    language = re.search(r"language-([a-z0-9_+#-]{1,30})", said)
    longest = max((len(ticks) for ticks in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language[1] if language else ''}\n{text}\n{fence}"
