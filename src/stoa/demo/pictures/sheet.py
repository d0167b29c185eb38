"""What pictures are painted on.

Coordinates are fractions of the width and of the height; a mask is an image of one band from 0 to 1.
"""

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import pyvips

GRAIN: Final = 1.4  # a little noise, or gradients show bands

Colour = tuple[int, int, int]
Image = Any  # pyvips.Image, which has no types


def between(a: Colour, b: Colour, share: float) -> Colour:
    """The colour a share of the way from one to another."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


class Sheet:
    """What is painted on: `x` and `y` of each pixel, and the picture so far."""

    def __init__(self, width: int, height: int, colours: Sequence[Colour], seed: int) -> None:
        self.width, self.height, self.colours, self.seed = width, height, colours, seed
        self.dice = random.Random(seed)
        at = pyvips.Image.xyz(width, height)
        self.x, self.y = (at[0] / width).copy_memory(), (at[1] / height).copy_memory()
        self.image: Image = self.x
        self.fill(colours[0])

    def fill(self, colour: Colour) -> None:
        """The whole sheet in one colour."""
        blank = pyvips.Image.black(self.width, self.height, bands=3)
        self.image = (blank + list(colour)).cast("uchar").copy(interpretation="srgb")

    def paint(self, colour: Colour, mask: Image) -> None:
        """Lay a colour over where the mask is 1, thinner where it is less."""
        self.image = (mask * 255).cast("uchar").ifthenelse(list(colour), self.image, blend=True)

    @contextmanager
    def part(self, left: float, top: float, right: float, bottom: float) -> Iterator[None]:
        """Paint only within these borders meanwhile, which is quicker for something small."""
        whole = self.image, self.x, self.y
        x, y = max(0, int(left * self.width)), max(0, int(top * self.height))
        wide, high = min(self.width, math.ceil(right * self.width)) - x, math.ceil(bottom * self.height) - y
        self.image, self.x, self.y = (image.crop(x, y, wide, min(high, self.height - y)) for image in whole)
        yield
        self.image, self.x, self.y = whole[0].insert(self.image, x, y), whole[1], whole[2]

    def shade(self, amount: Image) -> None:
        """Lighter where the amount is above 0, darker below; 1 doubles the light."""
        self.image = (self.image * (amount + 1)).cast("uchar")

    def fade(self, top: Colour, bottom: Colour, start: float = 0.0, end: float = 1.0) -> None:
        """The whole sheet from one colour to another, downwards."""
        self.fill(top)
        self.paint(bottom, self.edge(self.y - (start + end) / 2, end - start))

    def edge(self, distance: Image, softness: float = 0.0) -> Image:
        """A mask: 1 where the distance is positive, over `softness` (or one pixel) to 0."""
        return (distance / max(softness, 1.5 / self.width) + 0.5).clamp(min=0, max=1)

    def box(self, left: float, top: float, right: float, bottom: float, softness: float = 0.0) -> Image:
        """A mask of a rectangle."""
        across = self.edge(self.x - left, softness) * self.edge(self.x * -1 + right, softness)
        return across * self.edge(self.y - top, softness) * self.edge(self.y * -1 + bottom, softness)

    def disc(self, x: float, y: float, radius: float, softness: float = 0.0) -> Image:
        """A mask of a circle; the radius is a fraction of the width."""
        return self.edge(self.far_from(x, y) * -1 + radius, softness)

    def far_from(self, x: float, y: float) -> Image:
        """The distance of each pixel to a point, in widths."""
        tall = self.height / self.width
        return ((self.x - x) ** 2 + ((self.y - y) * tall) ** 2) ** 0.5

    def wave(self, height: float, waves: float = 1.0) -> Image:
        """A slow line over x, about as high as said, of three sines."""
        along = self.x.crop(0, 0, self.width, 1)
        line = along * 0
        for times, share in ((1.0, 0.6), (2.3, 0.3), (5.1, 0.12)):
            line = line + (along * (360 * waves * times) + self.dice.uniform(0, 360)).sin() * (height * share)
        return line.copy_memory().replicate(1, self.height)

    def cloud(self, cell: int, stretch: float = 1.0) -> Image:
        """Perlin noise from -1 to 1 with cells of about so many pixels, `stretch` times as wide as high."""
        wide = max(cell, math.ceil(self.width / stretch))
        noise = pyvips.Image.perlin(wide, self.height, cell_size=cell, seed=self.dice.randrange(1 << 30))
        if stretch != 1:
            noise = noise.resize(stretch, vscale=1).crop(0, 0, self.width, self.height)
        return noise.copy_memory()  # else it is made anew for each mask that uses it

    def jpeg(self) -> bytes:
        """The picture with a little grain."""
        tile = pyvips.Image.gaussnoise(257, 251, mean=0, sigma=GRAIN, seed=self.seed).copy_memory()
        grain = tile.replicate(self.width // 257 + 1, self.height // 251 + 1).crop(0, 0, self.width, self.height)
        content: bytes = (self.image + grain).cast("uchar").copy(interpretation="srgb").jpegsave_buffer(Q=93)
        return content
