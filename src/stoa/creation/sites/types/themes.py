"""Themes: the looks a site can have. They differ in paper, ink, accent, faces, corners, density and layout."""

from typing import Final, Literal

import msgspec

Home = Literal["plain", "hero", "split", "plate"]
Shelf = Literal["list", "grid", "wall"]
Width = Literal["narrow", "regular", "wide"]
Nav = Literal["top", "side", "center"]
Radius = Literal["none", "soft", "round"]
Density = Literal["compact", "regular", "airy"]


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How a site is built: its first screen, how series lie on its shelf, the width of its column, where its navigation
    stands, its corners, and the room around things.
    """

    home: Home = "plain"
    shelf: Shelf = "list"
    width: Width = "regular"
    nav: Nav = "top"
    radius: Radius = "soft"
    density: Density = "regular"


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Colours as '#rrggbb'. Ink and muted can be read on paper, surface and sunken; accent, too."""

    paper: str
    surface: str
    sunken: str
    line: str
    line_strong: str
    ink: str
    muted: str
    accent: str
    accent_content: str


class Font(msgspec.Struct, frozen=True):
    """A face that comes with the platform, with others to stand in for it; the last one every visitor has."""

    id: str
    name: str
    stack: str


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """A look. `is_dark`: it is dark for everybody; else visitors have the scheme that they prefer."""

    id: str
    name: str
    description: str
    category: str
    is_dark: bool
    light: Palette
    dark: Palette
    heading_font: str
    body_font: str
    ui_font: str
    layout: Layout
    thumbnail_url: str
    usage_count: int = 0


class ThemeCategory(msgspec.Struct, frozen=True):
    """A kind of themes."""

    id: str
    name: str
    description: str
    themes_count: int


_ALL: Final = (
    Font("literata", "Literata", "'Literata', Georgia, 'Times New Roman', serif"),
    Font("inter", "Inter", "'Inter', system-ui, -apple-system, 'Segoe UI', sans-serif"),
    Font("atkinson", "Atkinson Hyperlegible", "'Atkinson Hyperlegible', 'Inter', system-ui, sans-serif"),
    Font("dyslexic", "OpenDyslexic", "'OpenDyslexic', 'Inter', system-ui, sans-serif"),
    Font("book", "Garamond", "'EB Garamond', 'Iowan Old Style', Palatino, Georgia, serif"),
    Font("didone", "Playfair Display", "'Playfair Display', Didot, 'Bodoni MT', Georgia, serif"),
    Font("slab", "Roboto Slab", "'Roboto Slab', Rockwell, 'DejaVu Serif', serif"),
    Font("poster", "Anton", "'Anton', Impact, Haettenschweiler, 'Arial Narrow Bold', sans-serif"),
    Font("round", "Nunito", "'Nunito', ui-rounded, 'Hiragino Maru Gothic ProN', sans-serif"),
    Font("mono", "Typewriter", "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"),
)
FONTS: Final[dict[str, Font]] = {font.id: font for font in _ALL}
CATEGORIES: Final = {
    "literary": ("Literary", "For prose that is read slowly"),
    "comics": ("Comics", "For pictures first"),
    "minimal": ("Minimal", "Little around the text"),
    "bold": ("Bold", "Strong colours and large letters"),
}


def _palette(line: str) -> Palette:
    names = Palette.__struct_fields__
    return Palette(**dict(zip(names, (f"#{one}" for one in line.split()), strict=True)))


def _theme(
    name: str, category: str, description: str, *, light: str, dark: str, fonts: tuple[str, str, str], layout: Layout
) -> Theme:
    theme_id = name.lower()
    heading, body, ui = fonts
    return Theme(
        id=theme_id,
        name=name,
        description=description,
        category=category,
        is_dark=light == dark,
        light=_palette(light),
        dark=_palette(dark),
        heading_font=heading,
        body_font=body,
        ui_font=ui,
        layout=layout,
        thumbnail_url=f"/api/v1/themes/{theme_id}/thumbnail",
    )


