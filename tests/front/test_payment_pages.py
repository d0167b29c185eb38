"""Payments as payer and receiver see them, in a browser's hands."""

import re
from datetime import timedelta
from typing import Any

from stoa.kit.clock import utcnow
from tests.front.test_admin_pages import bought, words


async def given(client: Any, giver: Any, receiver: Any, amount: int = 10, **more: Any) -> Any:
    body = {"recipient_id": str(receiver.id), "amount": amount, **more}
    return (await client.as_(giver).post("/api/v1/gifts", json=body)).json()


async def test_the_payers_list_detail_and_receipt(client: Any, make: Any, signed_in: Any) -> None:
    ana, ben = await make.member("ana"), await make.member("ben")
    order = await bought(make, ana, 1)
    gift = await given(client, ana, ben, 10, message="For the shade")
    mine = await signed_in(ana)
    listed = words((await mine.get("/account/payments")).text)
    assert re.search(r"Gift of 10 coins ben .* Paid 10 coins 100 coins Stoa .* Paid \$4\.99", listed), listed
    only = words((await mine.get("/account/payments?kind=coins&state=paid")).text)
    assert "$4.99" in only and "Gift of 10 coins" not in only
    assert "Nothing fits what you chose" in (await mine.get("/account/payments?state=disputed")).text
    for wrong in ("kind=loans", "since=soon", "until=2026-02-30"):
        assert (await mine.get(f"/account/payments?{wrong}")).status_code == 422
    today = utcnow().date()
    within = (await mine.get(f"/account/payments?since={today}&until={today}")).text
    assert "Gift of 10 coins" in within and f'value="{today}"' in within
    assert "Nothing fits" in (await mine.get(f"/account/payments?until={today - timedelta(days=1)}")).text
    shown = (await mine.get(f"/account/payments/{gift['id']}")).text
    assert "For the shade" in shown and f"/wallet/transfers/{gift['transfer_id']}" in shown
    shown = (await mine.get(f"/account/payments/{order.id}")).text
    assert f'href="/account/payments/{order.id}/receipt/pdf"' in shown and "Order" in shown
    receipt = await mine.get(f"/account/payments/{order.id}/receipt")
    assert f"{utcnow().year}-000001" in receipt.text
    pdf = await mine.get(f"/account/payments/{order.id}/receipt/pdf")
    assert pdf.content.startswith(b"%PDF-")


async def test_a_declined_payment_has_no_receipt(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana")
    order = await bought(make, ana, 1, "pm_card_chargeDeclined")
    mine = await signed_in(ana)
    shown = (await mine.get(f"/account/payments/{order.id}")).text
    assert "Nothing was charged" in shown and "receipt/pdf" not in shown
    assert (await mine.get(f"/account/payments/{order.id}/receipt")).status_code == 409


async def test_the_receivers_list_and_detail(client: Any, make: Any, signed_in: Any) -> None:
    ana, ben = await make.member("ana", purchased=100, promotional=4), await make.member("ben")
    gift = await given(client, ana, ben, 10, message="For the shade")
    mine = await signed_in(ben)
    listed = words((await mine.get("/dashboard/payments")).text)
    assert re.search(r"Gift of 10 coins ana .* Paid 10 coins 4 coins 1\.60 coins promotional", listed), listed
    shown = words((await mine.get(f"/dashboard/payments/{gift['id']}")).text)
    assert "For the shade" in shown
    assert "ana paid 10.00 The platform’s share minus (6.00) Your share 4.00" in shown
    await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    shown = words((await mine.get(f"/dashboard/payments/{gift['id']}")).text)
    assert "ana paid 10.00 Given back minus (10.00) The platform’s share 0.00 What you kept 0.00" in shown
    exported = await mine.get("/dashboard/payments/export?state=refunded")
    assert exported.headers["content-type"].startswith("text/csv") and exported.text.count("\r\n") == 2
    assert (await (await signed_in(ana)).get(f"/dashboard/payments/{gift['id']}")).status_code == 404


async def test_revenue_by_time_and_kind(client: Any, make: Any, signed_in: Any, app: Any) -> None:
    ana, ben = await make.member("ana", purchased=200), await make.member("ben")
    mine = await signed_in(ben)
    assert "Nothing has come in yet" in (await mine.get("/dashboard/revenue")).text
    old, taken = await given(client, ana, ben, 50), await given(client, ana, ben, 10)
    await given(client, ana, ben, 20)
    await client.as_(ana).post(f"/api/v1/gifts/{taken['id']}/undo")
    async with app.database.connection() as db:
        await db.execute("update gifts set created_at = $2 where id = $1", old["id"], utcnow() - timedelta(days=40))
    shown = words((await mine.get("/dashboard/revenue")).text)
    assert "28 coins from 3 payments so far" in shown
    assert "Your share 8 coins As long before 20 coins Payments 2 People 1" in shown
    assert "Gifts 2 30.00 minus (10.00) minus (12.00) 8.00" in shown
    shown = words((await mine.get("/dashboard/revenue?by=month&currency=COIN")).text)
    assert "Your share 28 coins As long before 0 coins" in shown
    for wrong in ("?by=year", "?currency=USD"):
        assert (await mine.get(f"/dashboard/revenue{wrong}")).status_code == 422


async def test_they_are_found_from_where_people_look(client: Any, make: Any, signed_in: Any) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    order = await bought(make, ana, 1)
    await given(client, ana, ben)
    mine, theirs = await signed_in(ana), await signed_in(ben)
    for visitor, page, target in (
        (mine, "/wallet", "/account/payments"),
        (mine, "/wallet/orders", "/account/payments"),
        (mine, f"/wallet/orders/{order.id}", f"/account/payments/{order.id}"),
        (mine, "/dashboard/account", "/account/payments"),
        (theirs, "/dashboard/earnings", "/dashboard/payments"),
        (theirs, "/dashboard/earnings", "/dashboard/revenue"),
    ):
        assert f'href="{target}"' in (await visitor.get(page)).text, (page, target)
