"""Refunds of whatever was paid, through the public door (M13)."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.queue import run_due
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payouts.queries import earnings
from tests.money.books import assert_clean, buckets, count, platform, postings
from tests.money.payments.test_orders import buy
from tests.money.payments.test_webhooks import send, state_of, told
from tests.money.wallet.test_card_tips import earned, owed, tipped
from tests.money.wallet.test_credits import no_promotional


async def paid(client: Any, payment_id: str, **body: Any) -> Any:
    return await client.post(f"/api/v1/payments/{payment_id}/refund", json={"reason": "a mistake", **body})


async def status(client: Any, payment_id: str) -> Any:
    answer = await client.get(f"/api/v1/payments/{payment_id}/refund-status")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def gave(client: Any, recipient: Any, amount: int) -> Any:
    answer = await client.post("/api/v1/gifts", json={"recipient_id": str(recipient.id), "amount": amount})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_payer_asks_and_an_administrator_agrees(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """From the wish to the money, each state told; the coins are taken back in the moment the money goes."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    before = await status(client.as_(ana), order["id"])
    assert (before["status"], before["refundable_minor"], before["can_request"]) == ("paid", 499, True)
    asked = await paid(client.as_(ana), order["id"])
    assert (asked.status_code, asked.json()["status"], asked.json()["origin"]) == (201, "requested", "payer")
    assert asked.json()["amount"] == "4.99"
    again = await paid(client.as_(ana), order["id"], reason="and again")
    assert (again.status_code, again.json()["code"]) == (409, "refund_requested")
    assert await buckets(app, ana) == {"purchased": 10_000}
    (row,) = (await client.as_(boss).get("/api/v1/refunds?status=requested")).json()["items"]
    assert (row["payer"], row["payee"], row["reason"]) == ("ana", None, "a mistake")
    path = f"/api/v1/refunds/{row['id']}"
    assert (await client.as_(ana).post(f"{path}/approve")).status_code == 403
    agreed = await client.as_(boss).post(f"{path}/approve")
    assert (agreed.status_code, agreed.json()["status"]) == (200, "approved"), agreed.text
    late = await client.as_(boss).post(f"{path}/refuse", json={"note": "on second thoughts"})
    assert (late.status_code, late.json()["state"]) == (409, "approved")
    await jobs()
    done = await status(client.as_(ana), order["id"])
    assert (done["status"], done["refunded_minor"], done["refundable_minor"], done["can_request"]) == (
        "refunded",
        499,
        0,
        False,
    )
    (refund,) = done["refunds"]
    assert (refund["status"], refund["gateway"], refund["reference"][:8]) == ("done", "sandbox", "re_test_")
    assert await buckets(app, ana) == {}
    assert await count(app, "select count(*) from mail_messages where subject like '%went back to you'") == 1
    actions = "select count(*) from audit_events where action = 'refunds.approved' and actor_id = $1"
    assert await count(app, actions, boss.id) == 1
    await assert_clean(app)


