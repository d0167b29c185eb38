"""Wallets and gifts through the public door."""

from datetime import timedelta
from typing import Any

from stoa.kit.clock import utcnow
from tests.money.books import assert_clean, buckets, count, platform, postings


async def test_welcome_bonus_is_posted_once_per_account(app: Any, client: Any, make: Any) -> None:
    """M5: 100 COIN and 50,000.00 USD, promotional."""
    ana = await make.user("ana")
    wallet = (await client.as_(ana).get("/api/v1/wallet")).json()
    assert wallet["total"] == "100.00"
    assert wallet["promotional"]["amount_minor"] == 10_000
    assert wallet["purchased"]["amount_minor"] == wallet["earned"]["amount_minor"] == 0
    assert wallet["credits"] == {
        "amount_minor": 5_000_000,
        "amount": "50000.00",
        "meaning": "Promotional credit in US dollars. You can spend it; it cannot be paid out.",
    }
    from stoa.foundation.settings.actions import change_platform
    from stoa.money.wallet.actions import open_wallet

    async with make.tx() as ctx:
        await change_platform(ctx, welcome_coins=200)
        await open_wallet(ctx, ana.id)
    assert await buckets(app, ana) == {"promotional": 10_000}
    assert await platform(app, "COIN", "welcome") == -10_000
    assert await platform(app, "USD", "welcome") == -5_000_000
    await assert_clean(app)


async def test_an_operator_can_set_the_bonus_to_zero(app: Any, client: Any, make: Any) -> None:
    from stoa.foundation.settings.actions import change_platform

    async with make.tx() as ctx:
        await change_platform(ctx, welcome_coins=0, welcome_usd_minor=0)
    ana = await make.user("ana")
    wallet = (await client.as_(ana).get("/api/v1/wallet")).json()
    assert (wallet["total_minor"], wallet["credits"]["amount_minor"]) == (0, 0)
    assert await count(app, "select count(*) from ledger_transfers") == 0


async def test_packages_are_those_of_the_rules(client: Any) -> None:
    """M3."""
    items = (await client.get("/api/v1/wallet/packages")).json()["items"]
    assert [(p["id"], p["coins"], p["bonus_coins"], p["price"], p["currency"]) for p in items] == [
        (1, 100, 0, "4.99", "USD"),
        (2, 250, 25, "9.99", "USD"),
        (3, 500, 75, "19.99", "USD"),
        (4, 1000, 200, "34.99", "USD"),
        (5, 2500, 600, "79.99", "USD"),
        (6, 5000, 1500, "149.99", "USD"),
    ]
    assert [p["price_per_coin_minor"] for p in items] == ["4.99", "3.63", "3.48", "2.92", "2.58", "2.31"]


async def test_a_thousand_purchased_coins_split_forty_sixty(app: Any, client: Any, make: Any) -> None:
    """M6, the figure of the issue: 400.00 earned, 600.00 for the platform."""
    ana, bob = await make.member("ana", purchased=1000), await make.member("bob")
    answer = await client.as_(ana).post(
        "/api/v1/gifts", json={"recipient_username": "BOB", "amount": 1000, "message": "  Thank you  "}
    )
    assert answer.status_code == 201, answer.text
    gift = answer.json()
    assert gift["sender"]["username"] == "ana" and gift["recipient"]["username"] == "bob"
    assert (gift["amount_coins"], gift["message"]) == (1000, "Thank you")
    assert (gift["creator_minor"], gift["platform_minor"]) == (40_000, 60_000)
    assert await postings(app, gift["transfer_id"]) == {
        ("ana", "COIN", "purchased"): -100_000,
        ("bob", "COIN", "earned"): 40_000,
        ("", "COIN", "fees"): 60_000,
    }
    assert await buckets(app, ana) == {}
    assert await buckets(app, bob) == {"earned": 40_000}
    await assert_clean(app)


