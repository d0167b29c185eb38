"""Tips paid by card: shared 97 to 2 to 1, once, and taken back as they were shared (M8, M11, M13)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from stoa.kit.queue import run_due
from tests.money.books import assert_clean, count, platform, postings
from tests.money.wallet.test_tips import send


async def checkout(client: Any, recipient: Any, superlike: bool = False, **headers: str) -> Any:
    return await client.post(
        "/api/v1/checkout/tip",
        json={"recipient_id": str(recipient.id), "superlike": superlike},
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def pay(client: Any, order_id: str, method: str = "pm_card_visa") -> Any:
    return await client.post(f"/api/v1/orders/{order_id}/confirm", json={"payment_method_id": method})


async def tipped(client: Any, payer: Any, recipient: Any, superlike: bool = True) -> Any:
    """A paid tip, as its order."""
    opened = await checkout(client.as_(payer), recipient, superlike)
    assert opened.status_code == 201, opened.text
    paid = await pay(client.as_(payer), opened.json()["order_id"])
    assert (paid.status_code, paid.json()["state"]) == (200, "paid"), paid.text
    return paid.json()


async def transfers(app: Any, order_id: str) -> list[Any]:
    """Kind and id of an order's transfers, the oldest first."""
    async with app.database.connection() as db:
        rows = await db.fetch(
            "select kind, id from ledger_transfers where metadata ->> 'order_id' = $1 order by created_at, id", order_id
        )
    return [(row["kind"], row["id"]) for row in rows]


async def earned(app: Any, user: Any) -> int:
    async with app.database.connection() as db:
        found = await db.fetchval(
            "select balance_minor from ledger_accounts where owner_id = $1 and asset = 'USD' and purpose = 'earned'",
            user.id,
        )
    return int(found or 0)


async def owed(app: Any, user: Any) -> int:
    return await count(
        app, "select coalesce(sum(debt_minor), 0) from credit_debts where user_id = $1 and asset = 'USD'", user.id
    )


@pytest.mark.parametrize(("superlike", "parts"), [(False, (97, 2, 1)), (True, (291, 6, 3))])
async def test_a_card_pays_a_tip(app: Any, client: Any, make: Any, superlike: bool, parts: Any) -> None:
    ana, bob = await make.user("ana"), await make.user("bob")
    opened = await checkout(client.as_(ana), bob, superlike)
    assert opened.status_code == 201, opened.text
    body = opened.json()
    assert sorted(body) == ["expires_at", "order_id", "session_id", "url"]
    assert body["url"] == f"http://testserver/sandbox/checkout/{body['session_id']}"
    order = (await client.as_(ana).get(f"/api/v1/orders/{body['order_id']}")).json()
    what = "Superlike of 3.00" if superlike else "Tip of 1.00"
    assert (order["kind"], order["state"], order["description"]) == ("tip", "pending", f"{what} USD for @bob")
    assert (await client.as_(bob).get(f"/api/v1/orders/{body['order_id']}")).status_code == 404
    assert (await pay(client.as_(ana), body["order_id"])).json()["state"] == "paid"
    ((kind, transfer_id),) = await transfers(app, body["order_id"])
    assert kind == "card_tip"
    assert await postings(app, transfer_id) == {
        ("", "USD", "world:sandbox"): -sum(parts),
        ("bob", "USD", "earned"): parts[0],
        ("", "USD", "fees"): parts[1],
        ("", "USD", "charity"): parts[2],
    }
    await run_due(app, reraise=True)
    await assert_clean(app)


async def test_every_posting_is_explained(client: Any, make: Any) -> None:
    ana, bob = await make.user("ana"), await make.user("bob")
    await tipped(client, ana, bob)
    line = (await client.as_(bob).get("/api/v1/wallet/history")).json()["items"][0]
    assert (line["title"], line["usd"]) == ("@ana tipped you a superlike of 3.00 USD by card", "2.91")
    assert [(p["account"], p["amount"], p["explanation"]) for p in line["postings"]] == [
        ("Payment gateway (sandbox)", "-3.00", "The tip, paid through the gateway"),
        ("Charity", "0.03", "For charity: 1 % of the tip"),
        ("The platform's share", "0.06", "The platform's share: 2 % of the tip"),
        ("Your earned credit in USD", "2.91", "Your share: 97 % of the tip; it can be paid out"),
    ]


