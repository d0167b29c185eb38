"""Writing and reading posts over HTTP: drafts, revisions, publishing, addresses, pictures, and who may do what."""

import threading
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from stoa.foundation.settings.actions import change_platform
from stoa.kit.markdown import read
from tests.factories.creation import BODY

TITLE = "Under the columns"


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


async def draft(client: Any, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/v1/posts", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def change(client: Any, post: dict[str, Any], **fields: Any) -> Any:
    return await client.patch(f"/api/v1/posts/{post['id']}", json={"revision": post["revision"], **fields})


async def publish(client: Any, post: dict[str, Any], **fields: Any) -> Any:
    return await client.post(f"/api/v1/posts/{post['id']}/publish", json=fields)


async def published(client: Any, **fields: Any) -> dict[str, Any]:
    post = await draft(client, **{"title": TITLE, "body_markdown": BODY, "category": "Travel", **fields})
    answer = await publish(client, post)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_from_draft_to_reader(mine: Any, client: Any, ana: Any) -> None:
    first = await draft(mine)
    assert {k: first[k] for k in ("title", "body_html", "slug", "state", "revision", "is_mine", "published_at")} == {
        "title": "",
        "body_html": "",
        "slug": None,
        "state": "draft",
        "revision": 1,
        "is_mine": True,
        "published_at": None,
    }
    second = (
        await change(mine, first, title=f" {TITLE}\n ", category="travel", body_markdown=f"# Hall\r\n\r\n{BODY}")
    ).json()
    assert (second["title"], second["category"], second["revision"]) == (TITLE, "Travel", 2)
    assert second["body_markdown"] == f"# Hall\n\n{BODY}"
    assert second["body_html"].startswith("<h2>Hall</h2>\n<p>A covered walk of columns")
    assert second["excerpt"].startswith("A covered walk") and len(second["excerpt"]) <= 200
    out = (await publish(mine, second, revision=2)).json()
    assert (out["state"], out["slug"], out["revision"]) == ("published", "under-the-columns", 3)
    for reader in (client, mine):
        seen = (await reader.get(f"/api/v1/posts/{out['id']}")).json()
        assert seen["body_html"] == second["body_html"] and seen["title"] == TITLE
        assert seen["author"]["username"] == "ana" and seen["word_count"] == 38
    assert (await client.get(f"/api/v1/posts/{out['id']}")).json()["body_markdown"] is None
    assert (await client.get(f"/api/v1/posts/by-slug/{out['slug']}")).json()["id"] == out["id"]


async def test_camel_case_is_taken_too(mine: Any) -> None:
    assert (await draft(mine, bodyMarkdown="Hello"))["body_html"] == "<p>Hello</p>\n"


async def test_a_draft_is_nobody_elses(mine: Any, client: Any, make: Any) -> None:
    post = await draft(mine, title=TITLE, body_markdown=BODY)
    ben, staff = client.as_(await make.user("ben")), client.as_(await make.user("mod", roles=("moderator",)))
    url = f"/api/v1/posts/{post['id']}"
    for stranger in (client, ben):
        assert (await stranger.get(url)).status_code == 404
    assert (await staff.get(url)).json()["body_markdown"] == BODY
    for reader, status in ((client, 401), (ben, 404), (staff, 403)):
        assert (await change(reader, post, title="Mine now")).status_code == status
        assert (await publish(reader, post)).status_code == status
        assert (await reader.post(f"{url}/unpublish")).status_code == status
        assert (await reader.delete(url)).status_code == status
    assert (await mine.get(url)).json()["title"] == TITLE


async def test_a_published_post_is_not_to_be_changed_by_others(mine: Any, client: Any, make: Any) -> None:
    post = await published(mine)
    ben = client.as_(await make.user("ben"))
    assert (await change(ben, post, title="Mine now")).status_code == 403
    assert (await ben.delete(f"/api/v1/posts/{post['id']}")).status_code == 403
    assert (await ben.post(f"/api/v1/posts/{post['id']}/unpublish")).status_code == 403


async def test_two_windows(mine: Any) -> None:
    post = await draft(mine, title="First")
    assert (await change(mine, post, title="From one window")).json()["revision"] == 2
    answer = await change(mine, post, title="From another")
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["revision"]) == ("edit_conflict", 2)
    assert (await publish(mine, post, revision=1)).json()["code"] == "edit_conflict"
    assert (await mine.get(f"/api/v1/posts/{post['id']}")).json()["title"] == "From one window"


