"""Files going out: to whom, in which parts, how long they may be kept, and that it is counted."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pyvips

from stoa.foundation.media.policies import links_to, signed_picture, signed_srcset
from stoa.foundation.media.queries import media_by_ids
from tests.foundation.media import samples
from tests.foundation.media.test_kinds import send
from tests.foundation.media.test_library import MEDIA

TEXT = bytes(range(32, 127)) * 4000  # 380,000 bytes of text


@pytest.fixture
async def text(mine: Any, jobs: Any) -> str:
    media_id = (await send(mine, TEXT, "löng text.txt")).json()["id"]
    await jobs()
    return str(media_id)


async def test_ranges(mine: Any, text: str) -> None:
    path = f"{MEDIA}/{text}/stream"
    whole = await mine.get(path)
    assert (whole.status_code, whole.content) == (200, TEXT)
    assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == ("bytes", str(len(TEXT)))
    size = len(TEXT)
    for asked, begin, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        (f"bytes={size - 5}-", size - 5, size),
        ("bytes=-7", size - 7, size),
        (f"bytes=-{size * 2}", 0, size),
        (f"bytes=5-{size * 2}", 5, size),
        ("bytes=1000-300999", 1000, 301_000),
    ):
        part = await mine.get(path, headers={"Range": asked})
        assert part.status_code == 206, asked
        assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
        assert part.content == TEXT[begin:end] and part.headers["content-length"] == str(end - begin)
    for asked in (f"bytes={size}-", "bytes=-0", f"bytes={size + 5}-{size + 9}"):
        outside = await mine.get(path, headers={"Range": asked})
        assert (outside.status_code, outside.headers["content-range"]) == (416, f"bytes */{size}"), asked
    for asked in ("bytes=5-2", "bytes=-", "bytes=0-1,4-5", "lines=0-1", "bytes=x-y", "bytes=" + "9" * 40 + "-"):
        assert (await mine.get(path, headers={"Range": asked})).status_code == 200, asked


async def test_etags(mine: Any, text: str) -> None:
    path = f"{MEDIA}/{text}/stream"
    tag = (await mine.get(path)).headers["etag"]
    again = await mine.get(path, headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    same = await mine.get(path, headers={"Range": "bytes=0-1", "If-Range": tag})
    other = await mine.get(path, headers={"Range": "bytes=0-1", "If-Range": '"x"'})
    assert (same.status_code, other.status_code) == (206, 200)


async def test_nothing_runs_where_it_is_shown(mine: Any, text: str) -> None:
    for what, kind in (("download", "attachment"), ("stream", "attachment")):
        headers = (await mine.get(f"{MEDIA}/{text}/{what}")).headers
        assert headers["content-disposition"] == f"{kind}; filename*=UTF-8''l%C3%B6ng%20text.txt"
        assert headers["x-content-type-options"] == "nosniff" and "sandbox" in headers["content-security-policy"]
        assert headers["content-type"].startswith("text/plain")
    shown = (await send(mine, samples.pdf(), "a.html")).json()["id"]
    headers = (await mine.get(f"{MEDIA}/{shown}/stream")).headers
    assert headers["content-disposition"].startswith("inline") and headers["content-type"] == "application/pdf"
    assert headers["content-disposition"].endswith("a.html.pdf"), "no name makes a page of it"


async def test_signed_addresses_of_files(mine: Any, client: Any, ctx: Any, text: str, stranger: Any) -> None:
    links = (await mine.get(f"{MEDIA}/{text}")).json()["links"]
    ends = datetime.fromisoformat(links["expires_at"])
    assert timedelta(minutes=14) < ends - datetime.now(UTC) <= timedelta(minutes=15)
    download, streamed = await client.get(links["download_url"]), await client.get(links["stream_url"])
    assert download.content == TEXT and download.headers["content-disposition"].startswith("attachment")
    assert streamed.headers["cache-control"].startswith("private")
    part = await client.get(links["stream_url"], headers={"Range": "bytes=3-5"})
    assert (part.status_code, part.content) == (206, TEXT[3:6])
    head, token = links["download_url"].rsplit("/", 1)
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token[:40], "x", "A" * 180):
        assert (await client.get(f"{head}/{wrong}")).status_code == 404
    old = links_to(ctx, text, timedelta(seconds=-5))
    assert (await client.get(old.download_url)).status_code == 404, "it has ended"
    assert (await stranger.get(f"{MEDIA}/{text}/download")).status_code == 404
    await mine.delete(f"{MEDIA}/{text}")
    assert (await client.get(links["download_url"])).status_code == 404, "what is in the trash is gone for others"


async def test_private_pictures(mine: Any, client: Any, ctx: Any, stranger: Any) -> None:
    made = (await send(mine, samples.picture(700, 50), visibility="private")).json()
    url = made["url"]
    assert (await client.get(url)).status_code == 404 == (await stranger.get(url)).status_code
    owners = await mine.get(url)
    assert (owners.status_code, owners.headers["cache-control"]) == (200, "private, no-cache")
    assert await media_by_ids(ctx, [made["id"]]) == [], "nobody takes it for one that all may see"
    signed = signed_picture(ctx, url, made["id"])
    shown = await client.get(signed)
    assert shown.status_code == 200 and shown.headers["cache-control"].startswith("private, max-age=")
    assert 600 < int(shown.headers["cache-control"].rpartition("=")[2]) <= 1200
    for address in signed_srcset(ctx, made["srcset"], made["id"]).split(", "):
        assert (await client.get(address.rpartition(" ")[0])).status_code == 200
    other = (await send(mine, samples.picture(60, 50, 7), visibility="private")).json()
    moved = other["url"] + "?" + signed.partition("?")[2]
    assert (await client.get(moved)).status_code == 404, "a signature is for one picture"
    for wrong in (
        signed.replace("e=", "e=9"),
        signed[:-3],
        signed + "A",
        f"{url}?s=x",
        f"{url}?e=٣&s=x",
        signed_picture(ctx, url, made["id"], timedelta(hours=-2)),
    ):
        assert (await client.get(wrong)).status_code == 404, wrong


async def test_what_is_fetched_is_counted(mine: Any, client: Any, text: str, ctx: Any, ana: Any, db: Any) -> None:
    made = (await send(mine, samples.picture(50, 50))).json()
    picture = await client.get(made["url"])
    await client.get(made["url"], headers={"If-None-Match": picture.headers["etag"]})
    await mine.get(f"{MEDIA}/{text}/download", headers={"Range": "bytes=0-999"})
    await mine.get(f"{MEDIA}/{text}/download")
    answer = (await mine.get(f"{MEDIA}/bandwidth")).json()
    expected = len(picture.content) + 1000 + len(TEXT)
    assert (answer["month_bytes"], answer["month_requests"]) == (expected, 3), "what was not sent is not counted"
    (day,) = answer["days"]
    assert (day["day"], day["bytes_count"]) == (datetime.now(UTC).date().isoformat(), expected)
    assert answer["limit_bytes"] is None and answer["resets_at"] > datetime.now(UTC).isoformat()
    await client.get(made["url"])
    assert (await mine.get(f"{MEDIA}/bandwidth")).json()["month_bytes"] == expected + len(picture.content)


async def test_avif(mine: Any, client: Any, jobs: Any, app: Any) -> None:
    made = (await send(mine, samples.picture(700, 100))).json()
    assert made["avif_srcset"] == ""
    await jobs()
    made = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert made["avif_srcset"] == ", ".join(
        f"/media/{made['id']}/{size}.avif {width}w" for size, width in ((320, 320), (640, 640), (960, 700))
    )
    file = await client.get(f"/media/{made['id']}/640.avif")
    assert (file.status_code, file.headers["content-type"]) == (200, "image/avif")
    assert pyvips.Image.new_from_buffer(file.content, "").width == 640
    listed = (await mine.get(f"{MEDIA}/{made['id']}/variants")).json()
    assert [(v["format"], v["size"]) for v in listed] == [
        *(("webp", size) for size in (320, 640, 960)),
        *(("avif", size) for size in (320, 640, 960)),
    ]
    for size in listed:
        assert len((await client.get(size["url"])).content) == size["bytes_count"]
    total = sum(v["bytes_count"] for v in listed) + made["original_bytes"]
    assert made["bytes_count"] == total
    assert len(await app.storage.paths("media")) == 7
