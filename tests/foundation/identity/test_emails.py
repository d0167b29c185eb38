"""Another e-mail, confirmed from both sides, through `/api/v1/auth` (I6)."""

import asyncio
from typing import Any

import pytest

from tests.conftest import PASSWORD
from tests.foundation.identity.links import asked, audited, client_from, execute, fetchrow, link_in, token_in

NEW = "New@Example.org"
EMAIL = "select email, is_verified, status from users where username = 'ana'"


async def ask(client: Any, user: Any, new_email: Any = NEW, password: Any = PASSWORD) -> Any:
    body = {"new_email": new_email, "password": password}
    return await client.as_(user).post("/api/v1/auth/change-email", json=body)


async def verify(client: Any, user: Any, token: str) -> tuple[int, Any]:
    answer = await client.as_(user).post("/api/v1/auth/verify-email-change", json={"token": token})
    body = answer.json()
    return answer.status_code, body.get("code") or (body["is_done"], body["waits_for"])


async def tokens(make: Any, old: str = "ana@example.org", new: str = "new@example.org") -> tuple[str, str]:
    """The ends of the links that went to the old and to the new address."""
    return token_in((await make.mails(old))[0]), token_in((await make.mails(new))[0])


@pytest.mark.parametrize("order", ["old first", "new first"])
async def test_it_changes_once_both_sides_have_confirmed(client: Any, make: Any, app: Any, order: str) -> None:
    ana = await make.user("ana")
    answer = await ask(client, ana)
    assert (answer.status_code, answer.json()) == (
        202,
        {"new_email": "new@example.org", "is_done": False, "waits_for": ["new@example.org", "ana@example.org"]},
    )
    (to_old,), (to_new,) = await make.mails("ana@example.org"), await make.mails("new@example.org")
    assert to_old.subject == "Confirm that you leave this address"
    assert "to new@example.org" in to_old.text
    assert to_new.subject == "Confirm your new e-mail for Stoa"
    assert "ana@example.org" not in to_new.text + to_new.html  # whoever reads there need not know the other one
    old, new = await tokens(make)
    (lives,) = await fetchrow(
        app, "select max(extract(epoch from expires_at - created_at))::int from verification_tokens"
    )
    assert lives == 86400
    first, second = (old, new) if order == "old first" else (new, old)
    left = "new@example.org" if order == "old first" else "ana@example.org"
    assert await verify(client, ana, first) == (200, (False, [left]))
    assert await fetchrow(app, EMAIL) == ("ana@example.org", True, "active")
    assert await verify(client, ana, first) == (404, "link_over")
    assert await verify(client, ana, second) == (200, (True, []))
    assert await fetchrow(app, EMAIL) == ("new@example.org", True, "active")
    told = (await make.mails("ana@example.org"))[0]
    assert told.subject == "Your e-mail for Stoa was changed"
    assert "n•••@example.org" in told.text
    assert "This was not you?" in told.text
    assert told.html.count("<a ") == 1  # the name of the place; nothing to click
    assert [mail.subject for mail in await make.mails("new@example.org")] == [to_new.subject]
    names = [name for name in await audited(app, ana.id) if "email" in name]
    assert names == ["identity.email_change_requested", "identity.email_change_confirmed", "identity.email_changed"]
    assert (await client.as_(ana).get("/api/v1/auth/me")).json()["email"] == "new@example.org"
    for email, status in (("ana@example.org", 401), ("new@example.org", 200)):
        again = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert again.status_code == status