async def test_spending_takes_promotional_then_purchased_then_earned(app: Any, client: Any, make: Any) -> None:
    """M4: what is paid with promotional value arrives as promotional value."""
    ana = await make.member("ana", promotional=30, purchased=20.5, earned=100)
    bob = await make.member("bob")
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 60})).json()
    assert await postings(app, gift["transfer_id"]) == {
        ("ana", "COIN", "promotional"): -3_000,
        ("ana", "COIN", "purchased"): -2_050,
        ("ana", "COIN", "earned"): -950,
        ("bob", "COIN", "promotional"): 1_200,
        ("bob", "COIN", "earned"): 820 + 380,
        ("", "COIN", "promotional_fees"): 1_800,
        ("", "COIN", "fees"): 1_230 + 570,
    }
    assert (gift["creator_minor"], gift["creator_promotional_minor"]) == (1_200, 1_200)
    assert await buckets(app, ana) == {"earned": 9_050}
    await assert_clean(app)


async def test_a_creator_may_refuse_promotional_value(app: Any, client: Any, make: Any) -> None:
    """M4."""
    ana, bob = await make.member("ana", promotional=50, purchased=10), await make.member("bob")
    changed = await client.as_(bob).patch("/api/v1/wallet/settings", json={"acceptsPromotional": False})
    assert changed.status_code == 200 and changed.json()["accepts_promotional"] is False
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 10})).json()
    assert await postings(app, gift["transfer_id"]) == {
        ("ana", "COIN", "purchased"): -1_000,
        ("bob", "COIN", "earned"): 400,
        ("", "COIN", "fees"): 600,
    }
    refused = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["available_minor"], problem["needed_minor"]) == ("insufficient_funds", 0, 100)
    assert "@bob does not take promotional coins" in problem["detail"]


async def test_refused_gifts_leave_nothing_behind(app: Any, client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=5), await make.member("bob")
    me = client.as_(ana)
    before = await count(app, "select count(*) from ledger_transfers")
    for body, status, code in (
        ({"recipient_id": str(bob.id), "amount": 6}, 409, "insufficient_funds"),
        ({"recipient_id": str(bob.id), "amount": 0}, 422, "invalid"),
        ({"recipient_id": str(bob.id), "amount": 1.5}, 422, "invalid"),
        ({"recipient_id": str(bob.id), "amount": "1"}, 422, "invalid"),
        ({"recipient_id": str(bob.id), "amount": 1_000_001}, 422, "invalid"),
        ({"recipient_id": str(bob.id), "amount": 1, "message": "x" * 501}, 422, "invalid"),
        ({"recipient_id": str(ana.id), "amount": 1}, 422, "gift_to_oneself"),
        ({"recipient_username": "nobody", "amount": 1}, 404, "not_found"),
        ({"recipient_id": "00000000-0000-7000-8000-000000000000", "amount": 1}, 404, "not_found"),
        ({"work_id": "00000000-0000-7000-8000-000000000000", "amount": 1}, 404, "not_found"),
        ({"amount": 1}, 422, "invalid"),
    ):
        answer = await me.post("/api/v1/gifts", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (body, answer.text)
    assert (await client.post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})).status_code == 401
    assert await count(app, "select count(*) from ledger_transfers") == before
    assert await count(app, "select count(*) from gifts") == 0


async def test_a_suspended_person_receives_nothing(app: Any, client: Any, make: Any) -> None:
    """F5."""
    ana, bob = await make.member("ana", purchased=5), await make.member("bob")
    before = await count(app, "select count(*) from ledger_transfers")
    for status, refused in (("suspended", (409, "person_suspended")), ("banned", (404, "not_found"))):
        async with make.tx() as ctx:
            await ctx.db.execute("update users set status = $2 where id = $1", bob.id, status)
        answer = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
        assert (answer.status_code, answer.json()["code"]) == refused
    assert await count(app, "select count(*) from ledger_transfers") == before


