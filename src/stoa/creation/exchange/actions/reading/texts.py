"""Markdown and plain text: what stands before the text of it, its chapters, its pictures."""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote

from markdown_it import MarkdownIt

from stoa.creation.exchange.actions.reading.dividing import number_of, tidy_title, volume_of
from stoa.creation.exchange.types import Book, ReadChapter
from stoa.creation.serials.types import NOTE_MAX

MARKER: Final = "<!-- chapter {} -->"
BOOK_MARKER: Final = "<!-- series {} -->"
_BOOK: Final = re.compile(r"<!-- series ([0-9a-z]{1,16}) -->\n")
_FRONT: Final = re.compile(r"---[ \t]*\n(.*?)\n?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9_ -]{0,40}):(?:[ \t]+(.*)|[ \t]*)")
_PICTURE: Final = re.compile(
    r"(!\[(?:[^\[\]\\]|\\.|\[[^\[\]]{0,500}\]){0,1000}\]\(\s{0,5})(<[^<>\n]{1,2000}>|[^\s()<>]{1,2000})"
)
_DEFINED: Final = re.compile(r"(?m)^( {0,3}\[(?!\^)[^\]\n]{1,100}\]:[ \t]{0,5})(<[^<>\n]{1,2000}>|\S{1,2000})")
_MAX_FRONT: Final = 40_000

_blocks: Final = MarkdownIt("commonmark", {"html": False}).disable("inline")

PictureOf = Callable[[str], str | None]


def read_text(source: str, name: str, picture_of: PictureOf) -> Book:
    """The chapters of a text. Raises nothing: any text is Markdown."""
    book = _BOOK.match(source)
    if book is not None:
        return _own(source[book.end() :], book[1], picture_of)
    fields, body = front_matter(source)
    parts = [(fields, "", body)] if "title" in fields or "number" in fields else _parts(fields, body)
    titled = fields.get("title", "")
    book_title = fields.get("series", "") or fields.get("book", "")
    if len(parts) > 1 or not titled:
        book_title = book_title or titled
    chapters = [
        _chapter(own, title or own.get("title", _named(name) if len(parts) == 1 else ""), text, name, picture_of)
        for own, title, text in parts
    ]
    return Book(
        title=tidy_title(book_title),
        author=tidy_title(fields.get("author", "")),
        language=fields.get("language", fields.get("lang", ""))[:35],
        chapters=[chapter for chapter in chapters if chapter.markdown or chapter.title],
    )


def front_matter(source: str) -> tuple[dict[str, str], str]:
    """The fields that stand before a text between lines of dashes, and the text. Names are lower case."""
    if not source.startswith("---"):
        return {}, source
    found = _FRONT.match(source, 0, _MAX_FRONT)
    if found is None:
        return {}, source
    fields: dict[str, str] = {}
    lines = found[1].split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        field = _FIELD.fullmatch(line)
        if field is None:
            return {}, source  # it is no front matter, but a line that was drawn
        text = (field[2] or "").strip()
        if text in ("|", "|-", ">"):
            block = []
            while at < len(lines) and (lines[at].startswith("  ") or not lines[at].strip()):
                block.append(lines[at][2:])
                at += 1
            text = "\n".join(block).strip("\n")
        fields[field[1].strip().lower().replace("-", "_")] = _unquoted(text)
    return fields, source[found.end() :].removeprefix("\n")


def written_front(fields: dict[str, Any]) -> str:
    """Fields as they stand before a text, for `front_matter` and for other programs that know YAML."""
    lines = []
    for name, value in fields.items():
        text = str(value)
        if "\n" in text:
            lines.append(f"{name}: |")
            lines.extend(f"  {line}" if line else "" for line in text.split("\n"))
        else:
            plain = re.fullmatch(r"\d+(?:\.\d+)?|start|end", text) is not None
            lines.append(f"{name}: {text if plain else json.dumps(text, ensure_ascii=False)}")
    return "---\n" + "\n".join(lines) + "\n---\n"


