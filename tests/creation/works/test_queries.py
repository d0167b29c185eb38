"""Lists and search: order, pages, filters, and how many statements they take."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow

NOW = utcnow()


def ago(**time: float) -> Any:
    return NOW - timedelta(**time)


async def set_stats(tx: Any, post: Any, **counts: int) -> None:
    async with tx() as ctx:
        sets = ", ".join(f"{name} = {count}" for name, count in counts.items())
        await ctx.db.execute(f"update work_stats set {sets} where work_id = $1", post.id)


async def titles(client: Any, query: str = "") -> list[str]:
    answer = await client.get(f"/api/v1/posts?{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def walk(client: Any, query: str) -> list[str]:
    """All titles of a list, page by page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = (await client.get(f"/api/v1/posts?{query}&cursor={cursor}")).json()
        found += [item["title"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_recent_trending_popular(client: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    old = await make.post(ana, title="Old but much read", at=ago(days=30))
    liked = await make.post(ana, title="Liked yesterday", at=ago(days=1))
    await make.post(ana, title="New and unknown", at=ago(minutes=1))
    await make.post(ana, title="A draft of mine", published=False)
    await set_stats(tx, old, views=5000, likes=100)
    await set_stats(tx, liked, views=50, likes=20)
    assert await titles(client) == ["New and unknown", "Liked yesterday", "Old but much read"]
    assert await titles(client, "sort=trending") == ["Liked yesterday", "New and unknown", "Old but much read"]
    assert await titles(client, "sort=popular") == ["Old but much read", "Liked yesterday", "New and unknown"]


async def test_trending_halves_each_day(make: Any, tx: Any, db: Any) -> None:
    ana = await make.user("ana")
    one_day = await make.post(ana, at=ago(days=2))
    fresh = await make.post(ana, at=ago(days=1))
    await set_stats(tx, one_day, likes=15)  # 1 + 15 = 16
    await set_stats(tx, fresh, likes=7)  # 1 + 7 = 8, a day younger
    hot = {r["work_id"]: r["hot"] for r in await db.fetch("select work_id, hot from work_stats")}
    assert hot[one_day.id] == pytest.approx(hot[fresh.id], abs=1e-9)
    await set_stats(tx, fresh, likes=0, gifts_coins=49)  # the square root of gifts counts
    assert await db.fetchval("select hot from work_stats where work_id = $1", fresh.id) == pytest.approx(hot[fresh.id])
    await set_stats(tx, fresh, dislikes=500)  # never below that of a work nobody knows
    age = "extract(epoch from published_at - '2020-01-01 00:00+00')::float8 / 86400"
    zero = await db.fetchval(f"select {age} from work_stats where work_id = $1", fresh.id)
    assert await db.fetchval("select hot from work_stats where work_id = $1", fresh.id) == pytest.approx(zero)


@pytest.mark.parametrize("sort", ["recent", "trending", "popular"])
async def test_pages_show_each_once(client: Any, make: Any, tx: Any, sort: str) -> None:
    ana = await make.user("ana")
    posts = [await make.post(ana, title=f"Number {n:02}", at=ago(hours=n // 2)) for n in range(7)]
    for n, post in enumerate(posts):
        await set_stats(tx, post, views=n // 3, likes=n // 3)
    whole = await titles(client, f"sort={sort}&limit=50")
    assert len(whole) == 7
    assert await walk(client, f"sort={sort}&limit=2") == whole
    assert await walk(client, f"sort={sort}&limit=7") == whole


async def test_filters(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    await make.post(ana, title="Ana on food", category="Food")
    await make.post(ben, title="Ben on food", category="Food")
    await make.post(ben, title="Ben on travel", category="Travel")
    assert await titles(client, "category=Food") == ["Ben on food", "Ana on food"]
    assert await titles(client, "category=fOOd&sort=popular") == ["Ben on food", "Ana on food"]
    assert await titles(client, "author=Ben") == ["Ben on travel", "Ben on food"]
    assert await titles(client, "author=ben&category=Food&sort=trending") == ["Ben on food"]
    assert await titles(client, "author=ana&category=Travel") == []
    assert await walk(client, "author=ben&limit=1") == ["Ben on travel", "Ben on food"]
    assert (await client.get("/api/v1/posts?author=nobody")).status_code == 404
    assert (await client.get("/api/v1/posts?category=Sports")).json()["fields"].keys() == {"category"}


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=51",
        "limit=-1",
        "limit=99999999999999999999999",
        "limit=1.5",
        "sort=best",
        "sort=",
        "cursor=nonsense",
        "cursor=" + "a" * 501,
        "category=%00",
        "category=" + "x" * 51,
        "author=" + "x" * 51,
        "author=%ff%fe",
        "category=%f0%28%8c%28",
    ],
)
async def test_broken_queries(client: Any, query: str) -> None:
    answer = await client.get(f"/api/v1/posts?{query}")
    assert answer.status_code in (404, 422), (answer.status_code, answer.text)
    assert answer.status_code == 422 or query.startswith("author")


async def test_a_cursor_of_another_list_is_refused(client: Any, make: Any) -> None:
    for _ in range(2):
        await make.post()
    cursor = (await client.get("/api/v1/posts?limit=1")).json()["next_cursor"]
    assert (await client.get(f"/api/v1/posts?sort=popular&cursor={cursor}")).status_code == 422


async def test_a_list_is_one_statement(client: Any, make: Any, queries: Any) -> None:
    for n in range(5):
        author = await make.user()
        await make.post(author, cover_media_id=(await make.picture(author)).id if n % 2 else None)
    for address in ("/api/v1/posts", "/api/v1/posts?sort=trending&category=Education", "/api/v1/search?q=columns"):
        await client.get(address)
        with queries() as seen:
            answer = await client.get(address)
        assert len(answer.json()["items"]) == 5
        assert len(seen) == 1, seen


async def test_numbered_pages(make: Any, ctx: Any, queries: Any) -> None:
    from stoa.creation.posts.queries import posts_page
    from stoa.kit.errors import Invalid

    ana = await make.user("ana")
    for n in range(5):
        await make.post(ana, title=f"Number {n}", at=ago(hours=n), category="Food" if n < 3 else "Travel")
    with queries() as seen:
        page = await posts_page(ctx, page=2, limit=2)
    assert ([w.title for w in page.items], page.page, page.limit, page.total, page.pages) == (
        ["Number 2", "Number 3"],
        2,
        2,
        5,
        3,
    )
    assert len(seen) == 2
    assert (await posts_page(ctx, category="Food", limit=50)).total == 3
    beyond = await posts_page(ctx, page=9, limit=50)
    assert (beyond.items, beyond.total, beyond.pages) == ([], 5, 1)
    for page_number, limit in ((0, 10), (1, 0), (1, 51), (10**20, 10)):
        with pytest.raises(Invalid):
            await posts_page(ctx, page=page_number, limit=limit)


async def test_a_card_holds_what_a_list_needs(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    picture = await make.picture(ana, alt="A wall")
    post = await make.post(ana, title="Of walls", body="word " * 460, images=[picture.url])
    (card,) = (await client.get("/api/v1/posts")).json()["items"]
    assert card == {
        "id": str(post.id),
        "kind": "post",
        "slug": "of-walls",
        "title": "Of walls",
        "excerpt": "word " * 39 + "word…",
        "category": "Education",
        "language": "en",
        "rating": "general",
        "access": "free",
        "word_count": 460,
        "reading_minutes": 2,
        "images": [picture.url],
        "author": {
            "id": str(ana.id),
            "username": "ana",
            "display_name": "ana",
            "avatar_url": None,
            "is_verified": True,
        },
        "cover": {
            "id": str(picture.id),
            "url": picture.url,
            "srcset": picture.srcset,
            "width": 400,
            "height": 300,
            "alt": "A wall",
            "colour": picture.colour,
        },
        "stats": {
            "views": 0,
            "likes": 0,
            "dislikes": 0,
            "comments": 0,
            "gifts": 0,
            "gifts_coins": 0,
            "hot": card["stats"]["hot"],
        },
        "published_at": card["published_at"],
        "created_at": card["created_at"],
        "updated_at": card["updated_at"],
    }


# ---- search ----------------------------------------------------------------------------------------------------

FILLER = "Something else altogether, which has to be long enough to be published at all, and so it is."


async def found(client: Any, q: str, **more: str) -> list[str]:
    answer = await client.get("/api/v1/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return [item["work"]["title"] for item in answer.json()["items"]]


async def test_search_by_words(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    await make.post(ana, title="Keeping bees", body=f"Bees are kept in hives. {FILLER}")
    await make.post(ana, title="A garden", body=f"Once I saw bees there, but the cat slept. {FILLER}")
    await make.post(ana, title="A draft on bees", body=f"Bees, bees, bees. {FILLER}", published=False)
    assert await found(client, "bees") == ["Keeping bees", "A garden"]  # a title weighs more
    assert await found(client, "keep bee") == ["Keeping bees"]  # stems
    assert await found(client, "bees -cat") == ["Keeping bees"]
    assert await found(client, '"saw bees"') == ["A garden"]
    assert await found(client, "hive or cat") and len(await found(client, "hive or cat")) == 2
    assert await found(client, "unicorns") == []
    for odd in (
        "the",
        "&|!()",
        ":*",
        "'",
        '"',
        "\\",
        "a:b & c",
        "<->",
        "-",
        "日本",
        "🙂",
        "x" * 200,
        "%",
        "a' or 1=1--",
    ):
        assert isinstance(await found(client, odd), list)


async def test_search_in_other_languages(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    await make.post(ana, title="Die Häuser", body=f"Viele schöne Häuser standen am Fluss. {FILLER}", language="de")
    await make.post(ana, title="言葉 について", body=f"言葉 は 風 である。 {FILLER}", language="ja")
    assert await found(client, "häuser") == ["Die Häuser"]
    assert await found(client, "haus", language="de") == ["Die Häuser"]
    assert await found(client, "言葉") == ["言葉 について"]


async def test_a_headline_is_escaped(client: Any, make: Any) -> None:
    body = f"Here <b onclick='x()'>columns</b> & \x02stand\x03 <script>alert(1)</script> in rows. {FILLER}"
    await make.post(body=body)
    (hit,) = (await client.get("/api/v1/search?q=columns")).json()["items"]
    html = hit["headline_html"]
    assert "<mark>columns</mark>" in html and "&amp;" in html
    assert html.replace("<mark>", "").replace("</mark>", "").count("<") == 0


async def test_search_pages(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    for n in range(5):
        await make.post(ana, title=f"Columns {n}", body=f"Columns. {'More words. ' * n}{FILLER}")
    whole = await found(client, "columns")
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await client.get(f"/api/v1/search?q=columns&limit=2&cursor={cursor}")).json()
        seen += [item["work"]["title"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == whole and len(whole) == 5


@pytest.mark.parametrize(
    "query", ["", "q=", "q=" + "x" * 201, "q=%00", "q=a&language=english", "q=a&cursor=b", "q=a&limit=0"]
)
async def test_broken_searches(client: Any, query: str) -> None:
    assert (await client.get(f"/api/v1/search?{query}")).status_code == 422


async def test_categories(client: Any) -> None:
    assert (await client.get("/api/v1/categories")).json() == [
        "Finance",
        "Motivational",
        "Relationship",
        "Health",
        "Technology",
        "Travel",
        "Food",
        "Lifestyle",
        "Education",
        "Entertainment",
    ]
