"""Each row of Synctale's document: the body, the status, and the effect."""

import asyncio
from typing import Any

import jwt
import pytest

PASSWORD = "a stoa has columns"
TEXT = "A stoa is a covered walk where people met, traded and talked with each other. " * 6
POST = {"title": "On covered walks", "content": TEXT, "category": "Education"}


async def written(client: Any, author: Any, **change: Any) -> dict[str, Any]:
    answer = await client.as_(author).post("/api/posts", json={**POST, **change})
    assert answer.status_code == 201, answer.text
    return answer.json()["post"]


async def balances(app: Any, user: Any) -> dict[str, int]:
    async with app.database.connection() as db:
        rows = await db.fetch(
            "select purpose, balance_minor from ledger_accounts where owner_id = $1 and asset = 'COIN'", user.id
        )
    return {r["purpose"]: r["balance_minor"] for r in rows if r["balance_minor"]}


# ---- auth


async def test_register(client: Any) -> None:
    answer = await client.post(
        "/api/auth/register", json={"username": "ana", "email": "ana@e.org", "password": PASSWORD}
    )
    body = answer.json()
    assert answer.status_code == 201
    assert body == {
        "message": "User created successfully",
        "user": {
            "id": body["user"]["id"],
            "username": "ana",
            "email": "ana@e.org",
            "balance": 100,
            "isVerified": False,
            "createdAt": body["user"]["createdAt"],
        },
        "token": body["token"],
    }
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    assert claims["id"] == body["user"]["id"]
    assert (claims["role"], claims["phone"], claims["exp"] - claims["iat"]) == ("reader", None, 7 * 86400)
    bearer = {"Authorization": f"Bearer {body['token']}"}
    assert (await client.get("/api/earnings", headers=bearer)).status_code == 200


async def test_register_refusals_are_400_with_error(client: Any, make: Any) -> None:
    await make.user("ana")
    taken = await client.post("/api/auth/register", json={"username": "ANA", "email": "x@e.org", "password": PASSWORD})
    assert (taken.status_code, taken.json()["error"]) == (400, "Username already taken")
    used = {"username": "bea", "email": "ANA@example.org", "password": PASSWORD}
    email = await client.post("/api/auth/register", json=used)
    assert (email.status_code, email.json()["error"]) == (400, "Email already registered")
    empty = await client.post("/api/auth/register", json={})
    assert (empty.status_code, empty.json()["error"], len(empty.json()["details"])) == (400, "Validation failed", 3)


async def test_login(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    answer = await client.post("/api/auth/login", json={"email": "ana@example.org", "password": PASSWORD})
    assert answer.status_code == 200
    assert answer.json() == {
        "message": "Login successful",
        "user": {
            "id": str(ana.id),
            "username": "ana",
            "email": "ana@example.org",
            "profilePicture": None,
            "bio": None,
            "balance": 100,
            "totalEarned": 0,
            "followersCount": 0,
            "followingCount": 0,
            "postsCount": 0,
            "isVerified": True,
        },
        "token": answer.json()["token"],
    }
    wrong = await client.post("/api/auth/login", json={"email": "ana@example.org", "password": "wrong wrong"})
    assert (wrong.status_code, wrong.json()["error"]) == (401, "Invalid credentials")


# ---- posts


async def test_create_post(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    answer = await client.as_(ana).post("/api/posts", json=POST)
    body = answer.json()
    assert answer.status_code == 201
    assert body["message"] == "Post created successfully"
    assert body["post"] == {
        "id": body["post"]["id"],
        "title": "On covered walks",
        "content": TEXT,
        "preview": body["post"]["preview"],
        "category": "Education",
        "images": [],
        "views": 0,
        "likes": 0,
        "dislikes": 0,
        "commentsCount": 0,
        "gifts": 0,
        "creator": {"id": str(ana.id), "username": "ana", "profilePicture": None, "isVerified": True},
        "createdAt": body["post"]["createdAt"],
    }
    assert 0 < len(body["post"]["preview"]) <= 200
    assert TEXT.startswith(body["post"]["preview"].rstrip("…"))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"title": "Four"}, "title"),
        ({"title": "x" * 256}, "title"),
        ({"content": "too short"}, "content"),
        ({"content": "x" * 50_001}, "content"),
        ({"category": "Gossip"}, "category"),
        ({"images": [f"https://e.org/{i}.png" for i in range(6)]}, "images"),
        ({"title": None}, "title"),
    ],
)
async def test_create_post_refuses(client: Any, make: Any, app: Any, change: dict[str, Any], name: str) -> None:
    ana = await make.user("ana")
    answer = await client.as_(ana).post("/api/posts", json={**POST, **change})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == "Validation failed"
    assert answer.json()["details"][0].startswith(f"{name}: ")
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from works") == 0


