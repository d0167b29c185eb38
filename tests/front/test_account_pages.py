from typing import Any

from tests.conftest import PASSWORD


async def test_register_signs_in_and_says_welcome(visitor: Any) -> None:
    await visitor.get("/register?next=/about")
    answer = await visitor.post("/register", username="ana", email="ana@example.org", password=PASSWORD, next="/about")
    assert answer.headers["location"] == "/about"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("stoa_session"))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = await visitor.get("/about")
    assert "Welcome, ana. 100 coins are in your wallet" in page.text
    assert "Your account, ana" in page.text
    assert "Welcome, ana" not in (await visitor.get("/about")).text


async def test_register_tells_every_mistake_beside_its_field(visitor: Any, make: Any) -> None:
    await make.user("ana")
    await visitor.get("/register")
    answer = await visitor.post("/register", username="a b", email="nonsense", password="short")
    assert answer.status_code == 422
    for name in ("username", "email"):
        assert f'id="f-{name}-error"' in answer.text
    assert "This does not look like an e-mail address" in answer.text
    assert 'value="a b"' in answer.text
    assert "short" not in answer.text
    answer = await visitor.post("/register", username="ana", email="other@example.org", password=PASSWORD)
    assert (answer.status_code, "This name is taken" in answer.text) == (409, True)
    answer = await visitor.post("/register", username="other", email="ana@example.org", password=PASSWORD)
    assert "There is an account with this e-mail already" in answer.text


async def test_a_wrong_password_says_as_little_as_an_unknown_account(visitor: Any, make: Any) -> None:
    ana = await make.user("ana")
    await visitor.get("/login")
    known = await visitor.post("/login", email=ana.email, password="not the password")
    unknown = await visitor.post("/login", email="nobody@example.org", password="not the password")
    assert known.status_code == unknown.status_code == 401
    for answer in (known, unknown):
        assert "E-mail or password is not right" in answer.text


async def test_log_in_leads_back_and_never_away(visitor: Any, make: Any) -> None:
    ana = await make.user("ana")
    page = await visitor.get("/login?next=//evil.example")
    assert "evil" not in page.text
    answer = await visitor.post("/login", email=ana.email, password=ana.password, next="https://evil.example")
    assert answer.headers["location"] == "/"
    assert (await visitor.get("/login?next=/about")).headers["location"] == "/about"


async def test_a_form_without_its_token_is_refused(visitor: Any, make: Any) -> None:
    ana = await make.user("ana")
    await visitor.get("/login")
    visitor.token = "0" * 64
    assert (await visitor.post("/login", email=ana.email, password=ana.password)).status_code == 403


async def test_log_out_ends_the_session_itself(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    kept = ana.client.cookies["stoa_session"]
    page = await ana.follow(await ana.post("/logout"))
    assert "You are logged out" in page.text
    ana.client.cookies.set("stoa_session", kept, domain="testserver.local")
    ana.client.cookies.set("stoa_session", kept)
    assert (await ana.get("/write")).status_code == 303