async def test_two_windows_at_once(live: Any, mine: Any, gather: Any) -> None:
    post = await draft(mine, title="First")
    answers = await gather(*(change(mine, post, title=f"Window {n}") for n in range(6)))
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409, 409, 409]
    assert (await mine.get(f"/api/v1/posts/{post['id']}")).json()["revision"] == 2


async def test_saving_the_same_again_changes_nothing(mine: Any) -> None:
    post = await draft(mine, title="Same", body_markdown="Text")
    again = (await change(mine, post, title="Same", body_markdown="Text")).json()
    assert (again["revision"], again["updated_at"]) == (1, post["updated_at"])


async def test_publishing_needs_a_whole_post(mine: Any) -> None:
    post = await draft(mine, title="Hey", body_markdown=" " * 40 + "short")
    answer = await publish(mine, post)
    assert answer.status_code == 422
    assert answer.json()["fields"] == {
        "title": "Please use at least 5 characters",
        "body_markdown": "Please write at least 50 characters",
        "category": "Please choose a category",
    }
    exact = (await change(mine, post, title="Hello", body_markdown="x y " * 12 + "zz", category="Food")).json()
    assert (await publish(mine, exact)).json()["state"] == "published"


async def test_longest(mine: Any) -> None:
    body = ("Lorem ipsum dolor sit amet. " * 2000)[:50_000]
    post = await published(mine, title="t" * 254 + "i", body_markdown=body)
    assert len(post["title"]) == 255 and len(post["body_markdown"]) == 50_000 and len(post["slug"]) == 80
    answer = await change(mine, post, title="x" * 256, body_markdown="x" * 50_001)
    assert answer.status_code == 422 and answer.json()["fields"].keys() == {"title", "body_markdown"}


async def test_unpublish_and_publish_again(mine: Any, client: Any) -> None:
    post = await published(mine)
    url = f"/api/v1/posts/{post['id']}"
    assert (await publish(mine, post)).json()["code"] == "wrong_state"
    back = (await mine.post(f"{url}/unpublish")).json()
    assert (back["state"], back["slug"]) == ("unpublished", post["slug"])
    assert (await client.get(url)).status_code == 404
    assert (await client.get("/api/v1/posts")).json()["items"] == []
    assert (await mine.post(f"{url}/unpublish")).status_code == 409
    again = (await publish(mine, back)).json()
    assert (again["state"], again["published_at"]) == ("published", post["published_at"])


async def test_publish_needs_no_body(mine: Any) -> None:
    post = await draft(mine, title=TITLE, body_markdown=BODY, category="Food")
    assert (await mine.post(f"/api/v1/posts/{post['id']}/publish")).json()["state"] == "published"


async def test_delete(mine: Any, client: Any) -> None:
    post = await published(mine)
    url = f"/api/v1/posts/{post['id']}"
    assert (await mine.delete(url)).status_code == 204
    for reader in (mine, client):
        assert (await reader.get(url)).status_code == 404
        assert (await reader.get(f"/api/v1/posts/by-slug/{post['slug']}")).status_code == 404
    assert (await mine.delete(url)).status_code == 404
    assert (await mine.get("/api/v1/posts/mine")).json()["items"] == []
    assert (await published(mine))["slug"] != post["slug"]  # its address stays taken


