"""Markdown to safe HTML, to plain text, and to a preview.

What people write is parsed as CommonMark with tables, strikethrough, footnotes and bare links; HTML in it is text. The
result then passes an allow-list once more (L4), so that a mistake in the parser is not a hole in the page.
"""

import re
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, cast
from urllib.parse import urlsplit

import msgspec
import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

WORDS_PER_MINUTE: Final = 230
_threads: Final = threading.local()
_OWN_MEDIA: Final = re.compile(r"/media/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/[a-z0-9]+\.webp")
_EAST_ASIAN: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"  # scripts written without spaces
_WORD: Final = re.compile(rf"[{_EAST_ASIAN}]|[^\W{_EAST_ASIAN}]+(?:['’\-][^\W{_EAST_ASIAN}]+)*")


class ImageFacts(msgspec.Struct, frozen=True):
    """What is known of one of our own images: pixels, and the `srcset` of its sizes."""

    width: int
    height: int
    srcset: str = ""


def render(source: str, *, images: Mapping[str, ImageFacts] | None = None) -> str:
    """Safe HTML of a Markdown text. `images` maps media ids (text) to what is known of them, so nothing jumps."""
    return _clean(_parser().render(source, {"images": images or {}}))


def plain(source: str) -> str:
    """The words of a Markdown text without any mark-up, a line for each block; code blocks are left out."""
    lines = (_inline_text(token) for token in _parser().parse(source) if token.type == "inline")
    return "\n".join(line for line in lines if line)


def prose(source: str) -> str:
    """The words of a text's paragraphs, without headings, tables and pictures; all its words where it has none."""
    tokens = _parser().parse(source)
    opened = ("paragraph_open", "dt_open", "dd_open")
    lines = [
        "".join(_texts(t for t in token.children or () if t.type != "image")).strip()
        for before, token in pairwise(tokens)
        if token.type == "inline" and before.type in opened
    ]
    return "\n".join(line for line in lines if line) or plain(source)


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


def image_urls(source: str) -> list[str]:
    """The addresses of the pictures in a text that may be shown, in order, each once."""
    found: dict[str, None] = {}
    for token in _parser().parse(source):
        for child in token.children or ():
            if child.type == "image":
                found[str(child.attrs.get("src", ""))] = None
    return [url for url in found if allowed_image(url)]


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
    return parser


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


def _texts(tokens: Any) -> Iterator[str]:
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            yield " "
        elif token.type == "image":
            yield from _texts(token.children or ())
        elif token.type in ("text", "code_inline", "text_special"):
            yield token.content


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
    *("h2", "h3", "h4", "h5", "h6", "a", "code", "em", "strong", "s", "del", "sup"),
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
    "sup": {"class"},
    "td": {"class"},
    "th": {"class"},
}
_CLASS: Final = re.compile(
    r"language-[A-Za-z0-9_+#-]{1,30}|align-(?:left|right|center)"
    r"|footnotes(?:-list|-sep)?|footnote-(?:ref|item|anchor|backref)"
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
