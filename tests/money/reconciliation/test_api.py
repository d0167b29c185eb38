"""`/api/v1/reconciliation`, 3AM's reconcile, and the command."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.cli import reconcile as command
from stoa.cli.serve import Refused
from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from tests.contract.things import World, discrepancy
from tests.money.books import assert_clean, buckets, count
from tests.money.payments.test_orders import buy

HOME = "/api/v1/reconciliation"


@pytest.fixture
async def world(client: Any, make: Any) -> World:
    made = World(make, client)
    await made.people()
    return made


async def test_found_and_merged(app: Any, client: Any, world: World) -> None:
    made = await discrepancy(world)
    boss = client.as_(world.staff)
    summary = (await boss.get(HOME)).json()
    assert (summary["open"], summary["kinds"]["missing_here"], summary["kinds"]["fee"]) == (1, 1, 0)
    path = f"{HOME}/discrepancies/{made['discrepancy_id']}"
    shown = (await boss.get(path)).json()
    assert (shown["kind"], shown["state"], shown["order_id"]) == ("missing_here", "open", made["order_id"])
    assert (shown["here"]["order"], shown["there"]["captured_minor"]) == ("pending", 499)
    (listed,) = (await boss.get(f"{HOME}/discrepancies?kind=missing_here&gateway=sandbox")).json()["items"]
    assert listed == shown
    assert (await boss.get(f"{HOME}/discrepancies?kind=fee")).json()["items"] == []
    merged = await boss.post(f"{path}/merge")
    assert (merged.status_code, merged.json()["state"]) == (200, "closed"), merged.text
    again = await boss.post(f"{path}/merge")
    assert (again.status_code, again.json()["code"]) == (409, "discrepancy_ended")
    assert (await boss.post(f"{path}/resolve", json={"note": "too late"})).status_code == 409
    assert await count(app, "select count(*) from orders where state = 'paid'") == 1
    assert await count(app, "select count(*) from audit_events where action = 'reconciliation.merged'") == 1
    await assert_clean(app)


async def test_settled(app: Any, client: Any, world: World) -> None:
    made = await discrepancy(world)
    boss, path = client.as_(world.staff), f"{HOME}/discrepancies/{made['discrepancy_id']}"
    before = await buckets(app, world.owner)
    for wrong in ({}, {"note": "x"}, {"note": "x" * 501}):
        assert (await boss.post(f"{path}/resolve", json=wrong)).status_code == 422
    assert (await boss.post(f"{path}/resolve", json={"note": "   x   "})).status_code == 422
    settled = (await boss.post(f"{path}/resolve", json={"note": "Paid twice by bank"})).json()
    assert (settled["state"], settled["decided_by"]) == ("resolved", world.staff.username)
    assert await buckets(app, world.owner) == before, "nothing moves"
    assert await count(app, "select count(*) from audit_events where action = 'reconciliation.resolved'") == 1


async def test_a_run(app: Any, client: Any, world: World) -> None:
    boss = client.as_(world.staff)
    await buy(client.as_(world.owner), package=1)
    since = (utcnow() - timedelta(days=1)).isoformat()
    begun = await boss.post(f"{HOME}/runs", json={"gateway": "sandbox", "since": since, "until": utcnow().isoformat()})
    assert (begun.status_code, begun.json()["state"]) == (202, "running"), begun.text
    refused = await boss.post(f"{HOME}/runs", json={"gateway": "sandbox"})
    assert (refused.status_code, refused.json()["run_id"]) == (409, begun.json()["id"])
    await run_due(app, reraise=True)
    run = (await boss.get(f"{HOME}/runs/{begun.json()['id']}")).json()
    assert (run["state"], run["compared"], run["found"]) == ("done", 1, 0)
    assert (await boss.get(f"{HOME}/runs")).json()["items"] == [run]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"gateway": "nobody"}, "gateway"),
        ({"gateway": "nobody", "subject": "payouts"}, "gateway"),
        ({"gateway": "sandbox", "subject": "gifts"}, "subject"),
        ({"gateway": "sandbox", "since": "2026-05-03"}, "since"),
        ({"gateway": "sandbox", "since": "2026-05-03T00:00:00"}, "since"),
        ({"gateway": "sandbox", "since": "2999-05-03T00:00:00Z"}, "since"),
        ({"gateway": "sandbox", "since": "2001-05-03T00:00:00Z"}, "since"),
        ({"gateway": "sandbox", "since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"gateway": "sandbox", "until": "0001-01-01T00:00:00Z"}, "until"),
        ({"gateway": "sandbox", "until": "0001-01-01T00:00:00+14:00"}, "until"),
        ({"gateway": "sandbox", "since": "2026-05-03T00:00:00Z", "until": "2026-05-03T00:00:00Z"}, "since"),
        ({"gateway": "sandbox", "account_id": "01890000-0000-7000-8000-000000000000"}, "gateway"),
    ],
)
async def test_what_cannot_be_compared(app: Any, client: Any, world: World, wrong: dict[str, Any], field: str) -> None:
    answer = await client.as_(world.staff).post(f"{HOME}/runs", json=wrong)
    assert answer.status_code == 422 and field in answer.json()["fields"], answer.text
    assert await count(app, "select count(*) from reconciliation_runs") == 0


async def test_for_administrators_only(client: Any, make: Any, world: World) -> None:
    made = await discrepancy(world)
    for user in (world.owner, await make.user(roles=("moderator",)), await make.user(roles=("support",))):
        me = client.as_(user)
        for path in (HOME, f"{HOME}/runs", f"{HOME}/discrepancies", f"{HOME}/runs/{made['run_id']}"):
            assert (await me.get(path)).status_code == 403
        assert (await me.post("/api/payments/reconcile", json={})).status_code == 403
    assert (await client.as_(world.staff).get(f"{HOME}/runs/{made['order_id']}")).status_code == 404


async def test_3am_reconciles(app: Any, client: Any, world: World) -> None:
    """With the usual gateway; what was open before is in the answer."""
    made = await discrepancy(world)
    answer = await client.as_(world.staff).post("/api/payments/reconcile", json={})
    assert answer.status_code == 202, answer.text
    told = answer.json()["reconciliation"]
    assert (told["gateway"], told["status"]) == ("sandbox", "running")
    (found,) = answer.json()["discrepancies"]
    assert (found["type"], found["transaction_id"], found["status"]) == ("missing_here", made["order_id"], "open")
    assert (found["expected_amount"], found["actual_amount"], found["currency"]) == (4.99, 4.99, "USD")
    await run_due(app, reraise=True)
    assert (await client.as_(world.staff).get(f"{HOME}/runs/{told['id']}")).json()["state"] == "done"
    wrong = await client.as_(world.staff).post("/api/payments/reconcile", json={"gateway": "nobody\u0000"})
    assert wrong.status_code == 422
    wrong = await client.as_(world.staff).post("/api/payments/reconcile", json={"gateway": "nobody"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["gateway"])


def test_days_of_the_command() -> None:
    assert command.moment(None, "--since") is None
    assert str(command.moment("2026-05-03", "--since")) == "2026-05-03 00:00:00+00:00"
    assert str(command.moment("2026-05-03", "--until", end=True)) == "2026-05-04 00:00:00+00:00"
    assert str(command.moment("2026-05-03T10:00:00+02:00", "--until", end=True)) == "2026-05-03 10:00:00+02:00"
    for wrong in ("yesterday", "2026-13-03", "2026-05-03T10:00:00", "9999-12-31"):
        with pytest.raises(Refused):
            command.moment(wrong, "--until", end=True)


async def test_the_command(app: Any, client: Any, world: World, capsys: Any) -> None:
    """1 and a line for each difference while one is open, 0 once there is none."""
    made = await discrepancy(world)
    assert await command.compare(app.settings, None, None, None) == 1
    told = capsys.readouterr().out
    assert "sandbox, payments, " in told and "sandbox, payouts, " in told
    assert f"order {made['order_id']}  here order pending, " in told
    assert "1 open: see /admin/reconciliation" in told
    path = f"{HOME}/discrepancies/{made['discrepancy_id']}/merge"
    assert (await client.as_(world.staff).post(path)).json()["state"] == "closed"
    assert await command.compare(app.settings, "sandbox", utcnow() - timedelta(days=1), utcnow()) == 0
    assert "1 compared, 0 differ" in (told := capsys.readouterr().out) and "nothing is open" in told
    with pytest.raises(Refused, match="switched on are sandbox"):
        await command.compare(app.settings, "nobody", None, None)
