"""From a theme and what was chosen besides to CSS variables, and whether the colours can be read."""

from typing import Final

import msgspec

from stoa.creation.sites.types import Contrast, PublicSite
from stoa.creation.sites.types.colours import TEXT, on, ratio, readable
from stoa.creation.sites.types.themes import DEFAULT, FONTS, THEMES, Layout, Palette, Theme

SCOPE: Final = ".house"  # the element around all that is a site's own; the platform's bar is outside
_RADIUS: Final = {
    "none": ("0", "0", "0"),
    "soft": ("0.25rem", "0.375rem", "0.625rem"),
    "round": ("1rem", "1rem", "1.5rem"),
}
_SIZE: Final = {"compact": "0.25rem", "regular": "0.275rem", "airy": "0.3rem"}
_SPACE: Final = {"compact": "0.75rem", "regular": "1.25rem", "airy": "2rem"}
_WIDTH: Final = {"narrow": "40rem", "regular": "60rem", "wide": "80rem"}


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a site chose: a theme, colours ('#rrggbb') and faces (of FONTS) instead of the theme's, and a layout."""

    theme: str = DEFAULT
    primary_color: str | None = None
    secondary_color: str | None = None
    accent_color: str | None = None
    heading_font: str | None = None
    body_font: str | None = None
    layout: dict[str, str] = {}


def theme_of(theme_id: str) -> Theme:
    """A theme by its id; the default one where there is none any more."""
    return THEMES.get(theme_id, THEMES[DEFAULT])


def layout_of(choice: Choice) -> Layout:
    """The theme's layout with what was chosen instead."""
    return msgspec.structs.replace(theme_of(choice.theme).layout, **choice.layout)


def style_of(choice: Choice, *, dark: bool) -> dict[str, str]:
    """CSS variables by name. The primary colour is for links and buttons, in a shade that can be read; the secondary
    one for the band at the top, the accent for what is marked.
    """
    theme, layout = theme_of(choice.theme), layout_of(choice)
    palette = theme.dark if dark else theme.light
    accent = readable(choice.primary_color, _papers(palette)) if choice.primary_color else palette.accent
    band = choice.secondary_color or palette.sunken
    mark = choice.accent_color or accent
    selector, field, box = _RADIUS[layout.radius]
    heading, body = choice.heading_font or theme.heading_font, choice.body_font or theme.body_font
    # A poster's letters are bold already; a browser would smear them.
    smooth = {"font-synthesis-weight": "none"} if heading == "poster" != body else {}
    return smooth | {
        "color-scheme": "dark" if dark or theme.is_dark else "light",
        "--color-paper": palette.paper,
        "--color-surface": palette.surface,
        "--color-sunken": palette.sunken,
        "--color-line": palette.line,
        "--color-line-strong": palette.line_strong,
        "--color-ink": palette.ink,
        "--color-muted": palette.muted,
        "--color-accent": accent,
        "--color-accent-content": palette.accent_content if accent == palette.accent else on(accent),
        "--color-base-100": palette.paper,
        "--color-base-200": palette.sunken,
        "--color-base-300": palette.line,
        "--color-base-content": palette.ink,
        "--color-primary": accent,
        "--color-primary-content": palette.accent_content if accent == palette.accent else on(accent),
        "--color-secondary": palette.muted,
        "--color-secondary-content": on(palette.muted),
        "--house-band": band,
        "--house-band-content": on(band) if choice.secondary_color else palette.ink,
        "--house-mark": mark,
        "--house-mark-content": on(mark),
        "--house-heading": FONTS[heading].stack,
        "--font-read": FONTS[body].stack,
        "--font-ui": FONTS[theme.ui_font].stack,
        "--radius-selector": selector,
        "--radius-field": field,
        "--radius-box": box,
        "--size-field": _SIZE[layout.density],
        "--house-space": _SPACE[layout.density],
        "--house-width": _WIDTH[layout.width],
    }


def contrast_of(choice: Choice) -> list[Contrast]:
    """Whether the chosen primary colour can be read on what the theme puts it on, by day; one entry for each."""
    if choice.primary_color is None:
        return []
    palette = theme_of(choice.theme).light
    names = zip(("paper", "surface", "sunken"), _papers(palette), strict=True)
    suggestion = readable(choice.primary_color, _papers(palette))
    found = []
    for name, paper in names:
        reached = ratio(choice.primary_color, paper)
        passes = reached >= TEXT
        shown = int(reached * 100) / 100  # never rounded up to what is needed
        found.append(
            Contrast(
                "primary_color", choice.primary_color, paper, name, shown, TEXT, passes, None if passes else suggestion
            )
        )
    return found


def stylesheet_of(site: PublicSite) -> str:
    """All of a site's own CSS, to be served as a file (no page may hold styles in itself)."""
    return stylesheet(site.style, site.style_dark, site.custom_css)


def stylesheet(style: dict[str, str], style_dark: dict[str, str], custom_css: str) -> str:
    """Variables by day and by night, then what the site wrote itself (sanitised and scoped).

    The last line keeps whatever is in the site within it: nothing of it can lie over the platform's bar.
    """
    night = f"{SCOPE} {{ {_block(style_dark)} }}"
    return "\n".join(
        (
            f"{SCOPE} {{ {_block(style)} }}",
            f"@media (prefers-color-scheme: dark) {{ html:not([data-theme='stoa']) {night} }}",
            f"html[data-theme='stoa-dark'] {night}",
            custom_css,
            f"{SCOPE} {{ position: relative !important; z-index: 0 !important; overflow: clip !important; }}",
            "",
        )
    )


def _block(style: dict[str, str]) -> str:
    return " ".join(f"{name}: {value};" for name, value in style.items())


def _papers(palette: Palette) -> tuple[str, str, str]:
    return palette.paper, palette.surface, palette.sunken
