"""Creators and brands: becoming one, what they say of themselves, and what of it others see."""

import asyncio
from typing import Any

import pytest

from stoa.kit.ids import new_id

AUTHOR = {
    "pen_name": "A. Columns",
    "tagline": "Stories from the shade",
    "full_bio": "Born under a roof.",
    "website_url": "https://columns.example.org/about?x=1",
    "twitter_handle": "@columns",
    "instagram_handle": "https://www.instagram.com/columns.writes/",
    "tiktok_handle": "columns",
    "youtube_channel": "https://www.youtube.com/@columns",
    "discord_server": "https://discord.gg/abc",
    "patreon_page": "patreon.com/columns",
    "kofi_page": "https://ko-fi.com/columns",
    "genres": ["Fantasy", "Essay"],
    "primary_genre": "Essay",
    "writing_since": "2009-04-01",
    "accepting_commissions": True,
    "commission_info": "Short stories, four weeks.",
    "commission_min_price": 50_00,
    "commission_max_price": 500_00,
    "commission_currency": "EUR",
    "allow_direct_messages": False,
    "show_email": False,
}
CLEANED = {
    **AUTHOR,
    "twitter_handle": "columns",
    "instagram_handle": "columns.writes",
    "patreon_page": "https://patreon.com/columns",
}


