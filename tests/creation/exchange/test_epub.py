"""Books that go out are good EPUB 3; and the check that says so finds what is wrong."""

import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from stoa.creation.exchange.actions.writing.epub import as_epub
from stoa.creation.exchange.types import OutBook, OutChapter, OutPicture
from stoa.kit import markdown
from tests.creation.exchange import samples
from tests.creation.exchange.check_epub import faults
from tests.creation.exchange.texts import EVERYTHING

ID = UUID("01234567-89ab-7def-8123-456789abcdef")


def book(title: str = "The Road & <back>", *, volume: int | None = 2) -> OutBook:
    """A book with everything in it."""
    dot = OutPicture(str(ID), f"{ID}.png", "image/png", samples.PNG, 8, 8, "A dot")
    text = f'{EVERYTHING}\n\n![A \\& dot](/media/{ID}/960.webp "Seen")\n\n![Gone](https://example.org/x.png)'
    chapters = [
        OutChapter(
            title=name,
            number=Decimal(number),
            volume=own,
            markdown=text,
            html=markdown.render(text),
            author_note_markdown="Thanks[^1]\n\n[^1]: All.",
            author_note_html=markdown.render("Thanks[^1]\n\n[^1]: All."),
        )
        for name, number, own in (("One & <two>", "1", 1), ("", "2.5", volume), ("Last \x0b", "3", volume))
    ]
    return OutBook(
        id=ID,
        title=title,
        author="A. & B.",
        language="en-GB",
        description="About <it>",
        url="https://example.org/s/a/series/b",
        changed_at=datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC),
        chapters=chapters,
        pictures=[dot],
        cover=dot,
    )


def test_a_book_with_everything_in_it_is_good() -> None:
    made = as_epub(book())
    assert faults(made) == []
    assert as_epub(book()) == made, "the same book gives the same bytes"
    assert faults(as_epub(book(volume=None))) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("EPUB/package.opf", "<dc:language>en-GB</dc:language>", "", "dc:language is missing"),
        ("EPUB/package.opf", 'properties="nav"', "", "there is not one table of contents"),
        (
            "EPUB/package.opf",
            "chapters/c0002.xhtml",
            "chapters/c0009.xhtml",
            "EPUB/chapters/c0009.xhtml is listed, and not",
        ),
        ("EPUB/nav.xhtml", "chapters/c0001.xhtml", "chapters/c1.xhtml", "leads to no file of the book"),
        ("EPUB/chapters/c0001.xhtml", 'id="fn1"', 'id="fn9"', "leads to no place in"),
        ("EPUB/chapters/c0001.xhtml", "<em>soft</em>", "<p>soft</p>", "<p> stands in <p>"),
        ("EPUB/chapters/c0001.xhtml", 'alt="A &amp; dot"', "", "a picture without a description"),
        ("EPUB/chapters/c0001.xhtml", f"../pictures/{ID}.png", "https://example.org/x.png", "or from elsewhere"),
    ],
)
def test_what_is_wrong_is_found(name: str, old: str, new: str, said: str) -> None:
    files: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(as_epub(book()))) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    page = files[name]
    assert isinstance(page, bytes) and old in page.decode()
    files[name] = page.decode().replace(old, new)
    assert any(said in fault for fault in faults(samples.zipped(files))), faults(samples.zipped(files))
