"""Payouts by real providers, from request to arrival, with all that can go wrong between two programs (M10)."""

import asyncio
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from stoa.foundation.settings import actions as settings
from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from stoa.money.payouts.actions.sending import remind
from stoa.money.payouts.actions.switchboard import look
from tests.money.books import assert_clean, buckets, count, platform, postings
from tests.money.payouts import test_airwallex, test_wise
from tests.money.reconciliation.test_differences import compare, named
from tests.providers.airwallex import AirwallexServer
from tests.providers.payouts import PayoutServer, standing
from tests.providers.wise import WiseServer

DETAILS = {"wise": test_wise.details, "airwallex": test_airwallex.details}
ARRIVED = {"wise": "outgoing_payment_sent", "airwallex": "PAID"}
GONE = {"wise": "funds_refunded", "airwallex": "CANCELLED"}
KEY = {"wise": "wise_api_token", "airwallex": "airwallex_api_key"}
REMINDED_EVERY_S = 300
SHIFTED = {
    "jobs": ("run_at", "scheduled_at"),
    "payouts": ("requested_at", "submit_at", "next_try_at", "sent_at", "updated_at"),
    "payout_events": ("created_at",),
}
ACCOUNT = {"wise": "wise_profile_id", "airwallex": "airwallex_client_id"}


class World:
    """A provider that is switched on, somebody with earned coins."""

    def __init__(self, app: Any, client: Any, make: Any, name: str, server: Any) -> None:
        self.app, self.client, self.make, self.name, self.server = app, client, make, name, server

    async def requested(self, coins: int = 400) -> dict[str, Any]:
        """A payout to a bank account at the provider."""
        self.ana = await self.make.member("ana", earned=coins)
        self.me = self.client.as_(self.ana)
        given = DETAILS[self.name]()
        place = {"provider": self.name, "holder": given.holder, "currency": given.currency, "country": given.country}
        body = place | {"fields": given.fields, "password": self.ana.password}
        destination = await self.me.post("/api/v1/payout-destinations", json=body)
        assert destination.status_code == 201, destination.text
        answer = await self.me.post("/api/v1/payouts", json={"destination": destination.json()["id"]})
        assert answer.status_code == 201, answer.text
        payout = answer.json()
        self.server.asked.clear()
        return dict(payout)

    async def pass_(self, seconds: float) -> None:
        """The worker works for so long: whatever is due at some moment is run then."""
        left_s = seconds
        while True:
            await run_due(self.app)
            async with self.make.tx() as ctx:
                await remind(ctx)
            step_s = min(await self._due_s(), left_s, REMINDED_EVERY_S)
            await self._shift(step_s)
            left_s -= step_s
            if left_s <= 0:
                await run_due(self.app)
                return

    async def step(self) -> None:
        """Until the next job, and that one."""
        await self._shift(await self._due_s())
        await run_due(self.app)

    async def _due_s(self) -> float:
        async with self.app.database.connection() as db:
            next_at = await db.fetchval(
                "select min(run_at) from jobs where state in ('scheduled', 'waiting') and type like 'money.pay%'"
            )
        return max((next_at - utcnow()).total_seconds(), 0.0) + 0.01 if next_at else math.inf

    async def _shift(self, seconds: float) -> None:
        """Time passes: all that was, and is to be, is so much earlier."""
        async with self.make.tx() as ctx:
            for table, columns in SHIFTED.items():
                each = ", ".join(f"{column} = {column} - $1::float8 * interval '1 s'" for column in columns)
                await ctx.db.execute(f"update {table} set {each}", seconds)

    async def seen(self, payout: dict[str, Any]) -> dict[str, Any]:
        return dict((await self.me.get(f"/api/v1/payouts/{payout['id']}")).json())

    async def hear(self, told: tuple[bytes, dict[str, str]]) -> Any:
        body, headers = told
        return await self.client.post(f"/api/v1/payout-webhooks/{self.name}", content=body, headers=headers)

    def only(self) -> str:
        """The one transfer there is."""
        (transfer_id,) = self.server.transfers
        return str(transfer_id)

    def sent(self) -> int:
        """How much left our balance there, in cents."""
        return int((Decimal(1_000_000) - self.server.balance["USD"]) * 100)

    def configure(self, **settings: str) -> None:
        self.app.settings = msgspec.structs.replace(self.app.settings, **settings)


@pytest.fixture(params=["wise", "airwallex"])
def world(request: Any, app: Any, client: Any, make: Any) -> Iterator[World]:
    kinds: dict[str, type[PayoutServer]] = {"wise": WiseServer, "airwallex": AirwallexServer}
    with standing(app, kinds[request.param]) as server:
        yield World(app, client, make, request.param, server)


