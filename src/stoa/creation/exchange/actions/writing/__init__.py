"""Writing files: pure functions from an `OutBook` to bytes, in a thread. Nothing here knows of a database."""

import asyncio

from stoa.creation.exchange.actions.writing.epub import as_epub
from stoa.creation.exchange.actions.writing.page import as_html
from stoa.creation.exchange.actions.writing.plain import as_markdown, as_zip, slug_of
from stoa.creation.exchange.actions.writing.print import as_pdf
from stoa.creation.exchange.actions.writing.word import as_docx
from stoa.creation.exchange.types import OutBook, Target

__all__ = ["filename_of", "write"]


async def write(book: OutBook, target: Target, *, base_url: str) -> bytes:
    """The book as a file. The same book gives the same bytes."""
    if target is Target.PDF:
        return await as_pdf(book)
    if target is Target.MARKDOWN:
        return await asyncio.to_thread(as_markdown, book, base_url)
    work = {Target.HTML: as_html, Target.EPUB: as_epub, Target.DOCX: as_docx, Target.ZIP: as_zip}[target]
    return await asyncio.to_thread(work, book)


def filename_of(book: OutBook, target: Target) -> str:
    """How the file is called."""
    return f"{slug_of(book.title)}.{target.ending}"
