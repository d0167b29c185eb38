"""The kinds of pictures. The colours of a sheet go from far and light to near and dark, then comes an accent."""

from collections.abc import Callable
from typing import Final

from stoa.demo.pictures.sheet import Sheet, between


def _ridges(sheet: Sheet) -> None:
    """Hills behind hills, the far ones pale."""
    far, sky, *_, near, accent = sheet.colours
    sheet.fade(between(sky, far, 0.3), far, 0, 0.6)
    sun = sheet.dice.uniform(0.25, 0.75)
    sheet.paint(between(far, accent, 0.35), sheet.disc(sun, 0.36, 0.2, 0.3) * 0.5)
    sheet.paint(between(far, accent, 0.5), sheet.disc(sun, 0.36, 0.042))
    for step in range(5):
        crest = sheet.wave(0.07 + 0.015 * step, 0.8 + 0.25 * step) + (0.47 + 0.115 * step)
        below = sheet.y - crest
        colour = between(sky, near, (step + 0.6) / 5)
        sheet.paint(colour, sheet.edge(below))
        sheet.paint(between(colour, far, 0.45), sheet.edge(below) * sheet.edge(below - 0.13, 0.2) * 0.55)


def _sea(sheet: Sheet) -> None:
    """A horizon, a low light, and its road over the water."""
    far, sky, water, deep, dark, accent = sheet.colours
    horizon, sun = 0.56, sheet.dice.uniform(0.3, 0.7)
    sheet.fade(between(sky, water, 0.4), far, 0, horizon)
    sheet.paint(between(far, accent, 0.4), sheet.disc(sun, horizon - 0.07, 0.2, 0.34) * 0.6)
    sheet.paint(between(far, accent, 0.7), sheet.disc(sun, horizon - 0.07, 0.035))
    under = sheet.edge(sheet.y - horizon)
    sheet.paint(water, under)
    sheet.paint(deep, sheet.edge(sheet.y - 0.72, 0.3) * under)
    sheet.paint(dark, sheet.edge(sheet.y - 0.98, 0.34) * under * 0.8)
    ripple = sheet.cloud(22, 6)
    road = sheet.edge((sheet.x - sun).abs() * -1 + (sheet.y - horizon) * 0.35 + 0.04, 0.09)
    sheet.paint(between(far, accent, 0.3), sheet.edge(ripple - 0.12, 0.2) * road * under * 0.75)
    sheet.paint(far, sheet.edge(sheet.cloud(16, 8) - 0.34, 0.2) * under * 0.16)


def _field(sheet: Sheet) -> None:
    """Soft fields of colour, one above the other."""
    ground, light, middle, warm, dark, accent = sheet.colours
    sheet.fill(between(ground, light, 0.5))
    split = sheet.dice.uniform(0.4, 0.62)
    for box, colour in (
        ((0.06, 0.07, 0.94, split), middle),
        ((0.06, split + 0.035, 0.94, split + 0.13), accent),
        ((0.06, split + 0.165, 0.94, 0.93), between(warm, dark, 0.25)),
    ):
        frayed = sheet.cloud(60) * 0.006
        sheet.x, x = sheet.x + frayed, sheet.x
        sheet.paint(colour, sheet.box(*box, softness=0.018) * 0.95)
        sheet.x = x
    sheet.shade(sheet.cloud(300) * 0.05 + sheet.cloud(7) * 0.025)


def _columns(sheet: Sheet) -> None:
    """A row of columns in the afternoon, their shadows on the floor."""
    far, wall, stone, shadow, dark, _ = sheet.colours
    sheet.fade(between(wall, stone, 0.5), far, 0, 0.8)
    floor = sheet.edge(sheet.y - 0.8)
    sheet.paint(between(far, wall, 0.6), floor)
    gap = 1 / 5.4
    for number in range(-1, 8):
        left = 0.1 + number * gap - 0.02
        middle = left + 0.045
        slant = sheet.x - (sheet.y - 0.8) * 1.5
        sheet.paint(between(wall, shadow, 0.75), floor * sheet.edge((slant - middle).abs() * -1 + 0.05, 0.02) * 0.8)
    sheet.image = sheet.image.copy_memory()
    for number in range(5):
        _column(sheet, 0.125 + number * gap)
    sheet.paint(dark, sheet.edge(sheet.y * -1 + 0.16, 0.3) * 0.25)


