"""The picture itself: decoded once, turned upright, written anew. All of it runs in a thread, without a context."""

from typing import Final

import msgspec
import pyvips

from stoa.foundation.media.actions.blurs import dominant_colour, thumbhash
from stoa.foundation.media.errors import ImageRefused
from stoa.foundation.media.types import AVATAR_SIDE, MAX_FRAMES, MAX_PIXELS, SIZES, Area, Crop, Variant
from stoa.kit.errors import Invalid

WEBP_QUALITY: Final = 82
AVIF_QUALITY: Final = 55
DERIVED_QUALITY: Final = 90
MAX_DERIVED: Final = 8192  # pixels of a side, of what is made of a picture
MAX_SIDE: Final = 16_383  # what WebP can hold

# A loader is chosen by the first bytes, never by the name; nothing else of libvips is reachable from an upload.
_LOADERS: Final[tuple[tuple[bytes, int, str, str], ...]] = (
    (b"\xff\xd8\xff", 0, "image/jpeg", "jpegload_buffer"),
    (b"\x89PNG\r\n\x1a\n", 0, "image/png", "pngload_buffer"),
    (b"GIF87a", 0, "image/gif", "gifload_buffer"),
    (b"GIF89a", 0, "image/gif", "gifload_buffer"),
    (b"WEBP", 8, "image/webp", "webpload_buffer"),
    (b"ftypavif", 4, "image/avif", "heifload_buffer"),
)
_SRGB: Final = frozenset({"srgb", "rgb16", "b-w", "grey16"})  # how a picture without a profile is understood
_ANIMATED: Final = frozenset({"image/gif", "image/webp"})

pyvips.block_untrusted_set(True)  # the loaders that libvips itself does not hold to be safe, SVG among them
pyvips.cache_set_max(0)  # each picture is worked on once: a cache would only keep its memory


class Picture(msgspec.Struct, frozen=True):
    """What became of an upload: its sizes as WebP, and as AVIF where it was asked for and there is one, smallest first.

    `width` and `height` are those of what was sent.
    """

    content_type: str
    frames: int
    colour: str
    sizes: list[tuple[Variant, bytes]]
    avif: list[tuple[Variant, bytes]]
    width: int
    height: int
    thumbhash: bytes
    dominant_colour: str

    @property
    def bytes_count(self) -> int:
        """Of all sizes as WebP together."""
        return sum(variant.bytes_count for variant, _ in self.sizes)


class Head(msgspec.Struct, frozen=True):
    """What a file says of itself before it is decoded: upright measures of one frame, in pixels.

    is_srgb: its colours, or greys, need no profile to be understood.
    """

    content_type: str
    frames: int
    width: int
    height: int
    is_srgb: bool


def make_picture(data: bytes, *, with_avif: bool = False) -> Picture:
    """Decodes once, turns upright, brings to sRGB, and writes each size without metadata. Raises ImageRefused."""
    try:
        head = read_head(data)
        return _picture(data, _scaled(data, SIZES[-1], head, head.frames), head, with_avif=with_avif)
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def make_poster(image: pyvips.Image) -> Picture:
    """The sizes of a picture that was made here, such as a page or a moment of a film."""
    image = image.copy_memory()
    head = Head("image/webp", 1, image.width, image.height, True)
    largest = image.thumbnail_image(SIZES[-1], height=MAX_SIDE, size="down").copy_memory()
    return _picture(b"", largest, head, with_avif=False)


