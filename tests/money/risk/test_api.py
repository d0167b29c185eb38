"""What is noticed when money moves, and decided about it, through the public door (F1 to F7)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.days import business_days_after
from stoa.kit.queue import run_due
from stoa.money.payouts.gateways import sandbox
from stoa.money.risk import actions, queries
from stoa.money.risk.errors import Blocked
from stoa.money.risk.types import Movement, Observed
from tests.money.books import assert_clean, buckets, count

URL = "/api/v1/admin/fraud"


@pytest.fixture(autouse=True)
def arrives_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)


async def give(client: Any, recipient: Any, amount: int = 1) -> Any:
    return await client.post("/api/v1/gifts", json={"recipient_id": str(recipient.id), "amount": amount})


async def log(client: Any, **filters: Any) -> list[dict[str, Any]]:
    answer = await client.get(URL, params=filters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def later(app: Any) -> None:
    while await run_due(app, now=utcnow() + timedelta(seconds=10), reraise=True):
        pass


async def flagged(client: Any, make: Any, **coins: float) -> tuple[Any, dict[str, Any], Any]:
    """Somebody who gave eleven times within an hour, the flag, and an administrator's client."""
    ana, bob = await make.member("ana", purchased=100, **coins), await make.member("bob")
    staff = client.as_(await make.user("alma", roles=("admin",)))
    for _ in range(11):
        assert (await give(client.as_(ana), bob)).status_code == 201
    (flag,) = await log(staff)
    return ana, flag, staff


async def test_eleven_at_once_trip_exactly_at_the_eleventh(live: Any, client: Any, make: Any, gather: Any) -> None:
    """F2, F6: ten at once trip nothing; eleven at once trip it once, at the eleventh."""
    ana, eva = await make.member("ana", purchased=100), await make.member("eva", purchased=100)
    staff = client.as_(await make.user("alma", roles=("admin",)))
    others = [await make.member() for _ in range(11)]
    answers = await gather(*(give(client.as_(eva), other) for other in others[:10]))
    assert [a.status_code for a in answers] == [201] * 10
    assert await log(staff) == []
    answers = await gather(*(give(client.as_(ana), other) for other in others))
    assert [a.status_code for a in answers] == [201] * 11
    (flag,) = await log(staff)
    assert (flag["rule"], flag["severity"], flag["state"], flag["from_name"]) == ("F2", "high", "open", "ana")
    assert flag["reason"] == "11 movements within an hour, more than 10"
    await assert_clean(live)


async def look_at(ctx: Any, **given: Any) -> None:
    """As whatever moves money does, with nothing that is moved."""
    movement = Movement(**given)
    worth_micro, since = await actions.measure(ctx, movement)
    people = (movement.from_id, movement.to_id)
    seen = await ctx.db.fetchrow("select * from risk_observe($1, $2, $3, $4, $5)", *people, worth_micro, ctx.now, since)
    await actions.judge(ctx, movement, Observed(**seen))


async def test_movements_of_different_kinds_are_counted_together(live: Any, make: Any, gather: Any) -> None:
    """F6: also where the ledger's locks do not meet; no two see the same number."""
    ana, bob = await make.member("ana"), await make.member("bob")

    async def move(asset: str, amount_minor: int) -> None:
        async with make.tx() as ctx:
            await look_at(ctx, kind="tip", from_id=ana.id, to_id=bob.id, asset=asset, amount_minor=amount_minor)

    done = await gather(*(move("USD", 9_000) if i % 2 else move("INR", 1) for i in range(24)))
    assert done == [None] * 24
    async with make.tx() as ctx:
        rows = await ctx.db.fetch("select rule, reason from risk_flags order by rule")
    assert [tuple(row) for row in rows] == [
        ("F2", "11 movements within an hour, more than 10"),
        ("F3", "1,080.00 USD moved within an hour, more than 1,000.00"),
    ]


async def test_a_large_one_is_flagged_and_let_through(app: Any, client: Any, make: Any) -> None:
    """F1, F3, M2: 39,000 coins are 500 USD; 39,001 are more."""
    ana, bob = await make.member("ana", purchased=200_000), await make.member("bob")
    staff = client.as_(await make.user("alma", roles=("admin",)))
    for _ in range(2):
        assert (await give(client.as_(ana), bob, 39_000)).status_code == 201
        assert await log(staff) == []
    assert (await give(client.as_(ana), bob, 39_001)).status_code == 201
    found = {flag["rule"]: flag for flag in await log(staff)}
    assert sorted(found) == ["F1", "F3"]
    assert (found["F1"]["severity"], found["F1"]["state"]) == ("medium", "open")
    assert found["F3"]["reason"] == "1,500.02 USD moved within an hour, more than 1,000.00"
    async with make.tx() as ctx:
        assert len(await queries.holds_of(ctx, ana.id)) == 1, "F1 holds nothing"
    await assert_clean(app)