async def outcomes(app: Any) -> list[str | None]:
    async with app.database.connection() as db:
        return [r["outcome"] for r in await db.fetch("select outcome from webhook_events order by id")]


async def test_a_payout_arrives(world: World) -> None:
    """400 coins are 5.13 USD: as much leaves the books as leaves our balance there."""
    payout = await world.requested()
    await world.pass_(60)
    assert (await world.seen(payout))["state"] == "processing"
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(600)  # no webhook came
    paid = await world.seen(payout)
    assert (paid["state"], paid["provider_reference"]) == ("paid", world.only())
    assert (
        await postings(world.app, paid["transfer_id"])
        == {
            ("ana", "COIN", "earned_reserved"): -40_000,
            ("", "COIN", "redeemed"): 40_000,
            ("", "USD", "coin_sales"): -513,
        }
        | {
            "wise": {("", "USD", "payout_world:wise"): 508, ("", "USD", "payout_fees:wise"): 5},
            "airwallex": {("", "USD", "payout_world:airwallex"): 513},
        }[world.name]
    )
    assert world.sent() == 513
    await assert_clean(world.app)


async def test_a_webhook_hurries_the_next_look(world: World) -> None:
    payout = await world.requested()
    await world.pass_(3600)
    looks = len(world.server.asked)
    told = world.server.move(world.only(), ARRIVED[world.name])
    answers = [await world.hear(told) for _ in range(3)]
    assert {a.status_code for a in answers} == {200} and len({a.json()["id"] for a in answers}) == 1
    await world.pass_(0)
    assert (await world.seen(payout))["state"] == "paid"
    assert len(world.server.asked) - looks <= 2, "one look (and perhaps a new token)"
    assert await count(world.app, "select deliveries from webhook_events") == 3
    assert await outcomes(world.app) == ["applied"]
    assert (await world.hear(told)).status_code == 200
    await world.pass_(86_400)
    assert world.sent() == 513
    await assert_clean(world.app)


async def test_the_same_webhook_twice_at_once(world: World) -> None:
    payout = await world.requested()
    await world.pass_(60)
    told = world.server.move(world.only(), ARRIVED[world.name])
    await asyncio.gather(*(world.hear(told) for _ in range(5)))
    await asyncio.gather(*(run_due(world.app) for _ in range(3)))
    await world.pass_(600)
    assert (await world.seen(payout))["state"] == "paid"
    assert await count(world.app, "select count(*) from webhook_events") == 1
    assert await count(world.app, "select count(*) from events where type like '%PayoutPaid'") == 1
    await assert_clean(world.app)


async def test_a_webhook_does_not_move_money_by_itself(world: World) -> None:
    """Even a signed one: what it says is asked for."""
    payout = await world.requested()
    await world.pass_(60)
    before = world.server.transfers[world.only()]["status"]
    told = world.server.move(world.only(), ARRIVED[world.name])
    world.server.transfers[world.only()]["status"] = before
    assert (await world.hear(told)).status_code == 200
    await world.pass_(0)
    assert await outcomes(world.app) == ["applied"]
    assert (await world.seen(payout))["state"] == "processing"


async def test_forged_and_foreign_webhooks(world: World) -> None:
    payout = await world.requested()
    await world.pass_(60)
    body, headers = world.server.move(world.only(), ARRIVED[world.name])
    assert (await world.hear((body + b" ", headers))).json()["verdict"] == "bad_signature"
    assert (await world.hear((body, {"cookie": "a=b"}))).status_code == 400
    strange = world.server.transfers[world.only()] | {"id": 7 if world.name == "wise" else "seven"}
    world.server.transfers[str(strange["id"])] = strange
    assert (await world.hear(world.server.move(str(strange["id"]), ARRIVED[world.name]))).status_code == 200
    del world.server.transfers[str(strange["id"])]
    other = world.server.event("balances#update" if world.name == "wise" else "deposit.settled", {})
    assert (await world.hear(other)).status_code == 200
    unknown = await world.client.post("/api/v1/payout-webhooks/nobody", content=b"")
    assert unknown.status_code == 404
    assert (await world.client.post(f"/api/v1/payout-webhooks/{world.name}", content=b"x" * 262_145)).status_code == 413
    await run_due(world.app, reraise=True)
    assert sorted(str(o) for o in await outcomes(world.app)) == ["None", "None", "unchanged", "unchanged"]
    boss = world.client.as_(await world.make.user("boss", roles=("admin",)))
    shown = (await boss.get("/api/v1/webhook-events")).json()["items"]
    assert {row["gateway"] for row in shown} == {f"payout:{world.name}"}
    for path, said in (("webhooks", f"payout:{world.name}"), ("webhooks/health", f"Payout: {world.name}")):
        assert said in (await boss.get(f"/admin/{path}")).text
    assert (await world.seen(payout))["state"] == "processing"


