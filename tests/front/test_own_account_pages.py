"""Pages of one's own account: overview, profile, face, creator, brand, preferences, privacy, usage."""

import re
from typing import Any

import httpx
import pytest

from stoa.kit.files import open_storage
from tests.foundation.people.test_avatar import picture

PAGES = [
    "/dashboard/account",
    "/dashboard/account/profile",
    "/dashboard/account/author-profile",
    "/dashboard/account/brand-profile",
    "/dashboard/account/preferences",
    "/dashboard/account/usage",
    "/account/settings",
    "/account/settings/profile",
    "/account/settings/privacy",
]


@pytest.fixture(autouse=True)
def storage(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of other tests lies there."""
    monkeypatch.setattr(app, "storage", open_storage("memory:///"))


async def text(client: Any, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status_code == status, answer.text[:500]
    return str(answer.text)


async def post(client: Any, path: str, **fields: Any) -> httpx.Response:
    """Sends a form as the page at this path does: with what its fields hold, but for these."""
    return await client.post(path, data=fields)


@pytest.mark.parametrize("path", PAGES)
async def test_each_page_is_ones_own(client: Any, make: Any, path: str) -> None:
    ana = client.as_(await make.user("ana"))
    assert 'aria-label="Account"' in await text(ana, path)
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


async def test_the_overview_says_what_is(client: Any, make: Any) -> None:
    ana = await make.user("ana", roles=("creator",))
    shown = await text(client.as_(ana), "/dashboard/account")
    assert "@ana" in shown and "Creator" in shown and "ana@example.org" in shown
    assert "Plan Free: 0" in shown.replace("\u202f", " ") and "of 1 GB stored" in shown.replace("\u202f", " ")


async def test_saving_a_profile(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    for path, name in zip(PAGES[1:8:6], ("anabel", "Anabel"), strict=True):
        done = await post(ana, path, display_name=f"Ana {name}", username=name, bio="Writes <b>")
        assert (done.status_code, done.headers["location"]) == (303, path)
        assert (await ana.get("/api/v1/users/me")).json()["username"] == name
    assert "Writes &lt;b&gt;" in await text(client, "/@Anabel")
    emptied = await post(ana, PAGES[1], display_name="Ana", username="Anabel", bio="")
    assert emptied.status_code == 303
    assert (await ana.get("/api/v1/users/me")).json()["bio"] == ""


async def test_what_was_typed_stays_with_its_error(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    await make.user("ben")
    for name, error in (
        ("a b", "Letters and digits"),
        ("Ben", "This name is taken"),
        ("admin", "kept for the platform"),
    ):
        shown = await post(ana, PAGES[1], display_name="Typed", username=name, bio="Kept")
        assert shown.status_code in (409, 422)
        assert error in shown.text and 'value="Typed"' in shown.text and f'value="{name}"' in shown.text
    empty = await post(ana, PAGES[1], display_name="", username="ana", bio="")
    assert (empty.status_code, "f-display_name-error" in empty.text) == (422, True)
    me = (await ana.get("/api/v1/users/me")).json()
    assert (me["username"], me["display_name"], me["bio"]) == ("ana", "ana", "")
    await post(ana, PAGES[1], display_name="ana", username="anabel", bio="")
    again = await post(ana, PAGES[1], display_name="ana", username="annabel", bio="")
    assert (again.status_code, "From " in again.text) == (409, True)


async def test_a_face_by_a_form_and_away_again(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    face = "/dashboard/account/profile/avatar"
    sent = await ana.post(face, files={"file": ("me.png", picture())}, data={"x": "10", "y": "10", "size": "300"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/dashboard/account/profile")
    url = (await ana.get("/api/v1/users/me")).json()["avatar_url"]
    assert url in await text(ana, "/dashboard/account/profile")
    wrong = await ana.post(face, files={"file": ("me.png", b"<svg onload=alert(1)>")})
    assert (wrong.status_code, "SVG drawings" in wrong.text) == (422, True)
    none = await ana.post(face, files={"file": ("", b"")})
    assert none.status_code == 422
    assert (await ana.get("/api/v1/users/me")).json()["avatar_url"] == url
    gone = await ana.post(f"{face}/remove", data={})
    assert gone.status_code == 303
    assert (await ana.get("/api/v1/users/me")).json()["avatar_url"] is None


async def test_becoming_a_creator_by_a_form(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    path = "/dashboard/account/author-profile"
    assert "Become a creator" in await text(ana, path)
    fields = {
        "pen_name": "A. Columns",
        "tagline": "",
        "website_url": "columns.example.org",
        "genres": ["Essay", "Travel"],
        "primary_genre": "Essay",
        "writing_since": "2009-04-01",
        "accepting_commissions": "on",
        "commission_min_price": "12.50",
        "commission_max_price": "",
        "commission_currency": "EUR",
    }
    done = await ana.post(path, data=fields)
    assert (done.status_code, done.headers["location"]) == (303, path)
    made = (await ana.get("/api/v1/author-profile")).json()
    assert (made["commission_min_price"], made["commission_max_price"], made["genres"]) == (
        1250,
        None,
        ["Essay", "Travel"],
    )
    assert (made["allow_direct_messages"], made["show_email"]) == (False, False), "a box without a tick is off"
    shown = await text(ana, path)
    assert 'value="12.50"' in shown and 'value="https://columns.example.org"' in shown
    profile = await text(client, "/@ana")
    for part in ("Writes as A. Columns", "Essay, Travel; writing since 2009", "from €12.50", "columns.example.org"):
        assert part in profile
    assert re.search(r'rel="[^"]*nofollow ugc noopener"', profile)
    assert "ana@example.org" not in profile
    assert (await ana.post(path, data={"commission_currency": "EUR"})).status_code == 303
    emptied = (await ana.get("/api/v1/author-profile")).json()
    assert (emptied["pen_name"], emptied["genres"]) == ("A. Columns", []), "what a form does not have stays"


async def test_errors_of_a_creators_form(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    path = "/dashboard/account/author-profile"
    fields = {"pen_name": "Typed", "genres": ["Essay"], "commission_currency": "EUR"}
    shapes = {**fields, "commission_min_price": "many", "tagline": "x" * 201, "writing_since": "once"}
    shown = await ana.post(path, data=shapes)
    assert shown.status_code == 422
    for part in ("f-commission_min_price-error", "f-tagline-error", "f-writing_since-error"):
        assert part in shown.text
    assert 'value="Typed"' in shown.text and 'value="many"' in shown.text
    assert re.search(r'value="Essay" checked', shown.text)
    meanings = {**fields, "website_url": "ftp://x.example", "primary_genre": "Horror"}
    shown = await ana.post(path, data=meanings)
    assert shown.status_code == 422
    for part in ("f-website_url-error", "f-primary_genre-error"):
        assert part in shown.text
    assert (await ana.get("/api/v1/auth/me")).json()["roles"] == ["reader"]


async def test_becoming_a_brand_by_a_form(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    path = "/dashboard/account/brand-profile"
    nameless = await ana.post(path, data={"company_name": "", "about": "Typed"})
    assert (nameless.status_code, "f-company_name-error" in nameless.text, "Typed" in nameless.text) == (
        422,
        True,
        True,
    )
    done = await ana.post(path, data={"company_name": "Columns Ltd", "contact_email": "hello@columns.example"})
    assert done.status_code == 303
    shown = await text(client, "/@ana")
    assert "Columns Ltd" in shown and "mailto:hello@columns.example" in shown
    assert (await ana.post(path, data={"company_name": "Columns", "contact_email": ""})).status_code == 303
    assert "hello@columns.example" not in await text(client, "/@ana")


async def test_preferences_hold_on_every_page(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    fields = {
        "theme": "dark",
        "reading_face": "atkinson",
        "reading_size": "22",
        "mature_content": "show",
        "locale": "en-US",
        "timezone": "Asia/Tokyo",
    }
    path = "/dashboard/account/preferences"
    done = await ana.post(path, data=fields)
    assert (done.status_code, done.headers["location"]) == (303, path)
    ana.cookies.clear()
    shown = await text(ana, "/")
    assert 'data-theme="stoa-dark"' in shown and 'data-face="atkinson"' in shown and 'data-size="22"' in shown
    assert '<html lang="en"' in shown
    assert re.search(r"It is now \w+ \d+, \d{4}, \d+:\d\d [AP]M JST", await text(ana, path))
    assert " JST" not in await text(client, "/styleguide"), "others have their own"
    wrong = await ana.post(path, data={**fields, "theme": "pink", "timezone": "Mars/Olympus"})
    assert (wrong.status_code, "f-theme-error" in wrong.text) == (422, True)
    moved = await ana.post(path, data={**fields, "timezone": "Mars/Olympus"})
    assert (moved.status_code, "f-timezone-error" in moved.text) == (422, True)


async def test_the_switches_of_every_page_are_kept_too(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    assert (await ana.post("/preferences/theme", data={"theme": "dark"})).status_code == 303
    assert (await ana.post("/preferences/reading", data={"face": "inter", "size": "24"})).status_code == 303
    wants = (await ana.get("/api/v1/users/me/preferences")).json()
    assert (wants["theme"], wants["reading_face"], wants["reading_size"]) == ("dark", "inter", 24)
    ana.cookies.clear()
    assert 'data-theme="stoa-dark"' in await text(ana, "/")
    await ana.post("/preferences/theme", data={"theme": "system"})
    assert "data-theme=" not in await text(ana, "/")


@pytest.mark.parametrize("rating", ["general", "teen", "mature", "explicit"])
async def test_a_text_for_adults_waits_for_a_word(client: Any, make: Any, rating: str) -> None:
    author, reader = await make.user("ana"), await make.user("ben")
    post = await make.post(author, rating=rating, body="The walk is covered. " * 10)
    path, waits = f"/p/{post.slug}", rating in ("mature", "explicit")
    for who in (None, reader):
        assert ("The walk is covered" not in await text(client.as_(who), path)) is waits
    stats = (await client.get("/api/v1/users/ana/stats")).json()
    assert stats["views"] == (0 if waits else 1), "what was not opened was not read"
    for who in (None, reader):
        assert "The walk is covered" in await text(client.as_(who), f"{path}?open=yes")
    assert "The walk is covered" in await text(client.as_(author), path)
    await client.as_(reader).patch("/api/v1/users/me/preferences", json={"mature_content": "show"})
    assert "The walk is covered" in await text(client.as_(reader), path)


async def test_privacy_is_held(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    ben = client.as_(await make.user("ben"))
    path = "/account/settings/privacy"
    assert "My e-mail stands on my page" not in await text(ana, path), "only creators have one"
    assert "noindex" not in await text(client, "/@ana")
    assert (await ana.post(path, data={"show_email": "on"})).status_code == 303
    assert 'name="robots" content="noindex"' in await text(client, "/@ana")
    assert (await ben.get("/api/v1/users/ana")).json()["show_followers"] is False
    assert (await ana.get("/api/v1/author-profile")).status_code == 404
    await ana.post("/api/v1/author-profile", json={})
    assert "My e-mail stands on my page" in await text(ana, path)
    on = {"show_in_search": "on", "show_followers": "on", "show_email": "on"}
    assert (await ana.post(path, data=on, headers={"HX-Request": "true"})).status_code == 204
    shown = await text(client, "/@ana")
    assert "ana@example.org" in shown and "noindex" not in shown
    assert (await ana.get("/api/v1/author-profile")).json()["allow_direct_messages"] is False
    assert "Prefers not to be written to" in shown


async def test_usage_says_what_is_left(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    made = await make.picture(ana, width=900, height=900)
    shown = (await text(client.as_(ana), "/dashboard/account/usage")).replace("\u202f", " ")
    assert "You are on the plan Free" in shown and "of 1 GB" in shown and "Professional" in shown
    assert made.bytes_count > 0
    assert "0 of 3" in shown


async def test_a_page_takes_few_statements(client: Any, make: Any, queries: Any) -> None:
    ana = client.as_(await make.user("ana"))
    await ana.post("/api/v1/author-profile", json={"pen_name": "A."})
    for path in PAGES:
        await ana.get(path)
        with queries() as seen:
            await ana.get(path)
        assert len(seen) <= 7, (path, seen)
