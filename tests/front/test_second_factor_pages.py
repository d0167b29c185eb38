"""Second factors as pages: set up, the second half of a log-in, step-up and what waits for it (I4)."""

import html
import json
import re
from typing import Any

import pyotp
import pytest

from stoa.foundation.identity import actions
from tests.factories.factors import Authenticator

SECURITY = "/dashboard/account/security"
CODE = re.compile(r"<li[^>]*>([2-9a-hjkmnp-z]{5}-[2-9a-hjkmnp-z]{5})</li>")


def options_in(page: Any) -> dict[str, Any]:
    """What a page tells the browser's authenticator."""
    found: dict[str, Any] = json.loads(html.unescape(re.search(r"data-passkey-get='(.*?)'", page.text)[1]))
    return found


async def half_way(visitor: Any, user: Any, target: str = "/about") -> Any:
    """The page that asks for the second factor."""
    await visitor.get(f"/login?next={target}")
    return await visitor.follow(await visitor.post("/login", email=user.email, password=user.password, next=target))


async def test_an_app_is_set_up_from_the_security_page(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    ana = await signed_in(user)
    hub = await ana.get(SECURITY)
    assert "There is no second factor" in hub.text
    assert 'href="/mfa/setup"' in hub.text
    page = await ana.get("/mfa/setup")
    assert 'name="password"' in page.text
    wrong = await ana.post("/mfa/setup", password="not the right one")
    assert (wrong.status_code, "This is not your current password" in wrong.text) == (422, True)
    scan = await ana.follow(await ana.post("/mfa/setup", password=user.password))
    assert scan.headers["cache-control"] == "no-store"
    assert 'src="data:image/svg+xml' in scan.text
    secret = re.search(r"secret=([A-Z2-7]{32})", scan.text)[1]
    assert " ".join(secret[i : i + 4] for i in range(0, 32, 4)) in scan.text
    assert secret in (await ana.get("/mfa/setup")).text, "a reload begins nothing anew"
    wrong = await ana.post("/mfa/setup/verify", code="000000")
    assert (wrong.status_code, "This code is not right" in wrong.text, secret in wrong.text) == (422, True, True)
    done = await ana.post("/mfa/setup/verify", code=pyotp.TOTP(secret).now())
    assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
    codes = CODE.findall(done.text)
    assert len(set(codes)) == 10
    hub = await ana.get(SECURITY)
    assert "10 of 10 left" in hub.text
    assert "There is no second factor" not in hub.text
    backup = await ana.get("/mfa/backup-codes")
    assert "10 of 10" in backup.text
    assert not any(code in hub.text + backup.text for code in codes), "they were shown once"


async def test_log_in_with_a_code_leads_to_where_one_wanted(make: Any, visitor: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    page = await half_way(visitor, user)
    assert 'autocomplete="one-time-code"' in page.text
    cookie = visitor.client.cookies["stoa_challenge"]
    assert cookie not in page.text
    assert "stoa_session" not in visitor.client.cookies
    assert (await visitor.get("/write")).headers["location"].startswith("/login"), "half of a log-in is none"
    wrong = await visitor.post("/mfa/challenge", code="000000", next="/about", **{"with": "app"})
    assert (wrong.status_code, "This code is not right" in wrong.text) == (401, True)
    done = await visitor.post("/mfa/challenge", code=phone.code(), next="/about", **{"with": "app"})
    assert done.headers["location"] == "/about"
    set_cookies = done.headers.get_list("set-cookie")
    assert any(c.startswith("stoa_session=") and "HttpOnly" in c for c in set_cookies)
    assert any(c.startswith("stoa_challenge=") and "Max-Age=0" in c for c in set_cookies)
    assert "Your account, ana" in (await visitor.get("/about")).text


async def test_log_in_with_a_backup_code(make: Any, visitor: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    page = await half_way(visitor, user)
    link = re.search(r'href="(/mfa/challenge\?with=backup[^"]*)"', page.text)[1]
    page = await visitor.get(html.unescape(link))
    assert 'name="backup_code"' in page.text
    sent = {"backup_code": phone.backup_codes[0], "next": "/about", "with": "backup"}
    assert (await visitor.post("/mfa/challenge", **sent)).headers["location"] == "/about"


async def test_log_in_with_a_passkey_after_the_password_and_alone(
    make: Any, visitor: Any, client: Any, stoa: Any
) -> None:
    user = await make.user("ana")
    key = await make.passkey(user)
    page = await half_way(visitor, user)
    sent = {"credential": json.dumps(key.get(options_in(page))), "next": "/about", "with": "passkey"}
    assert (await visitor.post("/mfa/challenge", **sent)).headers["location"] == "/about"
    await visitor.get("/about")
    await visitor.post("/logout")
    page = await visitor.get("/login?next=/about")
    assert 'autocomplete="username webauthn"' in page.text
    refused = key.get(options_in(page), verified=False)
    answer = await visitor.post("/login/passkey", credential=json.dumps(refused), next="/about")
    assert answer.headers["location"] == "/login"
    page = await visitor.follow(answer)
    assert "This passkey was not accepted" in page.text
    sent = {"credential": json.dumps(key.get(options_in(page))), "next": "/about"}
    assert (await visitor.post("/login/passkey", **sent)).headers["location"] == "/about"
    assert "Your account, ana" in (await visitor.get("/about")).text


@pytest.mark.parametrize("credential", ["", "{", "[]", '{"id": 1}', "x" * 70_000])
async def test_a_passkey_that_cannot_be_read_is_no_log_in(visitor: Any, credential: str) -> None:
    await visitor.get("/login")
    answer = await visitor.post("/login/passkey", credential=credential)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "stoa_session" not in visitor.client.cookies


async def test_without_a_first_step_there_is_no_second(make: Any, visitor: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    await visitor.get("/login")
    page = await visitor.get("/mfa/challenge?next=/about")
    assert (page.status_code, 'href="/login?next=/about"' in page.text) == (410, True)
    assert (await visitor.post("/mfa/challenge", code=phone.code(), next="/about")).status_code == 410
    visitor.client.cookies.set("stoa_challenge", "made-up")
    page = await visitor.post("/mfa/challenge", code=phone.code(), next="//evil.example")
    assert (page.status_code, "evil" in page.text) == (410, False)
    assert "stoa_session" not in visitor.client.cookies


# ---- step-up ---------------------------------------------------------------------------------------------------


async def test_a_page_that_needs_a_recent_factor_leads_there_and_back(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    ana = await signed_in(user)
    answer = await ana.get("/mfa/remove")
    assert (answer.status_code, answer.headers["location"]) == (303, "/mfa/step-up?next=/mfa/remove")
    page = await ana.follow(answer)
    assert 'autocomplete="one-time-code"' in page.text
    wrong = await ana.post("/mfa/step-up", code="000000", next="/mfa/remove", **{"with": "app"})
    assert (wrong.status_code, "This code is not right" in wrong.text) == (422, True)
    done = await ana.post("/mfa/step-up", code=phone.code(), next="/mfa/remove", **{"with": "app"})
    assert done.headers["location"] == "/mfa/remove"
    page = await ana.follow(done)
    assert "Remove the authenticator app" in page.text
    wrong = await ana.post("/mfa/remove", password="not the right one")
    assert wrong.status_code == 422
    page = await ana.follow(await ana.post("/mfa/remove", password=user.password))
    assert "Your account has no second factor now" in page.text


async def test_step_up_never_leads_away(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    ana = await signed_in(user)
    assert "evil" not in (await ana.get("/mfa/step-up?next=https://evil.example")).text
    done = await ana.post("/mfa/step-up", code=phone.code(), next="//evil.example", **{"with": "app"})
    assert done.headers["location"] == "/"


async def test_without_second_factors_there_is_nothing_to_step_up_with(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    assert (await ana.get("/mfa/step-up?next=/about")).headers["location"] == "/about"
    assert (await ana.post("/mfa/step-up", code="000000", next="/about")).headers["location"] == "/about"


async def test_what_was_sent_waits_and_is_sent_after_the_step_up(make: Any, signed_in: Any, app: Any) -> None:
    user = await make.user("ana")
    phone = await make.phone(user)
    ana = await signed_in(user)
    await ana.get("/mfa/backup-codes")
    answer = await ana.client.post(
        "/mfa/backup-codes",
        data={"_csrf": ana.token, "note": "kept & <b>"},
        headers={"Referer": "http://testserver/mfa/backup-codes"},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/mfa/step-up?next=/mfa/backup-codes")
    kept = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("stoa_kept="))
    assert "HttpOnly" in kept
    assert "kept" not in kept.partition("=")[2].partition(";")[0]
    await ana.follow(answer)
    page = await ana.post("/mfa/step-up", code=phone.code(), next="/mfa/backup-codes", **{"with": "app"})
    assert page.status_code == 200
    assert 'action="/mfa/backup-codes"' in page.text
    assert 'name="note" value="kept &amp; &lt;b&gt;"' in page.text
    assert "data-send-now" in page.text
    done = await ana.post("/mfa/backup-codes", note="kept")
    assert len(set(CODE.findall(done.text))) == 10
    again = await ana.post("/mfa/step-up", code=await phone.later(), next="/about", **{"with": "app"})
    assert again.headers["location"] == "/about", "it is sent once"


async def test_a_kept_form_opens_in_its_own_session_only_and_holds_no_password(make: Any, signed_in: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    await make.phone(ana)
    phone = await make.phone(bea)
    first, second = await signed_in(ana), await signed_in(bea)
    answer = await first.post("/mfa/backup-codes", note="kept")
    assert "stoa_kept" in first.client.cookies
    second.client.cookies.set("stoa_kept", first.client.cookies["stoa_kept"], path="/mfa/step-up")
    done = await second.post("/mfa/step-up", code=phone.code(), next="/about", **{"with": "app"})
    assert done.headers["location"] == "/about"
    third = await signed_in(ana)
    answer = await third.post("/mfa/backup-codes", new_password="a secret of mine")
    assert answer.headers["location"] == "/mfa/step-up?next=/"
    assert "stoa_kept" not in third.client.cookies
    fourth = await signed_in(ana)
    await fourth.post("/mfa/backup-codes", note="x" * 5000)
    assert "stoa_kept" not in fourth.client.cookies, "more than a cookie holds"


async def test_htmx_is_sent_to_the_step_up(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    await make.phone(user)
    ana = await signed_in(user)
    answer = await ana.client.post(
        "/mfa/backup-codes",
        data={"_csrf": ana.token},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/mfa/backup-codes"},
    )
    assert (answer.status_code, answer.headers["hx-redirect"]) == (403, "/mfa/step-up?next=/mfa/backup-codes")


async def test_a_copied_challenge_cookie_is_no_session(make: Any, visitor: Any, signed_in: Any) -> None:
    """Session fixation from the other side: what stands for half of a log-in is not adopted as a whole one."""
    user = await make.user("ana")
    await make.phone(user)
    await half_way(visitor, user)
    visitor.client.cookies.set("stoa_session", visitor.client.cookies["stoa_challenge"])
    assert (await visitor.get(SECURITY)).headers["location"].startswith("/login")


# ---- passkeys --------------------------------------------------------------------------------------------------


async def test_passkeys_are_added_renamed_and_removed(make: Any, signed_in: Any, app: Any) -> None:
    user = await make.user("ana")
    ana = await signed_in(user)
    page = await ana.get("/dashboard/account/passkeys")
    assert 'data-passkey-add="testserver"' in page.text
    assert 'name="password"' in page.text
    headers = {"X-CSRF-Token": ana.token}
    options = await ana.client.post("/api/v1/auth/passkeys/options", json={"password": user.password}, headers=headers)
    key = Authenticator()
    created = json.dumps(key.create(options.json()))
    done = await ana.post("/dashboard/account/passkeys", credential=created, name="My phone")
    assert "Your passkey is added" in done.text
    assert len(set(CODE.findall(done.text))) == 10
    page = await ana.get("/dashboard/account/passkeys")
    assert "My phone" in page.text
    path = re.search(r'action="(/dashboard/account/passkeys/[0-9a-f-]{36})/rename"', page.text)[1]
    page = await ana.follow(await ana.post(f"{path}/rename", name="My <old> phone"))
    assert "My &lt;old&gt; phone" in page.text
    assert (await ana.post(f"{path}/rename", name="")).status_code == 422
    other = await signed_in(await make.user("bea"))
    assert (await other.post(f"{path}/rename", name="Mine")).status_code == 404
    assert (await other.post(f"{path}/remove")).status_code == 404
    page = await ana.follow(await ana.post(f"{path}/remove"))
    assert "The passkey is removed" in page.text
    assert "You have none so far" in page.text


async def test_a_refused_passkey_is_said_beside_the_form(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    await ana.get("/dashboard/account/passkeys")
    nonsense = {"id": "AA", "response": {"clientDataJSON": "e30", "attestationObject": "AA"}}
    refused = await ana.post("/dashboard/account/passkeys", credential=json.dumps(nonsense))
    assert (refused.status_code, "This passkey was not accepted" in refused.text) == (401, True)
    refused = await ana.post("/dashboard/account/passkeys", credential="{")
    assert refused.status_code == 422


async def test_the_security_page_says_what_is_missing(make: Any, signed_in: Any, tx: Any, client: Any) -> None:
    user = await make.user("ana")
    ana = await signed_in(user)
    async with tx() as ctx:
        await ctx.db.execute("update users set is_verified = false where id = $1", user.id)
    page = await ana.get(SECURITY)
    assert "Your e-mail is not confirmed" in page.text
    assert "There is no second factor" in page.text
    async with tx() as ctx:
        await ctx.db.execute("update users set is_verified = true where id = $1", user.id)
    key = await make.passkey(user)
    assert key
    page = await ana.get(SECURITY)
    assert "There is a single passkey" in page.text
    phone = await make.user("bea")
    bea = await signed_in(phone)
    async with tx() as ctx:
        await ctx.db.execute("update users set is_verified = true")
    codes = (await make.phone(phone)).backup_codes
    assert "Your account is well protected" in (await bea.get(SECURITY)).text
    async with tx() as ctx:
        for code in codes[:9]:
            assert await actions.backup_codes.use(ctx, phone.id, code)
    assert "Only 1 backup code is left" in (await bea.get(SECURITY)).text
