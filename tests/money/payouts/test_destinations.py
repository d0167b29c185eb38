"""Where payouts go: sealed, proven, told, shared with nobody, and not used before their time (I4, F4)."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.crypto import Keyring
from stoa.money.payouts.actions import destinations
from tests.conftest import PASSWORD
from tests.money.books import assert_clean, buckets, count

HERE = "/api/v1/payout-destinations"
NUMBER = "DE89 3704 0044 0532 4321".replace(" ", "")


def body(**other: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "provider": "sandbox",
        "label": "Savings",
        "holder": "Ana Lima",
        "currency": "USD",
        "country": "DE",
        "fields": {"account_number": NUMBER, "speed": "standard"},
        "password": PASSWORD,
    }
    return given | other


async def activity(app: Any, user: Any) -> list[str]:
    async with app.database.connection() as db:
        sql = "select action from audit_events where subject_id = $1 and action like 'payouts.%' order by id"
        return [row["action"] for row in await db.fetch(sql, str(user.id))]


async def test_the_form_comes_from_the_provider(client: Any, make: Any) -> None:
    me = client.as_(await make.member("ana"))
    ways = (await me.get("/api/v1/payout-providers")).json()["items"]
    assert ways == [{"name": "sandbox", "label": "Test bank", "currencies": ["USD", "EUR", "GBP", "INR", "JPY"]}]
    form = (await me.get("/api/v1/payout-providers/sandbox/fields?currency=EUR&country=DE")).json()["fields"]
    assert [(f["name"], f["required"], f["secret"]) for f in form] == [
        ("account_number", True, True),
        ("speed", True, False),
    ]
    assert [option["value"] for option in form[1]["options"]] == ["standard", "express"]
    unknown = await me.get("/api/v1/payout-providers/moon/fields?currency=EUR&country=DE")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_destination")
    refused = await me.get("/api/v1/payout-providers/sandbox/fields?currency=BHD&country=BH")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_destination")


async def test_a_destination_is_added_sealed_and_told(app: Any, client: Any, make: Any, jobs: Any) -> None:
    ana = await make.member("ana")
    me = client.as_(ana)
    answer = await me.post(HERE, json=body())
    assert answer.status_code == 201, answer.text
    made = answer.json()
    told = {name: made[name] for name in ("provider", "label", "currency", "country", "hint", "is_default")}
    assert told == {
        "provider": "sandbox",
        "label": "Savings",
        "currency": "USD",
        "country": "DE",
        "hint": "•••• 4321",
        "is_default": True,
    }
    assert made["is_usable"] is True, "the first one of an account can be used at once"
    assert NUMBER not in answer.text
    async with make.tx() as ctx:
        row = await ctx.db.fetchrow("select id, details, recipient from payout_destinations")
    assert NUMBER.encode() not in row["details"] and NUMBER not in row["recipient"]
    assert NUMBER.encode() in app.keyring.open(row["details"], f"payout_destination:{row['id']}")
    assert (await me.get(HERE)).json()["items"] == [made]
    assert (await me.get(f"{HERE}/{made['id']}")).json() == made
    assert await activity(app, ana) == ["payouts.destination_added"]
    [mail] = await make.mails(ana.email)
    assert mail.subject == "Payouts can go to Savings (USD) •••• 4321"
    assert "every change of where your money goes is told to you" in mail.text
    assert await count(app, "select count(*) from risk_destinations where user_id = $1", ana.id) == 1


async def test_each_wrong_field_is_named(app: Any, client: Any, make: Any) -> None:
    me = client.as_(await make.member("ana"))
    wrong = await me.post(HERE, json=body(holder="A", currency="usd", country="Germany"))
    assert wrong.status_code == 422 and set(wrong.json()["fields"]) == {"holder", "currency", "country"}
    wrong = await me.post(HERE, json=body(fields={"account_number": "12", "speed": "warp"}))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_destination")
    assert set(wrong.json()["fields"]) == {"account_number", "speed"}
    assert (await me.post(HERE, json=body(currency="BHD"))).json()["fields"] == {
        "currency": "One of USD, EUR, GBP, INR, JPY"
    }
    assert (await me.post(HERE, json=body(provider="moon"))).status_code == 422
    assert await count(app, "select count(*) from payout_destinations") == 0


async def test_it_takes_the_password_or_a_second_factor_shown_just_now(app: Any, client: Any, make: Any) -> None:
    """I4."""
    ana = await make.member("ana")
    me = client.as_(ana)
    assert (await me.post(HERE, json=body(password=None))).json()["fields"] == {
        "password": "Please enter your password"
    }
    assert (await me.post(HERE, json=body(password="wrong one"))).status_code == 422
    assert await count(app, "select count(*) from payout_destinations") == 0
    made = (await me.post(HERE, json=body())).json()
    await make.phone(ana)
    place = f"{HERE}/{made['id']}"
    for answer in (
        await me.post(HERE, json=body(fields={"account_number": "99998888", "speed": "standard"})),
        await me.put(place, json=body(label="Mine")),
        await me.delete(place),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert (
        await count(app, "select count(*) from payout_destinations where label = 'Savings' and deleted_at is null") == 1
    )
    await make.recent(ana)
    assert (await me.put(place, json=body(label="Mine", password=None))).json()["label"] == "Mine"
    assert (await me.delete(place)).status_code == 204


async def test_only_their_owner_sees_and_changes_them(app: Any, client: Any, make: Any) -> None:
    ana, eve = await make.member("ana"), await make.member("eve")
    boss = await make.user("boss", roles=("admin",))
    made = await make.destination(ana)
    for stranger in (client.as_(eve), client.as_(boss)):
        assert (await stranger.get(f"{HERE}/{made.id}")).status_code == 404
        assert (await stranger.put(f"{HERE}/{made.id}", json=body())).status_code == 404
        assert (await stranger.post(f"{HERE}/{made.id}/default")).status_code == 404
        assert (await stranger.request("DELETE", f"{HERE}/{made.id}", json={"password": PASSWORD})).status_code == 404
        refused = await stranger.post("/api/v1/payouts", json={"destination": str(made.id)})
        assert refused.status_code == 404
    assert (await client.as_(eve).get(HERE)).json()["items"] == []
    assert await count(app, "select count(*) from payout_destinations where changed_at = created_at") == 1


async def test_a_new_one_waits_a_day(app: Any, client: Any, make: Any) -> None:
    """Whoever takes over an account cannot have its money within the day; its owner has a mail by then."""
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    first = (await me.post(HERE, json=body())).json()
    second = (await me.post(HERE, json=body(fields={"account_number": "99998888", "speed": "standard"}))).json()
    assert (second["is_default"], second["is_usable"]) == (False, False)
    refused = await me.post("/api/v1/payouts", json={"destination": second["id"]})
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["usable_from"]) == (
        409,
        "destination_cooling_down",
        second["usable_from"],
    )
    tomorrow = utcnow() + timedelta(days=1)
    assert f"from {tomorrow.day} {tomorrow:%B %Y}" in problem["detail"], "the date in words"
    assert await buckets(app, ana) == {"earned": 40_000}
    assert await count(app, "select count(*) from payouts") == 0
    async with make.tx() as ctx:
        await ctx.db.execute("update payout_destinations set usable_from = now() where id = $1", second["id"])
    paid = await me.post("/api/v1/payouts", json={"destination": second["id"]})
    assert (paid.status_code, paid.json()["destination"]) == (201, "Savings (USD) •••• 8888")
    assert first["id"] != paid.json()["destination_id"] == second["id"]


async def test_a_changed_one_waits_like_a_new_one(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    made = (await me.post(HERE, json=body())).json()
    place = f"{HERE}/{made['id']}"
    renamed = (await me.put(place, json=body(label="House", fields={}))).json()
    assert (renamed["label"], renamed["hint"], renamed["usable_from"]) == ("House", "•••• 4321", made["usable_from"])
    faster = (await me.put(place, json=body(fields={"speed": "express"}))).json()
    assert faster["usable_from"] == made["usable_from"], "it is the same account"
    moved = (await me.put(place, json=body(fields={"account_number": "11112222"}))).json()
    assert (moved["hint"], moved["is_usable"], moved["is_default"]) == ("•••• 2222", False, True)
    assert (await me.post("/api/v1/payouts", json={})).json()["code"] == "destination_cooling_down"
    assert await count(app, "select count(*) from risk_destinations where user_id = $1", ana.id) == 2
    assert (await activity(app, ana))[-1] == "payouts.destination_changed"


async def test_it_stays_while_a_payout_is_on_its_way_there(app: Any, client: Any, make: Any) -> None:
    """Otherwise the money of a payout that waits could be led elsewhere without the wait."""
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    made = await make.destination(ana)
    payout = (await me.post("/api/v1/payouts", json={})).json()
    place = f"{HERE}/{made.id}"
    for answer in (
        await me.put(place, json=body()),
        await me.request("DELETE", place, json={"password": PASSWORD}),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["payout_id"]) == (409, "destination_in_use", payout["id"])
    assert (await me.get(place)).json()["open_payout_id"] == payout["id"]
    await me.post(f"/api/v1/payouts/{payout['id']}/cancel")
    assert (await me.request("DELETE", place, json={"password": PASSWORD})).status_code == 204


@pytest.mark.parametrize("deed", ["remove", "change"])
@pytest.mark.parametrize("_", range(3))
async def test_leading_elsewhere_and_withdrawing_at_once(
    live: Any, client: Any, make: Any, gather: Any, deed: str, _: int
) -> None:
    """Either the payout stands and its destination stays, or the destination moves and nothing is reserved."""
    ana = await make.member("ana", earned=400)
    me = client.as_(ana)
    made = await make.destination(ana)
    await make.destination(ana, "99990000")
    place = f"{HERE}/{made.id}"
    if deed == "remove":
        change = me.request("DELETE", place, json={"password": PASSWORD})
    else:
        change = me.put(place, json=body(fields={"account_number": "11112222"}))
    changed, paid = await gather(change, me.post("/api/v1/payouts", json={"destination": str(made.id)}))
    if paid.status_code == 201:
        assert (changed.status_code, changed.json()["code"]) == (409, "destination_in_use")
        assert paid.json()["destination"] == "Savings (USD) •••• 6789"
        assert await buckets(live, ana) == {"earned_reserved": 40_000}
    else:
        assert changed.status_code in (200, 204), changed.text
        assert paid.status_code in (404, 409)
        assert await buckets(live, ana) == {"earned": 40_000}
    await assert_clean(live)


async def test_a_removed_one_is_forgotten_and_another_is_the_default(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana")
    me = client.as_(ana)
    first, second = await make.destination(ana), await make.destination(ana, "11112222")
    assert (await me.post(f"{HERE}/{second.id}/default")).json()["is_default"] is True
    assert [one["is_default"] for one in (await me.get(HERE)).json()["items"]] == [True, False]
    assert (await me.request("DELETE", f"{HERE}/{second.id}", json={"password": PASSWORD})).status_code == 204
    assert (await me.get(f"{HERE}/{second.id}")).status_code == 404
    assert [(one["id"], one["is_default"]) for one in (await me.get(HERE)).json()["items"]] == [(str(first.id), True)]
    assert (
        await count(app, "select count(*) from payout_destinations where details = '' and deleted_at is not null") == 1
    )
    again = await me.post(HERE, json=body(fields={"account_number": "11112222", "speed": "standard"}, country="US"))
    assert again.status_code == 201, "it can be added again"


async def test_the_same_one_twice(app: Any, client: Any, make: Any, gather: Any) -> None:
    """Also when two clicks come at once."""
    ana = await make.member("ana")
    me = client.as_(ana)
    spaced = {"account_number": NUMBER.lower(), "speed": "express"}
    answers = await gather(*(me.post(HERE, json=body(fields=spaced)) for _ in range(4)), me.post(HERE, json=body()))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    [kept] = (await me.get(HERE)).json()["items"]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["destination_id"]) == ("destination_known", kept["id"])
    assert await count(app, "select count(*) from payout_destinations") == 1


async def test_two_accounts_with_one_destination_are_one_person(app: Any, client: Any, make: Any) -> None:
    """F4: whoever is paid out to the same place cannot give themselves anything; it is blocked and logged."""
    ana, alt = await make.member("ana", purchased=100), await make.member("alt")
    await make.credits(ana, purchased=500)
    me = client.as_(ana)
    gift = {"recipient_id": str(alt.id), "amount": 10}
    assert (await me.post("/api/v1/gifts", json=gift)).status_code == 201
    await client.as_(ana).post(HERE, json=body())
    other = body(holder="Somebody Else", fields={"account_number": NUMBER.lower(), "speed": "express"})
    assert (await client.as_(alt).post(HERE, json=other)).status_code == 201
    before = await buckets(app, ana)
    for path, given in (("gifts", gift), ("tips", {"recipient_id": str(alt.id)})):
        refused = await me.post(f"/api/v1/{path}", json=given)
        assert (refused.status_code, refused.json()["rule"]) == (409, "F4")
    assert await buckets(app, ana) == before
    flags = "select count(*) from risk_flags where rule = 'F4' and state = 'blocked' and from_id = $1 and to_id = $2"
    assert await count(app, flags, ana.id, alt.id) == 2
    await assert_clean(app)


async def test_test_accounts_are_everybodys_own(app: Any, client: Any, make: Any) -> None:
    """The words of the sandbox stand for an account of one's own: two people who use them are not one person."""
    ana, bob = await make.member("ana", earned=400, purchased=50), await make.member("bob", earned=400)
    for person in (ana, bob):
        paid = await client.as_(person).post("/api/v1/payouts", json={"destination": "sandbox_bank"})
        assert paid.status_code == 201
        assert paid.json()["destination"].startswith("Test bank account (USD) ••••")
    gift = {"recipient_id": str(bob.id), "amount": 5}
    assert (await client.as_(ana).post("/api/v1/gifts", json=gift)).status_code == 201


