"""What is made of files: sizes, parts, fewer bytes, what films and PDFs look like, and blurs."""

from typing import Any

import msgspec
import pytest
import pyvips

from stoa.foundation.media import actions
from stoa.foundation.media.actions import processing
from stoa.foundation.media.actions.blurs import dominant_colour, thumbhash
from stoa.foundation.settings import actions as settings
from stoa.foundation.settings.types import Plans
from tests.foundation.media import samples
from tests.foundation.media.test_api import colours, filled, jpeg, opened
from tests.foundation.media.test_kinds import send
from tests.foundation.media.test_library import MEDIA, holds, used


async def test_resize_makes_another_file(mine: Any, app: Any) -> None:
    made = (await send(mine, jpeg(1200, 800, orientation=6), alt="A flag", tags="sea")).json()
    assert (made["source_width"], made["source_height"]) == (800, 1200)
    answer = await mine.post(f"{MEDIA}/{made['id']}/resize", json={"width": 200})
    assert answer.status_code == 201, answer.text
    small = answer.json()
    assert (small["source_width"], small["source_height"], small["content_type"]) == (200, 300, "image/jpeg")
    assert (small["made_from"], small["alt"], small["tags"]) == (made["id"], "A flag", ["sea"])
    file = (await mine.get(f"{MEDIA}/{small['id']}/download")).content
    assert b"SECRET" not in file and not opened(file).get_typeof("exif-data"), "no metadata goes along"
    cover = await mine.post(f"{MEDIA}/{made['id']}/resize", json={"width": 100, "height": 100, "covers": True})
    assert (cover.json()["source_width"], cover.json()["source_height"]) == (100, 100)
    inside = await mine.post(f"{MEDIA}/{made['id']}/resize", json={"width": 100, "height": 100})
    assert (inside.json()["source_width"], inside.json()["source_height"]) == (67, 100)
    larger = await mine.post(f"{MEDIA}/{made['id']}/resize", json={"width": 5000})
    assert larger.json()["source_width"] == 800, "never enlarged"
    await holds(app)


async def test_crop(mine: Any) -> None:
    made = (await send(mine, bytes(colours(100, 40).pngsave_buffer()))).json()
    answer = await mine.post(f"{MEDIA}/{made['id']}/crop", json={"x": 60, "y": 5, "width": 30, "height": 20})
    assert answer.status_code == 201, answer.text
    part = answer.json()
    assert (part["source_width"], part["source_height"]) == (30, 20) and part["dominant_colour"] == "#1414c8"
    both = {"width": 15, "crop": {"x": 0, "y": 0, "width": 30, "height": 30}}
    assert (await mine.post(f"{MEDIA}/{made['id']}/resize", json=both)).json()["source_width"] == 15
    for wrong, fields in (
        ({"x": 0, "y": 0, "width": 101, "height": 20}, {"width"}),
        ({"x": 90, "y": 30, "width": 30, "height": 20}, {"x", "y"}),
        ({"x": -1, "y": 0, "width": 1, "height": 1}, {"x"}),
        ({"x": 0, "y": 0, "width": 0, "height": 10**9}, {"width", "height"}),
        ({"x": 0}, {"y", "width", "height"}),
    ):
        refused = await mine.post(f"{MEDIA}/{made['id']}/crop", json=wrong)
        assert refused.status_code == 422 and refused.json()["fields"].keys() == fields, refused.text
    for wrong in ({}, {"width": 0}, {"height": 9000}, {"width": "x"}):
        assert (await mine.post(f"{MEDIA}/{made['id']}/resize", json=wrong)).status_code == 422, wrong


