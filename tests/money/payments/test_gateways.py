"""Which gateway an order goes to, and what the doctor says of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from stoa.foundation.settings.actions import change_platform
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.queue import run_due
from stoa.money.payments.actions import asking, switchboard
from tests.money.books import assert_clean, count
from tests.money.payments.test_razorpay import credits_of
from tests.money.reconciliation.test_differences import compare, named
from tests.providers import razorpay, stripe, xendit


@pytest.fixture
def all_of_them(app: Any) -> Iterator[dict[str, Any]]:
    """Stripe, Razorpay and Xendit beside the sandbox."""
    modules = {"stripe": stripe, "razorpay": razorpay, "xendit": xendit}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(module.standing(app)) for name, module in modules.items()}
        mounts = {modules[name].BASE: httpx.ASGITransport(app=server) for name, server in servers.items()}
        app.http = httpx.AsyncClient(mounts=mounts, transport=app.http._transport)
        yield servers


async def ordered(client: Any, currency: str, amount_minor: int) -> Any:
    body = {"amount_minor": amount_minor, "currency": currency}
    return await client.post("/api/v1/wallet/credits/checkout", json=body)


async def gateway_of(client: Any, currency: str, amount_minor: int) -> str:
    made = (await ordered(client, currency, amount_minor)).json()
    order = await client.get(f"/api/v1/orders/{made['order_id']}")
    return str(order.json()["gateway"])


async def test_the_gateway_of_a_currency(app: Any, client: Any, make: Any, all_of_them: dict[str, Any]) -> None:
    me = client.as_(await make.member("ana"))
    assert await gateway_of(me, "INR", 10_000) == "razorpay"
    assert await gateway_of(me, "IDR", 1_500_000) == "xendit"
    assert await gateway_of(me, "PHP", 5_000) == "xendit"
    assert await gateway_of(me, "EUR", 500) == "sandbox", "the default"
    app.settings = msgspec.structs.replace(app.settings, sandbox=False)
    assert await gateway_of(me, "EUR", 500) == "stripe", "the first that is on"
    app.settings = msgspec.structs.replace(app.settings, stripe_secret_key="", xendit_secret_key="")
    assert await gateway_of(me, "IDR", 1_500_000) == "razorpay", "Xendit is off"


async def test_the_operator_chooses(app: Any, client: Any, make: Any, all_of_them: dict[str, Any]) -> None:
    me, boss = client.as_(await make.member("ana")), await make.user("boss", roles=("admin",))
    async with make.tx(boss) as ctx:
        await change_platform(ctx, gateways_by_currency={"INR": "stripe", "EUR": "xendit"}, default_gateway="razorpay")
    assert await gateway_of(me, "INR", 10_000) == "stripe"
    assert await gateway_of(me, "IDR", 1_500_000) == "razorpay"
    assert await gateway_of(me, "EUR", 500) == "razorpay", "Xendit does not take euros"
    async with make.tx(boss) as ctx:
        with pytest.raises(Invalid):
            await change_platform(ctx, gateways_by_currency={"INR": "paypal"})
        with pytest.raises(Invalid):
            await change_platform(ctx, gateways_by_currency={"rupees": "razorpay"})


async def test_a_currency_that_nobody_takes(app: Any, client: Any, make: Any) -> None:
    me, settings = client.as_(await make.member("ana")), app.settings
    with xendit.standing(app) as server:
        app.settings = msgspec.structs.replace(app.settings, sandbox=False)
        answer = await ordered(me, "INR", 10_000)
        assert (answer.status_code, answer.json()["fields"]) == (
            422,
            {"currency": "Nobody takes INR here at the moment"},
        )
        assert server.asked == []
    app.settings = settings
    assert await count(app, "select count(*) from orders") == 0


@pytest.mark.parametrize(("name", "currency"), [("razorpay", "INR"), ("xendit", "PHP")])
async def test_the_lists_of_both_sides(
    app: Any, client: Any, make: Any, all_of_them: dict[str, Any], name: str, currency: str
) -> None:
    """Reconciled: clean; then a webhook that got lost, and a refund that failed over there after it was taken."""
    server, hook = all_of_them[name], f"/api/v1/webhooks/{name}"
    ana, boss = await make.member("ana"), await make.user("boss", roles=("admin",))
    orders = [(await ordered(client.as_(ana), currency, 50_000)).json() for _ in range(2)]
    paid = [server.pay(order["session_id"]) for order in orders]
    body, headers = server.event("payment.captured", payment=paid[0]) if name == "razorpay" else server.told(paid[0])
    assert (await client.post(hook, content=body, headers=headers)).status_code == 200
    await run_due(app, reraise=True)
    part = {"amount_minor": 20_000, "reason": "a part"}
    assert (await client.as_(boss).post(f"/api/v1/orders/{orders[0]['order_id']}/refund", json=part)).status_code == 201
    await run_due(app, reraise=True)
    await compare(app, name)
    assert await named(app) == [("missing_here", paid[1]["id"])]
    async with app.database.connection() as db:
        await asking.ask(Ctx(db, None, utcnow(), "test", app), UUID(orders[1]["order_id"]))
    await compare(app, name)
    assert await named(app) == []
    assert await credits_of(app, ana, currency) == {"purchased": 80_000}
    if name == "razorpay":
        paid[0]["amount_refunded"] = 0
    else:
        server.refunds[0]["status"] = "FAILED"
    await compare(app, name)
    assert await named(app) == [("refund", paid[0]["id"])]
    await assert_clean(app)


async def test_the_doctor(app: Any, all_of_them: dict[str, Any], monkeypatch: Any) -> None:
    reached = app.http

    class Reaching:
        """A client that reaches them in process."""

        async def __aenter__(self) -> httpx.AsyncClient:
            return reached  # type: ignore[no-any-return]

        async def __aexit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(switchboard.httpx, "AsyncClient", Reaching)
    well = await switchboard.look(app.settings)
    assert (well.ok, well.seen) == (True, "by stripe, razorpay, xendit and sandbox")
    wrong = msgspec.structs.replace(app.settings, razorpay_key_secret="wrong", xendit_secret_key="wrong")
    ill = await switchboard.look(wrong)
    assert (ill.ok, ill.seen) == (False, "Razorpay and Xendit: no answer to our keys")
    assert ill.cure == (
        "see to razorpay_key_id and razorpay_key_secret, and whether this machine reaches razorpay_api_base; "
        "see to xendit_secret_key, and whether this machine reaches xendit_api_base"
    )
    none = msgspec.structs.replace(
        app.settings, sandbox=False, stripe_secret_key="", razorpay_key_secret="", xendit_secret_key=""
    )
    assert (await switchboard.look(none)).seen == "nothing can be paid: no gateway is on"
