"""L2: nobody but its owner gets a file before the scanner has found it clean, nobody at all when it did not."""

from typing import Any

import msgspec
import pytest

from stoa.foundation.media import actions
from stoa.foundation.media.errors import ScannerSilent
from stoa.foundation.media.gateways import Clamd, look, scanner_of
from tests.foundation.media import samples
from tests.foundation.media.test_kinds import send
from tests.foundation.media.test_library import MEDIA, holds, used
from tests.providers import clamd

BAD = b"Hello.\n" + clamd.EICAR


@pytest.fixture
async def scanner(app: Any) -> Any:
    async with clamd.standing(app) as made:
        yield made


async def test_clean_files_are_there_at_once(mine: Any, client: Any, scanner: Any, jobs: Any) -> None:
    data = samples.picture(50, 50)
    made = (await send(mine, data)).json()
    assert (made["state"], made["scan_status"]) == ("ready", "clean") and made["scanned_at"]
    assert scanner.scanned == [data], "what was sent, whole"
    assert (await client.get(made["url"])).status_code == 200
    await jobs()
    assert len(scanner.scanned) == 1, "once is enough"
    assert (await mine.get(f"{MEDIA}/limits")).json()["is_scanned"] is True


async def test_a_large_file_goes_in_chunks(mine: Any, scanner: Any) -> None:
    data = b"columns and shade\n" * 60_000
    assert (await send(mine, data)).json()["scan_status"] == "clean"
    assert scanner.scanned == [data]


@pytest.mark.parametrize("where", ["", "/upload"])
async def test_what_it_finds_goes_into_quarantine(
    mine: Any, app: Any, scanner: Any, db: Any, where: str, jobs: Any
) -> None:
    data = samples.picture(50, 50) + clamd.EICAR  # behind the end of a picture nobody would see it
    answer = await mine.post(f"{MEDIA}{where}", files={"file": ("a.png", data)})
    assert answer.status_code == 422, answer.text
    assert (answer.json()["code"], answer.json()["found"]) == ("file_infected", clamd.NAME)
    media_id = answer.json()["media_id"]
    kept = (await mine.get(f"{MEDIA}/{media_id}")).json()
    assert (kept["state"], kept["scan_status"], kept["scan_result"]) == ("quarantined", "infected", clamd.NAME)
    assert (kept["url"], kept["srcset"], kept["links"]) == ("", "", None)
    assert await app.storage.paths("media") == [] and await app.storage.paths("quarantine") == [
        f"quarantine/{media_id}"
    ]
    assert await used(mine) == 0
    for path in (f"/media/{media_id}/320.webp", f"{MEDIA}/{media_id}/download", f"{MEDIA}/{media_id}/stream"):
        assert (await mine.get(path)).status_code == 404
    assert (await mine.post(f"{MEDIA}/{media_id}/copy", json={})).status_code == 409
    assert (await mine.post(f"{MEDIA}/{media_id}/resize", json={"width": 9})).status_code == 409
    noted = await db.fetchrow("select subject_id, after from audit_events where action = 'media.quarantined'")
    assert (noted["subject_id"], noted["after"]["found"]) == (media_id, clamd.NAME)
    again = await mine.post(f"{MEDIA}{where}", files={"file": ("a.png", data)})
    assert again.status_code == 422 and again.json()["media_id"] == media_id
    await mine.delete(f"{MEDIA}/{media_id}")
    await jobs()
    assert await app.storage.paths("quarantine") == []
    await holds(app)


async def test_a_text_too(mine: Any, scanner: Any, app: Any) -> None:
    assert (await send(mine, BAD, "a.txt")).json()["code"] == "file_infected"
    await holds(app)


@pytest.mark.parametrize("mischief", ["hang_up", "error", "gibberish", "limit"])
async def test_while_it_is_silent_files_wait(
    mine: Any, client: Any, app: Any, scanner: Any, jobs: Any, mischief: str, tx: Any
) -> None:
    scanner.mischief = [mischief, mischief]
    data = samples.picture(50, 50)
    made = (await send(mine, data)).json()
    assert (made["state"], made["scan_status"], made["url"]) == ("processing", "pending", "")
    address = f"/media/{made['id']}/320.webp"
    assert (await client.get(address)).status_code == 404
    assert (await mine.get(f"{MEDIA}/{made['id']}")).json()["links"] is None
    await jobs(reraise=False)
    waiting = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert waiting["state"] == "processing" and "waits" in waiting["problem"]
    assert (await client.get(address)).status_code == 404
    async with tx() as ctx:
        await ctx.db.execute("update jobs set run_at = now(), state = 'waiting' where state = 'scheduled'")
    await jobs()
    after = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (after["state"], after["scan_status"], after["problem"]) == ("ready", "clean", None)
    assert (await client.get(address)).status_code == 200
    await holds(app)


async def test_a_face_waits_too(mine: Any, client: Any, app: Any, scanner: Any, jobs: Any) -> None:
    scanner.mischief = ["hang_up"]
    face = await mine.post("/api/v1/users/me/avatar", files={"file": ("a.png", samples.picture(50, 50))})
    assert face.status_code == 200, face.text
    url = face.json()["avatar_url"]
    assert (await client.get(url)).status_code == 404
    await jobs()
    assert (await client.get(url)).status_code == 200
    await holds(app)


async def test_found_later_it_goes_away(mine: Any, client: Any, app: Any, scanner: Any, jobs: Any) -> None:
    scanner.mischief = ["hang_up"]
    made = (await send(mine, BAD, "a.txt")).json()
    assert made["state"] == "processing"
    await jobs()
    after = (await mine.get(f"{MEDIA}/{made['id']}")).json()
    assert (after["state"], after["scan_result"], after["bytes_count"]) == ("quarantined", clamd.NAME, 0)
    assert await app.storage.paths("media") == [] and await app.storage.paths("quarantine")
    assert await used(mine) == 0
    await holds(app)


async def test_once_there_is_a_scanner_what_came_before_is_scanned(mine: Any, app: Any, jobs: Any, tx: Any) -> None:
    good, bad = (await send(mine, samples.picture(50, 50))).json(), (await send(mine, BAD, "a.txt")).json()
    await jobs()
    assert (await mine.get(f"{MEDIA}/{bad['id']}")).json()["scan_status"] == "not_scanned", "and it is said so"
    async with clamd.standing(app):
        async with tx() as ctx:
            assert await actions.resume(ctx) == 2
        await jobs()
        assert (await mine.get(f"{MEDIA}/{good['id']}")).json()["scan_status"] == "clean"
        assert (await mine.get(f"{MEDIA}/{bad['id']}")).json()["state"] == "quarantined"
        async with tx() as ctx:
            assert await actions.resume(ctx) == 0
    await holds(app)


async def test_the_doctor_asks_it(app: Any, scanner: Any) -> None:
    seen = await look(app.settings)
    assert seen.ok and seen.seen.startswith("ClamAV 1.4")
    scanner.mischief = ["hang_up"]
    seen = await look(app.settings)
    assert not seen.ok and "clamd_url" in seen.cure
    nobody = await look(msgspec.structs.replace(app.settings, clamd_url=None))
    assert nobody.ok and "not scanned" in nobody.seen
    assert scanner_of(msgspec.structs.replace(app.settings, clamd_url=None)) is None


async def test_nobody_listens() -> None:
    with pytest.raises(ScannerSilent):
        await Clamd("tcp://127.0.0.1:1").version()
    with pytest.raises(ScannerSilent):
        await Clamd("unix:///nowhere/clamd.sock").version()