async def test_a_request_that_is_refused_says_why(app: Any, client: Any, make: Any, jobs: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    asked = (await paid(client.as_(ana), order["id"], amount_minor=100)).json()
    path = f"/api/v1/refunds/{asked['id']}/refuse"
    assert (await client.as_(boss).post(path, json={"note": " no "})).status_code == 422
    refused = await client.as_(boss).post(path, json={"note": "The coins were used to vote"})
    assert (refused.json()["status"], refused.json()["note"]) == ("refused", "The coins were used to vote")
    await jobs()
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await state_of(client, ana, order) == "paid"
    assert (await paid(client.as_(ana), order["id"])).status_code == 201, "one may ask again"
    await assert_clean(app)


async def test_asking_has_its_time(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    async with make.tx() as ctx:
        await ctx.db.execute("update orders set fulfilled_at = fulfilled_at - interval '15 days'")
    late = await paid(client.as_(ana), order["id"])
    assert (late.status_code, late.json()["code"]) == (409, "refund_too_late")
    assert (await status(client.as_(ana), order["id"]))["can_request"] is False
    assert await count(app, "select count(*) from refunds") == 0


@pytest.mark.parametrize(
    "body",
    [
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": 1.5},
        {"amount_minor": "all"},
        {"amount_minor": 10**30},
        {"reason": ""},
        {"reason": "x" * 501},
        {"reason": None},
    ],
)
async def test_what_is_wrong_is_named(app: Any, client: Any, make: Any, body: dict[str, Any]) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    answer = await paid(client.as_(ana), order["id"], **body)
    assert answer.status_code == 422 and answer.json()["fields"].keys() == body.keys()
    assert await count(app, "select count(*) from refunds") == 0


async def test_strangers_see_nothing(app: Any, client: Any, make: Any) -> None:
    ana, bob, eve = await make.member("ana", purchased=50), await make.member("bob"), await make.member("eve")
    mina = await make.user("mina", roles=("moderator",))
    gift = await gave(client.as_(ana), bob, 10)
    asked = (await paid(client.as_(ana), gift["id"])).json()
    for path in (f"/api/v1/payments/{gift['id']}/refund-status", f"/api/v1/refunds/{asked['id']}"):
        assert (await client.as_(eve).get(path)).status_code == 404
        assert (await client.get(path)).status_code == 401
        assert (await client.as_(bob).get(path)).status_code == 200
    assert (await paid(client.as_(eve), gift["id"])).status_code == 404
    assert (await paid(client.as_(mina), gift["id"])).status_code == 403
    assert (await client.as_(eve).post(f"/api/v1/refunds/{asked['id']}/approve")).status_code == 404
    assert await buckets(app, ana) == {"purchased": 4_000}


async def test_a_gift_goes_back_bucket_by_bucket(app: Any, client: Any, make: Any) -> None:
    """M4, M13: promotional as promotional; each share gives its part, in two parts that sum exactly."""
    ana, bob = await make.member("ana", promotional=3, purchased=5, earned=2), await make.member("bob")
    boss = await make.user("boss", roles=("admin",))
    gift = await gave(client.as_(ana), bob, 10)
    assert await buckets(app, bob) == {"promotional": 120, "earned": 280}
    part = await paid(client.as_(boss), gift["id"], amount_minor=333)
    assert (part.status_code, part.json()["status"]) == (201, "done"), part.text
    assert await buckets(app, ana) == {"promotional": 100, "purchased": 166, "earned": 67}
    assert await buckets(app, bob) == {"promotional": 80, "earned": 187}
    seen = (await client.as_(bob).get(f"/api/v1/payments/{gift['id']}")).json()
    assert (seen["status"], seen["refunded_minor"], seen["kept_minor"]) == ("partially_refunded", 333, 267)
    async with make.tx(bob) as ctx:
        seen = await earnings(ctx, bob.id)
    assert (seen.earned_total_minor, sum(day.earned_minor for day in seen.days)) == (187, 187)
    await assert_clean(app)
    rest = await paid(client.as_(boss), gift["id"])
    assert (rest.json()["status"], rest.json()["amount_minor"]) == ("done", 667)
    assert await buckets(app, ana) == {"promotional": 300, "purchased": 500, "earned": 200}
    assert await buckets(app, bob) == {}
    for purpose in ("fees", "promotional_fees", "receivable"):
        assert await platform(app, "COIN", purpose) == 0
    assert (await paid(client.as_(boss), gift["id"])).json()["code"] == "not_refundable"
    await assert_clean(app)


async def test_a_tip_goes_back_from_every_share(app: Any, client: Any, make: Any) -> None:
    """M8, M13: 2.91, 0.06 and 0.03 come back from creator, platform and charity; the receipts say so."""
    ana, bob, boss = await make.user("ana"), await make.user("bob"), await make.user("boss", roles=("admin",))
    await no_promotional(make, ana)
    credits = {"amount_minor": 500, "payment_method_id": "pm_card_visa"}
    assert (await client.as_(ana).post("/api/v1/wallet/credits", json=credits)).status_code == 201
    tip = (await client.as_(ana).post("/api/v1/tips", json={"recipient_id": str(bob.id), "superlike": True})).json()
    done = (await paid(client.as_(boss), tip["id"])).json()
    assert done["status"] == "done"
    async with app.database.connection() as db:
        transfer_id = await db.fetchval("select transfer_id from refunds where id = $1", done["id"])
    assert await postings(app, transfer_id) == {
        ("ana", "USD", "purchased"): 300,
        ("bob", "USD", "earned"): -291,
        ("", "USD", "fees"): -6,
        ("", "USD", "charity"): -3,
    }
    seen = (await client.as_(ana).get(f"/api/v1/my/payments/{tip['id']}")).json()
    assert (seen["status"], seen["refunded_minor"]) == ("refunded", 300)
    await assert_clean(app)


async def test_a_refund_after_the_payout_is_owed(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    """M13: the coins were paid out; the creator's account carries the debt, and later earnings pay it first."""
    from stoa.money.payouts.gateways import sandbox

    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)
    ana, bob = await make.member("ana", purchased=2_000), await make.member("bob")
    boss = await make.user("boss", roles=("admin",))
    gift = await gave(client.as_(ana), bob, 1_000)
    assert await buckets(app, bob) == {"earned": 40_000}
    assert (await client.as_(bob).post("/api/v1/payouts", json={})).status_code == 201
    await run_due(app, now=utcnow() + timedelta(seconds=10), reraise=True)
    assert await buckets(app, bob) == {}
    assert (await paid(client.as_(boss), gift["id"])).json()["status"] == "done"
    assert await buckets(app, ana) == {"purchased": 200_000}
    wallet = (await client.as_(bob).get("/api/v1/wallet")).json()
    assert wallet["debt_minor"] == 40_000
    assert await platform(app, "COIN", "receivable") == -40_000
    await assert_clean(app)
    await gave(client.as_(ana), bob, 1_200)
    assert await buckets(app, bob) == {"earned": 8_000}
    assert (await client.as_(bob).get("/api/v1/wallet")).json()["debt_minor"] == 0
    assert await platform(app, "COIN", "receivable") == 0
    await assert_clean(app)


async def test_spent_promotional_value_is_nobodys_debt(app: Any, client: Any, make: Any) -> None:
    """M4: it is no money, so the platform makes up for it."""
    ana, bob, cat = await make.member("ana", promotional=10), await make.member("bob"), await make.member("cat")
    boss = await make.user("boss", roles=("admin",))
    gift = await gave(client.as_(ana), bob, 10)
    await gave(client.as_(bob), cat, 3)
    assert (await paid(client.as_(boss), gift["id"])).json()["status"] == "done"
    assert (await buckets(app, ana), await buckets(app, bob)) == ({"promotional": 1_000}, {})
    assert (await client.as_(bob).get("/api/v1/wallet")).json()["debt_minor"] == 0
    assert await platform(app, "COIN", "receivable") == 0
    await assert_clean(app)


async def test_who_received_it_gives_back_what_is_there(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """The receiver of a card tip gives it back; what they have spent, an administrator decides about."""
    ana, bob, cat = await make.user("ana"), await make.user("bob"), await make.user("cat")
    boss = await make.user("boss", roles=("admin",))
    await client.as_(cat).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    first = await tipped(client, ana, bob)
    back = await paid(client.as_(bob), first["id"])
    assert (back.status_code, back.json()["origin"], back.json()["status"]) == (201, "payee", "approved")
    await jobs()
    assert await state_of(client, ana, first) == "refunded"
    second = await tipped(client, ana, bob)
    assert (await client.as_(bob).post("/api/v1/tips", json={"recipient_id": str(cat.id)})).status_code == 201
    spent = await paid(client.as_(bob), second["id"])
    assert (spent.status_code, spent.json()["refundable_minor"]) == (409, 300 * 191 // 291)
    assert (await earned(app, bob), await owed(app, bob)) == (191, 0)
    assert (await paid(client.as_(boss), second["id"])).status_code == 201
    await jobs()
    assert (await earned(app, bob), await owed(app, bob)) == (0, 100)
    await assert_clean(app)


async def test_a_receiver_of_a_gift_gives_back_what_is_there(app: Any, client: Any, make: Any) -> None:
    ana, bob, cat = await make.member("ana", purchased=50), await make.member("bob"), await make.member("cat")
    gift = await gave(client.as_(ana), bob, 10)
    await gave(client.as_(bob), cat, 1)
    spent = await paid(client.as_(bob), gift["id"])
    assert (spent.status_code, spent.json()["code"]) == (409, "share_spent")
    assert await buckets(app, ana) == {"purchased": 4_000}
    assert (await paid(client.as_(bob), gift["id"], amount_minor=700)).json()["status"] == "done"
    assert await buckets(app, ana) == {"purchased": 4_700}
    await assert_clean(app)


async def test_an_undone_gift_has_nothing_left(app: Any, client: Any, make: Any) -> None:
    ana, bob, boss = (
        await make.member("ana", purchased=50),
        await make.member("bob"),
        await make.user("boss", roles=("admin",)),
    )
    gift, other = await gave(client.as_(ana), bob, 10), await gave(client.as_(ana), bob, 5)
    assert (await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")).status_code == 200
    assert (await paid(client.as_(boss), gift["id"])).json()["code"] == "not_refundable"
    assert (await paid(client.as_(boss), other["id"], amount_minor=1)).status_code == 201
    undone = await client.as_(ana).post(f"/api/v1/gifts/{other['id']}/undo")
    assert (undone.status_code, undone.json()["code"]) == (409, "undo_too_late")
    await assert_clean(app)


# ---- at once, and in whatever order


async def test_two_refunds_at_once_never_exceed_what_was_paid(app: Any, live: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", purchased=100)
    bob = await make.member("bob")
    bosses = [await make.user(roles=("admin",)) for _ in range(4)]
    order = (await buy(client.as_(ana), package=1)).json()
    gift = await gave(client.as_(ana), bob, 10)
    for payment_id, amount_minor in ((order["id"], 300), (gift["id"], 600)):
        answers = await asyncio.gather(
            *(paid(client.as_(boss), payment_id, amount_minor=amount_minor) for boss in bosses)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    await asyncio.gather(run_due(app, reraise=True), run_due(app, reraise=True))
    assert await count(app, "select refunded_minor from sandbox_payments") == 300
    assert await count(app, "select refunded_minor from gifts") == 600
    await assert_clean(app)


async def test_a_double_click_refunds_once(app: Any, live: Any, client: Any, make: Any) -> None:
    """M11."""
    ana, bob, boss = (
        await make.member("ana", purchased=100),
        await make.member("bob"),
        await make.user(roles=("admin",)),
    )
    gift = await gave(client.as_(ana), bob, 10)
    order = (await buy(client.as_(ana), package=1)).json()
    for payment_id in (gift["id"], order["id"]):
        path = f"/api/v1/payments/{payment_id}/refund"
        body, headers = {"reason": "twice", "amount_minor": 100}, {"Idempotency-Key": f"key-{payment_id}"}
        answers = await asyncio.gather(*(client.as_(boss).post(path, json=body, headers=headers) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
    await run_due(app, reraise=True)
    assert await count(app, "select count(*) from refunds where state = 'done'") == 2
    await assert_clean(app)


async def test_of_approve_and_refuse_at_once_one_wins(app: Any, live: Any, client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=100), await make.member("bob")
    one, other = await make.user(roles=("admin",)), await make.user(roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    gift = await gave(client.as_(ana), bob, 10)
    for payment_id in (order["id"], gift["id"]):
        asked = (await paid(client.as_(ana), payment_id)).json()
        path = f"/api/v1/refunds/{asked['id']}"
        answers = await asyncio.gather(
            client.as_(one).post(f"{path}/approve"), client.as_(other).post(f"{path}/refuse", json={"note": "not so"})
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        await run_due(app, reraise=True)
        is_done = (await client.as_(ana).get(path)).json()["status"] == "done"
        assert is_done == (answers[0].status_code == 200)
        assert (await status(client.as_(ana), payment_id))["status"] == ("refunded" if is_done else "paid")
    await assert_clean(app)


async def test_asking_twice_at_once_asks_once(app: Any, live: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    answers = await asyncio.gather(*(paid(client.as_(ana), order["id"], reason=f"reason {n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_a_crash_after_the_gateways_answer_finds_the_same_refund(
    app: Any, client: Any, make: Any, monkeypatch: Any
) -> None:
    """The gateway gave the money back, and nobody lived to write it down: the job starts over and finds it."""
    from stoa.money.payments.actions import going_back
    from stoa.money.refunds.actions import carrying

    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    await run_due(app, reraise=True)
    refund = (await paid(client.as_(boss), order["id"], amount_minor=200)).json()
    merge = going_back.merge

    async def dies(*_: Any, **__: Any) -> Any:
        raise GatewayUnavailable

    monkeypatch.setattr(going_back, "merge", dies)
    async with app.database.connection() as db:
        with pytest.raises(GatewayUnavailable):
            await carrying.submit(Ctx(db, None, utcnow(), "test", app), UUID(refund["id"]))
    assert await count(app, "select count(*) from refunds where state = 'submitted'") == 1
    assert await count(app, "select refunded_minor from sandbox_payments") == 200
    monkeypatch.setattr(going_back, "merge", merge)
    async with app.database.connection() as db:
        await carrying.submit(Ctx(db, None, utcnow(), "test", app), UUID(refund["id"]))
    await run_due(app, reraise=True)
    assert await count(app, "select count(*) from refunds where state = 'done'") == 1
    assert await count(app, "select refunded_minor from orders") == 200
    assert await count(app, "select count(*) from sandbox_refunds") == 1
    await assert_clean(app)


async def test_a_refund_that_was_made_at_the_gateway_is_one(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """What nobody here asked for has its row, too; and what is still asked for then does not fit any more."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    asked = (await paid(client.as_(ana), order["id"])).json()
    await send(client, told(order, order["payment_id"], refunded_minor=200), kind="payment.refunded")
    await jobs()
    found = await status(client.as_(ana), order["id"])
    assert [(r["origin"], r["status"], r["amount_minor"]) for r in found["refunds"]] == [
        ("gateway", "done", 200),
        ("payer", "requested", 499),
    ]
    refused = await client.as_(boss).post(f"/api/v1/refunds/{asked['id']}/approve")
    assert (refused.status_code, refused.json()["refundable_minor"]) == (409, 299)
    await assert_clean(app)


async def test_success_after_the_refund(app: Any, client: Any, make: Any, jobs: Any) -> None:
    ana = await make.member("ana")
    opened = (await client.as_(ana).post("/api/v1/wallet/checkout", json={"package_id": 1})).json()
    order = (await client.as_(ana).get(f"/api/v1/orders/{opened['order_id']}")).json()
    await send(client, told(order, refunded_minor=499), kind="payment.refunded")
    await send(client, told(order), kind="payment.succeeded")
    await jobs()
    found = await status(client.as_(ana), order["id"])
    assert (found["status"], found["refunded_minor"]) == ("refunded", 499)
    assert [(r["origin"], r["status"]) for r in found["refunds"]] == [("gateway", "done")]
    assert await buckets(app, ana) == {}
    await assert_clean(app)


async def test_a_forgotten_refund_is_taken_up_again(app: Any, client: Any, make: Any, jobs: Any) -> None:
    from stoa.money.refunds.actions import carrying

    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    await paid(client.as_(boss), order["id"])
    async with make.tx() as ctx:
        await ctx.db.execute("delete from jobs where type like '%SubmitRefund'")
        assert await carrying.remind(ctx) == 0
        await ctx.db.execute("update refunds set updated_at = updated_at - interval '3 hours'")
        assert await carrying.remind(ctx) == 1
    await jobs()
    assert await state_of(client, ana, order) == "refunded"
    await assert_clean(app)
