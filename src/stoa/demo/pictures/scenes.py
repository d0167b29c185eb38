"""What stands on the pages of the comic: a lighthouse, its keeper, a cat, the sea. All grey, but for the light."""

from typing import Any, Final

from stoa.demo.pictures.sheet import Colour, Image, Sheet, between

PAPER: Final[Colour] = (251, 249, 244)
GREYS: Final[tuple[Colour, ...]] = (
    (236, 233, 226),  # light
    (196, 192, 184),
    (138, 135, 130),
    (86, 84, 82),
    (40, 39, 40),
    (22, 20, 15),  # ink
)
_LAMP: Final[Colour] = (246, 201, 104)


def _shape(sheet: Sheet, *points: tuple[float, float]) -> Image:
    """A mask of a convex shape, its corners clockwise; distances count in widths, so that edges are even."""
    tall = sheet.height / sheet.width
    mask: Any = sheet.x * 0 + 1
    for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True):
        dx, dy = x2 - x1, (y2 - y1) * tall
        length = max(1e-6, (dx * dx + dy * dy) ** 0.5)
        mask = mask * sheet.edge(((sheet.y - y1) * (tall * dx) - (sheet.x - x1) * dy) / length)
    return mask


def _oval(sheet: Sheet, x: float, y: float, wide: float, high: float) -> Image:
    """A mask of an ellipse, upright; `wide` and `high` are half of each, in widths and heights."""
    far = (((sheet.x - x) / wide) ** 2 + ((sheet.y - y) / high) ** 2) ** 0.5
    return sheet.edge((far * -1 + 1) * min(wide, high))


def _sea(sheet: Sheet, horizon: float = 0.62, *, storm: bool = False) -> None:
    light, pale, grey, deep, dark, ink = sheet.colours
    sheet.fade(ink, between(deep, dark, 0.4), 0, horizon)
    sheet.paint(deep, sheet.edge(sheet.cloud(190, 2.4) - 0.05, 0.5) * sheet.edge(horizon - sheet.y, 0.2) * 0.8)
    for step in range(4):
        crest = sheet.wave(0.03 if storm else 0.008, 1.4 + step) + (horizon + step * (1 - horizon) / 4)
        under = sheet.y - crest
        sheet.paint(between(dark, ink, step / 4), sheet.edge(under))
        sheet.paint(grey if storm else deep, sheet.edge(under) * sheet.edge(0.012 - under) * 0.9)
    sheet.paint(pale, sheet.edge(sheet.cloud(18, 7) - 0.46, 0.1) * sheet.edge(sheet.y - horizon) * 0.35)
    if storm:
        slant = ((sheet.x * 900 + sheet.y * 4200 * sheet.height / sheet.width / 3) * 2).sin()
        sheet.paint(light, sheet.edge(slant - 0.86, 0.1) * sheet.edge(sheet.cloud(40, 1) - 0.05, 0.2) * 0.5)


def _tower(sheet: Sheet, x: float = 0.5, top: float = 0.2, wide: float = 0.1, *, lit: bool = False) -> None:
    light, pale, grey, _, dark, ink = sheet.colours
    foot = 0.94
    sheet.paint(
        ink, _shape(sheet, (x - 4 * wide, 1.02), (x - 2.2 * wide, 0.9), (x + 2.4 * wide, 0.88), (x + 4 * wide, 1.02))
    )
    body = _shape(sheet, (x - wide * 0.62, top), (x + wide * 0.62, top), (x + wide, foot), (x - wide, foot))
    sheet.paint(pale, body)
    sheet.paint(dark, body * sheet.edge(((sheet.y - top) * 1700 / (foot - top)).sin() - 0.05))
    sheet.paint(ink, body * sheet.edge(sheet.x - x, wide * 1.6) * 0.75)
    room = top - 0.075
    sheet.paint(ink, sheet.box(x - wide * 0.85, top - 0.012, x + wide * 0.85, top + 0.01))
    sheet.paint(_LAMP if lit else grey, sheet.box(x - wide * 0.5, room, x + wide * 0.5, top - 0.012))
    sheet.paint(ink, sheet.box(x - wide * 0.08, room, x + wide * 0.08, top - 0.012) * (0 if lit else 1))
    sheet.paint(ink, _shape(sheet, (x, room - 0.075), (x + wide * 0.75, room), (x - wide * 0.75, room)))
    if lit:
        sheet.paint(light, sheet.disc(x, top - 0.045, wide * 0.32, 0.02))


