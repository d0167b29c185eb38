"""Refunds that overlap: with each other, and with what else happens to the same money (M13)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.queue import run_due
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payments.gateways.sandbox import Sandbox
from stoa.money.refunds.actions import carrying
from tests.money.books import assert_clean, buckets, count, platform
from tests.money.payments.test_orders import buy
from tests.money.refunds.test_api import gave, paid, status
from tests.money.wallet.test_card_tips import earned, owed, tipped


@pytest.mark.parametrize("amounts", [(100, 200), (100, 100)])
async def test_of_two_on_their_way_each_is_made(
    app: Any, client: Any, make: Any, monkeypatch: Any, amounts: tuple[int, int]
) -> None:
    """The gateway is silent about the first, and makes the second; it tells only sums, and both are made in the end."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    await run_due(app, reraise=True)
    first = (await paid(client.as_(boss), order["id"], amount_minor=amounts[0])).json()
    second = (await paid(client.as_(boss), order["id"], amount_minor=amounts[1])).json()
    refund = Sandbox.refund

    async def silent(self: Sandbox, ctx: Ctx, *, key: str, **about: Any) -> Any:
        if key.endswith(first["id"]):
            raise GatewayUnavailable
        return await refund(self, ctx, key=key, **about)

    monkeypatch.setattr(Sandbox, "refund", silent)
    async with app.database.connection() as db:
        with pytest.raises(GatewayUnavailable):
            await carrying.submit(Ctx(db, None, utcnow(), "test", app), UUID(first["id"]))
        await carrying.submit(Ctx(db, None, utcnow(), "test", app), UUID(second["id"]))
    told = (await status(client.as_(ana), order["id"]))["refunds"]
    assert sorted(one["status"] for one in told) == ["done", "submitted"]
    assert await count(app, "select sum(amount_minor) from refunds where state = 'done'") == amounts[1]
    monkeypatch.setattr(Sandbox, "refund", refund)
    await run_due(app, reraise=True)
    found = {one["id"]: one["status"] for one in (await status(client.as_(ana), order["id"]))["refunds"]}
    assert found == {first["id"]: "done", second["id"]: "done"}
    assert await count(app, "select refunded_minor from sandbox_payments") == sum(amounts)
    assert await count(app, "select refunded_minor from orders") == sum(amounts)
    await assert_clean(app)


async def test_money_that_was_reserved_pays_the_debt_first(app: Any, client: Any, make: Any) -> None:
    """What was earned is reserved for a payout while its gift is refunded: called off, it pays what is owed."""
    ana, bob = await make.member("ana", purchased=2_000), await make.member("bob")
    boss = await make.user("boss", roles=("admin",))
    gift = await gave(client.as_(ana), bob, 1_000)
    await gave(client.as_(ana), bob, 500)
    payout = (await client.as_(bob).post("/api/v1/payouts", json={})).json()
    assert (await paid(client.as_(boss), gift["id"])).json()["status"] == "done"
    assert await platform(app, "COIN", "receivable") == -40_000
    assert (await client.as_(bob).post(f"/api/v1/payouts/{payout['id']}/cancel")).status_code == 200
    assert await buckets(app, bob) == {"earned": 20_000}
    assert (await client.as_(bob).get("/api/v1/wallet")).json()["debt_minor"] == 0
    assert await platform(app, "COIN", "receivable") == 0
    again = await client.as_(bob).post("/api/v1/payouts", json={})
    assert again.status_code == 409, "less than the minimum is left"
    await assert_clean(app)


async def test_the_same_share_covers_one_refund(app: Any, live: Any, client: Any, make: Any) -> None:
    """What a receiver gives back by themselves has to be there for all of it together, at once or one after another."""
    ana, bob, cat = await make.user("ana"), await make.user("bob"), await make.user("cat")
    await client.as_(cat).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    tips = [await tipped(client, ana, bob) for _ in range(3)]
    assert (await client.as_(bob).post("/api/v1/tips", json={"recipient_id": str(cat.id)})).status_code == 201
    assert await earned(app, bob) == 3 * 291 - 100
    answers = await asyncio.gather(*(paid(client.as_(bob), tip["id"]) for tip in tips))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409]
    (refused,) = (answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "share_spent"
    await run_due(app, reraise=True)
    assert (await earned(app, bob), await owed(app, bob)) == (191, 0)
    await assert_clean(app)


async def test_a_share_that_is_spent_before_the_gateway_is_asked(app: Any, client: Any, make: Any) -> None:
    ana, bob, cat = await make.user("ana"), await make.user("bob"), await make.user("cat")
    await client.as_(cat).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    tip = await tipped(client, ana, bob)
    begun = await paid(client.as_(bob), tip["id"])
    assert (begun.status_code, begun.json()["status"]) == (201, "approved")
    assert (await client.as_(bob).post("/api/v1/tips", json={"recipient_id": str(cat.id)})).status_code == 201
    await run_due(app, reraise=True)
    (found,) = (await status(client.as_(ana), tip["id"]))["refunds"]
    assert (found["status"], found["failure_message"]) == (
        "failed",
        "Meanwhile its receiver has spent their share of it",
    )
    assert (await earned(app, bob), await owed(app, bob)) == (191, 0)
    assert await count(app, "select refunded_minor from sandbox_payments") == 0
    await assert_clean(app)