_NOIR: Final = "101012 19191c 0a0a0b 2c2c31 7c7c86 f1f0ee a9a7a4 f0b429 1a1300"
_ABYSS: Final = "0b1722 122130 08111a 21364a 6d8aa3 e8f1f6 9db3c4 4fd1c5 04201d"
# In each line: paper surface sunken line line_strong ink muted accent accent_content
_THEMES: Final = (
    _theme(
        "Stoa",
        "literary",
        "The platform's own: warm paper, blue links, a list of what there is to read.",
        light="faf8f4 ffffff f2eee6 e4ded2 8f8676 1c1a17 655e53 1f5c86 ffffff",
        dark="14130f 1c1a16 100f0c 2e2a23 7d7566 efeae0 a79f91 7fb6dc 0d1a23",
        fonts=("literata", "literata", "inter"),
        layout=Layout(),
    ),
    _theme(
        "Folio",
        "literary",
        "A title page and nothing else: white paper, oxblood, a narrow column with wide margins.",
        light="ffffff ffffff f6f4f2 dcd7d2 857d76 141414 5c5652 7a1f2b ffffff",
        dark="161414 1e1b1b 100e0e 332e2e 837a78 f2edea aea5a1 e59aa2 2b070c",
        fonts=("book", "literata", "book"),
        layout=Layout(home="plate", shelf="list", width="narrow", nav="center", radius="none", density="airy"),
    ),
    _theme(
        "Noir",
        "comics",
        "Dark by day and by night, with amber light: covers stand on a wall without frames.",
        light=_NOIR,
        dark=_NOIR,
        fonts=("didone", "inter", "inter"),
        layout=Layout(home="hero", shelf="wall", width="wide", nav="top", radius="none", density="regular"),
    ),
    _theme(
        "Panel",
        "comics",
        "Newsprint, black lines and red: headlines as on a poster, covers in a close grid.",
        light="fffbe8 ffffff fbf0c4 1f1b12 1f1b12 14110a 55503f b3121f ffffff",
        dark="1a1710 242016 120f09 f0e6c4 f0e6c4 fff6d6 c9bf9f ff8d85 2b0303",
        fonts=("poster", "atkinson", "atkinson"),
        layout=Layout(home="hero", shelf="grid", width="wide", nav="top", radius="none", density="compact"),
    ),
    _theme(
        "Meadow",
        "bold",
        "Soft green and round corners, with much room: for younger readers and tired eyes.",
        light="f3f8ef ffffff e6f0de cfdfc3 71866a 1b2a1c 4c5f4b 2b6b34 ffffff",
        dark="111a12 18241a 0d140e 2a3a2b 748a74 e8f3e6 a5b8a3 8fd694 0a2410",
        fonts=("round", "atkinson", "round"),
        layout=Layout(home="split", shelf="grid", width="regular", nav="top", radius="round", density="airy"),
    ),
    _theme(
        "Signal",
        "minimal",
        "Cool grey, one face of fixed width, navigation at the side: a catalogue more than a shop window.",
        light="f4f6f8 ffffff e9edf1 d3dae1 7a8794 11181f 4d5a66 0b57d0 ffffff",
        dark="0f1419 161c23 0b0f13 28323c 74828f e6edf3 9aa8b4 8ab4f8 07152b",
        fonts=("mono", "inter", "mono"),
        layout=Layout(home="plain", shelf="list", width="wide", nav="side", radius="soft", density="compact"),
    ),
    _theme(
        "Rosewater",
        "literary",
        "Blush and plum, a cover beside the first lines: for romance, letters and memoirs.",
        light="fdf4f3 ffffff f9e6e5 efd2d1 a07a7c 2c1620 6f4a57 8a2457 ffffff",
        dark="1d1217 281a20 160c11 452d37 94717f f8e8ee c3a5b1 f29cc0 33041a",
        fonts=("didone", "literata", "literata"),
        layout=Layout(home="split", shelf="grid", width="regular", nav="center", radius="round", density="regular"),
    ),
    _theme(
        "Abyss",
        "bold",
        "Deep sea and a line of teal: always dark, for science fiction and long nights.",
        light=_ABYSS,
        dark=_ABYSS,
        fonts=("slab", "literata", "inter"),
        layout=Layout(home="hero", shelf="list", width="regular", nav="side", radius="soft", density="airy"),
    ),
)
THEMES: Final[dict[str, Theme]] = {theme.id: theme for theme in _THEMES}
DEFAULT: Final = "stoa"