async def test_optimise(mine: Any, app: Any, jobs: Any) -> None:
    data = bytes(pyvips.Image.gaussnoise(300, 300, sigma=20, mean=128).cast("uchar").pngsave_buffer(compression=0))
    made = (await send(mine, data)).json()
    await jobs()
    before = await used(mine)
    answer = await mine.post(f"{MEDIA}/{made['id']}/optimize", json={"quality": 60})
    assert answer.status_code == 200, answer.text
    better = answer.json()
    assert better["original_bytes"] < len(data) / 3 and better["sent_bytes"] == len(data)
    assert (better["content_type"], better["source_width"]) == ("image/webp", 300)
    assert before - await used(mine) == len(data) - better["original_bytes"]
    await jobs()
    names = [path.rpartition("/")[2] for path in await app.storage.paths(f"media/{made['id']}")]
    assert sorted(names)[:2] == ["320.avif", "320.webp"] and len(names) == 3 and names[-1].startswith("original-")
    assert opened((await mine.get(f"{MEDIA}/{made['id']}/download")).content).width == 300
    same = (await mine.post(f"{MEDIA}/{made['id']}/optimize", json={"quality": 100})).json()
    assert same["original_bytes"] == better["original_bytes"], "what is not smaller changes nothing"
    for wrong in (0, 29, 101, "x"):
        assert (await mine.post(f"{MEDIA}/{made['id']}/optimize", json={"quality": wrong})).status_code == 422
    await holds(app)


