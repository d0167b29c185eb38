"""Pictures over HTTP: what is taken, what comes out, and that nothing is left of what is refused."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import pyvips

from stoa.foundation.media import actions


def filled(width: int, height: int, *rgb: int) -> pyvips.Image:
    return pyvips.Image.black(width, height, bands=3).linear(1, list(rgb))


def colours(width: int, height: int) -> pyvips.Image:
    """Red on the left, blue on the right."""
    left = filled(width // 2, height, 200, 20, 20)
    right = filled(width - width // 2, height, 20, 20, 200)
    return left.join(right, "horizontal").cast("uchar").copy(interpretation="srgb")


def jpeg(width: int = 1200, height: int = 800, orientation: int = 1) -> bytes:
    image = colours(width, height).copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Copyright", "SECRET PLACE (SECRET PLACE, ASCII, 13, 13)")
    return bytes(image.jpegsave_buffer(Q=90))


def opened(content: bytes) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(content, "")


async def send(client: Any, data: bytes, name: str = "a.jpg", **fields: str) -> Any:
    return await client.post("/api/v1/media", files={"file": (name, data, "image/jpeg")}, data=fields)


async def stored(app: Any) -> list[str]:
    return await app.storage.paths("media")


async def test_a_picture_in_all_sizes(mine: Any, client: Any, app: Any, ana: Any) -> None:
    answer = await send(mine, jpeg(), alt=" A flag ")
    assert answer.status_code == 201, answer.text
    body = answer.json()
    media_id = body["id"]
    assert {k: body[k] for k in ("owner_id", "url", "width", "height", "frames", "alt", "content_type")} == {
        "owner_id": str(ana.id),
        "url": f"/media/{media_id}/960.webp",
        "width": 1200,
        "height": 800,
        "frames": 1,
        "alt": "A flag",
        "content_type": "image/jpeg",
    }
    assert body["srcset"] == ", ".join(
        f"/media/{media_id}/{size}.webp {width}w" for size, width in ((320, 320), (640, 640), (960, 960), (1440, 1200))
    )
    red, blue = int(body["colour"][1:3], 16), int(body["colour"][5:7], 16)
    assert abs(red - 110) < 3 and abs(blue - 110) < 3
    assert await stored(app) == sorted(
        [f"media/{media_id}/{size}.webp" for size in (320, 640, 960, 1440)] + [f"media/{media_id}/original.jpg"]
    )
    for size, width, height in ((320, 320, 213), (640, 640, 427), (960, 960, 640), (1440, 1200, 800)):
        file = await client.get(f"/media/{media_id}/{size}.webp")
        image = opened(file.content)
        assert (file.status_code, file.headers["content-type"]) == (200, "image/webp")
        assert (image.width, image.height) == (width, height)
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert b"SECRET" not in file.content and not image.get_typeof("exif-data")


async def test_it_is_turned_upright(mine: Any) -> None:
    body = (await send(mine, jpeg(1200, 800, orientation=6))).json()
    assert (body["width"], body["height"]) == (800, 1200)
    image = opened((await mine.get(f"/media/{body['id']}/320.webp")).content)
    assert (image.width, image.height) == (320, 480)
    top, bottom = image(160, 20), image(160, 460)
    assert top[0] > 150 and bottom[2] > 150  # a quarter turn clockwise brings the left side to the top


async def test_colours_are_those_that_were_meant(mine: Any) -> None:
    """By the profile of a picture, if it has one; without one its numbers are sRGB, or greys of it."""
    colour, grey = (
        filled(60, 40, *rgb).cast("uchar").copy(interpretation="srgb") for rgb in ((180, 90, 70), (90, 90, 90))
    )
    wide = colour.icc_transform("p3", input_profile="srgb")
    assert wide(30, 20)[0] < 172, "the same red in other numbers"
    for data, meant in (
        (colour.pngsave_buffer(), (180, 90, 70)),
        (wide.pngsave_buffer(), (180, 90, 70)),
        (wide.pngsave_buffer(keep="none"), wide(30, 20)),
        (colour.colourspace("rgb16").pngsave_buffer(compression=1), (180, 90, 70)),
        (colour.icc_transform("cmyk", input_profile="srgb").jpegsave_buffer(), (180, 90, 70)),
        (grey.colourspace("b-w").pngsave_buffer(), (90, 90, 90)),
        (grey.colourspace("grey16").pngsave_buffer(), (90, 90, 90)),
    ):
        body = (await send(mine, bytes(data))).json()
        image = opened((await mine.get(body["url"])).content)
        assert image.bands == 3 and not image.get_typeof("icc-profile-data")
        assert all(abs(one - other) <= 6 for one, other in zip(image(30, 20), meant, strict=True)), meant
        small = (await mine.post(f"/api/v1/media/{body['id']}/resize", json={"width": 30})).json()
        file = opened((await mine.get(f"/api/v1/media/{small['id']}/download")).content)
        assert (file.width, file.bands, file.interpretation) == (30, 3, "srgb")


async def test_a_small_picture_is_never_enlarged(mine: Any, app: Any) -> None:
    body = (await send(mine, bytes(colours(100, 40).pngsave_buffer()), "x.exe")).json()
    assert (body["content_type"], body["width"], body["height"]) == ("image/png", 100, 40)
    assert body["srcset"] == f"/media/{body['id']}/320.webp 100w"
    assert await stored(app) == [f"media/{body['id']}/320.webp", f"media/{body['id']}/original.png"]
    assert opened((await mine.get(body["url"])).content).width == 100  # 960 answers with the largest there is


async def test_an_animation_stays_one(mine: Any) -> None:
    frames = pyvips.Image.arrayjoin([colours(60, 40), colours(60, 40).invert()], across=1).copy()
    frames.set_type(pyvips.GValue.gint_type, "page-height", 40)
    body = (await send(mine, bytes(frames.gifsave_buffer()))).json()
    assert (body["content_type"], body["frames"], body["width"], body["height"]) == ("image/gif", 2, 60, 40)
    content = (await mine.get(body["url"])).content
    assert pyvips.Image.new_from_buffer(content, "", n=-1).get("n-pages") == 2


async def test_avif_and_webp(mine: Any) -> None:
    for content, kind in (
        (colours(50, 50).heifsave_buffer(compression="av1"), "image/avif"),
        (colours(50, 50).webpsave_buffer(), "image/webp"),
    ):
        assert (await send(mine, bytes(content))).json()["content_type"] == kind


TINY_PNG = bytes(colours(30, 30).pngsave_buffer())
REFUSED = {
    "empty": (b"", "This file is empty"),
    "text": (b"hello, I am a picture", "This is not a picture we know"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "SVG drawings can hold scripts"),
    "svg with a preamble": (b"\xef\xbb\xbf <?xml version='1.0'?><svg/>", "SVG drawings can hold scripts"),
    "pdf": (b"%PDF-1.7\n1 0 obj", "This is not a picture we know"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC pictures are not taken"),
    "half a jpeg": (jpeg()[:4000], "damaged"),
    "a jpeg without its end": (jpeg()[:-40], "damaged"),
    "half a png": (TINY_PNG[:60], "damaged"),
    "only a beginning": (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "damaged"),
    "a false gif": (b"GIF89a" + b"\xff" * 99, "damaged"),
    "a false webp": (b"RIFF\0\0\0\0WEBP" + b"\xff" * 99, "damaged"),
    "a bomb": (bytes(pyvips.Image.black(20_000, 20_000).pngsave_buffer(compression=9)), "50 megapixels"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_leaves_nothing(mine: Any, app: Any, db: Any, name: str) -> None:
    data, why = REFUSED[name]
    answer = await send(mine, data)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "image_refused" and why in answer.json()["fields"]["file"]
    assert await stored(app) == [] and await db.fetchval("select count(*) from media") == 0


async def test_too_many_frames(mine: Any) -> None:
    pages = [filled(4, 4, n % 256, n // 256, 0) for n in range(401)]
    frames = pyvips.Image.arrayjoin(pages, across=1).cast("uchar").copy(interpretation="srgb")
    frames.set_type(pyvips.GValue.gint_type, "page-height", 4)
    answer = await send(mine, bytes(frames.webpsave_buffer(lossless=True)))
    assert answer.status_code == 422 and "400 frames" in answer.json()["fields"]["file"]


@pytest.mark.parametrize("most_bytes", [None, 1000])
async def test_too_many_bytes(mine: Any, app: Any, most_bytes: int | None) -> None:
    before = app.settings
    if most_bytes:
        app.settings = msgspec.structs.replace(before, max_upload_bytes=most_bytes)
    try:
        for length in (most_bytes or 25 * 1024**2, (most_bytes or 25 * 1024**2) + 100_000):
            answer = await send(mine, b"\xff\xd8\xff" + b"x" * length)
            assert answer.status_code == 413 and answer.json()["code"] == "image_too_large"
            assert answer.json()["most_bytes"] == (most_bytes or 26_214_400)
    finally:
        app.settings = before
    assert await stored(app) == []


async def test_the_default_is_what_the_rules_say(app: Any) -> None:
    assert app.settings.max_upload_bytes == 25 * 1024 * 1024


@pytest.mark.parametrize(
    "request_parts",
    [
        {"files": {"other": ("a.jpg", b"x")}},
        {"data": {"file": "text"}},
        {"content": b"no form at all", "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
        {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data"}},
        {"files": {"file": ("a.png", TINY_PNG)}, "data": {"alt": "a\x00b"}},
        {"files": {"file": ("a.png", TINY_PNG)}, "data": {"alt": "x" * 1001}},
    ],
)
async def test_broken_forms(mine: Any, app: Any, request_parts: Any) -> None:
    answer = await mine.post("/api/v1/media", **request_parts)
    assert answer.status_code == 422, (answer.status_code, answer.text)
    assert await stored(app) == []


async def test_the_same_bytes_are_one_picture(mine: Any, client: Any, app: Any, make: Any) -> None:
    first = (await send(mine, TINY_PNG)).json()
    again = (await send(mine, TINY_PNG, alt="now described")).json()
    assert again["id"] == first["id"] and again["alt"] == "now described"
    other = (await send(client.as_(await make.user("ben")), TINY_PNG)).json()
    assert other["id"] != first["id"]
    assert len(await stored(app)) == 4


async def test_the_same_bytes_at_once(mine: Any, app: Any, gather: Any) -> None:
    answers = await gather(*(send(mine, TINY_PNG) for _ in range(6)))
    assert {a.status_code for a in answers} == {201}
    assert len({a.json()["id"] for a in answers}) == 1
    assert len(await stored(app)) == 2


async def test_a_browser_asks_again(mine: Any) -> None:
    url = (await send(mine, TINY_PNG)).json()["url"]
    tag = (await mine.get(url)).headers["etag"]
    again = await mine.get(url, headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert (await mine.get(url, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_delete_takes_the_files_too(mine: Any, client: Any, app: Any, make: Any, jobs: Any) -> None:
    media_id = (await send(mine, TINY_PNG)).json()["id"]
    stranger = client.as_(await make.user("ben"))
    assert (await stranger.delete(f"/api/v1/media/{media_id}")).status_code == 404
    assert (await stranger.patch(f"/api/v1/media/{media_id}", json={"alt": "x"})).status_code == 404
    assert (await stranger.get(f"/api/v1/media/{media_id}")).status_code == 404
    assert (await mine.delete(f"/api/v1/media/{media_id}?for_good=true")).status_code == 204
    await jobs()
    assert await stored(app) == []
    assert (await mine.get(f"/media/{media_id}/320.webp")).status_code == 404
    assert (await mine.delete(f"/api/v1/media/{media_id}")).status_code == 404


async def test_the_own_list(mine: Any) -> None:
    ids = [(await send(mine, bytes(colours(20 + n, 20).pngsave_buffer()))).json()["id"] for n in range(3)]
    first = (await mine.get("/api/v1/media?limit=2")).json()
    assert [m["id"] for m in first["items"]] == [ids[2], ids[1]]
    rest = (await mine.get("/api/v1/media", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [m["id"] for m in rest["items"]] == [ids[0]] and rest["next_cursor"] is None
    for broken in ("limit=0", "limit=51", "limit=x", "limit=1e99", "cursor=nonsense", "cursor=" + "a" * 600):
        answer = await mine.get(f"/api/v1/media?{broken}")
        assert answer.status_code == 422, broken


async def test_describe(mine: Any) -> None:
    media_id = (await send(mine, TINY_PNG)).json()["id"]
    answer = await mine.patch(f"/api/v1/media/{media_id}", json={"alt": " A square "})
    assert (answer.status_code, answer.json()["alt"]) == (200, "A square")
    assert (await mine.patch(f"/api/v1/media/{media_id}", json={"alt": "x" * 1001})).status_code == 422


@pytest.mark.parametrize(
    "name", ["320", "320.png", "321.webp", "99999999.webp", "-1.webp", "..webp", "%00.webp", "٣٢٠.webp"]
)
async def test_no_such_file(mine: Any, name: str) -> None:
    media_id = UUID((await send(mine, TINY_PNG)).json()["id"])
    assert (await mine.get(f"/media/{media_id}/{name}")).status_code in (404, 422)
    assert (await mine.get(f"/media/{uuid4()}/320.webp")).status_code == 404
    assert (await mine.get("/media/nonsense/320.webp")).status_code == 404


async def test_only_people_upload(client: Any) -> None:
    assert (await send(client, TINY_PNG)).status_code == 401


async def test_a_blocked_picture_does_not_come_back(mine: Any, tx: Any) -> None:
    media_id = (await send(mine, TINY_PNG)).json()["id"]
    async with tx() as ctx:
        await ctx.db.execute("update media set state = 'blocked'")
    assert (await mine.get(f"/media/{media_id}/320.webp")).status_code == 404
    assert (await send(mine, TINY_PNG)).status_code == 404


async def test_eleven_uploads_in_a_minute_are_too_many(mine: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "settings", msgspec.structs.replace(app.settings, limits=True))
    answers = [await send(mine, TINY_PNG) for _ in range(11)]
    assert [a.status_code for a in answers] == [201] * 10 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_a_commit_that_fails_leaves_files_for_the_sweep(mine: Any, app: Any, ctx: Any, ana: Any) -> None:
    kept = (await send(mine, TINY_PNG)).json()["id"]
    lost, young = uuid7_at(ctx.now - timedelta(hours=2)), uuid7_at(ctx.now - timedelta(minutes=5))
    for media_id in (lost, young):
        await app.storage.put(f"media/{media_id}/320.webp", b"x", "image/webp")
    await app.storage.put("media/other.txt", b"x", "text/plain")
    assert await actions.sweep(ctx) == 1
    there = ["media/other.txt", f"media/{kept}/320.webp", f"media/{kept}/original.png", f"media/{young}/320.webp"]
    assert await stored(app) == sorted(there)
    ctx.now += timedelta(hours=2)
    assert await actions.sweep(ctx) == 1
    assert f"media/{kept}/320.webp" in await stored(app)


def uuid7_at(moment: Any) -> UUID:
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | 7 << 76 | 2 << 62 | 5)
