"""What may stand in a page: the allow-list through which all HTML of people passes (L4), and where pictures lie."""

import re
from typing import Final
from urllib.parse import urlsplit

import nh3

_OWN_MEDIA: Final = re.compile(r"/media/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/[a-z0-9]+\.webp")


def allowed_image(url: str) -> bool:
    """Whether a picture may be shown from this address: our own media, or https elsewhere."""
    return own_media_id(url) is not None or _is_https(url)


def own_media_id(url: str) -> str | None:
    """The media id in the address of one of our own images, else None."""
    match = _OWN_MEDIA.fullmatch(url)
    return match[1] if match else None


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


def clean(html: str) -> str:
    """HTML without anything that is not on the list."""
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


def escape(text: str) -> str:
    """Text as HTML."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.netloc)
