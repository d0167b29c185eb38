"""What a site looks like: themes, colours that can be read, CSS, pictures, and the services that count visitors."""

from typing import Any

import pytest

from stoa.creation.sites import gateways
from stoa.creation.sites.types.colours import TEXT, on, ratio, readable
from stoa.creation.sites.types.themes import CATEGORIES, FONTS, THEMES
from tests.creation.sites.test_sites import changed, made, settings_of


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


# ---- themes ----------------------------------------------------------------------------------------------------


def test_contrast_is_that_of_wcag() -> None:
    assert ratio("#000000", "#ffffff") == 21
    assert round(ratio("#767676", "#ffffff"), 2) == 4.54
    assert ratio("#777777", "#ffffff") < TEXT
    assert (
        readable("#ffcc00", ("#ffffff",)) != "#ffcc00" and ratio(readable("#ffcc00", ("#ffffff",)), "#ffffff") >= TEXT
    )
    assert ratio(readable("#202020", ("#101012",)), "#101012") >= TEXT
    assert all(ratio(on(c), c) >= TEXT for c in ("#808080", "#767676", "#ff0000", "#00ff00", "#7f7f00"))


@pytest.mark.parametrize("theme", THEMES.values(), ids=str)
def test_every_theme_can_be_read_by_day_and_by_night(theme: Any) -> None:
    for palette in (theme.light, theme.dark):
        for paper in (palette.paper, palette.surface, palette.sunken):
            assert all(ratio(ink, paper) >= TEXT for ink in (palette.ink, palette.muted, palette.accent))
            assert ratio(palette.line_strong, paper) >= 3  # what controls are drawn with
        assert ratio(palette.accent_content, palette.accent) >= TEXT
    assert {theme.heading_font, theme.body_font, theme.ui_font} <= FONTS.keys() and theme.category in CATEGORIES


def test_themes_differ_truly() -> None:
    themes = sorted(THEMES.values(), key=lambda theme: theme.id)
    assert len(themes) >= 6

    def looks(theme: Any) -> tuple[Any, ...]:
        fonts = (theme.heading_font, theme.body_font, theme.ui_font)
        return (theme.light.paper, theme.light.ink, theme.light.accent, fonts, theme.layout)

    pairs = [(one, other) for one in themes for other in themes if one.id < other.id]
    assert all(sum(a != b for a, b in zip(looks(one), looks(other), strict=True)) >= 4 for one, other in pairs)


async def test_themes_over_http(mine: Any, client: Any) -> None:
    await made(mine, theme="noir")
    themes = (await client.get("/api/v1/themes")).json()
    assert {one["id"]: one["usage_count"] for one in themes} == dict.fromkeys(THEMES, 0) | {"noir": 1}
    comics = (await client.get("/api/v1/themes", params={"category": "comics"})).json()
    assert [one["id"] for one in comics] == ["noir", "panel"]
    kinds = (await client.get("/api/v1/themes/categories")).json()
    assert {one["id"]: one["themes_count"] for one in kinds} == {"literary": 3, "comics": 2, "minimal": 1, "bold": 2}
    assert (await client.get("/api/v1/themes/noir")).json()["is_dark"] is True
    preview = (await client.get("/api/v1/themes/panel/preview")).json()
    day, night = [await client.get(preview[name]) for name in ("preview_url", "dark_preview_url")]
    assert day.headers["content-type"].startswith("image/svg+xml") and day.text != night.text
    assert THEMES["panel"].light.paper in day.text and THEMES["panel"].dark.paper in night.text
    for url in ("/api/v1/themes/none", "/api/v1/themes/none/preview", "/api/v1/themes/none/thumbnail"):
        assert (await client.get(url)).status_code == 404


# ---- choosing --------------------------------------------------------------------------------------------------


