"""Static files: kept for ever under hashed names, compressed for whoever takes it."""

from typing import Any

from stoa.front.page import assets


async def test_built_files_are_kept_and_compressed(client: Any) -> None:
    path = assets("app.css")
    plain = await client.get(path, headers={"accept-encoding": "identity"})
    packed = await client.get(path, headers={"accept-encoding": "gzip"})
    assert plain.status_code == packed.status_code == 200
    assert "content-encoding" not in plain.headers
    assert (packed.headers["content-encoding"], packed.text == plain.text) == ("gzip", True)
    assert "immutable" in packed.headers["cache-control"]
    assert "max-age=31536000" in packed.headers["cache-control"]
    assert "accept-encoding" in packed.headers["vary"].lower()


async def test_pages_are_not_compressed_and_nothing_else_is_served(client: Any) -> None:
    home = await client.get("/", headers={"accept-encoding": "gzip"})
    assert (home.status_code, home.headers.get("content-encoding")) == (200, None)
    for path in ("/static/../page.py", "/static/%2e%2e/page.py", "/static/build/../../page.py", "/static/none.css"):
        assert (await client.get(path)).status_code in (404, 422)
