"""What creators are told by mail of their payouts (F7)."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from stoa.money.payouts.gateways import sandbox


@pytest.fixture(autouse=True)
def arrives_at_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(sandbox, "ARRIVAL_S", 0)


async def all_of_it(app: Any) -> None:
    """Runs everything that was ordered, for later too."""
    for minutes in range(1, 30, 6):
        await run_due(app, now=utcnow() + timedelta(minutes=minutes), reraise=True)


async def test_it_has_arrived(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", earned=400)
    await make.destination(ana)
    payout = (await client.as_(ana).post("/api/v1/payouts", json={})).json()
    await all_of_it(app)
    mail, added = await make.mails(ana.email)
    assert added.subject == "Payouts can go to Savings (USD) •••• 6789"
    assert mail.subject == "Your payout of 5.13 USD has arrived"
    assert "It went to Savings (USD) •••• 6789." in mail.text
    assert f"/dashboard/payouts/{payout['id']}" in mail.text


async def test_it_has_failed(app: Any, client: Any, make: Any) -> None:
    ana = await make.member("ana", earned=400)
    await client.as_(ana).post("/api/v1/payouts", json={"destination": "sandbox_fail"})
    await all_of_it(app)
    [mail] = await make.mails(ana.email)
    assert mail.subject == "Your payout of 5.13 USD did not arrive"
    assert "The bank says that this account is closed. The coins are back among what you earned" in mail.text


async def test_it_waits_with_reason_and_date(app: Any, client: Any, make: Any) -> None:
    ana, boss = await make.member("ana", earned=400), await make.user("boss", roles=("admin",))
    payout = (await client.as_(ana).post("/api/v1/payouts", json={})).json()
    path = f"/api/v1/payouts/{payout['id']}/review"
    held = (await client.as_(boss).post(path, json={"reason": "Many gifts from new accounts"})).json()
    await all_of_it(app)
    [mail] = await make.mails(ana.email)
    assert mail.subject == "Your payout of 5.13 USD waits until somebody has looked at it"
    assert "The reason: Many gifts from new accounts. You hear from us by" in mail.text
    assert held["review_until"][:4] in mail.text


async def test_one_that_is_called_off_is_no_news(app: Any, client: Any, make: Any) -> None:
    ana, boss = await make.member("ana", earned=400), await make.user("boss", roles=("admin",))
    payout = (await client.as_(ana).post("/api/v1/payouts", json={})).json()
    path = f"/api/v1/payouts/{payout['id']}"
    await client.as_(boss).post(f"{path}/review", json={"reason": "Many gifts"})
    await client.as_(ana).post(f"{path}/cancel")
    await all_of_it(app)
    assert await make.mails(ana.email) == []