async def test_a_picture_is_decoded_once_for_all_sizes_and_kinds(
    mine: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And brought to sRGB only where that changes anything: it takes ten times as long as the decoding."""
    decoded: list[bool] = []
    decode = pyvips.Image.thumbnail_buffer

    def counted(*args: Any, **options: Any) -> pyvips.Image:
        decoded.append("output_profile" in options)
        return decode(*args, **options)

    for data, is_transformed in (
        (jpeg(1200, 800), False),
        (bytes(colours(700, 500).colourspace("b-w").pngsave_buffer()), False),
        (bytes(colours(700, 500).icc_transform("p3", input_profile="srgb").pngsave_buffer()), True),
    ):
        made = (await send(mine, data)).json()
        with monkeypatch.context() as patched:
            patched.setattr(pyvips.Image, "thumbnail_buffer", counted)
            await jobs()
        file = (await mine.get(f"{MEDIA}/{made['id']}")).json()
        assert file["avif_srcset"].count(" ") == 2 * file["srcset"].count(", ") + 1 > 4
        assert decoded == [is_transformed]
        decoded.clear()


async def test_only_pictures_are_resized(mine: Any, jobs: Any) -> None:
    made = (await send(mine, samples.pdf())).json()
    await jobs()
    for what, body in (
        ("resize", {"width": 5}),
        ("optimize", {}),
        ("crop", dict.fromkeys(("x", "y"), 0) | {"width": 1, "height": 1}),
    ):
        answer = await mine.post(f"{MEDIA}/{made['id']}/{what}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "media_not_ready")


async def test_a_pdf_has_pages_and_a_face(mine: Any, client: Any, jobs: Any, app: Any) -> None:
    made = (await send(mine, samples.pdf(3), "a.pdf")).json()
    assert (made["state"], made["progress"]) == ("processing", 0)
    await jobs()
    made = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (made["page_count"], made["details"]["page_width_pt"]) == (3, 300)
    assert (made["width"], made["height"]) == (1440, 1920)
    assert (await client.get(made["url"])).headers["content-type"] == "image/webp"
    assert made["dominant_colour"] == "#ffffff"
    await holds(app)


@pytest.mark.parametrize(("quick_s", "told"), [(60.0, [60]), (0.0, [20, 40, 60, 85])])
async def test_its_owner_sees_how_far_it_is(
    mine: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch, quick_s: float, told: list[int]
) -> None:
    """Always before what takes the longest; the other steps only where somebody could see them."""
    made = (await send(mine, samples.pdf(), "a.pdf")).json()
    seen: list[int] = []
    tell = processing.progress

    async def watched(*args: Any) -> None:
        await tell(*args)
        seen.append((await mine.get(f"{MEDIA}/{made['id']}")).json()["progress"])

    monkeypatch.setattr(processing, "progress", watched)
    monkeypatch.setattr(processing, "QUICK_S", quick_s)
    await jobs()
    assert seen == told
    done = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (done["state"], done["progress"]) == ("ready", 100)


async def test_a_film_has_a_length_and_a_face(mine: Any, client: Any, jobs: Any) -> None:
    made = (await send(mine, samples.film(), "a.mp4")).json()
    await jobs()
    made = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (made["duration_ms"], made["source_width"], made["source_height"]) == (2000, 320, 240)
    assert made["details"] == {"video_codec": "mpeg4", "frames_per_s": 10.0}
    red, green, _ = opened((await client.get(made["url"])).content)(160, 120)
    assert red > 90 and green < 60


async def test_sound(mine: Any, jobs: Any) -> None:
    made = (await send(mine, samples.sound(), "a.wav")).json()
    await jobs()
    made = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (made["duration_ms"], made["url"], made["details"]["sample_rate"]) == (1000, "", 8000)


async def test_worked_on_once_more(mine: Any, app: Any, jobs: Any) -> None:
    made = (await send(mine, samples.picture(60, 40))).json()
    await jobs()
    await app.storage.delete([f"media/{made['id']}/320.webp"])
    answer = await mine.post(f"{MEDIA}/{made['id']}/process")
    assert answer.status_code == 202
    await jobs()
    assert f"media/{made['id']}/320.webp" in await app.storage.paths("media")
    again = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert again["state"] == "ready" and again["bytes_count"] == again["bytes_count"]
    await holds(app)


async def test_the_same_job_twice_changes_nothing(mine: Any, app: Any, jobs: Any, make: Any) -> None:
    made = (await send(mine, samples.film(), "a.mp4")).json()
    await jobs()
    before, paths = (await mine.get(f"{MEDIA}/{made['id']}")).json(), await app.storage.paths("media")
    async with app.database.connection() as db:
        from stoa.kit.clock import utcnow
        from stoa.kit.ctx import Ctx

        assert await actions.process(Ctx(db, None, utcnow(), "test", app), made["id"]) == "ready"
    after = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    for name in ("bytes_count", "srcset", "duration_ms", "state", "content_type", "original_bytes"):
        assert after[name] == before[name]
    assert await app.storage.paths("media") == paths
    await holds(app)


async def test_deleted_while_it_is_worked_on(mine: Any, app: Any, jobs: Any) -> None:
    made = (await send(mine, samples.film(), "a.mp4")).json()
    assert (await mine.delete(f"{MEDIA}/{made['id']}")).status_code == 204, "gone at once, as it never was ready"
    await jobs()
    assert await app.storage.paths("media") == [] and await used(mine) == 0
    await holds(app)


async def test_without_room_for_its_sizes_a_file_is_there_all_the_same(
    mine: Any, app: Any, jobs: Any, make: Any
) -> None:
    made = (await send(mine, samples.pdf(), "a.pdf")).json()
    picture = (await send(mine, samples.picture(200, 100))).json()
    plans = msgspec.to_builtins(Plans())
    plans["free"]["storage_bytes"] = made["bytes_count"] + picture["bytes_count"]
    async with make.tx() as ctx:
        await settings.change_platform(ctx, plans=plans)
    await jobs()
    after = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (after["state"], after["page_count"], after["url"]) == ("ready", 2, "")
    assert (await mine.get(f"{MEDIA}/{picture['id']}")).json()["avif_srcset"] == ""
    await holds(app)


# ---- blurs -----------------------------------------------------------------------------------------------------


def test_thumbhash_is_what_the_others_make() -> None:
    """The header as the reference packs it: lightness, two colours, scale, whether it has alpha; then the shape."""
    grey = thumbhash(filled(100, 50, 128, 128, 128).cast("uchar").copy(interpretation="srgb"))
    head = grey[0] | grey[1] << 8 | grey[2] << 16
    assert (head & 63, head >> 6 & 63, head >> 12 & 63, head >> 18 & 31, head >> 23) == (32, 32, 32, 0, 0)
    shape = grey[3] | grey[4] << 8
    assert (shape & 7, shape >> 15) == (4, 1), "a landscape, with half as many waves down as across"
    assert set(grey[5:]) == {0}, "an even surface has no waves"
    left_red = thumbhash(colours(100, 100))
    assert left_red != thumbhash(colours(100, 100).fliphor()) and len(left_red) <= 25
    clear = thumbhash(colours(60, 60).bandjoin(0).copy(interpretation="srgb"))
    assert clear[2] >> 7 == 1, "alpha"


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (filled(30, 30, 200, 20, 20).cast("uchar").copy(interpretation="srgb"), "#c81414"),
        (colours(90, 30).crop(0, 0, 60, 30), "#c81414"),
        (filled(10, 10, 255, 255, 255).bandjoin(0).cast("uchar").copy(interpretation="srgb"), "#ffffff"),
    ],
)
def test_the_chief_colour(image: Any, colour: str) -> None:
    assert dominant_colour(image) == colour