async def test_addresses(mine: Any, client: Any) -> None:
    one, two = await published(mine), await published(mine)
    assert one["slug"] == "under-the-columns" and two["slug"] == f"under-the-columns-{two['id'].replace('-', '')[-6:]}"
    renamed = (await change(mine, one, slug="the-hall")).json()
    assert renamed["slug"] == "the-hall"
    old = (await client.get("/api/v1/posts/by-slug/under-the-columns")).json()
    assert (old["id"], old["slug"]) == (one["id"], "the-hall")  # readers of the old address are sent on
    taken = await change(mine, two, slug="under-the-columns")
    assert taken.status_code == 422 and taken.json()["fields"].keys() == {"slug"}
    assert (await change(mine, renamed, slug="under-the-columns")).json()["slug"] == "under-the-columns"
    assert (await client.get("/api/v1/posts/by-slug/the-hall")).json()["slug"] == "under-the-columns"
    retitled = (await mine.get(f"/api/v1/posts/{one['id']}")).json()
    assert (await change(mine, retitled, title="Another title")).json()["slug"] == "under-the-columns"
    assert (await client.get("/api/v1/posts/by-slug/nothing-here")).status_code == 404


@pytest.mark.parametrize("slug", ["", "A", "a--b", "-a", "a/b", "ä", "a b", "x" * 101, "a\n"])
async def test_no_such_address(mine: Any, slug: str) -> None:
    post = await draft(mine)
    assert (await change(mine, post, slug=slug)).status_code == 422


async def test_the_same_title_at_once(live: Any, mine: Any, gather: Any) -> None:
    posts = [await draft(mine, title=TITLE, body_markdown=BODY, category="Food") for _ in range(5)]
    answers = await gather(*(publish(mine, post) for post in posts))
    assert {a.status_code for a in answers} == {200}
    assert len({a.json()["slug"] for a in answers}) == 5


async def test_my_posts(mine: Any, client: Any) -> None:
    first, second = await draft(mine, title="One"), await draft(mine, title="Two")
    out = await published(mine)
    (await change(mine, first, title="One, changed")).raise_for_status()
    page = (await mine.get("/api/v1/posts/mine?limit=2")).json()
    assert [p["title"] for p in page["items"]] == ["One, changed", TITLE]
    rest = (await mine.get("/api/v1/posts/mine", params={"limit": 2, "cursor": page["next_cursor"]})).json()
    assert ([p["id"] for p in rest["items"]], rest["next_cursor"]) == ([second["id"]], None)
    assert [p["id"] for p in (await mine.get("/api/v1/posts/mine?state=published")).json()["items"]] == [out["id"]]
    assert (await mine.get("/api/v1/posts/mine?state=lost")).status_code == 422
    assert (await client.get("/api/v1/posts/mine")).status_code == 401


async def test_pictures(mine: Any, make: Any, ana: Any) -> None:
    ours = [await make.picture(ana) for _ in range(2)]
    theirs = await make.picture(await make.user("ben"))
    body = f'{BODY}\n![One]({ours[0].url} "A caption")\n\n![Far](https://e.org/far.png)\n'
    post = await published(mine, body_markdown=body)
    assert post["cover"]["id"] == str(ours[0].id) and not post["cover_chosen"]
    assert (
        f'<img src="{ours[0].url}" alt="One" loading="lazy" decoding="async" width="400" height="300"'
        in post["body_html"]
    )
    assert 'src="https://e.org/far.png"' in post["body_html"]
    listed = (await change(mine, post, images=[ours[1].url, ours[1].url, "https://e.org/b.png"])).json()
    assert listed["images"] == [ours[1].url, "https://e.org/b.png"]
    assert listed["cover"]["id"] == str(ours[1].id)
    chosen = (await change(mine, listed, cover_media_id=str(ours[0].id))).json()
    assert chosen["cover"]["id"] == str(ours[0].id) and chosen["cover_chosen"]
    six = [f"https://e.org/{n}.png" for n in range(4)]
    for wrong in (
        {"images": six},  # with the two in the text
        {"images": [theirs.url]},
        {"images": [f"/media/{uuid4()}/960.webp"]},
        {"images": ["http://e.org/a.png"]},
        {"images": ["javascript:alert(1)"]},
        {"images": ["/wallet"]},
        {"images": ["https://e.org/" + "x" * 2000]},
        {"cover_media_id": str(theirs.id)},
        {"cover_media_id": str(uuid4())},
    ):
        answer = await change(mine, chosen, **wrong)
        assert answer.status_code == 422 and answer.json()["fields"].keys() == wrong.keys(), answer.text
    unchosen = (await change(mine, chosen, cover_media_id=None)).json()
    assert unchosen["cover"]["id"] == str(ours[1].id) and not unchosen["cover_chosen"]
    (await mine.delete(f"/api/v1/media/{ours[1].id}")).raise_for_status()
    assert (await mine.get(f"/api/v1/posts/{post['id']}")).json()["cover"] is None


