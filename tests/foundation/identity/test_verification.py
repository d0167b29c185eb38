"""Confirming an e-mail, through `/api/v1/auth` (I6, I8)."""

import asyncio
from typing import Any

import pytest

from stoa.foundation.identity import actions
from tests.foundation.identity.links import asked, audited, execute, fetchrow, link_in, token_in

NEW = {"username": "Ana", "email": "Ana@Example.org", "password": "a stoa has columns"}
STATE = "select status, is_verified from users where lower(username) = 'ana'"


async def register(client: Any) -> dict[str, str]:
    answer = await client.post("/api/v1/auth/register", json=NEW)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def verify(client: Any, token: str) -> tuple[int, str]:
    answer = await client.post("/api/v1/auth/verify-email", json={"token": token})
    return answer.status_code, answer.json().get("code", "")


async def test_the_link_of_the_first_mail_makes_an_account_active(client: Any, app: Any, make: Any) -> None:
    bearer = await register(client)
    assert await fetchrow(app, STATE) == ("pending_verification", False)
    (mail,) = await make.mails("ana@example.org")
    assert mail.subject == "Confirm your e-mail for Stoa"
    assert "Welcome, Ana" in mail.text
    assert "Welcome, Ana" in mail.html
    assert "24 hours" in mail.text
    token = token_in(mail)
    async with app.database.connection() as db:
        kept = await db.fetchrow("select token_hash, expires_at - created_at as lives from verification_tokens")
    assert (len(kept["token_hash"]), kept["lives"].total_seconds()) == (32, 86400)
    assert token.encode() not in kept["token_hash"]
    assert (await client.get("/api/v1/auth/me", headers=bearer)).json()["is_verified"] is False  # and may look around
    answer = await client.post("/api/v1/auth/verify-email", json={"token": token})
    assert (answer.status_code, answer.json()) == (200, {"is_verified": True})
    assert await fetchrow(app, STATE) == ("active", True)
    assert (await client.get("/api/v1/auth/me", headers=bearer)).json()["is_verified"] is True
    (user_id,) = await fetchrow(app, "select id from users")
    assert (await audited(app, user_id)).count("identity.email_verified") == 1
    async with app.database.connection() as db:  # I8
        history = await db.fetch("select status, reason, by_id from status_history order by at")
    assert [tuple(row) for row in history] == [
        ("pending_verification", None, None),
        ("active", "The e-mail is confirmed", user_id),
    ]
    assert await verify(client, token) == (404, "link_over")


async def test_a_link_used_twice_at_once_is_used_once(client: Any, app: Any, make: Any) -> None:
    await register(client)
    token = token_in((await make.mails("ana@example.org"))[0])
    answers = await asyncio.gather(*(verify(client, token) for _ in range(6)))
    assert sorted(answers) == [(200, ""), *[(404, "link_over")] * 5]
    (user_id,) = await fetchrow(app, "select id from users")
    assert (await audited(app, user_id)).count("identity.email_verified") == 1


@pytest.mark.parametrize(
    "spoil",
    [
        "update verification_tokens set expires_at = now()",
        "update verification_tokens set kind = 'password_reset'",
        "update users set status = 'deleted'",
        "update verification_tokens set token_hash = sha256('another')",
    ],
)
async def test_a_link_that_is_late_or_another_one_confirms_nothing(
    client: Any, app: Any, make: Any, spoil: str
) -> None:
    await register(client)
    token = token_in((await make.mails("ana@example.org"))[0])
    await execute(app, spoil)
    assert await verify(client, token) == (404, "link_over")
    assert await fetchrow(app, "select is_verified from users") == (False,)


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 7}, {"token": "x" * 1025}, {"token": "a\x00b"}, []])
async def test_what_is_no_token_is_422(client: Any, app: Any, body: Any) -> None:
    answer = await client.post("/api/v1/auth/verify-email", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


async def test_a_newer_link_ends_the_older(client: Any, app: Any, make: Any, jobs: Any) -> None:
    bearer = await register(client)
    answer = await client.post("/api/v1/auth/resend-verification", json={}, headers=bearer)
    assert answer.status_code == 202
    await jobs()
    newer, older = await make.mails("ana@example.org")
    assert await verify(client, token_in(older)) == (404, "link_over")
    assert await fetchrow(app, STATE) == ("pending_verification", False)
    assert await verify(client, token_in(newer)) == (200, "")


async def test_links_asked_for_at_once_leave_one_that_is_good(client: Any, app: Any, make: Any, jobs: Any) -> None:
    await register(client)
    ask = [client.post("/api/v1/auth/resend-verification", json={"email": NEW["email"]}) for _ in range(3)]
    assert {a.status_code for a in await asyncio.gather(*ask)} == {202}
    await asyncio.gather(jobs(), jobs(), jobs())
    mails = await make.mails("ana@example.org")
    assert len(mails) == 4
    assert await fetchrow(app, "select count(*) from verification_tokens where expires_at > now()") == (1,)
    answers = [await verify(client, token_in(mail)) for mail in mails]
    assert sorted(answers) == [(200, ""), *[(404, "link_over")] * 3]


async def test_resending_tells_nothing_of_who_is_there(
    client: Any, app: Any, make: Any, jobs: Any, queries: Any
) -> None:
    await register(client)
    bea = await make.user("bea")
    seen: list[Any] = []
    for email in (NEW["email"], bea.email, "nobody@example.org"):
        with queries() as sent:
            answer = await client.post("/api/v1/auth/resend-verification", json={"email": email})
        body = {k: v for k, v in answer.json().items() if k != "trace_id"}
        seen.append((answer.status_code, body, asked(sent)))
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == 202
    await jobs()
    assert len(await make.mails("ana@example.org")) == 2
    assert await make.mails(bea.email) == []
    assert await make.mails("nobody@example.org") == []
    async with app.database.connection() as db:
        results = await db.fetch("select result from jobs where type like '%SendVerification'")
    assert {row[0] for row in results} == {None}


async def test_whoever_is_not_signed_in_has_to_say_whose(client: Any) -> None:
    for body in ({}, {"email": "no address"}, {"email": "a" * 300 + "@example.org"}):
        answer = await client.post("/api/v1/auth/resend-verification", json=body)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["email"])


async def test_nobodys_mailbox_is_filled(client: Any, app: Any, make: Any, jobs: Any) -> None:
    await register(client)
    for _ in range(7):
        await client.post("/api/v1/auth/resend-verification", json={"email": NEW["email"]})
    await jobs()
    mails = await make.mails("ana@example.org")
    assert len(mails) == 5
    assert await verify(client, token_in(mails[0])) == (200, "")  # the last that was sent stays good


async def test_links_that_ended_long_ago_are_forgotten(client: Any, app: Any, tx: Any) -> None:
    await register(client)
    await execute(app, "update verification_tokens set expires_at = now() - interval '29 days'")
    async with tx() as ctx:
        assert await actions.prune_links(ctx) == 0
    await execute(app, "update verification_tokens set expires_at = now() - interval '31 days'")
    async with tx() as ctx:
        assert await actions.prune_links(ctx) == 1


async def test_what_the_link_leads_to_is_a_page(client: Any, make: Any) -> None:
    await register(client)
    (mail,) = await make.mails("ana@example.org")
    assert (await client.get(link_in(mail))).status_code == 200