async def test_a_webhook_before_the_answer_was_recorded(world: World) -> None:
    """The transfer is made, its answer is lost, and the webhook comes first."""
    payout = await world.requested()
    world.server.mischief = {"wise": ["", "timeout_after"], "airwallex": ["timeout_after"]}[world.name]
    await world.step()
    before = world.server.transfers[world.only()]["status"]
    told = world.server.move(world.only(), ARRIVED[world.name])
    world.server.transfers[world.only()]["status"] = before
    assert (await world.hear(told)).status_code == 200
    await run_due(world.app)
    assert await outcomes(world.app) == [None], "it waits"
    await world.pass_(100)
    assert await outcomes(world.app) == ["applied"]
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(600)
    assert (await world.seen(payout))["state"] == "paid"
    assert world.sent() == 513


@pytest.mark.parametrize("borne", ["by the creator", "by the platform"])
async def test_money_that_the_bank_sends_back_days_later(world: World, borne: str) -> None:
    """What was redeemed is earned again, with the reason; it is not sent again by itself."""
    if borne == "by the platform":
        async with world.make.tx(await world.make.user("boss", roles=("admin",))) as ctx:
            await settings.change_platform(ctx, payout_fee_on_platform=True)
    payout = await world.requested()
    await world.pass_(60)
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(600)
    assert (await world.seen(payout))["state"] == "paid"
    await world.pass_(86_400)
    told = world.server.move(world.only(), GONE[world.name])
    world.server.mischief = ["timeout"] * 3
    assert {(await world.hear(told)).status_code for _ in range(3)} == {200}
    await world.pass_(3600)
    assert await outcomes(world.app) == ["applied"]
    back = await world.seen(payout)
    assert (back["state"], back["attempts"], back["can_cancel"]) == ("failed", 1, False)
    assert "back" in back["failure_reason"] and "The coins are back" in back["next_step"]
    assert await buckets(world.app, world.ana) == {"earned": 40_000}
    for purpose in ("coin_sales", f"payout_world:{world.name}", f"payout_fees:{world.name}", "payout_costs"):
        assert await platform(world.app, "USD", purpose) == 0
    assert await count(world.app, "select count(*) from events where type like '%PayoutFailed'") == 1
    line = (await world.me.get("/api/v1/wallet/history?limit=1")).json()["items"][0]
    assert (line["coins"], line["title"][:36]) == ("400.00", "A payout came back from the bank; it")
    await assert_clean(world.app)
    again = await world.me.post("/api/v1/payouts", json={})
    assert again.status_code == 201, "they can ask again"
    await assert_clean(world.app)


async def test_an_attempt_that_comes_back_is_made_again_under_another_key(world: World) -> None:
    payout = await world.requested()
    await world.pass_(60)
    first = world.only()
    world.server.move(first, GONE[world.name])
    world.server.balance["USD"] = Decimal(1_000_000)
    await world.pass_(600)
    assert (await world.seen(payout))["attempts"] == 2
    second = next(t for t in world.server.transfers if t != first)
    world.server.move(second, ARRIVED[world.name])
    await world.pass_(600)
    paid = await world.seen(payout)
    assert (paid["state"], paid["provider_reference"]) == ("paid", second)
    assert world.sent() == 513
    assert (await world.hear(world.server.move(first, ARRIVED[world.name]))).status_code == 200
    await world.pass_(0)
    assert await outcomes(world.app) == ["rejected"], "the first one after all: somebody must look"
    await assert_clean(world.app)


@pytest.mark.parametrize("mischief", ["timeout", "timeout_after", "crash_after", "denied", "gibberish"])
async def test_a_provider_that_says_nothing_for_an_hour(world: World, mischief: str) -> None:
    payout = await world.requested()
    world.server.mischief = [mischief] * 1000
    await world.pass_(3600)
    assert len(world.server.mischief) < 995, "it was asked again and again"
    waiting = await world.seen(payout)
    assert (waiting["state"], waiting["can_cancel"], waiting["attempts"]) == ("processing", False, 1)
    assert await buckets(world.app, world.ana) == {"earned_reserved": 40_000}
    world.server.mischief.clear()
    await world.pass_(4 * 3600)
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(4 * 3600)
    paid = await world.seen(payout)
    assert (paid["state"], paid["attempts"]) == ("paid", 1)
    assert world.sent() == 513
    assert await platform(world.app, "USD", "coin_sales") == -513
    await assert_clean(world.app)


