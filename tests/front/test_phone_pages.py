"""`/login/phone` and `/dashboard/account/phone`, as a browser without JavaScript sees them."""

import re
from html import unescape
from typing import Any

import pytest

from tests.conftest import PASSWORD

LOGIN, OWN = "/login/phone", "/dashboard/account/phone"
PHONE, OTHER = "+491701234567", "+14155550100"


@pytest.fixture
async def ana(make: Any, app: Any) -> Any:
    user = await make.user("ana")
    async with app.database.connection() as db:
        await db.execute("update users set phone = $2 where id = $1", user.id, PHONE)
    return user


async def code_for(make: Any, jobs: Any, phone: str = PHONE) -> str:
    await jobs()
    return re.match(r"\d{6}", (await make.mails(phone))[0].text)[0]  # type: ignore[index]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_two_steps_log_in(visitor: Any, ana: Any, make: Any, jobs: Any) -> None:
    first = await visitor.get(f"{LOGIN}?next=/wallet")
    assert 'type="tel"' in first.text and 'autocomplete="tel"' in first.text
    asked = await visitor.post(LOGIN, phone="+49 170 1234567", next="/wallet")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login/phone/code?next=/wallet")
    cookie = next(c for c in asked.headers.get_list("set-cookie") if c.startswith("stoa_phone="))
    assert "HttpOnly" in cookie and "Path=/login/phone" in cookie and "Max-Age=600" in cookie
    second = await visitor.follow(asked)
    assert PHONE in second.text
    assert 'autocomplete="one-time-code"' in second.text and 'inputmode="numeric"' in second.text
    code = await code_for(make, jobs)
    refused = await visitor.post(f"{LOGIN}/code", code=wrong(code), next="/wallet")
    assert refused.status_code == 401 and "This code is not right" in refused.text
    done = await visitor.post(f"{LOGIN}/code", code=code, next="/wallet")
    assert (done.status_code, done.headers["location"]) == (303, "/wallet")
    assert (await visitor.follow(done)).status_code == 200
    assert (await visitor.get(LOGIN)).headers["location"] == "/"


async def test_a_phone_of_nobody_is_told_the_same(visitor: Any, ana: Any, make: Any, jobs: Any) -> None:
    pages = []
    for phone in (PHONE, OTHER):
        await visitor.get(LOGIN)
        asked = await visitor.post(LOGIN, phone=phone, next="/")
        assert (asked.status_code, asked.headers["location"]) == (303, "/login/phone/code")
        await jobs()
        refused = await visitor.post(f"{LOGIN}/code", code="no code", next="/")
        pages.append((refused.status_code, refused.text.replace(phone, "")))
    assert pages[0][0] == pages[1][0] == 401
    assert _plain(pages[0][1]) == _plain(pages[1][1])


def _plain(page: str) -> str:
    return re.sub(r'name="csrf-token" content="\w+"|name="_csrf" value="\w+"', "", page)


async def test_another_code_says_so(visitor: Any, ana: Any) -> None:
    await visitor.get(LOGIN)
    await visitor.follow(await visitor.post(LOGIN, phone=PHONE, next="/"))
    again = await visitor.follow(await visitor.post(LOGIN, phone=PHONE, next="/"))
    assert "A new code is on its way" in again.text


async def test_the_second_step_needs_the_first(visitor: Any) -> None:
    assert (await visitor.get(f"{LOGIN}/code?next=/wallet")).headers["location"] == "/login/phone?next=/wallet"
    await visitor.get(LOGIN)
    assert (await visitor.post(f"{LOGIN}/code", code="123456")).headers["location"] == LOGIN


async def test_refusals_stand_beside_the_field(visitor: Any, ana: Any) -> None:
    await visitor.get(LOGIN)
    refused = await visitor.post(LOGIN, phone="0170", next="https://evil.example/")
    assert refused.status_code == 422 and "with its country code" in refused.text
    assert 'value="0170"' in refused.text and "evil.example" not in refused.text
    for _ in range(5):
        await visitor.post(LOGIN, phone=PHONE, next="/")
    many = await visitor.post(LOGIN, phone=PHONE, next="/")
    assert many.status_code == 429 and "That were many codes" in many.text