def _beam(sheet: Sheet, x: float, y: float, slope: float = 0.1, spread: float = 0.085) -> None:
    """Light from a lamp to the left edge and a little to the right."""
    tall = sheet.height / sheet.width
    for way, strength in ((-1.0, 0.92), (1.0, 0.5)):
        along = (sheet.x - x) * way
        across = ((sheet.y - y) * tall - along * slope).abs()
        sheet.paint(_LAMP, sheet.edge(along * spread + 0.008 - across, 0.03) * sheet.edge(along) * strength)
    sheet.paint(_LAMP, sheet.edge(0.16 - sheet.far_from(x, y), 0.3) * 0.7)


def _ship(sheet: Sheet, x: float, y: float, size: float) -> None:
    light, *_, ink = sheet.colours
    tall = size * sheet.width / sheet.height
    sheet.paint(
        ink,
        _shape(
            sheet, (x - size, y), (x + size, y), (x + size * 0.7, y + tall * 0.4), (x - size * 0.75, y + tall * 0.4)
        ),
    )
    for mast, high in ((-0.35, 1.3), (0.3, 1.6)):
        sheet.paint(ink, sheet.box(x + mast * size - 0.004, y - tall * high, x + mast * size + 0.004, y))
        corner = (x + mast * size + size * 0.04, y - tall * high)
        sheet.paint(
            between(light, ink, 0.55),
            _shape(sheet, corner, (x + mast * size + size * 0.5, y - tall * 0.15), (corner[0], y - tall * 0.15)),
        )
    sheet.paint(light, sheet.disc(x + size * 0.8, y - tall * 0.1, size * 0.06, 0.01))


def _room(sheet: Sheet, brightness: float = 0.35) -> None:
    light, pale, grey, deep, dark, ink = sheet.colours
    sheet.fade(between(dark, pale, brightness), between(ink, grey, brightness), 0, 1)
    sheet.paint(deep, sheet.edge((sheet.y * 2200).sin() - 0.93) * sheet.edge(0.8 - sheet.y) * 0.5)
    sheet.paint(ink, sheet.edge(sheet.y - 0.86) * 0.75)
    sheet.paint(light, sheet.edge(sheet.cloud(220) - 0.25, 0.6) * 0.12)


def _window(sheet: Sheet, x: float, y: float, size: float) -> None:
    light, _, grey, _, dark, ink = sheet.colours
    tall = size * sheet.width / sheet.height * 1.3
    sheet.paint(ink, sheet.box(x - size - 0.02, y - tall - 0.02, x + size + 0.02, y + tall + 0.02))
    sheet.paint(between(grey, dark, 0.4), sheet.box(x - size, y - tall, x + size, y + tall))
    sheet.paint(
        light,
        sheet.edge((sheet.x * 1500 + sheet.y * 2600).sin() - 0.9)
        * sheet.box(x - size, y - tall, x + size, y + tall)
        * 0.6,
    )
    sheet.paint(ink, sheet.box(x - 0.008, y - tall, x + 0.008, y + tall))
    sheet.paint(ink, sheet.box(x - size, y - 0.008, x + size, y + 0.008))


def _keeper(sheet: Sheet, x: float, ground: float, size: float) -> None:
    """An old man in a coat, from behind: a cap, a beard's edge, round shoulders."""
    _, pale, grey, deep, dark, ink = sheet.colours
    tall = size * sheet.width / sheet.height
    coat = _shape(
        sheet,
        (x - 0.5 * size, ground - 1.5 * tall),
        (x + 0.5 * size, ground - 1.5 * tall),
        (x + 0.8 * size, ground),
        (x - 0.8 * size, ground),
    )
    sheet.paint(ink, coat)
    sheet.paint(ink, _oval(sheet, x, ground - 1.5 * tall, 0.52 * size, 0.3 * tall))
    sheet.paint(deep, coat * sheet.edge(0.03 - (sheet.x - x).abs()) * 0.6)
    sheet.paint(pale, _oval(sheet, x, ground - 1.98 * tall, 0.3 * size, 0.34 * tall))
    sheet.paint(grey, _oval(sheet, x, ground - 1.78 * tall, 0.34 * size, 0.24 * tall))
    sheet.paint(dark, _oval(sheet, x, ground - 2.2 * tall, 0.36 * size, 0.2 * tall))
    sheet.paint(dark, sheet.box(x - 0.38 * size, ground - 2.19 * tall, x + 0.38 * size, ground - 2.08 * tall))


