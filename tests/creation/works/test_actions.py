"""What readers do: views once (P2), reactions that exclude each other (P3), and counters that equal the rows."""

import random
from typing import Any
from uuid import uuid4

import pytest

COUNTS = """
    select s.likes = (select count(*) from reactions r where r.work_id = s.work_id and r.kind = 'like')
       and s.dislikes = (select count(*) from reactions r where r.work_id = s.work_id and r.kind = 'dislike')
       and s.views = (select count(*) from work_views v where v.work_id = s.work_id)
    from work_stats s where s.work_id = $1
"""


async def react(client: Any, post: Any, method: str, kind: str) -> tuple[int, int, str | None]:
    answer = await client.request(method, f"/api/v1/works/{post.id}/{kind}")
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["likes"], body["dislikes"], body["my_reaction"]


async def test_like_and_dislike_exclude_each_other(client: Any, make: Any, db: Any) -> None:
    post = await make.post()
    ben, eva = client.as_(await make.user("ben")), client.as_(await make.user("eva"))
    assert await react(ben, post, "PUT", "like") == (1, 0, "like")
    assert await react(ben, post, "PUT", "like") == (1, 0, "like")
    assert await react(eva, post, "PUT", "dislike") == (1, 1, "dislike")
    assert await react(ben, post, "PUT", "dislike") == (0, 2, "dislike")
    assert await react(ben, post, "DELETE", "like") == (0, 2, "dislike")
    assert await react(ben, post, "DELETE", "dislike") == (0, 1, None)
    assert await react(ben, post, "DELETE", "dislike") == (0, 1, None)
    assert await react(ben, post, "PUT", "like") == (1, 1, "like")
    assert await db.fetchval(COUNTS, post.id)
    events = [
        r["payload"] for r in await db.fetch("select payload from events where type like '%WorkReacted' order by id")
    ]
    assert [(e["before"], e["reaction"]) for e in events] == [
        (None, "like"),
        (None, "dislike"),
        ("like", "dislike"),
        ("dislike", None),
        (None, "like"),
    ]


async def test_reactions_need_a_published_work(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    draft = await make.post(ana, published=False)
    url = f"/api/v1/works/{draft.id}/like"
    assert (await client.put(url)).status_code == 401
    assert (await client.as_(await make.user("ben")).put(url)).status_code == 404
    own = await client.as_(ana).put(url)
    assert (own.status_code, own.json()["code"]) == (409, "wrong_state")
    assert (await client.as_(ana).put(f"/api/v1/works/{uuid4()}/like")).status_code == 404
    assert (await client.as_(ana).put("/api/v1/works/nonsense/like")).status_code == 404


async def test_a_view_counts_once_and_never_for_the_author(client: Any, make: Any, db: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    post = await make.post(ana)
    url = f"/api/v1/posts/{post.id}"
    assert (await client.get(url)).json()["stats"]["views"] == 0
    assert (await client.as_(ana).get(url)).json()["stats"]["views"] == 0
    assert (await client.as_(ben).get(url)).json()["stats"]["views"] == 1
    assert (await client.as_(ben).get(f"/api/v1/posts/by-slug/{post.slug}")).json()["stats"]["views"] == 1
    eva = client.as_(await make.user("eva"))
    assert (await eva.get(f"/api/v1/posts/by-slug/{post.slug}")).json()["stats"]["views"] == 2
    assert await db.fetchval(COUNTS, post.id)


async def test_a_view_moves_it_in_trending(client: Any, make: Any, db: Any) -> None:
    post = await make.post()
    before = await db.fetchval("select hot from work_stats")
    await client.as_(await make.user()).put(f"/api/v1/works/{post.id}/like")
    assert await db.fetchval("select hot from work_stats") == pytest.approx(before + 1)


async def test_counters_hold_under_fifty_at_once(live: Any, client: Any, make: Any, db: Any, gather: Any) -> None:
    post = await make.post()
    readers = [client.as_(await make.user()) for _ in range(10)]
    chance = random.Random(7)

    async def one(reader: Any) -> int:
        method, kind = chance.choice(["PUT", "PUT", "DELETE"]), chance.choice(["like", "dislike"])
        return (await reader.request(method, f"/api/v1/works/{post.id}/{kind}")).status_code

    statuses = await gather(*(one(readers[n % 10]) for n in range(50)))
    assert set(statuses) == {200}
    assert await db.fetchval(COUNTS, post.id)


async def test_fifty_likes_at_once_are_fifty(live: Any, client: Any, make: Any, db: Any, gather: Any) -> None:
    post = await make.post()
    readers = [client.as_(await make.user()) for _ in range(25)]
    url = f"/api/v1/works/{post.id}/like"
    await gather(*(reader.put(url) for reader in readers for _ in range(2)))
    assert await db.fetchval("select likes from work_stats") == 25
    await gather(*(reader.delete(url) for reader in readers for _ in range(2)))
    assert await db.fetchval("select likes from work_stats") == 0
    assert await db.fetchval(COUNTS, post.id)


async def test_looks_at_once_count_once(live: Any, client: Any, make: Any, db: Any, gather: Any) -> None:
    post = await make.post()
    readers = [client.as_(await make.user()) for _ in range(5)]
    await gather(*(reader.get(f"/api/v1/posts/{post.id}") for reader in readers for _ in range(4)))
    assert await db.fetchval("select views from work_stats") == 5
    assert await db.fetchval(COUNTS, post.id)
