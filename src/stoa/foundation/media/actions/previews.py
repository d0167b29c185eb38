"""What films, sound and PDFs say of themselves, and a picture of each. Runs in a thread, without a context.

A decoder is chosen by what the content was found to be, and reads this one file and nothing else. The libraries are
imported when they are first needed: they take as long to load as all the rest of a process that never needs them.
"""

import threading
from pathlib import Path
from typing import Any, Final

import msgspec
import pyvips

from stoa.foundation.media.actions.kinds import Found
from stoa.foundation.media.actions.pictures import Picture, make_poster
from stoa.foundation.media.errors import FileRefused
from stoa.foundation.media.types import MAX_PIXELS, Kind

PAGE_WIDTH: Final = 1440
MAX_PAGES: Final = 20_000
TRIED_FRAMES: Final = 60
MAX_TEXT: Final = 300
_FORMATS: Final = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "audio/mp4": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/wav": "wav",
}
_pdfium: Final = threading.Lock()  # PDFium does one thing at a time


class Preview(msgspec.Struct, frozen=True):
    """What was learned of a file. `width` and `height` are those of a film, or 0."""

    poster: Picture | None = None
    width: int = 0
    height: int = 0
    duration_ms: int | None = None
    page_count: int | None = None
    details: dict[str, Any] = {}


def preview(file: Path, found: Found) -> Preview:
    """Raises FileRefused for what is damaged."""
    if found.content_type == "application/pdf":
        with _pdfium:
            return _pdf(file)
    if found.kind in (Kind.VIDEO, Kind.AUDIO):
        return _played(file, found)
    return Preview()


def _pdf(file: Path) -> Preview:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            return Preview(details={"is_locked": True})
        raise FileRefused("This PDF is damaged or not complete") from error
    try:
        count = len(document)
        if not 1 <= count <= MAX_PAGES:
            raise FileRefused(f"PDFs may have between 1 and {MAX_PAGES:,} pages")
        said = document.get_metadata_dict(skip_empty=True)
        details = {
            key: _said(said[name]) for key, name in (("title", "Title"), ("author", "Author")) if _said(said.get(name))
        }
        page = document[0]
        width, height = page.get_size()
        details["page_width_pt"], details["page_height_pt"] = round(width), round(height)
        poster = _page(page, width, height) if width >= 1 and height >= 1 else None
        return Preview(poster=poster, page_count=count, details=details)
    except pypdfium2.PdfiumError as error:
        raise FileRefused("This PDF is damaged or not complete") from error
    finally:
        document.close()


def _page(page: Any, width: float, height: float) -> Picture:
    scale = min(PAGE_WIDTH / width, 4 * PAGE_WIDTH / height)
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)
    image = pyvips.Image.new_from_memory(
        bytes(bitmap.buffer), bitmap.stride // bitmap.n_channels, bitmap.height, bitmap.n_channels, "uchar"
    )
    return make_poster(image.extract_band(0, n=3).copy(interpretation="srgb").crop(0, 0, bitmap.width, bitmap.height))


def _played(file: Path, found: Found) -> Preview:
    import av

    try:
        options = {"protocol_whitelist": "file"}
        with av.open(str(file), format=_FORMATS[found.content_type], options=options, timeout=30.0) as opened:
            duration_ms = round(opened.duration / 1000) if opened.duration and opened.duration > 0 else None
            details: dict[str, Any] = {}
            if opened.streams.audio:
                sound = opened.streams.audio[0]
                details |= {"audio_codec": sound.codec_context.name, "sample_rate": sound.codec_context.sample_rate}
            if found.kind is Kind.AUDIO or not opened.streams.video:
                if not opened.streams.audio:
                    raise FileRefused("There is neither sound nor a picture in this file")
                return Preview(duration_ms=duration_ms, details=details)
            film = opened.streams.video[0]
            width, height = film.codec_context.width, film.codec_context.height
            if width < 1 or height < 1 or width * height > MAX_PIXELS:
                raise FileRefused(f"Films may have at most {MAX_PIXELS // 1_000_000} megapixels")
            rate = float(film.average_rate) if film.average_rate else None
            details |= {"video_codec": film.codec_context.name, "frames_per_s": round(rate, 3) if rate else None}
            poster = _moment(opened, film)
            if poster is not None and poster.width > poster.height and width < height:
                width, height = height, width
            return Preview(poster, width, height, duration_ms, None, details)
    except (av.FFmpegError, ValueError, EOFError) as error:
        raise FileRefused("This file is damaged, or of a kind that cannot be played") from error


def _moment(opened: Any, film: Any) -> Picture | None:
    """A tenth into the film, where the title usually is over; the first frame that is not black, if there is one."""
    if opened.duration:
        opened.seek(opened.duration // 10)
    last: pyvips.Image | None = None
    for n, frame in enumerate(opened.decode(film)):
        last = _picture_of(frame)
        if last.avg() > 12 or n >= TRIED_FRAMES:
            break
    return make_poster(last) if last is not None else None


def _picture_of(frame: Any) -> pyvips.Image:
    seen = frame.reformat(format="rgb24")
    raw, stride, wide = bytes(seen.planes[0]), seen.planes[0].line_size, seen.width * 3
    if stride != wide:  # each line is filled up to a round length
        raw = b"".join(raw[begin : begin + wide] for begin in range(0, stride * seen.height, stride))
    image = pyvips.Image.new_from_memory(raw, seen.width, seen.height, 3, "uchar").copy(interpretation="srgb")
    turns = {90: "d270", 180: "d180", -180: "d180", 270: "d90", -90: "d90"}
    turn = turns.get(round(getattr(frame, "rotation", 0) or 0))
    return image.rot(turn) if turn else image


def _said(text: object) -> str:
    return " ".join(str(text).replace("\0", "").split())[:MAX_TEXT] if text else ""
