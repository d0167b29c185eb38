"""Pages of links in mails and of changing password and e-mail, without JavaScript."""

from typing import Any

import pytest

from tests.conftest import PASSWORD
from tests.foundation.identity.links import execute, fetchrow, link_in

FRESH = "marble and shade"
SECRETIVE = {"referrer-policy": "no-referrer", "cache-control": "no-store"}


def is_secretive(answer: Any) -> bool:
    return all(answer.headers.get_list(name) == [words] for name, words in SECRETIVE.items())


async def test_registering_shows_a_banner_until_the_link_is_used(visitor: Any, make: Any, app: Any) -> None:
    await visitor.get("/register")
    await visitor.post("/register", username="ana", email="ana@example.org", password=PASSWORD)
    home = await visitor.get("/wallet")
    assert "Confirm your e-mail with the link we have sent you" in home.text
    path = link_in((await make.mails("ana@example.org"))[0])
    for _ in range(2):  # a scanner looks first
        page = await visitor.get(path)
        assert (page.status_code, "Confirm this address" in page.text, is_secretive(page)) == (200, True, True)
    assert await fetchrow(app, "select is_verified from users") == (False,)
    answer = await visitor.post(path)
    assert (answer.headers["location"], is_secretive(answer)) == ("/", True)
    page = await visitor.follow(answer)
    assert "Your e-mail is confirmed" in page.text
    assert "Confirm your e-mail with the link" not in page.text
    again = await visitor.get(path)
    assert (again.status_code, "there is nothing left to do" in again.text) == (404, True)