def derive(data: bytes, *, area: Area | None, width: int | None, height: int | None, covers: bool) -> bytes:
    """A part of a picture and another size of it, in the kind it has (else WebP), without metadata, never enlarged.

    With both measures it fits inside them, or, with `covers`, fills them and loses what juts out. Of an animation the
    first frame. Raises ImageRefused, and Invalid for a part that does not lie inside the picture.
    """
    try:
        head = read_head(data)
        image = _scaled(data, head.width, head)
        if area is not None:
            _check_area(area, head)
            image = image.crop(area.x, area.y, area.width, area.height)
        if width is not None or height is not None:
            image = image.thumbnail_image(
                width or MAX_DERIVED,
                height=height or MAX_DERIVED,
                size="down",
                crop="centre" if covers and width and height else "none",
            )
        return encoded(image, head.content_type)
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def optimise(data: bytes, quality: int) -> bytes:
    """The whole picture anew as WebP of this quality (1 to 100), without metadata. Raises ImageRefused."""
    try:
        head = read_head(data)
        image = _scaled(data, head.width, head, head.frames)
        return bytes(image.webpsave_buffer(Q=quality, effort=4, keep="none"))
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def as_seen(data: bytes, width: int) -> pyvips.Image:
    """The first frame as people see it: upright, on white, in sRGB, at most so wide, however high. In memory.

    Raises ImageRefused and pyvips.Error.
    """
    image = _decoded(data, read_head(data), width, height=MAX_PIXELS)
    return (image.flatten(background=[255, 255, 255]) if image.hasalpha() else image).copy_memory()


def encoded(image: pyvips.Image, content_type: str) -> bytes:
    """A picture as a file of this kind, else WebP, without metadata."""
    if content_type == "image/png":
        return bytes(image.pngsave_buffer(keep="none"))
    if content_type == "image/jpeg":
        return bytes(image.jpegsave_buffer(Q=DERIVED_QUALITY, optimize_coding=True, keep="none"))
    return bytes(image.webpsave_buffer(Q=DERIVED_QUALITY, effort=4, keep="none"))


def _picture(data: bytes, largest: pyvips.Image, head: Head, *, with_avif: bool) -> Picture:
    with_avif = with_avif and head.frames == 1 and hasattr(pyvips.Image, "heifsave_buffer")
    webp: list[tuple[Variant, bytes]] = []
    avif: list[tuple[Variant, bytes]] = []
    for size in SIZES:
        image = largest if size == SIZES[-1] else _smaller(data, largest, size, head)
        width, height = image.width, image.get_page_height()
        content = image.webpsave_buffer(Q=WEBP_QUALITY, effort=4, keep="none")
        webp.append((Variant(size, width, height, len(content)), content))
        if with_avif:
            content = image.heifsave_buffer(compression="av1", Q=AVIF_QUALITY, effort=2, keep="none")
            avif.append((Variant(size, width, height, len(content)), content))
        if width < size or size >= head.width:  # the next would be the same picture again
            break
    return Picture(
        content_type=head.content_type,
        frames=head.frames,
        colour=_average_colour(largest),
        sizes=webp,
        avif=avif,
        width=head.width,
        height=head.height,
        thumbhash=thumbhash(largest),
        dominant_colour=dominant_colour(largest),
    )


