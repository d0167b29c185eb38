"""How machines are answered: the same for everybody, to be kept for a while, not sent again to whom has it already."""

import hashlib
import re
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from litestar import Request, Response

# What no XML document may hold, not even escaped.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def kept(request: Request[Any, Any, Any], content: str, media_type: str, *, max_age_s: int = 900) -> Response[Any]:
    """The content with its tag, or 304 for whoever shows that tag."""
    tag = f'"{hashlib.sha256(content.encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": f"public, max-age={max_age_s}", "ETag": tag}
    shown = request.headers.get("if-none-match", "")
    if shown == "*" or tag in (one.strip().removeprefix("W/") for one in shown.split(",")):
        return Response(content=None, status_code=304, headers=headers)
    return Response(content=content, media_type=f"{media_type}; charset=utf-8", headers=headers)


def text(content: str) -> str:
    """Text as XML holds it."""
    return escape(_NOT_XML.sub("", content))


def tag(name: str, content: str = "", **attributes: str) -> str:
    """An element with text in it; nothing where there is neither text nor an attribute."""
    if not content and not attributes:
        return ""
    shown = "".join(f" {key.rstrip('_')}={quoteattr(_NOT_XML.sub('', given))}" for key, given in attributes.items())
    return f"<{name}{shown}>{text(content)}</{name}>" if content else f"<{name}{shown}/>"
