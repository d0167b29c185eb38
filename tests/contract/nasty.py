"""What clients and attackers really send: values that fit nowhere, and requests that are hardly any."""

import inspect
import json
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from stoa.front import __file__ as front
from tests.contract.routes import PARAMETER, SAFE, Route

T = TypeVar("T")

TEXTS: Final = (
    "\x00",
    "in the middle\x00of it",
    "\ud800",
    "text \udfff text",
    "x" * 10_000,
    "9" * 400,
    "9" * 5000,
    "-1",
    "2147483648",
    "9223372036854775808",
    "1e400",
    "NaN",
    "Infinity",
    "١٢٣",
    "²",
    "null",
    "[]",
    "{}",
    "",
    " ",
    "\u202e\u200b\ufeff",
    "%s%n%x",
    "{{7*7}}${7*7}",
    "' or 1=1 --",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "//elsewhere.example",
    "https://[::1",
    "\r\nSet-Cookie: a=b",
)
# One of each sort, for what is tried in every field and every parameter.
FEW: Final = (
    "\x00",
    "\ud800",
    "x" * 3000,
    "9" * 5000,
    "-1",
    "2147483648",
    "",
    "²",
    "https://[::1",
    "//elsewhere.example",
)
JSONS: Final[tuple[Any, ...]] = (None, True, -1, 0, 2**31, 2**63, 2**64, 1.5, [], {}, [None], [[["x"]]], {"a": None})
# Pieces of an address as they are on the wire.
PIECES: Final = (
    "%00",
    "a%00b",
    "%FF%FE",
    "%ED%A0%80",
    "%C0%AE",
    "%2e%2e%2f%2e%2e%2fetc",
    "%25%30%30",
    "%0d%0aX:1",
    "%D9%A1",
    "%C2%B2",
    "%F0%9F%98%80",
    "9" * 400,
    "-1",
    "x" * 5000,
    "%5B",
    "00000000-0000-0000-0000-000000000000",
)
QUERY_NAMES: Final = (
    "q cursor page limit next state sort key card category author language days direction status queue type asset kind "
    "id from to day since until owner purpose user email amount _csrf"
).split()
RAW_QUERIES: Final = ("&&==%%%&;", "=%FF&%FF=1", "cursor=%00", "limit=1&limit=2&limit=x", "q=%ED%A0%80", "[]=1&a[b]=2")
JSON_TYPE: Final = "application/json"
FORM_TYPE: Final = "application/x-www-form-urlencoded"

BODIES: Final[tuple[tuple[str | None, bytes], ...]] = (
    (JSON_TYPE, b""),
    (JSON_TYPE, b"{"),
    (JSON_TYPE, b"null"),
    (JSON_TYPE, b"[]"),
    (JSON_TYPE, b"[{}]"),
    (JSON_TYPE, b'"text"'),
    (JSON_TYPE, b"1"),
    (JSON_TYPE, b"1e999"),
    (JSON_TYPE, b"NaN"),
    (JSON_TYPE, b"9" * 5000),
    (JSON_TYPE, b"\xff\xfe\x00"),
    (JSON_TYPE, b'{"a": "\xed\xa0\x80"}'),
    (JSON_TYPE, b'{"\\ud800": 1}'),
    (JSON_TYPE, b"\xef\xbb\xbf{}"),
    (JSON_TYPE, "{}".encode("utf-16")),
    (JSON_TYPE, b"[" * 100_000),
    (JSON_TYPE, b'{"a":' * 50_000),
    (JSON_TYPE, b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}"),
    (JSON_TYPE, b"{" + b'"a":1,' * 10_000 + b'"a":1}'),
    (JSON_TYPE, b" " * (1024 * 1024 + 1)),
    ("application/json; charset=utf-16", b"{}"),
    ("application/json; charset=nonsense", b"{}"),
    ("text/plain", b"{}"),
    ("application/xml", b"<a/>"),
    ("application/x-msgpack", b"\x81\xa1a\xc0"),
    ("application/vnd.msgpack", b"\xc1"),
    ("nonsense", b"{}"),
    ("", b"{}"),
    (None, b"{}"),
    (FORM_TYPE, b"%FF=%FE&\xff=1"),
    (FORM_TYPE, b"&&&=&=="),
    (FORM_TYPE, b"a=1&" * 3000),
    ("multipart/form-data", b"--x\r\n\r\n--x--"),
    ("multipart/form-data; boundary=x", b""),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: nonsense\r\n\r\n\xff\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nno end'),
    ("multipart/form-data; boundary=" + "x" * 500, b"--x"),
)
HEADERS: Final[tuple[dict[str, str], ...]] = (
    {"idempotency-key": "x" * 300},
    {"idempotency-key": "\xff"},
    {"idempotency-key": ""},
    {"referer": "http://[", "hx-current-url": "http://[", "hx-request": "true"},
    {"referer": "http://[", "origin": "http://["},
    {"referer": "//a\\b", "origin": "null", "host": "elsewhere.example:99999"},
    {"x-csrf-token": "\xff", "sec-fetch-site": "\xff", "cookie": "stoa_session=\xff; stoa_csrf=\xff"},
    {"cookie": 'stoa_session="; stoa_csrf=a; theme=\xff; reading=.....; stoa_flash=AAAA.BBBB; =; ;;'},
    {"cookie": "a=b; " * 2000},
    {"x-forwarded-for": "\xff, 1.2.3.4.5, ::1%25eth0", "forwarded": "for=\xff"},
    {"accept": "\xff;q=x", "accept-language": "\xff", "accept-encoding": "x", "user-agent": "\xff" * 1000},
    {"range": "bytes=9-1", "if-none-match": '"\xff', "if-modified-since": "yesterday", "if-match": "*"},
    {"content-length": "5"},
    {"expect": "100-continue", "transfer-encoding": "chunked", "upgrade": "h2c", "connection": "upgrade"},
)
TOKENS: Final = ("", "x", "a.b.c", "\xff", "x" * 5000, "eyJhbGciOiJub25lIn0.eyJzaWQiOjF9.")