async def test_idempotency_key_makes_one_gift(app: Any, client: Any, make: Any) -> None:
    """M11."""
    ana, bob = await make.member("ana", purchased=50), await make.member("bob")
    me = client.as_(ana)
    body = {"recipient_id": str(bob.id), "amount": 5}
    first = await me.post("/api/v1/gifts", json=body, headers={"Idempotency-Key": "k1"})
    again = await me.post("/api/v1/gifts", json=body, headers={"Idempotency-Key": "k1"})
    other = await me.post("/api/v1/gifts", json=body | {"amount": 6}, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json() == again.json()
    assert other.json()["code"] == "idempotency_key_reused"
    assert await buckets(app, ana) == {"purchased": 4_500}


async def test_undo_reverses_every_posting(app: Any, client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", promotional=1, purchased=9), await make.member("bob")
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 10})).json()
    assert gift["undo_until"] is not None
    assert (await client.as_(bob).post(f"/api/v1/gifts/{gift['id']}/undo")).status_code == 404
    undone = await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    assert undone.status_code == 200 and undone.json()["undone_at"] and undone.json()["undo_until"] is None
    assert (await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")).status_code == 200
    assert await buckets(app, ana) == {"promotional": 100, "purchased": 900}
    assert await buckets(app, bob) == {}
    assert await count(app, "select count(*) from ledger_transfers where kind = 'reversal'") == 1
    assert await count(app, "select count(*) from events where type = 'money.wallet.GiftUndone'") == 1
    await assert_clean(app)


async def test_undo_is_over_after_its_time(app: Any, client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=9), await make.member("bob")
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 9})).json()
    async with make.tx() as ctx:
        await ctx.db.execute("update gifts set undo_until = $1", utcnow() - timedelta(seconds=1))
    late = await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    assert (late.status_code, late.json()["code"]) == (409, "undo_too_late")
    assert await buckets(app, bob) == {"earned": 360}


async def test_undo_of_a_spent_gift_is_refused(app: Any, client: Any, make: Any) -> None:
    ana, bob, eve = await make.member("ana", purchased=10), await make.member("bob"), await make.member("eve")
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 10})).json()
    await client.as_(bob).post("/api/v1/gifts", json={"recipient_id": str(eve.id), "amount": 1})
    spent = await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    assert (spent.status_code, spent.json()["code"]) == (409, "gift_spent")
    assert await count(app, "select count(*) from gifts where undone_at is not null") == 0
    await assert_clean(app)


async def test_gifts_are_listed_for_their_two_people_only(client: Any, make: Any) -> None:
    ana, bob, eve = await make.member("ana", purchased=10), await make.member("bob"), await make.member("eve")
    ids = []
    for _ in range(3):
        answer = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
        ids.append(answer.json()["id"])
    first = (await client.as_(bob).get("/api/v1/gifts?direction=received&limit=2")).json()
    rest = (await client.as_(bob).get(f"/api/v1/gifts?direction=received&cursor={first['next_cursor']}")).json()
    assert [g["id"] for g in first["items"] + rest["items"]] == ids[::-1]
    assert rest["next_cursor"] is None
    assert [g["id"] for g in (await client.as_(ana).get("/api/v1/gifts")).json()["items"]] == ids[::-1]
    assert (await client.as_(eve).get("/api/v1/gifts?direction=received")).json()["items"] == []
    assert (await client.as_(eve).get(f"/api/v1/gifts/{ids[0]}")).status_code == 404
    assert (await client.as_(bob).get(f"/api/v1/gifts/{ids[0]}")).json()["undo_until"] is None
    assert (await client.as_(bob).get("/api/v1/gifts?direction=sideways")).status_code == 422


async def test_history_explains_every_posting(app: Any, client: Any, make: Any) -> None:
    ana, bob = await make.user("ana"), await make.user("bob")
    await client.as_(ana).post("/api/v1/wallet/purchases", json={"package_id": 2, "payment_method_id": "pm_card_visa"})
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 150})).json()
    await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    lines = (await client.as_(ana).get("/api/v1/wallet/history")).json()["items"]
    assert [(line["title"], line["coins"], line["usd"]) for line in lines] == [
        ("You took back your gift of 150 coins to @bob", "150.00", "0.00"),
        ("You gave 150 coins to @bob", "-150.00", "0.00"),
        ("You bought 250 + 25 bonus coins for 9.99 USD", "275.00", "0.00"),
        ("Welcome bonus", "100.00", "50000.00"),
    ]
    assert [line["is_reversed"] for line in lines] == [False, True, False, False]
    assert [(p["account"], p["amount"], p["is_own"], p["explanation"]) for p in lines[1]["postings"]] == [
        ("Your promotional coins", "-100.00", True, "Part of the gift that was paid from your promotional coins"),
        ("Your purchased coins", "-50.00", True, "Part of the gift that was paid from your purchased coins"),
        (
            "@bob: earned coins",
            "20.00",
            False,
            "The creator's share: 40 % of what was paid with purchased and earned coins; it can be paid out",
        ),
        (
            "The platform's share",
            "30.00",
            False,
            "The platform's share: 60 % of what was paid with purchased and earned coins",
        ),
        (
            "@bob: promotional coins",
            "40.00",
            False,
            "The creator's share: 40 % of what was paid with promotional coins; it stays promotional",
        ),
        (
            "The platform's promotional share",
            "60.00",
            False,
            "The platform's share: 60 % of what was paid with promotional coins",
        ),
    ]
    for line in lines:
        sums: dict[str, int] = {}
        for posting in line["postings"]:
            assert posting["explanation"]
            sums[posting["asset"]] = sums.get(posting["asset"], 0) + posting["amount_minor"]
        assert set(sums.values()) == {0}, line
    theirs = (await client.as_(bob).get("/api/v1/wallet/history")).json()["items"]
    assert [(line["title"], line["coins"]) for line in theirs][:2] == [
        ("@ana took back a gift of 150 coins", "-60.00"),
        ("@ana gave you 150 coins", "60.00"),
    ]


