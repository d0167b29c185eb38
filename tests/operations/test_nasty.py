"""What nobody means to send: it is refused, or finds nothing, and never more."""

from typing import Any

import pytest

AUDIT = (
    "since=0001-01-01T00:00:00%2B14:00",
    "until=9999-12-31T23:59:59-14:00",
    "since=&until=",
    "since=x",
    "who=%25",
    "who=%F0%9F%98%80",
    "who=@",
    "who=ada%0A",
    "who=" + "x" * 201,
    "action=%27%5C",
    "address=%5Cx",
    "cursor=%00",
    "cursor=AAAA",
    "limit=51",
)
PEOPLE = ("q=%ff", "q=%25_", "q=" + "x" * 255, "q=@", "q=@@", "q=a@", "q=%5C", "status=x", "role=", "cursor=AAAA")


@pytest.mark.parametrize(
    "path",
    [
        *(f"{path}?{query}" for query in AUDIT for path in ("/api/v1/admin/audit", "/api/v1/admin/audit/export")),
        *(f"{path}?{query}" for query in AUDIT for path in ("/admin/audit", "/admin/audit/export")),
        *(f"{path}?{query}" for query in PEOPLE for path in ("/api/v1/admin/users", "/admin/users")),
    ],
)
async def test_an_odd_question_has_an_answer(client: Any, make: Any, path: str) -> None:
    ada = await make.user("ada", roles=("admin",))
    answer = await client.as_(ada).get(path)
    assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize(
    ("until", "status"),
    [
        ("9999-12-31T23:59:59-14:00", 422),
        ("0001-01-01T00:00:00+14:00", 422),
        ("x", 422),
        (1, 422),
        ({}, 422),
        ([], 422),
    ],
    ids=["far", "long ago", "word", "number", "object", "list"],
)
async def test_an_odd_end_suspends_nobody(client: Any, make: Any, app: Any, until: Any, status: int) -> None:
    ada, ana = await make.user("ada", roles=("admin",)), await make.user("ana")
    body = {"reason": "Because of it", "until": until}
    answer = await client.as_(ada).post(f"/api/v1/admin/users/{ana.id}/suspend", json=body)
    assert (answer.status_code, list(answer.json()["fields"])) == (status, ["until"])
    async with app.database.connection() as db:
        assert await db.fetchval("select status from users where id = $1", ana.id) == "active"


@pytest.mark.parametrize(
    "form",
    [
        {"days": "99999999999999999999", "reason": "abc"},
        {"days": "-1", "reason": "abc"},
        {"days": "", "reason": ""},
        {"days": "7"},
        {"days": "1", "reason": "a" * 10_000},
        {"days": "1", "reason": "a\x00bc"},
    ],
    ids=["many days", "less than none", "nothing", "no reason", "long", "null"],
)
async def test_an_odd_form_suspends_nobody(client: Any, make: Any, app: Any, form: dict[str, str]) -> None:
    ada, ana = await make.user("ada", roles=("admin",)), await make.user("ana")
    answer = await client.as_(ada).post(f"/admin/users/{ana.id}/suspend", data=form)
    assert answer.status_code == 422
    async with app.database.connection() as db:
        assert await db.fetchval("select status from users where id = $1", ana.id) == "active"
