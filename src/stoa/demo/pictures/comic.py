"""A short comic, drawn when it is made: a lighthouse, its keeper, a cat, and no oil. It is read from right to left.

Story, drawing and lettering are these lines, under Stoa's own licence. All of it is grey, but for the light.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pyvips
import typst

from stoa.demo.pictures import scenes
from stoa.demo.pictures.sheet import Sheet

WIDTH, HEIGHT = 1000, 1414
TITLE: Final = "The Last Lamp"
CHAPTER: Final = "Oil"
_GUTTER: Final = 24
_TEMPLATE: Final = Path(__file__).parent / "balloons.typ"


class Said(msgspec.Struct, frozen=True):
    """Words on a page. `x` and `y` are their middle, `to` where the tail of a balloon ends, in pixels of the page."""

    text: str
    x: int
    y: int
    width: int = 260
    to: tuple[int, int] = (0, 0)
    kind: str = "balloon"
    size: int = 34


class Panel(msgspec.Struct, frozen=True):
    """A picture on a page: where, in pixels, and what paints it."""

    box: tuple[int, int, int, int]
    scene: Callable[[Sheet], None]


class Page(msgspec.Struct, frozen=True):
    """A page, or a spread over two. `alt` says what is to be seen."""

    alt: str
    panels: list[Panel]
    said: list[Said]
    width: int = WIDTH


def draw(page: Page, seed: int) -> bytes:
    """A page as JPEG, WIDTH x HEIGHT, or twice as wide."""
    blank = pyvips.Image.black(page.width, HEIGHT, bands=3)
    whole = (blank + list(scenes.PAPER)).cast("uchar").copy(interpretation="srgb")
    for number, panel in enumerate(page.panels):
        left, top, wide, high = panel.box
        sheet = Sheet(wide, high, scenes.GREYS, seed * 100 + number)
        panel.scene(sheet)
        whole = whole.insert(sheet.image, left, top)
    over = pyvips.Image.pngload_buffer(_lettered(page))
    done = whole.composite2(over, "over").flatten(background=list(scenes.PAPER)).cast("uchar")
    return bytes(done.copy(interpretation="srgb").jpegsave_buffer(Q=90, optimize_coding=True))


def _lettered(page: Page) -> bytes:
    frames = [panel.box for panel in page.panels if panel.box[2] < page.width]
    data = {"width": page.width, "height": HEIGHT, "frames": frames, "said": msgspec.to_builtins(page.said)}
    made = typst.compile(_TEMPLATE, format="png", ppi=72.0, sys_inputs={"page": json.dumps(data)})
    if not isinstance(made, bytes):
        raise TypeError("one page was asked for")
    return made


def _boxes(*rows: tuple[int, tuple[float, ...]]) -> list[tuple[int, int, int, int]]:
    """Panels from rows of (height in pixels, shares of the width from right to left), with gutters."""
    found: list[tuple[int, int, int, int]] = []
    top = _GUTTER
    for high, shares in rows:
        free = WIDTH - _GUTTER * (len(shares) + 1)
        right = WIDTH - _GUTTER
        for share in shares:
            wide = round(free * share)
            found.append((right - wide, top, wide, high))
            right -= wide + _GUTTER
        top += high + _GUTTER
    return found


def _page(
    alt: str, rows: list[tuple[int, tuple[float, ...]]], scenes: list[Callable[[Sheet], None]], said: list[Said]
) -> Page:
    return Page(alt, [Panel(box, scene) for box, scene in zip(_boxes(*rows), scenes, strict=True)], said)


PAGES: Final[tuple[Page, ...]] = (
    Page(
        "A lighthouse on a rock at night. Its lamp is dark.",
        [Panel((0, 0, WIDTH, HEIGHT), scenes.title)],
        [
            Said("The Last Lamp", 285, 560, 480, kind="title", size=92),
            Said("1. Oil", 285, 770, 400, kind="title", size=46),
        ],
    ),
    _page(
        "Rain over the sea. The keeper stands at his window; his cat looks up.",
        [(560, (1.0,)), (758, (0.55, 0.45))],
        [scenes.rocks, scenes.at_the_window, scenes.cat_alone],
        [
            Said("It had rained for nine days.", 300, 90, 380, kind="caption"),
            Said("No oil left, Mouse.", 660, 700, 210, (640, 930)),
            Said("Mrau.", 170, 740, 120, (215, 970)),
        ],
    ),
    _page(
        "A round stair from above. The great lamp, dark. An empty can. Far out, a ship.",
        [(620, (0.5, 0.5)), (698, (0.4, 0.6))],
        [scenes.stairs, scenes.dark_lamp, scenes.can, scenes.far_ship],
        [
            Said("Two hundred and six steps.", 750, 590, 330, kind="caption", size=30),
            Said("Empty.", 760, 760, 140, (720, 960)),
            Said("And there they are.", 200, 760, 230, (330, 1010)),
        ],
    ),
    _page(
        "Rocks in the surf. The keeper and the cat in the kitchen, before a shelf. A jar of olive oil.",
        [(480, (1.0,)), (838, (0.5, 0.5))],
        [scenes.rocks, scenes.both, scenes.jar],
        [
            Said("They cannot see the rocks.", 690, 120, 300, (760, 330)),
            Said("What have you found?", 760, 640, 230, (800, 860)),
            Said("Olive oil. For the salad.", 250, 1330, 380, kind="caption", size=30),
        ],
    ),
    Page(
        "Over two pages: the lighthouse shines. Its light, the only colour, lies over the waves and reaches a ship.",
        [Panel((0, 0, 2 * WIDTH, HEIGHT), scenes.lit_sea)],
        [Said("There.", 1500, 250, 150, (1590, 420), size=40)],
        2 * WIDTH,
    ),
    _page(
        "The ship turns in the light. The lamp burns. Keeper and cat look at each other.",
        [(640, (1.0,)), (678, (0.42, 0.58))],
        [scenes.turning, scenes.lit_lamp, scenes.both],
        [
            Said("A light! Hard to starboard!", 300, 130, 320, (420, 360)),
            Said("Supper will be dry.", 390, 780, 220, (400, 930)),
            Said("Mrau.", 130, 940, 110, (150, 1090)),
        ],
    ),
    _page(
        "Morning. The sea is calm, the ship a small thing far away, and the lamp is out.",
        [(1366, (1.0,))],
        [scenes.dawn],
        [
            Said("They never knew who it was.", 620, 130, 480, kind="caption", size=38),
            Said("End of the first chapter", 500, 1310, 420, kind="caption", size=26),
        ],
    ),
)
