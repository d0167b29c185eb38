"""Markdown to safe HTML, to plain text, and to a preview.

What people write is parsed as CommonMark with tables, strikethrough, footnotes, spoilers (`||so||`) and bare links;
HTML in it is text. The result then passes an allow-list once more (L4), so that a mistake in the parser is not a hole
in the page.

A text is read once, `read(source)`, and everything is taken from that. Some short texts take seconds: they are refused
(TooMuch) before they do. What strangers send is read by `in_thread`, so that nobody else waits for it.
"""

import asyncio
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import msgspec
import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from stoa.kit.errors import Unavailable

T = TypeVar("T")

MAX_COLUMNS: Final = 40  # of a table
MAX_CELLS: Final = 4000  # of all tables of a text
MAX_NOTES: Final = 1000  # footnotes and references to them
MAX_OPEN_BRACKETS: Final = 100  # in one paragraph
MAX_STEPS: Final = 250_000  # of the parser; a text of 50,000 characters takes some thousand
_MAX_LINK_WORK: Final = 2_000_000  # a bare link is looked for to the end of its word
_WAITING_MOST: Final = 32

WORDS_PER_MINUTE: Final = 230
_threads: Final = threading.local()
_pool: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="markdown")
_waiting = 0
_OWN_MEDIA: Final = re.compile(r"/media/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/[a-z0-9]+\.webp")
_EAST_ASIAN: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # scripts written without spaces
_BRACKETS: Final = re.compile(r"[\[\]]")
_LINK_WORDS: Final = re.compile(r"\S{500,}")
_WORD: Final = re.compile(rf"[{_EAST_ASIAN}]|[^\W{_EAST_ASIAN}]+(?:['’\-][^\W{_EAST_ASIAN}]+)*")


class ImageFacts(msgspec.Struct, frozen=True):
    """What is known of one of our own images: pixels, and the `srcset` of its sizes."""

    width: int
    height: int
    srcset: str = ""


class TooMuch(ValueError):
    """The text would take far longer to read than any real one; the message says by what, for a person."""


class Document:
    """A text that was read. Making its HTML reads nothing again."""

    def __init__(self, tokens: Sequence[Token], env: EnvType) -> None:
        self._tokens = tokens
        self._env = env

    def html(self, *, images: Mapping[str, ImageFacts] | None = None) -> str:
        """Safe HTML. `images` maps media ids (text) to what is known of them, so nothing jumps."""
        parser = _parser()
        env = {**self._env, "images": images or {}}
        return _clean(cast("str", parser.renderer.render(self._tokens, parser.options, env)))

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
    _check_size(source)
    env: dict[str, Any] = {}
    return Document(_parser().parse(source, env), env)


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


def allowed_image(url: str) -> bool:
    """Whether a picture may be shown from this address: our own media, or https elsewhere."""
    return own_media_id(url) is not None or _is_https(url)


def own_media_id(url: str) -> str | None:
    """The media id in the address of one of our own images, else None."""
    match = _OWN_MEDIA.fullmatch(url)
    return match[1] if match else None


# ---- parsing ---------------------------------------------------------------------------------------------------


def _parser() -> MarkdownIt:
    """This thread's parser: it keeps state while it works, so threads do not share one."""
    if not hasattr(_threads, "parser"):
        _threads.parser = _make_parser()
    return cast("MarkdownIt", _threads.parser)


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True}, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough", "linkify"]).use(footnote_plugin)
    parser.add_render_rule("footnote_anchor", _Renderer.footnote_anchor)  # in place of the plugin's
    assert parser.linkify is not None
    # "example.md" and "node.js" are names of files more often than addresses.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.core.ruler.push("stoa_blocks", _blocks)
    parser.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    parser.inline.add_terminator_char("|")
    parser.inline.ruler.after("strikethrough", "stoa_spoiler", _spoiler)
    interrupting: Any = {"alt": ["paragraph", "reference", "blockquote", "list", "footnote_def"]}
    parser.block.ruler.before("table", "stoa_steps", _block_step, interrupting)
    parser.inline.ruler.before("text", "stoa_steps", _inline_step)
    return parser


def _check_size(source: str) -> None:
    """What takes the parser quadratic time, seen without it. Raises TooMuch."""
    if source.count("^[") + source.count("[^") > MAX_NOTES:
        raise TooMuch(f"Please use at most {MAX_NOTES:,} footnotes and references to them")
    for paragraph in re.split(r"\n[ \t]*\n", source):
        opened = 0
        for bracket in _BRACKETS.findall(paragraph):
            opened = opened + 1 if bracket == "[" else max(0, opened - 1)
            if opened > MAX_OPEN_BRACKETS:
                raise TooMuch(f"More than {MAX_OPEN_BRACKETS} square brackets are open at once; please close some")
    for match in _LINK_WORDS.finditer(source):
        word = match[0]
        if len(word) * (word.count("//") + word.count(":")) > _MAX_LINK_WORK:
            raise TooMuch("There are too many addresses in one word; please put spaces between them")


def _block_step(state: StateBlock, line: int, end: int, silent: bool) -> bool:
    return _step(state.env)


def _inline_step(state: StateInline, silent: bool) -> bool:
    return _step(state.env)


def _step(env: Any) -> bool:
    """Counts how often the parser tries its rules: never the rule itself that matches."""
    env["steps"] = steps = env.get("steps", 0) + 1
    if steps > MAX_STEPS:
        raise TooMuch("The marks in this text are nested too deeply; please use fewer of them")
    return False