def cut_square(data: bytes, crop: Crop | None) -> bytes:
    """A square part of a picture (the middle without `crop`) as PNG of at most AVATAR_SIDE pixels, without metadata.

    Of an animation its first frame. Raises ImageRefused, and Invalid for a part that does not lie inside the picture.
    """
    try:
        head = read_head(data)
        shorter = min(head.width, head.height)
        part = crop or Crop((head.width - shorter) // 2, (head.height - shorter) // 2, shorter)
        _check_crop(part, head)
        width = max(1, round(head.width * min(1.0, AVATAR_SIDE / part.size)))
        image = _scaled(data, width, head)
        factor = image.width / head.width
        left, top = min(round(part.x * factor), image.width - 1), min(round(part.y * factor), image.height - 1)
        side = max(1, min(round(part.size * factor), image.width - left, image.height - top, AVATAR_SIDE))
        return bytes(image.crop(left, top, side, side).pngsave_buffer(keep="none"))
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def _check_crop(part: Crop, head: Head) -> None:
    wrong: dict[str, str] = {}
    if not 1 <= part.size <= min(head.width, head.height):
        wrong["size"] = f"Between 1 and {min(head.width, head.height)} pixels"
    elif not 0 <= part.x <= head.width - part.size:
        wrong["x"] = "This part does not lie inside the picture"
    elif not 0 <= part.y <= head.height - part.size:
        wrong["y"] = "This part does not lie inside the picture"
    if wrong:
        raise Invalid(fields=wrong)


def _check_area(area: Area, head: Head) -> None:
    wrong: dict[str, str] = {}
    outside = "This part does not lie inside the picture"
    if not 1 <= area.width <= head.width:
        wrong["width"] = f"Between 1 and {head.width} pixels"
    elif not 0 <= area.x <= head.width - area.width:
        wrong["x"] = outside
    if not 1 <= area.height <= head.height:
        wrong["height"] = f"Between 1 and {head.height} pixels"
    elif not 0 <= area.y <= head.height - area.height:
        wrong["y"] = outside
    if wrong:
        raise Invalid(fields=wrong)


def read_head(data: bytes) -> Head:
    """The measures of a picture, checked before anything is decoded. Raises ImageRefused."""
    content_type, loader = sniff(data)
    options = {"n": -1} if content_type in _ANIMATED else {}
    head = getattr(pyvips.Image, loader)(data, access="sequential", **options)
    frames = head.get("n-pages") if options and head.get_typeof("n-pages") else 1
    width, height = head.width, head.height // frames if options else head.height
    _check_measures(width, height, frames)
    turned = bool(head.get_typeof("orientation")) and head.get("orientation") in (5, 6, 7, 8)
    is_srgb = head.interpretation in _SRGB and not head.get_typeof("icc-profile-data")
    return Head(content_type, frames, height if turned else width, width if turned else height, is_srgb)


def look_at_head(data: bytes) -> Head:
    """As `read_head`, of bytes of which nobody knows yet whether they are a picture. Raises ImageRefused only."""
    try:
        return read_head(data)
    except pyvips.Error as error:
        raise ImageRefused("This file is damaged or not complete") from error


def sniff(data: bytes) -> tuple[str, str]:
    """The content type by the first bytes, and the loader for it. Raises ImageRefused for anything else."""
    for magic, offset, content_type, loader in _LOADERS:
        if data[offset : offset + len(magic)] == magic and (content_type != "image/webp" or data[:4] == b"RIFF"):
            return content_type, loader
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        raise ImageRefused("This file is empty")
    if start.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        raise ImageRefused("SVG drawings can hold scripts and are not taken; please export it as PNG")
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        raise ImageRefused("HEIC pictures are not taken; please export it as JPEG")
    raise ImageRefused("This is not a picture we know; JPEG, PNG, WebP, GIF and AVIF are taken")


def _check_measures(width: int, height: int, frames: int) -> None:
    if width * height * frames > MAX_PIXELS:
        raise ImageRefused(f"Pictures may have at most {MAX_PIXELS // 1_000_000} megapixels, all frames together")
    if frames > MAX_FRAMES:
        raise ImageRefused(f"Animations may have at most {MAX_FRAMES} frames")


def _scaled(data: bytes, size: int, head: Head, frames: int = 1) -> pyvips.Image:
    return _decoded(data, head, size, height=MAX_SIDE, frames=frames).copy_memory()


def _decoded(data: bytes, head: Head, width: int, *, height: int, frames: int = 1) -> pyvips.Image:
    """At most so large, upright, in sRGB."""
    option = "fail_on=truncated,n=-1" if frames > 1 else "fail_on=truncated"  # its own `fail_on` does not reach loaders
    # What needs no profile comes out of a transform as it went in, after ten times the time of all the rest.
    profile = {} if head.is_srgb else {"output_profile": "srgb"}
    image = pyvips.Image.thumbnail_buffer(data, width, height=height, size="down", option_string=option, **profile)
    return image.colourspace("srgb") if head.is_srgb else image


def _smaller(data: bytes, largest: pyvips.Image, size: int, head: Head) -> pyvips.Image:
    if head.frames > 1:  # a resize knows nothing of frames, so each size is decoded anew
        return _scaled(data, size, head, head.frames)
    return largest.thumbnail_image(size, height=MAX_SIDE, size="down").copy_memory()


def _average_colour(image: pyvips.Image) -> str:
    page = image.crop(0, 0, image.width, image.get_page_height()).colourspace("srgb")
    if page.hasalpha():
        page = page.flatten(background=[255, 255, 255])
    red, green, blue = (min(255, max(0, round(band.avg()))) for band in page.bandsplit()[:3])
    return f"#{red:02x}{green:02x}{blue:02x}"
