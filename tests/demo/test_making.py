"""The demo content: made once, right to the last hundredth of a coin, and on every page."""

import argparse
import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from stoa.cli import serve, up
from stoa.creation.works.types import CATEGORIES
from stoa.demo import LOGINS, PASSWORD, content, making, pictures, printed, seed
from stoa.demo.pictures import comic
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.queries import user_by_username
from stoa.foundation.media.actions import taking
from stoa.kit import testing
from stoa.kit.clock import utcnow
from stoa.kit.ctx import App, Ctx
from stoa.kit.invariants import check
from stoa.kit.markdown import plain, word_count
from stoa.kit.queue import run_due
from stoa.main import create_app
from stoa.modules import build_app, close_app
from tests.conftest import settings_for

pytestmark = pytest.mark.slow
PUBLISHED = [post for post in content.posts() if post.state == "published"]


_made: dict[Any, Any] = {}


@contextmanager
def made_once() -> Iterator[None]:
    """Pictures are drawn and cut to sizes for the first installation here, and are the same for the second."""

    def kept(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*given: Any) -> Any:
            key = (make.__module__, *(one if isinstance(one, bytes) else repr(one) for one in given))
            if key not in _made:
                _made[key] = make(*given)
            return _made[key]

        return made

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((pictures, "draw"), (comic, "draw"), (taking, "make_picture")):
            patch.setattr(module, name, kept(getattr(module, name)))
        yield


@pytest.fixture(scope="module")
async def hall(postgres: Any, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[App]:
    """An installation with the demo content."""
    dsn = await testing.make_database(postgres, "stoa_demo", template=template)
    app = await build_app(settings_for(dsn, tmp_path_factory.mktemp("demo")))
    stoa = create_app(app)
    app.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=stoa), base_url="http://testserver")
    app.cache["asgi"] = stoa
    with made_once():
        await seed(app)
    yield app
    await close_app(app)
    await testing.drop_database(postgres, "stoa_demo")


