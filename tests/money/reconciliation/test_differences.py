"""Each kind of difference made for real in a gateway's books or in ours: found, named exactly, gone once mended."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.queue import run_due
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments.actions import hosted
from stoa.money.payments.types import SandboxCard
from stoa.money.payouts.gateways import sandbox as payout_sandbox
from stoa.money.reconciliation import actions, jobs, queries
from stoa.money.reconciliation.invariants import INVARIANTS
from stoa.money.reconciliation.types import Run
from tests.money.books import assert_clean, buckets, count, platform
from tests.money.payments.test_accounts import KEY, connect
from tests.money.payments.test_orders import buy, checkout
from tests.money.payments.test_stripe import told
from tests.money.payments.test_webhooks import state_of
from tests.money.wallet.test_card_tips import checkout as tip_checkout
from tests.providers.stripe import StripeServer, fee_of, standing
from tests.providers.stripe_accounts import world


@pytest.fixture
def server(app: Any) -> Iterator[StripeServer]:
    """Stripe is the only gateway, so that orders go to it."""
    with standing(app) as made:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        yield made


async def compare(app: Any, gateway: str, subject: Any = "payments", *, now: datetime | None = None) -> Run:
    """A run over the last day and everything until now."""
    at = now or utcnow() + timedelta(seconds=5)
    async with app.database.transaction() as db:
        ctx = Ctx(db, None, at, "test", app)
        since = at - timedelta(days=20)
        begun = await actions.start(ctx, subject=subject, gateway=gateway, since=since, until=at, queued=False)
    async with app.database.connection() as db:
        return await actions.perform(Ctx(db, None, at, "test", app), begun.id)


async def matters(app: Any, state: str = "open") -> list[Any]:
    async with app.database.connection() as db:
        ctx = Ctx(db, None, utcnow(), "test", app)
        found = await queries.discrepancies(ctx, state=state, limit=100)  # type: ignore[arg-type]
        return found.items


async def named(app: Any) -> list[tuple[str, str]]:
    """What is open, as kind and reference."""
    return sorted((one.kind.value, one.reference) for one in await matters(app))


async def mend(app: Any, boss: Any, matter: Any) -> str:
    async with app.database.connection() as db:
        ctx = Ctx(db, boss.actor, utcnow() + timedelta(seconds=5), "test", app)
        return str((await actions.mend(ctx, matter.id)).state)


async def change(app: Any, sql: str, *args: Any) -> None:
    async with app.database.transaction() as db:
        await db.execute(sql, *args)


async def pressed(make: Any, order: dict[str, Any]) -> None:
    """The payer pays on the sandbox's page; its webhook gets lost."""
    async with make.tx() as ctx:
        await hosted.submit_card(ctx, order["session_id"], SandboxCard("4242 4242 4242 4242", "04/40", "123"))
        await ctx.db.execute("delete from jobs where type like '%DeliverSandboxEvent'")