async def test_a_refused_text_stays_as_a_draft(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    spam = " ".join(f"https://{i}.example" for i in range(30))
    spam += (
        " order now, order today, no risk, promo code, special promotion, visit my shop!!!!!!!!!!!! aaaaaaaaaaaaaaaa"
    )
    answer = await client.as_(ana).post("/api/posts", json={**POST, "content": spam})
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "text_refused"
    async with app.database.connection() as db:
        assert [tuple(r) for r in await db.fetch("select state, title from works")] == [("draft", POST["title"])]


async def test_list_posts(client: Any, make: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    made = [await written(client, ana, title=f"Walk number {i}") for i in range(12)]
    await written(client, bea, category="Food", title="Bread and salt")
    first = (await client.get("/api/posts")).json()
    assert first["pagination"] == {"page": 1, "limit": 10, "total": 13, "pages": 2}
    assert len(first["posts"]) == 10
    assert first["posts"][0]["title"] == "Bread and salt"
    assert set(first["posts"][0]) == {
        "id", "title", "preview", "category", "images", "views", "likes", "dislikes", "commentsCount", "gifts",
        "creator", "createdAt",
    }  # fmt: skip
    second = (await client.get("/api/posts", params={"page": 2})).json()
    assert [p["title"] for p in second["posts"]] == ["Walk number 2", "Walk number 1", "Walk number 0"]
    food = (await client.get("/api/posts", params={"category": "Food"})).json()
    assert [p["title"] for p in food["posts"]] == ["Bread and salt"]
    await client.as_(bea).get(f"/api/posts/{made[3]['id']}")
    popular = (await client.get("/api/posts", params={"sort": "popular", "limit": 1})).json()
    assert [(p["title"], p["views"]) for p in popular["posts"]] == [("Walk number 3", 1)]
    await client.as_(bea).put(f"/api/v1/works/{made[5]['id']}/like")
    trending = (await client.get("/api/posts", params={"sort": "trending", "limit": 1})).json()
    assert [(p["title"], p["likes"]) for p in trending["posts"]] == [("Walk number 5", 1)]


@pytest.mark.parametrize("query", ["limit=51", "limit=0", "page=0", "page=x", "sort=best"])
async def test_list_posts_refuses(client: Any, query: str) -> None:
    answer = await client.get(f"/api/posts?{query}")
    assert answer.status_code == 400
    assert "error" in answer.json()


async def test_read_post_counts_a_reader_once(client: Any, make: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    made = await written(client, ana)
    path = f"/api/posts/{made['id']}"
    await asyncio.gather(*(client.as_(bea).get(path) for _ in range(5)))
    await client.as_(ana).get(path)
    await client.get(path)
    await client.as_(bea).put(f"/api/v1/works/{made['id']}/like")
    answer = await client.as_(bea).get(path)
    assert answer.status_code == 200
    assert answer.json() == {**made, "views": 1, "likes": 1, "isLiked": True, "isDisliked": False}
    anonymous = (await client.get(path)).json()
    assert (anonymous["isLiked"], anonymous["isDisliked"], anonymous["content"]) == (False, False, TEXT)


async def test_a_draft_or_nothing_is_404(client: Any, make: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    draft = (await client.as_(ana).post("/api/v1/posts", json={"title": "A draft of mine"})).json()
    for who in (None, bea):
        answer = await client.as_(who).get(f"/api/posts/{draft['id']}")
        assert (answer.status_code, answer.json()["error"]) == (404, "There is no such post")
    assert (await client.get("/api/posts/00000000-0000-0000-0000-000000000000")).status_code == 404


# ---- coins


async def test_purchase(client: Any, make: Any, app: Any) -> None:
    bea = await make.user("bea")
    buy = {"packageId": 4, "paymentMethodId": "pm_card_visa"}
    answer = await client.as_(bea).post("/api/coins/purchase", json=buy)
    assert answer.status_code == 200
    assert answer.json() == {
        "message": "Coins purchased successfully",
        "coins": 1200,
        "paymentIntentId": answer.json()["paymentIntentId"],
    }
    assert await balances(app, bea) == {"promotional": 100_00, "purchased": 1200_00}


async def test_purchase_with_a_key_happens_once(client: Any, make: Any, app: Any) -> None:
    bea = client.as_(await make.user("bea"))
    buy = {"packageId": 1, "paymentMethodId": "pm_card_visa"}
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(bea.post("/api/coins/purchase", json=buy, headers=key) for _ in range(4)))
    assert [a.status_code for a in answers] == [200] * 4
    assert len({a.json()["paymentIntentId"] for a in answers}) == 1
    other = await bea.post("/api/coins/purchase", json={**buy, "packageId": 2}, headers=key)
    assert (other.status_code, other.json()["code"]) == (400, "idempotency_key_reused")
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from orders where state = 'paid'") == 1


@pytest.mark.parametrize(
    ("method", "code"),
    [("pm_card_chargeDeclined", "card_declined"), ("pm_card_authenticationRequired", "authentication_required")],
)
async def test_purchase_that_does_not_succeed(client: Any, make: Any, app: Any, method: str, code: str) -> None:
    bea = await make.user("bea")
    answer = await client.as_(bea).post("/api/coins/purchase", json={"packageId": 1, "paymentMethodId": method})
    assert (answer.status_code, answer.json()["error"], answer.json()["code"]) == (400, "Payment failed", code)
    assert await balances(app, bea) == {"promotional": 100_00}
    async with app.database.connection() as db:  # what was tried is kept
        assert await db.fetchval("select count(*) from orders") == 1


@pytest.mark.parametrize("change", [{"packageId": 7}, {"packageId": "x"}, {"paymentMethodId": "pm_none"}])
async def test_purchase_refuses(client: Any, make: Any, change: dict[str, Any]) -> None:
    buy = {"packageId": 1, "paymentMethodId": "pm_card_visa", **change}
    answer = await client.as_(await make.user("bea")).post("/api/coins/purchase", json=buy)
    assert answer.status_code == 400
    assert "error" in answer.json()


async def test_gift(client: Any, make: Any, app: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    gift = {"recipientId": str(ana.id), "amount": 50, "message": "For the walk"}
    answer = await client.as_(bea).post("/api/coins/gift", json=gift)
    assert answer.status_code == 200
    assert answer.json() == {"message": "Coins gifted successfully", "amount": 50, "recipient": "ana"}
    assert await balances(app, bea) == {"promotional": 50_00}
    assert await balances(app, ana) == {"promotional": 120_00}  # promotional value stays promotional (M4)


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"amount": 101}, 400, "Insufficient balance"),
        ({"amount": 0}, 400, "Validation failed"),
        ({"amount": -5}, 400, "Validation failed"),
        ({"amount": 1.5}, 400, "Validation failed"),
        ({"amount": "5"}, 400, "Validation failed"),
        ({"amount": 10**30}, 400, "Validation failed"),
        ({"message": "x" * 501}, 400, "Validation failed"),
        ({"recipientId": "00000000-0000-0000-0000-000000000000"}, 404, None),
    ],
)
async def test_gift_refuses(
    client: Any, make: Any, app: Any, change: dict[str, Any], status: int, error: str | None
) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    gift = {"recipientId": str(ana.id), "amount": 5, **change}
    answer = await client.as_(bea).post("/api/coins/gift", json=gift)
    assert answer.status_code == status, answer.text
    assert error is None or answer.json()["error"] == error
    own = await client.as_(bea).post("/api/coins/gift", json={"recipientId": str(bea.id), "amount": 5})
    assert own.status_code == 400
    assert await balances(app, ana) == await balances(app, bea) == {"promotional": 100_00}