def _spoiler(state: StateInline, silent: bool) -> bool:
    """`||so||`: words to be uncovered by who wants to know. It ends at the next bars, or it is none."""
    start = state.pos
    if not state.src.startswith("||", start):
        return False
    end = state.src.find("||", start + 2, state.posMax)
    inner = state.src[start + 2 : end] if end > 0 else ""
    if not inner or inner != inner.strip():
        return False
    if not silent:
        after, state.pos, state.posMax = state.posMax, start + 2, end
        state.push("spoiler_open", "span", 1).attrs = {"class": "spoiler", "tabindex": "0"}
        state.md.inline.tokenize(state)
        state.push("spoiler_close", "span", -1)
        state.posMax = after
    state.pos = end + 2
    return True


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """The parser's tables, within MAX_COLUMNS and MAX_CELLS: a text of one page could ask for millions of cells."""
    if silent:
        return table(state, start, end, True)
    if not table(state, start, end, True):
        return False
    columns = len(state.getLines(start + 1, start + 2, 0, False).strip().strip("|").split("|"))
    if columns > MAX_COLUMNS:
        raise TooMuch(f"A table may have at most {MAX_COLUMNS} columns")
    left = MAX_CELLS - state.env.get("cells", 0)
    before = len(state.tokens)
    table(state, start, min(end, start + 3 + left // columns), False)  # no row further than it takes to be too many
    cells = sum(token.type in ("th_open", "td_open") for token in state.tokens[before:])
    if cells > left:
        raise TooMuch(f"The tables of a text may have at most {MAX_CELLS:,} cells together")
    state.env["cells"] = MAX_CELLS - left + cells
    return True


def _blocks(state: StateCore) -> None:
    """The page's own title is the only h1, so headings move down one; a picture alone on its line is a figure."""
    tokens = state.tokens
    for index, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            side = str(token.attrs.pop("style")).rpartition(":")[2]
            token.attrs["class"] = f"align-{side}"
        elif token.type == "inline" and _is_figure(token) and tokens[index - 1].type == "paragraph_open":
            tokens[index - 1].tag = tokens[index + 1].tag = "figure"
            tokens[index - 1].hidden = tokens[index + 1].hidden = False
            assert token.children is not None
            token.children[0].meta["figure"] = True


def _is_figure(inline: Token) -> bool:
    children = inline.children or []
    return len(children) == 1 and children[0].type == "image" and allowed_image(str(children[0].attrs.get("src", "")))


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


class _Renderer(RendererHTML):
    """Markdown-it's renderer, with our pictures, links and footnotes."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A picture; one from a place that is not allowed becomes its alternative text."""
        token = tokens[idx]
        src = str(token.attrs.get("src", ""))
        alt = self.renderInlineAsText(token.children, options, env) if token.children else ""
        if not allowed_image(src):
            return _escape(alt)
        attributes = {"src": src, "alt": alt, "loading": "lazy", "decoding": "async"}
        facts = env["images"].get(own_media_id(src)) if "images" in env else None
        if facts is not None:
            attributes |= {"width": str(facts.width), "height": str(facts.height)}
            if facts.srcset:
                attributes |= {"srcset": facts.srcset, "sizes": "(min-width: 48rem) 44rem, 100vw"}
        tag = "<img " + " ".join(f'{name}="{_escape(text)}"' for name, text in attributes.items()) + ">"
        title = str(token.attrs.get("title", ""))
        if token.meta.get("figure") and title:
            return f"{tag}<figcaption>{_escape(title)}</figcaption>"
        return tag

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link; one that leads away passes on neither reputation nor access to this window."""
        token = tokens[idx]
        parts = urlsplit(str(token.attrs.get("href", "")))
        if parts.netloc or parts.scheme in ("http", "https"):
            token.attrs["rel"] = "nofollow ugc noopener"
        return self.renderToken(tokens, idx, options, env)

    def footnote_anchor(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """The way back from a footnote to each place that refers to it."""
        number, again = int(tokens[idx].meta["id"]) + 1, int(tokens[idx].meta.get("subId", 0))
        target = f"fnref{number}:{again}" if again > 0 else f"fnref{number}"
        return f' <a href="#{target}" class="footnote-backref" aria-label="Back to the text">\u21a9\ufe0e</a>'


# ---- the allow-list --------------------------------------------------------------------------------------------

_TAGS: Final = {
    *("p", "br", "hr", "blockquote", "pre", "ol", "ul", "li", "section", "figure", "figcaption", "img"),
    *("h2", "h3", "h4", "h5", "h6", "a", "code", "em", "strong", "s", "del", "sup", "span"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES: Final = {
    "a": {"href", "title", "rel", "id", "class", "aria-label"},
    "code": {"class"},
    "hr": {"class"},
    "img": {"src", "alt", "title", "loading", "decoding", "width", "height", "srcset", "sizes"},
    "li": {"id", "class"},
    "ol": {"start", "class"},
    "section": {"class"},
    "span": {"class", "tabindex"},
    "sup": {"class"},
    "td": {"class"},
    "th": {"class"},
}
_CLASS: Final = re.compile(
    r"language-[A-Za-z0-9_+#-]{1,30}|align-(?:left|right|center)"
    r"|footnotes(?:-list|-sep)?|footnote-(?:ref|item|anchor|backref)|spoiler"
)
_ID: Final = re.compile(r"fn(?:ref)?\d{1,4}(?::\d{1,4})?")


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def _attribute(tag: str, name: str, content: str) -> str | None:
    if name == "class":
        return content if _CLASS.fullmatch(content) else None
    if name == "id":
        return content if _ID.fullmatch(content) else None
    if tag == "img" and name == "src":
        return content if allowed_image(content) else None
    return content


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)


def _whole_characters(line: str, length: int) -> str:
    """The first `length` characters, less those that would part a letter from its accents or an emoji in two."""
    while length > 1 and (unicodedata.combining(line[length]) or "\u200d" in line[length - 1 : length + 1]):
        length -= 1
    return line[:length]