async def test_what_moved_before_the_hour_does_not_count(client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=100), await make.member("bob")
    staff = client.as_(await make.user("alma", roles=("admin",)))
    for _ in range(10):
        await give(client.as_(ana), bob)
    async with make.tx() as ctx:
        await ctx.db.execute("update risk_movements set at = at - interval '61 minutes'")
    await give(client.as_(ana), bob)
    assert await log(staff) == []
    async with make.tx() as ctx:
        await ctx.db.execute("update risk_movements set at = at - interval '2 hours'")
        assert await actions.forget_movements(ctx) == 11


async def test_a_flag_holds_the_payout_until_it_is_approved(app: Any, client: Any, make: Any) -> None:
    """F2, F7: the reason, what happens next and by when stand where the person looks; then it goes on."""
    ana, flag, staff = await flagged(client, make, earned=400)
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()
    until = business_days_after(utcnow().date(), 3) + timedelta(days=1)
    assert (payout["state"], payout["review_reason"]) == ("in_review", flag["reason"])
    assert datetime.fromisoformat(payout["review_until"]).date() == until
    assert "We are looking at it: 11 movements within an hour" in payout["next_step"]
    (hold,) = (await me.get("/api/v1/earnings")).json()["holds"]
    assert (hold["reason"], hold["by"]) == (flag["reason"], flag["review_until"])
    assert hold["next_step"] == "A person looks at it. Until then your payouts wait"
    await later(app)
    refused = await staff.post(f"/api/v1/payouts/{payout['id']}/approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "flag_open")
    assert await count(app, "select count(*) from sandbox_transfers") == 0
    decided = await staff.post(f"{URL}/{flag['id']}/approve", json={"note": "A reading evening"})
    assert decided.status_code == 200, decided.text
    assert (decided.json()["state"], decided.json()["decided_by"]) == ("approved", "alma")
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"] == "pending"
    await later(app)
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"] == "paid"
    assert (await me.get("/api/v1/earnings")).json()["holds"] == []
    assert await count(app, "select count(*) from audit_events where action = 'risk.flag_approved'") == 1
    await give(me, await make.member("eva"))
    assert [f["state"] for f in await log(staff)] == ["approved"], "what was looked at does not count again"
    await assert_clean(app)


async def test_a_flag_holds_a_payout_that_was_asked_for_before(app: Any, client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=100, earned=400), await make.member("bob")
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()
    assert payout["state"] == "pending"
    for _ in range(11):
        await give(me, bob)
    await run_due(app, reraise=True)
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"] == "in_review"
    await later(app)
    assert await count(app, "select count(*) from sandbox_transfers") == 0
    await assert_clean(app)


async def test_nothing_slips_through_before_the_news_has_come(app: Any, client: Any, make: Any) -> None:
    """The worker sends payouts before it hears of the flag."""
    ana, bob = await make.member("ana", purchased=100, earned=400), await make.member("bob")
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()
    for _ in range(11):
        await give(me, bob)
    async with make.tx() as ctx:
        assert await ctx.db.execute("delete from jobs where type like 'on:%hold_flagged'") == "DELETE 1"
    await later(app)
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"] == "in_review"
    assert await count(app, "select count(*) from sandbox_transfers") == 0


async def test_a_rejected_flag_keeps_the_hold_with_its_reason(app: Any, client: Any, make: Any) -> None:
    """Each payout is decided by itself from then on."""
    ana, flag, staff = await flagged(client, make, earned=400)
    me = client.as_(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()
    wrong: list[dict[str, str]] = [{}, {"note": ""}, {"note": "   "}, {"note": "x" * 501}]
    for body in wrong:
        assert (await staff.post(f"{URL}/{flag['id']}/reject", json=body)).status_code == 422
    decided = await staff.post(f"{URL}/{flag['id']}/reject", json={"note": "These gifts go in a circle"})
    assert decided.json()["state"] == "rejected"
    held = (await me.get(f"/api/v1/payouts/{payout['id']}")).json()
    assert (held["state"], held["review_reason"]) == ("in_review", "These gifts go in a circle")
    (hold,) = (await me.get("/api/v1/earnings")).json()["holds"]
    assert (hold["reason"], hold["by"]) == ("These gifts go in a circle", None)
    assert (await staff.post(f"/api/v1/payouts/{payout['id']}/approve")).json()["state"] == "pending"
    await later(app)
    assert (await me.get(f"/api/v1/payouts/{payout['id']}")).json()["state"] == "paid"
    await assert_clean(app)


async def test_of_two_administrators_one_decides(live: Any, client: Any, make: Any, gather: Any) -> None:
    _, flag, one = await flagged(client, make)
    other = client.as_(await make.user("otto", roles=("admin",)))
    answers = await gather(
        one.post(f"{URL}/{flag['id']}/approve", json={}),
        other.post(f"{URL}/{flag['id']}/reject", json={"note": "No, thank you"}),
    )
    assert sorted(a.status_code for a in answers) == [200, 409]
    (refused,) = [a.json() for a in answers if a.status_code == 409]
    (kept,) = await log(one)
    assert (refused["code"], refused["state"]) == ("flag_decided", kept["state"])
    assert await count(live, "select count(*) from audit_events where subject = 'risk_flag'") == 1


async def test_nobody_decides_about_their_own(client: Any, make: Any) -> None:
    alma, bob = await make.user("alma", roles=("admin",)), await make.member("bob")
    await make.coins(alma, promotional=0, purchased=100)
    me = client.as_(alma)
    for _ in range(11):
        await give(me, bob)
    (flag,) = await log(me)
    for verb in ("approve", "reject"):
        answer = await me.post(f"{URL}/{flag['id']}/{verb}", json={"note": "It was me"})
        assert answer.status_code == 403, answer.text
    assert [f["state"] for f in await log(me)] == ["open"]


async def test_what_is_blocked_stands_in_the_log_and_moves_nothing(app: Any, client: Any, make: Any) -> None:
    """F4, F5: the request is rolled back, the line stays."""
    ana, bob = await make.member("ana", purchased=100), await make.member("bob")
    staff = client.as_(await make.user("alma", roles=("admin",)))
    me = client.as_(ana)
    assert (await give(me, ana)).status_code == 422
    assert (await staff.post(f"/api/v1/admin/users/{bob.id}/suspend", json={"reason": "Broke a rule"})).is_success
    assert (await give(me, bob, 7)).status_code == 409
    eva = await make.member("eva")
    async with make.tx() as ctx:
        for person in (ana, eva, eva):
            await actions.note_destination(ctx, person.id, b"the same bank account")
    answer = await give(me, eva)
    assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (409, "blocked_by_risk", "F4")
    found = await log(staff, severity="critical")
    assert [(f["rule"], f["state"], f["to_name"], f["amount_minor"]) for f in found] == [
        ("F4", "blocked", "eva", 100),
        ("F5", "blocked", "bob", 700),
        ("F4", "blocked", "ana", 100),
    ]
    refused = await staff.post(f"{URL}/{found[0]['id']}/approve", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "flag_decided")
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert await count(app, "select count(*) from gifts") == 0
    assert await count(app, "select count(*) from risk_movements") == 0
    await assert_clean(app)


async def test_a_suspension_in_between_blocks_the_movement(app: Any, make: Any) -> None:
    """F5: looked at again under the locks."""
    ana, bob = await make.member("ana"), await make.member("bob")
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended', status_reason = 'A rule' where id = $1", ana.id)
    with pytest.raises(Blocked) as caught:
        async with make.tx() as ctx:
            await look_at(ctx, kind="tip", from_id=ana.id, to_id=bob.id, asset="USD", amount_minor=100)
    assert caught.value.extra["rule"] == "F5"
    assert await count(app, "select count(*) from risk_flags where rule = 'F5' and kind = 'tip'") == 1


async def test_the_log_is_sifted_and_paged(client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=100), await make.member("bob", purchased=100)
    staff = client.as_(await make.user("alma", roles=("admin",)))
    for person in (ana, bob, ana):
        await give(client.as_(person), person)
    first = (await staff.get(URL, params={"limit": 2})).json()
    assert [f["from_name"] for f in first["items"]] == ["ana", "bob"]
    rest = (await staff.get(URL, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [f["from_name"] for f in rest["items"]] == ["ana"] and rest["next_cursor"] is None
    assert len(await log(staff, person="BOB")) == 1
    assert await log(staff, flag_state="open") == []
    for wrong in ({"severity": "mild"}, {"flag_state": "gone"}, {"cursor": "x"}):
        assert (await staff.get(URL, params=wrong)).status_code == 422
    assert (await client.as_(ana).get(URL)).status_code in (403, 404)