async def test_a_new_key_seals_and_marks_anew(app: Any, client: Any, make: Any, monkeypatch: Any) -> None:
    """F4 finds shared destinations also when the keys were changed in between."""
    from dataclasses import replace

    from stoa.kit.config import EncryptionKey

    ana, alt = await make.member("ana", purchased=100), await make.member("alt")
    made = await make.destination(ana, NUMBER, country="DE")
    old = app.settings.encryption_keys
    newer = replace(app, keyring=Keyring([EncryptionKey(id="newer", key=bytes(range(32))), *old]))
    async with make.tx() as ctx:
        ctx.app = newer
        assert await destinations.reseal(ctx) == 1
        assert await destinations.reseal(ctx) == 0
        details = await ctx.db.fetchval("select details from payout_destinations")
        assert not newer.keyring.needs_reseal(details)
        assert NUMBER.encode() in newer.keyring.open(details, f"payout_destination:{made.id}")
    async with make.tx(alt) as ctx:
        ctx.app = newer
        given = body()
        await destinations.add(
            ctx,
            provider="sandbox",
            label="",
            details=destinations.DestinationDetails(holder="Alt", currency="USD", country="DE", fields=given["fields"]),
            password=PASSWORD,
        )
    refused = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(alt.id), "amount": 1})
    assert refused.json()["rule"] == "F4"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_signed_in_only(client: Any, method: str) -> None:
    assert (await client.request(method, HERE)).status_code == 401
