"""Markdown to safe HTML, to plain text, and to a preview.

What people write is parsed as CommonMark with tables, strikethrough, footnotes, spoilers (`||so||`) and bare links;
HTML in it is text. The result then passes an allow-list once more (L4), so that a mistake in the parser is not a hole
in the page.

A text is read once, `read(source)`, and everything is taken from that. Some short texts take seconds: they are refused
(TooMuch) before they do. What strangers send is read by `in_thread`, so that nobody else waits for it.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

import msgspec
from markdown_it.token import Token
from markdown_it.utils import EnvType

from stoa.kit.errors import Unavailable
from stoa.kit.markdown.allowed import allowed_image, clean, own_media_id
from stoa.kit.markdown.parsing import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_NOTES,
    MAX_OPEN_BRACKETS,
    MAX_STEPS,
    TooMuch,
    check_size,
    the_parser,
)

__all__ = [
    "MAX_CELLS",
    "MAX_COLUMNS",
    "MAX_NOTES",
    "MAX_OPEN_BRACKETS",
    "MAX_STEPS",
    "WORDS_PER_MINUTE",
    "Document",
    "ImageFacts",
    "TooMuch",
    "allowed_image",
    "in_thread",
    "own_media_id",
    "plain",
    "preview",
    "read",
    "reading_minutes",
    "render",
    "word_count",
]

T = TypeVar("T")

_WAITING_MOST: Final = 32

WORDS_PER_MINUTE: Final = 230
_pool: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="markdown")
_waiting = 0
_EAST_ASIAN: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # scripts written without spaces
_WORD: Final = re.compile(rf"[{_EAST_ASIAN}]|[^\W{_EAST_ASIAN}]+(?:['’\-][^\W{_EAST_ASIAN}]+)*")


class ImageFacts(msgspec.Struct, frozen=True):
    """What is known of one of our own images: pixels, and the `srcset` of its sizes."""

    width: int
    height: int
    srcset: str = ""


class Document:
    """A text that was read. Making its HTML reads nothing again."""

    def __init__(self, tokens: Sequence[Token], env: EnvType) -> None:
        self._tokens = tokens
        self._env = env

    def html(self, *, images: Mapping[str, ImageFacts] | None = None) -> str:
        """Safe HTML. `images` maps media ids (text) to what is known of them, so nothing jumps."""
        parser = the_parser()
        env = {**self._env, "images": images or {}}
        return clean(cast("str", parser.renderer.render(self._tokens, parser.options, env)))

    def beginning(self, paragraphs: int) -> "Document":
        """The first so many paragraphs, with what stands before them; never all of a text.

        Whatever is read as one counts: a paragraph, an item of a list, a row of a table, a block of code; and pictures
        count by themselves. Where that is the whole text, its last paragraph is left out; of a single one, all but the
        first words are. Footnotes are left out with what refers to them.
        """
        tokens = [_without_notes(token) for token in _without_footnotes(self._tokens)]
        places = [index for index, token in enumerate(tokens) if token.type in _UNITS]
        if not places or paragraphs <= 0:
            return Document([], {})
        if len(places) == 1:
            words = Document(tokens, self._env).prose
            return _paragraph(preview(words, min(200, len(words) // 2)))
        return Document(_closed(tokens[: _end_of(tokens, places, paragraphs)]), self._env)

    @property
    def words(self) -> str:
        """The words without any mark-up, a line for each block; code blocks and spoilers are left out."""
        lines = (_inline_text(token) for token in self._tokens if token.type == "inline")
        return "\n".join(line for line in lines if line)

    @property
    def words_count(self) -> int:
        """How many words it has, spoilers included; in scripts without spaces each character counts."""
        lines = (_texts(token.children or (), spoilers=True) for token in self._tokens if token.type == "inline")
        return sum(word_count("".join(line)) for line in lines)

    @property
    def prose(self) -> str:
        """The words of the paragraphs, without headings, tables and pictures; all words where there are none."""
        opened = ("paragraph_open", "dt_open", "dd_open")
        lines = [
            "".join(_texts([t for t in token.children or () if t.type != "image"])).strip()
            for before, token in pairwise(self._tokens)
            if token.type == "inline" and before.type in opened
        ]
        return "\n".join(line for line in lines if line) or self.words

    @property
    def image_urls(self) -> list[str]:
        """The addresses of the pictures that may be shown, in order, each once."""
        found: dict[str, None] = {}
        for token in self._tokens:
            for child in token.children or ():
                if child.type == "image":
                    found[str(child.attrs.get("src", ""))] = None
        return [url for url in found if allowed_image(url)]


def read(source: str) -> Document:
    """Reads a Markdown text. Raises TooMuch for one that would take seconds, before it does."""
    check_size(source)
    env: dict[str, Any] = {}
    return Document(the_parser().parse(source, env), env)


async def in_thread(work: Callable[[], T]) -> T:
    """Does this in one of two threads, so that no request waits for a text of somebody else. Raises Unavailable."""
    global _waiting
    if _waiting >= _WAITING_MOST:
        raise Unavailable("Many texts are being worked on just now; please try again in a moment")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_pool, work)
    finally:
        _waiting -= 1


def render(source: str, *, images: Mapping[str, ImageFacts] | None = None) -> str:
    """`read(source).html(...)`."""
    return read(source).html(images=images)


def plain(source: str) -> str:
    """`read(source).words`."""
    return read(source).words


def preview(text: str, limit: int = 200) -> str:
    """The beginning of a plain text in one line, at most `limit` characters, cut at a word (P1)."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    if line[limit - 1] != " ":
        cut = head.rfind(" ")
        head = head[:cut] if cut > limit // 2 else _whole_characters(line, limit - 1)
    return head.rstrip(" ,;:–—-(") + "…"