def _cat(sheet: Sheet, x: float, ground: float, size: float, *, looks: bool = True) -> None:
    *_, ink = sheet.colours
    tall = size * sheet.width / sheet.height
    sheet.paint(ink, _oval(sheet, x, ground - 0.5 * tall, 0.45 * size, 0.55 * tall))
    sheet.paint(ink, _oval(sheet, x, ground - 1.2 * tall, 0.34 * size, 0.32 * tall))
    for side in (-1, 1):
        tip = (x + side * 0.3 * size, ground - 1.75 * tall)
        base = ((x + side * 0.33 * size, ground - 1.2 * tall), (x + side * 0.03 * size, ground - 1.42 * tall))
        sheet.paint(ink, _shape(sheet, tip, *(base if side > 0 else base[::-1])))
        if looks:
            sheet.paint(PAPER, _oval(sheet, x + side * 0.14 * size, ground - 1.24 * tall, 0.07 * size, 0.055 * tall))
            sheet.paint(ink, _oval(sheet, x + side * 0.14 * size, ground - 1.24 * tall, 0.022 * size, 0.05 * tall))
    ring = (sheet.far_from(x + 0.5 * size, ground - 0.35 * tall) - 0.3 * size).abs()
    sheet.paint(ink, sheet.edge(0.07 * size - ring) * sheet.edge(sheet.x - x - 0.42 * size))


def _lamp(sheet: Sheet, *, lit: bool) -> None:
    light, pale, grey, deep, dark, ink = sheet.colours
    sheet.fade(between(deep, dark, 0.5), ink)
    if lit:
        sheet.paint(_LAMP, sheet.edge(0.36 - sheet.far_from(0.5, 0.45), 0.7))
    for ring, colour in ((0.3, dark), (0.275, pale), (0.23, deep), (0.205, light), (0.15, grey), (0.13, pale)):
        sheet.paint(_LAMP if lit and colour in (light, pale) else colour, sheet.disc(0.5, 0.45, ring))
    sheet.paint(light if lit else ink, _oval(sheet, 0.5, 0.45, 0.045, 0.1))
    sheet.paint(ink, sheet.box(0.4, 0.74, 0.6, 0.8) + sheet.box(0.34, 0.8, 0.66, 1.0))


def stairs(sheet: Sheet) -> None:
    """Down a round stair, from above."""
    light, pale, grey, deep, dark, ink = sheet.colours
    sheet.fill(ink)
    middle, tall = (0.46, 0.54), sheet.height / sheet.width
    angle = ((sheet.y - middle[1]) * tall).atan2(sheet.x - middle[0])  # in degrees
    far = sheet.far_from(*middle)
    for turn, colour in ((0.78, pale), (0.5, grey), (0.3, deep), (0.16, dark)):
        steps = ((angle * (16 if turn > 0.2 else 10) + turn * 900) % 360) / 360
        sheet.paint(colour, sheet.edge(turn - far))
        sheet.paint(ink, sheet.edge(turn - far) * sheet.edge(steps - 0.55, 0.5) * 0.85)
        sheet.paint(light, sheet.edge(turn - far) * sheet.edge(far - turn + 0.012))
    sheet.paint(ink, sheet.disc(*middle, 0.075))


def can(sheet: Sheet) -> None:
    """An oil can with nothing in it."""
    light, pale, grey, _deep, _dark, ink = sheet.colours
    _room(sheet, 0.6)
    sheet.paint(ink, sheet.box(0.3, 0.42, 0.7, 0.9))
    sheet.paint(grey, sheet.box(0.32, 0.44, 0.6, 0.88))
    sheet.paint(pale, sheet.box(0.34, 0.44, 0.4, 0.88))
    sheet.paint(ink, _shape(sheet, (0.4, 0.3), (0.6, 0.3), (0.7, 0.42), (0.3, 0.42)))
    sheet.paint(ink, _shape(sheet, (0.66, 0.36), (0.93, 0.1), (0.96, 0.13), (0.7, 0.46)))
    sheet.paint(light, sheet.box(0.36, 0.58, 0.58, 0.7))


