"""What a file holds, told before anything happens: chapter by chapter, with what the series has already."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from stoa.creation.exchange.queries import There
from stoa.creation.exchange.types import (
    Book,
    Duplicate,
    Duplicates,
    FoundChapter,
    Options,
    ReadChapter,
    Report,
    plain_number,
)
from stoa.creation.serials.types import BODY_MAX
from stoa.kit.markdown import TooMuch, preview, read, word_count

BEGINS: Final = 160  # characters
PROBLEMS: Final = 20  # of one chapter, and of a file
_OWN: Final = re.compile(r"/media/[0-9a-f-]{36}/[a-z0-9]+\.webp")
_SPACE: Final = re.compile(r"[ \t\r\n]+")


def report_of(book: Book, there: Sequence[There], *, mark: str, thorough: bool) -> Report:
    """The report of a file that was read. Takes as long as reading; to be called in a thread.

    mark: how the words for pictures begin. thorough: whether each text is read once more as it will be when it comes
    in, so that what cannot is known now.
    """
    known = _Known(there)
    picture = re.compile(re.escape(mark) + r"\d+x")
    chapters = []
    for index, chapter in enumerate(book.chapters, 1):
        words, begins, problems = _looked_at(chapter, thorough=thorough)
        own = [*chapter.problems, *problems][:PROBLEMS]
        shown = len(set(picture.findall(chapter.markdown + chapter.author_note_markdown)))
        chapters.append(
            FoundChapter(
                index=index,
                title=chapter.title,
                number=plain_number(chapter.number) if chapter.number is not None else None,
                volume=chapter.volume,
                words=words,
                pictures=shown,
                source=chapter.source[:200],
                begins=picture.sub("", begins),
                duplicate=known.duplicate(chapter, picture.sub("", chapter.markdown)),
                problems=own,
                can=not problems,
            )
        )
    return Report(
        title=book.title,
        author=book.author,
        language=book.language,
        has_cover=book.cover is not None,
        chapters=chapters,
        left_out=[msgspec.structs.replace(one, source=one.source[:200]) for one in book.left_out[:500]],
        problems=book.problems[:PROBLEMS],
        pictures=len(book.pictures),
        words=sum(chapter.words for chapter in chapters),
    )


def outcome_of(chapter: FoundChapter, options: Options) -> str:
    """What becomes of a chapter when somebody says yes: added, replaced or skipped."""
    if not chapter.can or chapter.index in options.leave_out:
        return "skipped"
    if chapter.duplicate is None or options.duplicates is Duplicates.ADD:
        return "added"
    return "skipped" if options.duplicates is Duplicates.SKIP else "replaced"


def text_hash(markdown: str) -> str:
    """The words of a chapter in short; as `queries.There.text_hash`."""
    plain = _SPACE.sub(" ", _OWN.sub("", markdown)).strip(" ")
    return hashlib.md5(plain.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def _looked_at(chapter: ReadChapter, *, thorough: bool) -> tuple[int, str, list[str]]:
    """Its words, how it begins, and what keeps it from coming in."""
    if len(chapter.markdown) > BODY_MAX:
        most = f"It has {len(chapter.markdown):,} characters; a chapter has at most {BODY_MAX:,}"
        return word_count(chapter.markdown), chapter.markdown[:BEGINS], [most]
    if not thorough:
        return word_count(chapter.markdown), preview(chapter.markdown[:2000], BEGINS), []
    try:
        document = read(chapter.markdown)
    except TooMuch as error:
        return word_count(chapter.markdown), preview(chapter.markdown[:2000], BEGINS), [str(error)]
    return document.words_count, preview(document.prose, BEGINS), []


class _Known:
    """The chapters of the series, by what would make another one the same."""

    def __init__(self, there: Sequence[There]) -> None:
        self._by_text = {one.text_hash: one for one in reversed(there)}
        self._by_title = {_folded(one.title): one for one in reversed(there) if one.title}
        self._by_number = {(one.number, one.volume): one for one in there}

    def duplicate(self, chapter: ReadChapter, markdown: str) -> Duplicate | None:
        """The one that a chapter repeats, if any: of the same words, else of the same title, else of its number."""
        found, by = self._by_text.get(text_hash(markdown)) if markdown.strip() else None, "text"
        if found is None and chapter.title:
            found, by = self._by_title.get(_folded(chapter.title)), "title"
        if found is None and chapter.number is not None:
            found, by = self._by_number.get((chapter.number, chapter.volume)), "number"
        if found is None:
            return None
        return Duplicate(found.id, found.title, plain_number(found.number), by)


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())
