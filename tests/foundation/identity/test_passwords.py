"""Forgotten and changed passwords, through `/api/v1/auth` (I2, I5, I6)."""

import asyncio
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.actions import hashing
from stoa.foundation.identity.policies import check_password
from stoa.kit.errors import Invalid
from tests.conftest import PASSWORD
from tests.foundation.identity.links import asked, audited, client_from, execute, fetchrow, link_in, token_in

FRESH = "marble and shade"
OTHER = "a quiet colonnade"


async def forgot(client: Any, jobs: Any, email: str) -> None:
    answer = await client.post("/api/v1/auth/forgot-password", json={"email": email})
    assert answer.status_code == 202
    await jobs()


async def reset(client: Any, token: str, password: str = FRESH) -> tuple[int, str]:
    answer = await client.post("/api/v1/auth/reset-password", json={"token": token, "password": password})
    return answer.status_code, answer.json()["code"] if answer.content else ""


async def log_in(client: Any, email: str, password: str) -> tuple[int, str]:
    answer = await client.post("/api/v1/auth/login", json={"email": email, "password": password})
    return answer.status_code, answer.json().get("code", "")


async def change(client: Any, user: Any, current: str = PASSWORD, new: str = FRESH) -> Any:
    body = {"current_password": current, "new_password": new}
    return await client.as_(user).post("/api/v1/auth/change-password", json=body)


# ---- forgotten -------------------------------------------------------------------------------------------------


async def test_a_forgotten_password_is_set_anew_by_the_link(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    await forgot(client, jobs, "ANA@example.org")
    (mail,) = await make.mails(ana.email)
    assert mail.subject == "Choose a new password for Stoa"
    assert "Hello ana," in mail.text
    assert "one hour" in mail.text
    assert "From address: 127.0.0.1" in mail.text
    (lives,) = await fetchrow(app, "select extract(epoch from expires_at - created_at)::int from verification_tokens")
    assert lives == 3600
    assert (await client.get(link_in(mail))).status_code == 200
    assert await reset(client, token_in(mail)) == (204, "")
    assert await log_in(client, ana.email, PASSWORD) == (401, "wrong_credentials")
    assert await log_in(client, ana.email, FRESH) == (200, "")
    told, _ = await make.mails(ana.email)
    assert told.subject == "Your password for Stoa was changed"
    assert "http://testserver/forgot-password" in told.text
    names = await audited(app, ana.id)
    assert (names.count("identity.password_reset_requested"), names.count("identity.password_reset")) == (1, 1)
    assert await reset(client, token_in(mail), OTHER) == (404, "link_over")
    assert await log_in(client, ana.email, FRESH) == (200, "")


async def test_asking_tells_nothing_of_who_has_an_account(
    client: Any, app: Any, make: Any, jobs: Any, queries: Any
) -> None:
    """The same status, body, headers and statements: whether there is an account is looked at by the job alone."""
    ana, bea = await make.user("ana"), await make.user("bea")
    await execute(app, "update users set status = 'deleted' where id = $1", bea.id)
    seen: list[Any] = []
    for email in (ana.email, bea.email, "nobody@example.org"):
        with queries() as sent:
            answer = await client.post("/api/v1/auth/forgot-password", json={"email": email})
        headers = {k: v for k, v in answer.headers.items() if k != "x-request-id"}
        seen.append((answer.status_code, answer.json(), headers, asked(sent)))
    assert seen[0] == seen[1] == seen[2]
    assert (seen[0][0], seen[0][1]) == (202, {"message": "If there is an account that this fits, a mail is on its way"})
    assert not any("from users" in sql for sql in seen[0][3])
    await jobs()
    async with app.database.connection() as db:
        done = await db.fetch("select distinct state, result from jobs where type like '%SendPasswordReset'")
    assert [tuple(row) for row in done] == [("done", None)]
    assert [len(await make.mails(email)) for email in (ana.email, bea.email, "nobody@example.org")] == [1, 0, 0]


async def test_a_hash_is_dear() -> None:
    """The other tests use a cheap one, so the module is loaded a second time, as it is."""
    spec = spec_from_file_location("stoa_hashing", hashing.__file__)
    assert spec is not None and spec.loader is not None
    real = module_from_spec(spec)
    spec.loader.exec_module(real)
    kept = await real.hash_password(FRESH)
    assert [text.split("$")[1:4] for text in (kept, real.NOBODY)] == [["argon2id", "v=19", "m=65536,t=3,p=4"]] * 2
    assert await real.verify_password(FRESH, kept) == (True, None)
    assert await real.verify_password(OTHER, kept) == (False, None)


async def test_a_wrong_log_in_costs_the_same_whether_there_is_an_account(
    client: Any, make: Any, queries: Any, monkeypatch: Any
) -> None:
    ana = await make.user("ana")
    looked_at: list[str] = []
    verify = hashing.verify_password

    async def watched(password: str, password_hash: str) -> Any:
        looked_at.append(password_hash.split("$")[1])
        return await verify(password, password_hash)

    monkeypatch.setattr(hashing, "verify_password", watched)
    seen = []
    for email in (ana.email, "nobody@example.org"):
        with queries() as sent:
            answer = await client.post("/api/v1/auth/login", json={"email": email, "password": "not the password"})
        seen.append((answer.status_code, answer.json()["detail"], asked(sent)))
    assert seen[0] == seen[1]
    assert looked_at == ["argon2id", "argon2id"]


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b\nc", "a\x00@example.org", "x" * 10_000, 7, None, ["a@example.org"]]
)
async def test_what_is_no_email_is_422(client: Any, app: Any, email: Any) -> None:
    answer = await client.post("/api/v1/auth/forgot-password", json={"email": email})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["email"])
    assert await fetchrow(app, "select count(*) from jobs where type like '%SendPasswordReset'") == (0,)


