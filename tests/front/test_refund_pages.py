"""Refunds and disputes as payers, receivers and administrators see them, in a browser's hands."""

import re
from typing import Any

from tests.front.test_admin_pages import bought, words
from tests.money.books import assert_clean, buckets, count
from tests.money.disputes.test_api import disputed, disputed_tip
from tests.money.payments.test_webhooks import state_of
from tests.money.refunds.test_api import gave
from tests.money.wallet.test_card_tips import tipped


def key_in(page: Any) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page.text)
    assert found
    return found[1]


async def test_asked_for_and_given_back(app: Any, client: Any, make: Any, jobs: Any, signed_in: Any) -> None:
    """From the payer's page to the queue of administrators and back, by forms alone."""
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await bought(make, ana, 1)
    mine, desk = await signed_in(ana), await signed_in(boss)
    path = f"/account/payments/{order.id}"
    assert f'href="{path}/refund"' in (await mine.get(path)).text
    form = await mine.get(f"{path}/refund")
    assert 'value="4.99"' in form.text
    for amount, reason, wrong in (
        ("much", "A mistake", "Please give an amount"),
        ("0", "A mistake", "More than nothing"),
        ("5", "A mistake", "At most $4.99 are left of it"),
        ("4.99", "x", "Please use at least 3 characters"),
    ):
        answer = await mine.post(f"{path}/refund", amount=amount, reason=reason, key="k")
        assert answer.status_code in (409, 422) and wrong in answer.text, (amount, answer.text)
        assert f'value="{amount}"' in answer.text
    empty = await mine.post(f"{path}/refund", amount="4.99", reason=" ", key="k")
    assert (empty.status_code, "Reason: Please fill this in" in empty.text) == (422, True)
    assert "All of it, unless you write less." in form.text
    fields = {"amount": "", "reason": "Bought by mistake", "key": key_in(form)}
    answer = await mine.post(f"{path}/refund", **fields)
    assert "You asked for it." in (await mine.follow(answer)).text
    await mine.post(f"{path}/refund", **fields)
    assert await count(app, "select count(*) from refunds") == 1
    assert "Asked for $4.99" in words((await mine.get(path)).text)
    assert "You have asked for this already" in (await mine.get(f"{path}/refund")).text
    listed = await desk.get("/admin/refunds?state=requested&person=@ana")
    place = re.search(r'href="(/admin/refunds/[0-9a-f-]+)"', listed.text)
    assert place and "Bought by mistake" in listed.text
    assert "Give $4.99 back" in (await desk.get(place[1])).text
    refused = await desk.post(f"{place[1]}/refuse", note="x")
    assert "3 to 500 characters" in (await desk.follow(refused)).text
    assert "It is on its way back." in (await desk.follow(await desk.post(f"{place[1]}/approve"))).text
    late = await desk.post(f"{place[1]}/refuse", note="On second thoughts")
    assert "It is approved" in (await desk.follow(late)).text
    assert (await desk.post(f"{place[1]}/maybe")).status_code == 404
    await jobs()
    assert "Given back" in (await desk.get(place[1])).text
    shown = words((await desk.get(f"/admin/orders/{order.id}")).text)
    assert "Given back $4.99 asked for by the payer" in shown
    assert "Given back" in (await mine.get(path)).text
    assert await buckets(app, ana) == {}
    assert (await mine.get(place[1])).status_code == 403
    await assert_clean(app)


async def test_who_received_it_decides(app: Any, client: Any, make: Any, jobs: Any, signed_in: Any) -> None:
    ana, bob = await make.user("ana"), await make.user("bob")
    first, second = await tipped(client, ana, bob), await tipped(client, ana, bob)
    for order in (first, second):
        body = {"reason": "The heart was an accident"}
        assert (await client.as_(ana).post(f"/api/v1/payments/{order['id']}/refund", json=body)).status_code == 201
    mine = await signed_in(bob)
    for order, decision, said in ((first, "approve", "It is on its way back."), (second, "refuse", "It is refused.")):
        path = f"/dashboard/payments/{order['id']}"
        page = await mine.get(path)
        place = re.search(rf'action="({path}/refunds/[0-9a-f-]+)/{decision}"', page.text)
        assert place and "The heart was an accident" in page.text
        answer = await mine.post(f"{place[1]}/{decision}", note="We spoke about it")
        assert said in (await mine.follow(answer)).text
    await jobs()
    assert (await state_of(client, ana, first), await state_of(client, ana, second)) == ("refunded", "paid")
    assert "We spoke about it" in (await (await signed_in(ana)).get(f"/account/payments/{second['id']}")).text
    path = f"/dashboard/payments/{second['id']}/refund"
    form = await mine.get(path)
    fields = {"amount": "1.00", "reason": "A third of it", "key": key_in(form)}
    answer = await mine.post(path, **fields | {"amount": ""})
    assert (answer.status_code, "Amount: Please fill this in" in answer.text) == (422, True), "who gives says how much"
    assert "$1.00 are on their way back." in (await mine.follow(await mine.post(path, **fields))).text
    await jobs()
    assert await state_of(client, ana, second) == "partially_refunded"
    await assert_clean(app)