async def test_preview(mine: Any, client: Any, db: Any) -> None:
    answer = await mine.post("/api/v1/posts/preview", json={"body_markdown": "**Hi** <i>you</i>\n\n" + "word " * 230})
    assert answer.status_code == 200
    assert answer.json()["body_html"].startswith("<p><strong>Hi</strong> &lt;i&gt;you&lt;/i&gt;</p>")
    assert (answer.json()["word_count"], answer.json()["reading_minutes"]) == (234, 1)
    assert await db.fetchval("select count(*) from works") == 0
    assert (await client.post("/api/v1/posts/preview", json={"body_markdown": "x"})).status_code == 401


async def test_my_reaction_is_shown(mine: Any, client: Any, make: Any) -> None:
    post = await published(mine)
    ben = client.as_(await make.user("ben"))
    await ben.put(f"/api/v1/works/{post['id']}/like")
    assert (await ben.get(f"/api/v1/posts/{post['id']}")).json()["my_reaction"] == "like"
    assert (await client.get(f"/api/v1/posts/{post['id']}")).json()["my_reaction"] is None


async def test_what_is_told(mine: Any, db: Any) -> None:
    post = await published(mine)
    edited = (await change(mine, post, title="Another title")).json()
    (await mine.post(f"/api/v1/posts/{post['id']}/unpublish")).raise_for_status()
    (await publish(mine, edited)).raise_for_status()
    (await mine.delete(f"/api/v1/posts/{post['id']}")).raise_for_status()
    told = await db.fetch("select type, payload from events where type like 'creation.works.%' order by id")
    assert [(r["type"].rpartition(".")[2], r["payload"].get("is_first")) for r in told] == [
        ("WorkPublished", True),
        ("WorkChanged", None),
        ("WorkUnpublished", None),
        ("WorkPublished", False),
        ("WorkDeleted", None),
    ]
    assert all(r["payload"]["work_id"] == post["id"] for r in told)


async def test_reading_takes_few_statements(mine: Any, client: Any, make: Any, queries: Any) -> None:
    post = await published(mine)
    reader = client.as_(await make.user("ben"))
    for who, most in ((client, 1), (reader, 3)):  # who it is, the view, the post
        with queries() as seen:
            await who.get(f"/api/v1/posts/{post['id']}")
        assert len(seen) <= most, seen


# ---- bad input -------------------------------------------------------------------------------------------------

