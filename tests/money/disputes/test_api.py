"""Disputes through the public door: told in any order, answered, won and lost (M13, M14)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from stoa.money.payments.gateways import DisputeNews
from tests.money.books import assert_clean, buckets, count, platform
from tests.money.payments.test_orders import buy
from tests.money.payments.test_webhooks import send, state_of, told
from tests.money.wallet.test_card_tips import earned, owed

PDF = b"%PDF-1.4\n%%EOF\n"


async def disputed(client: Any) -> Any:
    order = (await buy(client, "pm_card_createDispute", package=1)).json()
    assert order["state"] == "disputed"
    return order


async def disputed_tip(client: Any, payer: Any, payee: Any, method: str = "pm_card_createDispute") -> Any:
    body = {"recipient_id": str(payee.id), "superlike": True}
    opened = (await client.as_(payer).post("/api/v1/checkout/tip", json=body)).json()
    path = f"/api/v1/orders/{opened['order_id']}/confirm"
    return (await client.as_(payer).post(path, json={"payment_method_id": method})).json()


async def dispute_of(client: Any, order: Any) -> Any:
    answer = await client.get(f"/api/v1/payments/{order['id']}/dispute")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def answer(client: Any, order: Any, text: str, *files: tuple[str, bytes]) -> Any:
    parts: list[Any] = [("text", (None, text))]
    parts += [("files", (name, body, "application/octet-stream")) for name, body in files]
    return await client.post(f"/api/v1/payments/{order['id']}/dispute/evidence", files=parts)


def news(status: str, *, reference: str = "dp_1", amount_minor: int = 499, fee_minor: int = 1500) -> DisputeNews:
    return DisputeNews(
        dispute_id=reference,
        status=status,
        reason="product_not_received",
        amount_minor=amount_minor,
        evidence_due_by=utcnow() + timedelta(days=7),
        fee_minor=fee_minor,
    )


async def hear(client: Any, order: Any, *told_in_order: DisputeNews) -> None:
    about = {"amount_minor": order["amount_minor"], "captured_minor": order["amount_minor"]}
    for one in told_in_order:
        payment = told(order, order["payment_id"], disputed=True, dispute=one, **about)
        await send(client, payment, kind="dispute.updated")
        await run_due(client.app, reraise=True)


async def test_what_an_open_dispute_does(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """The gateway's money and its fee are booked; what the money had bought is set aside, with why and by when (F7)."""
    ana, boss, eve = await make.member("ana"), await make.user("boss", roles=("admin",)), await make.user("eve")
    order = await disputed(client.as_(ana))
    await jobs()
    found = await dispute_of(client.as_(ana), order)
    assert (found["status"], found["outcome"], found["amount"], found["fee_minor"], found["can_answer"]) == (
        "needs_response",
        None,
        "4.99",
        1500,
        False,
    )
    assert found["reason"] == "fraudulent" and found["evidence_due_by"] is not None
    assert await buckets(app, ana) == {"purchased_reserved": 10_000}
    assert await platform(app, "USD", "disputed") == -499
    assert await platform(app, "USD", "dispute_fees") == -1500
    assert await platform(app, "USD", "world:sandbox") == 1500
    (row,) = (await client.as_(boss).get("/api/v1/disputes/due")).json()["items"]
    assert (row["payer"], row["reason"], row["state"]) == ("ana", "fraudulent", "needs_response")
    refused = await client.as_(boss).post(f"/api/v1/payments/{order['id']}/refund", json={"reason": "be kind"})
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_disputed")
    assert (await client.as_(eve).get(f"/api/v1/payments/{order['id']}/dispute")).status_code == 404
    assert (await client.as_(eve).get("/api/v1/disputes")).status_code == 403
    await assert_clean(app)


