"""The parts of a Word document around its body: styles, lists, footnotes, relations."""

from collections.abc import Iterable
from datetime import UTC
from html import escape
from typing import Final

from stoa.creation.exchange.types import OutBook, OutPicture

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_R: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_ALL: Final = (
    f'xmlns:w="{_W}" xmlns:r="{_R}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
)
_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"


def content_types(endings: Iterable[str]) -> str:
    """What each part is."""
    kinds = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
    known = "".join(f'<Default Extension="{e}" ContentType="{kinds[e]}"/>' for e in sorted(endings))
    parts = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{_WORD}.{kind}+xml"/>'
        for name, kind in (
            ("document", "document.main"),
            ("styles", "styles"),
            ("numbering", "numbering"),
            ("footnotes", "footnotes"),
            ("settings", "settings"),
        )
    )
    return (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{known}{parts}'
        '<Override PartName="/docProps/core.xml" '
        'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )


def root_relations() -> str:
    """From the file to its document."""
    return (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Type="{_R}/officeDocument" '
        f'Target="word/document.xml"/><Relationship Id="r2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/></Relationships>'
    )


def relations(links: dict[str, str], pictures: dict[str, OutPicture], *, own: bool = True) -> str:
    """From a part to its links and pictures; `own`: and to styles, lists and footnotes."""
    parts = ("styles", "numbering", "footnotes", "settings") if own else ()
    made = [f'<Relationship Id="{name}" Type="{_R}/{name}" Target="{name}.xml"/>' for name in parts]
    made += [
        f'<Relationship Id="{relation}" Type="{_R}/hyperlink" Target="{escape(href)}" TargetMode="External"/>'
        for href, relation in links.items()
    ]
    made += [
        f'<Relationship Id="{relation}" Type="{_R}/image" Target="media/{picture.name}"/>'
        for relation, picture in pictures.items()
    ]
    return f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{"".join(made)}</Relationships>'


def document(body: str, is_rtl: bool) -> str:
    """The document itself, on A4."""
    return (
        f"{_HEAD}<w:document {_ALL}><w:body>{body}<w:sectPr>"
        '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1417" w:left="1417" '
        f'w:header="708" w:footer="708" w:gutter="0"/>{"<w:bidi/>" if is_rtl else ""}</w:sectPr></w:body></w:document>'
    )


def footnotes(texts: list[str]) -> str:
    """All footnotes; the first two are the lines above them, which Word wants to be there."""
    lines = "".join(
        f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>'
        for kind, number, mark in (
            ("separator", -1, "separator"),
            ("continuationSeparator", 0, "continuationSeparator"),
        )
    )
    made = "".join(f'<w:footnote w:id="{number}">{inside}</w:footnote>' for number, inside in enumerate(texts, 1))
    return f"{_HEAD}<w:footnotes {_ALL}>{lines}{made}</w:footnotes>"


def numbering(lists: list[tuple[bool, int]]) -> str:
    """Two kinds of lists, and each list by itself, so that it counts from its own start."""

    def levels(kind: str) -> str:
        made = []
        for level in range(9):
            sign = "\u2022" if kind == "bullet" else f"%{level + 1}."
            made.append(
                f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{sign}"/>'
                f'<w:pPr><w:ind w:left="{567 * (level + 1)}" w:hanging="340"/></w:pPr></w:lvl>'
            )
        return "".join(made)

    kinds = "".join(
        f'<w:abstractNum w:abstractNumId="{number}"><w:multiLevelType w:val="multilevel"/>{levels(kind)}'
        "</w:abstractNum>"
        for number, kind in ((0, "bullet"), (1, "decimal"))
    )
    made = "".join(
        f'<w:num w:numId="{number}"><w:abstractNumId w:val="{int(is_ordered)}"/>'
        + "".join(
            f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>' for level in range(9)
        )
        + "</w:num>"
        for number, (is_ordered, start) in enumerate(lists, 1)
    )
    return f"{_HEAD}<w:numbering {_ALL}>{kinds}{made}</w:numbering>"


def properties(book: OutBook) -> str:
    """Title, author, language, and when it was changed."""
    changed = book.changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(book.title, quote=False)}</dc:title>"
        f"<dc:creator>{escape(book.author, quote=False)}</dc:creator>"
        f"<dc:language>{escape(book.language, quote=False)}</dc:language>"
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{changed}</dcterms:modified></cp:coreProperties>'
    )


