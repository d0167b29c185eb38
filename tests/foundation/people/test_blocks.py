"""P4: who has blocked whom sees nothing of the other, anywhere; and what happens when two things happen at once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stoa.foundation.people import actions as people
from stoa.kit import invariants
from stoa.kit.errors import NotFound


async def pair(client: Any, make: Any) -> tuple[Any, Any, Any, Any]:
    """Ana blocks Ben: both with clients of their own."""
    ana, ben = await make.member("ana", purchased=100), await make.member("ben", purchased=100)
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    assert (await as_ana.put(f"/api/v1/me/blocked/{ben.id}")).status_code == 204
    return ana, ben, as_ana, as_ben


async def rows(app: Any, table: str) -> list[tuple[Any, ...]]:
    async with app.database.connection() as db:
        return [tuple(r) for r in await db.fetch(f"select * from {table} order by 1, 2")]


async def test_both_are_gone_for_each_other_and_for_nobody_else(client: Any, make: Any) -> None:
    _, _, as_ana, as_ben = await pair(client, make)
    cleo = client.as_(await make.user("cleo"))
    for who, name, status in (
        (as_ana, "ben", 404),
        (as_ben, "ana", 404),
        (as_ana, "ana", 200),
        (cleo, "ana", 200),
        (cleo, "ben", 200),
        (client, "ana", 200),
    ):
        assert (await who.get(f"/api/v1/people/{name}")).status_code == status
        assert (await who.get(f"/@{name}")).status_code == status


async def test_lists_search_and_their_counts_leave_hidden_people_out(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    cleo = await make.user("cleo")
    for author in (ana, ben, ben, cleo):
        await make.post(author, title="On columns of a stoa")
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    await as_ana.put(f"/api/v1/me/blocked/{ben.id}")

    async def authors(who: Any, path: str, *keys: str) -> list[str]:
        found = (await who.get(path)).json()
        works = [item.get("work", item) for item in found.get("items", found.get("posts", []))]
        return sorted(w["author" if "author" in w else "creator"]["username"] for w in works)

    for path in ("/api/v1/posts", "/api/v1/posts?sort=trending", "/api/v1/posts?sort=popular", "/api/posts?limit=50"):
        assert await authors(as_ana, path) == ["ana", "cleo"], path
        assert await authors(as_ben, path) == ["ben", "ben", "cleo"], path
        assert await authors(client, path) == ["ana", "ben", "ben", "cleo"], path
    assert await authors(as_ana, "/api/v1/search?q=columns") == ["ana", "cleo"]
    assert await authors(as_ben, "/api/v1/search?q=columns") == ["ben", "ben", "cleo"]
    assert await authors(client, "/api/v1/search?q=columns") == ["ana", "ben", "ben", "cleo"]
    for who, total in ((as_ana, 2), (as_ben, 3), (client, 4)):
        assert (await who.get("/api/posts?limit=1")).json()["pagination"]["total"] == total
        assert await authors(who, "/api/posts?limit=50&page=2") == []
    assert (await as_ana.get("/api/v1/posts?author=ben")).status_code == 404
    for path in ("/", "/search?q=columns"):
        assert "/@ben" not in (await as_ana.get(path)).text
        assert "/@ben" in (await client.get(path)).text


async def test_posts_cannot_be_read_or_answered(client: Any, make: Any, app: Any) -> None:
    ana, ben, as_ana, as_ben = await pair(client, make)
    mine, yours = await make.post(ana), await make.post(ben)
    for who, post in ((as_ben, mine), (as_ana, yours)):
        for path in (
            f"/p/{post.slug}",
            f"/p/{post.slug}/gift",
            f"/api/v1/posts/{post.id}",
            f"/api/v1/posts/by-slug/{post.slug}",
            f"/api/posts/{post.id}",
        ):
            assert (await who.get(path)).status_code == 404, path
        for path in ("like", "dislike"):
            assert (await who.put(f"/api/v1/works/{post.id}/{path}")).status_code == 404
            assert (await who.delete(f"/api/v1/works/{post.id}/{path}")).status_code == 404
        gift = await who.post(f"/api/v1/works/{post.id}/gifts", json={"amount": 1})
        assert gift.status_code == 404
        assert (await client.get(f"/p/{post.slug}")).status_code == 200
    assert await rows(app, "reactions") == await rows(app, "work_views") == await rows(app, "gifts") == []


async def test_coins_do_not_go_across(client: Any, make: Any, app: Any) -> None:
    ana, ben, as_ana, as_ben = await pair(client, make)
    for who, other in ((as_ana, ben), (as_ben, ana)):
        for body in ({"recipient_id": str(other.id)}, {"recipient_username": other.username}):
            answer = await who.post("/api/v1/gifts", json={"amount": 1, **body})
            assert answer.status_code == 404, answer.text
        answer = await who.post("/api/coins/gift", json={"recipientId": str(other.id), "amount": 1})
        assert answer.status_code == 404
        assert (await who.get(f"/@{other.username}/gift")).status_code == 404
    assert await rows(app, "gifts") == []
    assert (await as_ana.get("/api/v1/wallet")).json() == (await as_ben.get("/api/v1/wallet")).json()


async def test_follows_end_both_ways_and_do_not_begin(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    await as_ana.put("/api/v1/people/ben/follow")
    await as_ben.put("/api/v1/people/ana/follow")
    await as_ana.put(f"/api/v1/me/blocked/{ben.id}")
    assert await rows(app, "follows") == []
    for who, name, other in ((as_ana, "ben", ben), (as_ben, "ana", ana)):
        assert (await who.put(f"/api/v1/people/{name}/follow")).status_code == 404
        assert (await who.post(f"/@{name}/follow")).status_code == 404
        assert (await who.post(f"/api/v1/authors/{other.id}/follow")).status_code == 404
        profile = (await client.get(f"/api/v1/people/{name}")).json()
        assert (profile["followers_count"], profile["following_count"]) == (0, 0)
    assert await rows(app, "follows") == []


async def test_followers_of_others_leave_hidden_people_out(client: Any, make: Any) -> None:
    _, _, as_ana, as_ben = await pair(client, make)
    cleo = await make.user("cleo")
    for who in (as_ana, as_ben):
        await who.put("/api/v1/people/cleo/follow")

    async def names(who: Any) -> list[str]:
        found = (await who.get(f"/api/v1/authors/{cleo.id}/followers")).json()
        return sorted(item["person"]["username"] for item in found["items"])

    assert (await names(as_ana), await names(as_ben), await names(client)) == (["ana"], ["ben"], ["ana", "ben"])


async def test_unblocking_brings_people_back_but_no_follow(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    await as_ben.put("/api/v1/people/ana/follow")
    for _ in range(2):
        assert (await as_ana.put(f"/api/v1/me/blocked/{ben.id}")).status_code == 204
    listed = (await as_ana.get("/api/v1/me/blocked")).json()
    assert [item["person"]["username"] for item in listed["items"]] == ["ben"]
    assert (await as_ben.get("/api/v1/me/blocked")).json()["items"] == []
    for _ in range(2):
        assert (await as_ana.delete(f"/api/v1/me/blocked/{ben.id}")).status_code == 204
    assert (await as_ben.get("/api/v1/people/ana")).json()["is_followed"] is False
    assert await rows(app, "blocks") == await rows(app, "follows") == []


async def test_each_takes_back_only_their_own_block(client: Any, make: Any) -> None:
    ana, _, as_ana, as_ben = await pair(client, make)
    assert (await as_ben.delete(f"/api/v1/me/blocked/{ana.id}")).status_code == 404
    assert (await as_ben.put(f"/api/v1/me/blocked/{ana.id}")).status_code == 404  # she is not there for him
    assert (await as_ben.get("/api/v1/people/ana")).status_code == 404
    assert (await as_ana.get("/api/v1/people/ben")).status_code == 404


async def test_both_may_have_blocked_each_other(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    answers = await asyncio.gather(
        as_ana.put(f"/api/v1/me/blocked/{ben.id}"), as_ben.put(f"/api/v1/me/blocked/{ana.id}")
    )
    assert {a.status_code for a in answers} <= {204, 404}
    assert 204 in {a.status_code for a in answers}
    for who, other in ((as_ana, ben), (as_ben, ana)):
        await who.delete(f"/api/v1/me/blocked/{other.id}")
    assert (await as_ana.get("/api/v1/people/ben")).status_code == 200


async def test_nobody_blocks_themselves_or_nobody(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    as_ana = client.as_(ana)
    answer = await as_ana.put(f"/api/v1/me/blocked/{ana.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_yourself")
    assert (await as_ana.put(f"/api/v1/me/blocked/{ana.actor.session_id}")).status_code == 404
    assert (await client.put(f"/api/v1/me/blocked/{ana.id}")).status_code == 401


async def test_nobody_hides_from_moderation(client: Any, make: Any) -> None:
    ana, chief = await make.user("ana"), await make.user("chief", roles=("moderator",))
    post = await make.post(ana)
    as_chief = client.as_(chief)
    await client.as_(ana).put(f"/api/v1/me/blocked/{chief.id}")
    assert (await as_chief.get("/api/v1/people/ana")).status_code == 200
    read = await as_chief.get(f"/api/v1/posts/{post.id}")
    assert (read.status_code, read.json()["stats"]["views"]) == (200, 0)
    assert (await as_chief.get("/api/v1/posts")).json()["items"] == []
    assert (await as_chief.put(f"/api/v1/works/{post.id}/like")).status_code == 404
    assert (await as_chief.put("/api/v1/people/ana/follow")).status_code == 404
    assert (await as_chief.post("/api/v1/gifts", json={"amount": 1, "recipient_id": str(ana.id)})).status_code == 404


async def test_a_block_is_written_down_where_only_its_owner_reads_it(client: Any, make: Any, app: Any) -> None:
    ana, ben, as_ana, _ = await pair(client, make)
    await as_ana.delete(f"/api/v1/me/blocked/{ben.id}")
    async with app.database.connection() as db:
        found = await db.fetch(
            "select action, subject_id, after from audit_events where action like 'people.%' order by at"
        )
    assert [tuple(r) for r in found] == [
        ("people.blocked", str(ana.id), {"person": "@ben"}),
        ("people.unblocked", str(ana.id), {"person": "@ben"}),
    ]


# ---- at once ---------------------------------------------------------------------------------------------------


async def test_a_follow_and_a_block_at_once_never_leave_a_follow(live: Any, client: Any, make: Any) -> None:
    """Both ways at once, over real connections, many times; whoever comes first, no follow stands beside a block."""
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ana, as_ben = client.as_(ana), client.as_(ben)
    for _ in range(15):
        answers = await asyncio.gather(
            as_ben.put("/api/v1/people/ana/follow"),
            as_ana.put("/api/v1/people/ben/follow"),
            as_ana.put(f"/api/v1/me/blocked/{ben.id}"),
            as_ben.post(f"/api/v1/authors/{ana.id}/follow"),
        )
        assert {a.status_code for a in answers} <= {200, 204, 404}, [a.text for a in answers]
        assert await rows(live, "follows") == []
        profile = (await client.get("/api/v1/people/ana")).json()
        assert (profile["followers_count"], profile["following_count"]) == (0, 0)
        await as_ana.delete(f"/api/v1/me/blocked/{ben.id}")
    async with live.database.connection() as db:
        assert await invariants.check(db) == []


async def test_a_follow_that_is_not_committed_is_ended_by_a_block(live: Any, make: Any, tx: Callable[..., Any]) -> None:
    """The narrow case by hand: the follow is written but not committed when the block begins."""
    ana, ben = await make.user("ana"), await make.user("ben")

    async def block() -> None:
        async with tx(ana) as ctx:
            await people.block(ctx, ben.id)

    async with tx(ben) as ctx:
        await people.follow(ctx, ana.id)
        blocking = asyncio.create_task(block())
        await _until_somebody_waits(live)
    await blocking
    assert await rows(live, "follows") == []


async def test_a_follow_that_waits_for_a_block_is_refused(live: Any, make: Any, tx: Callable[..., Any]) -> None:
    """And the other way round: the follow was let in before the block was committed."""
    ana, ben = await make.user("ana"), await make.user("ben")

    async def follow() -> None:
        async with tx(ben) as ctx:
            await people.follow(ctx, ana.id)

    async with tx(ana) as ctx:
        await people.block(ctx, ben.id)
        following = asyncio.create_task(follow())
        await _until_somebody_waits(live)
    with pytest.raises(NotFound):
        await following
    assert await rows(live, "follows") == []


async def _until_somebody_waits(app: Any) -> None:
    async with asyncio.timeout(30), app.side.connection() as db:
        while not await db.fetchval(
            "select exists (select from pg_stat_activity"
            " where wait_event_type = 'Lock' and datname = current_database())"
        ):
            await asyncio.sleep(0.01)


# ---- cost ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/posts?limit=50", "/api/v1/search?q=columns", "/api/v1/me/blocked"])
async def test_blocks_cost_no_query_per_row(client: Any, make: Any, queries: Any, path: str) -> None:
    ana = await make.user("ana")
    as_ana = client.as_(ana)
    counts = []
    for _ in range(2):
        for _ in range(3):
            ben = await make.user()
            await make.post(ben, title="On columns")
            await make.post(await make.user(), title="On columns")
            await as_ana.put(f"/api/v1/me/blocked/{ben.id}")
        with queries() as seen:
            assert (await as_ana.get(path)).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
