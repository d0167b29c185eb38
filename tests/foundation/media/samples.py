"""Files of all kinds, made here."""

import io
import wave
import zipfile
from typing import Any

import av
import pypdfium2
import pyvips


def picture(width: int = 400, height: int = 300, seed: int = 1, kind: str = "png") -> bytes:
    """A picture of noise, different for each seed."""
    image = pyvips.Image.gaussnoise(width, height, sigma=40, mean=128, seed=seed).cast("uchar")
    return bytes(image.write_to_buffer(f".{kind}"))


def pdf(pages: int = 2) -> bytes:
    """A PDF of blank pages, 300 by 400 points."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(300, 400)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def film(seconds: int = 2, width: int = 320, height: int = 240) -> bytes:
    """An MP4 that gets redder."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as made:
        stream: Any = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(seconds * 10):
            frame = av.VideoFrame(width, height, "rgb24")
            frame.planes[0].update(bytes((100 + 5 * n, 30, 30)) * (frame.planes[0].buffer_size // 3))
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    return out.getvalue()


def sound(seconds: int = 1) -> bytes:
    """A WAV of silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(b"\0\0" * 8000 * seconds)
    return out.getvalue()


def packed(files: dict[str, bytes], *, stored: bool = False) -> bytes:
    """A ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def epub() -> bytes:
    """Just enough of an EPUB."""
    return packed({"mimetype": b"application/epub+zip", "META-INF/container.xml": b"<container/>"}, stored=True)
