"""What happens when two things happen at once, on real connections (M9, M11)."""

import asyncio
from typing import Any

import pytest

from stoa.money.ledger import actions as ledger
from stoa.money.ledger.queries import balances
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.wallet.actions.debts import collect, owe, receivable
from stoa.money.wallet.queries import wallet as wallet_of
from tests.money.books import assert_clean, buckets, count, platform


def statuses(answers: list[Any]) -> list[int]:
    for answer in answers:
        assert not isinstance(answer, BaseException), answer
    return sorted(answer.status_code for answer in answers)


async def test_a_double_click_on_gift_makes_one(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana, bob = await make.member("ana", purchased=100), await make.member("bob")
    me = client.as_(ana)
    body = {"recipient_id": str(bob.id), "amount": 10}
    answers = await gather(*(me.post("/api/v1/gifts", json=body, headers={"Idempotency-Key": "g"}) for _ in range(6)))
    assert statuses(answers) == [201] * 6
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await buckets(live, ana) == {"purchased": 9_000}
    await assert_clean(live)


async def test_gifts_at_once_pay_off_a_debt_together(live: Any, client: Any, make: Any, gather: Any) -> None:
    """M13: 100 coins are owed; of each of four gifts 40 arrive, and what is owed by then is taken from them."""
    bob = await make.member("bob")
    givers = [await make.member(purchased=500) for _ in range(4)]
    async with make.tx() as ctx:
        await owe(ctx, bob.id, "COIN", 100_00)
        legs = [Leg(receivable("COIN"), -100_00), Leg(AccountRef(None, "COIN", "issued"), 100_00)]
        await ledger.post(ctx, kind="test", legs=legs, key="debt", cause="What bob owes")
    body = {"recipient_id": str(bob.id), "amount": 100}
    answers = await gather(*(client.as_(giver).post("/api/v1/gifts", json=body) for giver in givers))
    assert [a.status_code for a in answers] == [201] * 4
    async with make.tx() as ctx:
        held = await wallet_of(ctx, bob.id)
        repaid = await ctx.db.fetch("select repaid_minor from gifts order by repaid_minor")
    assert [row["repaid_minor"] for row in repaid] == [0, 20_00, 40_00, 40_00]
    assert (held.debt_minor, held.earned_minor) == (0, 60_00)
    await assert_clean(live)


@pytest.mark.parametrize("asset", ["COIN", "USD"])
async def test_what_comes_back_pays_off_a_debt(live: Any, make: Any, asset: str) -> None:
    """M13: of 3.00 that are earned, the 1.00 that is owed; a second time there is nothing left to pay."""
    bob = await make.member("bob")
    async with make.tx() as ctx:
        await owe(ctx, bob.id, asset, 100)
        legs = [(receivable(asset), -100), (AccountRef(bob.id, asset, "earned"), 300)]
        legs.append((AccountRef(None, asset, "issued" if asset == "COIN" else "world:sandbox"), -200))
        posted = [Leg(account, minor) for account, minor in legs]
        await ledger.post(ctx, kind="test", legs=posted, key="debt", cause="What bob has and owes")
        assert await collect(ctx, bob.id, asset, key="back", cause="A test") == 100
        assert await collect(ctx, bob.id, asset, key="again", cause="A test") == 0
        held = {(b.asset, b.purpose): b.balance_minor for b in await balances(ctx, bob.id)}
    assert held[asset, "earned"] == 200
    await assert_clean(live)


async def test_the_action_itself_keeps_its_key(live: Any, make: Any, gather: Any) -> None:
    """M11 holds for pages and jobs too, which do not come through the API's Idempotency-Key."""
    from stoa.money.wallet.actions import gift

    ana, bob = await make.member("ana", purchased=100), await make.member("bob")

    async def give() -> Any:
        async with make.tx(ana) as ctx:
            return await gift(ctx, recipient_id=bob.id, amount_coins=10, key="same")

    found = await gather(*(give() for _ in range(6)))
    assert len({g.id for g in found}) == 1
    assert await buckets(live, bob) == {"earned": 400}


async def test_opposite_gifts_at_once_end_without_deadlock(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana, bob = await make.member("ana", purchased=500), await make.member("bob", purchased=500)

    async def rally(sender: Any, recipient: Any) -> list[Any]:
        me = client.as_(sender)
        body = {"recipient_id": str(recipient.id), "amount": 10}
        return [await me.post("/api/v1/gifts", json=body) for _ in range(15)]

    rounds = await gather(*(rally(*pair) for pair in ((ana, bob), (bob, ana)) for _ in range(3)))
    assert statuses([answer for answers in rounds for answer in answers]) == [201] * 90
    assert await count(live, "select count(*) from gifts") == 90
    assert await buckets(live, ana) == await buckets(live, bob) == {"purchased": 5_000, "earned": 18_000}
    assert await platform(live, "COIN", "fees") == 54_000
    await assert_clean(live)


async def test_more_gifts_than_coins_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    """M9: never below zero; exactly as many succeed as there are coins."""
    ana = await make.member("ana", promotional=3, purchased=25, earned=4)
    others = [await make.member() for _ in range(3)]
    me = client.as_(ana)
    answers = await gather(
        *(me.post("/api/v1/gifts", json={"recipient_id": str(others[i % 3].id), "amount": 4}) for i in range(12))
    )
    assert statuses(answers) == [201] * 8 + [409] * 4
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"insufficient_funds"}
    assert await buckets(live, ana) == {}
    await assert_clean(live)


async def test_undo_twice_at_once_reverses_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana, bob = await make.member("ana", purchased=100), await make.member("bob")
    me = client.as_(ana)
    gift = (await me.post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 10})).json()
    answers = await gather(*(me.post(f"/api/v1/gifts/{gift['id']}/undo") for _ in range(5)))
    assert statuses(answers) == [200] * 5
    assert await buckets(live, ana) == {"purchased": 10_000}
    assert await count(live, "select count(*) from ledger_transfers where kind = 'reversal'") == 1
    assert await count(live, "select count(*) from events where type = 'money.wallet.GiftUndone'") == 1
    await assert_clean(live)


