"""Disputes about what was paid straight into a creator's own account (M12): the platform holds and bears nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from stoa.kit.queue import run_due
from tests.money.books import assert_clean, count, platform
from tests.money.payments.test_accounts import KEY, connect, deliver
from tests.money.payments.test_webhooks import state_of
from tests.money.wallet.test_card_tips import tipped
from tests.providers.stripe_accounts import StripeWorld, world


@pytest.fixture
def stripe(app: Any) -> Iterator[StripeWorld]:
    with world(app, sandbox=False) as made:
        made.account("acct_ana", KEY)
        yield made


async def test_the_creators_own_account_bears_it(app: Any, client: Any, make: Any, stripe: StripeWorld) -> None:
    """Her gateway is asked, not believed; she answers it here, with her own keys, and it is lost in the books."""
    ana, ben = await make.user("ana"), await make.user("ben")
    await connect(client, ana)
    order = await tipped(client, ben, ana)
    server = stripe.accounts["acct_ana"]
    dispute = server.dispute(order["payment_id"])
    forged = dispute | {"status": "won"}
    assert (await deliver(client, ana, server, "charge.dispute.created", forged)).status_code == 200
    await run_due(app, reraise=True)
    path = f"/api/v1/payments/{order['id']}/dispute"
    found = (await client.as_(ana).get(path)).json()
    assert (found["status"], found["can_answer"]) == ("needs_response", True)
    assert await state_of(client, ben, order) == "disputed"
    for purpose in ("disputed", "dispute_fees", "world:stripe"):
        assert await platform(app, "USD", purpose) == 0
    assert await count(app, "select count(*) from ledger_holds") == 0
    parts = [("text", (None, "This is losing_evidence"))]
    assert (await client.as_(ana).post(f"{path}/evidence", files=parts)).status_code == 201
    await run_due(app, reraise=True)
    assert dispute["status"] == "lost" and stripe.platform.disputes == {}
    assert await state_of(client, ben, order) == "refunded"
    assert await platform(app, "USD", "direct_world:stripe") == 0
    assert await count(app, "select coalesce(sum(debt_minor), 0)::bigint from credit_debts") == 0
    await assert_clean(app)
