"""Refunds that overlap: with each other, and with what else happens to the same money (M13)."""

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