async def test_it_is_seen_once_by_each_side(app: Any, client: Any, make: Any) -> None:
    """Beside a tip from the wallet, in the lists, the sums, the CSV, and the receipt."""
    ana, bob = await make.user("ana"), await make.user("bob")
    boss = await make.user("boss", roles=("admin",))
    order = await tipped(client, ana, bob)
    await checkout(client.as_(ana), bob)  # not paid: nothing to bob
    assert (await send(client.as_(ana), bob)).status_code == 201
    mine = (await client.as_(ana).get("/api/v1/my/payments?kind=tip")).json()["items"]
    assert [(p["id"] == order["id"], p["amount_minor"], p["status"]) for p in mine] == [
        (False, 100, "paid"),
        (False, 100, "pending"),
        (True, 300, "paid"),
    ]
    theirs = (await client.as_(bob).get("/api/v1/payments")).json()["items"]
    assert [(p["amount_minor"], p["fee_minor"], p["net_minor"]) for p in theirs] == [(100, 3, 97), (300, 9, 291)]
    seen = theirs[1]
    assert (seen["id"], seen["kind"], seen["gateway"]) == (order["id"], "tip", "sandbox")
    assert (seen["person"]["username"], mine[2]["person"]["username"]) == ("ana", "bob")
    assert (await client.as_(ana).get("/api/v1/payments")).json()["items"] == []
    opened = (await client.as_(bob).get(f"/api/v1/payments/{order['id']}")).json()
    ((_, transfer_id),) = await transfers(app, order["id"])
    assert opened["transfer_id"] == str(transfer_id)
    assert (await client.as_(ana).get(f"/api/v1/transfers/{transfer_id}")).status_code == 200
    assert (await client.as_(await make.user()).get(f"/api/v1/transfers/{transfer_id}")).status_code == 404
    assert (await client.as_(ana).get(f"/api/v1/my/payments/{order['id']}/receipt")).status_code == 200
    assert (await client.as_(bob).get(f"/api/v1/my/payments/{order['id']}/receipt")).status_code == 404
    csv = (await client.as_(bob).get("/api/v1/payments/export")).text.splitlines()
    assert [line.split(",")[7:10] for line in csv[1:]] == [["1.00", "0.03", "0.97"], ["3.00", "0.09", "2.91"]]
    await refund(client, boss, order, 100)
    seen = (await client.as_(bob).get(f"/api/v1/payments/{order['id']}")).json()
    assert (seen["status"], seen["refunded_minor"], seen["net_minor"], seen["kept_minor"]) == (
        "partially_refunded",
        100,
        291,
        194,
    )
    seen = (await client.as_(ana).get(f"/api/v1/my/payments/{order['id']}")).json()
    assert (seen["status"], seen["refunded_minor"]) == ("partially_refunded", 100)
    [stats] = (await client.as_(bob).get("/api/v1/payments/stats")).json()["items"]
    assert (stats["gross_minor"], stats["refunded_minor"], stats["kept_minor"], stats["fee_minor"]) == (
        400,
        100,
        291,
        9,
    )
    await assert_clean(app)


async def test_refused_tips_place_no_order(app: Any, client: Any, make: Any) -> None:
    ana, eve, sam, twin = [await make.user(name) for name in ("ana", "eve", "sam", "twin")]
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended' where id = $1", sam.id)
        for one in (ana, twin):
            await ctx.db.execute("insert into risk_destinations values ($1, $2)", b"same", one.id)
    assert (await client.as_(eve).post("/api/social/block", json={"user_id": str(ana.id)})).status_code == 200
    for recipient, refused in (
        (ana, (422, "tip_to_oneself")),
        (eve, (404, "not_found")),
        (sam, (409, "person_suspended")),
        (twin, (409, "blocked_by_risk")),
    ):
        answer = await checkout(client.as_(ana), recipient)
        assert (answer.status_code, answer.json()["code"]) == refused, recipient.username
    me = client.as_(ana)
    for body in (
        {},
        {"recipient_id": "x"},
        {"recipient_id": str(eve.id), "superlike": "yes"},
        {"recipient_username": ""},
        {"recipient_username": "twin", "return_url": "https://evil.example/"},
    ):
        assert (await me.post("/api/v1/checkout/tip", json=body)).status_code == (
            409 if "twin" in body.values() else 422
        )
    assert (await me.post("/api/v1/checkout/tip", json={"recipient_username": "nobody"})).status_code == 404
    assert (await client.post("/api/v1/checkout/tip", json={"recipient_username": "eve"})).status_code == 401
    assert await count(app, "select count(*) from orders") == 0
    assert await count(app, "select count(*) from risk_flags where state = 'blocked'") == 4
    assert await count(app, "select count(*) from risk_movements") == 0
    await assert_clean(app)