async def test_both_links_at_once_change_it_once(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    await ask(client, ana)
    old, new = await tokens(make)
    answers = await asyncio.gather(*(verify(client, ana, token) for token in (old, new, old, new)))
    done = [words for status, words in answers if status == 200]
    assert sorted(is_done for is_done, _ in done) == [False, True]
    assert [status for status, _ in answers].count(404) == 2
    assert await fetchrow(app, EMAIL) == ("new@example.org", True, "active")
    assert (await audited(app, ana.id)).count("identity.email_changed") == 1


async def test_a_newer_change_ends_the_older(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    await ask(client, ana)
    old, new = await tokens(make)
    assert await verify(client, ana, new) == (200, (False, ["ana@example.org"]))
    await ask(client, ana, "third@example.org")
    assert await verify(client, ana, old) == (404, "link_over")
    later, third = await tokens(make, new="third@example.org")
    assert await verify(client, ana, later) == (200, (False, ["third@example.org"]))
    assert await verify(client, ana, third) == (200, (True, []))
    assert await fetchrow(app, EMAIL) == ("third@example.org", True, "active")


async def test_whether_the_new_one_is_taken_is_told_to_its_owner_only(
    client: Any, make: Any, app: Any, queries: Any
) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    seen = []
    for number, email in enumerate(("free@example.org", bea.email)):
        with queries() as sent:
            answer = await ask(client_from(client, f"203.0.113.{number}"), ana, email)
        body = {**answer.json(), "new_email": "", "waits_for": len(answer.json()["waits_for"])}
        seen.append((answer.status_code, body, asked(sent)))
    assert seen[0] == seen[1]
    old, new = await tokens(make, new=bea.email)
    assert await verify(client, ana, old) == (200, (False, [bea.email]))  # says nothing of bea either
    assert await verify(client, ana, new) == (409, "email_taken")
    assert await fetchrow(app, EMAIL) == ("ana@example.org", True, "active")
    assert await fetchrow(app, "select email from users where username = 'bea'") == (bea.email,)


async def test_an_address_taken_meanwhile_stays_where_it_is(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    await ask(client, ana)
    old, new = await tokens(make)
    assert await verify(client, ana, new) == (200, (False, ["ana@example.org"]))
    body = {"username": "bea", "email": "NEW@example.org", "password": PASSWORD}
    assert (await client.post("/api/v1/auth/register", json=body)).status_code == 201
    assert await verify(client, ana, old) == (409, "email_taken")
    assert await fetchrow(app, EMAIL) == ("ana@example.org", True, "active")


async def test_of_two_who_move_to_one_address_at_once_one_gets_it(client: Any, make: Any, app: Any) -> None:
    people = [await make.user("ana"), await make.user("bea")]
    last = []
    for person in people:
        await ask(client, person)
        old, new = await tokens(make, old=person.email)
        assert (await verify(client, person, new))[0] == 200
        last.append(old)
    answers = await asyncio.gather(*(verify(client, p, token) for p, token in zip(people, last, strict=True)))
    assert sorted(answers, key=str) == [(200, (True, [])), (409, "email_taken")]
    assert await fetchrow(app, "select count(*) from users where email = 'new@example.org'") == (1,)


async def test_a_link_is_of_no_use_to_anybody_else(client: Any, make: Any, app: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    await ask(client, ana)
    for token in await tokens(make):
        assert await verify(client, bea, token) == (404, "link_over")
        nobody = await client.post("/api/v1/auth/verify-email-change", json={"token": token})
        assert nobody.status_code == 401
    assert await fetchrow(app, "select count(*) from verification_tokens where used_at is not null") == (0,)


async def test_an_address_that_was_never_confirmed_is_not_asked(client: Any, make: Any, app: Any, jobs: Any) -> None:
    """It may be a mistyped one. Its links end with the change."""
    ana = await make.user("ana", verified=False)
    first = token_in((await make.mails("ana@example.org"))[0])
    await client.post("/api/v1/auth/forgot-password", json={"email": ana.email})
    await jobs()
    reset = token_in((await make.mails("ana@example.org"))[0])
    answer = await ask(client, ana)
    assert answer.json()["waits_for"] == ["new@example.org"]
    (mail,) = await make.mails("new@example.org")
    assert await verify(client, ana, token_in(mail)) == (200, (True, []))
    assert await fetchrow(app, EMAIL) == ("new@example.org", True, "active")
    old = await client.post("/api/v1/auth/verify-email", json={"token": first})
    assert (old.status_code, old.json()["code"]) == (404, "link_over")
    old = await client.post("/api/v1/auth/reset-password", json={"token": reset, "password": "marble and shade"})
    assert (old.status_code, old.json()["code"]) == (404, "link_over")


@pytest.mark.parametrize(
    ("new_email", "password", "fields"),
    [
        ("no address", PASSWORD, ["new_email"]),
        ("a@b\n.example", PASSWORD, ["new_email"]),
        ("x" * 10_000, PASSWORD, ["new_email"]),
        ("ANA@example.org", PASSWORD, ["new_email"]),
        (7, None, ["new_email", "password"]),
        (NEW, "not the password", ["password"]),
        (NEW, "a\x00", ["password"]),
    ],
)
async def test_what_is_not_right_sends_nothing(
    client: Any, make: Any, app: Any, new_email: Any, password: Any, fields: list[str]
) -> None:
    ana = await make.user("ana")
    answer = await ask(client, ana, new_email, password)
    assert (answer.status_code, sorted(answer.json()["fields"])) == (422, fields)
    assert await fetchrow(app, "select count(*) from verification_tokens") == (0,)
    assert await fetchrow(app, "select count(*) from mail_messages") == (0,)


async def test_with_a_second_factor_it_has_to_be_fresh(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    await execute(app, "update users set second_factors = '{passkey}'")
    answer = await ask(client, ana)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert await fetchrow(app, "select count(*) from verification_tokens") == (0,)
    await execute(app, "update sessions set second_factor_at = now()")
    assert (await ask(client, ana)).status_code == 202


async def test_late_links_and_links_of_a_changed_password_change_nothing(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    await ask(client, ana)
    old, new = await tokens(make)
    await execute(app, "update verification_tokens set expires_at = now() where token_hash = sha256($1)", old.encode())
    assert await verify(client, ana, old) == (404, "link_over")
    await ask(client, ana)
    old, new = await tokens(make)
    body = {"current_password": PASSWORD, "new_password": "marble and shade"}
    assert (await client.as_(ana).post("/api/v1/auth/change-password", json=body)).status_code == 204
    for token in (old, new):
        assert await verify(client, ana, token) == (404, "link_over")
    assert await fetchrow(app, EMAIL) == ("ana@example.org", True, "active")


async def test_nobodys_mailbox_is_filled(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    for number in range(5):
        assert (await ask(client, ana, f"new{number}@example.org")).status_code == 202
    answer = await ask(client, ana, "new5@example.org")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "too_many_mails", "3600")
    assert await make.mails("new5@example.org") == []
    old, new = await tokens(make, new="new4@example.org")  # the last that was sent stays good
    assert (await verify(client, ana, old))[0] == (await verify(client, ana, new))[0] == 200


async def test_what_the_links_lead_to_asks_to_log_in_first(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    await ask(client, ana)
    path = link_in((await make.mails(ana.email))[0])
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")