async def test_a_theme_is_tried_on_and_then_worn(mine: Any, client: Any) -> None:
    site = await made(mine)
    tried = await mine.get(
        f"/api/v1/sites/{site['id']}/theme/preview",
        params={"theme": "panel", "primary_color": "#FFCC00", "shelf": "list", "density": "airy"},
    )
    look = tried.json()
    assert (look["theme"]["id"], look["layout"]["shelf"], look["layout"]["home"]) == ("panel", "list", "hero")
    assert (look["style"]["--house-space"], look["style"]["--color-paper"]) == ("2rem", "#fffbe8")
    assert [one["passes"] for one in look["contrast"]] == [False, False, False]
    assert look["style"]["--color-accent"] == look["contrast"][0]["suggestion"] != "#ffcc00"
    assert look["stylesheet"].startswith(
        ".house { font-synthesis-weight: none; color-scheme: light; --color-paper: #fffbe8;"
    )
    assert look["stylesheet"].rstrip().endswith("overflow: clip !important; }")
    assert await settings_of(mine, site) == site  # nothing was stored
    worn = await changed(mine, site, "/theme", theme="panel", layout={"shelf": "list"}, revision=1)
    assert (worn.json()["theme"]["id"], worn.json()["layout_chosen"]) == ("panel", {"shelf": "list"})
    assert worn.json() == (await mine.get(f"/api/v1/sites/{site['id']}/theme")).json()
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert (seen["layout"]["shelf"], seen["style"]["--color-accent"]) == ("list", "#b3121f")
    other = (await changed(mine, site, "/theme", theme="noir")).json()  # what was chosen stays, the rest is the theme's
    assert (other["layout"]["shelf"], other["layout"]["width"]) == ("list", "wide")
    assert (await changed(mine, site, "/theme", layout={})).json()["layout"]["shelf"] == "wall"


@pytest.mark.parametrize(
    ("part", "sent", "fields"),
    [
        ("theme", {"theme": "none"}, ["theme"]),
        ("theme", {"layout": {"home": "cave"}}, ["layout.home"]),
        ("branding", {"primary_color": "red"}, ["primary_color"]),
        ("branding", {"primary_color": "#fff", "heading_font": "wingdings"}, ["heading_font", "primary_color"]),
        ("branding", {"custom_css": "x" * 50_001}, ["custom_css"]),
        ("branding", {"custom_css": "a{b:" + "(" * 5_000}, ["custom_css"]),
        ("branding", {"logo_media_id": "00000000-0000-4000-8000-000000000000"}, ["logo_media_id"]),
        ("integrations", {"google_analytics_id": "GTM-ABC"}, ["google_analytics_id"]),
        ("integrations", {"facebook_pixel_id": "1'; alert(1)"}, ["facebook_pixel_id"]),
        ("integrations", {"plausible_domain": "nowhere"}, ["plausible_domain"]),
        ("integrations", {"custom_tracking_code": "<script>alert(1)</script>"}, ["custom_tracking_code"]),
    ],
)
async def test_what_a_site_cannot_look_like(mine: Any, part: str, sent: dict[str, Any], fields: list[str]) -> None:
    site = await made(mine)
    answer = await changed(mine, site, f"/{part}", **sent)
    assert (answer.status_code, sorted(answer.json()["fields"])) == (422, fields)
    assert await settings_of(mine, site) == site


async def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(mine: Any, client: Any) -> None:
    site = await made(mine, theme="folio")
    refused = await changed(mine, site, "/branding", primary_color="#ffcc00", accent_color="#ffcc00")
    assert refused.status_code == 422
    better = refused.json()["suggestion"]
    assert refused.json()["fields"]["primary_color"] == (
        "On the sunken of Folio this has a contrast of 1.37 to 1, and text needs 4.5. "
        f"{better} is the nearest shade that can be read"
    )
    taken = await changed(mine, site, "/branding", primary_color=better.upper(), accent_color="#FFCC00")
    assert (taken.status_code, taken.json()["primary_color"]) == (200, better)
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert (seen["style"]["--color-accent"], seen["style"]["--house-mark"]) == (better, "#ffcc00")
    assert seen["style"]["--house-mark-content"] == "#000000"
    assert ratio(seen["style_dark"]["--color-accent"], seen["style_dark"]["--color-paper"]) >= TEXT  # by night, too
    dark = await changed(mine, site, "/theme", theme="noir")  # in which the colour of before cannot be read
    assert (dark.status_code, list(dark.json()["fields"])) == (422, ["primary_color"])
    assert (await changed(mine, site, "/theme", theme="noir", primary_color=None)).json()["contrast"] == []


