"""The review queue (P5) and gifts on works, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.creation.works.test_policies import DOUBTFUL, SPAM

LONG_DOUBT = f"{DOUBTFUL} Come and look at what we have."
CLEAN = "A plain text with nothing to sell in it, long enough to be published without any doubt."


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana")


@pytest.fixture
def mine(client: Any, ana: Any) -> Any:
    return client.as_(ana)


@pytest.fixture
async def staff(client: Any, make: Any) -> Any:
    return client.as_(await make.user("mod", roles=("moderator",)))


async def queue(staff: Any) -> list[dict[str, Any]]:
    return (await staff.get("/api/v1/admin/review")).json()["items"]


async def decide(staff: Any, item: dict[str, Any], what: str, **fields: Any) -> Any:
    body = {"revision": item["revision"], **fields}
    return await staff.post(f"/api/v1/admin/review/{item['id']}/{what}", json=body)


async def waiting(make: Any, ana: Any) -> Any:
    return await make.post(ana, title="My little shop", body=LONG_DOUBT)


async def test_a_doubtful_text_waits_and_its_author_is_told(
    mine: Any, client: Any, make: Any, ana: Any, db: Any
) -> None:
    post = await waiting(make, ana)
    assert (post.state, post.published_at) == ("in_review", None)
    assert post.screening_reasons == ["8 links in 13 words"] or len(post.screening_reasons) == 1
    assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 404
    assert (await client.get("/api/v1/posts")).json()["items"] == []
    told = await db.fetchrow("select payload from events where type like '%WorkInReview'")
    assert told["payload"]["reasons"] == post.screening_reasons and told["payload"]["author_id"] == str(ana.id)
    assert (await mine.get("/api/v1/posts/mine")).json()["items"][0]["screening_reasons"] == post.screening_reasons


async def test_spam_is_refused_and_the_draft_stays(mine: Any, make: Any, ana: Any) -> None:
    post = await make.post(ana, title="Buy now", body=SPAM, published=False)
    answer = await mine.post(f"/api/v1/posts/{post.id}/publish", json={})
    assert answer.status_code == 422
    assert answer.json()["code"] == "text_refused" and len(answer.json()["reasons"]) == 3
    assert "20 links in" in answer.json()["detail"]
    kept = (await mine.get(f"/api/v1/posts/{post.id}")).json()
    assert (kept["state"], kept["body_markdown"]) == ("draft", SPAM)


async def test_approve(mine: Any, client: Any, staff: Any, make: Any, ana: Any) -> None:
    post = await waiting(make, ana)
    (item,) = await queue(staff)
    assert (item["id"], item["title"], item["author"]["username"]) == (str(post.id), "My little shop", "ana")
    assert item["reasons"] == post.screening_reasons and item["score"] >= 3 and "shop.example" in item["body_text"]
    answer = await decide(staff, item, "approve")
    assert answer.json() == {"id": str(post.id), "state": "published", "revision": item["revision"] + 1}
    assert await queue(staff) == []
    seen = (await client.get(f"/api/v1/posts/{post.id}")).json()
    assert seen["slug"] == "my-little-shop"
    assert (await decide(staff, item, "approve")).json()["code"] == "wrong_state"
    # What was let pass is not asked about again, but something worse is.
    now = (await mine.get(f"/api/v1/posts/{post.id}")).json()
    url = f"/api/v1/posts/{post.id}"
    again = await mine.patch(url, json={"revision": now["revision"], "title": "My very little shop"})
    assert again.json()["state"] == "published"
    worse = await mine.patch(
        url, json={"revision": again.json()["revision"], "body_markdown": f"{LONG_DOUBT} aaaaaaaaaaaaaaa bbbbbbbbbbbbb"}
    )
    assert worse.json()["state"] == "in_review"
    assert (await client.get(url)).status_code == 404


async def test_refuse_and_write_better(mine: Any, client: Any, staff: Any, make: Any, ana: Any, db: Any) -> None:
    post = await waiting(make, ana)
    (item,) = await queue(staff)
    for reason in ("", " ", "x" * 1001):
        assert (await decide(staff, item, "refuse", reason=reason)).status_code == 422
    assert (await decide(staff, item, "refuse", reason="This is an advertisement")).json()["state"] == "refused"
    assert await queue(staff) == []
    told = (await mine.get(f"/api/v1/posts/{post.id}")).json()
    assert (told["state"], told["review_note"]) == ("refused", "This is an advertisement")
    event = await db.fetchval("select payload from events where type like '%WorkRefused'")
    assert event["reason"] == "This is an advertisement"
    url = f"/api/v1/posts/{post.id}"
    better = (await mine.patch(url, json={"revision": told["revision"], "body_markdown": CLEAN})).json()
    assert better["state"] == "refused"
    again = (await mine.post(f"{url}/publish", json={})).json()
    assert (again["state"], again["review_note"]) == ("in_review", None)  # once refused, a person looks again
    (item,) = await queue(staff)
    assert (await decide(staff, item, "approve")).json()["state"] == "published"


async def test_a_text_changed_while_it_was_read(mine: Any, staff: Any, make: Any, ana: Any) -> None:
    post = await waiting(make, ana)
    (item,) = await queue(staff)
    url = f"/api/v1/posts/{post.id}"
    (await mine.patch(url, json={"revision": post.revision, "title": "Another shop"})).raise_for_status()
    for what, fields in (("approve", {}), ("refuse", {"reason": "No"})):
        answer = await decide(staff, item, what, **fields)
        assert (answer.status_code, answer.json()["code"]) == (409, "edit_conflict")
    refused = await mine.patch(url, json={"revision": post.revision + 1, "body_markdown": SPAM})
    assert refused.json()["code"] == "text_refused"
    back = (await mine.post(f"{url}/unpublish")).json()
    assert back["state"] == "draft" and await queue(staff) == []


async def test_a_published_text_can_be_taken_down(client: Any, staff: Any, make: Any) -> None:
    post = await make.post()
    answer = await staff.post(
        f"/api/v1/admin/review/{post.id}/refuse", json={"reason": "Not here", "revision": post.revision}
    )
    assert answer.json()["state"] == "refused"
    assert (await client.get(f"/api/v1/posts/{post.id}")).status_code == 404


async def test_the_queue_is_for_staff(mine: Any, client: Any, make: Any, ana: Any) -> None:
    post = await waiting(make, ana)
    item = {"id": post.id, "revision": post.revision}
    for who, status in ((client, 401), (mine, 403)):
        assert (await who.get("/api/v1/admin/review")).status_code == status
        assert (await decide(who, item, "approve")).status_code == status
        assert (await decide(who, item, "refuse", reason="x")).status_code == status


async def test_the_queue_in_pages(staff: Any, make: Any, ana: Any) -> None:
    posts = [await waiting(make, ana) for _ in range(3)]
    first = (await staff.get("/api/v1/admin/review?limit=2")).json()
    rest = (await staff.get("/api/v1/admin/review", params={"cursor": first["next_cursor"]})).json()
    assert [i["id"] for i in first["items"] + rest["items"]] == [str(p.id) for p in posts]
    missing = await staff.post(f"/api/v1/admin/review/{uuid4()}/approve", json={"revision": 1})
    assert missing.status_code == 404


# ---- gifts -----------------------------------------------------------------------------------------------------


async def test_a_gift_on_a_post(client: Any, make: Any, ana: Any, db: Any) -> None:
    post = await make.post(ana)
    ben = client.as_(await make.user("ben"))
    url = f"/api/v1/works/{post.id}/gifts"
    answer = await ben.post(url, json={"amount": 50, "message": "Thank you"}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    # 50 of the welcome coins: promotional value stays promotional (M4), 40 % of it for the author (M6).
    assert {
        k: body[k] for k in ("amount_coins", "message", "creator_minor", "creator_promotional_minor", "work_id")
    } == {
        "amount_coins": 50,
        "message": "Thank you",
        "creator_minor": 0,
        "creator_promotional_minor": 2000,
        "work_id": str(post.id),
    }
    assert (body["stats"]["gifts"], body["stats"]["gifts_coins"]) == (1, 50)
    again = await ben.post(url, json={"amount": 50, "message": "Thank you"}, headers={"Idempotency-Key": "one"})
    assert again.json()["id"] == body["id"]
    other = await ben.post(url, json={"amount": 40}, headers={"Idempotency-Key": "one"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    (await ben.post(url, json={"amount": 1})).raise_for_status()
    stats = (await client.get(f"/api/v1/posts/{post.id}")).json()["stats"]
    assert (stats["gifts"], stats["gifts_coins"]) == (2, 51)


async def test_a_gift_taken_back_counts_no_more(make: Any, ana: Any, tx: Any, db: Any) -> None:
    from stoa.money.wallet import actions as wallet

    post, ben = await make.post(ana), await make.user("ben")
    async with tx(ben) as ctx:
        given = await wallet.gift(ctx, amount_coins=20, work_id=post.id, key="one")
    assert await db.fetchval("select gifts_coins from work_stats") == 20
    async with tx(ben) as ctx:
        await wallet.undo_gift(ctx, given.id)
    assert tuple(await db.fetchrow("select gifts, gifts_coins from work_stats")) == (0, 0)


async def test_gifts_that_cannot_be(client: Any, mine: Any, make: Any, ana: Any) -> None:
    post, hidden = await make.post(ana), await make.post(ana, published=False)
    ben = client.as_(await make.user("ben"))
    url = f"/api/v1/works/{post.id}/gifts"
    assert (await client.post(url, json={"amount": 1})).status_code == 401
    assert (await mine.post(url, json={"amount": 1})).json()["code"] == "gift_to_oneself"
    assert (await ben.post(url, json={"amount": 101})).json()["code"] == "insufficient_funds"
    assert (await ben.post(f"/api/v1/works/{hidden.id}/gifts", json={"amount": 1})).status_code == 404
    assert (await ben.post(f"/api/v1/works/{uuid4()}/gifts", json={"amount": 1})).status_code == 404
    for amount in (0, -1, 1.5, "1", None, 10**30, True):
        answer = await ben.post(url, json={"amount": amount})
        assert answer.status_code == 422 and answer.json()["fields"].keys() == {"amount"}, amount
    assert (await ben.post(url, json={"amount": 1, "message": "x" * 501})).status_code == 422
    assert (await ben.post(url, json={"amount": 1, "message": "\x00"})).status_code == 422
    assert (await client.get(f"/api/v1/posts/{post.id}")).json()["stats"]["gifts"] == 0


async def test_gifts_at_once_add_up(live: Any, client: Any, make: Any, ana: Any, db: Any, gather: Any) -> None:
    post = await make.post(ana)
    givers = [client.as_(await make.user()) for _ in range(8)]
    answers = await gather(*(g.post(f"/api/v1/works/{post.id}/gifts", json={"amount": 7}) for g in givers))
    assert {a.status_code for a in answers} == {201}
    assert tuple(await db.fetchrow("select gifts, gifts_coins from work_stats")) == (8, 56)
