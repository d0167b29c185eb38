"""The books through the public door, for administrators only."""

from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ids import new_id

BOOKS = "/api/v1/admin/ledger"


async def test_the_trial_balance_by_purpose_and_by_asset(client: Any, make: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    before = utcnow()
    ana, bea = await make.user("ana"), await make.user("bea")
    await client.as_(bea).post("/api/v1/gifts", json={"amount": 100, "recipient_id": str(ana.id)})
    books = (await admin.get(f"{BOOKS}/trial-balance")).json()
    sums = {(row["asset"], row["platform"], row["purpose"]): row["balance_minor"] for row in books["rows"]}
    assert sums["COIN", False, "promotional"] == 100_00 + 100_00 + 40_00
    assert sums["COIN", True, "promotional_fees"] == 60_00
    assert sums["COIN", True, "welcome"] == -300_00
    totals = {total["asset"]: total for total in books["totals"]}
    assert totals["COIN"] == {"asset": "COIN", "debits_minor": -300_00, "credits_minor": 300_00, "total_minor": 0}
    assert totals["USD"]["total_minor"] == 0
    then = (await admin.get(f"{BOOKS}/trial-balance", params={"at": before.isoformat()})).json()
    assert {total["asset"]: total["credits_minor"] for total in then["totals"]}["COIN"] == 100_00


async def test_a_time_without_its_zone_is_refused(client: Any, make: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    answer = await admin.get(f"{BOOKS}/trial-balance", params={"at": "2026-01-01T00:00:00"})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["at"])


async def test_a_transfer_with_its_postings(client: Any, make: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    ana, bea = await make.user("ana"), await make.member("bea", purchased=1000)
    gift = (await client.as_(bea).post("/api/v1/gifts", json={"amount": 1000, "recipient_id": str(ana.id)})).json()
    transfer = (await admin.get(f"{BOOKS}/transfers/{gift['transfer_id']}")).json()
    assert (transfer["kind"], transfer["cause"]) == ("gift", "@bea gave 1,000 coins to @ana")
    assert [(p["purpose"], p["amount_minor"]) for p in transfer["postings"]] == [
        ("purchased", -1000_00),
        ("earned", 400_00),
        ("fees", 600_00),
    ]
    assert (await admin.get(f"{BOOKS}/transfers/{new_id()}")).status_code == 404


async def test_the_books_are_right(client: Any, make: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    assert (await admin.get(f"{BOOKS}/verify")).json() == {"is_right": True, "differences": []}


async def test_the_check_is_of_all_modules(app: Any, client: Any, make: Any) -> None:
    admin = client.as_(await make.user(roles=("admin",)))
    async with app.database.connection() as db:
        await db.execute("delete from wallets")
    found = (await admin.get(f"{BOOKS}/verify")).json()
    assert not found["is_right"] and found["differences"][0]["fact"] == "wallet: everybody has a wallet"


@pytest.mark.parametrize("path", ["trial-balance", "verify", "transfers/00000000-0000-7000-8000-000000000001"])
async def test_nobody_else_sees_the_books(client: Any, make: Any, path: str) -> None:
    assert (await client.get(f"{BOOKS}/{path}")).status_code == 401
    for roles in ((), ("moderator",)):
        answer = await client.as_(await make.user(roles=roles)).get(f"{BOOKS}/{path}")
        assert answer.status_code in (403, 404)