async def test_a_reset_ends_all_sessions_the_lock_and_all_other_links(
    client: Any, make: Any, jobs: Any, app: Any
) -> None:
    ana = await make.user("ana")
    async with make.tx() as ctx:
        cookie = await actions.open_page_session(ctx, ana.id, by="password")
    answer = await client.as_(ana).post(
        "/api/v1/auth/change-email", json={"new_email": "new@example.org", "password": PASSWORD}
    )
    assert answer.status_code == 202
    for number in range(5):
        await log_in(client_from(client, f"203.0.113.{number}"), ana.email, "not the password")
    far = client_from(client, "203.0.113.9")
    assert await log_in(far, ana.email, PASSWORD) == (429, "locked_out")
    await forgot(client, jobs, ana.email)
    token = token_in((await make.mails(ana.email))[0])
    assert await reset(far, token) == (204, "")
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 401
    assert (await client.get("/wallet", headers={"cookie": f"stoa_session={cookie}"})).status_code == 303
    assert await fetchrow(app, "select count(*) from sessions where revoked_at is null") == (0,)
    assert await fetchrow(app, "select distinct revoked_reason from sessions") == ("password reset",)
    live = "select count(*) from verification_tokens where used_at is null and expires_at > now()"
    assert await fetchrow(app, live) == (0,)
    assert await log_in(far, ana.email, FRESH) == (200, "")