async def test_a_dispute_that_is_won(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """Evidence is handed in with a file, the sandbox believes it, and everything is as it was, but for the fee."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await disputed(client.as_(ana))
    assert (await dispute_of(client.as_(boss), order))["can_answer"] is True
    handed = await answer(client.as_(boss), order, "They got it: winning_evidence", ("letter.pdf", PDF))
    assert handed.status_code == 201, handed.text
    (evidence,) = handed.json()["evidence"]
    assert (evidence["status"], evidence["submitted_by"]) == ("waiting", "boss")
    (file,) = evidence["files"]
    assert (file["name"], file["content_type"], file["bytes_count"]) == ("letter.pdf", "application/pdf", len(PDF))
    path = f"/api/v1/disputes/{handed.json()['id']}/files/{file['id']}"
    assert (await client.as_(boss).get(path)).content == PDF
    assert (await client.as_(ana).get(path)).status_code == 404
    again = await answer(client.as_(boss), order, "And another thing entirely")
    assert (again.status_code, again.json()["code"]) == (409, "evidence_handed_in")
    await jobs()
    found = await dispute_of(client.as_(boss), order)
    assert (found["status"], found["outcome"], found["evidence"][0]["status"]) == ("won", "won", "sent")
    assert await state_of(client, ana, order) == "paid"
    assert await buckets(app, ana) == {"purchased": 10_000}
    assert (await platform(app, "USD", "disputed"), await platform(app, "USD", "dispute_fees")) == (0, -1500)
    assert await count(app, "select count(*) from refunds") == 0
    await assert_clean(app)


async def test_a_dispute_that_is_lost(app: Any, client: Any, make: Any, jobs: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await disputed(client.as_(ana))
    assert (await answer(client.as_(boss), order, "This is losing_evidence")).status_code == 201
    await jobs()
    assert (await dispute_of(client.as_(boss), order))["status"] == "lost"
    assert await state_of(client, ana, order) == "refunded"
    assert await buckets(app, ana) == {}
    assert (await platform(app, "USD", "disputed"), await platform(app, "USD", "world:sandbox")) == (0, 1500)
    (refund,) = (await client.as_(ana).get(f"/api/v1/payments/{order['id']}/refund-status")).json()["refunds"]
    assert (refund["origin"], refund["status"], refund["amount_minor"]) == ("dispute", "done", 499)
    await assert_clean(app)


async def test_a_lost_tip_comes_back_from_every_share(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """M13: what is still there was set aside; what was spent before is owed, and taken from later earnings."""
    ana, bob, cat = await make.user("ana"), await make.user("bob"), await make.user("cat")
    boss = await make.user("boss", roles=("admin",))
    await client.as_(cat).patch("/api/v1/wallet/settings", json={"accepts_promotional": False})
    order = await disputed_tip(client, ana, bob, "pm_card_visa")
    assert (await client.as_(bob).post("/api/v1/tips", json={"recipient_id": str(cat.id)})).status_code == 201
    await hear(client, order, news("needs_response", amount_minor=300))
    assert await earned(app, bob) == 0
    assert (await client.as_(bob).post("/api/v1/tips", json={"recipient_id": str(cat.id)})).status_code == 409
    mails = "select count(*) from mail_messages where user_id = $1 and subject like '%disputed%'"
    assert await count(app, mails, bob.id) == 1
    mine = await dispute_of(client.as_(bob), order)
    assert (mine["can_answer"], mine["amount"]) == (True, "3.00")
    assert (await answer(client.as_(ana), order, "I did not do it at all")).status_code == 403
    marked = await client.as_(boss).post(
        f"/api/v1/payments/{order['id']}/dispute/mark", json={"outcome": "lost", "note": "the bank wrote"}
    )
    assert (marked.status_code, marked.json()["outcome"]) == (200, "lost"), marked.text
    assert (await earned(app, bob), await owed(app, bob)) == (0, 100)
    assert (await platform(app, "USD", "fees"), await platform(app, "USD", "charity")) == (2, 1)  # of the tip to cat
    again = await client.as_(boss).post(
        f"/api/v1/payments/{order['id']}/dispute/mark", json={"outcome": "won", "note": "or did they"}
    )
    assert (again.status_code, again.json()["state"]) == (409, "lost")
    await jobs()
    await assert_clean(app)


@pytest.mark.parametrize(
    ("told_in_order", "state", "coins"),
    [
        (["won"], "paid", {"purchased": 10_000}),
        (["won", "needs_response", "under_review"], "paid", {"purchased": 10_000}),
        (["lost", "needs_response"], "refunded", {}),
        (["under_review", "needs_response", "won", "won"], "paid", {"purchased": 10_000}),
        (["needs_response", "under_review", "lost", "under_review"], "refunded", {}),
        (["needs_response"], "disputed", {"purchased_reserved": 10_000}),
    ],
)
async def test_news_in_any_order(
    app: Any, client: Any, make: Any, told_in_order: list[str], state: str, coins: dict[str, int]
) -> None:
    """M11."""
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    await hear(client, order, *(news(status) for status in told_in_order))
    assert await state_of(client, ana, order) == state
    assert await buckets(app, ana) == coins
    assert await platform(app, "USD", "dispute_fees") == -1500
    assert await count(app, "select count(*) from disputes") == 1
    await assert_clean(app)


async def test_the_dispute_before_the_success(app: Any, client: Any, make: Any) -> None:
    """What can be disputed was paid: it is handed over, and set aside at once."""
    ana = await make.member("ana")
    opened = (await client.as_(ana).post("/api/v1/wallet/checkout", json={"package_id": 1})).json()
    order = (await client.as_(ana).get(f"/api/v1/orders/{opened['order_id']}")).json()
    payment = told(order, "pay_early", disputed=True, dispute=news("needs_response"))
    await send(client, payment, kind="dispute.created")
    await send(client, told(order, "pay_early"), kind="payment.succeeded")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "disputed"
    assert await buckets(app, ana) == {"purchased_reserved": 10_000}
    await assert_clean(app)


async def test_part_of_a_payment_is_disputed(app: Any, client: Any, make: Any) -> None:
    """Lost for a part; the rest stays bought, and can still be refunded."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    await hear(client, order, news("needs_response", amount_minor=200))
    assert await buckets(app, ana) == {
        "purchased": 10_000 - 10_000 * 200 // 499,
        "purchased_reserved": 10_000 * 200 // 499,
    }
    await hear(client, order, news("lost", amount_minor=200))
    assert await state_of(client, ana, order) == "partially_refunded"
    await send(client, told(order, order["payment_id"], refunded_minor=99), kind="payment.refunded")
    await run_due(app, reraise=True)
    rest = await client.as_(boss).post(f"/api/v1/payments/{order['id']}/refund", json={"reason": "the rest"})
    assert (rest.status_code, rest.json()["amount_minor"]) == (201, 200)
    await assert_clean(app)


async def test_a_refund_during_a_dispute(app: Any, client: Any, make: Any) -> None:
    """What is set aside is what goes back; nothing is owed, and the dispute ends by itself."""
    ana = await make.member("ana")
    order = await disputed(client.as_(ana))
    await send(client, told(order, order["payment_id"], refunded_minor=499, disputed=True), kind="payment.refunded")
    await run_due(app, reraise=True)
    assert await state_of(client, ana, order) == "refunded"
    assert await buckets(app, ana) == {}
    assert (await client.as_(ana).get("/api/v1/wallet")).json()["debt_minor"] == 0
    await assert_clean(app)


async def test_two_outcomes_at_once(app: Any, live: Any, client: Any, make: Any) -> None:
    """An administrator's mark and the gateway's word: one of them counts."""
    ana, bosses = await make.member("ana"), [await make.user(roles=("admin",)) for _ in range(3)]
    order = await disputed(client.as_(ana))
    await run_due(app, reraise=True)
    path = f"/api/v1/payments/{order['id']}/dispute/mark"
    answers = await asyncio.gather(
        *(
            client.as_(boss).post(path, json={"outcome": outcome, "note": "they told us"})
            for boss, outcome in zip(bosses, ("won", "lost", "withdrawn"), strict=True)
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    await assert_clean(app)


async def test_the_same_news_at_once(app: Any, live: Any, client: Any, make: Any) -> None:
    """M11: delivered three times, told in two events, applied by three workers: one dispute, one fee, one hold."""
    ana = await make.member("ana")
    order = (await buy(client.as_(ana), package=1)).json()
    payment = told(order, order["payment_id"], disputed=True, dispute=news("needs_response"))
    await asyncio.gather(
        *(send(client, payment, event_id=f"evt_{name}", kind="dispute.created") for name in ("a", "a", "a", "b"))
    )
    await asyncio.gather(*(run_due(app, reraise=True) for _ in range(3)))
    assert await count(app, "select count(*) from disputes") == 1
    assert await count(app, "select count(*) from ledger_holds where state = 'held'") == 1
    assert await platform(app, "USD", "dispute_fees") == -1500
    over = told(order, order["payment_id"], disputed=True, dispute=news("lost"))
    await asyncio.gather(*(send(client, over, event_id=f"evt_{name}") for name in ("c", "c", "d")))
    await asyncio.gather(*(run_due(app, reraise=True) for _ in range(3)))
    assert await state_of(client, ana, order) == "refunded"
    assert await count(app, "select count(*) from refunds") == 1
    await assert_clean(app)


async def test_the_gateway_knows_better_than_a_mark(app: Any, client: Any, make: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    await hear(client, order, news("needs_response"))
    path = f"/api/v1/payments/{order['id']}/dispute/mark"
    assert (await client.as_(boss).post(path, json={"outcome": "won", "note": "I think so"})).status_code == 200
    assert await buckets(app, ana) == {"purchased": 10_000}
    await hear(client, order, news("lost"))
    assert await state_of(client, ana, order) == "refunded"
    assert await buckets(app, ana) == {}
    await assert_clean(app)


@pytest.mark.parametrize(
    ("text", "files", "field"),
    [
        ("short", [], "text"),
        ("x" * 20_001, [], "text"),
        ("This is what happened", [("a.exe", b"MZ" + b"0" * 50)], "files"),
        ("This is what happened", [("a.pdf", PDF + b"0" * 2_000_000)], "files"),
        ("This is what happened", [("a.pdf", PDF)] * 4, "files"),
    ],
)
async def test_evidence_that_cannot_be_handed_in(
    app: Any, client: Any, make: Any, text: str, files: list[Any], field: str
) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await disputed(client.as_(ana))
    refused = await answer(client.as_(boss), order, text, *files)
    assert refused.status_code == 422 and field in refused.json()["fields"], refused.text
    assert await count(app, "select count(*) from dispute_evidence") == 0


async def test_evidence_has_its_day(app: Any, client: Any, make: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await disputed(client.as_(ana))
    async with make.tx() as ctx:
        await ctx.db.execute("update disputes set evidence_due_by = now() - interval '1 second'")
    late = await answer(client.as_(boss), order, "This is what happened")
    assert (late.status_code, late.json()["code"]) == (409, "evidence_too_late")
    assert (await dispute_of(client.as_(boss), order))["can_answer"] is False


async def test_evidence_that_the_gateway_does_not_take(app: Any, client: Any, make: Any, jobs: Any) -> None:
    """It says so, and another answer can be given as long as there is time."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await disputed(client.as_(ana))
    async with make.tx() as ctx:
        await ctx.db.execute("update sandbox_disputes set status = 'under_review'")
    assert (await answer(client.as_(boss), order, "This is what happened")).status_code == 201
    await jobs()
    (evidence,) = (await dispute_of(client.as_(boss), order))["evidence"]
    assert (evidence["status"], evidence["failure_message"]) == (
        "refused",
        "Evidence cannot be handed in for this dispute",
    )


async def test_two_answers_at_once(app: Any, live: Any, client: Any, make: Any) -> None:
    ana, boss, other = await make.member("ana"), await make.user(roles=("admin",)), await make.user(roles=("admin",))
    order = await disputed(client.as_(ana))
    answers = await asyncio.gather(
        *(answer(client.as_(one), order, "This is what happened") for one in (boss, other, boss))
    )
    assert sorted(one.status_code for one in answers) == [201, 409, 409]
    assert await count(app, "select count(*) from dispute_evidence") == 1


async def test_a_payment_that_is_not_disputed(client: Any, make: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = (await buy(client.as_(ana), package=1)).json()
    path = f"/api/v1/payments/{order['id']}/dispute"
    assert (await client.as_(ana).get(path)).status_code == 404
    assert (await client.as_(boss).post(f"{path}/mark", json={"outcome": "won", "note": "why not"})).status_code == 404
    assert (await answer(client.as_(boss), order, "This is what happened")).status_code == 404
