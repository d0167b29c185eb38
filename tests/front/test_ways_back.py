"""A page that answers a form with an error leads back to where one was, never to an address without a page."""

import re
from typing import Any

import pytest

BACK = re.compile(r'action="(/preferences/theme|/resend-verification)".*?name="next" value="([^"]*)"', re.S)


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/wallet?tab=credits", "/wallet"),
        ("http://testserver/wallet/credits", "/"),
        ("http://testserver/no/such/page", "/"),
        ("http://elsewhere.example/wallet", "/"),
        ("http://[", "/"),
        (None, "/"),
    ],
)
async def test_buttons_on_an_answer_to_a_form_lead_to_a_page(
    referer: str | None, back: str, make: Any, signed_in: Any
) -> None:
    ana = await signed_in(await make.user("ana", verified=False))
    page = await ana.get("/wallet")
    ways = BACK.findall(page.text)
    assert {place for _, place in ways} == {"/wallet"}
    assert {action for action, _ in ways} == {"/preferences/theme", "/resend-verification"}
    answer = await ana.client.post(
        "/wallet/credits",
        data={"_csrf": ana.token, "amount": "0.01"},
        headers={"Referer": referer} if referer else {},
    )
    assert answer.status_code == 422
    ways = BACK.findall(answer.text)
    assert {action for action, _ in ways} == {"/preferences/theme", "/resend-verification"}
    assert {place for _, place in ways} == {back}


async def test_who_was_logged_out_comes_back_to_a_page(visitor: Any) -> None:
    await visitor.get("/about")
    for came_from, back in (("/wallet", "/wallet"), ("/wallet/credits", "/")):
        answer = await visitor.client.post(
            "/wallet/credits",
            data={"_csrf": visitor.token, "amount": "5"},
            headers={"Referer": f"http://testserver{came_from}"},
        )
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={back}")