async def test_becoming_a_creator(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    as_ana = client.as_(ana)
    none = await as_ana.get("/api/v1/author-profile")
    assert (none.status_code, none.json()["code"]) == (404, "no_author_profile")
    made = await as_ana.post("/api/v1/author-profile", json=AUTHOR)
    assert made.status_code == 201
    body = made.json()
    assert {k: body[k] for k in CLEANED} == CLEANED
    assert body["user_id"] == str(ana.id)
    assert (await as_ana.get("/api/v1/author-profile")).json() == body
    assert (await as_ana.get("/api/v1/auth/me")).json()["roles"] == ["reader", "creator"]
    assert (await as_ana.get("/api/v1/users/me")).json()["has_author_profile"] is True
    again = await as_ana.post("/api/v1/author-profile", json={})
    assert (again.status_code, again.json()["code"]) == (409, "profile_there")
    assert (await as_ana.get("/api/v1/author-profile")).json() == body


async def test_becoming_a_creator_by_five_clicks_at_once(client: Any, make: Any, live: Any) -> None:
    ana = client.as_(await make.user("ana"))
    answers = await asyncio.gather(*(ana.post("/api/v1/author-profile", json={}) for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409, 409]
    assert (await ana.get("/api/v1/auth/me")).json()["roles"] == ["reader", "creator"]


async def test_only_what_is_given_changes(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    assert (await ana.patch("/api/v1/author-profile", json={"tagline": "x"})).status_code == 404
    before = (await ana.post("/api/v1/author-profile", json=AUTHOR)).json()
    changed = (
        await ana.patch("/api/v1/author-profile", json={"penName": "B.", "website_url": "", "tagline": None})
    ).json()
    expected = {**before, "pen_name": "B.", "website_url": None, "tagline": None}
    assert {k: v for k, v in changed.items() if k != "updated_at"} == {
        k: v for k, v in expected.items() if k != "updated_at"
    }


async def test_genres_and_prices_are_judged_with_what_stays(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    await ana.post("/api/v1/author-profile", json=AUTHOR)
    low = await ana.patch("/api/v1/author-profile", json={"commission_max_price": 1})
    assert (low.status_code, sorted(low.json()["fields"])) == (422, ["commission_max_price"])
    foreign = await ana.patch("/api/v1/author-profile", json={"primary_genre": "Horror"})
    assert (foreign.status_code, sorted(foreign.json()["fields"])) == (422, ["primary_genre"])
    fewer = (await ana.patch("/api/v1/author-profile", json={"genres": ["Fantasy"]})).json()
    assert (fewer["genres"], fewer["primary_genre"]) == (["Fantasy"], None)


LINKS = [
    ("website_url", "javascript:alert(1)"),
    ("website_url", "http://columns.example.org"),
    ("website_url", "https://user:secret@example.org"),
    ("website_url", "https://example.org:8443/"),
    ("website_url", "https://127.0.0.1/"),
    ("website_url", "https://[::1]/"),
    ("website_url", "https://localhost/"),
    ("website_url", "https://printer.local/"),
    ("website_url", 'https://example.org/"onmouseover="x'),
    ("website_url", "https://exаmple.org/"),
    ("website_url", "https://example.org/\nSet-Cookie: x"),
    ("website_url", "https://" + "a" * 3000 + ".org"),
    ("twitter_handle", "a b"),
    ("twitter_handle", "x" * 16),
    ("twitter_handle", "https://evil.example/ana"),
    ("twitter_handle", "https://x.com.evil.example/ana"),
    ("instagram_handle", "<script>"),
    ("tiktok_handle", "../.."),
    ("youtube_channel", "https://youtube.com.evil.example/@ana"),
    ("youtube_channel", "https://evil.example/youtube.com"),
    ("youtube_channel", "https://youtube.com"),
    ("discord_server", "https://discord.example/abc"),
    ("patreon_page", "data:text/html,x"),
    ("kofi_page", "//evil.example/x"),
]


@pytest.mark.parametrize(("field", "value"), LINKS, ids=[f"{field}-{n}" for n, (field, _) in enumerate(LINKS)])
async def test_links_lead_where_they_say(client: Any, make: Any, field: str, value: str) -> None:
    ana = client.as_(await make.user("ana"))
    await ana.post("/api/v1/author-profile", json={})
    answer = await ana.patch("/api/v1/author-profile", json={field: value, "tagline": "New"})
    assert (answer.status_code, list(answer.json().get("fields", {}))) == (422, [field])
    kept = (await ana.get("/api/v1/author-profile")).json()
    assert (kept[field], kept["tagline"]) == (None, None)


async def test_every_wrong_field_is_named(client: Any, make: Any) -> None:
    ana = client.as_(await make.user("ana"))
    await ana.post("/api/v1/author-profile", json={})
    shapes = {
        "pen_name": "x" * 10_000,
        "tagline": "x" * 201,
        "full_bio": "x" * 10_001,
        "genres": ["Fantasy"] * 9,
        "writing_since": "yesterday",
        "commission_min_price": -1,
        "commission_max_price": 10**30,
        "show_email": None,
        "commission_info": "a\x00b",
    }
    answer = await ana.patch("/api/v1/author-profile", json=shapes)
    assert (answer.status_code, sorted(answer.json()["fields"])) == (422, sorted(shapes))
    meanings = {
        "pen_name": "\u202eanA",
        "genres": ["Fantasy", "Fantasy"],
        "writing_since": "1899-12-31",
        "commission_currency": "BTC",
        "commission_max_price": 1,
        "website_url": "ftp://x.example",
    }
    answer = await ana.patch("/api/v1/author-profile", json={**meanings, "commission_min_price": 2})
    assert (answer.status_code, sorted(answer.json()["fields"])) == (422, sorted(meanings))
    future = await ana.patch("/api/v1/author-profile", json={"writing_since": "2999-01-01"})
    assert list(future.json()["fields"]) == ["writing_since"]


async def test_nobody_sets_what_is_not_theirs_to_set(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    await client.as_(ben).post("/api/v1/author-profile", json={"pen_name": "Ben"})
    as_ana = client.as_(ana)
    before = (await as_ana.post("/api/v1/author-profile", json={})).json()
    foreign = {
        "user_id": str(ben.id),
        "is_verified": not before["is_verified"],
        "roles": ["admin"],
        "created_at": "2001-01-01",
    }
    changed = (await as_ana.patch("/api/v1/author-profile", json={**foreign, "pen_name": "Mine"})).json()
    assert {k for k, v in changed.items() if v != before[k]} == {"pen_name", "updated_at"}
    assert (await client.as_(ben).get("/api/v1/author-profile")).json()["pen_name"] == "Ben"
    assert (await client.post("/api/v1/author-profile", json={})).status_code == 401


async def test_what_others_see_of_a_creator(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    path = f"/api/v1/authors/{ana.id}"
    assert (await client.get(path)).status_code == 404, "she is none yet"
    await client.as_(ana).post("/api/v1/author-profile", json=AUTHOR)
    seen = (await client.get(path)).json()
    assert seen["person"]["username"] == "ana"
    assert seen["author"] == {
        **{k: v for k, v in CLEANED.items() if k != "show_email"},
        "user_id": str(ana.id),
        "email": None,
    }
    await client.as_(ana).patch("/api/v1/author-profile", json={"show_email": True})
    assert (await client.get(path)).json()["author"]["email"] == "ana@example.org"
    assert (await client.get("/api/v1/users/ana")).json()["author"]["email"] == "ana@example.org"
    assert (await client.get(f"/api/v1/authors/{new_id()}")).status_code == 404


async def test_a_blocked_creator_is_not_there(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    await client.as_(ana).post("/api/v1/author-profile", json=AUTHOR)
    await client.as_(ana).post("/api/v1/brand-profile", json={"company_name": "Columns Ltd"})
    paths = [f"/api/v1/authors/{ana.id}", f"/api/v1/authors/{ana.id}/sites", f"/api/v1/brands/{ana.id}"]
    paths += ["/api/v1/users/ana", "/api/v1/users/ana/series", "/api/v1/users/ana/stats"]
    as_ben = client.as_(ben)
    assert {(await as_ben.get(path)).status_code for path in paths} == {200}
    assert (await client.as_(ana).put(f"/api/v1/me/blocked/{ben.id}")).status_code == 204
    assert {(await as_ben.get(path)).status_code for path in paths} == {404}
    assert {(await client.get(path)).status_code for path in paths} == {200}


async def test_brands(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    as_ana = client.as_(ana)
    assert (await as_ana.get("/api/v1/brand-profile")).json()["code"] == "no_brand_profile"
    assert (await as_ana.patch("/api/v1/brand-profile", json={"about": "x"})).status_code == 404
    nameless = await as_ana.post("/api/v1/brand-profile", json={"website_url": "http://x.example", "company_name": " "})
    assert (nameless.status_code, sorted(nameless.json()["fields"])) == (422, ["company_name", "website_url"])
    assert (await as_ana.get("/api/v1/auth/me")).json()["roles"] == ["reader"], "a refusal gives no role"
    made = await as_ana.post(
        "/api/v1/brand-profile",
        json={"company_name": " Columns   Ltd ", "website_url": "columns.example.org", "contact_email": "a@b.example"},
    )
    assert made.status_code == 201
    assert made.json()["company_name"] == "Columns Ltd"
    assert made.json()["website_url"] == "https://columns.example.org"
    assert (await as_ana.get("/api/v1/auth/me")).json()["roles"] == ["reader", "brand"]
    assert (await as_ana.post("/api/v1/brand-profile", json={"company_name": "Other"})).status_code == 409
    changed = await as_ana.patch("/api/v1/brand-profile", json={"contact_email": None, "about": "We build."})
    assert (changed.json()["contact_email"], changed.json()["about"]) == (None, "We build.")
    assert (await as_ana.patch("/api/v1/brand-profile", json={"company_name": ""})).status_code == 422
    seen = (await client.get(f"/api/v1/brands/{ana.id}")).json()
    assert (seen["person"]["username"], seen["brand"]) == ("ana", changed.json())
    assert (await client.get("/api/v1/users/ana")).json()["brand"] == changed.json()


async def test_stats_and_series_of_somebody(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    post = await make.post(ana)
    await make.post(ana, published=False)
    await client.as_(ben).put("/api/v1/people/ana/follow")
    await client.as_(ben).put(f"/api/v1/works/{post.id}/like")
    stats = (await client.get("/api/v1/users/ANA/stats")).json()
    assert stats == {
        "followers_count": 1,
        "following_count": 0,
        "posts_count": 1,
        "series_count": 0,
        "words_count": post.word_count,
        "views": 0,
        "likes": 1,
        "comments": 0,
        "gifts": 0,
        "gifts_coins": 0,
    }
    assert (await client.get("/api/v1/users/ana/series")).json() == {"items": [], "next_cursor": None}
    assert (await client.get("/api/v1/users/nobody/stats")).status_code == 404
    assert (await client.get("/api/v1/users/nobody/series")).status_code == 404


async def test_one_statement_for_each_look(client: Any, make: Any, queries: Any) -> None:
    ana = await make.user("ana")
    await client.as_(ana).post("/api/v1/author-profile", json=AUTHOR)
    for path, most in ((f"/api/v1/authors/{ana.id}", 1), ("/api/v1/users/ana", 1), ("/api/v1/users/ana/stats", 2)):
        await client.get(path)
        with queries() as seen:
            assert (await client.get(path)).status_code == 200
        assert len(seen) <= most, seen
