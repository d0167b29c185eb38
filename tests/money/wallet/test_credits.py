"""Credits: buying them, getting the money back, and what is refused (M4, M13)."""

from typing import Any

import pytest

from stoa.kit.queue import run_due
from tests.money.books import assert_clean, count, platform, postings
from tests.money.payments.test_orders import transfer_of


async def buy(client: Any, amount: Any, currency: Any = "USD", method: str = "pm_card_visa", **headers: str) -> Any:
    return await client.post(
        "/api/v1/wallet/credits",
        json={"amount_minor": amount, "currency": currency, "payment_method_id": method},
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def credits_of(client: Any, currency: str = "USD") -> dict[str, Any]:
    wallet = (await client.get("/api/v1/wallet")).json()
    return next(held for held in wallet["currencies"] if held["currency"] == currency)


async def refund(client: Any, make: Any, order_id: str, amount_minor: int | None = None) -> Any:
    admin = await make.user(roles=("admin",))
    body = {"reason": "Asked for it", **({"amount_minor": amount_minor} if amount_minor else {})}
    return await client.as_(admin).post(f"/api/v1/orders/{order_id}/refund", json=body)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(5_000, "USD", "50.00"), (25_000, "INR", "250.00"), (1_200, "JPY", "1200"), (4_567, "BHD", "4.567")],
)
async def test_what_is_paid_arrives_as_purchased(
    app: Any, client: Any, make: Any, amount: int, currency: str, text: str
) -> None:
    """Currencies without decimals and with three, too."""
    ana = await make.user("ana")
    me = client.as_(ana)
    answer = await buy(me, amount, currency)
    assert answer.status_code == 201, answer.text
    order = answer.json()
    assert (order["kind"], order["state"], order["amount"], order["currency"]) == ("credits", "paid", text, currency)
    assert await postings(app, await transfer_of(app, order["id"], "credit_purchase")) == {
        ("", currency, "world:sandbox"): -amount,
        ("ana", currency, "purchased"): amount,
    }
    held = await credits_of(me, currency)
    promotional = 5_000_000 if currency == "USD" else 0
    assert (held["promotional_minor"], held["purchased_minor"]) == (promotional, amount)
    assert (held["earned_minor"], held["debt_minor"], held["total_minor"]) == (0, 0, promotional + amount)
    line = (await me.get("/api/v1/wallet/history")).json()["items"][0]
    assert line["changes"] == [{"asset": currency, "amount_minor": amount, "amount": text}]
    assert [posting["explanation"] for posting in line["postings"]] == [
        "The money, paid through the gateway",
        "The credit that was bought; it can be spent",
    ]
    await assert_clean(app)


BAD = [-1, 0, 99, 1_000_001, 10**9, 10**15 + 1, 10**30, 1e9, 1.5, "5000", "1e9", "", None, True, [], {}]


@pytest.mark.parametrize("amount", BAD)
async def test_bad_amounts_move_nothing(app: Any, client: Any, make: Any, amount: Any) -> None:
    ana = await make.user("ana")
    before = await count(app, "select count(*) from ledger_transfers")
    for path, more in (("", {"payment_method_id": "pm_card_visa"}), ("/checkout", {})):
        answer = await client.as_(ana).post(f"/api/v1/wallet/credits{path}", json={"amount_minor": amount, **more})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert await count(app, "select count(*) from ledger_transfers") == before
    assert await count(app, "select count(*) from orders") == 0


@pytest.mark.parametrize("currency", ["COIN", "XXX", "usd", "", "U" * 11, 5])
async def test_unknown_currencies_are_refused(app: Any, client: Any, make: Any, currency: Any) -> None:
    answer = await buy(client.as_(await make.user()), 5_000, currency)
    assert answer.status_code == 422 and list(answer.json()["fields"]) == ["currency"], answer.text
    assert await count(app, "select count(*) from orders") == 0


async def test_a_declined_card_brings_nothing(app: Any, client: Any, make: Any) -> None:
    ana = await make.user("ana")
    order = (await buy(client.as_(ana), 5_000, method="pm_card_chargeDeclined")).json()
    assert (order["state"], order["failure_code"]) == ("failed", "card_declined")
    assert (await credits_of(client.as_(ana)))["purchased_minor"] == 0
    await assert_clean(app)


async def test_part_refunds_sum_and_spent_credit_is_owed(app: Any, client: Any, make: Any) -> None:
    """M13: what was spent is a debt, and paid off by what comes in next."""
    ana, bob = await make.user("ana"), await make.user("bob")
    me = client.as_(ana)
    await no_promotional(make, ana)
    order = (await buy(me, 500)).json()
    tip = await me.post("/api/v1/tips", json={"recipient_id": str(bob.id), "superlike": True})
    assert tip.status_code == 201, tip.text
    refused = await refund(client, make, order["id"])
    assert (refused.status_code, refused.json()["refundable_minor"]) == (409, 200)
    part = await refund(client, make, order["id"], 150)
    assert (part.status_code, part.json()["amount_minor"]) == (201, 150), part.text
    await run_due(app, reraise=True)
    await undone(make, order["id"], 350)
    held = await credits_of(me)
    assert (held["purchased_minor"], held["debt_minor"]) == (0, 300)
    assert await platform(app, "USD", "receivable") == -300
    assert await platform(app, "USD", "world:sandbox") == 0
    await assert_clean_but_orders(app)
    again = (await buy(me, 400)).json()
    assert await postings(app, await transfer_of(app, again["id"], "credit_purchase")) == {
        ("", "USD", "world:sandbox"): -400,
        ("ana", "USD", "purchased"): 100,
        ("", "USD", "receivable"): 300,
    }
    assert (await credits_of(me))["debt_minor"] == 0
    await assert_clean_but_orders(app)


async def no_promotional(make: Any, user: Any) -> None:
    """Takes the welcome bonus in dollars away."""
    from stoa.kit.ids import new_id
    from stoa.money.ledger import actions as ledger
    from stoa.money.ledger.types import AccountRef, Leg

    legs = [
        Leg(AccountRef(user.id, "USD", "promotional"), -5_000_000),
        Leg(AccountRef(None, "USD", "welcome"), 5_000_000),
    ]
    async with make.tx() as ctx:
        await ledger.post(ctx, kind="test", legs=legs, key=f"test:{new_id()}", cause="For a test")


async def undone(make: Any, order_id: str, refunded_minor: int) -> None:
    """A refund that the gateway tells of, whatever is still there."""
    from uuid import UUID

    from stoa.money.payments.queries import ORDER
    from stoa.money.payments.types import purchasable

    async with make.tx() as ctx:
        order = await ORDER(ctx.db, UUID(order_id))
        await purchasable("credits").undo(ctx, order, refunded_minor=refunded_minor, refund_key="test")


async def assert_clean_but_orders(app: Any) -> None:
    """The books of wallet and ledger; the test above speaks for the gateway."""
    from stoa.money.ledger import queries as ledger
    from stoa.money.wallet.invariants import INVARIANTS

    async with app.database.connection() as db:
        assert [str(found) for found in await ledger.verify(db)] == []
        assert [dict(row) for sql in INVARIANTS.values() for row in await db.fetch(sql)] == []


async def test_a_double_click_buys_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    """M11."""
    ana = await make.user("ana")
    me = client.as_(ana)
    answers = await gather(*(buy(me, 5_000, Idempotency_Key="k") for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [201] * 5
    assert len({a.json()["id"] for a in answers}) == 1
    assert (await credits_of(me))["purchased_minor"] == 5_000
    other = await buy(me, 6_000, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    await assert_clean(live)
