"""Which files are taken, by content, and what becomes of those that are not what they seem."""

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stoa.foundation.media.actions.kinds import look
from stoa.foundation.media.errors import FileRefused, ImageRefused
from tests.foundation.media import samples


async def send(client: Any, data: bytes, name: str = "a.bin", **fields: str) -> Any:
    return await client.post("/api/v1/media/upload", files={"file": (name, data, "image/jpeg")}, data=fields)


def bomb() -> bytes:
    return samples.packed({f"{n}.txt": b"\0" * 30_000_000 for n in range(2)})


def overlapping() -> bytes:
    """Many names for one and the same packed file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a", b"x" * 1000)
        made.filelist += [made.filelist[0]] * 50
    return out.getvalue()


KINDS = {
    "picture": (samples.picture(30, 30), "image", "image/png"),
    "pdf": (samples.pdf(), "document", "application/pdf"),
    "film": (samples.film(), "video", "video/mp4"),
    "sound": (samples.sound(), "audio", "audio/wav"),
    "epub": (samples.epub(), "document", "application/epub+zip"),
    "docx": (
        samples.packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
        "document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "zip": (samples.packed({"a/b.txt": b"hello"}), "other", "application/zip"),
    "text": ("Under the columns, ça va.\n".encode(), "document", "text/plain"),
}


@pytest.mark.parametrize("name", KINDS)
async def test_what_it_is_says_its_content(mine: Any, jobs: Any, name: str) -> None:
    data, kind, content_type = KINDS[name]
    answer = await send(mine, data, f"{name}.exe")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["kind"], answer.json()["sent_bytes"]) == (kind, len(data))
    await jobs()
    body = (await mine.get(f"/api/v1/media/{answer.json()['id']}")).json()
    assert (body["state"], body["kind"], body["content_type"]) == ("ready", kind, content_type)
    assert (body["scan_status"], body["progress"], body["problem"]) == ("not_scanned", 100, None)


REFUSED = {
    "empty": (b"", "empty"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "web page": (b"<!doctype html><p>hello", "Web pages"),
    "web page in other letters": (b"\n <HTML><body>", "Web pages"),
    "script": (b"#!/bin/sh\nrm -rf /", "scripts"),
    "php": (b"<?php system($_GET[0]);", "scripts"),
    "windows program": (b"MZ\x90\x00" + b"\0" * 100, "Programs"),
    "linux program": (b"\x7fELF" + b"\0" * 100, "Programs"),
    "noise": (b"\x80\x81\x82\x83" * 50, "not a kind of file we know"),
    "zip bomb": (bomb(), "unpack to far more"),
    "overlapping zip": (overlapping(), "overlap"),
    "zip that leads out": (samples.packed({"../../etc/passwd": b"x"}), "lead out"),
    "zip that leads out in windows": (samples.packed({"a\\..\\..\\x": b"x"}), "lead out"),
    "half a zip": (samples.packed({"a": b"hello" * 100})[:60], "damaged"),
    "picture and zip": (samples.picture(30, 30) + samples.packed({"a": b"x"}), "two kinds"),
    "picture and script": (b"GIF89a/*" + b"<script>alert(1)</script>" + samples.picture(9, 9), "two kinds"),
    "pdf and zip": (samples.pdf() + samples.packed({"a": b"x"}), "two kinds"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_leaves_nothing(mine: Any, app: Any, db: Any, name: str) -> None:
    data, why = REFUSED[name]
    answer = await send(mine, data)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("file_refused", "image_refused") and why in answer.json()["fields"]["file"]
    assert await app.storage.paths("media") == [] and await db.fetchval("select count(*) from media") == 0
    assert not await db.fetchval("select used from plan_usage")


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\nbroken", b"\0\0\0\x18ftypisom" + b"\0" * 64, b"RIFF\0\0\0\0WAVE" + b"\0" * 20]
)
async def test_what_is_damaged_fails_and_takes_no_room(mine: Any, app: Any, jobs: Any, db: Any, content: bytes) -> None:
    media_id = (await send(mine, content)).json()["id"]
    await jobs()
    body = (await mine.get(f"/api/v1/media/{media_id}")).json()
    assert (body["state"], body["bytes_count"]) == ("failed", 0) and "damaged" in body["problem"]
    assert await app.storage.paths("media") == [] and await db.fetchval("select used from plan_usage") == 0
    assert (await mine.get(f"/api/v1/media/{media_id}/download")).status_code == 404
    again = (await send(mine, content)).json()
    assert again["id"] != media_id, "another try is another file"


def test_a_letter_cut_in_two_is_text_still(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x" * 4095 + "é".encode() + b"y" * 100)
    assert look(file).content_type == "text/plain"
    file.write_bytes(b"x" * 4000 + b"\xe9" + b"y" * 5000)
    with pytest.raises(FileRefused):
        look(file)


def test_the_directory_of_a_zip_is_believed_only_at_its_end(tmp_path: Path) -> None:
    """A picture may hold the four bytes by chance."""
    file = tmp_path / "a"
    file.write_bytes(samples.picture(30, 30) + b"PK\x05\x06" + b"\0" * 16 + struct.pack("<H", 9000))
    assert look(file).content_type == "image/png"


def test_heic_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0")
    with pytest.raises(ImageRefused, match="JPEG"):
        look(file)
