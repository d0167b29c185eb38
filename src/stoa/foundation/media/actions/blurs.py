"""What stands in a picture's place before it is there: a thumbhash (a blur of 25 bytes or so), the chief colour."""

import math
from collections import Counter
from typing import Final

import pyvips

COLOUR_SIDE: Final = 48
TINY: Final = 1e-9


def thumbhash(image: pyvips.Image) -> bytes:
    """The thumbhash of a picture (https://evanw.github.io/thumbhash), which every decoder of it can draw."""
    small, pixels = _pixels(image, 64)  # the waves it keeps are far longer than such a pixel
    width, height = small
    average, has_alpha = _average(pixels)
    most = 5 if has_alpha else 7
    longer = max(width, height)
    lx, ly = max(1, round(most * width / longer)), max(1, round(most * height / longer))
    light, yellow, red, alpha = _channels(pixels, average)
    l_dc, l_ac, l_scale = _waves(light, width, height, max(3, lx), max(3, ly))
    p_dc, p_ac, p_scale = _waves(yellow, width, height, 3, 3)
    q_dc, q_ac, q_scale = _waves(red, width, height, 3, 3)
    wide = width > height
    head = round(63 * l_dc) | round(31.5 + 31.5 * p_dc) << 6 | round(31.5 + 31.5 * q_dc) << 12
    head |= round(31 * l_scale) << 18 | int(has_alpha) << 23
    rest = (ly if wide else lx) | round(63 * p_scale) << 3 | round(63 * q_scale) << 9 | int(wide) << 15
    found = [head & 255, head >> 8 & 255, head >> 16 & 255, rest & 255, rest >> 8 & 255]
    waves = [l_ac, p_ac, q_ac]
    if has_alpha:
        a_dc, a_ac, a_scale = _waves(alpha, width, height, 5, 5)
        found.append(round(15 * a_dc) | round(15 * a_scale) << 4)
        waves.append(a_ac)
    return bytes(found) + _nibbles([round(15 * f) for ac in waves for f in ac])


def dominant_colour(image: pyvips.Image) -> str:
    """The colour ('#rrggbb') that most of a picture has, alike ones taken together; greys count least."""
    _, pixels = _pixels(image, COLOUR_SIDE)
    weights: Counter[tuple[int, int, int]] = Counter()
    sums: dict[tuple[int, int, int], list[float]] = {}
    for red, green, blue, alpha in pixels:
        if alpha < 0.5:
            continue
        colour = (red, green, blue)
        bucket = (int(red * 5.99), int(green * 5.99), int(blue * 5.99))
        weights[bucket] += 1 + round(6 * (max(colour) - min(colour)))
        total = sums.setdefault(bucket, [0.0, 0.0, 0.0, 0.0])
        for n, part in enumerate((*colour, 1.0)):
            total[n] += part
    if not weights:
        return "#ffffff"
    total = sums[weights.most_common(1)[0][0]]
    return "#" + "".join(f"{round(255 * part / total[3]):02x}" for part in total[:3])


def _pixels(image: pyvips.Image, side: int) -> tuple[tuple[int, int], list[tuple[float, float, float, float]]]:
    page = image.crop(0, 0, image.width, image.get_page_height())
    small = page.thumbnail_image(side, height=side, size="down").colourspace("srgb")
    if not small.hasalpha():
        small = small.bandjoin(255)
    raw = bytes(small.extract_band(0, n=4).cast("uchar").write_to_memory())
    values = [byte / 255 for byte in raw]
    pixels = list(zip(values[0::4], values[1::4], values[2::4], values[3::4], strict=True))
    return (small.width, small.height), pixels


def _average(pixels: list[tuple[float, float, float, float]]) -> tuple[tuple[float, float, float], bool]:
    opaque = sum(p[3] for p in pixels)
    if opaque == 0:
        return (0.0, 0.0, 0.0), True
    red, green, blue = (sum(p[n] * p[3] for p in pixels) / opaque for n in range(3))
    return (red, green, blue), opaque < len(pixels)


def _channels(
    pixels: list[tuple[float, float, float, float]], average: tuple[float, float, float]
) -> tuple[list[float], list[float], list[float], list[float]]:
    light, yellow, red, alphas = [], [], [], []
    for pixel in pixels:
        alpha = pixel[3]
        r, g, b = (average[n] * (1 - alpha) + alpha * pixel[n] for n in range(3))
        light.append((r + g + b) / 3)
        yellow.append((r + g) / 2 - b)
        red.append(r - g)
        alphas.append(alpha)
    return light, yellow, red, alphas


def _waves(channel: list[float], width: int, height: int, nx: int, ny: int) -> tuple[float, list[float], float]:
    """The average, the waves scaled to 0…1, and the scale."""
    across = [[math.cos(math.pi / width * cx * (x + 0.5)) for x in range(width)] for cx in range(nx)]
    down = [[math.cos(math.pi / height * cy * (y + 0.5)) for y in range(height)] for cy in range(ny)]
    rows = [channel[y * width : (y + 1) * width] for y in range(height)]
    dc, ac, scale = 0.0, [], 0.0
    lines = [[sum(a * b for a, b in zip(row, wave, strict=True)) for row in rows] for wave in across]
    for cy in range(ny):
        cx = 0
        while cx * ny < nx * (ny - cy):
            f = sum(line * fy for line, fy in zip(lines[cx], down[cy], strict=True)) / (width * height)
            if cx or cy:
                ac.append(f)
                scale = max(scale, abs(f))
            else:
                dc = f
            cx += 1
    if scale < TINY:  # an even surface, but for what rounding leaves
        return dc, [0.0] * len(ac), 0.0
    return dc, [0.5 + 0.5 / scale * f for f in ac], scale


def _nibbles(values: list[int]) -> bytes:
    padded = values + [0] * (len(values) % 2)
    return bytes(low | high << 4 for low, high in zip(padded[0::2], padded[1::2], strict=True))
