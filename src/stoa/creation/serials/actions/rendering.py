"""From what somebody typed in a chapter to what is stored of it: its HTML, its beginning, its words."""

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.posts.policies import LANGUAGE_PATTERN, RATINGS
from stoa.creation.serials.types import BODY_MAX, NOTE_MAX, TITLE_MAX
from stoa.creation.works.policies import screen
from stoa.creation.works.types import Screening, WorkText
from stoa.foundation.media.queries import media_by_ids
from stoa.foundation.media.types import MediaView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.forms import storable
from stoa.kit.markdown import Document, ImageFacts, TooMuch, in_thread, own_media_id, preview, read

NUMBER_MAX: Final = Decimal("999999.99")
META_TITLE_MAX, META_DESCRIPTION_MAX, MESSAGE_MAX = 60, 160, 1000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LENGTHS: Final = {
    "title": TITLE_MAX,
    "body_markdown": BODY_MAX,
    "author_note_markdown": NOTE_MAX,
    "meta_title": META_TITLE_MAX,
    "meta_description": META_DESCRIPTION_MAX,
}


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed or chosen of a chapter, evened out. `number` is None for the next one."""

    title: str
    body_markdown: str
    author_note_markdown: str
    author_note_position: str
    number: Decimal | None
    volume: int | None
    language: str
    rating: str
    meta_title: str
    meta_description: str

    @property
    def text(self) -> tuple[str, str, str]:
        """What a version holds (S3)."""
        return self.title, self.body_markdown, self.author_note_markdown


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a Typed: columns of its row in chapters, and the own pictures it shows."""

    title: str
    language: str
    rating: str
    word_count: int
    row: dict[str, object]
    media_ids: list[UUID]

    def text(self, *, is_open: bool) -> WorkText:
        """Its row in works: of one that is not open to all, search and lists have the beginning only (S1)."""
        kept = "" if is_open else "preview_"
        return WorkText(
            title=self.title,
            excerpt=str(self.row[f"{kept}excerpt"]),
            body_text=str(self.row[f"{kept}words"]),
            word_count=self.word_count,
            language=self.language,
            rating=self.rating,
            category=None,
            cover_media_id=None,
            images=[],
        )


class _Rendered(msgspec.Struct, frozen=True):
    row: dict[str, object]
    word_count: int


def evened(typed: Typed) -> Typed:
    """With single spaces in lines and plain line ends."""
    lines = ("title", "meta_title", "meta_description")
    texts = ("body_markdown", "author_note_markdown")
    return msgspec.structs.replace(
        typed,
        **{name: " ".join(getattr(typed, name).split()) for name in lines},
        **{name: getattr(typed, name).replace("\r\n", "\n").replace("\r", "\n") for name in texts},
    )


def screened(typed: Typed) -> Screening:
    """P5, of all the words that readers see."""
    words = (typed.body_markdown, typed.author_note_markdown, typed.meta_description)
    return screen(typed.title, "\n\n".join(word for word in words if word))


async def made(
    ctx: Ctx, typed: Sequence[Typed], *, paragraphs: int, owners: Collection[UUID], prefix: str = ""
) -> list[Made]:
    """What to store of what was typed, of many chapters at once. Raises Invalid with every field that is wrong.

    paragraphs: of the beginning that everybody sees. owners: whose pictures are noted as shown. prefix: put before the
    number of a chapter in the names of its wrong fields, for lists.
    """
    wrong: dict[str, str] = {}
    documents: list[tuple[Document, Document]] = []
    for place, one in enumerate(typed):
        at = f"{prefix}{place}." if prefix else ""
        found = faults(one)
        if not found:
            documents.append(await _read(one, found))
        wrong |= {f"{at}{name}": text for name, text in found.items()}
    if wrong:
        raise Invalid(fields=wrong)
    media = await _media(ctx, documents)
    facts = {str(m.id): ImageFacts(m.width, m.height, m.srcset) for m in media.values()}
    answer = []
    for one, (body, note) in zip(typed, documents, strict=True):
        done = await in_thread(partial(_rendered, body, note, facts, paragraphs))
        shown = [media[found] for found in _own_ids(body, note) if found in media]
        answer.append(
            Made(
                title=one.title,
                language=one.language,
                rating=one.rating,
                word_count=done.word_count,
                row=_kept(one) | done.row,
                media_ids=sorted(m.id for m in shown if m.owner_id in owners),
            )
        )
    return answer


