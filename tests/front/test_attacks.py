"""What people try at the door, and what happens: nothing.

Each of these fails when its defence is taken away. Attacks on links in mails, second factors, other providers and
invitations stand beside their own tests.
"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.actions import hashing
from stoa.kit.ids import new_id
from tests.conftest import PASSWORD
from tests.contract.routes import handlers

LOGIN, REGISTER, ME = "/api/v1/auth/login", "/api/v1/auth/register", "/api/v1/auth/me"
NEW = {"username": "Ana", "email": "ana@example.org", "password": "a stoa has columns"}


@pytest.fixture
def from_(stoa: Any, client: Any) -> Callable[[str], httpx.AsyncClient]:
    """A client that calls from an address."""
    return lambda address: httpx.AsyncClient(
        transport=httpx.ASGITransport(app=stoa, client=(address, 1)), base_url="http://testserver"
    )


# ---- sessions --------------------------------------------------------------------------------------------------


async def test_a_session_somebody_else_chose_is_never_adopted(visitor: Any, make: Any, tx: Any) -> None:
    mallory, ana = await make.user(), await make.user()
    async with tx(mallory) as ctx:
        planted = await actions.open_page_session(ctx, mallory.id, by="password")
    for value in (planted, "chosen-by-somebody-else"):
        browser = visitor
        browser.client.cookies.clear()
        browser.client.cookies.set("stoa_session", value)
        await browser.get("/about")
        if value == planted:  # the planted one is a live session: the form leads on, so log it out of the browser first
            await browser.post("/logout")
            assert (await browser.get("/wallet")).status_code in (303, 401)
            continue
        await browser.get("/login")
        answer = await browser.post("/login", email=ana.email, password=PASSWORD)
        given = answer.cookies["stoa_session"]
        assert answer.status_code == 303 and given not in (value, planted)
        browser.client.cookies.clear()
        browser.client.cookies.set("stoa_session", value)
        assert (await browser.get("/wallet")).status_code in (303, 401)


async def test_every_form_wants_its_token(signed_in: Any, make: Any, app: Any) -> None:
    """A page elsewhere can send a form with our cookie, but it does not know the token."""
    browser = await signed_in(await make.user(roles=("moderator", "admin", "creator")))
    async with app.database.connection() as db:
        before = await db.fetchval("select count(*) from events")
    checked = 0
    for method, path, handler in handlers():
        if method in ("GET", "HEAD") or path.startswith("/api/") or handler.opt["access"] == "provider":
            continue
        address = "/".join(str(new_id()) if part.startswith("{") else part for part in path.split("/"))
        for fields in ({}, {"_csrf": "x"}, {"_csrf": "0" * 64}):
            answer = await browser.client.request(method, address, data={"a": "b", **fields})
            assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
        checked += 1
    assert checked > 40
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from events") == before


async def test_a_token_of_another_session_opens_no_form(signed_in: Any, make: Any) -> None:
    ana, mallory = await signed_in(await make.user()), await signed_in(await make.user())
    await ana.get("/wallet")
    await mallory.get("/wallet")
    answer = await ana.client.post("/logout", data={"_csrf": mallory.token})
    assert answer.status_code == 403
    assert (await ana.get("/wallet")).status_code == 200


ELSEWHERE = [
    "//evil.example",
    "https://evil.example",
    "http:evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/%2f/evil.example/..//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " //evil.example",
    "/..//evil.example",
    "https:/evil.example",
    "///evil.example",
    "/@ana\r\nSet-Cookie: a=b",
]


@pytest.mark.parametrize("target", ELSEWHERE)
async def test_log_in_leads_nowhere_else(visitor: Any, make: Any, target: str) -> None:
    ana = await make.user()
    await visitor.get("/login")
    answer = await visitor.post("/login", email=ana.email, password=PASSWORD, next=target)
    location = httpx.URL("http://testserver/login").join(answer.headers["location"])
    assert answer.status_code == 303 and location.host == "testserver"
    assert not answer.headers["location"].startswith(("//", "/\\")) and "\n" not in answer.headers["location"]
    assert "a" not in answer.cookies


# ---- guessing --------------------------------------------------------------------------------------------------


async def test_a_log_in_costs_the_same_with_and_without_an_account(
    client: Any, make: Any, queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements and the same hash, so that neither answer nor time tells."""
    ana = await make.user()
    checked: list[str] = []
    verify = hashing.verify_password

    async def counted(password: str, password_hash: str) -> tuple[bool, str | None]:
        checked.append(password_hash.rsplit("$", 2)[0])  # all but salt and hash
        return await verify(password, password_hash)

    monkeypatch.setattr(hashing, "verify_password", counted)
    seen: list[list[str]] = []
    answers = []
    for email in (ana.email, "nobody@example.org"):
        with queries() as statements:
            answers.append(await client.post(LOGIN, json={"email": email, "password": "not the password"}))
        seen.append(list(statements))
    assert seen[0] == seen[1]
    assert checked[0] == checked[1] and len(checked) == 2  # the same kind of hash, with the same parameters
    one, other = ({k: v for k, v in a.json().items() if k != "trace_id"} for a in answers)
    assert one == other and answers[0].status_code == answers[1].status_code == 401