def word_count(text: str) -> int:
    """Words of a plain text; in scripts without spaces each character counts."""
    return sum(1 for _ in _WORD.finditer(text))


def reading_minutes(words: int) -> int:
    """Minutes to read so many words, at least 1."""
    return max(1, round(words / WORDS_PER_MINUTE))


def _whole_characters(line: str, length: int) -> str:
    """The first `length` characters, less those that would part a letter from its accents or an emoji in two."""
    while length > 1 and (unicodedata.combining(line[length]) or "\u200d" in line[length - 1 : length + 1]):
        length -= 1
    return line[:length]


def _inline_text(inline: Token) -> str:
    return "".join(_texts(inline.children or ())).strip()


def _texts(tokens: Sequence[Token], *, spoilers: bool = False) -> Iterator[str]:
    covered = 0
    for token in tokens:
        if token.type in ("spoiler_open", "spoiler_close"):
            covered += 0 if spoilers else token.nesting
            if covered and token.nesting > 0:
                yield "…"
        elif covered:
            continue
        elif token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "image":
            yield from _texts(token.children or (), spoilers=spoilers)
        elif token.type in ("text", "code_inline", "text_special"):
            yield token.content


# ---- the beginning of a text -----------------------------------------------------------------------------------

_UNITS: Final = ("paragraph_open", "fence", "code_block", "tr_open")


def _without_footnotes(tokens: Sequence[Token]) -> list[Token]:
    end = next((i for i, token in enumerate(tokens) if token.type == "footnote_block_open"), len(tokens))
    return list(tokens[:end])


def _without_notes(token: Token) -> Token:
    children = token.children
    if not children or all(child.type != "footnote_ref" for child in children):
        return token
    return token.copy(children=[child for child in children if child.type != "footnote_ref"])


def _end_of(tokens: Sequence[Token], places: Sequence[int], paragraphs: int) -> int:
    """Before which token the beginning ends: at the latest before the last of these places."""
    pictures = [index for index in places if tokens[index].tag == "figure"]
    texts = [index for index in places if tokens[index].tag != "figure"]
    ends = [found[paragraphs] for found in (texts, pictures) if len(found) > paragraphs]
    end = min([*ends, places[-1]])
    while tokens[end - 1].type in ("hr", "heading_close"):  # nothing follows this heading
        end -= 1 if tokens[end - 1].type == "hr" else 3
    return end


def _closed(tokens: Sequence[Token]) -> list[Token]:
    """A list of tokens that ends within others, with what closes those; what is empty then is left out."""
    kept: list[Token] = list(tokens)
    opened: list[Token] = []
    for token in tokens:
        if token.nesting == 1:
            opened.append(token)
        elif token.nesting == -1:
            opened.pop()
    while opened and kept and kept[-1] is opened[-1]:
        kept.pop()
        opened.pop()
    for token in reversed(opened):
        kept.append(Token(token.type.replace("_open", "_close"), token.tag, -1, hidden=token.hidden))
    return kept


def _paragraph(words: str) -> Document:
    if not words:
        return Document([], {})
    inline = Token("inline", "", 0, content=words, children=[Token("text", "", 0, content=words)])
    return Document([Token("paragraph_open", "p", 1), inline, Token("paragraph_close", "p", -1)], {})
