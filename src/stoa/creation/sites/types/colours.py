"""Whether a colour can be read on another, by the formula of WCAG 2, and which shade of it could."""

import colorsys
import re
from typing import Final

TEXT: Final = 4.5  # the ratio that text of any size needs (AA)
_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_STEPS: Final = 100


def is_colour(text: str) -> bool:
    """Whether it is '#rrggbb' in lower case."""
    return _HEX.fullmatch(text) is not None


def ratio(one: str, other: str) -> float:
    """The contrast of two colours: 1 (none) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def on(colour: str) -> str:
    """Black or white, whichever reads better on a colour: at least 4.5 for every one there is."""
    return max("#ffffff", "#000000", key=lambda ink: ratio(ink, colour))


def readable(colour: str, papers: tuple[str, ...], needed: float = TEXT) -> str:
    """The nearest shade of a colour that reads on all of these papers; the colour itself where it does."""
    if all(ratio(colour, paper) >= needed for paper in papers):
        return colour
    red, green, blue = _channels(colour)
    hue, light, full = colorsys.rgb_to_hls(red, green, blue)
    # Away from the papers: darker on light ones, lighter on dark ones.
    darker = on(papers[0]) == "#000000"
    for step in range(1, _STEPS + 1):
        there = light + ((0.0 if darker else 1.0) - light) * step / _STEPS
        shade = _hex(*colorsys.hls_to_rgb(hue, there, full))
        if all(ratio(shade, paper) >= needed for paper in papers):
            return shade
    return on(papers[0])


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _hex(*channels: float) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)