# ---- earnings


async def earned(client: Any, make: Any) -> tuple[Any, Any]:
    """A writer who was given 1,000 bought coins."""
    ana, bea = await make.user("ana"), await make.user("bea")
    as_bea = client.as_(bea)
    await as_bea.post("/api/coins/gift", json={"recipientId": str(ana.id), "amount": 100})
    await as_bea.post("/api/coins/purchase", json={"packageId": 4, "paymentMethodId": "pm_card_visa"})
    await as_bea.post("/api/coins/gift", json={"recipientId": str(ana.id), "amount": 1000})
    return ana, bea


async def test_earnings(client: Any, make: Any) -> None:
    ana, _ = await earned(client, make)
    answer = await client.as_(ana).get("/api/earnings")
    assert answer.status_code == 200
    assert answer.json() == {
        "totalEarnedCoins": 400,
        "totalEarnedUSD": 5.13,
        "availableForPayout": 5.13,
        "minimumPayout": 5.0,
        "payouts": [],
    }


async def test_payout(client: Any, make: Any, app: Any) -> None:
    ana, _ = await earned(client, make)
    answer = await client.as_(ana).post("/api/earnings/payout")
    assert answer.status_code == 200
    payout = answer.json()["payout"]
    assert answer.json() == {
        "message": "Payout requested successfully",
        "payout": {
            "id": payout["id"],
            "creatorId": str(ana.id),
            "coins": 400,
            "usdAmount": 12.82,
            "platformFee": 7.69,
            "netPayout": 5.13,
            "status": "pending",
            "stripeTransferId": None,
            "requestedAt": payout["requestedAt"],
            "processedAt": None,
            "notes": None,
        },
    }
    assert await balances(app, ana) == {"promotional": 140_00, "earned_reserved": 400_00}
    again = await client.as_(ana).post("/api/earnings/payout")
    assert (again.status_code, again.json()["code"]) == (400, "payout_open")
    after = (await client.as_(ana).get("/api/earnings")).json()
    assert (after["totalEarnedCoins"], after["availableForPayout"]) == (0, 0.0)
    assert after["payouts"] == [payout]


async def test_payout_below_the_minimum(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    answer = await client.as_(ana).post("/api/earnings/payout")
    assert (answer.status_code, answer.json()["code"]) == (400, "below_minimum")
    assert await balances(app, ana) == {"promotional": 100_00}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/posts"), ("POST", "/api/coins/purchase"), ("POST", "/api/coins/gift"), ("GET", "/api/earnings")],
)
async def test_without_a_token_is_401(client: Any, method: str, path: str) -> None:
    answer = await client.request(method, path, json={})
    assert (answer.status_code, answer.json()["error"]) == (401, "Please sign in")


async def test_health(client: Any) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