async def test_the_way_on_stays_on_this_site(visitor: Any, ana: Any, make: Any, jobs: Any) -> None:
    await visitor.get(f"{LOGIN}?next=//evil.example")
    asked = await visitor.post(LOGIN, phone=PHONE, next="//evil.example")
    assert asked.headers["location"] == "/login/phone/code"
    done = await visitor.post(f"{LOGIN}/code", code=await code_for(make, jobs), next="//evil.example")
    assert done.headers["location"] == "/"


@pytest.mark.parametrize("path", [LOGIN, f"{LOGIN}/code", OWN, f"{OWN}/confirm", f"{OWN}/remove"])
async def test_forms_need_their_token(visitor: Any, ana: Any, signed_in: Any, app: Any, path: str) -> None:
    browser = await signed_in(ana) if path.startswith(OWN) else visitor
    browser.token = "0" * 64
    fields = {"phone": PHONE, "code": "123456", "password_to_remove": PASSWORD}
    assert (await browser.post(path, **fields)).status_code == 403
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from phone_codes") == 0


async def test_a_second_factor_comes_next(visitor: Any, ana: Any, make: Any, jobs: Any, app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set second_factors = '{totp}' where id = $1", ana.id)
    await visitor.get(LOGIN)
    await visitor.post(LOGIN, phone=PHONE, next="/wallet")
    done = await visitor.post(f"{LOGIN}/code", code=await code_for(make, jobs), next="/wallet")
    assert done.headers["location"] == "/mfa/challenge?next=/wallet"
    assert "stoa_session" not in done.headers.get("set-cookie", "")


# ---- one's own phone -------------------------------------------------------------------------------------------


async def test_adding_changing_and_removing(make: Any, signed_in: Any, jobs: Any) -> None:
    browser = await signed_in(await make.user("ben"))
    page = await browser.get(OWN)
    assert "No phone yet." in page.text and "Remove it" not in page.text
    waits = await browser.follow(await browser.post(OWN, phone="+49 170 1234567", password=PASSWORD))
    assert f"Confirm {PHONE}" in waits.text and 'autocomplete="one-time-code"' in waits.text
    code = await code_for(make, jobs)
    refused = await browser.post(f"{OWN}/confirm", code=wrong(code))
    assert refused.status_code == 422 and "This code is not right" in refused.text and "No phone yet." in refused.text
    done = await browser.follow(await browser.post(f"{OWN}/confirm", code=code))
    assert f"{PHONE} is your phone now." in done.text and "Change it" in done.text
    refused = await browser.post(f"{OWN}/remove", password_to_remove="not the right one")
    assert refused.status_code == 422 and 'id="f-password_to_remove-error"' in refused.text
    gone = await browser.follow(await browser.post(f"{OWN}/remove", password_to_remove=PASSWORD))
    assert "Your account has no phone any more." in gone.text and "No phone yet." in gone.text


async def test_what_is_refused_keeps_what_was_typed(make: Any, signed_in: Any, ana: Any, jobs: Any) -> None:
    browser = await signed_in(await make.user("ben"))
    refused = await browser.post(OWN, phone=OTHER, password="not the right one")
    assert refused.status_code == 422 and f'value="{OTHER}"' in refused.text
    assert 'id="f-password-error"' in refused.text
    assert (await browser.post(OWN, phone="0170", password=PASSWORD)).status_code == 422
    await browser.post(OWN, phone=PHONE, password=PASSWORD)
    taken = await browser.post(f"{OWN}/confirm", code=await code_for(make, jobs))
    assert taken.status_code == 409 and "This phone belongs to another account" in unescape(taken.text)


async def test_with_second_factors_one_of_them_is_asked_for(signed_in: Any, ana: Any, app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set second_factors = '{totp}' where id = $1", ana.id)
    browser = await signed_in(ana)
    assert 'name="password"' not in (await browser.get(OWN)).text
    for answer in (await browser.post(OWN, phone=OTHER), await browser.post(f"{OWN}/remove")):
        assert answer.headers["location"] == f"/mfa/step-up?next={OWN}"


async def test_the_last_way_in_stays(signed_in: Any, ana: Any, app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute("update users set password_hash = null where id = $1", ana.id)
    browser = await signed_in(ana)
    refused = await browser.post(f"{OWN}/remove")
    assert refused.status_code == 409 and "only way to log in" in refused.text


async def test_it_needs_a_session(visitor: Any) -> None:
    assert (await visitor.get(OWN)).headers["location"] == f"/login?next={OWN}"
