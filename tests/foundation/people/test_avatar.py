"""The picture of one's face: cut on the server, kept without what the file told beside it, and its files gone again."""

import asyncio
import io
import zipfile
from typing import Any

import pytest
import pyvips

from stoa.foundation.people import actions as people
from stoa.kit.files import open_storage

HALF = 400


@pytest.fixture(autouse=True)
def storage(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of other tests lies there."""
    monkeypatch.setattr(app, "storage", open_storage("memory:///"))


def picture(width: int = 800, height: int = HALF, *, orientation: int = 0, suffix: str = ".png") -> bytes:
    """Red at the left, blue at the right."""
    half = pyvips.Image.black(width // 2, height, bands=3)
    red, blue = half.linear(1, [250, 0, 0]), half.linear(1, [0, 0, 250])
    image = red.join(blue, "horizontal").cast("uchar").copy(interpretation="srgb").copy_memory()
    if orientation:
        image.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "A camera (A camera, ASCII, 9 components, 9 bytes)")
    return bytes(image.write_to_buffer(suffix))


async def send(client: Any, user: Any, data: bytes, **crop: Any) -> Any:
    fields = {k: str(v) for k, v in crop.items()}
    return await client.as_(user).post("/api/v1/users/me/avatar", files={"file": ("face.png", data)}, data=fields)


async def shown(client: Any, url: str, size: str = "640.webp") -> Any:
    content = (await client.get(url.replace("320.webp", size))).content
    return pyvips.Image.new_from_buffer(content, "")


def colour(image: Any) -> str:
    red, _, blue = (band.avg() for band in image.bandsplit()[:3])
    return "red" if red > 200 and blue < 50 else "blue" if blue > 200 and red < 50 else "both"


async def files(app: Any) -> list[str]:
    return list(await app.storage.paths("media"))


async def test_the_part_that_was_chosen(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    answer = await send(client, ana, picture(), x=500, y=50, size=200)
    assert answer.status_code == 200
    url = answer.json()["avatar_url"]
    image = await shown(client, url)
    assert (image.width, image.height, colour(image)) == (200, 200, "blue")
    assert (await client.get("/api/v1/users/ana")).json()["avatar_url"] == url
    assert (await client.as_(ana).get("/api/v1/users/me")).json()["avatar_url"] == url


async def test_without_a_choice_it_is_the_middle(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    image = await shown(client, (await send(client, ana, picture(2000, 1000))).json()["avatar_url"])
    assert (image.width, image.height, colour(image)) == (640, 640, "both")
    small = await shown(client, (await send(client, ana, picture(2000, 1000))).json()["avatar_url"], "320.webp")
    assert (small.width, small.height) == (320, 320)


async def test_what_the_camera_wrote_is_turned_upright_and_left_out(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    data = picture(orientation=6, suffix=".jpg")  # shown turned to the right: red is above, blue below, 400 x 800
    assert b"camera" in data
    upper = await shown(client, (await send(client, ana, data, x=0, y=0, size=300)).json()["avatar_url"])
    assert colour(upper) == "red"
    lower = await send(client, ana, data, x=50, y=500, size=300)
    content = (await client.get(lower.json()["avatar_url"].replace("320", "640"))).content
    assert colour(pyvips.Image.new_from_buffer(content, "")) == "blue"
    assert b"camera" not in content and b"Exif" not in content


async def test_the_old_files_go(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    first = (await send(client, ana, picture(), x=0, y=0, size=300)).json()["avatar_url"]
    second = (await send(client, ana, picture(), x=500, y=0, size=300)).json()["avatar_url"]
    await jobs()
    assert first != second
    assert (await client.get(first)).status_code == 404
    assert {path.split("/")[1] for path in await files(app)} == {second.split("/")[2]}
    assert (await client.as_(ana).get("/api/v1/media")).json()["items"] == [], "a face is no part of the library"
    same = (await send(client, ana, picture(), x=500, y=0, size=300)).json()["avatar_url"]
    assert same == second
    assert (await client.as_(ana).delete("/api/v1/users/me/avatar")).status_code == 204
    assert (await client.as_(ana).delete("/api/v1/users/me/avatar")).status_code == 204
    await jobs()
    assert await files(app) == []
    assert (await client.get("/api/v1/users/ana")).json()["avatar_url"] is None
    storage = (await client.as_(ana).get("/api/v1/users/me/usage")).json()["meters"][0]
    assert (storage["meter"], storage["used"]) == ("storage_bytes", 0)


async def test_a_picture_of_the_library_stays_there(client: Any, make: Any, tx: Any, jobs: Any) -> None:
    ana = await make.user("ana")
    kept = await make.picture(ana)
    async with tx(ana) as ctx:
        await people.edit_profile(ctx, avatar_media_id=kept.id)
    await send(client, ana, picture())
    await jobs()
    assert (await client.as_(ana).get(f"/api/v1/media/{kept.id}")).status_code == 200


async def test_a_deleted_picture_is_nobodys_face(client: Any, make: Any, jobs: Any) -> None:
    ana = await make.user("ana")
    url = (await send(client, ana, picture())).json()["avatar_url"]
    assert (await client.as_(ana).delete(f"/api/v1/media/{url.split('/')[2]}")).status_code == 204
    assert (await client.get("/api/v1/users/ana")).json()["avatar_url"] is None


async def test_many_at_once_leave_one(client: Any, make: Any, jobs: Any, app: Any, live: Any) -> None:
    ana = await make.user("ana")
    crops = [{"x": 40 * n, "y": 0, "size": 200} for n in range(6)]
    answers = await asyncio.gather(*(send(client, ana, picture(), **crop) for crop in crops))
    assert {a.status_code for a in answers} == {200}
    await jobs()
    url = (await client.get("/api/v1/users/ana")).json()["avatar_url"]
    assert {path.split("/")[1] for path in await files(app)} == {url.split("/")[2]}


@pytest.mark.parametrize(
    ("crop", "fields"),
    [
        ({"x": 700, "y": 0, "size": 200}, ["x"]),
        ({"x": 0, "y": 300, "size": 200}, ["y"]),
        ({"x": 0, "y": 0, "size": 401}, ["size"]),
        ({"x": 0, "y": 0, "size": 0}, ["size"]),
        ({"x": -1, "y": 0, "size": 10}, ["x"]),
        ({"x": 1}, ["size", "y"]),
        ({"x": 10**30, "y": 0, "size": 10}, None),
        ({"x": "many", "y": 0, "size": 10}, None),
    ],
)
async def test_a_part_that_is_not_there(client: Any, make: Any, crop: Any, fields: Any, app: Any) -> None:
    ana = await make.user("ana")
    answer = await send(client, ana, picture(), **crop)
    assert answer.status_code == 422, answer.text
    if fields:
        assert sorted(answer.json()["fields"]) == fields
    assert (await client.get("/api/v1/users/ana")).json()["avatar_url"] is None
    assert await files(app) == []


def bomb() -> bytes:
    return bytes(pyvips.Image.black(12_000, 12_000, bands=3).pngsave_buffer(compression=9))


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("face.png", picture())
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bomb, id="a bomb"),
        pytest.param(zipped, id="an archive"),
        pytest.param(lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', id="svg"),
        pytest.param(lambda: picture()[:400], id="half a picture"),
        pytest.param(lambda: b"", id="nothing"),
        pytest.param(lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, id="only a beginning"),
        pytest.param(lambda: b"<html><script>alert(1)</script></html>", id="a page"),
    ],
)
async def test_what_is_no_face(client: Any, make: Any, app: Any, data: Any) -> None:
    ana = await make.user("ana")
    answer = await send(client, ana, data())
    assert (answer.status_code, answer.json()["code"]) == (422, "image_refused")
    assert (await client.get("/api/v1/users/ana")).json()["avatar_url"] is None
    assert await files(app) == []


async def test_only_people_have_faces(client: Any, make: Any) -> None:
    assert (await client.post("/api/v1/users/me/avatar", files={"file": ("x", picture())})).status_code == 401
    assert (await client.delete("/api/v1/users/me/avatar")).status_code == 401
    ana = await make.user("ana")
    assert (await client.as_(ana).post("/api/v1/users/me/avatar", data={"x": "1"})).status_code == 422