async def test_a_decision_that_cannot_be_carried_out_is_none(app: Any, client: Any, make: Any, signed_in: Any) -> None:
    """What the receiver has spent is not theirs to give: the page says so, and the request still waits."""
    ana, bob, cat = await make.member("ana", purchased=50), await make.member("bob"), await make.member("cat")
    gift = await gave(client.as_(ana), bob, 10)
    await gave(client.as_(bob), cat, 1)
    asked = await client.as_(ana).post(f"/api/v1/payments/{gift['id']}/refund", json={"reason": "a mistake"})
    mine, place = await signed_in(bob), f"/dashboard/payments/{gift['id']}"
    answer = await mine.post(f"{place}/refunds/{asked.json()['id']}/approve")
    assert "on its way back" not in (await mine.follow(answer)).text
    assert await count(app, "select count(*) from refunds where state = 'requested' and decided_by is null") == 1
    assert await count(app, "select count(*) from audit_events where action = 'refunds.approved'") == 0
    assert await buckets(app, ana) == {"purchased": 4_000}
    await assert_clean(app)


async def test_a_dispute_is_answered_by_who_received_it(
    app: Any, client: Any, make: Any, jobs: Any, signed_in: Any
) -> None:
    ana, bob = await make.user("ana"), await make.user("bob")
    order = await disputed_tip(client, ana, bob)
    await jobs()
    mine = await signed_in(bob)
    path = f"/dashboard/payments/{order['id']}"
    assert "Tell your side of it" in (await mine.get(path)).text
    assert (
        "Your bank looks at this payment" in (await (await signed_in(ana)).get(f"/account/payments/{order['id']}")).text
    )
    assert "The payer’s bank decides about this payment first" in (await mine.get(f"{path}/refund")).text
    assert "Answer the bank" in (await mine.get(f"{path}/dispute")).text
    wrong = await mine.post(f"{path}/dispute", text="short")
    assert wrong.status_code == 422 and "Please tell what happened" in wrong.text
    answer = await mine.post(f"{path}/dispute", text="They wrote that they liked it: winning_evidence")
    assert "It is handed in." in (await mine.follow(answer)).text
    await jobs()
    shown = (await mine.get(f"{path}/dispute")).text
    assert "Won" in shown and "Handed in" in shown and "Answer the bank" not in shown
    assert (await (await signed_in(ana)).get(f"{path}/dispute")).status_code == 404
    await assert_clean(app)


async def test_an_administrator_says_how_it_ended(app: Any, client: Any, make: Any, jobs: Any, signed_in: Any) -> None:
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    order = await disputed(client.as_(ana))
    await jobs()
    desk = await signed_in(boss)
    listed = await desk.get("/admin/disputes")
    place = re.search(r'href="(/admin/disputes/[0-9a-f-]+)"', listed.text)
    assert place
    assert "No such dispute" in (await desk.get("/admin/disputes?state=won")).text
    assert place[1] in (await desk.get(f"/admin/orders/{order['id']}")).text
    wrong = await desk.post(f"{place[1]}/mark", outcome="maybe", note="x")
    assert wrong.status_code == 422
    marked = await desk.post(f"{place[1]}/mark", outcome="lost", note="The bank wrote so")
    assert "It is lost. The money went back." in (await desk.follow(marked)).text
    assert "The bank wrote so" in (await desk.get(place[1])).text
    assert await state_of(client, ana, order) == "refunded"
    await assert_clean(app)
