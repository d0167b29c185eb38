"""Receipts: numbers without gaps, as PDF and HTML."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from stoa.kit.clock import utcnow
from stoa.money.receipts import actions
from stoa.money.receipts.invariants import INVARIANTS
from tests.money.books import count
from tests.money.receipts.test_payments import bought, given


def path(payment: Any, **query: str) -> str:
    tail = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/api/v1/my/payments/{payment['id']}/receipt" + (f"?{tail}" if tail else "")


async def broken(app: Any) -> list[Any]:
    async with app.database.connection() as db:
        return [row for sql in INVARIANTS.values() for row in await db.fetch(sql)]


async def test_a_receipt_as_html_says_who_paid_what_to_whom(client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = await bought(client, ana)
    answer = await client.as_(ana).get(path(order, format="html"))
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert "script-src" not in answer.headers["content-security-policy"]
    for text in (f"{utcnow().year}-000001", "100 coins", "4.99 USD", "ana (@ana)", "Test gateway", order["payment_id"]):
        assert text in answer.text, text
    assert "Given back" not in answer.text


async def test_a_receipt_as_pdf_is_the_same_each_time(client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = await bought(client, ana)
    first = await client.as_(ana).get(path(order))
    assert first.content.startswith(b"%PDF-") and first.headers["content-type"] == "application/pdf"
    name = f"receipt-{utcnow().year}-000001.pdf"
    assert first.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert (await client.as_(ana).get(path(order))).content == first.content


async def test_what_people_write_is_no_markup(client: Any, make: Any, app: Any) -> None:
    """Typst and HTML both take it as text."""
    ana, ben = await make.member("ana", purchased=50), await make.member("ben")
    async with app.database.connection() as db:
        await db.execute(
            "update profiles set display_name = $2 where user_id = $1", ben.id, '#panic("x") <b>*$_`@\\ ہندی 中文'
        )
    gift = await given(client, ana, ben)
    html = (await client.as_(ana).get(path(gift, format="html"))).text
    assert "&lt;b&gt;*$_" in html and "<b>" not in html
    assert (await client.as_(ana).get(path(gift))).content.startswith(b"%PDF-")


async def test_a_refund_is_told_on_the_receipt(client: Any, make: Any) -> None:
    ana, ben = await make.member("ana", purchased=50), await make.member("ben")
    gift = await given(client, ana, ben)
    await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    html = (await client.as_(ana).get(path(gift, format="html"))).text
    assert "Given back since" in html and html.count("10.00 coins") == 3


async def test_what_is_not_paid_has_no_receipt(client: Any, make: Any, app: Any) -> None:
    ana = await make.member("ana")
    refused = await bought(client, ana, "pm_card_chargeDeclined")
    answer = await client.as_(ana).get(path(refused))
    assert answer.status_code == 409 and answer.json()["code"] == "not_paid"
    assert (await client.as_(ana).get(path(refused, format="doc"))).status_code == 422
    assert await count(app, "select count(*) from receipts") == 0


async def test_a_receipt_is_the_payers_alone(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.member("ana", purchased=50), await make.member("ben")
    admin = await make.user(roles=("admin",))
    gift = await given(client, ana, ben)
    for who in (ben, admin):
        assert (await client.as_(who).get(path(gift))).status_code == 404
    assert await count(app, "select count(*) from receipts") == 0


async def test_numbers_have_no_gaps_under_many_at_once(client: Any, make: Any, live: Any) -> None:
    """Several payments, each asked for several times at once."""
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    gifts = [await given(client, ana, ben, n + 1) for n in range(6)]
    me = client.as_(ana)
    answers = await asyncio.gather(*(me.get(path(gift, format="html")) for gift in gifts * 3))
    assert {a.status_code for a in answers} == {200}
    async with live.database.connection() as db:
        rows = await db.fetch("select payment_id, sequence from receipts order by sequence")
    assert [row["sequence"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert {str(row["payment_id"]) for row in rows} == {gift["id"] for gift in gifts}
    assert await broken(live) == []


async def test_a_number_that_was_not_kept_is_given_again(client: Any, make: Any, tx: Any, live: Any) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    one, other = [await given(client, ana, ben, n) for n in (1, 2)]
    with pytest.raises(RuntimeError):
        async with tx(ana) as ctx:
            await actions.receipt_html(ctx, one["id"])
            raise RuntimeError("the request failed after all")
    assert f"{utcnow().year}-000001" in (await client.as_(ana).get(path(other, format="html"))).text
    assert f"{utcnow().year}-000002" in (await client.as_(ana).get(path(one, format="html"))).text
    assert await broken(live) == []


async def test_each_year_begins_with_one(make: Any, client: Any, app: Any) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    gifts = [await given(client, ana, ben, n + 1) for n in range(3)]
    moments = [datetime(2030, 12, 31, 23, 59, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)]
    async with app.database.connection() as db:
        found = [
            await db.fetchrow("select year, sequence from receipts_issue($1, $2, $3)", gift["id"], ana.id, moment)
            for gift, moment in zip(gifts, [moments[0], *moments], strict=True)
        ]
    assert [tuple(row) for row in found] == [(2030, 1), (2030, 2), (2031, 1)]
    assert await broken(app) == []


@pytest.mark.parametrize("sql", ["update receipts set sequence = 7", "delete from receipts", "truncate receipts"])
async def test_receipts_stay(client: Any, make: Any, app: Any, sql: str) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    await client.as_(ana).get(path(await given(client, ana, ben), format="html"))
    async with app.database.connection() as db:
        with pytest.raises(asyncpg.PostgresError, match="a receipt stays"):
            await db.execute(sql)