def _column(sheet: Sheet, middle: float) -> None:
    far, _, stone, shadow, dark, _ = sheet.colours
    with sheet.part(middle - 0.07, 0, middle + 0.07, 0.85):
        across = (sheet.x - middle) / 0.045
        shaft = sheet.box(middle - 0.045, -0.1, middle + 0.045, 0.8)
        light = (across * 52 + 28).cos().clamp(min=0, max=1)
        flutes = (across.abs() * 1100).sin() * 0.03
        sheet.paint(between(shadow, dark, 0.3), shaft)
        sheet.paint(between(far, (255, 255, 255), 0.3), shaft * light)
        sheet.shade(shaft * flutes)
        sheet.paint(between(stone, far, 0.4), sheet.box(middle - 0.06, 0.782, middle + 0.06, 0.81))


def _stone(sheet: Sheet) -> None:
    """Polished stone with veins."""
    light, pale, middle, grey, dark, accent = sheet.colours
    clouds = sheet.cloud(420) * 0.6 + sheet.cloud(160) * 0.3 + sheet.cloud(50) * 0.15
    sheet.fill(pale)
    sheet.paint(light, sheet.edge(clouds, 0.6))
    sheet.paint(middle, sheet.edge(clouds * -1 - 0.18, 0.4) * 0.6)
    bent = sheet.cloud(260) * 0.5 + sheet.cloud(90) * 0.22 + sheet.cloud(30) * 0.06
    for slope, at, width, colour, strength in (
        (0.9, 0.5, 0.012, dark, 0.55),
        (0.7, 0.95, 0.006, grey, 0.7),
        (1.2, 0.15, 0.004, accent, 0.75),
        (0.6, 1.2, 0.003, accent, 0.6),
    ):
        line = (sheet.x * slope + sheet.y * 0.6 - at + bent * 0.3).abs()
        sheet.paint(colour, sheet.edge(line * -1 + width, width * 1.6) * strength)
        sheet.paint(grey, sheet.edge(line * -1 + width * 4, width * 9) * 0.18)


def _window(sheet: Sheet) -> None:
    """The light of a window on a wall."""
    light, wall, middle, warm, dark, _ = sheet.colours
    sheet.fill(between(middle, warm, 0.35))
    sheet.paint(dark, sheet.edge(sheet.x - 0.75, 1.2) * 0.5)
    x, y = sheet.x, sheet.y
    sheet.x, sheet.y = x + y * 0.28, y - x * 0.16
    panes = sheet.x * 0
    for column in range(2):
        for row in range(3):
            left, top = 0.36 + column * 0.19, 0.06 + row * 0.2
            panes = panes + sheet.box(left, top, left + 0.172, top + 0.18, 0.012 + 0.01 * row)
    sheet.x, sheet.y = x, y
    panes = panes.clamp(min=0, max=1)
    sheet.paint(between(light, wall, 0.25), panes * 0.86)
    leaves = sheet.edge(sheet.cloud(110) - 0.16, 0.25) * panes
    sheet.paint(between(middle, warm, 0.5), leaves * 0.4)
    sheet.paint(between(dark, warm, 0.25), sheet.edge(y - 0.9))
    sheet.paint(dark, sheet.edge(y - 0.915, 0.02) * sheet.edge(y * -1 + 0.93, 0.02) * 0.4)