async def test_silence_while_it_is_followed(world: World) -> None:
    payout = await world.requested()
    await world.pass_(60)
    world.server.mischief = ["timeout"] * 1000
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(3600)
    assert (await world.seen(payout))["state"] == "processing"
    world.server.mischief.clear()
    await world.pass_(4 * 3600)
    assert (await world.seen(payout))["state"] == "paid"
    assert world.sent() == 513


async def test_new_keys_of_the_same_account_between_sending_and_looking(world: World) -> None:
    payout = await world.requested()
    await world.pass_(60)
    world.server.token = world.server.api_key = "a new one"
    getattr(world.server, "tokens", []).clear()
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(600)
    assert (await world.seen(payout))["state"] == "processing", (
        "our key is not taken: that says nothing about the money"
    )
    world.configure(**{KEY[world.name]: "a new one"})
    await world.pass_(4 * 3600)
    assert (await world.seen(payout))["state"] == "paid"
    assert world.sent() == 513
    await assert_clean(world.app)


@pytest.mark.parametrize("moment", ["before the answer was recorded", "after"])
async def test_keys_of_another_account_make_no_second_transfer(world: World, moment: str) -> None:
    """The other account knows neither the transfer nor the key under which it was made."""
    payout = await world.requested()
    if moment == "after":
        await world.pass_(60)
    else:
        world.server.mischief = {"wise": ["", "", "timeout_after"], "airwallex": ["timeout_after"]}[world.name]
        await world.step()
    world.server.move(world.only(), ARRIVED[world.name])
    theirs = getattr(world.app.settings, ACCOUNT[world.name])
    world.configure(**{ACCOUNT[world.name]: "33002"})
    asked = len(world.server.asked)
    await world.pass_(3600)
    waiting = await world.seen(payout)
    assert (waiting["state"], waiting["attempts"]) == ("processing", 1)
    assert len(world.server.asked) == asked, "the other account was not even asked"
    world.configure(**{ACCOUNT[world.name]: theirs})
    await world.pass_(4 * 3600)
    assert (await world.seen(payout))["state"] == "paid"
    assert world.sent() == 513 and len(world.server.transfers) == 1
    await assert_clean(world.app)


async def test_a_provider_that_is_switched_off_meanwhile(world: World) -> None:
    payout = await world.requested()
    key = getattr(world.app.settings, KEY[world.name])
    world.configure(**{KEY[world.name]: ""})
    await world.pass_(60)
    assert (await world.seen(payout))["state"] == "pending", "it can still be called off"
    world.configure(**{KEY[world.name]: key})
    await world.pass_(4 * 3600)
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(4 * 3600)
    assert (await world.seen(payout))["state"] == "paid"


async def test_what_a_provider_refuses_is_tried_again_and_then_released(world: World) -> None:
    """M10: its balance is empty; three more attempts, then the coins are back, with the reason."""
    payout = await world.requested()
    world.server.balance["USD"] = Decimal(1)
    await world.pass_(3600)
    over = await world.seen(payout)
    assert (over["state"], over["attempts"]) == ("failed", 4)
    assert "not " in over["failure_reason"] and world.name in over["failure_reason"].lower()
    assert await buckets(world.app, world.ana) == {"earned": 40_000}
    assert {t["status"] for t in world.server.transfers.values()} <= {"cancelled"}
    assert world.server.balance["USD"] == 1
    await assert_clean(world.app)


async def test_reconciliation_asks_the_provider(world: World) -> None:
    payout = await world.requested()
    await world.pass_(60)
    world.server.move(world.only(), ARRIVED[world.name])
    await world.pass_(600)
    assert (await world.seen(payout))["state"] == "paid"
    assert (await compare(world.app, world.name, "payouts")).found == 0
    (kept,) = world.server.transfers.values()
    world.server.transfers.clear()
    await compare(world.app, world.name, "payouts")
    assert await named(world.app) == [("missing_there", str(kept["id"]))]
    world.server.transfers[str(kept["id"])] = kept
    world.server.move(kept["id"], GONE[world.name])
    await compare(world.app, world.name, "payouts")
    assert await named(world.app) == [("status", str(kept["id"]))]
    world.server.mischief = ["timeout"]
    assert (await compare(world.app, world.name, "payouts")).state == "failed"


async def test_the_doctor_says_by_whom_it_pays(world: World, monkeypatch: Any) -> None:
    from stoa.money.payouts.actions import switchboard

    class Theirs:
        async def __aenter__(self) -> Any:
            return world.app.http

        async def __aexit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr(switchboard.httpx, "AsyncClient", Theirs)
    found = await look(world.app.settings)
    assert (found.ok, found.seen) == (True, f"by {world.name} and sandbox")
    world.server.mischief = ["denied"]
    found = await look(world.app.settings)
    assert (found.ok, found.seen) == (False, f"{world.name} does not answer us")
    assert f"{world.name}_api_base" in found.cure
