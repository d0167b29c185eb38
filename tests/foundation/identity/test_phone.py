"""Phones: confirmed by a code, and logging in by one (I1, I5), through `/api/v1/auth/phone`."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from stoa.foundation.identity.actions import phone as phones
from stoa.foundation.identity.policies import read_phone
from stoa.foundation.settings import queries as settings
from stoa.kit.clock import utcnow
from stoa.kit.errors import Invalid
from stoa.kit.queue import run_due
from tests.conftest import PASSWORD

HERE = "/api/v1/auth/phone"
PHONE, OTHER = "+491701234567", "+14155550100"


@pytest.fixture
async def ana(make: Any, app: Any) -> Any:
    """Somebody with a phone."""
    user = await make.user("ana")
    async with app.database.connection() as db:
        await db.execute("update users set phone = $2 where id = $1", user.id, PHONE)
    return user


@pytest.fixture
async def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """I5 as an operator may set it: so high that only the tries of a code count."""
    config = msgspec.structs.replace(settings.PlatformConfig(), lock_after_failures=1000)

    async def platform(_: Any) -> Any:
        return config

    monkeypatch.setattr("stoa.foundation.identity.actions.login.platform", platform)


async def code_for(make: Any, jobs: Any, phone: str = PHONE) -> str:
    """The newest code that went to a phone."""
    await jobs()
    return re.match(r"\d{6}", (await make.mails(phone))[0].text)[0]  # type: ignore[index]


async def ask(client: Any, phone: str = PHONE) -> Any:
    return await client.post(f"{HERE}/request", json={"phone": phone})


async def verify(client: Any, code: str, phone: str = PHONE) -> Any:
    return await client.post(f"{HERE}/verify", json={"phone": phone, "code": code})


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def rows(app: Any, sql: str) -> list[tuple[Any, ...]]:
    async with app.database.connection() as db:
        return [tuple(row) for row in await db.fetch(sql)]


def without_trace(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "trace_id"}


# ---- logging in ------------------------------------------------------------------------------------------------


async def test_a_code_logs_in(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    asked = await ask(client, "0049 (170) 123-45 67")
    assert (asked.status_code, asked.json()) == (
        202,
        {
            "message": "If there is an account with this phone, a code is on its way",
            "phone": PHONE,
            "expires_in_s": 600,
        },
    )
    code = await code_for(make, jobs)
    (message,) = await make.mails(PHONE)
    assert message.text == f"{code} logs you in to Stoa. Good for 10 minutes. Nobody from us will ask you for it."
    done = await verify(client, f"{code[:3]} {code[3:]}")
    assert (done.status_code, done.json()["user"]["username"]) == (200, "ana")
    me = await client.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {done.json()['access_token']}"})
    assert me.json()["username"] == "ana"
    assert await rows(app, "select provider from sessions order by created_at desc limit 1") == [("phone",)]
    told = await rows(
        app, "select after->>'by' from audit_events where action = 'identity.logged_in' and address <> ''"
    )
    assert ("phone",) in told


async def test_a_code_is_good_once(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    before = await rows(app, "select count(*) from sessions")
    answers = await asyncio.gather(*(verify(client, code) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [200, 401, 401, 401]
    assert await rows(app, "select count(*) from sessions") == [(before[0][0] + 1,)]


async def test_the_code_is_kept_as_a_keyed_hash(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    ((id_, hash_),) = await rows(app, "select id, code_hash from phone_codes")
    assert code.encode() not in hash_
    assert app.keyring.verify(id_.bytes + code.encode(), hash_, "phone-code")
    assert not app.keyring.verify(id_.bytes + code.encode(), hash_, "backup-code")
    told = await rows(app, "select payload::text || coalesce(result::text, '') from jobs")
    assert told and all(code not in text for (text,) in told)


async def test_a_new_code_ends_the_old_one(client: Any, ana: Any, make: Any, jobs: Any) -> None:
    await ask(client)
    old = await code_for(make, jobs)
    await ask(client)
    new = await code_for(make, jobs)
    if old != new:
        assert (await verify(client, old)).status_code == 401
    assert (await verify(client, new)).status_code == 200


async def test_a_code_ends_after_ten_minutes(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    ((lives,),) = await rows(app, "select expires_at - created_at from phone_codes")
    assert lives == timedelta(minutes=10)
    async with app.database.connection() as db:
        await db.execute("update phone_codes set expires_at = now() - interval '1 second'")
    assert (await verify(client, code)).json()["code"] == "wrong_code"


async def test_a_code_that_comes_too_late_is_not_made(client: Any, ana: Any, make: Any, app: Any) -> None:
    await ask(client)
    await run_due(app, now=utcnow())
    await ask(client)
    async with app.database.connection() as db:
        await db.execute("update phone_codes set expires_at = now() where ended_at is null")
    await run_due(app)
    assert len(await make.mails(PHONE)) == 1


async def test_a_code_is_bound_to_its_phone(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    ben = await make.user("ben")
    async with app.database.connection() as db:
        await db.execute("update users set phone = $2 where id = $1", ben.id, OTHER)
    await ask(client)
    await ask(client, OTHER)
    code = await code_for(make, jobs, OTHER)
    assert (await verify(client, code, PHONE)).status_code == 401
    assert (await verify(client, code, OTHER)).json()["user"]["username"] == "ben"


async def test_a_phone_that_was_taken_off_meanwhile_does_not_log_in(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any
) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    async with app.database.connection() as db:
        await db.execute("update users set phone = null where id = $1", ana.id)
    assert (await verify(client, code)).json()["code"] == "wrong_code"


@pytest.mark.parametrize(("status", "told"), [("suspended", "account_suspended"), ("banned", "account_banned")])
async def test_who_may_not_come_in_is_told_after_the_right_code(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any, status: str, told: str
) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set status = $2 where id = $1", ana.id, status)
    assert (await ask(client)).status_code == 202
    code = await code_for(make, jobs)
    before = await rows(app, "select count(*) from sessions")
    assert (await verify(client, wrong(code))).json()["code"] == "wrong_code"
    refused = await verify(client, code)
    assert (refused.status_code, refused.json()["code"]) == (403, told)
    assert await rows(app, "select count(*) from sessions") == before
    assert (await verify(client, code)).json()["code"] == "wrong_code"


async def test_a_second_factor_is_asked_for_and_the_code_is_used_up(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any
) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set second_factors = '{totp}' where id = $1", ana.id)
    await ask(client)
    code = await code_for(make, jobs)
    before = await rows(app, "select count(*) from sessions")
    challenged = await verify(client, code)
    assert (challenged.status_code, challenged.json()["code"]) == (401, "mfa_required")
    assert challenged.json()["methods"] == ["totp"]
    assert await rows(app, "select count(*) from sessions") == before
    assert (await verify(client, code)).json()["code"] == "wrong_code"


# ---- five tries ------------------------------------------------------------------------------------------------


async def test_after_five_tries_the_right_code_is_wrong_too(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any, patient: None
) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    for _ in range(5):
        assert (await verify(client, wrong(code))).json()["code"] == "wrong_code"
    assert (await verify(client, code)).json()["code"] == "wrong_code"
    assert await rows(app, "select attempts from phone_codes") == [(5,)]


async def test_ten_tries_at_once_are_five(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any, patient: None, live: Any, monkeypatch: Any
) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    compared = 0
    verify_ = type(app.keyring).verify

    def counted(self: Any, data: bytes, signature: bytes, purpose: str) -> bool:
        nonlocal compared
        compared += purpose == "phone-code" and signature in hashes
        return verify_(self, data, signature, purpose)

    hashes = {hash_ for (hash_,) in await rows(app, "select code_hash from phone_codes")}
    monkeypatch.setattr(type(app.keyring), "verify", counted)
    answers = await asyncio.gather(*(verify(client, wrong(code)) for _ in range(10)))
    assert [a.status_code for a in answers] == [401] * 10
    assert compared == 5
    assert await rows(app, "select attempts from phone_codes") == [(5,)]


async def test_five_wrong_tries_lock_the_phone(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    await ask(client)
    code = await code_for(make, jobs)
    answers = await asyncio.gather(*(verify(client, wrong(code)) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [401] * 5 + [429] * 3
    locked = await verify(client, code)
    assert (locked.status_code, locked.json()["code"]) == (429, "locked_out")
    assert 800 < int(locked.headers["retry-after"]) <= 901
    assert (await ask(client)).status_code == 429
    assert await rows(app, "select count(*) from audit_events where action = 'identity.locked'") == [(2,)]
    async with app.database.connection() as db:
        await db.execute("update login_failures set locked_until = now() - interval '1 second'")
    await ask(client)
    assert (await verify(client, await code_for(make, jobs))).status_code == 200
    assert await rows(app, "select count(*) from login_failures where key like 'phone:%'") == [(0,)]


# ---- nobody can tell who has an account ------------------------------------------------------------------------


async def test_asking_is_the_same_for_a_phone_of_nobody(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any, queries: Any
) -> None:
    with queries() as one:
        known = await ask(client, PHONE)
    with queries() as other:
        unknown = await ask(client, OTHER)
    assert known.status_code == unknown.status_code == 202
    assert {**known.json(), "phone": ""} == {**unknown.json(), "phone": ""}
    assert one == other  # the same statements, so the same time
    assert dict(known.headers).keys() == dict(unknown.headers).keys()
    await jobs()
    assert len(await make.mails(PHONE)) == 1 and await make.mails(OTHER) == []
    assert await rows(app, "select state, result::text from jobs where type like '%SendPhoneCode'") == [
        ("done", None),
        ("done", None),
    ]


async def test_trying_is_the_same_for_a_phone_of_nobody(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any, queries: Any, patient: None
) -> None:
    await ask(client, PHONE)
    await ask(client, OTHER)
    code = await code_for(make, jobs)
    with queries() as one:
        known = await verify(client, wrong(code), PHONE)
    with queries() as other:
        unknown = await verify(client, wrong(code), OTHER)
    never = await verify(client, "123456", "+441632960000")
    assert known.status_code == unknown.status_code == never.status_code == 401
    assert without_trace(known.json()) == without_trace(unknown.json()) == without_trace(never.json())
    assert one == other
    assert await rows(app, "select distinct attempts from phone_codes") == [(1,)]


async def test_limits_are_the_same_for_a_phone_of_nobody(client: Any, ana: Any, app: Any) -> None:
    for phone in (PHONE, OTHER):
        assert [(await ask(client, phone)).status_code for _ in range(6)] == [202] * 5 + [429]
    refused = await ask(client, PHONE)
    assert (refused.json()["code"], refused.headers["retry-after"]) == ("too_many_codes", "3600")
    assert await rows(app, "select phone, count(*) from phone_codes group by 1 order by 1") == [(OTHER, 5), (PHONE, 5)]


async def test_a_phone_gets_ten_codes_a_day(client: Any, ana: Any, app: Any) -> None:
    for _ in range(2):
        assert [(await ask(client)).status_code for _ in range(5)] == [202] * 5
        async with app.database.connection() as db:
            await db.execute("update phone_codes set created_at = created_at - interval '61 minutes'")
    refused = await ask(client)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "86400")


async def test_requests_at_once_do_not_pass_the_limit(client: Any, ana: Any, app: Any, live: Any) -> None:
    answers = await asyncio.gather(*(ask(client) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [202] * 5 + [429] * 3
    assert await rows(app, "select count(*) filter (where ended_at is null), count(*) from phone_codes") == [(1, 5)]


async def test_an_address_asks_for_twenty_in_an_hour(client: Any, app: Any) -> None:
    answers = [await ask(client, f"+4917012345{number:02}") for number in range(21)]
    assert [a.status_code for a in answers] == [202] * 20 + [429]


@pytest.mark.parametrize(
    "phone", ["", "170", "+49", "+0170123456", "phone", "+49170123456789012", "+4917012345\x00", "+" * 41, 7, None]
)
async def test_a_phone_that_is_none(client: Any, app: Any, phone: Any) -> None:
    for path, body in (("request", {}), ("verify", {"code": "123456"})):
        refused = await client.post(f"{HERE}/{path}", json={"phone": phone, **body})
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["phone"])
    assert await rows(app, "select count(*) from phone_codes") == [(0,)]
    assert await rows(app, "select count(*) from login_failures") == [(0,)]


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "😀", " "])
async def test_a_code_that_is_none_is_only_wrong(client: Any, ana: Any, jobs: Any, code: str) -> None:
    await ask(client)
    await jobs()
    assert (await verify(client, code)).json()["code"] == "wrong_code"


async def test_all_wrong_fields_are_named(client: Any) -> None:
    refused = await client.post(f"{HERE}/verify", json={})
    assert (refused.status_code, sorted(refused.json()["fields"])) == (422, ["code", "phone"])


def test_numbers_as_people_type_them() -> None:
    for text in ("+49 170 123 45 67", "0049-170-1234567", "+49 (170) 123.45/67", "+49\u00a0170\u20131234567"):
        assert read_phone(text) == PHONE
    for text in ("01701234567", "+49170", "+4917012345678901", "+49 170 CALL", "+٤٩١٧٠١٢٣٤٥٦٧"):
        with pytest.raises(Invalid):
            read_phone(text)


# ---- one's own phone -------------------------------------------------------------------------------------------


async def test_setting_a_phone(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ben = await make.user("ben")
    me = client.as_(ben)
    assert (await me.get(HERE)).json() == {"phone": None, "waits_for": None}
    asked = await me.put(HERE, json={"phone": "+49 170 1234567", "password": PASSWORD})
    assert (asked.status_code, asked.json()["phone"]) == (202, PHONE)
    assert (await me.get(HERE)).json() == {"phone": None, "waits_for": PHONE}
    code = await code_for(make, jobs)
    assert (await make.mails(PHONE))[0].text.startswith(f"{code} confirms your phone at Stoa.")
    done = await me.post(f"{HERE}/confirm", json={"code": code})
    assert (done.status_code, done.json()) == (200, {"phone": PHONE, "waits_for": None})
    told = await make.mails("ben@example.org")
    assert told[0].subject == "Your phone was changed" and "+49•••••••567" in told[0].text
    assert PHONE not in told[0].text + told[0].html
    assert await rows(
        app, "select action, before, after from audit_events where action like '%phone%' order by at"
    ) == [
        ("identity.phone_change_requested", {"phone": None}, {"phone": PHONE}),
        ("identity.phone_changed", {"phone": None}, {"phone": PHONE}),
    ]
    await ask(client)
    assert (await verify(client, await code_for(make, jobs))).json()["user"]["username"] == "ben"


async def test_setting_needs_the_password(client: Any, make: Any, app: Any) -> None:
    me = client.as_(await make.user("ben"))
    for body in ({"phone": PHONE}, {"phone": PHONE, "password": "not the right one"}):
        refused = await me.put(HERE, json=body)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, ["password"])
    assert await rows(app, "select count(*) from phone_codes") == [(0,)]


async def test_setting_and_removing_need_a_recent_second_factor(client: Any, ana: Any, app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set second_factors = '{totp}' where id = $1", ana.id)
    me = client.as_(ana)
    for answer in (
        await me.put(HERE, json={"phone": OTHER, "password": PASSWORD}),
        await me.post(f"{HERE}/remove", json={"password": PASSWORD}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert await rows(app, "select phone from users") == [(PHONE,)]
    async with app.database.connection() as db:
        await db.execute("update sessions set second_factor_at = now()")
    assert (await me.put(HERE, json={"phone": OTHER})).status_code == 202
    assert (await me.post(f"{HERE}/remove", json={})).status_code == 204


async def test_a_phone_of_somebody_else_is_told_to_who_holds_it(
    client: Any, ana: Any, make: Any, jobs: Any, app: Any
) -> None:
    me = client.as_(await make.user("ben"))
    assert (await me.put(HERE, json={"phone": PHONE, "password": PASSWORD})).status_code == 202
    code = await code_for(make, jobs)
    taken = await me.post(f"{HERE}/confirm", json={"code": code})
    assert (taken.status_code, taken.json()["code"]) == (409, "phone_taken")
    assert await rows(app, "select username, phone from users order by username") == [("ana", PHONE), ("ben", None)]
    assert (await me.post(f"{HERE}/confirm", json={"code": code})).status_code == 422


async def test_two_who_confirm_one_phone_at_once(client: Any, make: Any, jobs: Any, app: Any, live: Any) -> None:
    people = [client.as_(await make.user(name)) for name in ("ben", "cyd")]
    codes = []
    for me in people:
        await me.put(HERE, json={"phone": PHONE, "password": PASSWORD})
        codes.append(await code_for(make, jobs))
    answers = await asyncio.gather(
        *(me.post(f"{HERE}/confirm", json={"code": code}) for me, code in zip(people, codes, strict=True))
    )
    assert sorted(a.status_code for a in answers) == [200, 409]
    assert await rows(app, "select count(*) from users where phone is not null") == [(1,)]


async def test_confirming_has_five_tries(client: Any, make: Any, jobs: Any, app: Any, live: Any) -> None:
    me = client.as_(await make.user("ben"))
    await me.put(HERE, json={"phone": PHONE, "password": PASSWORD})
    code = await code_for(make, jobs)
    answers = await asyncio.gather(*(me.post(f"{HERE}/confirm", json={"code": wrong(code)}) for _ in range(10)))
    assert [a.status_code for a in answers] == [422] * 10
    refused = await me.post(f"{HERE}/confirm", json={"code": code})
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["code"])
    assert await rows(app, "select attempts from phone_codes") == [(5,)]
    assert await rows(app, "select phone from users") == [(None,)]


async def test_a_code_of_one_purpose_is_none_for_another(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    ben = client.as_(await make.user("ben"))
    await ben.put(HERE, json={"phone": PHONE, "password": PASSWORD})
    confirming = await code_for(make, jobs)
    assert (await verify(client, confirming)).status_code == 401
    await ask(client)
    logging_in = await code_for(make, jobs)
    if logging_in != confirming:
        assert (await ben.post(f"{HERE}/confirm", json={"code": logging_in})).status_code == 422
    assert await rows(app, "select username from users where phone is not null") == [("ana",)]


async def test_somebody_elses_code_confirms_nothing(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ben, cy = client.as_(await make.user("ben")), client.as_(await make.user("cyd"))
    await ben.put(HERE, json={"phone": PHONE, "password": PASSWORD})
    code = await code_for(make, jobs)
    assert (await cy.post(f"{HERE}/confirm", json={"code": code})).status_code == 422
    assert await rows(app, "select attempts from phone_codes") == [(0,)]


async def test_ones_own_phone_again_and_limits_of_asking(client: Any, ana: Any, app: Any) -> None:
    me = client.as_(ana)
    refused = await me.put(HERE, json={"phone": PHONE, "password": PASSWORD})
    assert refused.json()["fields"] == {"phone": "This is your phone already"}
    statuses = [
        (await me.put(HERE, json={"phone": f"+4917112345{number:02}", "password": PASSWORD})).status_code
        for number in range(11)
    ]
    assert statuses == [202] * 10 + [429]
    assert await rows(app, "select count(*) filter (where ended_at is null) from phone_codes") == [(1,)]


async def test_a_change_ends_the_codes_of_the_old_phone(client: Any, ana: Any, make: Any, jobs: Any) -> None:
    me = client.as_(ana)
    await ask(client)
    old = await code_for(make, jobs)
    await me.put(HERE, json={"phone": OTHER, "password": PASSWORD})
    assert (await me.post(f"{HERE}/confirm", json={"code": await code_for(make, jobs, OTHER)})).status_code == 200
    assert (await verify(client, old)).status_code == 401


async def test_removing_a_phone(client: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    me = client.as_(ana)
    assert (await me.post(f"{HERE}/remove", json={"password": "not the right one"})).status_code == 422
    assert (await me.post(f"{HERE}/remove", json={"password": PASSWORD})).status_code == 204
    assert (await me.post(f"{HERE}/remove", json={"password": PASSWORD})).status_code == 204
    assert (await me.get(HERE)).json() == {"phone": None, "waits_for": None}
    assert [mail.subject for mail in await make.mails(ana.email)] == ["Your phone was removed"]
    await ask(client)
    await jobs()
    assert await make.mails(PHONE) == []


async def test_the_last_way_in_stays(client: Any, ana: Any, app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set password_hash = null where id = $1", ana.id)
    refused = await client.as_(ana).post(f"{HERE}/remove", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "last_way_in")
    assert await rows(app, "select phone from users") == [(PHONE,)]


async def test_ones_own_phone_needs_a_session(client: Any) -> None:
    for answer in (
        await client.get(HERE),
        await client.put(HERE, json={"phone": PHONE, "password": PASSWORD}),
        await client.post(f"{HERE}/confirm", json={"code": "123456"}),
        await client.post(f"{HERE}/remove", json={"password": PASSWORD}),
    ):
        assert answer.status_code == 401


async def test_codes_are_forgotten_after_two_days(client: Any, ana: Any, app: Any, tx: Any) -> None:
    await ask(client)
    await ask(client)
    async with app.database.connection() as db:
        await db.execute("update phone_codes set created_at = now() - interval '49 hours' where ended_at is not null")
    async with tx() as ctx:
        assert await phones.prune(ctx) == 1
