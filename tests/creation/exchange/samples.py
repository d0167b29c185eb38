"""Files as people have them: small books, documents and packed folders, made by hand."""

import io
import zipfile

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000080000000808020000004b6d29dc000000114944415478da633861a3811531"
    "0c2d0900767b4b0166d466b90000000049454e44ae426082"
)  # eight by eight pixels
NS = 'xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'


def zipped(files: dict[str, str | bytes], *, stored: tuple[str, ...] = ("mimetype",)) -> bytes:
    """A ZIP file of these, in this order."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, compress_type=kind)
    return made.getvalue()


def xhtml(body: str, kind: str = "bodymatter chapter") -> str:
    """A page of a book."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html {NS}><head><title>x</title></head>'
        f'<body epub:type="{kind}">{body}</body></html>'
    )


def epub(
    pages: dict[str, str],
    toc: list[tuple[str, str]],
    *,
    nav: str | None = None,
    extra: dict[str, str | bytes] | None = None,
    title: str = "The Book",
) -> bytes:
    """A book of these pages (file: XHTML) in this order, and a table of contents (title, address)."""
    extra = extra or {}
    lines = "".join(f'<li><a href="{href}">{name}</a></li>' for name, href in toc)
    nav = nav or f"<ol>{lines}</ol>"
    page = "application/xhtml+xml"
    items = "".join(
        f'<item id="p{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages)
    )
    items += "".join(
        f'<item id="e{n}" href="{name}" media-type="image/png"'
        f' properties="{"cover-image" if "cover" in name else ""}"/>'
        for n, name in enumerate(extra)
        if name.endswith(".png")
    )
    spine = "".join(f'<itemref idref="p{n}"/>' for n in range(len(pages)))
    opf = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">x</dc:identifier>'
        f"<dc:title>{title}</dc:title><dc:creator>A. Writer</dc:creator><dc:language>en-GB</dc:language></metadata>"
        f'<manifest><item id="nav" href="nav.xhtml" media-type="{page}" properties="nav"/>{items}'
        f"</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>"
    )
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OPS/book.opf": opf,
            "OPS/nav.xhtml": xhtml(f'<nav epub:type="toc">{nav}</nav>', "frontmatter"),
            **{f"OPS/{name}": page for name, page in pages.items()},
            **{f"OPS/{name}": content for name, content in extra.items()},
        }
    )


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def docx(body: str, *, rels: str = "", files: dict[str, str | bytes] | None = None) -> bytes:
    """A Word document with this inside of its body."""
    return zipped(
        {
            "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-'
            'types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="png" ContentType="image/png"/><Override PartName="/word/document.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
            f'relationships"><Relationship Id="r1" Type="{R}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
            "word/_rels/document.xml.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/'
            f'package/2006/relationships">{rels}</Relationships>',
            "word/document.xml": f'<?xml version="1.0"?><w:document {W} xmlns:r="{R}" xmlns:a="http://schemas.openxmlformats'
            '.org/drawingml/2006/main" '
            'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
            'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture">'
            f"<w:body>{body}</w:body></w:document>",
            **(files or {}),
        }
    )


def paragraph(text: str, style: str = "", look: str = "") -> str:
    """One of a Word document; `look` are its run's properties."""
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{kind}<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def image(relation: str, how: str = "embed") -> str:
    """A paragraph with a picture."""
    return (
        '<w:p><w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" descr="A dot"/><a:graphic><a:graphicData><pic:pic>'
        f'<pic:blipFill><a:blip r:{how}="{relation}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r></w:p>"
    )
