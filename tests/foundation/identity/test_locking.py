"""I5: five failures lock for 15 minutes, by account and by address, whichever door they come to and however many at
once."""

import asyncio
from typing import Any

import pytest

from stoa.foundation.identity.actions import hashing
from tests.conftest import PASSWORD
from tests.foundation.identity.links import client_from, execute, fetchrow

WRONG = "not the password"


@pytest.fixture
def looked_at(monkeypatch: Any) -> list[str]:
    """The passwords that were compared with a hash."""
    seen: list[str] = []
    verify = hashing.verify_password

    async def watched(password: str, password_hash: str) -> Any:
        seen.append(password)
        return await verify(password, password_hash)

    monkeypatch.setattr(hashing, "verify_password", watched)
    return seen


async def log_in(client: Any, email: str, password: str = WRONG) -> int:
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": password})
    return int(answer.status_code)


async def test_many_addresses_at_one_account_get_five_tries(
    client: Any, make: Any, app: Any, looked_at: list[str]
) -> None:
    ana = await make.user("ana")
    crowd = [client_from(client, f"203.0.113.{number}") for number in range(12)]
    answers = await asyncio.gather(*(log_in(one, ana.email) for one in crowd))
    assert sorted(answers) == [401] * 5 + [429] * 7
    assert len(looked_at) == 5
    assert await log_in(client_from(client, "198.51.100.1"), ana.email, PASSWORD) == 429  # its owner, too
    assert len(looked_at) == 5
    (failures, left) = await fetchrow(
        app,
        "select failures, extract(epoch from locked_until - now())::int from login_failures where key like 'account:%'",
    )
    assert failures == 5
    assert 880 < left <= 900
    await execute(app, "update login_failures set locked_until = now(), updated_at = now() - interval '901 seconds'")
    assert await log_in(client_from(client, "198.51.100.1"), ana.email, PASSWORD) == 200
    assert await fetchrow(app, "select count(*) from login_failures where key like 'account:%'") == (0,)


async def test_an_account_that_is_not_there_locks_alike(client: Any, app: Any, looked_at: list[str]) -> None:
    crowd = [client_from(client, f"203.0.113.{number}") for number in range(12)]
    answers = await asyncio.gather(*(log_in(one, "nobody@example.org") for one in crowd))
    assert sorted(answers) == [401] * 5 + [429] * 7
    assert len(looked_at) == 5


async def test_one_address_at_many_accounts_gets_five_tries(
    client: Any, make: Any, app: Any, looked_at: list[str]
) -> None:
    people = [await make.user() for _ in range(4)]
    emails = [person.email for person in people] + [f"nobody{number}@example.org" for number in range(8)]
    thief = client_from(client, "203.0.113.7")
    answers = await asyncio.gather(*(log_in(thief, email) for email in emails))
    assert sorted(answers) == [401] * 5 + [429] * 7
    assert len(looked_at) == 5
    assert await log_in(thief, people[0].email, PASSWORD) == 429
    assert await log_in(client_from(client, "203.0.113.8"), people[0].email, PASSWORD) == 200


async def test_neighbours_in_one_network_of_ipv6_count_as_one(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    for number in range(5):
        neighbour = client_from(client, f"2001:db8:1:1::{number + 1}")
        assert await log_in(neighbour, f"nobody{number}@example.org") == 401
    assert await log_in(client_from(client, "2001:db8:1:1:ffff::1"), ana.email, PASSWORD) == 429
    assert await log_in(client_from(client, "2001:db8:1:2::1"), ana.email, PASSWORD) == 200


async def test_all_doors_count_together(client: Any, make: Any, looked_at: list[str]) -> None:
    """The API, the documents' own wording, a page, changing the password, changing the e-mail."""
    ana = await make.user("ana")
    far = [client_from(client, f"203.0.113.{number}") for number in range(6)]
    assert await log_in(far[0], ana.email) == 401
    legacy = await far[1].post("/api/auth/login", json={"email": ana.email, "password": WRONG})
    assert legacy.status_code == 401
    form = await far[2].get("/login")
    token = form.text.partition('name="csrf-token" content="')[2].partition('"')[0]
    page = await far[2].post("/login", data={"_csrf": token, "email": ana.email, "password": WRONG})
    assert page.status_code == 401
    body = {"current_password": WRONG, "new_password": "marble and shade"}
    signed_in = client.as_(ana)
    assert (await signed_in.post("/api/v1/auth/change-password", json=body)).status_code == 422
    body = {"new_email": "new@example.org", "password": WRONG}
    assert (await signed_in.post("/api/v1/auth/change-email", json=body)).status_code == 422
    assert len(looked_at) == 5
    assert await log_in(far[5], ana.email, PASSWORD) == 429
    body = {"current_password": PASSWORD, "new_password": "marble and shade"}
    locked = await signed_in.post("/api/v1/auth/change-password", json=body)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert len(looked_at) == 5


async def test_a_stolen_session_gets_five_tries_at_the_password(client: Any, make: Any, looked_at: list[str]) -> None:
    ana = await make.user("ana")
    body = {"current_password": WRONG, "new_password": "marble and shade"}
    thief = client.as_(ana)
    tries = [thief.post("/api/v1/auth/change-password", json=body) for _ in range(8)]
    answers = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert sorted(answers) == [422] * 5 + [429] * 3
    assert len(looked_at) == 5


async def test_four_failures_and_a_success_begin_anew(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    for begin in (0, 4):
        for number in range(begin, begin + 4):
            assert await log_in(client_from(client, f"203.0.113.{number}"), ana.email) == 401
        assert await log_in(client_from(client, "198.51.100.1"), ana.email, PASSWORD) == 200


async def test_failures_long_apart_do_not_lock(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    for number in range(8):
        assert await log_in(client_from(client, f"203.0.113.{number}"), ana.email) == 401
        await execute(app, "update login_failures set updated_at = updated_at - interval '15 minutes 1 second'")
    assert await log_in(client, ana.email, PASSWORD) == 200