async def test_undo_and_spending_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana, bob, eve = await make.member("ana", purchased=10), await make.member("bob"), await make.member("eve")
    gift = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 10})).json()
    undo, spend = await gather(
        client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo"),
        client.as_(bob).post("/api/v1/gifts", json={"recipient_id": str(eve.id), "amount": 4}),
    )
    assert statuses([undo, spend]) in ([200, 409], [201, 409]), "exactly one of them"
    await assert_clean(live)


async def test_eleven_purchases_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana = await make.member("ana")
    me = client.as_(ana)
    body = {"package_id": 1, "payment_method_id": "pm_card_visa"}
    answers = await gather(*(me.post("/api/v1/wallet/purchases", json=body) for _ in range(11)))
    assert statuses(answers) == [201] * 11
    assert await buckets(live, ana) == {"purchased": 110_000}
    assert await platform(live, "USD", "coin_sales") == 11 * 499
    await assert_clean(live)


@pytest.mark.parametrize("keyed", [True, False])
async def test_a_double_click_on_pay(live: Any, client: Any, make: Any, gather: Any, keyed: bool) -> None:
    """On one order: paid once, with and without a key."""
    ana = await make.member("ana")
    me = client.as_(ana)
    checkout = await me.post("/api/v1/wallet/checkout", json={"package_id": 1})
    path = f"/api/v1/orders/{checkout.json()['order_id']}/confirm"
    headers = {"Idempotency-Key": "pay"} if keyed else {}
    answers = await gather(
        *(me.post(path, json={"payment_method_id": "pm_card_visa"}, headers=headers) for _ in range(5))
    )
    assert statuses(answers) == [200] * 5
    assert {answer.json()["state"] for answer in answers} == {"paid"}
    assert await count(live, "select count(*) from sandbox_payments where status = 'succeeded'") == 1
    assert await buckets(live, ana) == {"purchased": 10_000}
    await assert_clean(live)


async def test_a_double_click_on_withdraw(live: Any, client: Any, make: Any, gather: Any) -> None:
    """M7: one open payout, whoever asks how often."""
    ana = await make.member("ana", earned=900)
    me = client.as_(ana)
    keyed = await gather(*(me.post("/api/v1/payouts", json={}, headers={"Idempotency-Key": "w"}) for _ in range(4)))
    assert statuses(keyed) == [201] * 4 and len({a.json()["id"] for a in keyed}) == 1
    bob = await make.member("bob", earned=900)
    other = client.as_(bob)
    free = await gather(*(other.post("/api/v1/payouts", json={}) for _ in range(4)))
    assert statuses(free) == [201, 409, 409, 409]
    assert {a.json()["code"] for a in free if a.status_code == 409} == {"payout_open"}
    assert await buckets(live, bob) == {"earned_reserved": 90_000}
    await assert_clean(live)