async def test_a_reset_does_not_skip_the_second_factor(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    await execute(app, "update users set second_factors = '{totp}' where id = $1", ana.id)
    half = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert half.json()["code"] == "mfa_required"
    await forgot(client, jobs, ana.email)
    assert await reset(client, token_in((await make.mails(ana.email))[0])) == (204, "")
    assert await fetchrow(app, "select count(*) from login_challenges") == (0,)  # begun with the old password
    assert await log_in(client, ana.email, FRESH) == (401, "mfa_required")


async def test_a_link_used_twice_at_once_sets_one_password(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    await forgot(client, jobs, ana.email)
    token = token_in((await make.mails(ana.email))[0])
    answers = await asyncio.gather(*(reset(client, token, password) for password in (FRESH, OTHER)))
    assert sorted(answers) == [(204, ""), (404, "link_over")]
    right, wrong = (FRESH, OTHER) if answers[0][0] == 204 else (OTHER, FRESH)
    assert await log_in(client, ana.email, wrong) == (401, "wrong_credentials")
    assert await log_in(client, ana.email, right) == (200, "")
    assert len([mail for mail in await make.mails(ana.email) if "was changed" in mail.subject]) == 1


async def test_two_links_asked_for_at_once_leave_one(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    await asyncio.gather(*(client.post("/api/v1/auth/forgot-password", json={"email": ana.email}) for _ in range(2)))
    await asyncio.gather(jobs(), jobs())
    mails = await make.mails(ana.email)
    answers = await asyncio.gather(*(reset(client, token_in(mail)) for mail in mails))
    assert sorted(answers) == [(204, ""), (404, "link_over")]


@pytest.mark.parametrize(
    "spoil",
    [
        "update verification_tokens set expires_at = now()",
        "update verification_tokens set kind = 'email_verification'",
        "update verification_tokens set token_hash = sha256('another')",
        "update users set status = 'deleted'",
    ],
)
async def test_a_link_that_is_late_or_another_one_sets_nothing(
    client: Any, app: Any, make: Any, jobs: Any, spoil: str
) -> None:
    ana = await make.user("ana")
    await forgot(client, jobs, ana.email)
    token = token_in((await make.mails(ana.email))[0])
    before = await fetchrow(app, "select password_hash from users")
    await execute(app, spoil)
    assert await reset(client, token) == (404, "link_over")
    assert await fetchrow(app, "select password_hash from users") == before


@pytest.mark.parametrize("password", ["short", "password1234", "Summer2025!", "ana@example.org", "x" * 257, 7, None])
async def test_a_bad_password_leaves_the_link_good(client: Any, make: Any, jobs: Any, password: Any) -> None:
    ana = await make.user("ana")
    await forgot(client, jobs, ana.email)
    token = token_in((await make.mails(ana.email))[0])
    answer = await client.post("/api/v1/auth/reset-password", json={"token": token, "password": password})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["password"])
    assert await log_in(client, ana.email, PASSWORD) == (200, "")
    assert await reset(client, token) == (204, "")


async def test_a_reset_confirms_the_email_too(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana", verified=False)
    await forgot(client, jobs, ana.email)
    assert await reset(client, token_in((await make.mails(ana.email))[0])) == (204, "")
    assert await fetchrow(app, "select status, is_verified from users") == ("active", True)


async def test_an_account_without_a_password_gets_one_by_the_link(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    await execute(app, "update users set password_hash = null")
    answer = await change(client, ana)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_password")
    await forgot(client, jobs, ana.email)
    assert await reset(client, token_in((await make.mails(ana.email))[0])) == (204, "")
    assert await log_in(client, ana.email, FRESH) == (200, "")


async def test_nobodys_mailbox_is_filled(client: Any, make: Any, jobs: Any) -> None:
    ana = await make.user("ana")
    for _ in range(7):
        await forgot(client, jobs, ana.email)
    mails = await make.mails(ana.email)
    assert len(mails) == 5
    assert await reset(client, token_in(mails[0])) == (204, "")


# ---- changed ---------------------------------------------------------------------------------------------------


async def test_changing_it_ends_all_other_sessions_and_says_so(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana = await make.user("ana")
    async with make.tx() as ctx:
        other = await actions.open_api_session(ctx, ana.id, by="password")
    await forgot(client, jobs, ana.email)
    link = token_in((await make.mails(ana.email))[0])
    assert (await change(client, ana)).status_code == 204
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 200  # this one stays
    bearer = {"Authorization": f"Bearer {other.access_token}"}
    assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 401
    again = await client.post("/api/v1/auth/refresh", json={"refresh_token": other.refresh_token})
    assert again.status_code == 401
    assert await reset(client, link, OTHER) == (404, "link_over")
    assert await log_in(client, ana.email, PASSWORD) == (401, "wrong_credentials")
    assert await log_in(client, ana.email, FRESH) == (200, "")
    told = (await make.mails(ana.email))[0]
    assert told.subject == "Your password for Stoa was changed"
    assert (await audited(app, ana.id)).count("identity.password_changed") == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["current_password", "new_password"]),
        ({"current_password": PASSWORD}, ["new_password"]),
        ({"current_password": PASSWORD, "new_password": "short"}, ["new_password"]),
        ({"current_password": PASSWORD, "new_password": "qwertyuiop12"}, ["new_password"]),
        ({"current_password": PASSWORD, "new_password": "anaexample.org"}, ["new_password"]),
        ({"current_password": PASSWORD, "new_password": PASSWORD}, ["new_password"]),
        ({"current_password": "not the password", "new_password": FRESH}, ["current_password"]),
        ({"current_password": "x" * 10_000, "new_password": FRESH}, ["current_password"]),
        ({"current_password": PASSWORD, "new_password": "a\x00 and more of it"}, ["new_password"]),
    ],
)
async def test_a_change_that_is_not_right_changes_nothing(
    client: Any, make: Any, app: Any, body: Any, fields: list[str]
) -> None:
    ana = await make.user("ana")
    before = await fetchrow(app, "select password_hash, updated_at from users")
    answer = await client.as_(ana).post("/api/v1/auth/change-password", json=body)
    assert (answer.status_code, sorted(answer.json()["fields"])) == (422, fields)
    assert await fetchrow(app, "select password_hash, updated_at from users") == before
    assert await make.mails(ana.email) == []


async def test_of_two_changes_at_once_one_succeeds(client: Any, make: Any) -> None:
    ana = await make.user("ana")
    answers = await asyncio.gather(*(change(client, ana, new=password) for password in (FRESH, OTHER)))
    assert sorted(a.status_code for a in answers) in ([204, 409], [204, 422])
    right = FRESH if answers[0].status_code == 204 else OTHER
    assert await log_in(client, ana.email, right) == (200, "")


async def test_a_log_in_with_the_old_password_does_not_outlive_a_change(
    client: Any, make: Any, app: Any, monkeypatch: Any
) -> None:
    """The log-in looks at the old password, then the password changes, then the log-in goes on."""
    ana = await make.user("ana")
    looked, go_on = asyncio.Event(), asyncio.Event()
    verify = hashing.verify_password

    async def slow(password: str, password_hash: str) -> Any:
        found = await verify(password, password_hash)
        looked.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(hashing, "verify_password", slow)
    late = asyncio.create_task(log_in(client, ana.email, PASSWORD))
    await looked.wait()
    await execute(app, "update users set password_hash = $1", await hashing.hash_password(FRESH))
    go_on.set()
    assert await late == (401, "wrong_credentials")
    assert await fetchrow(app, "select count(*) from sessions") == (1,)


async def test_with_a_second_factor_it_has_to_be_fresh(client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    await execute(app, "update users set second_factors = '{totp}' where id = $1", ana.id)
    answer = await change(client, ana)
    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    await execute(app, "update sessions set second_factor_at = now() - interval '11 minutes'")
    assert (await change(client, ana)).status_code == 403
    assert await log_in(client, ana.email, FRESH) == (401, "wrong_credentials")
    await execute(app, "update sessions set second_factor_at = now() - interval '9 minutes'")
    assert (await change(client, ana)).status_code == 204


# ---- which will do (I2) ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        "1234567890",
        "0987654321",
        "11.11.1111",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "qwertyuiop[]",
        "1qaz2wsx3edc",
        "zxcvbnm,./123",
        "Password!2024",
        "P@ssw0rd2023",
        "$ummer-2025!!",
        "January2025!",
        "Passwort2024!!",
        "contraseña2020",
        "welcome-12345",
        "liverpool-2019",
        "iloveyou2much",
        "i love you 2024",
        "sunshinesunshine",
        "drowssap123",
        "stoa-password",
        "Stoa2025stoa!",
        "stoa12345678",
        "ana.maria@example.org",
        "ana.maria.1990",
        "maria-maria-99",
        "ＰＡＳＳＷＯＲＤ１２３",
        "correct horse battery staple",
    ],
)
def test_an_easy_password_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, username="Maria", email="ana.maria@example.org", field="new_password")
    assert list(refused.value.fields) == ["new_password"]