async def ask(app: App, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
    async with app.database.connection() as db:
        return [tuple(row) for row in await db.fetch(sql, *arguments)]


async def everything(app: App) -> dict[str, str]:
    """Each table with a digest of all its rows."""
    tables = await ask(
        app, "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    found = {}
    async with app.database.connection() as db:
        for (table,) in tables:
            sql = f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t"
            found[table] = await db.fetchval(sql)
    return found


async def visitor(app: App, username: str | None = None) -> httpx.AsyncClient:
    """A client on the installation, signed in as somebody."""
    made = httpx.AsyncClient(transport=httpx.ASGITransport(app=app.cache["asgi"]), base_url="http://testserver")
    if username is not None:
        async with app.database.transaction() as db:
            ctx = Ctx(db, None, utcnow(), "test", app)
            user = await user_by_username(ctx, username)
            assert user is not None
            tokens = await identity.open_api_session(ctx, user.id, by="password")
        made.headers["Authorization"] = f"Bearer {tokens.access_token}"
    return made


async def test_a_second_time_changes_nothing(hall: App) -> None:
    before = await everything(hall)
    await asyncio.gather(seed(hall), seed(hall))
    assert await everything(hall) == before


async def test_all_facts_hold_before_and_after_what_the_worker_still_does(hall: App) -> None:
    async with hall.database.connection() as db:
        assert await check(db) == []
    money = "select sum(balance_minor), count(*) from ledger_accounts where owner_id is not null"
    before = await ask(hall, money)
    while await run_due(hall, now=utcnow() + timedelta(minutes=1), reraise=True):
        pass  # webhooks of the purchases, and the jobs of payouts that have ended
    assert await ask(hall, money) == before
    news = "select distinct outcome from webhook_events where kind not like 'dispute.%'"
    assert await ask(hall, news) == [("unchanged",)]
    async with hall.database.connection() as db:
        assert await check(db) == []


async def test_it_holds_something_of_everything(hall: App) -> None:
    states = dict(await ask(hall, "select state, count(*) from works where kind = 'post' group by state"))
    assert states == {"published": len(PUBLISHED), "draft": 1, "in_review": 1}
    assert len(PUBLISHED) >= 24
    categories = await ask(hall, "select distinct category from works where kind = 'post' and state = 'published'")
    assert {category for (category,) in categories} == set(CATEGORIES)
    payouts = await ask(hall, "select u.username, p.state from payouts p join users u on u.id = p.user_id order by 1")
    assert payouts == [("elena", "paid"), ("kofi", "cancelled"), ("leila", "failed"), ("tomas", "in_review")]
    states = dict(await ask(hall, "select state, count(*) from orders group by state"))
    assert states == {"paid": 17, "failed": 1, "refunded": 1, "disputed": 1}
    assert await ask(hall, "select state, count(*) from refunds group by state order by 1") == [
        ("done", 1),
        ("requested", 1),
    ]
    assert await ask(hall, "select state, amount_minor from disputes") == [("needs_response", 300)]
    runs = await ask(hall, "select subject, state, compared > 0, found from reconciliation_runs order by 1")
    assert runs == [("payments", "done", True, 0), ("payouts", "done", True, 0)]
    assert await ask(hall, "select count(*) from gifts where undone_at is not null") == [(1,)]
    (numbers,) = await ask(hall, "select sum(views), sum(likes), sum(dislikes), sum(gifts) from work_stats")
    assert all(number > 0 for number in numbers)
    roles = await ask(hall, "select username from users where roles && '{admin,moderator}'::text[] order by 1")
    assert roles == [("helen",), ("marcus",)]


async def test_it_happened_in_the_past(hall: App) -> None:
    ((first, last),) = await ask(hall, "select min(published_at), max(published_at) from works")
    assert last < utcnow() and last - first > timedelta(days=20)
    early = """
        select g.id from gifts g join works w on w.id = g.work_id where g.created_at < w.published_at
        union all
        select v.work_id from work_views v join works w on w.id = v.work_id where v.created_at < w.published_at
        union all
        select f.follower_id from follows f join users u on u.id = f.following_id where f.created_at < u.created_at
    """
    assert await ask(hall, early) == []


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login[0])
async def test_the_log_ins_work(hall: App, login: tuple[str, str, str]) -> None:
    _, username, password = login
    nobody = await visitor(hall)
    answer = await nobody.post("/api/v1/auth/login", json={"email": f"{username}@example.org", "password": password})
    assert (answer.status_code, answer.json()["user"]["username"]) == (200, username)


async def test_every_post_and_profile_can_be_read(hall: App) -> None:
    nobody = await visitor(hall)
    for slug, title in await ask(hall, "select slug, title from works where kind = 'post' and state = 'published'"):
        page = await nobody.get(f"/p/{slug}")
        assert page.status_code == 200
        assert title.replace("'", "&#39;") in page.text
        assert "picture:" not in page.text
    for person in (*content.people().writer, *content.people().reader):
        page = await nobody.get(f"/@{person.username}")
        assert (page.status_code, person.display_name in page.text) == (200, True)
    for (media_id,) in await ask(hall, "select id from media where visibility = 'public'"):
        picture = await nobody.get(f"/media/{media_id}/320.webp")
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")


@pytest.mark.parametrize(
    ("who", "path", "shown"),
    [
        (None, "/", "A letter takes four days"),
        (None, "/?sort=trending", "Read next|min"),
        (None, "/?category=Food", "Lentils, for a Tuesday"),
        (None, "/search?q=night+train", "The last car of the night train"),
        ("nora", "/wallet", "coins"),
        ("nora", "/wallet/history", "elena"),
        ("nora", "/wallet/gifts", "I sat down to read it and stood up with a book."),
        ("nora", "/wallet/orders", "79.99"),
        ("elena", "/dashboard/earnings", "One sheet, one thread, one evening"),
        ("elena", "/dashboard/money", "is disputed"),
        ("leila", "/dashboard/money", "can be paid out"),
        ("elena", "/dashboard/posts", "What the marbling knows"),
        ("helen", "/admin/books", "promotional"),
        ("helen", "/admin/orders", "failed"),
        ("helen", "/admin/payouts", "tomas"),
        ("helen", "/admin/jobs", "payments"),
        ("marcus", "/admin/review", "My new course is open, today only"),
    ],
)
async def test_no_page_is_bare(hall: App, who: str | None, path: str, shown: str) -> None:
    page = await (await visitor(hall, who)).get(path)
    assert page.status_code == 200
    assert any(part in page.text for part in shown.split("|")), page.text[-3000:]


async def test_a_making_that_fails_leaves_nothing(
    fresh_db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await build_app(settings_for(await fresh_db(), tmp_path))
    for pen in (pictures, comic):
        monkeypatch.setattr(pen, "draw", lambda *_: b"no picture")
    with pytest.raises(Exception, match="picture"):
        await making.make(app)
    assert await ask(app, "select count(*) from users") == [(0,)]
    await close_app(app)


@pytest.mark.parametrize("post", PUBLISHED, ids=lambda post: post.name)
def test_the_texts_are_short_posts(post: content.Post) -> None:
    assert 150 <= word_count(plain(post.body)) <= 600
    assert all(drawing.alt for drawing in (*post.drawings, *([post.cover] if post.cover else [])))


@pytest.mark.parametrize("kind", pictures.KINDS)
def test_a_picture_is_the_same_each_time(kind: str) -> None:
    first, second = (pictures.draw(kind, "aegean", 5) for _ in range(2))
    assert first == second and first[:3] == b"\xff\xd8\xff"


def test_the_password_is_the_same_for_all() -> None:
    assert {password for _, _, password in LOGINS} == {PASSWORD}


async def test_seed_says_whether_it_did_anything_and_with_which_password(
    postgres: Any, template: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where others can come, the accounts do not get the password that stands in the repository."""
    dsn = await testing.make_database(postgres, "stoa_demo_public", template=template)
    for name, text in (("STOA_HOME", str(tmp_path)), ("STOA_BASE_URL", "https://hall.example"), ("DATABASE_URL", dsn)):
        monkeypatch.setenv(name, text)
    try:
        with made_once():
            await asyncio.to_thread(serve.seed, argparse.Namespace())
        printed = capsys.readouterr().out
        (password,) = set(re.findall(r"@example\.org +(\S+)", printed))
        assert password != PASSWORD and len(password) >= 20 and "helen@example.org" in printed
        assert await up._known_logins(dsn) == []
        await asyncio.to_thread(serve.seed, argparse.Namespace())
        assert capsys.readouterr().out == ""
    finally:
        await testing.drop_database(postgres, "stoa_demo_public")


async def test_known_passwords_are_found(hall: App) -> None:
    found = await up._known_logins(str(hall.settings.database_url))
    assert [(who, password) for who, _, password in found] == [(who, password) for who, _, password in LOGINS]


async def test_the_comic_is_there(hall: App) -> None:
    """Seven pages in order, one of them a spread, each with what is to be seen in it."""
    pages = await ask(
        hall,
        """
        select i.alt, i.width, i.height from chapter_images i join works w on w.id = i.chapter_id
        join works s on s.id = w.parent_id and s.title = $1 and s.state = 'published'
        where w.state = 'published' order by i.position
        """,
        comic.TITLE,
    )
    assert pages == [(page.alt, page.width, comic.HEIGHT) for page in comic.PAGES] and len(pages) == 7


async def test_the_novel_came_in_by_its_file(hall: App) -> None:
    """All of its chapters, in three volumes, with its footnotes and its cover; the last one is still to come."""
    nobody = await visitor(hall)
    ((series_id, slug),) = await ask(
        hall, "select id, slug from works where kind = 'series' and title = $1", printed.TITLE
    )
    rows = (await nobody.get(f"/api/v1/series/{series_id}/chapters/public?limit=50")).json()["items"]
    assert [(row["number"], row["title"], row["volume"]) for row in (rows[0], rows[-1])] == [
        ("1", "The Key with the Float", 1),
        ("20", "The Line in the Book", 3),
    ]
    shown = (await nobody.get(f"/api/v1/series/{series_id}/public")).json()
    assert shown["cover"] is not None and "CC0" in shown["synopsis_html"] and shown["slug"] == slug
    second = (await nobody.get(f"/api/v1/chapters/{rows[1]['id']}/read")).json()
    assert "no wider than a cart" in second["body_html"] and "footnote" in second["body_html"]
    waiting = await ask(
        hall,
        "select state, scheduled_at > now() from chapters c join works w on w.id = c.work_id "
        "where c.series_id = $1 and c.number = 21",
        series_id,
    )
    assert waiting == [("draft", True)]