async def test_withdraw_and_spend_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    ana, bob = await make.member("ana", earned=400), await make.member("bob")
    me = client.as_(ana)
    payout, gift = await gather(
        me.post("/api/v1/payouts", json={}),
        me.post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 400}),
    )
    assert statuses([payout, gift]) == [201, 409], "the same coins go one way only"
    held = await buckets(live, ana)
    assert held in ({"earned_reserved": 40_000}, {})
    await assert_clean(live)


async def test_cancel_and_send_at_once(live: Any, client: Any, make: Any, gather: Any, monkeypatch: Any) -> None:
    from dataclasses import replace

    from stoa.kit.clock import utcnow
    from stoa.kit.ctx import Ctx
    from stoa.money.payouts.actions.sending import submit
    from stoa.money.payouts.gateways import sandbox

    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()

    async def send() -> None:
        async with live.database.connection() as db:
            ctx = Ctx(db, None, utcnow(), "test", live)
            await submit(replace(ctx), payout["id"], 1)

    cancelled, *sent = await gather(me.post(f"/api/v1/payouts/{payout['id']}/cancel"), send(), send())
    assert all(not isinstance(s, BaseException) for s in sent), sent
    state = (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"]
    assert (cancelled.status_code, state) in ((200, "cancelled"), (409, "paid"))
    assert await count(live, "select count(*) from sandbox_transfers") == (1 if state == "paid" else 0)
    assert await buckets(live, ana) == ({} if state == "paid" else {"earned": 40_000})
    await assert_clean(live)


async def test_the_same_webhook_twice_at_once(live: Any, client: Any, make: Any, gather: Any, jobs: Any) -> None:
    from tests.money.payments.test_webhooks import send, told

    ana = await make.member("ana")
    order = (await client.as_(ana).post("/api/v1/wallet/checkout", json={"package_id": 1})).json()
    answers = await gather(*(send(client, told(order), event_id="evt_1") for _ in range(6)))
    assert statuses(answers) == [200] * 6
    assert await count(live, "select deliveries from webhook_events") == 6
    await gather(jobs(), jobs(), jobs())
    assert await buckets(live, ana) == {"purchased": 10_000}
    await assert_clean(live)


async def test_two_events_of_one_order_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    from stoa.money.payments.actions.webhooks import apply
    from tests.money.payments.test_webhooks import send, told

    ana = await make.member("ana")
    order = (await client.as_(ana).post("/api/v1/wallet/checkout", json={"package_id": 1})).json()
    ids = [
        (await send(client, told(order, refunded_minor=refunded))).json()["id"] for refunded in (0, 100, 499, 0, 250)
    ]

    async def applied(event_id: str) -> None:
        async with make.tx() as ctx:
            await apply(ctx, event_id)  # type: ignore[arg-type]

    results = await gather(*(applied(i) for i in ids for _ in range(2)))
    assert [r for r in results if r is not None] == []
    assert await buckets(live, ana) == {}
    assert await count(live, "select refunded_minor from orders") == 499
    assert await platform(live, "USD", "world:sandbox") == 0
    await assert_clean(live)


async def test_a_storm(live: Any, client: Any, make: Any, gather: Any) -> None:
    """Everything at once: the books stay balanced and nobody falls below zero."""
    people = [await make.member(purchased=60, earned=400, promotional=5) for _ in range(4)]

    async def busy(index: int) -> list[int]:
        me, found = client.as_(people[index]), []
        for step in range(8):
            other = people[(index + 1 + step % 3) % 4]
            given = await me.post("/api/v1/gifts", json={"recipient_id": str(other.id), "amount": 7 + step})
            found.append(given.status_code)
            if step % 3 == 0 and given.status_code == 201:
                found.append((await me.post(f"/api/v1/gifts/{given.json()['id']}/undo")).status_code)
            if step == 4:
                found.append((await me.post("/api/v1/payouts", json={})).status_code)
            if step == 5:
                body = {"package_id": 1, "payment_method_id": "pm_card_visa"}
                found.append((await me.post("/api/v1/wallet/purchases", json=body)).status_code)
            await asyncio.sleep(0)
        return found

    rounds = await gather(*(busy(i) for i in range(4)))
    for found in rounds:
        assert not isinstance(found, BaseException), found
        assert set(found) <= {200, 201, 409}
    await assert_clean(live)
