"""Payouts of earned credits, the provider's fee, and the sums and files of payouts (M7, M9, M10)."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from stoa.foundation.settings import actions as settings
from stoa.kit.clock import utcnow
from stoa.kit.days import business_days_after
from stoa.kit.queue import run_due
from stoa.money.payouts.gateways import sandbox
from tests.money.books import assert_clean, buckets, count, platform, postings


@pytest.fixture(autouse=True)
def arrives_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)


async def later(app: Any, seconds: float = 10) -> int:
    """Runs what is due by then."""
    return await run_due(app, now=utcnow() + timedelta(seconds=seconds), reraise=True)


async def credits_of(app: Any, user: Any, asset: str = "USD") -> dict[str, int]:
    async with app.database.connection() as db:
        rows = await db.fetch(
            "select purpose, balance_minor from ledger_accounts where owner_id = $1 and asset = $2", user.id, asset
        )
    return {row["purpose"]: row["balance_minor"] for row in rows if row["balance_minor"]}


async def earner(make: Any, username: str = "ana", **minor: int) -> Any:
    """Somebody with earned credits and no promotional ones."""
    user = await make.member(username)
    await make.credits(user, promotional=0, **minor)
    return user


async def test_earned_dollars_from_request_to_arrival(app: Any, client: Any, make: Any) -> None:
    """M8: they were shared when they were earned, and nothing is taken again."""
    ana = await earner(make, earned=1_250, purchased=300)
    me = client.as_(ana)
    await make.destination(ana)
    answer = await me.post("/api/v1/payouts", json={"asset": "USD"})
    assert answer.status_code == 201, answer.text
    payout = answer.json()
    assert (payout["asset"], payout["source_minor"], payout["source"], payout["coins"]) == ("USD", 1_250, "12.50", None)
    assert (payout["usd_amount"], payout["platform_fee"], payout["net_payout"]) == ("12.50", "0.00", "12.50")
    assert (payout["fee"], payout["arrives"], payout["arrives_currency"]) == ("0.00", "12.50", "USD")
    assert payout["destination"] == "Savings (USD) •••• 6789"
    assert payout["arrives_by"] == business_days_after(utcnow().date(), 5).isoformat()
    assert await credits_of(app, ana) == {"earned_reserved": 1_250, "purchased": 300}
    await later(app)
    paid = (await me.get(f"/api/v1/payouts/{payout['id']}")).json()
    assert paid["state"] == "paid"
    assert await postings(app, paid["transfer_id"]) == {
        ("ana", "USD", "earned_reserved"): -1_250,
        ("", "USD", "payout_world:sandbox"): 1_250,
    }
    assert await credits_of(app, ana) == {"purchased": 300}
    history = (await me.get("/api/v1/wallet/history")).json()["items"]
    assert [line["title"] for line in history][:2] == [
        "Your payout of 12.50 USD has arrived",
        "12.50 USD set aside for a payout",
    ]
    await assert_clean(app)


async def test_a_part_of_it(app: Any, client: Any, make: Any) -> None:
    ana = await earner(make, earned=1_250)
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": 500})).json()
    assert (payout["source_minor"], payout["net_payout_minor"]) == (500, 500)
    assert await credits_of(app, ana) == {"earned": 750, "earned_reserved": 500}
    await me.post(f"/api/v1/payouts/{payout['id']}/cancel")
    assert await credits_of(app, ana) == {"earned": 1_250}
    assert (await me.get("/api/v1/wallet/history?limit=1")).json()["items"][0]["title"] == (
        "A payout did not take place: 5.00 USD is back"
    )


@pytest.mark.parametrize(
    ("earned", "body", "status", "code"),
    [
        (499, {}, 409, "below_minimum"),
        (1_250, {"amount_minor": 499}, 409, "below_minimum"),
        (1_250, {"amount_minor": 1_251}, 409, "not_earned"),
        (1_250, {"amount_minor": 10**15}, 409, "not_earned"),
        (1_250, {"amount_minor": 0}, 422, "invalid"),
        (1_250, {"amount_minor": -500}, 422, "invalid"),
        (1_250, {"amount_minor": 500.5}, 422, "invalid"),
        (1_250, {"amount_minor": "500"}, 422, "invalid"),
        (1_250, {"amount_minor": 10**30}, 422, "invalid"),
        (1_250, {"asset": "DOGE"}, 422, "invalid"),
        (1_250, {"asset": "usd"}, 422, "invalid"),
        (1_250, {"asset": "EUR"}, 409, "below_minimum"),
        (1_250, {"destination": "my pocket"}, 422, "unknown_destination"),
        (1_250, {"destination": "018f0000-0000-7000-8000-000000000000"}, 404, "not_found"),
    ],
)
async def test_what_is_refused_moves_nothing(
    app: Any, client: Any, make: Any, earned: int, body: dict[str, Any], status: int, code: str
) -> None:
    """M4, M7: purchased and promotional credits are no earnings."""
    ana = await earner(make, earned=earned, purchased=10_000)
    for path in ("payouts/quote", "payouts"):
        refused = await client.as_(ana).post(f"/api/v1/{path}", json={"asset": "USD"} | body)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert await credits_of(app, ana) == {"earned": earned, "purchased": 10_000}
    assert await count(app, "select count(*) from payouts") == 0


async def test_coins_and_dollars_at_the_same_time_but_one_of_each(app: Any, client: Any, make: Any) -> None:
    """M7: one open payout for each asset."""
    ana = await earner(make, earned=1_250)
    await make.coins(ana, earned=400)
    me = client.as_(ana)
    first = (await me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": 600})).json()
    assert (await me.post("/api/v1/payouts", json={})).status_code == 201
    again = await me.post("/api/v1/payouts", json={"asset": "USD"})
    assert (again.status_code, again.json()["code"], again.json()["payout_id"]) == (409, "payout_open", first["id"])
    await later(app)
    listed = (await me.get("/api/v1/payouts")).json()["items"]
    assert [(p["asset"], p["state"]) for p in listed] == [("COIN", "paid"), ("USD", "paid")]
    assert await platform(app, "USD", "payout_world:sandbox") == 600 + 513
    assert [p["asset"] for p in (await me.get("/api/v1/payouts?asset=USD")).json()["items"]] == ["USD"]
    assert (await me.get("/api/v1/payouts?status=failed")).json()["items"] == []
    assert (await me.get("/api/v1/payouts?status=gone")).status_code == 422
    await assert_clean(app)


async def test_the_fee_is_shown_kept_and_in_the_books(app: Any, client: Any, make: Any) -> None:
    """The creator bears it: express costs 1 %."""
    ana = await earner(make, earned=1_250)
    me = client.as_(ana)
    place = await make.destination(ana, speed="express")
    quote = (await me.post("/api/v1/payouts/quote", json={"asset": "USD"})).json()
    assert (quote["amount"], quote["fee"], quote["arrives"], quote["arrives_currency"]) == (
        "12.50",
        "0.13",
        "12.37",
        "USD",
    )
    assert quote["arrives_by"] == business_days_after(utcnow().date(), 1).isoformat()
    assert (quote["destination_id"], quote["fee_on_platform"]) == (str(place.id), False)
    dearer = await me.post("/api/v1/payouts", json={"asset": "USD", "fee_minor": 12})
    assert (dearer.status_code, dearer.json()["code"], dearer.json()["fee_minor"]) == (409, "fee_changed", 13)
    assert await credits_of(app, ana) == {"earned": 1_250}
    payout = (await me.post("/api/v1/payouts", json={"asset": "USD", "fee_minor": 13})).json()
    assert (payout["net_payout"], payout["fee"], payout["arrives"]) == ("12.50", "0.13", "12.37")
    await later(app)
    paid = (await me.get(f"/api/v1/payouts/{payout['id']}")).json()
    assert await postings(app, paid["transfer_id"]) == {
        ("ana", "USD", "earned_reserved"): -1_250,
        ("", "USD", "payout_world:sandbox"): 1_237,
        ("", "USD", "payout_fees:sandbox"): 13,
    }
    assert await count(app, "select amount_minor from sandbox_transfers") == 1_250
    await assert_clean(app)


async def test_the_fee_of_coins(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", earned=400)
    await make.destination(ana, speed="express")
    payout = (await client.as_(ana).post("/api/v1/payouts", json={})).json()
    assert (payout["net_payout"], payout["fee"], payout["arrives"]) == ("5.13", "0.06", "5.07")
    await later(app)
    paid = (await client.as_(ana).get(f"/api/v1/payouts/{payout['id']}")).json()
    assert await postings(app, paid["transfer_id"]) == {
        ("ana", "COIN", "earned_reserved"): -40_000,
        ("", "COIN", "redeemed"): 40_000,
        ("", "USD", "coin_sales"): -513,
        ("", "USD", "payout_world:sandbox"): 507,
        ("", "USD", "payout_fees:sandbox"): 6,
    }
    await assert_clean(app)


async def test_the_platform_bears_the_fee_where_the_operator_says_so(app: Any, client: Any, make: Any) -> None:
    async with make.tx() as ctx:
        await settings.change_platform(ctx, payout_fee_on_platform=True)
    ana = await earner(make, earned=1_000)
    await make.destination(ana, speed="express")
    payout = (await client.as_(ana).post("/api/v1/payouts", json={"asset": "USD"})).json()
    assert (payout["net_payout"], payout["fee"], payout["fee_on_platform"]) == ("10.00", "0.10", True)
    assert payout["arrives"] == "9.99", "1 % of 10.10 is 0.11"
    await later(app)
    paid = (await client.as_(ana).get(f"/api/v1/payouts/{payout['id']}")).json()
    assert await postings(app, paid["transfer_id"]) == {
        ("ana", "USD", "earned_reserved"): -1_000,
        ("", "USD", "payout_world:sandbox"): 1_000,
    }
    assert await platform(app, "USD", "payout_costs") == -10
    assert await platform(app, "USD", "payout_fees:sandbox") == 10
    assert await count(app, "select amount_minor from sandbox_transfers") == 1_010
    await assert_clean(app)


async def test_another_currency_where_the_provider_converts(app: Any, client: Any, make: Any) -> None:
    """A currency without decimals: 10 dollars less 1 % are 1485 yen."""
    ana = await earner(make, earned=1_000)
    await make.destination(ana, currency="JPY", country="JP")
    payout = (await client.as_(ana).post("/api/v1/payouts", json={"asset": "USD"})).json()
    assert (payout["net_payout"], payout["fee"]) == ("10.00", "0.10")
    assert (payout["arrives_minor"], payout["arrives"], payout["arrives_currency"]) == (1_485, "1485", "JPY")
    await later(app)
    assert await platform(app, "USD", "payout_world:sandbox") == 990
    await assert_clean(app)


async def test_a_currency_the_provider_does_not_take(app: Any, client: Any, make: Any) -> None:
    ana = await earner(make)
    await make.credits(ana, "BHD", earned=5_000)
    refused = await client.as_(ana).post("/api/v1/payouts", json={"asset": "BHD"})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_destination")
    assert await credits_of(app, ana, "BHD") == {"earned": 5_000}


async def test_the_same_key_asks_once(app: Any, client: Any, make: Any) -> None:
    """M11, also where the platform's own memory of keys has forgotten: the payout keeps its key."""
    from stoa.money.payouts.actions import request_payout
    from stoa.money.payouts.errors import PayoutKeyReused

    ana = await earner(make, earned=1_250)
    async with make.tx(ana) as ctx:
        first = await request_payout(ctx, key="k", asset="USD", amount_minor=600)
    async with make.tx(ana) as ctx:
        assert (await request_payout(ctx, key="k", asset="USD", amount_minor=600)).id == first.id
        assert (await request_payout(ctx, key="k", asset="USD")).id == first.id
        for other in (
            {"asset": "USD", "amount_minor": 601},
            {"asset": "COIN"},
            {"asset": "USD", "destination": "sandbox_fail"},
        ):
            with pytest.raises(PayoutKeyReused):
                await request_payout(ctx, key="k", **other)
    assert await credits_of(app, ana) == {"earned": 650, "earned_reserved": 600}