async def test_a_tip_that_was_charged_is_flagged_and_not_refused(app: Any, client: Any, make: Any) -> None:
    """F4, F5: between the order and the payment the recipient was suspended, and turned out to be the payer."""
    ana, bob = await make.user("ana"), await make.user("bob")
    opened = (await checkout(client.as_(ana), bob)).json()
    async with make.tx() as ctx:
        for one in (ana, bob):
            await ctx.db.execute("insert into risk_destinations values ($1, $2)", b"same", one.id)
    assert (await pay(client.as_(ana), opened["order_id"])).json()["state"] == "paid"
    assert await earned(app, bob) == 97
    async with app.database.connection() as db:
        flags = await db.fetch("select rule, severity, state, from_id from risk_flags order by id")
    assert [(f["rule"], f["severity"], f["state"], f["from_id"]) for f in flags] == [
        ("F4", "high", "open", ana.id),
        ("F4", "high", "open", bob.id),
    ]
    other, cat = (await make.user("other")), await make.user("cat")
    opened = (await checkout(client.as_(other), cat)).json()
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended' where id = $1", cat.id)
    assert (await pay(client.as_(other), opened["order_id"])).json()["state"] == "paid"
    assert await count(app, "select count(*) from risk_flags where rule = 'F5' and from_id = $1", other.id) == 1
    assert await count(app, "select count(*) from risk_movements") == 2
    await assert_clean(app)


async def test_a_double_click_tips_once(app: Any, live: Any, client: Any, make: Any) -> None:
    """M11: the same key at once is one order; paying it at once from five tabs is one payment."""
    ana, bob = await make.user("ana"), await make.user("bob")
    me = client.as_(ana)
    answers = await asyncio.gather(*(checkout(me, bob, True, Idempotency_Key="tip-1") for _ in range(5)))
    assert {a.status_code for a in answers} <= {201, 409}
    (order_id,) = {a.json()["order_id"] for a in answers if a.status_code == 201}
    assert await count(app, "select count(*) from orders") == 1
    paid = await asyncio.gather(*(pay(me, order_id) for _ in range(5)))
    assert {(a.status_code, a.json()["state"]) for a in paid} == {(200, "paid")}
    assert await earned(app, bob) == 291
    assert await count(app, "select count(*) from sandbox_payments") == 1
    other = await checkout(me, bob, False, Idempotency_Key="tip-1")
    assert other.status_code == 409
    await run_due(app, reraise=True)
    await assert_clean(app)


async def test_eleven_at_once_are_too_many(app: Any, live: Any, client: Any, make: Any) -> None:
    """F2, F6: they were charged, so they stand, and the payer's payouts wait."""
    ana = await make.user("ana")
    them = [await make.user() for _ in range(11)]
    orders = [(await checkout(client.as_(ana), one)).json()["order_id"] for one in them]
    answers = await asyncio.gather(*(pay(client.as_(ana), order_id) for order_id in orders))
    assert {a.json()["state"] for a in answers} == {"paid"}
    assert await count(app, "select count(*) from risk_flags where rule = 'F2' and severity = 'high'") == 1
    await assert_clean(app)


async def refund(client: Any, boss: Any, order: Any, amount_minor: int | None = None) -> Any:
    body = {"reason": "asked for it", **({"amount_minor": amount_minor} if amount_minor else {})}
    answer = await client.as_(boss).post(f"/api/v1/orders/{order['id']}/refund", json=body)
    assert answer.status_code == 201, answer.text
    await run_due(client.app, reraise=True)
    return (await client.as_(boss).get(f"/api/v1/orders/{order['id']}")).json()