def with_pictures(source: str, picture_of: PictureOf) -> str:
    """The text with other addresses of its pictures, where there are any."""

    def changed(match: re.Match[str]) -> str:
        url = match[2].strip("<>")
        found = picture_of(unquote(url)) if not url.startswith("data:") else picture_of(url)
        return match[0] if found is None else match[1] + found

    text = _PICTURE.sub(changed, source)
    return _DEFINED.sub(changed, text) if "][" in text or "![" in text else text


def _own(source: str, mark: str, picture_of: PictureOf) -> Book:
    """What this platform has written: a line before each chapter says that it is one."""
    head, *texts = source.split(MARKER.format(mark) + "\n")
    about, description = front_matter(head)
    chapters = []
    for text in texts:
        fields, body = front_matter(text.removesuffix("\n"))
        chapters.append(_chapter(fields, fields.get("title", ""), body.removesuffix("\n"), "", picture_of, exact=True))
    return Book(
        title=tidy_title(about.get("title", "")),
        author=tidy_title(about.get("author", "")),
        language=about.get("language", "")[:35],
        description=description.strip("\n"),
        chapters=chapters,
    )


def _chapter(
    fields: dict[str, str], title: str, body: str, name: str, picture_of: PictureOf, *, exact: bool = False
) -> ReadChapter:
    note = fields.get("author_note", "")
    problems = [] if len(note) <= NOTE_MAX else [f"Its author's note is cut to {NOTE_MAX:,} characters"]
    return ReadChapter(
        title=tidy_title(title),
        markdown=with_pictures(body if exact else body.strip("\n").rstrip(), picture_of),
        source=name,
        number=number_of(fields.get("number", "")),
        volume=volume_of(fields.get("volume", "")),
        author_note_markdown=note[:NOTE_MAX],
        author_note_position="start" if fields.get("author_note_position") == "start" else "end",
        problems=problems,
    )


def _parts(fields: dict[str, str], body: str) -> list[tuple[dict[str, str], str, str]]:
    """The text at each heading of the highest level of which there are two or more."""
    tokens = _blocks.parse(body)
    lines = body.split("\n")
    headings = [
        (token.tag, token.map, tokens[place + 1].content)
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map is not None
    ]
    for level in ("h1", "h2"):
        found = [(span, title) for tag, span, title in headings if tag == level]
        if len(found) < 2 and not (level == "h1" and len(found) == 1):
            continue
        above = [(span, title) for tag, span, title in headings if tag < level]
        if len(found) == 1 and any(tag == "h2" for tag, _, _ in headings[1:]) and _several(headings):
            continue
        before = "\n".join(lines[: found[0][0][0]]).strip()
        if above:
            fields.setdefault("book", _words(above[0][1]))
            cut = above[0][0]
            before = "\n".join([*lines[: cut[0]], *lines[cut[1] : found[0][0][0]]]).strip()
        ends = [span[0] for span, _ in found[1:]] + [len(lines)]
        parts: list[tuple[dict[str, str], str, str]] = [
            ({}, _words(title), "\n".join(lines[span[1] : end])) for (span, title), end in zip(found, ends, strict=True)
        ]
        return ([({}, "", before)] if before else []) + parts
    return [(fields, "", body)]


def _several(headings: list[Any]) -> bool:
    """One heading at the top and several below it: the title of a book, and its chapters."""
    return bool(headings[0][0] == "h1") and sum(tag == "h2" for tag, _, _ in headings) >= 2


def _words(inline: str) -> str:
    """A heading's words without its marks."""
    return tidy_title(re.sub(r"\\(?=[!-/:-@\[-`{-~])|(?<!\\)[*`]|(?<![^\W_])_|_(?![^\W_])", "", inline))


def _named(name: str) -> str:
    """A title told from the name of a file: `03_the-road.md` is "the road"."""
    stem = name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    return tidy_title(re.sub(r"^\d{1,5}[\s._-]+(?=\D)", "", stem).replace("_", " "))


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            found = json.loads(text)
        except ValueError:
            return text[1:-1]
        return found.replace("\0", "").encode("utf-8", "replace").decode("utf-8") if isinstance(found, str) else text
    return text[1:-1].replace("''", "'") if len(text) > 1 and text[0] == text[-1] == "'" else text
