import re
from typing import Any

import pytest

from stoa.front.page import safe_next

PAGES = ["/", "/?sort=trending", "/?sort=popular&category=Travel", "/search", "/search?q=columns", "/about", "/login"]


@pytest.mark.parametrize("path", [*PAGES, "/register", "/styleguide"])
async def test_pages_answer_and_need_no_inline_script(path: str, visitor: Any, make: Any) -> None:
    await make.post(title="Under the old columns", category="Travel")
    answer = await visitor.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*src=)|\sstyle=|\son(?:click|load|submit)=", answer.text)
    assert len(re.findall(r"<h1[ >]", answer.text)) == 1
    assert '<a class="skip-link" href="#main">' in answer.text


async def test_home_shows_what_is_published_and_nothing_else(visitor: Any, make: Any) -> None:
    ana = await make.user("ana")
    await make.post(ana, title="Out in the open")
    await make.post(ana, title="Still in the drawer", published=False)
    text = (await visitor.get("/")).text
    assert "Out in the open" in text
    assert "Still in the drawer" not in text
    assert "Nothing here yet" in (await visitor.get("/?category=Food")).text


async def test_home_goes_on_where_it_ended(visitor: Any, make: Any) -> None:
    ana = await make.user("ana")
    titles = [f"Number {n} of a long list" for n in range(15)]
    for title in titles:
        await make.post(ana, title=title)
    first = (await visitor.get("/")).text
    link = re.search(r'href="(/\?cursor=[^"]+)"', first)
    assert link
    whole = (await visitor.get(link[1])).text
    part = (await visitor.get(link[1], **{"HX-Request": "true"})).text
    assert "<html" in whole
    assert "<html" not in part
    for text in (whole, part):
        seen = [title for title in titles if f">{title}</a>" in first or f">{title}</a>" in text]
        assert seen == titles


@pytest.mark.parametrize("query", ["sort=nonsense", "sort=trending&category=Travel"])
async def test_home_answers_any_order(query: str, visitor: Any) -> None:
    assert (await visitor.get(f"/?{query}")).status_code == 200


@pytest.mark.parametrize("query", ["cursor=broken", "category=Nonsense", "sort=popular&cursor=%F0"])
async def test_home_begins_again_when_it_does_not_know_the_place(query: str, visitor: Any) -> None:
    assert (await visitor.get(f"/?{query}")).status_code == 303


async def test_a_post_can_be_read(visitor: Any, make: Any) -> None:
    post = await make.post(title="Read me slowly", body="Some *words* that go on for a while. " * 4)
    answer = await visitor.get(f"/p/{post.slug}")
    assert answer.status_code == 200
    assert "<em>words</em>" in answer.text
    assert "<title>Read me slowly · Stoa</title>" in answer.text
    assert 'property="og:type" content="article"' in answer.text
    assert f'href="/p/{post.slug}/gift"' in answer.text


async def test_a_draft_is_nobody_elses(visitor: Any, make: Any, signed_in: Any) -> None:
    ana = await make.user("ana")
    post = await make.post(ana, published=False)
    assert (await visitor.get(f"/write/{post.id}/preview")).status_code == 303
    ben = await signed_in(await make.user("ben"))
    assert (await ben.get(f"/write/{post.id}/preview")).status_code == 404
    own = await signed_in(ana)
    assert (await own.get(f"/write/{post.id}/preview")).status_code == 200


async def test_search_marks_the_words_and_escapes_the_rest(visitor: Any, make: Any) -> None:
    await make.post(title="Of markets", body="A hall <b>open</b> to the agora, and the talk in it went on. " * 2)
    text = (await visitor.get("/search?q=agora")).text
    assert "<mark>agora</mark>" in text
    assert "<b>open" not in text
    assert "Nothing was found" in (await visitor.get("/search?q=zzzzz<script>")).text


async def test_a_profile_has_one_address(visitor: Any, make: Any) -> None:
    await make.user("Ana")
    assert (await visitor.get("/@Ana")).status_code == 200
    moved = await visitor.get("/@ana")
    assert (moved.status_code, moved.headers["location"]) == (303, "/@Ana")
    assert (await visitor.get("/@nobody")).status_code == 404
    assert (await visitor.get("/Ana")).status_code == 404


async def test_following_with_and_without_scripts(make: Any, signed_in: Any) -> None:
    await make.user("ana")
    ben = await signed_in(await make.user("ben"))
    page = await ben.get("/@ana")
    assert 'action="/@ana/follow"' in page.text
    page = await ben.follow(await ben.post("/@ana/follow"))
    assert 'action="/@ana/unfollow"' in page.text
    part = await ben.post("/@ana/unfollow", htmx=True)
    assert 'action="/@ana/follow"' in part.text
    assert "<html" not in part.text


async def test_liking_twice_takes_it_back(make: Any, signed_in: Any) -> None:
    post = await make.post()
    ben = await signed_in(await make.user("ben"))
    part = await ben.post(f"/works/{post.id}/react", htmx=True, reaction="like", on="no")
    assert 'aria-pressed="true" aria-label="Like, 1"' in part.text
    page = await ben.follow(
        await ben.post(f"/works/{post.id}/react", reaction="like", on="yes", next=f"/p/{post.slug}")
    )
    assert 'aria-pressed="true"' not in page.text.split('id="reactions"')[1].split("</form>")[0]
    assert (await ben.post(f"/works/{post.id}/react", reaction="love")).status_code == 422


async def test_scheme_and_reading_face_are_kept(visitor: Any, make: Any) -> None:
    post = await make.post()
    await visitor.get("/")
    page = await visitor.follow(await visitor.post("/preferences/theme", theme="dark", next=f"/p/{post.slug}"))
    assert 'data-theme="stoa-dark"' in page.text
    page = await visitor.follow(await visitor.post("/preferences/reading", face="atkinson", size="22", next="/"))
    assert 'data-face="atkinson" data-size="22"' in page.text
    page = await visitor.follow(await visitor.post("/preferences/theme", theme="system", next="/"))
    assert "data-theme" not in page.text.split(">")[1]
    assert (await visitor.post("/preferences/theme", theme="pink")).status_code == 422
    assert (await visitor.post("/preferences/reading", face="comic", size="22")).status_code == 422


async def test_errors_outside_the_api_are_pages(visitor: Any) -> None:
    answer = await visitor.get("/nowhere/at/all")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "<html" in answer.text


async def test_who_is_not_signed_in_is_sent_to_the_door_and_back(visitor: Any, make: Any) -> None:
    answer = await visitor.get("/write")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/write")
    post = await make.post()
    await visitor.get("/")
    answer = await visitor.post(f"/works/{post.id}/react", htmx=True, reaction="like", on="no")
    assert answer.headers["HX-Redirect"].startswith("/login?next=")


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/write", "/write"),
        ("/p/a?x=1#y", "/p/a?x=1#y"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_where_to_go_next_stays_on_this_site(target: str | None, kept: str) -> None:
    assert safe_next(target) == kept


async def test_pages_ask_the_database_for_little(make: Any, signed_in: Any, visitor: Any, queries: Any) -> None:
    ana = await make.user("ana")
    posts = [await make.post(ana) for _ in range(5)]
    ben = await signed_in(await make.user("ben"))
    path = f"/p/{posts[0].slug}"
    for who, most in ((visitor, {"/": 1, "/@ana": 4, path: 4}), (ben, {"/": 5, "/@ana": 8, path: 9})):
        for page, count in most.items():
            await who.get(page)
            with queries() as seen:
                await who.get(page)
            assert len(seen) <= count, (page, seen)