async def test_all_is_in_order(app: Any, client: Any, make: Any) -> None:
    """Paid, refunded in part, refused, left open, and given up."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    me = client.as_(ana)
    order = (await buy(me, package=1)).json()
    part = {"amount_minor": 199, "reason": "by half"}
    assert (await client.as_(boss).post(f"/api/v1/orders/{order['id']}/refund", json=part)).status_code == 201
    await buy(me, "pm_card_chargeDeclined", package=1)
    await checkout(me)
    given_up = (await checkout(me)).json()
    await me.post(f"/api/v1/orders/{given_up['order_id']}/cancel")
    await run_due(app, reraise=True)
    run = await compare(app, "sandbox")
    assert (run.state, run.compared, run.elsewhere, run.found) == ("done", 2, 0, 0)
    assert await matters(app) == []
    await assert_clean(app)


async def test_paid_there_and_pending_here(app: Any, client: Any, make: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await checkout(client.as_(ana))).json()
    await pressed(make, order)
    run = await compare(app, "sandbox")
    assert run.found == 1
    (matter,) = await matters(app)
    assert (matter.kind, str(matter.order_id)) == ("missing_here", order["order_id"])
    assert matter.here == {"order": "pending", "amount_minor": 499, "currency": "USD"}
    assert (matter.there["status"], matter.there["captured_minor"]) == ("succeeded", 499)
    assert await mend(app, boss, matter) == "closed"
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert (await compare(app, "sandbox")).found == 0
    await assert_clean(app)


async def test_the_status(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """The bank let it through; here it still waits for the payer. The webhook closes it as well as the button."""
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), "pm_card_authenticationRequired", package=1)).json()
    intent = server.intents[order["payment_id"]]
    server._succeed(intent)
    await compare(app, "stripe")
    (matter,) = await matters(app)
    assert (matter.kind, matter.reference) == ("status", intent["id"])
    assert (matter.here["order"], matter.here["status"]) == ("pending", "requires_action")
    assert matter.there["status"] == "succeeded"
    await told(app, client, server, "payment_intent.succeeded", intent)
    assert (await compare(app, "stripe")).found == 0
    assert await matters(app) == []
    (closed,) = await matters(app, "closed")
    assert closed.id == matter.id and closed.ended_at is not None
    await assert_clean(app)


async def test_missing_there(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    kept = server.intents.pop(order["payment_id"])
    await compare(app, "stripe")
    (matter,) = await matters(app)
    assert (matter.kind, matter.reference, matter.there) == ("missing_there", order["payment_id"], {})
    assert (matter.here["status"], matter.here["captured_minor"]) == ("succeeded", 499)
    server.intents[order["payment_id"]] = kept
    assert (await compare(app, "stripe")).found == 0
    assert await matters(app) == []


async def test_a_payment_of_an_order_that_is_not_here(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """And one of somebody else's program, which is only counted."""
    server._succeed(server._intent(500, "usd", {"order_id": "01890000-0000-7000-8000-000000000000"}))
    server._succeed(server._intent(700, "usd", {}))
    run = await compare(app, "stripe")
    assert (run.compared, run.elsewhere, run.found) == (2, 1, 1)
    (matter,) = await matters(app)
    assert (matter.kind, matter.reference, matter.order_id, matter.here) == ("missing_here", "pi_1", None, {})


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"amount": 498, "amount_received": 498}, "amount"),
        ({"amount_received": 498}, "amount"),
        ({"currency": "eur"}, "currency"),
    ],
)
async def test_amount_and_currency(
    app: Any, client: Any, make: Any, server: StripeServer, changed: dict[str, Any], kind: str
) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    intent = server.intents[order["payment_id"]]
    before = dict(intent)
    intent |= changed
    await compare(app, "stripe")
    (matter,) = await matters(app)
    assert (matter.kind, matter.reference) == (kind, intent["id"])
    assert await mend(app, boss, matter) == "open", "merging what does not fit changes nothing"
    assert await buckets(app, ana) == {"purchased": 10_000}
    intent |= before
    assert (await compare(app, "stripe")).found == 0
    await assert_clean(app)