async def test_history_pages_by_key_with_few_queries(client: Any, make: Any, queries: Any) -> None:
    ana, bob = await make.member("ana", purchased=50), await make.member("bob")
    for _ in range(7):
        await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await client.as_(bob).get(f"/api/v1/wallet/history?limit=3&cursor={cursor}")).json()
        seen += [line["id"] for line in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 9  # the bonus, its removal, and seven gifts
    assert (await client.as_(bob).get("/api/v1/wallet/history?cursor=nonsense")).status_code == 422
    with queries() as sent:
        await client.as_(bob).get("/api/v1/wallet/history?limit=20")
    assert len([sql for sql in sent if "ledger_" in sql]) == 2


async def test_a_transfer_opens_for_its_people_and_staff_only(client: Any, make: Any) -> None:
    ana, bob, eve = await make.member("ana", purchased=50), await make.member("bob"), await make.member("eve")
    boss = await make.user("boss", roles=("admin",))
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 2})).json()
    path = f"/api/v1/transfers/{gift['transfer_id']}"
    assert (await client.get(path)).status_code == 401
    assert (await client.as_(eve).get(path)).status_code == 404
    assert (await client.as_(ana).get(path)).json()["title"] == "You gave 2 coins to @bob"
    assert (await client.as_(bob).get(path)).json()["coins"] == "0.80"
    seen = (await client.as_(boss).get(path)).json()
    assert (seen["title"], seen["coins_minor"], len(seen["postings"])) == ("@ana gave 2 coins to @bob", 0, 3)


async def test_a_gift_on_a_work_goes_to_its_owner(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    from stoa.kit.ids import new_id
    from stoa.money.wallet import types
    from stoa.money.wallet.types import GiftTarget

    ana, bob, eve = await make.member("ana", purchased=50), await make.member("bob"), await make.member("eve")
    work_id = new_id()

    async def find(_: Any, wanted: Any) -> GiftTarget | None:
        return GiftTarget(bob.id, "On Columns", "/p/on-columns") if wanted == work_id else None

    monkeypatch.setattr(types, "_FINDERS", [find])
    answer = await client.as_(ana).post("/api/v1/gifts", json={"work_id": str(work_id), "amount": 10})
    assert answer.status_code == 201, answer.text
    assert (answer.json()["recipient"]["username"], answer.json()["work_title"]) == ("bob", "On Columns")
    wrong = {"work_id": str(work_id), "recipient_id": str(eve.id), "amount": 10}
    assert (await client.as_(ana).post("/api/v1/gifts", json=wrong)).status_code == 422
    own = await client.as_(bob).post("/api/v1/gifts", json={"work_id": str(work_id), "amount": 1})
    assert (own.status_code, own.json()["code"]) == (422, "gift_to_oneself")
    lines = (await client.as_(ana).get("/api/v1/wallet/history?limit=1")).json()["items"]
    assert lines[0]["title"] == "You gave 10 coins to @bob for “On Columns”"
    async with make.tx() as ctx:
        payload = await ctx.db.fetchval("select payload from events where type = 'money.wallet.GiftSent'")
    assert payload == {
        "gift_id": answer.json()["id"],
        "sender_id": str(ana.id),
        "recipient_id": str(bob.id),
        "work_id": str(work_id),
        "amount_coins": 10,
    }
