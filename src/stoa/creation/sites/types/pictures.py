"""A theme as a small picture: a shelf with three covers in its colours, faces, corners and layout."""

from html import escape
from typing import Final

from stoa.creation.sites.types.themes import FONTS, Theme

_WIDTH, _HEIGHT = 320, 200
_CORNER: Final = {"none": 0, "soft": 4, "round": 14}
_GAP: Final = {"compact": 6, "regular": 10, "airy": 16}


def thumbnail(theme: Theme, *, dark: bool) -> str:
    """SVG of 320 by 200."""
    palette = theme.dark if dark else theme.light
    layout = theme.layout
    corner, gap = _CORNER[layout.radius], _GAP[layout.density]
    left = 92 if layout.nav == "side" else 20
    middle = left + (_WIDTH - left - 20) / 2
    anchor, at = ("middle", middle) if layout.nav == "center" else ("start", float(left))
    parts = [
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{palette.paper}"/>',
        *_band(theme, dark=dark),
        f'<text x="{at:g}" y="46" font-family="{escape(FONTS[theme.heading_font].stack)}" font-size="24" '
        f'font-weight="600" text-anchor="{anchor}" fill="{palette.ink}">{escape(theme.name)}</text>',
        f'<text x="{at:g}" y="66" font-family="{escape(FONTS[theme.body_font].stack)}" font-size="11" '
        f'text-anchor="{anchor}" fill="{palette.muted}">Three stories to begin with</text>',
    ]
    covers = (palette.accent, palette.line_strong, palette.ink)
    if layout.shelf == "list":
        for row, cover in enumerate(covers):
            top, long = 82 + row * (28 + gap / 2), 120 + 20 * row
            parts += [
                f'<rect x="{left}" y="{top:g}" width="20" height="28" rx="{min(corner, 6)}" fill="{cover}"/>',
                f'<rect x="{left + 30}" y="{top + 5:g}" width="{long}" height="6" rx="3" fill="{palette.ink}"/>',
                f'<rect x="{left + 30}" y="{top + 17:g}" width="90" height="4" rx="2" fill="{palette.muted}"/>',
            ]
    else:
        room = _WIDTH - left - 20
        width = (room - 2 * gap) / 3
        height = 96 if layout.shelf == "wall" else 84
        for column, cover in enumerate(covers):
            x = left + column * (width + gap)
            parts.append(f'<rect x="{x:g}" y="84" width="{width:g}" height="{height}" rx="{corner}" fill="{cover}"/>')
            if layout.shelf == "grid":
                parts.append(
                    f'<rect x="{x:g}" y="176" width="{width * 0.7:g}" height="5" rx="2.5" fill="{palette.ink}"/>'
                )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(theme.name)}">{"".join(parts)}</svg>'
    )


def _band(theme: Theme, *, dark: bool) -> list[str]:
    """What stands at the top, or at the side."""
    palette = theme.dark if dark else theme.light
    if theme.layout.nav == "side":
        return [
            f'<rect width="72" height="{_HEIGHT}" fill="{palette.sunken}"/>',
            *(
                f'<rect x="14" y="{34 + 18 * row}" width="{44 - 8 * row}" height="5" rx="2.5" fill="{palette.muted}"/>'
                for row in range(3)
            ),
        ]
    return [
        f'<rect width="{_WIDTH}" height="12" fill="{palette.sunken}"/>',
        f'<rect x="{_WIDTH - 64}" y="4" width="44" height="4" rx="2" fill="{palette.accent}"/>',
    ]