async def cut_again(body_markdown: str, *, paragraphs: int, facts: dict[str, ImageFacts]) -> dict[str, object]:
    """The columns of the beginning alone, after another number of paragraphs was chosen."""

    def work() -> dict[str, object]:
        row = _rendered(read(body_markdown), Document([], {}), facts, paragraphs).row
        return {name: text for name, text in row.items() if name.startswith("preview_")}

    return await in_thread(work)


async def facts_of(ctx: Ctx, texts: Sequence[str]) -> dict[str, ImageFacts]:
    """What is known of the own pictures in texts that were read before."""
    ids = {UUID(found) for text in texts for found in _IN_TEXT.findall(text)}
    media = await media_by_ids(ctx, list(ids))
    return {str(m.id): ImageFacts(m.width, m.height, m.srcset) for m in media}


def faults(typed: Typed) -> dict[str, str]:
    """What is wrong with what was typed, by field."""
    wrong: dict[str, str] = {}
    for name, most in _LENGTHS.items():
        text = getattr(typed, name)
        if not storable(text) or len(text) > most:
            wrong[name] = f"Please use at most {most:,} characters that can be stored"
    if typed.number is not None and not _is_number(typed.number):
        wrong["number"] = "Please give a number from 0 to 999,999 with at most two decimals"
    if typed.volume is not None and not 1 <= typed.volume <= 10_000:
        wrong["volume"] = "Please give a number from 1 to 10,000"
    if not re.fullmatch(LANGUAGE_PATTERN, typed.language):
        wrong["language"] = "Please give a language such as en or pt-BR"
    if typed.rating not in RATINGS:
        wrong["rating"] = f"Please choose one of {', '.join(RATINGS)}"
    if typed.author_note_position not in ("start", "end"):
        wrong["author_note_position"] = "Please choose start or end"
    return wrong


_IN_TEXT: Final = re.compile(r"/media/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
_ROW: Final = (
    *("body_markdown", "author_note_markdown", "author_note_position", "volume", "meta_title", "meta_description"),
)


def _kept(typed: Typed) -> dict[str, object]:
    return {name: getattr(typed, name) for name in _ROW}


def _is_number(number: Decimal) -> bool:
    return number.is_finite() and 0 <= number <= NUMBER_MAX and number == number.quantize(Decimal("0.01"))


async def _read(typed: Typed, wrong: dict[str, str]) -> tuple[Document, Document]:
    nothing = Document([], {})
    read_texts: list[Document] = []
    for name in ("body_markdown", "author_note_markdown"):
        text: str = getattr(typed, name)
        try:
            read_texts.append(await in_thread(partial(read, text)))
        except TooMuch as error:
            wrong[name] = str(error)
            read_texts.append(nothing)
    return read_texts[0], read_texts[1]


async def _media(ctx: Ctx, documents: Sequence[tuple[Document, Document]]) -> dict[UUID, MediaView]:
    wanted = {found for body, note in documents for found in _own_ids(body, note)}
    return {m.id: m for m in await media_by_ids(ctx, list(wanted))} if wanted else {}


def _own_ids(*documents: Document) -> list[UUID]:
    urls = [url for document in documents for url in document.image_urls]
    return [UUID(found) for found in map(own_media_id, urls) if found is not None]


def _rendered(body: Document, note: Document, facts: dict[str, ImageFacts], paragraphs: int) -> _Rendered:
    beginning = body.beginning(paragraphs)

    # Control characters have no place in words, and search uses two of them to mark what it found.
    def plain(text: str) -> str:
        return _CONTROL.sub("", text)

    row: dict[str, object] = {
        "body_html": body.html(images=facts),
        "preview_html": beginning.html(images=facts),
        "author_note_html": note.html(images=facts),
        "words": plain(body.words),
        "excerpt": preview(plain(body.prose)),
        "preview_words": plain(beginning.words),
        "preview_excerpt": preview(plain(beginning.prose)),
    }
    return _Rendered(row, body.words_count)
