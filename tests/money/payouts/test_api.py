"""Payouts and earnings through the public door (M7, M9, M10)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.days import business_days_after
from stoa.kit.errors import Forbidden
from stoa.kit.queue import run_due
from stoa.money.payouts import actions
from stoa.money.payouts.gateways import sandbox
from tests.money.books import assert_clean, buckets, count, platform, postings


@pytest.fixture(autouse=True)
def arrives_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)


async def later(app: Any, seconds: float = 10) -> int:
    """Runs what is due by then."""
    return await run_due(app, now=utcnow() + timedelta(seconds=seconds), reraise=True)


async def ask(client: Any, **body: Any) -> Any:
    return await client.post("/api/v1/payouts", json=body)


async def seen(client: Any, payout: dict[str, Any]) -> dict[str, Any]:
    return dict((await client.get(f"/api/v1/payouts/{payout['id']}")).json())


async def test_a_payout_from_request_to_arrival(app: Any, client: Any, make: Any) -> None:
    """M7: 390 earned coins are 12.50 USD, of which 7.50 are the platform's and 5.00 the creator's."""
    ana = await make.member("ana", earned=390, purchased=7)
    me = client.as_(ana)
    answer = await ask(me)
    assert answer.status_code == 201, answer.text
    payout = answer.json()
    assert (payout["state"], payout["coins"], payout["can_cancel"]) == ("pending", "390.00", True)
    assert (payout["usd_amount"], payout["platform_fee"], payout["net_payout"]) == ("12.50", "7.50", "5.00")
    assert await buckets(app, ana) == {"earned_reserved": 39_000, "purchased": 700}
    assert await run_due(app, reraise=True) == 0, "there is a moment to think better of it"
    await later(app)
    paid = await seen(me, payout)
    assert paid["state"] == "paid" and paid["provider_reference"].startswith("tr_test_")
    assert [(e["from_state"], e["to_state"]) for e in paid["events"]] == [
        (None, "pending"),
        ("pending", "processing"),
        ("processing", "processing"),
        ("processing", "paid"),
    ]
    assert await postings(app, paid["transfer_id"]) == {
        ("ana", "COIN", "earned_reserved"): -39_000,
        ("", "COIN", "redeemed"): 39_000,
        ("", "USD", "coin_sales"): -500,
        ("", "USD", "payout_world:sandbox"): 500,
    }
    assert await buckets(app, ana) == {"purchased": 700}
    assert await count(app, "select count(*) from sandbox_transfers where amount_minor = 500") == 1
    history = (await me.get("/api/v1/wallet/history")).json()["items"]
    assert [(line["title"], line["coins"]) for line in history][:2] == [
        ("Your payout of 390.00 coins has arrived", "0.00"),
        ("390.00 coins set aside for a payout", "-390.00"),
    ]
    await assert_clean(app)


async def test_the_promise_is_in_business_days(client: Any, make: Any) -> None:
    """M10."""
    payout = (await ask(client.as_(await make.member("ana", earned=400)))).json()
    today = utcnow().date()
    assert date.fromisoformat(payout["promised_from"]) == business_days_after(today, 3)
    assert date.fromisoformat(payout["promised_by"]) == business_days_after(today, 5)


async def test_below_the_minimum(app: Any, client: Any, make: Any) -> None:
    """M7: earned coins only; promotional and purchased ones do not count (M4)."""
    ana = await make.member("ana", earned=389.99, purchased=5000, promotional=5000)
    refused = await ask(client.as_(ana))
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["earned_minor"], problem["minimum_minor"]) == ("below_minimum", 38_999, 39_000)
    assert await count(app, "select count(*) from payouts") == 0
    assert (await buckets(app, ana))["earned"] == 38_999


async def test_one_open_payout_per_creator(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    first = (await ask(me)).json()
    await make.coins(ana, earned=500)
    second = await ask(me)
    assert (second.status_code, second.json()["code"], second.json()["payout_id"]) == (409, "payout_open", first["id"])
    await later(app)
    third = await ask(me)
    assert (third.status_code, third.json()["coins"]) == (201, "500.00")


async def test_the_database_allows_one_open_payout_and_known_transitions(app: Any, client: Any, make: Any) -> None:
    import asyncpg

    ana = await make.member("ana", earned=400)
    payout = (await ask(client.as_(ana))).json()
    columns = """user_id, asset, source_minor, gross_minor, platform_fee_minor, net_payout_minor, currency, fee_minor,
      fee_on_platform, arrives_minor, arrives_currency, provider, destination, recipient, hold_id, requested_at,
      submit_at, promised_from, promised_by, updated_at"""
    copy = f"insert into payouts (id, key, {columns}) select gen_random_uuid(), 'other', {columns} from payouts"
    async with make.tx() as ctx:
        with pytest.raises(asyncpg.UniqueViolationError) as twice:
            async with ctx.db.transaction():
                await ctx.db.execute(copy)
        assert twice.value.constraint_name == "payouts_one_open"
        with pytest.raises(asyncpg.CheckViolationError) as jumped:
            async with ctx.db.transaction():
                await ctx.db.execute("update payouts set state = 'paid', ended_at = now() where id = $1", payout["id"])
        assert jumped.value.constraint_name == "payouts_transition_known"


async def test_the_same_key_asks_once(app: Any, client: Any, make: Any) -> None:
    """M11."""
    me = client.as_(await make.member("ana", earned=400))
    first = await me.post("/api/v1/payouts", json={}, headers={"Idempotency-Key": "p1"})
    again = await me.post("/api/v1/payouts", json={}, headers={"Idempotency-Key": "p1"})
    other = await me.post("/api/v1/payouts", json={"destination": "sandbox_fail"}, headers={"Idempotency-Key": "p1"})
    assert first.json() == again.json() and other.status_code == 409
    assert await count(app, "select count(*) from payouts") == 1


async def test_cancel_before_it_is_sent(app: Any, client: Any, make: Any) -> None:
    ana, eve = await make.member("ana", earned=400), await make.member("eve")
    me = client.as_(ana)
    payout = (await ask(me)).json()
    path = f"/api/v1/payouts/{payout['id']}"
    assert (await client.as_(eve).get(path)).status_code == 404
    assert (await client.as_(eve).post(f"{path}/cancel")).status_code == 404
    cancelled = await me.post(f"{path}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (await me.post(f"{path}/cancel")).json()["state"] == "cancelled"
    assert await buckets(app, ana) == {"earned": 40_000}
    await later(app)
    assert await count(app, "select count(*) from sandbox_transfers") == 0
    history = (await me.get("/api/v1/wallet/history?limit=1")).json()["items"]
    assert history[0]["title"] == "A payout did not take place: 400.00 coins are back"
    await assert_clean(app)


async def test_cancel_after_it_is_sent_is_refused(app: Any, client: Any, make: Any) -> None:
    me = client.as_(await make.member("ana", earned=400))
    payout = (await ask(me)).json()
    await later(app)
    refused = await me.post(f"/api/v1/payouts/{payout['id']}/cancel")
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "payout_state", "paid")


async def test_a_failed_payout_is_retried_three_times_then_released(app: Any, client: Any, make: Any) -> None:
    """M10."""
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    payout = (await ask(me, destination="sandbox_fail")).json()
    waits = []
    for attempt in (1, 2, 3):
        await later(app, 10 if attempt == 1 else waits[-1] + 1)
        now = await seen(me, payout)
        assert (now["state"], now["attempts"]) == ("processing", attempt)
        assert now["failure_reason"] == "The bank says that this account is closed"
        assert "tried again" in now["next_step"]
        async with make.tx() as ctx:
            waits.append(await ctx.db.fetchval("select extract(epoch from next_try_at - updated_at)::int from payouts"))
        assert await buckets(app, ana) == {"earned_reserved": 40_000}
    assert waits == [10, 60, 300], "with backoff"
    await later(app, 301)
    over = await seen(me, payout)
    assert (over["state"], over["attempts"], over["next_try_at"]) == ("failed", 4, None)
    assert over["next_step"].startswith("The bank says that this account is closed.")
    assert over["events"][-1]["cause"].endswith("that was the last one")
    assert await buckets(app, ana) == {"earned": 40_000}
    assert await count(app, "select count(*) from sandbox_transfers") == 4
    assert await count(app, "select count(*) from events where type = 'money.payouts.PayoutFailed'") == 1
    assert (await ask(me)).status_code == 201, "one can ask again"
    await assert_clean(app)


async def test_a_payout_that_fails_once_arrives_at_the_second_attempt(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", earned=400)
    payout = (await ask(client.as_(ana), destination="sandbox_fail_once")).json()
    await later(app)
    await later(app, 30)
    paid = await seen(client.as_(ana), payout)
    assert (paid["state"], paid["attempts"], paid["failure_reason"]) == ("paid", 2, None)
    assert await platform(app, "USD", "payout_world:sandbox") == 513
    await assert_clean(app)


async def test_an_unknown_destination(client: Any, make: Any) -> None:
    refused = await ask(client.as_(await make.member("ana", earned=400)), destination="my pocket")
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown_destination")


async def test_another_destination_needs_a_second_factor_shown_just_now(app: Any, client: Any, make: Any) -> None:
    """I4: whoever holds a session of somebody with a second factor does not lead their money elsewhere."""
    ana = await make.member("ana", earned=390)
    await make.phone(ana)
    me = client.as_(ana)
    refused = await ask(me, destination="sandbox_bank")
    assert (refused.status_code, refused.json()["code"]) == (403, "step_up_required")
    assert await count(app, "select count(*) from payouts") == 0
    assert await buckets(app, ana) == {"earned": 39_000}
    await make.recent(ana)
    first = await ask(me, destination="sandbox_bank")
    assert first.status_code == 201
    await me.post(f"/api/v1/payouts/{first.json()['id']}/cancel")
    async with make.tx() as ctx:
        await ctx.db.execute("update sessions set second_factor_at = null")
    assert (await ask(me, destination="sandbox_fail")).status_code == 403
    assert await count(app, "select count(*) from payouts") == 1
    assert (await ask(me, destination="sandbox_bank")).status_code == 201, "it goes where the last one went"


async def test_review_holds_with_reason_and_date(app: Any, client: Any, make: Any) -> None:
    """F7, M10."""
    ana, boss = await make.member("ana", earned=400), await make.user("boss", roles=("admin",))
    staff, me = client.as_(boss), client.as_(ana)
    payout = (await ask(me)).json()
    path = f"/api/v1/payouts/{payout['id']}"
    assert (await me.post(f"{path}/review", json={"reason": "unusual"})).status_code == 403
    assert (await me.get("/api/v1/payout-queue")).status_code == 403
    moderator = client.as_(await make.user("mina", roles=("moderator",)))
    assert (await moderator.get("/api/v1/payout-queue")).status_code == 403
    for decision in ("review", "approve", "reject"):
        assert (await moderator.post(f"{path}/{decision}", json={"reason": "unusual"})).status_code == 403
    held = await staff.post(f"{path}/review", json={"reason": "many gifts from new accounts"})
    assert (held.status_code, held.json()["state"]) == (200, "in_review")
    assert held.json()["review_until"] and "many gifts from new accounts" in held.json()["next_step"]
    await later(app)
    assert (await seen(me, payout))["state"] == "in_review"
    queue = (await staff.get("/api/v1/payout-queue")).json()["items"]
    assert [p["id"] for p in queue] == [payout["id"]]
    assert (await staff.post(f"{path}/approve")).json()["state"] == "pending"
    assert (await staff.post(f"{path}/approve")).status_code == 409
    await later(app)
    assert (await seen(me, payout))["state"] == "paid"


async def test_nobody_decides_about_their_own_payout(app: Any, client: Any, make: Any) -> None:
    boss, other = await make.user("boss", roles=("admin",)), await make.user("other", roles=("admin",))
    await make.coins(boss, earned=400)
    me = client.as_(boss)
    payout = (await ask(me)).json()
    path = f"/api/v1/payouts/{payout['id']}"
    assert (await me.post(f"{path}/review", json={"reason": "mine"})).status_code == 403
    await client.as_(other).post(f"{path}/review", json={"reason": "unusual"})
    for decision in ("approve", "reject"):
        refused = await me.post(f"{path}/{decision}", json={"reason": "mine"})
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await client.as_(other).post(f"{path}/approve")).json()["state"] == "pending"


async def test_a_moderator_decides_about_no_payout_in_the_action_either(ctx: Any, client: Any, make: Any) -> None:
    ana, mina = await make.member("ana", earned=400), await make.user("mina", roles=("moderator",))
    payout = (await ask(client.as_(ana))).json()
    ctx.actor = mina.actor
    for decision in (actions.hold_for_review, actions.reject):
        with pytest.raises(Forbidden):
            await decision(ctx, UUID(payout["id"]), reason="unusual")
    with pytest.raises(Forbidden):
        await actions.approve(ctx, UUID(payout["id"]))


async def test_a_rejected_review_gives_the_coins_back(app: Any, client: Any, make: Any) -> None:
    ana, boss = await make.member("ana", earned=400), await make.user("boss", roles=("admin",))
    payout = (await ask(client.as_(ana))).json()
    path = f"/api/v1/payouts/{payout['id']}"
    await client.as_(boss).post(f"{path}/review", json={"reason": "unusual"})
    rejected = await client.as_(boss).post(f"{path}/reject", json={"reason": "the gifts were not real"})
    assert rejected.json()["state"] == "cancelled"
    assert "the gifts were not real" in (await seen(client.as_(ana), payout))["next_step"]
    assert await buckets(app, ana) == {"earned": 40_000}


@pytest.mark.parametrize("moment", ["before the provider is asked", "after it answered"])
async def test_a_crash_between_sent_and_recorded_makes_one_transfer(
    app: Any, client: Any, make: Any, monkeypatch: Any, moment: str
) -> None:
    """M10: the worker dies around the call; whoever takes the job up finds the transfer under the same key."""
    ana = await make.member("ana", earned=400)
    payout = (await ask(client.as_(ana))).json()
    submit = sandbox.Sandbox.submit
    calls = 0

    async def dying(self: Any, ctx: Any, request: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1 and moment == "before the provider is asked":
            raise ConnectionError("the worker is gone")
        answer = await submit(self, ctx, request)
        if calls == 1:
            raise ConnectionError("the worker is gone")
        return answer

    monkeypatch.setattr(sandbox.Sandbox, "submit", dying)
    await run_due(app, now=utcnow() + timedelta(seconds=10))
    await run_due(app, now=utcnow() + timedelta(seconds=100))
    assert (await seen(client.as_(ana), payout))["state"] == "paid"
    assert calls == 2
    assert await count(app, "select count(*) from sandbox_transfers") == 1
    assert await platform(app, "USD", "payout_world:sandbox") == 513
    await assert_clean(app)


async def test_a_payout_whose_job_died_is_remembered(app: Any, client: Any, make: Any) -> None:
    from stoa.money.payouts.actions.sending import remind

    ana = await make.member("ana", earned=400)
    payout = (await ask(client.as_(ana))).json()
    async with make.tx() as ctx:
        await ctx.db.execute("delete from jobs where type like 'money.payouts%'")
        assert await remind(ctx) == 0
        await ctx.db.execute(
            """update payouts set updated_at = updated_at - interval '3 hours',
                 submit_at = submit_at - interval '3 hours'"""
        )
        assert await remind(ctx) == 1
    await later(app)
    assert (await seen(client.as_(ana), payout))["state"] == "paid"


async def test_it_is_followed_until_it_arrives(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(sandbox, "ARRIVAL_S", 3600)
    ana = await make.member("ana", earned=400)
    payout = (await ask(client.as_(ana))).json()
    async with make.tx() as ctx:
        await ctx.db.execute(
            "update jobs set run_at = now(), scheduled_at = now(), state = 'waiting' where type like '%SubmitPayout'"
        )
    await run_due(app, reraise=True)
    sent = await seen(client.as_(ana), payout)
    assert (sent["state"], sent["can_cancel"]) == ("processing", False)
    earnings = (await client.as_(ana).get("/api/v1/earnings")).json()
    assert (earnings["timeline"]["sent_minor"], earnings["timeline"]["reserved_minor"]) == (40_000, 0)
    async with make.tx() as ctx:
        await ctx.db.execute("update sandbox_transfers set arrives_at = now()")
        await ctx.db.execute("update jobs set run_at = now(), state = 'waiting' where type like '%FollowPayout'")
    await run_due(app, reraise=True)
    assert (await seen(client.as_(ana), payout))["state"] == "paid"


async def test_earnings_show_where_the_money_is(app: Any, client: Any, make: Any) -> None:
    from stoa.kit.ids import new_id

    ana, bob = await make.member("ana"), await make.member("bob", purchased=5000, promotional=10)
    for amount in (10, 1000, 990):
        await client.as_(bob).post("/api/v1/gifts", json={"recipient_id": str(ana.id), "amount": amount})
    async with make.tx() as ctx:
        first, second = [r["id"] for r in await ctx.db.fetch("select id from gifts order by id limit 2")]
        await ctx.db.execute(
            """update gifts set created_at = created_at - interval '1 day', undo_until = undo_until - interval '1 day'
               where id in ($1, $2)""",
            first,
            second,
        )
        work = new_id()
        await ctx.db.execute(
            "update gifts set work_id = $1, work_title = 'On Columns', work_path = '/p/x' where id = $2", work, second
        )
    me = client.as_(ana)
    shown = (await me.get("/api/v1/earnings?days=7")).json()
    timeline = shown["timeline"]
    assert timeline.pop("pending_until")
    assert timeline == {
        "pending_minor": 39_600,
        "available_minor": 40_000,
        "payable_minor": 79_600,
        "reserved_minor": 0,
        "sent_minor": 0,
        "arrived_minor": 0,
    }
    assert (shown["earned_total"], shown["gifts_total"]) == ("796.00", 3)
    # 79,600 hundredths ÷ 78 = 1020.51 cents; ÷ 40 % = 2551.28.
    assert shown["payable"] == {"usd_amount_minor": 2551, "platform_fee_minor": 1530, "net_payout_minor": 1021}
    assert len(shown["days"]) == 7
    assert [(d["earned_minor"], d["gifts"]) for d in shown["days"][-2:]] == [(40_000, 2), (39_600, 1)]
    assert shown["top_works"] == [
        {
            "work_id": str(work),
            "title": "On Columns",
            "path": "/p/x",
            "earned_minor": 40_000,
            "gifts": 1,
            "coins_given": 1000,
        }
    ]
    await ask(me)
    shown = (await me.get("/api/v1/earnings")).json()
    assert (shown["timeline"]["reserved_minor"], shown["timeline"]["payable_minor"]) == (79_600, 0)
    assert shown["payable"] is None and shown["open_payout"]["state"] == "pending"
    await later(app)
    shown = (await me.get("/api/v1/earnings")).json()
    assert (shown["timeline"]["arrived_minor"], shown["paid_net_minor"], shown["open_payout"]) == (79_600, 1021, None)
    listed = (await me.get("/api/v1/payouts")).json()["items"]
    assert [(p["state"], p["net_payout"]) for p in listed] == [("paid", "10.21")]
    assert (await me.get("/api/v1/earnings?days=0")).status_code == 422


async def test_signed_in_only(client: Any) -> None:
    for method, path in (("GET", "earnings"), ("GET", "payouts"), ("POST", "payouts"), ("GET", "payout-queue")):
        assert (await client.request(method, f"/api/v1/{path}")).status_code == 401
