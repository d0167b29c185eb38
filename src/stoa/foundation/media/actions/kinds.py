"""What a file is, by its content, and whether it may be one at all. Runs in a thread, without a context."""

import struct
import zipfile
from pathlib import Path
from typing import Final

import msgspec

from stoa.foundation.media.actions.pictures import sniff
from stoa.foundation.media.errors import FileRefused, ImageRefused
from stoa.foundation.media.types import Kind

HEAD_BYTES: Final = 4096
TAIL_BYTES: Final = 66 * 1024  # what may stand behind the directory of a ZIP file, and the directory's own end
MAX_ENTRIES: Final = 10_000
MAX_UNPACKED: Final = 2 * 1024**3
MAX_RATIO: Final = 200
SMALL: Final = 20 * 1024 * 1024  # what unpacks to no more than this may be packed as tightly as it likes

_BRANDS: Final = {  # the kinds of ISO media by their brand
    b"qt  ": (Kind.VIDEO, "video/quicktime", "mov"),
    b"M4A ": (Kind.AUDIO, "audio/mp4", "m4a"),
    b"M4B ": (Kind.AUDIO, "audio/mp4", "m4a"),
}
_VIDEO_BRANDS: Final = frozenset(
    {
        b"isom",
        b"iso2",
        b"iso4",
        b"iso5",
        b"iso6",
        b"mp41",
        b"mp42",
        b"avc1",
        b"dash",
        b"M4V ",
        b"MSNV",
        b"3gp4",
        b"3gp5",
    }
)
_PACKED: Final = {  # ZIP files by the type they name first
    b"application/epub+zip": ("application/epub+zip", "epub"),
    b"application/vnd.oasis.opendocument.text": ("application/vnd.oasis.opendocument.text", "odt"),
}
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_RUNS: Final = (b"<!doctype html", b"<html", b"<script", b"<head", b"<body", b"<iframe")
_TAKEN: Final = "pictures, MP4, MOV and WebM films, sound, PDF, EPUB, DOCX, ODT, ZIP and plain text are taken"


class Found(msgspec.Struct, frozen=True):
    """What a file is: `ending` is how its stored name ends."""

    kind: Kind
    content_type: str
    ending: str