async def test_a_refund_made_there(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    server.refunded[order["payment_id"]] = 199
    await compare(app, "stripe")
    (matter,) = await matters(app)
    assert (matter.kind, matter.reference) == ("refund", order["payment_id"])
    assert (matter.here["refunded_minor"], matter.there["refunded_minor"]) == (0, 199)
    assert await mend(app, boss, matter) == "closed"
    assert await state_of(client, ana, order) == "partially_refunded"
    assert await platform(app, "USD", "world:stripe") == -(300 - fee_of(499)), "its fee does not come back"
    assert (await compare(app, "stripe")).found == 0
    await assert_clean(app)


async def test_the_fee(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """A webhook does not tell it: the list does, and it is taken over. Told otherwise later it is a difference."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await checkout(client.as_(ana))).json()
    intent = server.pay(order["session_id"])
    await told(app, client, server, "payment_intent.succeeded", intent)
    assert await platform(app, "USD", "world:stripe") == -499
    assert (await compare(app, "stripe")).found == 0
    assert await platform(app, "USD", "world:stripe") == -(499 - fee_of(499))
    server.fees[intent["id"]] = 61
    await compare(app, "stripe")
    (matter,) = await matters(app)
    assert (matter.kind, matter.here["fee_minor"], matter.there["fee_minor"]) == ("fee", 44, 61)
    assert await mend(app, boss, matter) == "closed"
    assert await platform(app, "USD", "world:stripe") == -(499 - 61)
    server.fees[intent["id"]] = 50
    await compare(app, "stripe")
    (matter,) = await matters(app)
    assert await mend(app, boss, matter) == "open", "a fee that was booked is not taken back by itself"
    await assert_clean(app)


async def test_the_ledger(app: Any, client: Any, make: Any) -> None:
    """An order that the books have another sum of, and money in the books that belongs to no order."""
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    world, sales = AccountRef(None, "USD", "world:sandbox"), AccountRef(None, "USD", "coin_sales")
    moved = {}
    async with make.tx() as ctx:
        for name, metadata in (("of the order", {"order_id": order["id"]}), ("of nothing", {})):
            moved[name] = await ledger.post(
                ctx,
                kind="by_hand",
                legs=[Leg(world, -100), Leg(sales, 100)],
                key=name,
                cause=f"By hand, {name}",
                metadata=metadata,
            )
    await compare(app, "sandbox")
    stray = str(moved["of nothing"].transfer_id)
    assert await named(app) == sorted([("ledger", order["id"]), ("ledger", stray)])
    shown = {one.reference: one.here for one in await matters(app)}
    assert shown[order["id"]] == {"order": "paid", "kept_minor": 499, "ledger_minor": 599}
    assert shown[stray] == {"ledger_minor": 100, "cause": "By hand, of nothing"}
    async with make.tx() as ctx:
        await ledger.reverse(ctx, moved["of the order"].transfer_id, key="back", cause="It was a mistake")
    await compare(app, "sandbox")
    assert await named(app) == [("ledger", stray)]
    async with make.tx() as ctx:
        await ledger.reverse(ctx, moved["of nothing"].transfer_id, key="back too", cause="It was a mistake as well")
    assert (await compare(app, "sandbox")).found == 0
    await assert_clean(app)


async def test_payouts(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    """Paid here and bounced there; never heard of there; over there and under way here, for too long."""
    monkeypatch.setattr(payout_sandbox, "ARRIVAL_S", 0)
    boss = await make.user("boss", roles=("admin",))
    people = [await make.member(name, earned=390) for name in ("ana", "ben", "cleo")]
    paid = [(await client.as_(one).post("/api/v1/payouts", json={})).json() for one in people]
    assert {one["state"] for one in paid} == {"pending"}
    await run_due(app, now=utcnow() + timedelta(seconds=10), reraise=True)
    assert (await compare(app, "sandbox", "payouts")).found == 0
    kept = await count(app, "select count(*) from sandbox_transfers")
    assert kept == 3
    references = {}
    async with app.database.connection() as db:
        for row in await db.fetch("select p.provider_reference, p.id::text from payouts p"):
            references[row["id"]] = row["provider_reference"]
    bounced, unknown = (references[one["id"]] for one in paid[:2])
    await change(app, "update sandbox_transfers set state = 'failed', failure_reason = 'closed' where id = $1", bounced)
    await change(app, "update sandbox_transfers set id = 'tr_other' where id = $1", unknown)
    await compare(app, "sandbox", "payouts")
    assert await named(app) == sorted([("status", bounced), ("missing_there", unknown)])
    (matter,) = [one for one in await matters(app) if one.kind == "status"]
    assert (matter.here["status"], matter.there) == ("paid", {"status": "failed", "reason": "closed"})
    assert await mend(app, boss, matter) == "closed", "what came back is earned again"
    await change(app, "update sandbox_transfers set state = 'accepted' where id = $1", bounced)
    await change(app, "update sandbox_transfers set id = $1 where id = 'tr_other'", unknown)
    assert (await compare(app, "sandbox", "payouts")).found == 0
    assert await matters(app) == []
    await assert_clean(app)


async def test_a_payout_that_nobody_looked_at(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(payout_sandbox, "ARRIVAL_S", 60)
    ana, boss = await make.member("ana", earned=390), await make.user("boss", roles=("admin",))
    payout = (await client.as_(ana).post("/api/v1/payouts", json={})).json()
    await run_due(app, now=utcnow() + timedelta(seconds=10), reraise=True)
    await change(app, "delete from jobs where type like '%FollowPayout'")
    assert (await compare(app, "sandbox", "payouts")).found == 0
    later = utcnow() + timedelta(hours=4)
    await compare(app, "sandbox", "payouts", now=later)
    (matter,) = await matters(app)
    assert (matter.kind, str(matter.payout_id)) == ("status", payout["id"])
    assert (matter.here["status"], matter.there) == ("processing", {"status": "arrived"})
    async with app.database.connection() as db:
        await actions.mend(Ctx(db, boss.actor, later, "test", app), matter.id)
    assert await matters(app) == []
    paid = (await client.as_(ana).get(f"/api/v1/payouts/{payout['id']}")).json()
    assert paid["state"] == "paid"
    await assert_clean(app)


async def test_settled_by_a_person(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """It stays settled while both sides say the same, and comes back as a new matter when one of them changes."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    server.refunded[order["payment_id"]] = 100
    await compare(app, "stripe")
    (matter,) = await matters(app)
    async with make.tx(boss) as ctx:
        settled = await actions.resolve(ctx, matter.id, note=" Given back in cash, see letter 12 ")
    assert (settled.state, settled.note, settled.decided_by) == (
        "resolved",
        "Given back in cash, see letter 12",
        "boss",
    )
    assert (await compare(app, "stripe")).found == 0
    assert await matters(app) == []
    server.refunded[order["payment_id"]] = 200
    assert (await compare(app, "stripe")).found == 1
    (again,) = await matters(app)
    assert again.id != matter.id and again.there["refunded_minor"] == 200


async def test_found_again_is_the_same_matter(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = (await checkout(client.as_(ana))).json()
    await pressed(make, order)
    await compare(app, "sandbox")
    (first,) = await matters(app)
    await compare(app, "sandbox")
    (again,) = await matters(app)
    assert again.id == first.id and again.seen_at > first.seen_at and again.found_at == first.found_at


async def test_a_gateway_that_does_not_answer_closes_nothing(
    app: Any, client: Any, make: Any, server: StripeServer
) -> None:
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    server.refunded[order["payment_id"]] = 100
    await compare(app, "stripe")
    server.mischief = ["timeout", "timeout"]
    run = await compare(app, "stripe")
    assert (run.state, run.found) == ("failed", 0)
    assert run.failure == "The payment service does not answer right now. Please try again"
    assert len(await matters(app)) == 1
    server.mischief = ["", "crash", "crash"]
    assert (await compare(app, "stripe")).state == "failed", "also in the middle of it"
    assert len(await matters(app)) == 1


async def test_what_happens_meanwhile_is_no_difference(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    """Paid and refunded between the gateway's list and our own."""
    from stoa.money.payments.gateways.sandbox import Sandbox

    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    listing = Sandbox.list_payments

    async def list_and_go_on(self: Any, ctx: Any, since: Any, until: Any) -> Any:
        listed = await listing(self, ctx, since, until)
        assert (await buy(client.as_(ana), package=1)).json()["state"] == "paid"
        refund = await client.as_(boss).post(f"/api/v1/orders/{order['id']}/refund", json={"reason": "all of it"})
        assert refund.status_code == 201
        await run_due(app, reraise=True)
        return listed

    monkeypatch.setattr(Sandbox, "list_payments", list_and_go_on)
    run = await compare(app, "sandbox")
    assert (run.state, run.found) == ("done", 0)
    await assert_clean(app)


async def test_one_run_at_a_time(app: Any, make: Any) -> None:
    from stoa.money.reconciliation.errors import RunUnderWay

    async def begin() -> Any:
        async with make.tx() as ctx:
            return await actions.start(ctx, subject="payments", gateway="sandbox")

    done = await asyncio.gather(*(begin() for _ in range(5)), return_exceptions=True)
    begun = [one for one in done if isinstance(one, Run)]
    assert len(begun) == 1 and sum(isinstance(one, RunUnderWay) for one in done) == 4
    assert await run_due(app, reraise=True) == 1
    assert (await begin()).id != begun[0].id
    await change(app, "delete from jobs")
    await change(app, "update reconciliation_runs set started_at = started_at - interval '3 hours'")
    assert (await begin()).state == "running", "one that was interrupted long ago is in nobody's way"


async def test_a_paid_order_twice(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    """The second payment goes back whole: then all is in order again."""
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    second = server._intent(499, "usd", {"order_id": order["id"]})
    server._succeed(second)
    body, headers = server.event("payment_intent.succeeded", second)
    assert (await client.post("/api/v1/webhooks/stripe", content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    assert server.refunded == {second["id"]: 499}
    await told(app, client, server, "charge.refunded", server.charge(second["id"]))
    assert (await compare(app, "stripe")).found == 0
    await assert_clean(app)


@pytest.mark.harm
async def test_what_was_settled_without_a_trace_is_seen(app: Any, client: Any, make: Any, server: StripeServer) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    server.refunded[order["payment_id"]] = 100
    await compare(app, "stripe")
    await change(
        app,
        """update reconciliation_discrepancies
           set state = 'resolved', note = 'by hand', decided_by = $1, ended_at = now()""",
        boss.id,
    )
    async with app.database.connection() as db:
        (broken,) = [row for sql in INVARIANTS.values() for row in await db.fetch(sql)]
    assert broken["expected"] == "reconciliation.resolved"


async def test_every_night(app: Any, client: Any, make: Any) -> None:
    """The platform's accounts, and a creator's own: what is missing there is named with the account it is of (M12)."""
    ana, ben, boss = await make.user("ana"), await make.user("ben"), await make.user("boss", roles=("admin",))
    with world(app) as stripe:
        server = stripe.account("acct_ana", KEY)
        await connect(client, ana)
        opened = (await tip_checkout(client.as_(ben), ana)).json()
        intent = server.pay(opened["session_id"])
        at = utcnow() + timedelta(minutes=30)
        async with app.database.connection() as db:
            assert await jobs.nightly(Ctx(db, None, at, "test", app)) == 5
            assert await jobs.nightly(Ctx(db, None, at, "test", app)) == 0, "they are under way"
        await run_due(app, now=at, reraise=True)
        async with app.database.connection() as db:
            ran = (await queries.runs(Ctx(db, None, at, "test", app))).items
        assert {(one.subject, one.gateway, one.account_id is None, one.state) for one in ran} == {
            ("payments", "stripe", True, "done"),
            ("payments", "sandbox", True, "done"),
            ("payouts", "sandbox", True, "done"),
            ("payouts", "stripe", True, "done"),
            ("payments", "stripe", False, "done"),
        }
        (matter,) = await matters(app)
        assert (matter.kind, matter.reference, str(matter.order_id)) == (
            "missing_here",
            intent["id"],
            opened["order_id"],
        )
        assert matter.account_id is not None
        assert await mend(app, boss, matter) == "closed"
        assert await state_of(client, ben, opened) == "paid"
    await assert_clean(app)
