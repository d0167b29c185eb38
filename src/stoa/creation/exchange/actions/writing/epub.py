"""EPUB 3, which opens in readers of EPUB 2 as well: a page for each chapter, contents, cover, everything inside."""

from datetime import UTC
from html import escape
from typing import Final

from stoa.creation.exchange.actions.writing.page import STYLE, inside, said_of
from stoa.creation.exchange.actions.writing.plain import packed
from stoa.creation.exchange.actions.writing.trees import as_bytes
from stoa.creation.exchange.types import OutBook, OutChapter, OutPicture

_PAGE: Final = (
    '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}" xml:lang="{language}"{direction}>\n<head>\n'
    "<title>{title}</title>\n"
    '<link rel="stylesheet" type="text/css" href="{up}book.css"/>\n</head>\n<body{kind}>\n{body}</body>\n</html>\n'
)
_CONTAINER: Final = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<container version="1.0" '
    b'xmlns="urn:oasis:names:tc:opendocument:xmlns:container">\n<rootfiles>\n'
    b'<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>\n</rootfiles>\n</container>\n'
)


def as_epub(book: OutBook) -> bytes:
    """The book. Its identifier is the work's, so that a reader's library knows the next one to be the same."""
    names = {picture.url: f"../pictures/{picture.name}" for picture in book.pictures}
    files = {"mimetype": b"application/epub+zip", "META-INF/container.xml": _CONTAINER}
    files["EPUB/package.opf"] = as_bytes(_package(book))
    files["EPUB/nav.xhtml"] = as_bytes(_nav(book))
    files["EPUB/toc.ncx"] = as_bytes(_ncx(book))
    files["EPUB/book.css"] = STYLE.encode()
    if book.cover is not None:
        files["EPUB/cover.xhtml"] = as_bytes(_cover(book, book.cover))
        files[f"EPUB/{_cover_name(book.cover)}"] = book.cover.data
    for place, chapter in enumerate(book.chapters, 1):
        section = f'<section epub:type="chapter" class="stoa-chapter"{said_of(chapter)}>'
        page = _page(
            book,
            chapter.heading,
            f"{section}\n{inside(chapter, names.get)}</section>\n",
            kind=' epub:type="bodymatter"',
            up="../",
        )
        files[f"EPUB/chapters/{_name(place)}"] = as_bytes(page)
    for picture in book.pictures:
        files[f"EPUB/pictures/{picture.name}"] = picture.data
    return packed(files, book.changed_at, stored=("mimetype",))


def _page(book: OutBook, title: str, body: str, *, kind: str = "", up: str = "") -> str:
    return _PAGE.format(
        language=escape(book.language),
        direction=' dir="rtl"' if book.is_rtl else "",
        title=escape(title, quote=False),
        kind=kind,
        body=body,
        up=up,
    )


def _name(place: int) -> str:
    return f"c{place:04}.xhtml"


def _cover_name(cover: OutPicture) -> str:
    return f"cover.{cover.name.rpartition('.')[2]}"


def _cover(book: OutBook, cover: OutPicture) -> str:
    alt = escape(cover.alt or f"The cover of {book.title}")
    image = f'<figure><img src="{_cover_name(cover)}" alt="{alt}"/></figure>\n'
    return _page(book, book.title, f'<section epub:type="cover">\n{image}</section>\n')


def _package(book: OutBook) -> str:
    changed = book.changed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    items = [
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        '<item id="css" href="book.css" media-type="text/css"/>',
    ]
    spine = []
    if book.cover is not None:
        cover = f'href="{_cover_name(book.cover)}" media-type="{book.cover.content_type}"'
        items.append(f'<item id="cover" {cover} properties="cover-image"/>')
        items.append('<item id="cover-page" href="cover.xhtml" media-type="application/xhtml+xml"/>')
        spine.append('<itemref idref="cover-page"/>')
    for place in range(1, len(book.chapters) + 1):
        items.append(f'<item id="c{place}" href="chapters/{_name(place)}" media-type="application/xhtml+xml"/>')
        spine.append(f'<itemref idref="c{place}"/>')
    for place, picture in enumerate(book.pictures, 1):
        items.append(f'<item id="p{place}" href="pictures/{picture.name}" media-type="{picture.content_type}"/>')
    said = [
        f'<dc:identifier id="id">urn:uuid:{book.id}</dc:identifier>',
        f"<dc:title>{escape(book.title, quote=False)}</dc:title>",
        f"<dc:language>{escape(book.language, quote=False)}</dc:language>",
        f'<dc:creator id="creator">{escape(book.author, quote=False)}</dc:creator>',
        f"<dc:source>{escape(book.url, quote=False)}</dc:source>",
        f'<meta property="dcterms:modified">{changed}</meta>',
    ]
    if book.description:
        said.append(f"<dc:description>{escape(book.description, quote=False)}</dc:description>")
    if book.cover is not None:
        said.append('<meta name="cover" content="cover"/>')
    direction = ' page-progression-direction="rtl"' if book.is_rtl else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        f'unique-identifier="id" xml:lang="{escape(book.language)}">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        + "\n".join(said)
        + "\n</metadata>\n<manifest>\n"
        + "\n".join(items)
        + f'\n</manifest>\n<spine toc="ncx"{direction}>\n'
        + "\n".join(spine)
        + "\n</spine>\n</package>\n"
    )


def _nav(book: OutBook) -> str:
    lines: list[str] = []
    for volume, chapters in _volumes(book):
        inner = "".join(
            f'<li><a href="chapters/{_name(p)}">{escape(c.heading, quote=False)}</a></li>\n' for p, c in chapters
        )
        lines.append(inner if volume is None else f"<li><span>Volume {volume}</span>\n<ol>\n{inner}</ol></li>\n")
    heading = escape(book.title, quote=False)
    toc = f'<nav epub:type="toc" role="doc-toc" id="toc">\n<h1>{heading}</h1>\n<ol>\n{"".join(lines)}</ol>\n</nav>\n'
    return _page(book, book.title, toc)


def _ncx(book: OutBook) -> str:
    points = "".join(
        f'<navPoint id="n{place}" playOrder="{place}"><navLabel><text>{escape(chapter.heading, quote=False)}</text>'
        f'</navLabel><content src="chapters/{_name(place)}"/></navPoint>\n'
        for place, chapter in enumerate(book.chapters, 1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/" version="2005-1">\n'
        f'<head><meta name="dtb:uid" content="urn:uuid:{book.id}"/></head>\n'
        f"<docTitle><text>{escape(book.title, quote=False)}</text></docTitle>\n<navMap>\n{points}</navMap>\n</ncx>\n"
    )


def _volumes(book: OutBook) -> list[tuple[int | None, list[tuple[int, OutChapter]]]]:
    """Chapters in a row of the same volume, with their places."""
    made: list[tuple[int | None, list[tuple[int, OutChapter]]]] = []
    for place, chapter in enumerate(book.chapters, 1):
        if not made or made[-1][0] != chapter.volume:
            made.append((chapter.volume, []))
        made[-1][1].append((place, chapter))
    return made
