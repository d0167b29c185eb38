"""Where money is: each stage, the sums against the books, and the lines that a stage consists of."""

from collections.abc import Awaitable, Callable
from typing import Any

from stoa.money.payments import actions as payments
from stoa.money.payouts import actions as payouts
from stoa.money.wallet import actions as wallets
from tests.money.books import assert_clean, count

STAGES = ("pending", "available", "reserved", "held", "sent", "arrived")
Jobs = Callable[..., Awaitable[int]]


async def money(client: Any, user: Any) -> dict[str, Any]:
    """Somebody's assets by their codes."""
    answer = await client.as_(user).get("/api/v1/money")
    assert answer.status_code == 200, answer.text
    return {found["asset"]: found for found in answer.json()["assets"]}


def stages(found: dict[str, Any]) -> dict[str, int]:
    """The stages that are not empty, in the smallest unit."""
    assert [one["stage"] for one in found["stages"]] == list(STAGES)
    return {one["stage"]: one["amount_minor"] for one in found["stages"] if one["amount_minor"]}


def parts(found: dict[str, Any], stage: str) -> list[dict[str, Any]]:
    """What a stage consists of."""
    return list(next(one["parts"] for one in found["stages"] if one["stage"] == stage))


async def lines(client: Any, user: Any, asset: str, stage: str) -> list[dict[str, Any]]:
    """All movements of a stage, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=2&cursor={cursor}" if cursor else "?limit=2"
        answer = await client.as_(user).get(f"/api/v1/money/{asset}/{stage}{query}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    return found


async def agrees_with_the_books(client: Any, user: Any) -> None:
    """Of each asset the stages and what can only be spent are the sum of all postings on the person's accounts, and
    the lines of each stage sum to the stage."""
    posted = """select coalesce(sum(p.amount_minor), 0) from ledger_postings p
                join ledger_accounts a on a.id = p.account_id where a.owner_id = $1 and a.asset = $2"""
    settled = """select coalesce(-sum(p.amount_minor), 0) from ledger_postings p
                 join ledger_accounts a on a.id = p.account_id join ledger_transfers t on t.id = p.transfer_id
                 where a.owner_id = $1 and a.asset = $2 and t.kind = 'payout.settled'"""
    for asset, found in (await money(client, user)).items():
        sums = stages(found)
        beside = found["promotional_minor"] + found["purchased_minor"] + found["direct_minor"]
        here = sum(minor for stage, minor in sums.items() if stage != "arrived") + beside
        assert here == found["here_minor"] == await count(client.app, posted, user.id, asset)
        assert sums.get("arrived", 0) == await count(client.app, settled, user.id, asset)
        for stage in STAGES:
            told = await lines(client, user, asset, stage)
            assert sum(line["amount_minor"] for line in told) == sums.get(stage, 0), (asset, stage, told)
            for line in told:
                assert sum(p["amount_minor"] for p in line["postings"] if p["asset"] == asset) == 0
        for stage in ("pending", "reserved", "held", "sent"):
            assert sum(part["amount_minor"] for part in parts(found, stage)) == sums.get(stage, 0), (asset, stage)


async def due_now(make: Any) -> None:
    async with make.tx() as ctx:
        await ctx.db.execute("update jobs set run_at = $1, state = 'waiting' where state = 'scheduled'", ctx.now)


async def arrive(make: Any, jobs: Jobs) -> None:
    """Whatever payouts are under way are sent, and the sandbox's bank has had its days."""
    for _ in range(8):
        await due_now(make)
        async with make.tx() as ctx:
            await ctx.db.execute("update sandbox_transfers set arrives_at = created_at")
        await jobs()


async def send(make: Any, jobs: Jobs) -> None:
    """A payout is handed to the provider, whose bank takes its time."""
    await due_now(make)
    await jobs()