def jar(sheet: Sheet) -> None:
    """Olive oil."""
    light, _pale, grey, _deep, dark, ink = sheet.colours
    _room(sheet, 0.5)
    sheet.paint(dark, sheet.box(0, 0.8, 1, 0.86))
    sheet.paint(ink, _oval(sheet, 0.5, 0.56, 0.27, 0.27) + sheet.box(0.4, 0.18, 0.6, 0.36))
    sheet.paint(grey, _oval(sheet, 0.5, 0.56, 0.25, 0.25))
    sheet.paint(_LAMP, _oval(sheet, 0.5, 0.56, 0.25, 0.25) * sheet.edge(sheet.y - 0.5) * 0.9)
    sheet.paint(light, _oval(sheet, 0.4, 0.5, 0.04, 0.12) * 0.8)
    sheet.paint(ink, sheet.box(0.38, 0.14, 0.62, 0.2))


def title(sheet: Sheet) -> None:
    """A lighthouse at night, dark."""
    _sea(sheet, 0.7)
    sheet.paint(sheet.colours[0], sheet.disc(0.25, 0.2, 0.075) * (sheet.disc(0.29, 0.185, 0.07) * -1 + 1))
    _tower(sheet, 0.62, 0.36, 0.1)


def far_ship(sheet: Sheet) -> None:
    """Open water, and one ship."""
    _sea(sheet, 0.55)
    _ship(sheet, 0.45, 0.6, 0.09)


def at_the_window(sheet: Sheet) -> None:
    """The keeper at his window."""
    _room(sheet)
    _window(sheet, 0.62, 0.36, 0.16)
    _keeper(sheet, 0.32, 1.02, 0.36)


def cat_alone(sheet: Sheet) -> None:
    """The cat, who has an opinion."""
    _room(sheet, 0.7)
    _cat(sheet, 0.46, 0.94, 0.42)


def dark_lamp(sheet: Sheet) -> None:
    """The great lamp, without a flame."""
    _lamp(sheet, lit=False)


def lit_lamp(sheet: Sheet) -> None:
    """The great lamp, burning."""
    _lamp(sheet, lit=True)


def both(sheet: Sheet) -> None:
    """Keeper and cat in the kitchen."""
    _room(sheet, 0.6)
    _keeper(sheet, 0.66, 1.02, 0.24)
    _cat(sheet, 0.26, 0.96, 0.2)


def rocks(sheet: Sheet) -> None:
    """Rocks in the surf, in the rain."""
    _sea(sheet, 0.5, storm=True)
    ink = sheet.colours[5]
    for x, high in ((0.1, 0.3), (0.28, 0.5), (0.5, 0.24), (0.75, 0.42), (0.95, 0.3)):
        sheet.paint(ink, _shape(sheet, (x, 1 - high), (x + 0.13, 1.02), (x - 0.13, 1.02)))


def lit_sea(sheet: Sheet) -> None:
    """The spread: light over the waves, as far as a ship."""
    _sea(sheet, 0.66, storm=True)
    _beam(sheet, 0.82, 0.29, 0.22)
    _ship(sheet, 0.24, 0.62, 0.085)
    _tower(sheet, 0.82, 0.33, 0.05, lit=True)


def turning(sheet: Sheet) -> None:
    """The ship close by, in the light."""
    _sea(sheet, 0.5, storm=True)
    _beam(sheet, 1.1, 0.2, 0.16, 0.13)
    _ship(sheet, 0.46, 0.6, 0.24)


def dawn(sheet: Sheet) -> None:
    """The morning after."""
    light, pale, grey, _, dark, _ink = sheet.colours
    sheet.fade(pale, light, 0, 0.6)
    sheet.paint(PAPER, sheet.disc(0.7, 0.58, 0.13, 0.1))
    sheet.paint(grey, sheet.edge(sheet.y - 0.6))
    sheet.paint(dark, sheet.edge(sheet.y - 0.8, 0.5) * 0.7)
    sheet.paint(light, sheet.edge(sheet.cloud(20, 8) - 0.2, 0.2) * sheet.edge(sheet.y - 0.6) * 0.6)
    _ship(sheet, 0.72, 0.575, 0.035)
    _tower(sheet, 0.24, 0.36, 0.075)
