"""Fetching from addresses that others name: never from our own network, whatever they are called (L3)."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest

from stoa.kit import outgoing

PUBLIC = "93.184.215.14"


class Web:
    """Hosts that are all this machine: what they resolve to, and whom was really connected to."""

    def __init__(self) -> None:
        self.names: dict[str, list[list[str]]] = {}
        self.dialled: list[str] = []
        self.port = 0
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.slow_s = 0.0
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> list[str]:
        answers = self.names.get(host)
        if answers is None:
            raise OSError("no such host")
        return answers.pop(0) if len(answers) > 1 else answers[0]


class _Dial(httpcore.AnyIOBackend):
    def __init__(self, web: Web) -> None:
        super().__init__()
        self.web = web

    async def connect_tcp(self, host: str, port: int, *rest: Any, **more: Any) -> Any:
        self.web.dialled.append(host)
        return await super().connect_tcp("127.0.0.1", self.web.port)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    made = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(f"{self.headers['host']}{self.path}")
            status, headers, body = made.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for begin in range(0, len(body), 65536):
                    self.wfile.write(body[begin : begin + 65536])
                    self.wfile.flush()
                    if made.slow_s:
                        threading.Event().wait(made.slow_s)
            except OSError:
                pass

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(outgoing, "resolve", made.resolve)
    monkeypatch.setattr(outgoing, "network", lambda: _Dial(made))
    made.names["files.example"] = [[PUBLIC]]
    yield made
    server.shutdown()
    server.server_close()


async def get(url: str, most: int = 1000, timeout_s: float = 5) -> outgoing.Fetched:
    return await outgoing.download(url, most_bytes=most, timeout_s=timeout_s)


async def test_a_public_file(web: Web) -> None:
    web.pages["/a/stone%20one.png?x=1"] = (200, {"Content-Type": "image/png; x=y"}, b"content")
    found = await get("http://files.example/a/stone%20one.png?x=1")
    assert (found.content, found.content_type, found.filename) == (b"content", "image/png", "stone one.png")
    assert web.dialled == [PUBLIC] and web.asked == ["files.example/a/stone%20one.png?x=1"]


async def test_it_is_called_as_its_host_says(web: Web) -> None:
    for header, name in (
        ('attachment; filename="b.pdf"', "b.pdf"),
        ("attachment; filename*=UTF-8''%C3%A9.pdf", "é.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment", "a"),
    ):
        web.pages["/a"] = (200, {"Content-Disposition": header}, b"x")
        assert (await get("http://files.example/a")).filename == name


PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "nonsense",
]


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_not_reached(web: Web, address: str) -> None:
    assert not outgoing.is_public(address)
    web.names["files.example"] = [[address]]
    with pytest.raises(outgoing.Unreachable, match="open internet"):
        await get("http://files.example/a")
    web.names["files.example"] = [[PUBLIC, address]]
    with pytest.raises(outgoing.Unreachable, match="open internet"):
        await get("http://files.example/a")
    assert web.dialled == [] and web.asked == []


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", PUBLIC])
def test_public_addresses(address: str) -> None:
    assert outgoing.is_public(address)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/", "http://localhost/"]
)
async def test_addresses_written_out_are_looked_at_too(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Here the system itself resolves."""
    with pytest.raises(outgoing.Unreachable):
        await get(url)


async def test_a_name_that_answers_differently_a_moment_later(web: Web) -> None:
    """The connection goes to the address that was looked at; there is no second look."""
    web.pages["/a"] = (200, {}, b"x")
    web.names["files.example"] = [[PUBLIC], ["127.0.0.1"]]
    await get("http://files.example/a")
    assert web.dialled == [PUBLIC]
    with pytest.raises(outgoing.Unreachable, match="open internet"):
        await get("http://files.example/a")


async def test_redirects_are_looked_at_again(web: Web) -> None:
    web.names["inner.example"] = [["192.168.0.7"]]
    web.names["other.example"] = [["1.1.1.1"]]
    web.pages["/there"] = (302, {"Location": "http://other.example/b"}, b"")
    web.pages["/b"] = (200, {}, b"found")
    assert (await get("http://files.example/there")).content == b"found"
    assert web.dialled == [PUBLIC, "1.1.1.1"]
    for target in (
        "http://inner.example/",
        "file:///etc/passwd",
        "gopher://other.example/",
        "http://other.example:22/",
    ):
        web.pages["/there"] = (302, {"Location": target}, b"")
        with pytest.raises(outgoing.Unreachable):
            await get("http://files.example/there")
    web.pages["/there"] = (302, {"Location": "/there"}, b"")
    with pytest.raises(outgoing.Unreachable, match="without an end"):
        await get("http://files.example/there")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "files.example/a",
        "//files.example/a",
        "file:///etc/passwd",
        "ftp://files.example/a",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http://",
        "http:///a",
        "http://user:pass@files.example/",
        "http://files.example:8080/",
        "http://files.example:99999/",
        "http://files.example/a b",
        "http://files.example/\r\nX: y",
        "http://[::1",
        "http://é.example/",
        "http://files.example/" + "x" * 2000,
    ],
)
async def test_what_is_no_web_address(web: Web, url: str) -> None:
    with pytest.raises(outgoing.Unreachable):
        await get(url)
    assert web.dialled == []


async def test_no_more_bytes_than_allowed(web: Web) -> None:
    web.pages["/a"] = (200, {}, b"x" * 1001)
    with pytest.raises(outgoing.Unreachable, match="more than"):
        await get("http://files.example/a")
    web.pages["/a"] = (200, {"Content-Length": "99999999999999999999999"}, b"x")
    with pytest.raises(outgoing.Unreachable):
        await get("http://files.example/a")
    web.pages["/a"] = (200, {"Content-Encoding": "gzip"}, b"x")
    with pytest.raises(outgoing.Unreachable, match="packed"):
        await get("http://files.example/a")
    for status in (404, 500, 304):
        web.pages["/a"] = (status, {}, b"")
        with pytest.raises(outgoing.Unreachable, match=str(status)):
            await get("http://files.example/a")


async def test_who_sends_slowly_is_not_waited_for(web: Web) -> None:
    web.pages["/a"] = (200, {}, b"x" * 65536 * 50)
    web.slow_s = 0.1
    began = asyncio.get_running_loop().time()
    with pytest.raises(outgoing.Unreachable, match="within"):
        await get("http://files.example/a", most=10**9, timeout_s=0.5)
    assert asyncio.get_running_loop().time() - began < 3
