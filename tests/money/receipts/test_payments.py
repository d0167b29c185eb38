"""What was paid, as the payer and as the receiver see it."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.ids import new_id
from tests.money.books import assert_clean, count


async def bought(client: Any, user: Any, method: str = "pm_card_visa") -> Any:
    answer = await client.as_(user).post(
        "/api/v1/wallet/purchases", json={"package_id": 1, "payment_method_id": method}
    )
    return answer.json()


async def given(client: Any, giver: Any, receiver: Any, amount: int = 10, **more: Any) -> Any:
    body = {"recipient_id": str(receiver.id), "amount": amount, **more}
    answer = await client.as_(giver).post("/api/v1/gifts", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(client: Any, user: Any, path: str, **query: Any) -> list[Any]:
    answer = await client.as_(user).get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["items"]
    return found


async def test_the_payer_sees_purchases_and_gifts_in_one_list(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.member("ana"), await make.member("ben")
    order = await bought(client, ana)
    refused = await bought(client, ana, "pm_card_chargeDeclined")
    gift = await given(client, ana, ben, 10, message="Thank you")
    items = await listed(client, ana, "/api/v1/my/payments")
    assert [(i["id"], i["kind"], i["status"], i["amount"], i["currency"], i["gateway"]) for i in items] == [
        (gift["id"], "gift", "paid", "10.00", "COIN", "wallet"),
        (refused["id"], "coins", "failed", "4.99", "USD", "sandbox"),
        (order["id"], "coins", "paid", "4.99", "USD", "sandbox"),
    ]
    assert [i["description"] for i in items] == ["Gift of 10 coins", "100 coins", "100 coins"]
    assert items[0]["person"]["username"] == "ben" and items[2]["person"] is None
    assert "fee_minor" not in items[0]
    assert await listed(client, ben, "/api/v1/my/payments") == []
    assert await listed(client, ana, "/api/v1/payments") == []
    await assert_clean(app)


async def test_the_receiver_sees_their_share(client: Any, make: Any) -> None:
    """M6: 40 of 100; M4: what was promotional stays promotional."""
    ana, ben = await make.member("ana", purchased=100, promotional=4), await make.member("ben")
    gift = await given(client, ana, ben, 10, message="Thank you")
    [item] = await listed(client, ben, "/api/v1/payments")
    assert item["person"]["username"] == "ana"
    assert (item["amount_minor"], item["fee_minor"], item["net_minor"], item["net"]) == (1000, 600, 400, "4.00")
    assert (item["promotional_minor"], item["kept_minor"], item["refunded_minor"]) == (160, 400, 0)
    detail = (await client.as_(ben).get(f"/api/v1/payments/{gift['id']}")).json()
    assert (detail["message"], detail["transfer_id"]) == ("Thank you", gift["transfer_id"])


async def test_a_gift_that_was_taken_back_is_refunded_and_not_kept(client: Any, make: Any) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    gift = await given(client, ana, ben)
    assert (await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")).status_code == 200
    [item] = await listed(client, ben, "/api/v1/payments")
    assert (item["status"], item["refunded_minor"], item["kept_minor"]) == ("refunded", 1000, 0)
    [stats] = (await client.as_(ben).get("/api/v1/payments/stats")).json()["items"]
    assert (stats["gross_minor"], stats["refunded_minor"], stats["kept_minor"], stats["fee_minor"]) == (
        1000,
        1000,
        0,
        0,
    )


async def test_payments_are_their_owners(client: Any, make: Any) -> None:
    ana, ben, eve = [await make.member(name, purchased=50) for name in ("ana", "ben", "eve")]
    admin = await make.user(roles=("admin",))
    gift = await given(client, ana, ben)
    paid, received = f"/api/v1/my/payments/{gift['id']}", f"/api/v1/payments/{gift['id']}"
    seen = {
        (who.username, path): (await client.as_(who).get(path)).status_code
        for who in (ana, ben, eve, admin)
        for path in (paid, received)
    }
    allowed = {("ana", paid), ("ben", received), (admin.username, received)}
    assert {key for key, status in seen.items() if status == 200} == allowed
    assert {status for key, status in seen.items() if key not in allowed} == {404}
    assert (await client.as_(ana).get(f"/api/v1/my/payments/{new_id()}")).status_code == 404
    assert (await client.get(paid)).status_code == 401


async def test_one_payment_in_full(client: Any, make: Any) -> None:
    ana = await make.member("ana")
    order = await bought(client, ana)
    detail = (await client.as_(ana).get(f"/api/v1/my/payments/{order['id']}")).json()
    assert [e["to_status"] for e in detail["events"]] == ["created", "paid"]
    assert detail["reference"] == order["payment_id"]
    assert detail["receipt_url"] == f"/api/v1/my/payments/{order['id']}/receipt"
    postings = (await client.as_(ana).get(f"/api/v1/transfers/{detail['transfer_id']}")).json()["postings"]
    assert {p["amount_minor"] for p in postings} == {-499, 499, -10_000, 10_000}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "gift"}, 3),
        ({"kind": "coins"}, 1),
        ({"kind": "nothing"}, 0),
        ({"status": "refunded"}, 1),
        ({"currency": "USD"}, 1),
        ({"currency": "COIN", "status": "paid"}, 2),
        ({"since": "2999-01-01T00:00:00Z"}, 0),
        ({"until": "2999-01-01T00:00:00Z"}, 4),
        ({"until": "0001-01-01T00:00:00+14:00"}, 0),
        ({"since": "9999-12-31T23:59:59-14:00"}, 0),
    ],
)
async def test_filters(client: Any, make: Any, query: Any, found: int) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    gift, *_ = [await given(client, ana, ben, n) for n in (1, 2, 3)]
    await client.as_(ana).post(f"/api/v1/gifts/{gift['id']}/undo")
    await bought(client, ana)
    assert len(await listed(client, ana, "/api/v1/my/payments", **query)) == found


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"limit": 0}, "limit"),
        ({"cursor": "x"}, "cursor"),
        ({"since": "2026-01-01T00:00:00"}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"work_id": "x"}, "work_id"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/my/payments", "/api/v1/payments"])
async def test_wrong_filters_are_named(client: Any, make: Any, path: str, query: Any, field: str) -> None:
    if path == "/api/v1/my/payments" and field == "work_id":
        return
    answer = await client.as_(await make.user()).get(path, params=query)
    assert answer.status_code == 422 and field in answer.json()["fields"], answer.text


async def test_pages_have_neither_gaps_nor_repetitions(client: Any, make: Any) -> None:
    """Both kinds alternate, so that each page is merged of two tables."""
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    made = []
    for n in range(4):
        made += [(await bought(client, ana))["id"], (await given(client, ana, ben, n + 1))["id"]]
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while True:
        page = (await client.as_(ana).get("/api/v1/my/payments", params=query)).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == made[::-1]
    answer = await client.as_(ana).get("/api/v1/my/payments", params={**query, "kind": "gift"})
    assert answer.status_code == 422, "a cursor belongs to its filters"


async def test_a_list_is_one_query_however_long(client: Any, make: Any, queries: Callable[[], Any]) -> None:
    ana, ben = await make.member("ana", purchased=500), await make.member("ben")
    for n in range(12):
        await given(client, ana, ben, n + 1)
    for who, path in ((ana, "/api/v1/my/payments"), (ben, "/api/v1/payments"), (ben, "/api/v1/payments/stats")):
        await client.as_(who).get(path)
        with queries() as seen:
            assert (await client.as_(who).get(path)).status_code == 200
        assert len([sql for sql in seen if "from gifts" in sql]) == 1, seen
        assert len(seen) == 2, "who is it, and the list"


async def test_sums_by_currency_and_kind(client: Any, make: Any) -> None:
    ana, eve, ben = [await make.member(name, purchased=100) for name in ("ana", "eve", "ben")]
    for who, amount in ((ana, 10), (ana, 20), (eve, 5)):
        await given(client, who, ben, amount)
    await given(client, ben, ana, 50)
    [stats] = (await client.as_(ben).get("/api/v1/payments/stats")).json()["items"]
    sums = {"payments": 3, "payers": 2, "gross_minor": 3500, "fee_minor": 2100, "kept_minor": 1400}
    assert sums.items() <= stats.items()
    assert (stats["currency"], stats["kept"], stats["kept_per_payer_minor"]) == ("COIN", "14.00", 700)
    assert [(k["kind"], k["kept_minor"]) for k in stats["by_kind"]] == [("gift", 1400)]
    none = (await client.as_(ben).get("/api/v1/payments/stats", params={"until": "2020-01-01T00:00:00Z"})).json()
    assert none == {"items": []}


async def test_a_series_has_no_gaps(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    gift = await given(client, ana, ben, 10)
    await given(client, ana, ben, 20)
    today = utcnow().date()
    async with app.database.connection() as db:
        await db.execute("update gifts set created_at = created_at - interval '3 days' where id = $1", gift["id"])
    series = (await client.as_(ben).get("/api/v1/payments/timeline")).json()
    assert (series["interval"], series["currency"], len(series["items"])) == ("day", "COIN", 30)
    assert series["items"][-1]["start"] == today.isoformat()
    kept = {i["start"]: i["by_kind"] for i in series["items"] if i["payments"]}
    assert kept == {(today - timedelta(days=3)).isoformat(): {"gift": 400}, today.isoformat(): {"gift": 800}}
    since = (today - timedelta(days=400)).isoformat()
    for interval in ("week", "month"):
        series = (
            await client.as_(ben).get("/api/v1/payments/timeline", params={"interval": interval, "since": since})
        ).json()["items"]
        assert sum(i["kept_minor"] for i in series) == 1200 and len(series) == len({i["start"] for i in series})
        assert series == sorted(series, key=lambda i: i["start"])
    empty = (await client.as_(ben).get("/api/v1/payments/timeline", params={"currency": "USD"})).json()["items"]
    assert len(empty) == 30 and not any(i["payments"] for i in empty)


@pytest.mark.parametrize(
    "query",
    [
        {"since": "2020-01-01"},  # too many days
        {"since": "2026-02-02", "until": "2026-02-01"},
        {"since": "0001-01-01", "until": "0001-01-02"},
        {"until": "0001-01-01"},
        {"since": "9999-12-30", "until": "9999-12-31"},
        {"interval": "year"},
        {"since": "soon"},
    ],
)
async def test_a_series_out_of_range_is_refused(client: Any, make: Any, query: Any) -> None:
    answer = await client.as_(await make.user()).get("/api/v1/payments/timeline", params=query)
    assert answer.status_code == 422, answer.text


async def test_the_export_is_all_of_it_and_no_formula(client: Any, make: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("stoa.money.receipts.queries.EXPORTED_AT_ONCE", 2)
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    work = await make.post(ben, title="Columns, “and” shade")
    for n in range(4):
        await given(client, ana, ben, n + 1)
    answer = await client.as_(ana).post(f"/api/v1/works/{work.id}/gifts", json={"amount": 5})
    assert answer.status_code == 201
    answer = await client.as_(ben).get("/api/v1/payments/export", params={"kind": "gift"})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="payments.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["gross"] for row in rows] == ["5.00", "4.00", "3.00", "2.00", "1.00"]
    assert rows[0]["description"] == "Gift of 5 coins for “Columns, “and” shade”"
    assert (rows[0]["person"], rows[0]["net"], rows[0]["fee"], rows[0]["currency"]) == ("ana", "2.00", "3.00", "COIN")
    none = (await client.as_(ana).get("/api/v1/payments/export")).text
    assert none.splitlines() == [",".join(rows[0])]


async def test_reading_moves_nothing(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.member("ana", purchased=100), await make.member("ben")
    gift = await given(client, ana, ben)
    before = await count(app, "select count(*) from ledger_transfers")
    for path in ("", "/stats", "/timeline", "/export", f"/{gift['id']}"):
        assert (await client.as_(ben).get(f"/api/v1/payments{path}")).status_code == 200
    assert await count(app, "select count(*) from ledger_transfers") == before