# ---- what happens at once


async def test_a_double_click_on_withdraw_makes_one(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana = await earner(make, earned=1_250)
    me = client.as_(ana)
    keyed = [me.post("/api/v1/payouts", json={"asset": "USD"}, headers={"Idempotency-Key": "w"}) for _ in range(5)]
    answers = await gather(*keyed)
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.json()["id"] for answer in answers}) == 1
    keyless = await gather(*(me.post("/api/v1/payouts", json={"asset": "USD"}) for _ in range(3)))
    assert {answer.status_code for answer in keyless} == {409}
    assert await count(live, "select count(*) from payouts") == 1
    assert await credits_of(live, ana) == {"earned_reserved": 1_250}
    await assert_clean(live)


async def test_five_withdrawals_without_a_key_at_once_make_one(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana = await earner(make, earned=1_250)
    me = client.as_(ana)
    answers = await gather(*(me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": 500}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"payout_open"}
    assert await credits_of(live, ana) == {"earned": 750, "earned_reserved": 500}
    await assert_clean(live)


@pytest.mark.parametrize("_", range(3))
async def test_withdraw_and_spend_of_the_same_balance_at_once(
    live: Any, client: Any, make: Any, gather: Any, _: int
) -> None:
    """M9: 6.00 USD are there; a withdrawal of all and six tips want them. Whoever comes first has them, once."""
    ana, bob = await earner(make, earned=600), await earner(make, "bob")
    me = client.as_(ana)
    tips = [me.post("/api/v1/tips", json={"recipient_id": str(bob.id)}) for _ in range(6)]
    answers = await gather(*tips[:3], me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": 600}), *tips[3:])
    payout = answers.pop(3)
    tipped = sum(answer.status_code == 201 for answer in answers)
    assert {answer.status_code for answer in answers} <= {201, 409}
    if payout.status_code == 201:
        assert tipped == 0 and await credits_of(live, ana) == {"earned_reserved": 600}
    else:
        assert payout.json()["code"] in ("not_earned", "below_minimum")
        assert tipped == 6 and await credits_of(live, ana) == {}
    assert await credits_of(live, bob) == ({"earned": 97 * tipped} if tipped else {})
    await assert_clean(live)


@pytest.mark.parametrize("_", range(3))
async def test_approve_and_reject_at_once(live: Any, client: Any, make: Any, gather: Any, _: int) -> None:
    """One of two decisions counts, and the money goes one way."""
    ana = await earner(make, earned=600)
    one, two = await make.user("one", roles=("admin",)), await make.user("two", roles=("admin",))
    payout = (await client.as_(ana).post("/api/v1/payouts", json={"asset": "USD"})).json()
    path = f"/api/v1/payouts/{payout['id']}"
    await client.as_(one).post(f"{path}/review", json={"reason": "unusual"})
    answers = await gather(
        client.as_(one).post(f"{path}/approve"), client.as_(two).post(f"{path}/reject", json={"reason": "not real"})
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    approved = answers[0].status_code == 200
    await later(live)
    ended = (await client.as_(ana).get(path)).json()
    assert ended["state"] == ("paid" if approved else "cancelled")
    assert await credits_of(live, ana) == ({} if approved else {"earned": 600})
    assert await platform(live, "USD", "payout_world:sandbox") == (600 if approved else 0)
    await assert_clean(live)


async def test_a_suspension_holds_all_of_somebodys_payouts(app: Any, client: Any, make: Any) -> None:
    """F5, F7."""
    from stoa.foundation.identity import actions as identity

    ana, boss = await earner(make, earned=600), await make.user("boss", roles=("admin",))
    await make.coins(ana, earned=400)
    me = client.as_(ana)
    made = [(await me.post("/api/v1/payouts", json={"asset": asset})).json()["id"] for asset in ("USD", "COIN")]
    async with make.tx(boss) as ctx:
        await identity.suspend(ctx, ana.id, reason="Spam in comments")
    await later(app)
    states = "select count(*) from payouts where state = 'in_review'"
    assert await count(app, states) == len(made) == 2
    assert await credits_of(app, ana) == {"earned_reserved": 600}


# ---- sums and files


async def test_stats_by_asset(app: Any, client: Any, make: Any) -> None:
    ana = await earner(make, earned=2_000)
    await make.coins(ana, earned=400)
    me = client.as_(ana)
    empty = (await me.get("/api/v1/payouts/stats")).json()
    assert empty["items"] == []
    assert empty["payable"] == [
        {
            "asset": "COIN",
            "earned_minor": 40_000,
            "earned": "400.00",
            "reserved_minor": 0,
            "minimum_minor": 39_000,
            "net_payout_minor": 513,
            "net_payout": "5.13",
            "currency": "USD",
            "can_be_paid": True,
            "open_payout_id": None,
        },
        {
            "asset": "USD",
            "earned_minor": 2_000,
            "earned": "20.00",
            "reserved_minor": 0,
            "minimum_minor": 500,
            "net_payout_minor": 2_000,
            "net_payout": "20.00",
            "currency": "USD",
            "can_be_paid": True,
            "open_payout_id": None,
        },
    ]
    await make.destination(ana, speed="express")
    for amount in (1_000, 500):
        await me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": amount})
        await later(app)
    cancelled = (await me.post("/api/v1/payouts", json={})).json()
    await me.post(f"/api/v1/payouts/{cancelled['id']}/cancel")
    waiting = (await me.post("/api/v1/payouts", json={"asset": "USD"})).json()
    stats = (await me.get("/api/v1/payouts/stats")).json()
    coins, dollars = stats["items"]
    assert (coins["asset"], coins["requested"], coins["cancelled"], coins["net_minor"]) == ("COIN", 1, 1, 0)
    assert coins["days_to_arrive"] is None and coins["last_paid_at"] is None
    assert dollars.pop("last_paid_at")
    assert dollars == {
        "asset": "USD",
        "currency": "USD",
        "requested": 3,
        "open": 1,
        "paid": 2,
        "failed": 0,
        "cancelled": 0,
        "source_minor": 1_500,
        "net_minor": 1_500,
        "net": "15.00",
        "fees_minor": 15,
        "open_minor": 500,
        "days_to_arrive": 0.0,
    }
    held = stats["payable"][1]
    assert (held["earned_minor"], held["reserved_minor"], held["can_be_paid"]) == (0, 500, False)
    assert held["open_payout_id"] == waiting["id"]


async def test_the_export_has_every_payout(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    from stoa.money.payouts.queries import stats

    monkeypatch.setattr(stats, "EXPORTED_AT_ONCE", 2)
    ana, eve = await earner(make, earned=3_000), await earner(make, "eve", earned=600)
    me = client.as_(ana)
    await make.destination(ana, speed="express", label="=cmd|' /C calc'!A0")
    for _ in range(5):
        made = (await me.post("/api/v1/payouts", json={"asset": "USD", "amount_minor": 500})).json()
        await me.post(f"/api/v1/payouts/{made['id']}/cancel")
    await client.as_(eve).post("/api/v1/payouts", json={"asset": "USD"})
    answer = await me.get("/api/v1/payouts/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="payouts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 5
    first = rows[0]
    assert first["id"] == made["id"]
    assert {name: first[name] for name in list(first)[2:14]} == {
        "state": "cancelled",
        "asset": "USD",
        "amount": "5.00",
        "gross": "5.00",
        "platform_fee": "0.00",
        "net": "5.00",
        "currency": "USD",
        "provider_fee": "0.05",
        "fee_borne_by": "creator",
        "arrives": "4.95",
        "arrives_currency": "USD",
        "provider": "sandbox",
    }
    assert first["destination"].startswith("'=cmd"), "no formula in a spreadsheet"
    assert list(csv.DictReader(io.StringIO((await me.get("/api/v1/payouts/export?status=paid")).text))) == []
    assert await buckets(app, ana) == {}