async def pay_out(client: Any, user: Any, **body: Any) -> dict[str, Any]:
    answer = await client.as_(user).post("/api/v1/payouts", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_newcomer_has_nothing_on_the_way(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    found = await money(client, ana)
    assert list(found) == ["COIN", "USD"]
    assert all(stages(asset) == {} for asset in found.values())
    assert (found["COIN"]["promotional_minor"], found["USD"]["promotional_minor"]) == (10_000, 5_000_000)
    assert (found["COIN"]["missing_minor"], found["COIN"]["can_be_paid"]) == (39_000, False)
    await agrees_with_the_books(client, ana)


async def test_a_gift_is_pending_until_it_cannot_be_taken_back(client: Any, make: Any) -> None:
    ana, ben = await make.member("ana", earned=100), await make.member("ben", purchased=1000)
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
        undone = await wallets.gift(ctx, recipient_id=ana.id, amount_coins=10, key="2")
        await wallets.undo_gift(ctx, undone.id)
        for number in range(4):
            await wallets.gift(ctx, recipient_id=ana.id, amount_coins=5, key=f"more {number}")
    found = (await money(client, ana))["COIN"]
    assert stages(found) == {"pending": 2800, "available": 10_000}
    told = parts(found, "pending")
    assert (told[0]["what"], told[0]["amount"], told[-1]["what"]) == (
        "Your share of a gift by @ben",
        "2.00",
        "2 more gifts",
    )
    assert told[0]["by"] is not None
    await agrees_with_the_books(client, ana)
    async with make.tx() as ctx:
        await ctx.db.execute("update gifts set undo_until = created_at")
    assert stages((await money(client, ana))["COIN"]) == {"available": 12_800}
    await agrees_with_the_books(client, ana)


async def test_a_gift_that_was_given_on_is_not_pending_any_more(client: Any, make: Any) -> None:
    ana, ben = await make.member("ana"), await make.member("ben", purchased=1000)
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
    async with make.tx(ana) as ctx:
        await wallets.gift(ctx, recipient_id=ben.id, amount_coins=15, key="2")
    found = (await money(client, ana))["COIN"]
    assert stages(found) == {"pending": 500}
    assert found["here_minor"] == 500
    told = [await lines(client, ana, "COIN", stage) for stage in ("pending", "available")]
    assert sum(line["amount_minor"] for stage in told for line in stage) == 500


async def test_somebody_with_all_stages_at_once(app: Any, client: Any, make: Any, jobs: Jobs) -> None:
    """Coins that arrived, are looked at and are pending; dollars that are sent; euros that are reserved."""
    ana, ben = await make.member("ana", earned=400), await make.member("ben", purchased=1000)
    await make.credits(ana, earned=2500, purchased=700)
    await make.credits(ana, "EUR", earned=2000, purchased=0)
    await make.destination(ana)
    euros = await make.destination(ana, number="0001 2345 6780", currency="EUR", country="DE", label="Euros")
    await pay_out(client, ana, asset="COIN")
    await arrive(make, jobs)
    await pay_out(client, ana, asset="USD", amount_minor=2000)
    await send(make, jobs)
    await pay_out(client, ana, asset="EUR", amount_minor=1500, destination=str(euros.id))
    await make.coins(ana, earned=500)
    held = await pay_out(client, ana, asset="COIN", amount_minor=40_000)
    async with make.tx() as ctx:
        await payouts.hold_for_review(ctx, held["id"], reason="The first one is looked at by a person")
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
    found = await money(client, ana)
    assert {asset: stages(one) for asset, one in found.items()} == {
        "COIN": {"pending": 2000, "available": 10_000, "held": 40_000, "arrived": 40_000},
        "USD": {"available": 500, "sent": 2000},
        "EUR": {"available": 500, "reserved": 1500},
    }
    assert found["USD"]["purchased_minor"] == 700
    assert found["COIN"]["paid_out"] == [
        {"currency": "USD", "payouts": 1, "net_minor": 513, "fees_minor": 0, "arrived_minor": 513}
    ]
    (review,) = parts(found["COIN"], "held")
    assert review["what"].endswith(": The first one is looked at by a person")
    assert (review["next_step"], review["payout_id"]) == (
        "You can still cancel it. A person has looked at it",
        held["id"],
    )
    assert review["by"] is not None
    (sent,) = parts(found["USD"], "sent")
    assert (sent["what"], sent["next_step"], sent["by"]) == ("Payout to Savings (USD) •••• 6789", "It arrives", None)
    assert sent["by_day"] is not None
    await agrees_with_the_books(client, ana)
    await arrive(make, jobs)
    assert stages((await money(client, ana))["USD"]) == {"available": 500, "arrived": 2000}
    await agrees_with_the_books(client, ana)
    await assert_clean(app)


async def test_what_a_bank_wants_back_is_held(app: Any, client: Any, make: Any, jobs: Jobs) -> None:
    """A tip whose payer disputes it, for who got it; and disputed coins, for who bought them."""
    ana, ben = await make.member("ana"), await make.member("ben")
    async with make.tx(ben) as ctx:
        order = await wallets.order_tip(ctx, recipient_id=ana.id, superlike=True, key="1")
        await payments.confirm(ctx, order.id, "pm_card_createDispute", return_url="/")
        await wallets.buy_coins(ctx, 1, "pm_card_createDispute", key="2")
    await jobs()
    found = (await money(client, ana))["USD"]
    assert stages(found) == {"held": 291}
    (tip,) = parts(found, "held")
    assert tip["what"] == "Set aside while Superlike of 3.00 USD for @ana is disputed: fraudulent"
    assert tip["next_step"] == "The payer's bank waits for evidence, and then decides. It is due"
    assert (tip["by"] is not None, tip["payment_id"]) == (True, str(order.id))
    bought = (await money(client, ben))["COIN"]
    assert (stages(bought), bought["here_minor"]) == ({"held": 10_000}, 10_000)
    (coins,) = parts(bought, "held")
    assert (coins["amount"], coins["payment_id"]) == ("100.00", None)
    for person in (ana, ben):
        await agrees_with_the_books(client, person)
    await assert_clean(app)


async def test_what_is_owed_stands_beside(client: Any, make: Any) -> None:
    ana = await make.member("ana")
    async with make.tx() as ctx:
        await ctx.db.execute("update wallets set debt_minor = 300 where user_id = $1", ana.id)
    assert (await money(client, ana))["COIN"]["owed_minor"] == 300
    async with make.tx() as ctx:
        await ctx.db.execute("update wallets set debt_minor = 0 where user_id = $1", ana.id)


async def test_only_ones_own(client: Any, make: Any) -> None:
    ana, ben = await make.member("ana", earned=400), await make.member("ben")
    assert len(await lines(client, ana, "COIN", "available")) == 1
    assert await lines(client, ben, "COIN", "available") == []
    assert (await client.get("/api/v1/money")).status_code == 401
    for path in ("COIN/nowhere", "GOLD/available", "coin/sent"):
        answer = await client.as_(ana).get(f"/api/v1/money/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_it_takes_few_statements_whatever_there_is(client: Any, make: Any, queries: Any) -> None:
    ana = await make.member("ana", earned=1000)
    for asset in ("USD", "EUR", "INR"):
        await make.credits(ana, asset, earned=500_00)
    async with make.tx(ana) as ctx:
        await payouts.request_payout(ctx, key="1")
    await money(client, ana)
    with queries() as seen:
        await money(client, ana)
    assert len(seen) <= 9, seen