async def test_a_refund_reverses_every_share(app: Any, client: Any, make: Any) -> None:
    """M13: in three parts, none below zero, and in the end nobody has anything of it."""
    ana, bob, boss = await make.user("ana"), await make.user("bob"), await make.user("boss", roles=("admin",))
    order = await tipped(client, ana, bob)
    for amount_minor in (1, 199, 100):
        state = (await refund(client, boss, order, amount_minor))["state"]
        await assert_clean(app)
    assert state == "refunded"
    made = await transfers(app, order["id"])
    assert [kind for kind, _ in made] == ["card_tip"] + ["card_tip_refund"] * 3
    for _, transfer_id in made[1:]:
        moved = await postings(app, transfer_id)
        outside = moved.pop(("", "USD", "world:sandbox"))
        assert outside > 0 and all(minor <= 0 for minor in moved.values())
    assert (await earned(app, bob), await owed(app, bob)) == (0, 0)
    for purpose in ("world:sandbox", "fees", "charity", "receivable"):
        assert await platform(app, "USD", purpose) == 0, purpose
    await run_due(app, reraise=True)
    await assert_clean(app)


async def test_what_is_spent_is_owed_and_taken_from_later_earnings(app: Any, client: Any, make: Any) -> None:
    """M13: bob tipped on what ana's card had paid; the refund leaves a debt, which the next tips pay off first."""
    ana, bob, cat = await make.user("ana"), await make.user("bob"), await make.user("cat")
    boss = await make.user("boss", roles=("admin",))
    await client.as_(cat).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    order = await tipped(client, ana, bob)
    assert (await send(client.as_(bob), cat)).status_code == 201  # of his 2.91 earned, nothing promotional
    await refund(client, boss, order)
    (_, transfer_id) = (await transfers(app, order["id"]))[-1]
    assert await postings(app, transfer_id) == {
        ("", "USD", "world:sandbox"): 300,
        ("bob", "USD", "earned"): -191,
        ("", "USD", "receivable"): -100,
        ("", "USD", "fees"): -6,
        ("", "USD", "charity"): -3,
    }
    assert (await earned(app, bob), await owed(app, bob)) == (0, 100)
    later = await tipped(client, ana, bob)
    ((_, transfer_id),) = await transfers(app, later["id"])
    assert await postings(app, transfer_id) == {
        ("", "USD", "world:sandbox"): -300,
        ("bob", "USD", "earned"): 191,
        ("", "USD", "receivable"): 100,
        ("", "USD", "fees"): 6,
        ("", "USD", "charity"): 3,
    }
    assert (await earned(app, bob), await owed(app, bob)) == (191, 0)
    await refund(client, boss, later)
    assert (await earned(app, bob), await owed(app, bob)) == (0, 100)
    await assert_clean(app)


async def test_a_refund_and_a_tip_at_once(app: Any, live: Any, client: Any, make: Any) -> None:
    """Whichever comes first, the sums are right: what bob gave on is owed, or was taken before he could give it on."""
    ana, bob, cat = await make.user("ana"), await make.user("bob"), await make.user("cat")
    boss = await make.user("boss", roles=("admin",))
    await client.as_(cat).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    order = await tipped(client, ana, bob)
    path = f"/api/v1/orders/{order['id']}/refund"
    back, given = await asyncio.gather(
        client.as_(boss).post(path, json={"reason": "asked for it"}), send(client.as_(bob), cat, True)
    )
    assert back.status_code == 201, back.text
    await run_due(app, reraise=True)
    assert given.status_code == 409, "a superlike costs more than the 2.91 that arrived"
    assert (await earned(app, bob), await owed(app, bob)) == (0, 0)
    await assert_clean(app)


async def test_the_webhook_and_the_refund_in_whatever_order(app: Any, client: Any, make: Any) -> None:
    """M11: told of the refund before the success, the tip is shared and taken back in one go."""
    from stoa.money.payments.gateways import Payment
    from tests.money.payments.test_webhooks import send as deliver

    ana, bob = await make.user("ana"), await make.user("bob")
    opened = (await checkout(client.as_(ana), bob, True)).json()
    told = Payment(
        payment_id="pay_1",
        order_id=UUID(opened["order_id"]),
        status="succeeded",
        amount_minor=300,
        currency="USD",
        captured_minor=300,
        refunded_minor=300,
    )
    await deliver(client, told, kind="payment.refunded")
    await run_due(app, reraise=True)
    assert [kind for kind, _ in await transfers(app, opened["order_id"])] == ["card_tip", "card_tip_refund"]
    assert await platform(app, "USD", "world:sandbox") == 0
    await assert_clean(app)