def look(file: Path) -> Found:
    """What the file is. Raises FileRefused, ImageRefused: unknown kinds, bombs, files that are two kinds at once."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(HEAD_BYTES)
        opened.seek(max(0, size - TAIL_BYTES))
        tail = opened.read()
    found = _by_head(head)
    if found is None:
        raise FileRefused(_unknown(head))
    _check_single(found, head, tail)
    if head.startswith(b"PK"):
        return _packed(file, size)
    return found


def check_picture(data: bytes) -> Found:
    """What a picture in memory is. Raises ImageRefused, and FileRefused for a file that is two kinds at once."""
    content_type, _ = sniff(data)
    found = Found(Kind.IMAGE, content_type, content_type.partition("/")[2].replace("jpeg", "jpg"))
    _check_single(found, data[:HEAD_BYTES], data[-TAIL_BYTES:])
    return found


def _by_head(head: bytes) -> Found | None:
    try:
        content_type, _ = sniff(head)
        return Found(Kind.IMAGE, content_type, content_type.partition("/")[2].replace("jpeg", "jpg"))
    except ImageRefused as error:
        if any(word in error.fields["file"] for word in ("SVG", "HEIC", "empty")):
            raise
    if head[4:8] == b"ftyp":
        return _iso(head[8:12])
    if head.startswith(b"\x1aE\xdf\xa3"):
        webm = b"webm" in head[:64]
        return Found(Kind.VIDEO, "video/webm" if webm else "video/x-matroska", "webm" if webm else "mkv")
    for magic, offset, content_type, ending in (
        (b"%PDF-", 0, "application/pdf", "pdf"),
        (b"PK\x03\x04", 0, "application/zip", "zip"),
        (b"PK\x05\x06", 0, "application/zip", "zip"),
        (b"ID3", 0, "audio/mpeg", "mp3"),
        (b"OggS", 0, "audio/ogg", "ogg"),
        (b"fLaC", 0, "audio/flac", "flac"),
        (b"WAVE", 8, "audio/wav", "wav"),
    ):
        if head[offset : offset + len(magic)] == magic:
            kind = Kind.AUDIO if content_type.startswith("audio/") else Kind.DOCUMENT
            return Found(Kind.OTHER if ending == "zip" else kind, content_type, ending)
    if (
        len(head) > 4 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
    ):  # a frame of MPEG layer III without a tag before it
        return Found(Kind.AUDIO, "audio/mpeg", "mp3")
    return Found(Kind.DOCUMENT, "text/plain", "txt") if _is_text(head) else None


def _iso(brand: bytes) -> Found | None:
    if brand in _BRANDS:
        return Found(*_BRANDS[brand])
    return Found(Kind.VIDEO, "video/mp4", "mp4") if brand in _VIDEO_BRANDS else None


def _is_text(head: bytes) -> bool:
    if b"\0" in head or not head.strip() or _runs(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == HEAD_BYTES  # a letter that was cut in two
    return True


def _runs(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((*_RUNS, b"<?php", b"#!", b"<svg", b"<?xml"))


def _unknown(head: bytes) -> str:
    if _runs(head):
        return f"Web pages and scripts are not taken; {_TAKEN}"
    if head.startswith((b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")):
        return f"Programs are not taken; {_TAKEN}"
    return f"This is not a kind of file we know; {_TAKEN}"


def _check_single(found: Found, head: bytes, tail: bytes) -> None:
    """Refuses polyglots: what is a picture to us and a ZIP, a PDF or a web page to somebody else."""
    is_zip = head.startswith(b"PK")
    also = ""
    if not is_zip and _ends_as_zip(tail):
        also = "a ZIP file"
    elif found.content_type != "application/pdf" and b"%PDF-" in head[:1024] and found.content_type != "text/plain":
        also = "a PDF"
    elif found.content_type != "text/plain" and any(mark in head.lower() for mark in (b"<script", b"<html", b"<?php")):
        also = "a web page"
    if also:
        raise FileRefused(f"This file is two kinds at once, {also} among them; please save it anew")


def _ends_as_zip(tail: bytes) -> bool:
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return False
    (comment,) = struct.unpack("<H", tail[at + 20 : at + 22])
    return at + 22 + int(comment) <= len(tail)


def _packed(file: Path, size: int) -> Found:
    """A ZIP file, by its directory alone: nothing is unpacked."""
    try:
        with zipfile.ZipFile(file) as opened:
            entries = opened.infolist()
            names = {entry.filename for entry in entries}
            named = opened.open("mimetype").read(100).strip() if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise FileRefused("This ZIP file is damaged or not complete") from error
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        raise FileRefused(f"ZIP files may hold at most {MAX_ENTRIES:,} files")
    if unpacked > MAX_UNPACKED or (unpacked > SMALL and unpacked > size * MAX_RATIO):
        raise FileRefused("This ZIP file would unpack to far more than it holds; it is not taken")
    if sum(entry.compress_size for entry in entries) > size:
        raise FileRefused("The files inside this ZIP file overlap; it is not taken")
    if any(_leads_out(name) for name in names):
        raise FileRefused("This ZIP file holds paths that lead out of it; it is not taken")
    if named in _PACKED:
        return Found(Kind.DOCUMENT, *_PACKED[named])
    if "word/document.xml" in names and "[Content_Types].xml" in names:
        return Found(Kind.DOCUMENT, _DOCX, "docx")
    return Found(Kind.OTHER, "application/zip", "zip")


def _leads_out(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or ".." in plain.split("/") or plain[1:3] == ":/" or "\0" in plain