BAD = {
    "null byte": {"title": "a\x00b"},
    "null byte in the text": {"body_markdown": "a\x00b"},
    "null byte in a list": {"images": ["https://e.org/\x00"]},
    "long title": {"title": "x" * 10_000},
    "number": {"title": 5},
    "null": {"title": None},
    "list": {"body_markdown": ["x"]},
    "not a category": {"category": "Sports"},
    "category with a null byte": {"category": "\x00"},
    "six pictures": {"images": [f"https://e.org/{n}" for n in range(6)]},
    "pictures as text": {"images": "https://e.org/1"},
    "cover": {"cover_media_id": "x"},
    "language": {"language": "English; drop table works"},
    "rating": {"rating": "awful"},
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_fields(mine: Any, name: str) -> None:
    answer = await mine.post("/api/v1/posts", json=BAD[name])
    assert answer.status_code == 422, answer.text
    assert answer.json()["fields"].keys() == BAD[name].keys()
    post = await draft(mine)
    assert (await change(mine, post, **BAD[name])).status_code == 422


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        b'{"title": "\xff"}',
        b'{"title": "\\ud800"}',
        b'{"revision": 1e999}',
        b"{" * 5000,
    ],
)
async def test_broken_bodies(mine: Any, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    post = await draft(mine)
    answer = await mine.patch(f"/api/v1/posts/{post['id']}", content=content, headers=headers)
    assert answer.status_code == 422, (answer.status_code, answer.text)


@pytest.mark.parametrize("revision", [0, -1, 2**31, 10**30, "1", 1.5, None, True])
async def test_bad_revisions(mine: Any, revision: Any) -> None:
    post = await draft(mine)
    answer = await mine.patch(f"/api/v1/posts/{post['id']}", json={"revision": revision, "title": "x"})
    assert answer.status_code == 422 and answer.json()["fields"].keys() == {"revision"}


async def test_odd_but_storable_texts(mine: Any, client: Any) -> None:
    body = (
        "\x01\x02\x03\x1b[0m \u202e\ufeff\U0001f468\u200d\U0001f469 e\u0301"
        + "\U000fffff"
        + " more words to fill it up" * 3
    )
    post = await published(mine, title="\u202eodd\x07 title\x1b", body_markdown=body)
    assert (await client.get(f"/api/v1/posts/{post['id']}")).status_code == 200
    assert (await client.get("/api/v1/search?q=words")).json()["items"][0]["work"]["id"] == post["id"]


async def test_markup_is_never_script(mine: Any) -> None:
    body = f'{BODY}\n<img src=x onerror=alert(1)> [a](javascript:alert(1)) ![b](javascript:x "t") <svg/onload=x>'
    html = (await draft(mine, body_markdown=body))["body_html"]
    assert "<img" not in html and "<svg" not in html and 'href="javascript' not in html


async def test_a_text_that_would_take_seconds_is_refused(mine: Any) -> None:
    wide = "|a" * 800 + "\n" + "|-" * 800 + "\n" + "|a\n" * 200
    for path in ("/api/v1/posts/preview", "/api/v1/posts"):
        answer = await mine.post(path, json={"body_markdown": wide})
        assert answer.status_code == 422
        assert answer.json()["fields"] == {"body_markdown": "A table may have at most 40 columns"}
    post = await draft(mine)
    assert (await change(mine, post, body_markdown="^[" * 25_000)).status_code == 422


async def test_texts_are_read_beside_the_event_loop(mine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def noted(source: str) -> Any:
        threads.append(threading.current_thread().name)
        return read(source)

    monkeypatch.setattr("stoa.creation.posts.actions.read", noted)
    await mine.post("/api/v1/posts/preview", json={"body_markdown": "Hi"})
    assert len(threads) == 1 and threads[0].startswith("markdown")


async def test_texts_have_a_limit_of_their_own(mine: Any, tx: Any, app: Any) -> None:
    async with tx() as ctx:
        await change_platform(ctx, limit_write_per_minute=2)
    app.settings = msgspec.structs.replace(app.settings, limits=True)
    try:
        seen = [(await mine.post("/api/v1/posts/preview", json={"body_markdown": "Hi"})).status_code for _ in range(3)]
        assert seen == [200, 200, 429]
        assert (await mine.get("/api/v1/posts/mine")).status_code == 200
    finally:
        app.settings = msgspec.structs.replace(app.settings, limits=False)
