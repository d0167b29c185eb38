"""Web pages, and what other programs write as such: Google Docs, word processors, this platform."""

from collections.abc import Callable

from stoa.creation.exchange.actions.reading.archive import Pictures
from stoa.creation.exchange.actions.reading.dividing import (
    number_of,
    split_at_headings,
    tidy_title,
    volume_of,
    without_title,
)
from stoa.creation.exchange.actions.reading.notes import Notes
from stoa.creation.exchange.actions.reading.prose import Prose
from stoa.creation.exchange.actions.reading.tree import Node, read_html, style_of
from stoa.creation.exchange.types import Book, LeftOut, ReadChapter
from stoa.kit.markdown import own_media_id

SHORT_WORDS = 40  # what stands before the first chapter and is no longer is a title page

Load = Callable[[str], bytes]


def read_page(source: str, name: str, pictures: Pictures, load: Load | None) -> Book:
    """The chapters of a page: as this platform has marked them, or at its headings.

    load: the bytes of a picture beside the page, by its address; None where nothing lies beside it. Raises Unreadable.
    """
    root = read_html(source)
    prose = Prose(Notes({"": root}), lambda address: picture_at(address, pictures, load), style_of(source))
    titles = [node for node in root.walk() if "book-title" in node.kinds]
    own = [node for node in root.all("article", "section") if "stoa-chapter" in node.kinds]
    if own:
        about = {kind: node.text for node in root.walk() for kind in node.kinds if kind.startswith("book-")}
        return Book(
            title=tidy_title(about.get("book-title", "")),
            author=tidy_title(about.get("book-author", "")),
            chapters=[marked_chapter(node, prose, name) for node in own],
        )
    title, parts = split_at_headings(root)
    chapters, left_out = [], []
    for heading, children in parts:
        notes = [one for one in children if isinstance(one, Node) and "author-note" in one.kinds]
        children = [one for one in children if one not in notes]
        markdown = prose.markdown(without_title(children, heading) if heading else children)
        if not heading and len(parts) > 1 and len(markdown.split()) < SHORT_WORDS:
            if markdown:
                left_out.append(LeftOut(name, "It stands before the first chapter and is no longer than a title page"))
            continue
        if markdown or heading:
            note = "\n\n".join(prose.markdown(one.children) for one in notes)
            is_first = any("author-note-start" in one.kinds for one in notes)
            chapters.append(
                ReadChapter(
                    title=tidy_title(heading),
                    markdown=markdown,
                    source=name,
                    author_note_markdown=note,
                    author_note_position="start" if is_first else "end",
                )
            )
    if len(parts) == 1 and not titles:
        return Book(chapters=chapters, left_out=left_out)
    author = next((node.text for node in root.walk() if "book-author" in node.kinds), "")
    shown = tidy_title(titles[0].text if titles else title)
    return Book(title=shown, author=tidy_title(author), chapters=chapters, left_out=left_out)


def marked_chapter(node: Node, prose: Prose, name: str) -> ReadChapter:
    """A chapter with what this platform says of it: number, volume, the author's note."""
    title, note, children, position = "", "", [], "end"
    for child in node.children:
        kinds = child.kinds if isinstance(child, Node) else set()
        if isinstance(child, Node) and child.tag in ("h1", "h2") and "chapter-title" in kinds:
            title = "" if "chapter-untitled" in kinds else child.text
        elif isinstance(child, Node) and "author-note" in kinds:
            note = prose.markdown(child.children)
            position = "start" if child.attrs.get("data-position") == "start" else "end"
        else:
            children.append(child)
    return ReadChapter(
        title=tidy_title(title),
        markdown=prose.markdown(children),
        source=name,
        number=number_of(node.attrs.get("data-number", "")),
        volume=volume_of(node.attrs.get("data-volume", "")),
        author_note_markdown=note,
        author_note_position=position,
    )


def picture_at(address: str, pictures: Pictures, load: Load | None) -> str | None:
    """What stands for a picture in Markdown: a word for one that comes along, or its own address where it may stay."""
    if address[:5].lower() == "data:":
        return pictures.data_url(address)
    if pictures.own and address.startswith(f"{pictures.own}/media/"):
        address = address.removeprefix(pictures.own)
    if address[:8].lower() == "https://" or own_media_id(address):
        return address
    if load is None or not address or ":" in address[:12]:
        return None
    return pictures.take(address, lambda: load(address))