async def test_it_can_be_confirmed_in_another_browser(visitor: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana", verified=False)
    path = link_in((await make.mails(ana.email))[0])
    await visitor.get(path)
    answer = await visitor.post(path)
    assert answer.headers["location"] == "/login"
    assert "Your e-mail is confirmed" in (await visitor.follow(answer)).text
    assert await fetchrow(app, "select is_verified from users") == (True,)
    again = await visitor.post(path)
    assert (again.status_code, "This link is not good any more" in again.text, is_secretive(again)) == (404, True, True)


async def test_the_banner_sends_another_mail_and_stays_where_one_is(make: Any, signed_in: Any, jobs: Any) -> None:
    ana = await make.user("ana", verified=False)
    browser = await signed_in(ana)
    answer = await browser.post("/resend-verification", next="/wallet")
    assert answer.headers["location"] == "/wallet"
    assert "a mail is on its way" in (await browser.follow(answer)).text
    await jobs()
    assert len(await make.mails(ana.email)) == 2
    assert (await browser.post("/resend-verification", next="https://evil.example")).headers["location"] == "/"


async def test_the_page_of_a_link_that_is_over_sends_another(visitor: Any, make: Any, jobs: Any) -> None:
    ana = await make.user("ana", verified=False)
    page = await visitor.get("/verify-email/x")
    assert (page.status_code, "Send me another link" in page.text) == (404, True)
    for email, words in (
        (ana.email, "on its way"),
        ("nobody@example.org", "on its way"),
        ("nonsense", "not look like"),
    ):
        assert words in (await visitor.follow(await visitor.post("/resend-verification", email=email, next="/"))).text
    assert "Please type your e-mail" in (await visitor.follow(await visitor.post("/resend-verification"))).text
    await jobs()
    assert len(await make.mails(ana.email)) == 2
    assert await make.mails("nobody@example.org") == []


async def test_a_forgotten_password_from_the_log_in_and_back(visitor: Any, make: Any, jobs: Any) -> None:
    ana = await make.user("ana")
    assert 'href="/forgot-password"' in (await visitor.get("/login")).text
    await visitor.get("/forgot-password")
    wrong = await visitor.post("/forgot-password", email="nonsense")
    assert (wrong.status_code, 'id="f-email-error"' in wrong.text, 'value="nonsense"' in wrong.text) == (
        422,
        True,
        True,
    )
    pages = []
    for email in (ana.email, "nobody@example.org"):
        page = await visitor.follow(await visitor.post("/forgot-password", email=email))
        pages.append(page.text)
    assert pages[0] == pages[1]
    assert "Look into your mailbox" in pages[0]
    await jobs()
    path = link_in((await make.mails(ana.email))[0])
    page = await visitor.get(path)
    assert (page.status_code, is_secretive(page)) == (200, True)
    assert 'autocomplete="new-password"' in page.text
    assert "//" not in page.text.replace("http://www.w3.org", "")  # nothing of anybody else
    short = await visitor.post(path, password="short")
    assert (short.status_code, "at least 10 characters" in short.text, is_secretive(short)) == (422, True, True)
    assert (await visitor.post(path)).status_code == 422
    answer = await visitor.post(path, password=FRESH)
    assert (answer.headers["location"], is_secretive(answer)) == ("/login", True)
    assert "stoa_session" not in answer.headers.get("set-cookie", "")  # nobody is signed in by it
    login = await visitor.follow(answer)
    assert "Your password is changed" in login.text
    again = await visitor.post(path, password=FRESH)
    assert (again.status_code, 'href="/forgot-password"' in again.text) == (404, True)
    assert (await visitor.get(path)).status_code == 404
    await visitor.get("/login")
    assert (await visitor.post("/login", email=ana.email, password=FRESH)).status_code == 303


async def test_forms_of_links_need_their_token(visitor: Any, make: Any, app: Any) -> None:
    """And pages that hand their address to nobody send "null" as their origin."""
    ana = await make.user("ana", verified=False)
    path = link_in((await make.mails(ana.email))[0])
    await visitor.get(path)
    token, visitor.token = visitor.token, "0" * 64
    assert (await visitor.post(path)).status_code == 403
    assert await fetchrow(app, "select is_verified from users") == (False,)
    foreign = await visitor.client.post(path, data={"_csrf": token}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = await visitor.client.post(path, data={"_csrf": token}, headers={"Origin": "null"})
    assert own.status_code == 303


async def test_changing_the_password(make: Any, signed_in: Any) -> None:
    ana = await make.user("ana")
    browser, other = await signed_in(ana), await signed_in(ana)
    page = await browser.get("/dashboard/account/password")
    assert "Change my password" in page.text
    here = "/dashboard/account/password"
    wrong = await browser.post(here, current_password="not the password", new_password=FRESH)
    assert (wrong.status_code, "This is not your current password" in wrong.text) == (422, True)
    weak = await browser.post(here, current_password=PASSWORD, new_password="password1234")
    assert (weak.status_code, "too easy to guess" in weak.text) == (422, True)
    for text in (wrong.text, weak.text):
        assert PASSWORD not in text
    answer = await browser.post(here, current_password=PASSWORD, new_password=FRESH)
    assert "Your password is changed" in (await browser.follow(answer)).text
    assert (await other.get("/wallet")).headers["location"].startswith("/login")
    assert (await make.mails(ana.email))[0].subject == "Your password for Stoa was changed"
    for _ in range(4):
        await browser.post(here, current_password="not the password", new_password=PASSWORD)
    locked = await browser.post(here, current_password=FRESH, new_password=PASSWORD)
    assert (locked.status_code, "Too many failed attempts" in locked.text) == (429, True)


async def test_a_first_password_comes_by_mail(make: Any, signed_in: Any, app: Any, jobs: Any) -> None:
    ana = await make.user("ana")
    await execute(app, "update users set password_hash = null")
    browser = await signed_in(ana)
    page = await browser.get("/dashboard/account/password")
    assert "You come in without a password so far" in page.text
    assert "Your account needs a password for this" in (await browser.get("/dashboard/account/email")).text
    refused = await browser.post("/dashboard/account/password", current_password="x", new_password=FRESH)
    assert refused.status_code == 409
    await browser.post("/forgot-password", email=ana.email)
    await jobs()
    assert (await make.mails(ana.email))[0].subject == "Choose a new password for Stoa"


@pytest.mark.parametrize("page", ["password", "email"])
async def test_who_has_a_second_factor_shows_it_first(make: Any, signed_in: Any, app: Any, page: str) -> None:
    browser = await signed_in(await make.user("ana"))
    await execute(app, "update users set second_factors = '{totp}'")
    here = f"/dashboard/account/{page}"
    await browser.get(here)
    form = {"current_password": PASSWORD, "new_password": FRESH, "new_email": "new@example.org", "password": PASSWORD}
    assert (await browser.post(here, **form)).headers["location"] == f"/mfa/step-up?next={here}"


async def test_changing_the_email_from_both_sides(make: Any, signed_in: Any, app: Any) -> None:
    ana, here = await make.user("ana"), "/dashboard/account/email"
    browser = await signed_in(ana)
    page = await browser.get(here)
    assert "ana@example.org" in page.text
    assert "Confirmed" in page.text
    wrong = await browser.post(here, new_email="nonsense", password="not the password")
    assert (wrong.status_code, "This does not look like an e-mail address" in wrong.text) == (422, True)
    wrong = await browser.post(here, new_email="new@example.org", password="not the password")
    assert (wrong.status_code, 'value="new@example.org"' in wrong.text) == (422, True)
    page = await browser.follow(await browser.post(here, new_email="new@example.org", password=PASSWORD))
    assert "We have sent a link to both addresses" in page.text
    old, new = link_in((await make.mails(ana.email))[0]), link_in((await make.mails("new@example.org"))[0])
    stranger = await signed_in(await make.user("bea"))
    assert (await stranger.get(old)).status_code == (await stranger.post(old)).status_code == 404
    for _ in range(2):
        page = await browser.get(old)
        assert ("Confirm the change" in page.text, is_secretive(page)) == (True, True)
    answer = await browser.post(old)
    page = await browser.follow(answer)
    assert is_secretive(answer)
    assert "Now the link in the mail to new@example.org" in page.text
    assert "One side has confirmed" in page.text
    assert (await browser.get(old)).status_code == 404
    await browser.get(new)
    page = await browser.follow(await browser.post(new))
    assert "Your e-mail is new@example.org from now on" in page.text
    assert "A change is waiting" not in page.text
    assert await fetchrow(app, "select email from users where username = 'ana'") == ("new@example.org",)


async def test_a_change_of_email_can_be_stopped(make: Any, signed_in: Any, app: Any) -> None:
    ana, here = await make.user("ana"), "/dashboard/account/email"
    browser = await signed_in(ana)
    await browser.post(here, new_email="new@example.org", password=PASSWORD)
    page = await browser.follow(await browser.post(f"{here}/cancel"))
    assert "Your e-mail stays as it is" in page.text
    assert "A change is waiting" not in page.text
    for email in (ana.email, "new@example.org"):
        assert (await browser.get(link_in((await make.mails(email))[0]))).status_code == 404
    assert (await browser.post(f"{here}/cancel")).status_code == 303  # twice is no error


async def test_a_taken_address_is_told_on_the_page_of_its_link(make: Any, signed_in: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    browser = await signed_in(ana)
    page = await browser.follow(await browser.post("/dashboard/account/email", new_email=bea.email, password=PASSWORD))
    assert "There is an account" not in page.text
    path = link_in((await make.mails(bea.email))[0])
    await browser.get(path)
    answer = await browser.post(path)
    assert (answer.status_code, "There is an account with this e-mail already" in answer.text) == (409, True)