def _night(sheet: Sheet) -> None:
    """A lit train between dark hills."""
    high, sky, low, hill, dark, lamp = sheet.colours
    sheet.fade(dark, high, 0, 0.62)
    for _ in range(45):
        x, y = sheet.dice.uniform(0.01, 0.99), 0.01 + sheet.dice.random() ** 1.6 * 0.45
        with sheet.part(x - 0.003, y - 0.005, x + 0.003, y + 0.005):
            sheet.paint((235, 232, 220), sheet.disc(x, y, 0.0007, 0.0012) * sheet.dice.uniform(0.3, 0.9))
    sheet.image = sheet.image.copy_memory()
    for step, colour in enumerate((low, hill)):
        sheet.paint(colour, sheet.edge(sheet.y - sheet.wave(0.06, 1.1 + step) - (0.53 + 0.09 * step)))
    sheet.paint(lamp, sheet.box(0.1, 0.6, 0.97, 0.8, 0.16) * 0.12)
    for car in range(4):
        left = 0.12 + car * 0.21
        sheet.paint(between(dark, sky, 0.2), sheet.box(left, 0.665, left + 0.203, 0.735))
        for window in range(8):
            at = left + 0.012 + window * 0.0235
            warmth = sheet.dice.choice((1.0, 1.0, 0.8, 0.55, 0.12))
            with sheet.part(at - 0.005, 0.675, at + 0.0215, 0.715):
                sheet.paint(between(dark, lamp, warmth), sheet.box(at, 0.682, at + 0.0165, 0.708))
    sheet.image = sheet.image.copy_memory()
    sheet.paint(dark, sheet.edge(sheet.y - 0.735))
    glow = sheet.edge(sheet.cloud(14, 10) - 0.05, 0.3) * sheet.box(0.12, 0.75, 0.97, 0.9, 0.1)
    sheet.paint(lamp, glow * 0.14)


def _arcs(sheet: Sheet) -> None:
    """Quarter circles on a grid, turned this way and that."""
    ground, *others = sheet.colours
    across, down = 8, 5
    sheet.fill(ground)
    for row in range(down):
        for column in range(across):
            if sheet.dice.random() < 0.28:
                continue
            corner = (column + sheet.dice.randint(0, 1)) / across, (row + sheet.dice.randint(0, 1)) / down
            with sheet.part(column / across, row / down, (column + 1) / across, (row + 1) / down):
                distance = sheet.far_from(*corner)
                for radius, colour in zip((0.125, 0.083, 0.042), sheet.dice.sample(others, 3), strict=True):
                    sheet.paint(colour, sheet.edge(distance * -1 + radius))


def _halves(sheet: Sheet) -> None:
    """A sheet halved, and halved, and halved: the pieces fill it."""
    ground, *tones = sheet.colours
    sheet.fill(between(ground, (255, 255, 255), 0.4))
    left, top, right, bottom = 0.14, 0.1, 0.86, 0.9
    shades = [between(tones[0], tones[3], share / 8) for share in range(9)]
    for step in range(9):
        colour = tones[4] if step == 8 else shades[step]
        if step % 2 == 0:
            cut = (left + right) / 2
            piece = (left, top, cut, bottom)
            left = cut
        else:
            cut = (top + bottom) / 2
            piece = (left, top, right, cut)
            top = cut
        sheet.paint(colour, sheet.box(piece[0] + 0.003, piece[1] + 0.005, piece[2] - 0.003, piece[3] - 0.005))
    sheet.shade(sheet.cloud(200) * 0.03)


def _rows(sheet: Sheet) -> None:
    """Beds of a garden, from above and a little from the side."""
    sky, pale, green, deep, dark, earth = sheet.colours
    sheet.fade(sky, pale, 0, 0.4)
    sheet.paint(between(green, pale, 0.35), sheet.edge(sheet.y - sheet.wave(0.02) - 0.33))
    ground = sheet.edge(sheet.y - 0.4)
    depth = (sheet.y - 0.4).clamp(min=0.012, max=1)
    across = (sheet.x - sheet.dice.uniform(0.4, 0.6)) / depth
    sheet.paint(between(earth, dark, 0.35), ground)
    beds = (across * 660).sin()
    sheet.paint(deep, ground * sheet.edge(beds - 0.05, 0.25))
    leafy = sheet.edge(sheet.cloud(18) * 0.9 + beds * 0.5 - 0.15, 0.3)
    sheet.paint(between(green, pale, 0.2), ground * sheet.edge(beds - 0.2, 0.3) * leafy * 0.85)
    sheet.paint(pale, sheet.edge(sheet.y * -1 + 0.56, 0.3) * ground * 0.45)


