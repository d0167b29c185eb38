"""The parser: CommonMark with what we add to it, and bounds for what would take it long."""

import re
import threading
from collections.abc import Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from stoa.kit.markdown.allowed import allowed_image, escape, own_media_id

MAX_COLUMNS: Final = 40  # of a table
MAX_CELLS: Final = 4000  # of all tables of a text
MAX_NOTES: Final = 1000  # footnotes and references to them
MAX_OPEN_BRACKETS: Final = 100  # in one paragraph
MAX_INSIDE: Final = 100  # emphasis within emphasis; beyond some hundreds neither browsers nor e-readers follow
MAX_STEPS: Final = 250_000  # of the parser; a text of 50,000 characters takes some thousand
TOO_DEEP: Final = "The marks in this text are nested too deeply; please use fewer of them"
_MAX_LINK_WORK: Final = 2_000_000  # a bare link is looked for to the end of its word
_threads: Final = threading.local()
_BRACKETS: Final = re.compile(r"[\[\]]")
_LINK_WORDS: Final = re.compile(r"\S{500,}")


class TooMuch(ValueError):
    """The text would take far longer to read than any real one; the message says by what, for a person."""


def the_parser() -> MarkdownIt:
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


def check_size(source: str) -> None:
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
        raise TooMuch(TOO_DEEP)
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
    """The page's own title is the only h1, so headings move down one; a picture alone on its line is a figure.

    Raises TooMuch for marks that stand in each other too deeply.
    """
    tokens = state.tokens
    for index, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        elif token.type in ("th_open", "td_open") and "style" in token.attrs:
            side = str(token.attrs.pop("style")).rpartition(":")[2]
            token.attrs["class"] = f"align-{side}"
        elif token.type == "inline" and max((child.level for child in token.children or ()), default=0) > MAX_INSIDE:
            raise TooMuch(TOO_DEEP)
        elif token.type == "inline" and _is_figure(token) and tokens[index - 1].type == "paragraph_open":
            tokens[index - 1].tag = tokens[index + 1].tag = "figure"
            tokens[index - 1].hidden = tokens[index + 1].hidden = False
            assert token.children is not None
            token.children[0].meta["figure"] = True


def _is_figure(inline: Token) -> bool:
    children = inline.children or []
    return len(children) == 1 and children[0].type == "image" and allowed_image(str(children[0].attrs.get("src", "")))


class _Renderer(RendererHTML):
    """Markdown-it's renderer, with our pictures, links and footnotes."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A picture; one from a place that is not allowed becomes its alternative text."""
        token = tokens[idx]
        src = str(token.attrs.get("src", ""))
        alt = self.renderInlineAsText(token.children, options, env) if token.children else ""
        if not allowed_image(src):
            return escape(alt)
        attributes = {"src": src, "alt": alt, "loading": "lazy", "decoding": "async"}
        facts = env["images"].get(own_media_id(src)) if "images" in env else None
        if facts is not None:
            attributes |= {"width": str(facts.width), "height": str(facts.height)}
            if facts.srcset:
                attributes |= {"srcset": facts.srcset, "sizes": "(min-width: 48rem) 44rem, 100vw"}
        tag = "<img " + " ".join(f'{name}="{escape(text)}"' for name, text in attributes.items()) + ">"
        title = str(token.attrs.get("title", ""))
        if token.meta.get("figure") and title:
            return f"{tag}<figcaption>{escape(title)}</figcaption>"
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