@dataclass(frozen=True)
class Sent:
    """One request: what is odd about it, and the request."""

    what: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def form_names() -> list[str]:
    """The names of all fields in all pages, and of all Structs that forms are read into."""
    names: set[str] = set()
    for path in Path(str(front)).parent.rglob("*"):
        if path.suffix == ".html":
            names |= set(re.findall(r'\bname="(\w+)"', path.read_text("utf-8")))
        if path.suffix == ".py":
            names |= set(re.findall(r"^    (\w+): ", path.read_text("utf-8"), re.MULTILINE))
            names |= set(re.findall(r'form\.get\("(\w+)"', path.read_text("utf-8")))
    return sorted(names | {"_csrf"})


def json_names(route: Route) -> list[str]:
    """The fields of the Struct that a route's body is read into."""
    data = route.handler.parsed_fn_signature.parameters.get("data")
    struct = getattr(data, "annotation", None)
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
        return [field.encode_name for field in msgspec.structs.fields(struct)]
    return []


def query_names(route: Route) -> list[str]:
    """The parameters that a route declares, or, of a page, those that its file speaks of."""
    declared = {name.removeprefix("in_") for name in route.handler.parsed_fn_signature.parameters}
    declared -= {"ctx", "request", "data", "self", *route.kinds}
    if route.is_page and route.handler.fn.__module__.startswith("stoa."):
        module = sys.modules[route.handler.fn.__module__]
        declared |= set(re.findall(r'"(\w+)"', inspect.getsource(module))) & set(QUERY_NAMES)
    return sorted(declared)


def some(values: Sequence[T], route: Route) -> Sequence[T]:
    """Every fourth, others for other routes: what no handler sees need not be sent to each, but all is sent to many."""
    return values[zlib.crc32(route.name.encode()) % 4 :: 4]


def requests(route: Route, forms: list[str]) -> Iterator[Sent]:
    """All that a route is to bear."""
    base = route.filled()
    if PARAMETER.search(route.path):
        for piece in PIECES:
            yield Sent(f"path {piece[:20]}", PARAMETER.sub(lambda _, p=piece: p, route.path))
    for name in query_names(route):
        for text in FEW:
            query = urlencode({name: text}, errors="surrogatepass")
            yield Sent(f"{name}={text[:20]!r}", f"{base}?{query}")
    for query in some(RAW_QUERIES, route):
        yield Sent(f"query {query}", f"{base}?{query}")
    for headers in some(HEADERS, route):
        yield Sent(f"headers {headers!r:.60}", base, headers)
    for token in some(TOKENS, route):
        yield Sent(f"token {token[:20]!r}", base, {"authorization": f"Bearer {token}"})
    if route.method in SAFE:
        return
    for content_type, body in some(BODIES, route):
        headers = {} if content_type is None else {"content-type": content_type}
        yield Sent(f"body {content_type} {body[:20]!r}", base, headers, body)
    yield from _filled_bodies(route, base, forms)


def spoiled_json(path: str, body: dict[str, Any]) -> Iterator[Sent]:
    """A body that is right but for one field; and one that lacks it."""
    for name in body:
        for value in (*FEW, *JSONS) if "password" not in body else FEW[:3]:  # whose hashes take their time
            spoiled = json.dumps({**body, name: value}).encode()
            yield Sent(f"{name} {value!r:.20}", path, {"content-type": JSON_TYPE}, spoiled)
        left = json.dumps({k: v for k, v in body.items() if k != name}).encode()
        yield Sent(f"no {name}", path, {"content-type": JSON_TYPE}, left)


def spoiled(path: str, form: dict[str, str]) -> Iterator[Sent]:
    """A form that is right but for one field; and one that lacks it."""
    for name in form:
        for text in FEW if "password" not in form else FEW[:3]:
            body = urlencode({**form, name: text}, errors="surrogatepass").encode()
            yield Sent(f"{name} {text[:20]!r}", path, {"content-type": FORM_TYPE}, body)
        left = urlencode({k: v for k, v in form.items() if k != name}).encode()
        yield Sent(f"no {name}", path, {"content-type": FORM_TYPE}, left)


def _filled_bodies(route: Route, base: str, forms: list[str]) -> Iterator[Sent]:
    names = json_names(route)
    if names:
        for value in (*TEXTS, *JSONS):
            body = json.dumps(dict.fromkeys(names, value)).encode()
            yield Sent(f"json fields {value!r:.20}", base, {"content-type": JSON_TYPE}, body)
    if not route.is_page:
        return
    for text in TEXTS:
        body = urlencode(dict.fromkeys(forms, text), errors="surrogatepass").encode()
        yield Sent(f"form fields {text[:20]!r}", base, {"content-type": FORM_TYPE}, body)
    part = '--x\r\nContent-Disposition: form-data; name="{}"; filename="a.png"\r\nContent-Type: image/png\r\n\r\nx\r\n'
    files = "".join(part.format(name) for name in forms) + "--x--\r\n"
    yield Sent("files for fields", base, {"content-type": "multipart/form-data; boundary=x"}, files.encode())
    twice = urlencode([(name, text) for name in forms for text in ("1", "2")]).encode()
    yield Sent("fields twice", base, {"content-type": FORM_TYPE}, twice)
