"""Tips of one and three dollars (M8)."""

from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.foundation.identity.errors import AccountSuspended
from stoa.money.splits.types import RECEIVERS, Share
from stoa.money.wallet.actions import tip
from stoa.money.wallet.actions.tips import share_tip
from tests.money.books import assert_clean, count, postings
from tests.money.wallet.test_credits import buy, no_promotional


async def send(client: Any, recipient: Any, superlike: bool = False, **headers: str) -> Any:
    return await client.post(
        "/api/v1/tips",
        json={"recipient_id": str(recipient.id), "superlike": superlike},
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def paying(client: Any, make: Any, name: str, cents: int) -> Any:
    """Somebody with so much purchased credit and no other."""
    user = await make.user(name)
    await no_promotional(make, user)
    assert (await buy(client.as_(user), cents)).json()["state"] == "paid"
    return user


@pytest.mark.parametrize(("superlike", "parts"), [(False, (97, 2, 1)), (True, (291, 6, 3))])
async def test_a_tip_is_split_97_2_1(app: Any, client: Any, make: Any, superlike: bool, parts: Any) -> None:
    ana, bob = await paying(client, make, "ana", 500), await make.user("bob")
    answer = await send(client.as_(ana), bob, superlike)
    assert answer.status_code == 201, answer.text
    sent = answer.json()
    assert (sent["creator_minor"], sent["platform_minor"], sent["charity_minor"]) == parts
    assert (sent["amount"], sent["is_superlike"]) == ("3.00" if superlike else "1.00", superlike)
    assert await postings(app, sent["transfer_id"]) == {
        ("ana", "USD", "purchased"): -sum(parts),
        ("bob", "USD", "earned"): parts[0],
        ("", "USD", "fees"): parts[1],
        ("", "USD", "charity"): parts[2],
    }
    assert (await client.as_(bob).get(f"/api/v1/tips/{sent['id']}")).json() == sent
    assert (await client.as_(await make.user()).get(f"/api/v1/tips/{sent['id']}")).status_code == 404
    await assert_clean(app)


async def test_promotional_stays_promotional(app: Any, client: Any, make: Any) -> None:
    """M4: the welcome bonus is spent first and becomes nobody's money."""
    ana, bob = await make.user("ana"), await make.user("bob")
    sent = (await send(client.as_(ana), bob, superlike=True)).json()
    assert await postings(app, sent["transfer_id"]) == {
        ("ana", "USD", "promotional"): -300,
        ("bob", "USD", "promotional"): 291,
        ("", "USD", "promotional_fees"): 6,
        ("", "USD", "promotional_charity"): 3,
    }
    assert (sent["creator_minor"], sent["creator_promotional_minor"]) == (0, 291)
    await assert_clean(app)


BROKEN = [
    "amount_minor = 301",
    "amount_minor = -300, promotional_minor = -300",
    "amount_minor = 0, promotional_minor = 0, creator_promotional_minor = 0, platform_promotional_minor = 0, "
    "charity_promotional_minor = 0",
    "recipient_id = sender_id",
    "refunded_minor = 301",
    "refunded_minor = -1",
    "returned_minor = 1",
    "refunded_minor = 1, returned_minor = 2",
    "promotional_minor = 299",
    "promotional_minor = 299, purchased_minor = 1",
    "creator_promotional_minor = 290",
    "creator_minor = 1",
    "tax_minor = -1, platform_minor = 1",
    "repaid_minor = 1",
    "promotional_minor = 301, purchased_minor = -1, creator_promotional_minor = 292, creator_minor = -1",
    "promotional_minor = 301, earned_minor = -1, creator_promotional_minor = 292, repaid_minor = -1",
    "charity_promotional_minor = -1, tax_promotional_minor = 4",
    "platform_promotional_minor = -6, creator_promotional_minor = 303",
]


@pytest.mark.parametrize("change", BROKEN)
async def test_the_database_refuses_a_tip_that_does_not_add_up(app: Any, client: Any, make: Any, change: str) -> None:
    ana, bob = await make.user("ana"), await make.user("bob")
    await send(client.as_(ana), bob, superlike=True)
    again = "id = gen_random_uuid(), transfer_id = gen_random_uuid(), key = 'another'"
    copied = "create temporary table broken on commit drop as select * from tips"
    async with app.database.connection() as db:
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            await db.execute(f"update tips set {change}")
        assert refused.value.constraint_name == "tips_add_up"
        with pytest.raises(asyncpg.CheckViolationError) as refused:
            async with db.transaction():
                await db.execute(
                    f"{copied}; update broken set {again}, {change}; insert into tips select * from broken"
                )
        assert refused.value.constraint_name == "tips_add_up"
        await db.execute(f"begin; {copied}; update broken set {again}; insert into tips select * from broken; rollback")
    assert await count(app, "select count(*) from tips") == 1


async def test_every_posting_is_explained(client: Any, make: Any) -> None:
    ana, bob = await paying(client, make, "ana", 500), await make.user("bob")
    await send(client.as_(ana), bob, superlike=True)
    line = (await client.as_(bob).get("/api/v1/wallet/history")).json()["items"][0]
    assert (line["title"], line["usd"]) == ("@ana tipped you a superlike of 3.00 USD", "2.91")
    assert [(p["account"], p["amount"], p["explanation"]) for p in line["postings"]] == [
        ("@ana: purchased credit in USD", "-3.00", "Part of the tip that was paid from the giver's purchased credit"),
        ("Charity", "0.03", "For charity: 1 % of what was paid with purchased and earned credit"),
        ("The platform's share", "0.06", "The platform's share: 2 % of what was paid with purchased and earned credit"),
        (
            "Your earned credit in USD",
            "2.91",
            "Your share: 97 % of what was paid with purchased and earned credit; it can be paid out",
        ),
    ]
    mine = (await client.as_(ana).get("/api/v1/wallet/history")).json()["items"][0]
    assert (mine["title"], mine["usd"]) == ("You tipped @bob a superlike of 3.00 USD", "-3.00")


async def test_refused_tips_move_nothing(app: Any, client: Any, make: Any) -> None:
    ana, bob, eve, sam = [await make.user(name) for name in ("ana", "bob", "eve", "sam")]
    poor = await paying(client, make, "poor", 100)
    proud = await make.user("proud")
    await client.as_(proud).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended' where id = $1", sam.id)
    assert (await client.as_(eve).post("/api/social/block", json={"user_id": str(ana.id)})).status_code == 200
    before = await count(app, "select count(*) from ledger_transfers")
    for sender, recipient, superlike, refused in (
        (ana, ana, False, SELF),
        (ana, eve, False, (404, "not_found")),
        (eve, ana, False, (404, "not_found")),
        (ana, sam, False, (409, "person_suspended")),
        (poor, bob, True, (409, "insufficient_funds")),
        (ana, proud, False, (409, "insufficient_funds")),
    ):
        answer = await send(client.as_(sender), recipient, superlike)
        assert (answer.status_code, answer.json()["code"]) == refused, (sender.username, recipient.username)
    me = client.as_(ana)
    for body in ({}, {"recipient_id": "x"}, {"recipient_username": "bob", "superlike": "yes"}, {"superlike": True}):
        assert (await me.post("/api/v1/tips", json=body)).status_code == 422, body
    assert (await me.post("/api/v1/tips", json={"recipient_username": "nobody"})).status_code == 404
    assert await count(app, "select count(*) from ledger_transfers") == before
    assert await count(app, "select count(*) from tips") == 0
    await assert_clean(app)


SELF = (422, "tip_to_oneself")


async def test_a_suspended_person_gives_nothing(app: Any, make: Any) -> None:
    """F5."""
    ana, bob = await make.user("ana"), await make.user("bob")
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended' where id = $1", ana.id)
    with pytest.raises(AccountSuspended):
        async with make.tx(ana) as ctx:
            await tip(ctx, recipient_id=bob.id, key="k")
    assert await count(app, "select count(*) from tips") == 0


async def test_a_double_click_tips_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    """M11, with the key of the API and with that of the action."""
    ana, bob = await paying(client, make, "ana", 1_000), await make.user("bob")
    answers = await gather(*(send(client.as_(ana), bob, Idempotency_Key="k") for _ in range(5)))
    assert sorted(a.status_code for a in answers) == [201] * 5 and len({a.json()["id"] for a in answers}) == 1

    async def once() -> Any:
        async with make.tx(ana) as ctx:
            return await tip(ctx, recipient_id=bob.id, superlike=True, key="same")

    assert len({made.id for made in await gather(*(once() for _ in range(5)))}) == 1
    other = await send(client.as_(ana), bob, True, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert await count(live, "select count(*) from tips") == 2
    await assert_clean(live)


async def test_a_tip_that_is_made_is_answered_again(app: Any, client: Any, make: Any) -> None:
    """M11: whatever has become of its recipient since."""
    ana, bob, cat = await paying(client, make, "ana", 300), await make.user("bob"), await make.user("cat")
    first = await send(client.as_(ana), bob, Idempotency_Key="b")
    other = await send(client.as_(ana), cat, Idempotency_Key="c")
    assert (first.status_code, "idempotent-replayed" in first.headers) == (201, False)
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended' where id = $1", bob.id)
    assert (await client.as_(cat).put(f"/api/v1/me/blocked/{ana.id}")).status_code == 204
    for answer, key, to in ((first, "b", bob), (other, "c", cat)):
        again = await client.as_(ana).post(
            "/api/v1/tips", json={"recipient_id": str(to.id)}, headers={"Idempotency-Key": key}
        )
        assert (again.status_code, again.json()) == (201, answer.json())
        assert again.headers["idempotent-replayed"] == "true"
    refused = [await send(client.as_(ana), to, Idempotency_Key="new") for to in (bob, cat)]
    assert [answer.status_code for answer in refused] == [409, 404]
    assert await count(app, "select count(*) from tips") == 2
    await assert_clean(app)


async def test_more_tips_than_credit_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    """M9: as many as there is credit for, both ways, without a deadlock."""
    ana, bob = await paying(client, make, "ana", 500), await paying(client, make, "bob", 500)
    pairs = [(ana, bob), (bob, ana)] * 4
    answers = await gather(*(send(client.as_(a), b, superlike=True) for a, b in pairs))
    assert {a.status_code for a in answers} <= {201, 409}
    assert await count(live, "select count(*) from tips") == sum(a.status_code == 201 for a in answers) >= 2
    await assert_clean(live)


async def test_a_debt_of_the_recipient_is_paid_off_first(app: Any, client: Any, make: Any) -> None:
    """M13."""
    from tests.money.wallet.test_credits import assert_clean_but_orders, credits_of, undone

    ana, bob = await paying(client, make, "ana", 500), await paying(client, make, "bob", 100)
    order = (await client.as_(bob).get("/api/v1/orders")).json()["items"][0]
    await send(client.as_(bob), ana)
    await undone(make, order["id"], 100)
    sent = (await send(client.as_(ana), bob)).json()
    assert sent["creator_minor"] == 97
    assert (await postings(app, sent["transfer_id"]))[("", "USD", "receivable")] == 97
    held = await credits_of(client.as_(bob))
    assert (held["earned_minor"], held["debt_minor"]) == (0, 3)
    await assert_clean_but_orders(app)


@given(
    parts=st.lists(st.integers(0, 10_000), min_size=4, max_size=4).filter(any),
    paid=st.floats(0, 1),
)
def test_the_parts_sum_to_the_whole(parts: list[int], paid: float) -> None:
    """For every rule and every mixture of promotional and other credit; nothing is below zero."""
    whole = [Share(receiver, minor, 0) for receiver, minor in zip(RECEIVERS, parts, strict=True)]
    promotional_minor = int(sum(parts) * paid)
    shares = share_tip(whole, promotional_minor)
    for share in whole:
        plain = getattr(shares, f"{share.receiver}_minor")
        promotional = getattr(shares, f"{share.receiver}_promotional_minor")
        assert plain + promotional == share.amount_minor and min(plain, promotional) >= 0
    assert sum(getattr(shares, f"{r}_promotional_minor") for r in RECEIVERS) == promotional_minor


async def test_what_is_blocked_stands_in_the_log(app: Any, client: Any, make: Any) -> None:
    """F4, F5: to oneself, to somebody suspended, and to a second account with the same payout destination."""
    from stoa.money.risk.actions import note_destination

    ana, sam, eva = [await make.user(name) for name in ("ana", "sam", "eva")]
    me = client.as_(ana)
    async with make.tx() as ctx:
        await ctx.db.execute("update users set status = 'suspended' where id = $1", sam.id)
        for person in (ana, eva):
            await note_destination(ctx, person.id, b"the same bank account")
    assert (await send(me, ana)).status_code == 422
    assert (await me.post("/api/v1/tips", json={"recipient_username": "sam"})).status_code == 409
    blocked = await send(me, eva, superlike=True)
    assert (blocked.status_code, blocked.json()["code"], blocked.json()["rule"]) == (409, "blocked_by_risk", "F4")
    async with app.database.connection() as db:
        rows = await db.fetch("select rule, severity, kind, amount_minor from risk_flags order by created_at")
    assert [tuple(row) for row in rows] == [
        ("F4", "critical", "tip", 100),
        ("F5", "critical", "tip", 100),
        ("F4", "critical", "tip", 300),
    ]
    assert await count(app, "select count(*) from tips") == 0
    await assert_clean(app)


async def test_eleven_tips_at_once(live: Any, client: Any, make: Any, gather: Any) -> None:
    """F2, F6: the eleventh of eleven simultaneous ones is flagged."""
    ana, bob = await make.user("ana"), await make.user("bob")
    answers = await gather(*(send(client.as_(ana), bob) for _ in range(11)))
    assert [a.status_code for a in answers] == [201] * 11
    assert await count(live, "select count(*) from tips") == 11
    async with live.database.connection() as db:
        flags = await db.fetch("select rule, severity, from_id from risk_flags")
    assert [tuple(flag) for flag in flags] == [("F2", "high", ana.id)]
    await assert_clean(live)
