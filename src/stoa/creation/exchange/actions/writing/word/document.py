"""The body of a Word document, block by block."""

from collections.abc import Iterable
from html import escape
from typing import Final

from stoa.creation.exchange.actions.reading.tree import Node
from stoa.creation.exchange.types import OutPicture

EMU: Final = 9525  # of a pixel at 96 to the inch
MAX_WIDTH: Final = 5_760_000  # EMU: what an A4 page has between its margins
MAX_HEIGHT: Final = 8_100_000
MAX_LEVEL: Final = 8
_BLOCKS: Final = frozenset("p blockquote ul ol pre hr table figure section div h1 h2 h3 h4 h5 h6 li".split())
_LOOKS: Final = {
    "em": "<w:i/>",
    "strong": "<w:b/>",
    "del": "<w:strike/>",
    "code": '<w:rStyle w:val="StoaCodeText"/>',
}


def text(words: str, look: str = "") -> str:
    """A run of words, such as they are."""
    plain = "".join(c if c >= " " or c in "\t" else " " for c in words)
    properties = f"<w:rPr>{look}</w:rPr>" if look else ""
    return f'<w:r>{properties}<w:t xml:space="preserve">{escape(plain, quote=False)}</w:t></w:r>' if plain else ""


class Writer:
    """Puts a document together. What it refers to is left in `links`, `pictures`, `lists` and `footnotes`."""

    def __init__(self, pictures: dict[str, OutPicture]) -> None:
        self._known = pictures
        self.body: list[str] = []
        self.links: dict[str, str] = {}  # address: relation
        self.pictures: dict[str, OutPicture] = {}  # relation: picture
        self.lists: list[tuple[bool, int]] = []  # ordered, start
        self.footnotes: list[str] = []
        self._notes: dict[str, Node] = {}
        self._drawings = 0

    def paragraph(
        self, style: str, runs: str, *, new_page: bool = False, numbered: tuple[int, int] | None = None, quoted: int = 0
    ) -> None:
        """One paragraph. `numbered`: the list it is an item of, and how deep."""
        said = f'<w:pStyle w:val="{style}"/>' if style else ""
        said += "<w:pageBreakBefore/>" if new_page else ""
        if numbered:
            said += f'<w:numPr><w:ilvl w:val="{numbered[1]}"/><w:numId w:val="{numbered[0]}"/></w:numPr>'
        if quoted > 1:
            said += f'<w:ind w:left="{567 * min(quoted, 8)}"/>'
        self.body.append(f"<w:p>{f'<w:pPr>{said}</w:pPr>' if said else ''}{runs}</w:p>")

    def chapter(self, children: list[Node | str]) -> None:
        """The text of a chapter; its footnotes become the document's."""
        self._notes = {}
        rest: list[Node | str] = []
        for child in children:
            if isinstance(child, Node) and child.tag == "section" and "footnotes" in child.kinds:
                self._notes = {item.attrs["id"]: item for item in child.all("li") if "id" in item.attrs}
            else:
                rest.append(child)
        self._blocks(rest, "", 0)

    def note(self, children: list[Node | str], style: str) -> None:
        """A note of the author's."""
        self._notes = {}
        self._blocks(children, style, 0)

    # ---- blocks

    def _blocks(self, children: Iterable[Node | str], style: str, quoted: int) -> None:
        loose: list[Node | str] = []
        for child in children:
            if isinstance(child, Node) and child.tag in _BLOCKS:
                self._flush(loose, style, quoted)
                self._block(child, style, quoted)
            else:
                loose.append(child)
        self._flush(loose, style, quoted)

    def _flush(self, loose: list[Node | str], style: str, quoted: int) -> None:
        if any(not isinstance(one, str) or one.strip() for one in loose):
            self.paragraph(style, self._runs(loose), quoted=quoted)
        loose.clear()

    def _block(self, node: Node, style: str, quoted: int) -> None:
        tag = node.tag
        if tag == "p":
            self.paragraph(style, self._runs(node.children), quoted=quoted)
        elif tag[0] == "h" and tag[1:].isdigit():
            self.paragraph(f"Heading{tag[1]}", self._runs(node.children))
        elif tag == "hr":
            self.paragraph("StoaRule", text("* * *"))
        elif tag == "blockquote":
            self._blocks(node.children, "Quote", quoted + 1)
        elif tag in ("ul", "ol"):
            self._list(node, 0, quoted)
        elif tag == "pre":
            lines = "".join(node.texts()).rstrip("\n").split("\n")
            for line in lines:
                self.paragraph("StoaCode", text(line))
        elif tag == "table":
            self._table(node)
        elif tag == "figure":
            self._figure(node)
        else:
            self._blocks(node.children, style, quoted)

    def _list(self, node: Node, level: int, quoted: int) -> None:
        start = node.attrs.get("start", "1")
        first = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
        self.lists.append((node.tag == "ol", first))
        number = len(self.lists)
        for item in node.nodes:
            begun = False
            loose: list[Node | str] = []

            def put(runs: list[Node | str]) -> None:
                nonlocal begun
                if any(not isinstance(one, str) or one.strip() for one in runs):
                    mark = None if begun else (number, min(level, MAX_LEVEL))
                    style = "StoaItem" if begun else "ListParagraph"
                    self.paragraph(style, self._runs(runs), numbered=mark, quoted=quoted)
                    begun = True

            for child in [*item.children, Node("p", {})]:
                if isinstance(child, Node) and child.tag in _BLOCKS:
                    put(loose)
                    loose = []
                    if child.tag == "p":
                        put(child.children)
                    elif child.tag in ("ul", "ol"):
                        self._list(child, level + 1, quoted)
                    else:
                        self._block(child, "ListParagraph", quoted)
                else:
                    loose.append(child)

    def _table(self, node: Node) -> None:
        rows = [[cell for cell in row.nodes if cell.tag in ("th", "td")] for row in node.all("tr")]
        width = max((len(row) for row in rows), default=0)
        if not width:
            return
        grid = f'<w:gridCol w:w="{9000 // width}"/>' * width
        made = [
            '<w:tbl><w:tblPr><w:tblStyle w:val="TableGrid"/><w:tblW w:w="0" w:type="auto"/></w:tblPr>'
            f"<w:tblGrid>{grid}</w:tblGrid>"
        ]
        for row in rows:
            is_head = bool(row) and all(cell.tag == "th" for cell in row)
            made.append("<w:tr>" + ("<w:trPr><w:tblHeader/></w:trPr>" if is_head else ""))
            for cell in [*row, *([Node("td", {})] * (width - len(row)))]:
                side = next((s for s in ("center", "right") if f"align-{s}" in cell.kinds), "")
                said = f'<w:pPr><w:jc w:val="{side}"/></w:pPr>' if side else ""
                runs = self._runs(cell.children, '<w:rStyle w:val="StoaHead"/>' if is_head else "")
                made.append(f'<w:tc><w:tcPr><w:tcW w:w="0" w:type="auto"/></w:tcPr><w:p>{said}{runs}</w:p></w:tc>')
            made.append("</w:tr>")
        self.body.append("".join(made) + "</w:tbl><w:p/>")

    def _figure(self, node: Node) -> None:
        caption = node.first("figcaption")
        rest = [child for child in node.children if child is not caption]
        self.paragraph("StoaFigure", self._runs(rest))
        if caption is not None:
            self.paragraph("StoaCaption", self._runs(caption.children))

    # ---- words

    def _runs(self, children: Iterable[Node | str], look: str = "") -> str:
        out: list[str] = []
        for child in children:
            if isinstance(child, str):
                out.append(text(" ".join(child.split("\n")), look))
            elif child.tag == "br":
                out.append("<w:r><w:br/></w:r>")
            elif child.tag == "img":
                out.append(self._picture(child))
            elif child.tag == "a":
                out.append(self._link(child, look))
            elif child.tag in _LOOKS:
                out.append(self._runs(child.children, _joined(look, _LOOKS[child.tag])))
            elif "spoiler" in child.kinds:
                out.append(self._runs(child.children, _joined(look, '<w:rStyle w:val="StoaSpoiler"/>')))
            else:
                out.append(self._runs(child.children, look))
        return "".join(out)

    def _link(self, node: Node, look: str) -> str:
        href = node.attrs.get("href", "")
        if node.attrs.get("role") == "doc-backlink":
            return ""
        note = self._notes.get(href[1:]) if href.startswith("#") else None
        if note is not None:
            return self._footnote(note)
        if not href or href.startswith("#"):
            return self._runs(node.children, look)
        relation = self.links.setdefault(href, f"link{len(self.links) + 1}")
        inside = self._runs(node.children, _joined(look, '<w:rStyle w:val="Hyperlink"/>'))
        return f'<w:hyperlink r:id="{relation}">{inside}</w:hyperlink>'

    def _footnote(self, note: Node) -> str:
        number = len(self.footnotes) + 1
        self.footnotes.append("")
        kept, self.body, notes, self._notes = self.body, [], self._notes, {}
        self._blocks(note.children, "FootnoteText", 0)
        mark = '<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'
        inside = "".join(self.body) or '<w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr></w:p>'
        head, properties, rest = inside.partition("</w:pPr>")
        self.footnotes[number - 1] = head + properties + mark + rest
        self.body, self._notes = kept, notes
        return f'<w:r><w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteReference w:id="{number}"/></w:r>'

    def _picture(self, node: Node) -> str:
        picture = self._known.get(node.attrs.get("src", ""))
        if picture is None:
            return text(node.attrs.get("alt", ""))
        relation = f"picture-{picture.name.replace('.', '-')}"
        self.pictures[relation] = picture
        self._drawings += 1
        width, height = max(1, picture.width) * EMU, max(1, picture.height) * EMU
        scale = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
        size = f'cx="{max(1, int(width * scale))}" cy="{max(1, int(height * scale))}"'
        alt = escape(node.attrs.get("alt", ""))
        return (
            f'<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent {size}/>'
            f'<wp:docPr id="{self._drawings}" name="{escape(picture.name)}" descr="{alt}"/>'
            '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic>'
            f'<pic:nvPicPr><pic:cNvPr id="{self._drawings}" name="{escape(picture.name)}"/><pic:cNvPicPr/>'
            "</pic:nvPicPr>"
            f'<pic:blipFill><a:blip r:embed="{relation}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill>'
            f'<pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext {size}/></a:xfrm><a:prstGeom prst="rect"><a:avLst/>'
            "</a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        )


def _joined(look: str, more: str) -> str:
    """Both; a run has one style, which stands first."""
    if more.startswith("<w:rStyle"):
        return more + look.partition("/>")[2] if look.startswith("<w:rStyle") else more + look
    return look if more in look else look + more