async def test_css_is_kept_as_typed_and_served_safe(mine: Any, client: Any) -> None:
    site = await made(mine)
    typed = "@import '//evil.example';\nh1 { color: teal; position: fixed }"
    answer = (await changed(mine, site, "/branding", custom_css=typed, custom_css_enabled=True)).json()
    assert (answer["custom_css"], len(answer["dropped"])) == (typed, 2)
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert seen["custom_css"] == ".house h1 { color: teal; }"
    await changed(mine, site, "/branding", custom_css_enabled=False)
    assert (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()["custom_css"] == ""


async def test_pictures_of_a_site(mine: Any, client: Any, make: Any, ana: Any, tx: Any) -> None:
    site = await made(mine)
    url = f"/api/v1/sites/{site['id']}/branding"
    picture, theirs = await make.picture(ana, alt="A gull"), await make.picture(await make.user())
    png = await _png(client, picture)
    for place, field in (("logo", "logo"), ("favicon", "favicon"), ("cover", "cover"), ("og-image", "og_image")):
        answer = await mine.post(f"{url}/{place}", files={"file": ("a.webp", png, "image/webp")}, data={"alt": place})
        assert answer.status_code == 200, answer.text
        assert answer.json()[field]["url"].startswith("/media/")
    assert (await mine.patch(url, json={"cover_media_id": str(picture.id)})).json()["cover"]["alt"] == "A gull"
    refused = await mine.patch(url, json={"cover_media_id": str(theirs.id)})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["cover_media_id"])
    svg = await mine.post(f"{url}/logo", files={"file": ("a.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")})
    assert svg.status_code in (415, 422)
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert (seen["cover"]["id"], seen["logo"]["alt"]) == (str(picture.id), "logo")
    async with tx() as ctx:
        rows = await ctx.db.fetch(
            "select media_id from media_uses where subject = 'site' and subject_id = $1", site["id"]
        )
    assert {str(row["media_id"]) for row in rows} == {seen[p]["id"] for p in ("logo", "favicon", "cover", "og_image")}
    for place in ("logo", "favicon", "cover"):
        assert (await mine.delete(f"{url}/{place}")).json()[place] is None
    stranger = client.as_(await make.user())
    refused = await stranger.post(f"{url}/logo", files={"file": ("a.webp", png, "image/webp")})
    assert refused.status_code == 404


async def _png(client: Any, picture: Any) -> bytes:
    return (await client.get(picture.url)).content


# ---- integrations ----------------------------------------------------------------------------------------------


class Services:
    """Answers as the services do."""

    def __init__(self, known: bool | None) -> None:
        self.known = known
        self.asked: list[str] = []

    async def knows(self, url: str) -> bool | None:
        self.asked.append(url)
        return self.known


@pytest.mark.parametrize(("known", "ok"), [(True, True), (False, False), (None, False)])
async def test_services_are_asked_whether_they_know_an_id(
    mine: Any, client: Any, monkeypatch: pytest.MonkeyPatch, known: bool | None, ok: bool
) -> None:
    services = Services(known)
    monkeypatch.setattr(gateways, "watch", lambda: services)
    site = await made(mine)
    url = f"/api/v1/sites/{site['id']}/integrations"
    unset = await mine.post(f"{url}/verify", json={"kind": "google_analytics"})
    assert (unset.status_code, list(unset.json()["fields"])) == (422, ["kind"])
    said = {
        "google_analytics_id": " G-1A2B3C4D5E ",
        "facebook_pixel_id": "123456789012345",
        "plausible_domain": "the-salt-road.testserver",
    }
    answer = (await mine.patch(url, json=said)).json()
    held = {one["kind"]: one["id"] for one in answer["integrations"]}
    assert list(held.values()) == ["G-1A2B3C4D5E", "123456789012345", "the-salt-road.testserver"]
    answers = [(await mine.post(f"{url}/verify", json={"kind": kind})).json() for kind in held]
    assert [one["ok"] for one in answers] == [ok, ok, True]
    assert services.asked == [
        "https://www.googletagmanager.com/gtag/js?id=G-1A2B3C4D5E",
        "https://connect.facebook.net/signals/config/123456789012345",
    ]
    seen = (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()
    assert seen["google_analytics_id"] == "G-1A2B3C4D5E"
    await mine.patch(url, json={"analytics_enabled": False})
    assert (await client.get("/api/v1/sites/by-slug/the-salt-road")).json()["google_analytics_id"] is None