def _bowl(sheet: Sheet) -> None:
    """A bowl on a cloth, from above."""
    light, cloth, glaze, rim, dark, accent = sheet.colours
    sheet.fill(between(light, cloth, 0.55))
    weave = (sheet.x * 26000).sin() * 0.02 + (sheet.y * 16250).sin() * 0.02
    sheet.shade(weave + sheet.cloud(240) * 0.05)
    sheet.paint(between(cloth, rim, 0.5), sheet.edge((sheet.y - 0.16).abs() * -1 + 0.012) * 0.6)
    sheet.paint(between(cloth, rim, 0.5), sheet.edge((sheet.y - 0.2).abs() * -1 + 0.004) * 0.6)
    sheet.paint(dark, sheet.disc(0.525, 0.56, 0.26, 0.07) * 0.45)
    sheet.paint(between(light, glaze, 0.35), sheet.disc(0.5, 0.52, 0.26))
    sheet.paint(between(glaze, rim, 0.35), sheet.disc(0.5, 0.52, 0.243, 0.012))
    sheet.paint(between(rim, dark, 0.2), sheet.disc(0.497, 0.515, 0.225, 0.03) * 0.85)
    soup = sheet.disc(0.5, 0.525, 0.205, 0.006)
    sheet.paint(accent, soup)
    sheet.paint(between(accent, dark, 0.35), soup * sheet.edge(sheet.cloud(70) - 0.05, 0.3) * 0.55)
    sheet.paint(between(accent, light, 0.6), soup * sheet.edge(sheet.cloud(34) - 0.32, 0.1) * 0.7)
    sheet.paint(light, sheet.disc(0.42, 0.36, 0.05, 0.1) * 0.25)


def _lanes(sheet: Sheet) -> None:
    """The bend of a running track in low sun."""
    light, pale, middle, warm, dark, accent = sheet.colours
    sheet.fill(between(warm, middle, 0.3))
    distance = sheet.far_from(-0.12, 1.25)
    sheet.paint(between(dark, warm, 0.15), sheet.edge(distance * -1 + 0.52))
    sheet.paint(between(middle, pale, 0.4), sheet.edge(distance - 1.06))
    for lane in range(7):
        sheet.paint(light, sheet.edge((distance - 0.52 - lane * 0.09).abs() * -1 + 0.0028))
    sheet.paint(accent, sheet.edge(distance - 0.523) * sheet.edge(distance * -1 + 0.607) * 0.55)
    sheet.shade(sheet.cloud(5) * 0.06 + sheet.edge(sheet.x + sheet.y - 1.1, 1.6) * 0.25 - 0.1)


def _strata(sheet: Sheet) -> None:
    """Layers that have settled."""
    light, *tones, accent = sheet.colours
    sheet.fill(light)
    layers = 11
    for step in range(layers):
        crest = sheet.wave(0.035, 0.7) + (0.1 + 0.085 * step + sheet.dice.uniform(-0.02, 0.02))
        share = step / (layers - 1) * (len(tones) - 1)
        low = min(int(share), len(tones) - 2)
        colour = accent if step in (4, 8) else between(tones[low], tones[low + 1], share - low)
        sheet.paint(colour, sheet.edge(sheet.y - crest))
    sheet.shade(sheet.cloud(9, 5) * 0.07)


KINDS: Final[dict[str, Callable[[Sheet], None]]] = {
    "ridges": _ridges,
    "sea": _sea,
    "field": _field,
    "columns": _columns,
    "stone": _stone,
    "window": _window,
    "night": _night,
    "arcs": _arcs,
    "halves": _halves,
    "rows": _rows,
    "bowl": _bowl,
    "lanes": _lanes,
    "strata": _strata,
}
