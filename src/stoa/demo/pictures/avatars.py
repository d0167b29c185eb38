"""Avatars: calm geometry in four colours, the ground first."""

from typing import Final

from stoa.demo.pictures.sheet import Sheet


def _three_columns(sheet: Sheet) -> None:
    _, shape, second, accent = sheet.colours
    for number, colour in enumerate((shape, accent, second)):
        sheet.paint(colour, sheet.box(0.22 + number * 0.21, 0.2, 0.36 + number * 0.21, 0.8))


def _sun_and_sea(sheet: Sheet) -> None:
    _, shape, second, accent = sheet.colours
    sheet.paint(accent, sheet.disc(0.5, 0.48, 0.24))
    sheet.paint(shape, sheet.edge(sheet.y - 0.54))
    sheet.paint(second, sheet.edge(sheet.y - 0.74))


def _leaf(sheet: Sheet) -> None:
    _, shape, second, accent = sheet.colours
    both = sheet.disc(0.26, 0.26, 0.54) * sheet.disc(0.74, 0.74, 0.54)
    sheet.paint(shape, both)
    sheet.paint(second, both * sheet.edge(sheet.x - sheet.y))
    sheet.paint(accent, sheet.disc(0.78, 0.24, 0.07))


def _arches(sheet: Sheet) -> None:
    _, shape, second, accent = sheet.colours
    for radius, colour in ((0.36, shape), (0.24, accent), (0.12, second)):
        upper = sheet.disc(0.5, 0.52, radius) * sheet.edge(sheet.y * -1 + 0.52)
        sheet.paint(colour, upper + sheet.box(0.5 - radius, 0.52, 0.5 + radius, 0.84))


def _quarters(sheet: Sheet) -> None:
    _, shape, second, accent = sheet.colours
    for x, y, colour in ((0.0, 0.0, shape), (1.0, 0.0, accent), (0.0, 1.0, second), (1.0, 1.0, shape)):
        quarter = sheet.box(min(x, 0.5), min(y, 0.5), max(x, 0.5), max(y, 0.5))
        sheet.paint(colour, quarter * sheet.disc(x, y, 0.42))


AVATARS: Final = (_three_columns, _sun_and_sea, _leaf, _arches, _quarters)
