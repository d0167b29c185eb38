"""One web page that holds everything, its pictures too: it opens anywhere, also without the net."""

import base64
from html import escape
from pathlib import Path
from typing import Final

from stoa.creation.exchange.actions.writing.trees import PictureName, as_bytes, serialised, tree_of
from stoa.creation.exchange.types import OutBook, OutChapter, plain_number

TEMPLATES: Final = Path(__file__).parents[2] / "templates"
STYLE: Final = (TEMPLATES / "book.css").read_text("utf-8")


def as_html(book: OutBook) -> bytes:
    """The page. Each chapter says of itself what an import needs to know."""
    addresses = {
        picture.url: f"data:{picture.content_type};base64,{base64.b64encode(picture.data).decode()}"
        for picture in book.pictures
    }
    direction = ' dir="rtl"' if book.is_rtl else ""
    parts = [
        f'<!DOCTYPE html>\n<html lang="{escape(book.language)}"{direction}>\n<head>\n<meta charset="utf-8">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f"<title>{escape(book.title)}</title>\n",
        f'<meta name="author" content="{escape(book.author)}">\n<style>\n{STYLE}</style>\n</head>\n<body>\n',
    ]
    if len(book.chapters) > 1:
        parts.append(_front(book))
    for place, chapter in enumerate(book.chapters, 1):
        prefix = f"c{place}-"
        parts.append(f'<article class="stoa-chapter" id="c{place}"{said_of(chapter)}>\n')
        parts.append(inside(chapter, addresses.get, prefix=prefix))
        parts.append("</article>\n")
    parts.append("</body>\n</html>\n")
    return as_bytes("".join(parts))


def said_of(chapter: OutChapter) -> str:
    """A chapter's number and volume as attributes."""
    volume = f' data-volume="{chapter.volume}"' if chapter.volume is not None else ""
    return f' data-number="{plain_number(chapter.number)}"{volume}'


def inside(chapter: OutChapter, picture_name: PictureName, *, prefix: str = "") -> str:
    """Title, text and the author's note of a chapter, as XHTML."""
    untitled = "" if chapter.title else " chapter-untitled"
    title = f'<h1 class="chapter-title{untitled}">{escape(chapter.heading)}</h1>\n'
    text = serialised(tree_of(chapter.html, picture_name, prefix=prefix))
    note = ""
    if chapter.author_note_html:
        words = serialised(tree_of(chapter.author_note_html, picture_name, prefix=f"{prefix}n-"))
        note = f'<aside class="author-note" data-position="{chapter.author_note_position}">\n{words}</aside>\n'
    return title + (note + text if chapter.author_note_position == "start" else text + note)


def _front(book: OutBook) -> str:
    lines = "".join(
        f'<li><a href="#c{place}">{escape(chapter.heading)}</a></li>\n'
        for place, chapter in enumerate(book.chapters, 1)
    )
    return (
        f'<header>\n<p class="book-title">{escape(book.title)}</p>\n<p class="book-author">{escape(book.author)}</p>\n'
        f'<nav aria-label="Chapters"><ol>\n{lines}</ol></nav>\n</header>\n'
    )