@pytest.mark.parametrize(
    "password",
    [
        "a stoa has columns",
        "my dog likes rain",
        "k3xv9wqpzr2",
        "8361-9472-5501-22",
        "Ελληνικά κείμενα",
        "stone and shade",
        "password of my grandmother",
        "maria in the shade",
        "x7#kQ9!vT2",
        "a stoa has columns " * 13,
    ],
)
def test_an_unusual_one_is_not(password: str) -> None:
    check_password(password, username="Maria", email="ana.maria@example.org")


@pytest.mark.parametrize("length", [9, 10, 256, 257])
def test_length_is_counted_in_characters(length: int) -> None:
    password = "ñandú überm Fluß · " * 14
    if 10 <= length <= 256:
        check_password("ñandú + ß9" if length == 10 else password[:length], username="ana", email="a@example.org")
        return
    with pytest.raises(Invalid):
        check_password(password[:length], username="ana", email="a@example.org")


async def test_the_name_of_the_place_is_no_password_either(client: Any, make: Any, tx: Any) -> None:
    from stoa.foundation.settings.actions import change_platform

    async with tx() as ctx:
        await change_platform(ctx, name="Wandelhalle")
    body = {"username": "ana", "email": "ana@example.org", "password": "Wandelhalle-2025"}
    answer = await client.post("/api/v1/auth/register", json=body)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["password"])