async def test_one_account_guessed_at_from_many_addresses_is_locked(client: Any, make: Any, from_: Any) -> None:
    ana = await make.user()
    for number in range(5):
        async with from_(f"198.51.100.{number}") as somebody:
            assert (await somebody.post(LOGIN, json={"email": ana.email, "password": "wrong it is"})).status_code == 401
    async with from_("203.0.113.7") as another:
        answer = await another.post(LOGIN, json={"email": ana.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")


async def test_many_accounts_guessed_at_from_one_address_lock_the_address(client: Any, make: Any, from_: Any) -> None:
    people = [await make.user() for _ in range(6)]
    async with from_("198.51.100.9") as mallory:
        for person in people[:5]:
            answer = await mallory.post(LOGIN, json={"email": person.email, "password": "wrong it is"})
            assert answer.status_code == 401
        answer = await mallory.post(LOGIN, json={"email": people[5].email, "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")
    async with from_("203.0.113.8") as owner:
        assert (await owner.post(LOGIN, json={"email": people[5].email, "password": PASSWORD})).status_code == 200


async def test_guesses_at_once_are_all_counted(client: Any, make: Any, gather: Any, from_: Any) -> None:
    ana = await make.user()
    async with from_("198.51.100.10") as mallory:
        await gather(*(mallory.post(LOGIN, json={"email": ana.email, "password": "wrong it is"}) for _ in range(8)))
        answer = await mallory.post(LOGIN, json={"email": ana.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (429, "locked_out")


# ---- names and bodies ------------------------------------------------------------------------------------------

TRICKS = {
    "cyrillic а": "аdmin1",
    "full width": "ａｎａ",
    "zero width": "a\u200bna",
    "right to left": "\u202eana",
    "combining": "a\u0301na",
    "dotless i": "adm\u0131n1",
    "sharp s": "stra\u00dfe",
    "reserved": "admin",
    "reserved in capitals": "AdMiN",
    "line end": "ana\n",
    "space": "a na",
    "leading dot": ".ana",
    "two dots": "a..na",
    "slash": "a/na",
    "at": "@ana",
    "nul": "an\x00a",
    "too short": "an",
    "too long": "a" * 51,
    "path": "..",
    "emoji": "ana🙂",
}


@pytest.mark.parametrize("trick", TRICKS)
async def test_names_that_look_like_others_are_refused(client: Any, app: Any, trick: str) -> None:
    answer = await client.post(REGISTER, json={**NEW, "username": TRICKS[trick]})
    assert answer.status_code == 422 and "username" in answer.json()["fields"]
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from users") == 0


async def test_a_name_in_another_case_is_the_same_name(client: Any, app: Any) -> None:
    assert (await client.post(REGISTER, json=NEW)).status_code == 201
    for change in (
        {"username": "aNA", "email": "other@example.org"},
        {"username": "other", "email": "ANA@Example.org"},
    ):
        assert (await client.post(REGISTER, json={**NEW, **change})).status_code == 409
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from users") == 1


@pytest.mark.parametrize("path", [REGISTER, "/api/auth/register"])
async def test_nobody_gives_themselves_a_role_or_a_status(client: Any, app: Any, path: str) -> None:
    wished = {
        "roles": ["admin", "super_admin"],
        "role": "admin",
        "status": "active",
        "is_verified": True,
        "isVerified": True,
        "emailVerified": True,
        "id": str(new_id()),
        "second_factors": [],
        "balance": 10**9,
    }
    answer = await client.post(path, json={**NEW, **wished})
    async with app.database.connection() as db:
        row = await db.fetchrow("select id, roles, is_verified from users")
    if answer.status_code < 400:
        assert row["roles"] == ["reader"] and row["is_verified"] is False and str(row["id"]) != wished["id"]
    else:
        assert row is None


def _auth_routes() -> list[str]:
    return sorted(path for method, path, _ in handlers() if method == "POST" and "/auth/" in path and "{" not in path)


BAD_TEXTS = {"long": "x" * 10_000, "nul": "a\x00b", "list": ["a"], "number": 5, "object": {"a": 1}, "none": None}
FIELDS = "username email password new_password current_password new_email token code phone challenge_token name".split()


@pytest.mark.parametrize("path", _auth_routes())
async def test_no_body_makes_an_error_of_ours(client: Any, make: Any, app: Any, path: str) -> None:
    ana = await make.user()
    for who in (client, client.as_(ana)):
        for bad in BAD_TEXTS.values():
            answer = await who.post(path, json=dict.fromkeys(FIELDS, bad))
            assert answer.status_code < 500, (path, bad, answer.text)
        for raw in (b'{"email": "\xff\xfe"}', b"\xff", b"[" * 5_000, b"{", b'"a"', b""):
            answer = await who.post(path, content=raw, headers={"content-type": "application/json"})
            assert answer.status_code < 500, (path, raw[:20], answer.text)
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from users") == 1
