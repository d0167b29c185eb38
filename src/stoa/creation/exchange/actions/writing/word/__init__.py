"""Word documents: chapters as headings, footnotes as footnotes, everything by styles that can be changed at once."""

from stoa.creation.exchange.actions.writing.plain import packed
from stoa.creation.exchange.actions.writing.trees import as_bytes, tree_of
from stoa.creation.exchange.actions.writing.word.document import Writer, text
from stoa.creation.exchange.actions.writing.word.parts import (
    content_types,
    document,
    footnotes,
    numbering,
    properties,
    relations,
    root_relations,
    settings,
    styles,
)
from stoa.creation.exchange.types import OutBook


def as_docx(book: OutBook) -> bytes:
    """The document. Pictures are to be JPEG, PNG or GIF, since older programs open nothing else."""
    writer = Writer({picture.url: picture for picture in book.pictures})
    if len(book.chapters) > 1:
        writer.paragraph("Title", text(book.title))
        writer.paragraph("Author", text(book.author))
    for place, chapter in enumerate(book.chapters):
        writer.paragraph("Heading1", text(chapter.heading), new_page=place > 0 or len(book.chapters) > 1)
        note = tree_of(chapter.author_note_html, lambda _: None) if chapter.author_note_html else []
        if chapter.author_note_position == "start":
            writer.note(note, "StoaNoteBefore")
        writer.chapter(tree_of(chapter.html, lambda media_id: media_id))
        if chapter.author_note_position != "start":
            writer.note(note, "StoaNote")
    pictures = writer.pictures
    files = {
        "[Content_Types].xml": content_types({picture.name.rpartition(".")[2] for picture in pictures.values()}),
        "_rels/.rels": root_relations(),
        "docProps/core.xml": properties(book),
        "word/document.xml": document("".join(writer.body), book.is_rtl),
        "word/_rels/document.xml.rels": relations(writer.links, pictures),
        "word/footnotes.xml": footnotes(writer.footnotes),
        "word/_rels/footnotes.xml.rels": relations(writer.links, {}, own=False),
        "word/numbering.xml": numbering(writer.lists),
        "word/styles.xml": styles(book.language),
        "word/settings.xml": settings(),
    }
    made = {name: as_bytes(content) for name, content in files.items()}
    for picture in pictures.values():
        made[f"word/media/{picture.name}"] = picture.data
    return packed(made, book.changed_at)