def settings() -> str:
    """Which footnotes are the lines above them."""
    return (
        f'{_HEAD}<w:settings xmlns:w="{_W}"><w:footnotePr><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>'
        '<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" '
        'w:val="15"/></w:compat></w:settings>'
    )


def styles(language: str) -> str:
    """All that a text can be."""
    headings = "".join(
        _style(
            f"Heading{level}",
            f"heading {level}",
            f'<w:keepNext/><w:spacing w:before="{max(120, 480 - level * 60)}" w:after="160"/>'
            f'<w:outlineLvl w:val="{level - 1}"/>',
            f'<w:b/><w:sz w:val="{size}"/>',
        )
        for level, size in ((1, 36), (2, 30), (3, 26), (4, 24), (5, 22), (6, 22))
    )
    centred, small = '<w:jc w:val="center"/>', '<w:sz w:val="19"/>'
    paragraphs = (
        ("Title", "Title", f'<w:spacing w:before="2400" w:after="240"/>{centred}', '<w:sz w:val="52"/>'),
        ("Author", "Author", centred, '<w:sz w:val="28"/>'),
        ("Quote", "Quote", '<w:ind w:left="567" w:right="567"/>', "<w:i/>"),
        ("ListParagraph", "List Paragraph", '<w:ind w:left="567"/>', ""),
        ("StoaItem", "Stoa Item", '<w:ind w:left="567"/>', ""),
        ("StoaCode", "Stoa Code", '<w:spacing w:after="0"/>', _MONO),
        ("StoaRule", "Stoa Rule", centred, ""),
        ("StoaFigure", "Stoa Figure", f"<w:keepNext/>{centred}", ""),
        ("StoaCaption", "Stoa Caption", centred, small),
        ("StoaNote", "Stoa Note", '<w:ind w:left="284"/>', small),
        ("StoaNoteBefore", "Stoa Note Before", '<w:ind w:left="284"/>', small),
        ("FootnoteText", "footnote text", '<w:spacing w:after="0"/>', small),
    )
    words = (
        ("Hyperlink", "Hyperlink", '<w:color w:val="0563C1"/><w:u w:val="single"/>'),
        ("FootnoteReference", "footnote reference", '<w:vertAlign w:val="superscript"/>'),
        ("StoaCodeText", "Stoa Code Text", _MONO),
        ("StoaHead", "Stoa Head", "<w:b/>"),
        ("StoaSpoiler", "Stoa Spoiler", '<w:highlight w:val="black"/>'),
    )
    table = (
        '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders>'
        + "".join(
            f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>'
            for side in ("top", "left", "bottom", "right", "insideH", "insideV")
        )
        + "</w:tblBorders></w:tblPr></w:style>"
    )
    return (
        f'{_HEAD}<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>'
        '<w:rFonts w:ascii="Georgia" w:hAnsi="Georgia" w:cs="Times New Roman"/><w:sz w:val="22"/>'
        f'<w:lang w:val="{escape(language)}"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
        '<w:spacing w:after="160" w:line="288" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
        + headings
        + "".join(_style(*one) for one in paragraphs)
        + "".join(
            f'<w:style w:type="character" w:styleId="{key}"><w:name w:val="{name}"/><w:rPr>{look}</w:rPr></w:style>'
            for key, name, look in words
        )
        + table
        + "</w:styles>"
    )


_MONO: Final = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas"/>'


def _style(key: str, name: str, paragraph: str, words: str) -> str:
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:basedOn w:val="Normal"/>'
        f"<w:pPr>{paragraph}</w:pPr><w:rPr>{words}</w:rPr></w:style>"
    )
