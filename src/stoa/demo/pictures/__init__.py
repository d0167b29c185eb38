"""Pictures for the demo content, drawn when it is made: abstract landscapes, colour fields, stone, columns, light.

Each is a function of a palette and a seed, so that nothing but these lines has to be kept.
"""

from collections.abc import Sequence
from typing import Final

from stoa.demo.pictures.avatars import AVATARS
from stoa.demo.pictures.kinds import KINDS
from stoa.demo.pictures.sheet import Colour, Sheet

WIDTH, HEIGHT = 960, 600
AVATAR_SIDE: Final = 320

# From far and light to near and dark, then an accent.
PALETTES: Final[dict[str, tuple[str, ...]]] = {
    "aegean": ("#E9EEF0", "#BFD3DE", "#7FA6BF", "#3E7599", "#1F4C6E", "#E0AC52"),
    "dawn": ("#F8EBDD", "#F0CFB4", "#D9A48F", "#9C7383", "#4C4A63", "#FBF3E4"),
    "olive": ("#F3F0DF", "#D7D6B0", "#A3AE7B", "#6B7F4B", "#3B4A2C", "#C98A3D"),
    "ochre": ("#FAF0DC", "#EBCF9B", "#D2A055", "#96590A", "#54330F", "#3E6C84"),
    "stone": ("#F5F2EB", "#E0DACE", "#BFB6A6", "#8D8474", "#4B463D", "#A8632C"),
    "night": ("#3B4A63", "#2A3650", "#1D2740", "#131B2E", "#0A0F1C", "#F0C978"),
    "rust": ("#F6E7DC", "#E3BFA6", "#C6846A", "#9C4A38", "#542420", "#2F5D6B"),
    "winter": ("#F6F7F7", "#DDE3E6", "#B4C0C8", "#7C8C98", "#3F4B56", "#C9A36A"),
    "plum": ("#F3EAEE", "#D9C3D0", "#AE8BA4", "#74546F", "#3A2A3E", "#D9A95B"),
}


def draw(kind: str, palette: str, seed: int) -> bytes:
    """A JPEG of WIDTH x HEIGHT. Raises KeyError for a kind or palette that is not known."""
    sheet = Sheet(WIDTH, HEIGHT, [_rgb(colour) for colour in PALETTES[palette]], seed)
    KINDS[kind](sheet)
    return sheet.jpeg()


def avatar(colours: Sequence[str], seed: int) -> bytes:
    """A small square of calm geometry in four colours: ground, shape, second shape, accent."""
    sheet = Sheet(AVATAR_SIDE, AVATAR_SIDE, [_rgb(colour) for colour in colours], seed)
    AVATARS[seed % len(AVATARS)](sheet)
    return sheet.jpeg()


def _rgb(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
