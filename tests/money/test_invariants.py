"""The invariants of the money modules see what they are there for."""

from typing import Any

import pytest

from stoa.money.disputes import invariants as disputes
from stoa.money.payments import invariants as payments
from stoa.money.payouts import invariants as payouts
from stoa.money.refunds import invariants as refunds
from stoa.money.wallet import invariants as wallet
from tests.creation.serials.test_unlock import locked
from tests.money.books import assert_clean

ALL = payments.INVARIANTS | wallet.INVARIANTS | payouts.INVARIANTS | refunds.INVARIANTS | disputes.INVARIANTS
HARM = {
    "an order is in the state its last event says (M14)": "delete from order_events",
    "what is paid was handed over, and only that": "update orders set fulfilled_at = null",
    "an order's money is what its gateway said of the payment (M11)": "update orders set refunded_minor = 1",
    "everybody has a wallet": "delete from wallets",
    "a paid order of coins is one transfer, in the books and in the orders": "update orders set fulfilled_at = null",
    "a paid order of credits is one transfer, in the books and in the orders": "update orders set fulfilled_at = null",
    "what people owe of credits is what the platform is owed (M13)": """
        insert into credit_debts (user_id, asset, debt_minor) select id, 'USD', 1 from users limit 1""",
    "a sale moved what it says (M4, M12)": "update sales set transfer_id = gen_random_uuid()",
    "a tip moved what it says (M4, M8)": "update tips set transfer_id = gen_random_uuid()",
    "a paid order for somebody is shared wholly, and what went back came from the shares (M8, M12, M13)": """
        update orders set cut_minor = cut_minor + 1 where kind = 'tip'""",
    "the shares of orders are what the books say of them (M8, M12, M13)": """
        update order_shares set platform_minor = platform_minor + 1, creator_minor = creator_minor - 1""",
    "a gift moved what it says (M4, M6)": """
        update gifts set creator_minor = creator_minor + 1, platform_minor = platform_minor - 1""",
    "a gift is undone exactly when its transfer is reversed": """
        update gifts set undone_at = now(), undo_transfer_id = gen_random_uuid()
        where undone_at is null and refunded_minor = 0""",
    "what people owe is what the platform is owed (M13)": "update wallets set debt_minor = 1",
    "what a gateway keeps of a payment is booked once": "update orders set fee_minor = fee_minor + 1",
    "what went back of a gift or a tip is the sum of its reversals (M13)": """
        update gifts set refunded_minor = refunded_minor + 1 where undone_at is null""",
    "no share gives back more than it got (M13)": """
        update gifts set platform_minor = platform_minor + creator_minor, creator_minor = 0 where refunded_minor > 0""",
    "a reversal moved what it says (M13)": """
        update share_reversals set purchased_minor = purchased_minor + 1, amount_minor = amount_minor + 1,
          platform_minor = platform_minor + 1""",
    "what went back of a payment is the sum of its refunds (M13)": "update refunds set amount_minor = amount_minor + 1",
    "nobody gets back more than was paid, what is on its way included (M13)": """
        update refunds set amount_minor = amount_minor + 1000000 where subject = 'order'""",
    "a dispute is in the state its last event says": "delete from dispute_events",
    "a lost dispute is reversed (M13)": """
        update disputes set state = 'lost', closed_at = now() where closed_at is null""",
    "what gateways took until disputes are decided is what is disputed": """
        update disputes set amount_minor = amount_minor + 1 where closed_at is null""",
    "what is set aside for a dispute is held exactly while it is open (F7)": "update disputes set hold_id = null",
    "what gateways charge for disputes is booked once": "update disputes set fee_minor = fee_minor + 1",
    "a payout is in the state its last event says (M10)": "delete from payout_events",
    "what is to be paid out is reserved, exactly while a payout is under way (M9)": """
        update payouts set state = 'cancelled', ended_at = now() where state = 'pending'""",
    "what was sent is what was paid, once, and its fee is in the books (M10)": """
        update payouts set net_payout_minor = net_payout_minor + 1, gross_minor = gross_minor + 1""",
    "what came back of a payout is all of it, and nothing comes back of one that is paid (M10)": """
        update payouts set state = 'failed', failure_reason = 'harm' where state = 'paid'""",
}


def test_each_has_its_harm() -> None:
    assert HARM.keys() == ALL.keys()


@pytest.mark.harm
@pytest.mark.parametrize("name", sorted(HARM))
async def test_each_sees_its_harm(app: Any, client: Any, make: Any, jobs: Any, name: str, monkeypatch: Any) -> None:
    from datetime import timedelta

    from stoa.kit.clock import utcnow
    from stoa.kit.queue import run_due
    from stoa.money.payouts.gateways import sandbox

    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)
    ana, bob = await make.member("ana", earned=400), await make.member("bob", earned=400)
    await client.as_(ana).post("/api/v1/wallet/purchases", json={"package_id": 1, "payment_method_id": "pm_card_visa"})
    credits = {"amount_minor": 500, "payment_method_id": "pm_card_visa"}
    assert (await client.as_(ana).post("/api/v1/wallet/credits", json=credits)).status_code == 201
    assert (await client.as_(ana).post("/api/v1/tips", json={"recipient_id": str(bob.id)})).status_code == 201
    opened = (await client.as_(ana).post("/api/v1/checkout/tip", json={"recipient_id": str(bob.id)})).json()
    card = {"payment_method_id": "pm_card_visa"}
    paid = await client.as_(ana).post(f"/api/v1/orders/{opened['order_id']}/confirm", json=card)
    assert paid.json()["state"] == "paid"
    boss = client.as_(await make.user("boss", roles=("admin",)))
    disputed = {"package_id": 1, "payment_method_id": "pm_card_createDispute"}
    for outcome in ("lost", None):
        order = (await client.as_(ana).post("/api/v1/wallet/purchases", json=disputed)).json()
        if outcome:
            mark = f"/api/v1/payments/{order['id']}/dispute/mark"
            assert (await boss.post(mark, json={"outcome": outcome, "note": "they wrote"})).status_code == 200
    given = (await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 5})).json()
    for payment_id in (given["id"], opened["order_id"]):
        body = {"reason": "a part", "amount_minor": 50}
        assert (await boss.post(f"/api/v1/payments/{payment_id}/refund", json=body)).status_code == 201
    for _ in range(2):
        gift = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 5})
    await client.as_(ana).post(f"/api/v1/gifts/{gift.json()['id']}/undo")
    chapter = await locked(make, await make.user("cat", roles=("creator",)), price_minor=100)
    agreed = {"price_minor": 100, "price_asset": "COIN"}
    assert (await client.as_(ana).post(f"/api/v1/chapters/{chapter.id}/unlock", json=agreed)).status_code == 200
    await client.as_(ana).post("/api/v1/payouts", json={})
    await run_due(app, now=utcnow() + timedelta(seconds=10), reraise=True)
    await client.as_(bob).post("/api/v1/payouts", json={})
    await assert_clean(app)
    async with app.database.connection() as db:
        assert await db.fetch(ALL[name]) == []
        await db.execute(HARM[name])
        assert await db.fetch(ALL[name]) != []
