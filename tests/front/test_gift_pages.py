import json
import re
from typing import Any

import pytest

from stoa.money.wallet.queries import wallet


async def total(make: Any, user: Any) -> int:
    async with make.tx(user) as ctx:
        return int((await wallet(ctx, user.id)).total_minor)


def fields(page: str) -> dict[str, str]:
    form = page.split('action="/gifts"')[1].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


async def test_a_gift_without_scripts(make: Any, signed_in: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    post = await make.post(ana, title="Worth something")
    reader = await signed_in(ben)
    page = await reader.get(f"/p/{post.slug}/gift")
    assert "$0.64" in page.text
    given = fields(page.text)
    answer = await reader.post("/gifts", **given, amount="20", message="Thank you")
    page = await reader.follow(answer)
    assert answer.headers["location"] == f"/p/{post.slug}"
    assert "You gave 20 coins to ana." in page.text
    assert (await total(make, ben), await total(make, ana)) == (8000, 10800)
    undo = re.search(r'action="(/gifts/[^"]+/undo[^"]*)"', page.text)
    assert undo
    page = await reader.follow(await reader.post(undo[1]))
    assert "Taken back: 20 coins are in your wallet again." in page.text
    assert (await total(make, ben), await total(make, ana)) == (10000, 10000)


async def test_a_second_click_is_the_same_gift(make: Any, signed_in: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    reader = await signed_in(ben)
    given = fields((await reader.get("/@ana/gift")).text)
    for _ in range(2):
        assert (await reader.post("/gifts", **given, amount="other", other_amount="7")).status_code == 303
    assert await total(make, ben) == 9300
    assert await total(make, ana) == 10280


async def test_a_gift_with_scripts_answers_in_place(make: Any, signed_in: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    post = await make.post(ana)
    reader = await signed_in(ben)
    given = fields((await reader.get(f"/p/{post.slug}")).text)
    answer = await reader.post("/gifts", htmx=True, **given, amount="50")
    assert answer.status_code == 200
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["toast"]["items"][0]["action"]["label"] == "Undo"
    assert "closeDialog" in events
    assert 'hx-swap-oob="innerHTML:[data-coins]">50<' in answer.text
    assert "Thank you" in answer.text
    assert fields(answer.text)["key"] != given["key"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"amount": "200"}, "You have 100.00 coins to give"),
        ({"amount": "other"}, "Please say how many coins"),
        ({"amount": "other", "other_amount": "0"}, "at least 1"),
        ({"amount": "other", "other_amount": "1.5"}, "whole number"),
        ({"amount": "nonsense"}, "Please choose an amount"),
        ({"amount": "20", "message": "x" * 501}, "at most 500"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
async def test_what_is_wrong_is_said_in_the_form(
    given: dict[str, str], said: str, htmx: bool, make: Any, signed_in: Any
) -> None:
    await make.user("ana")
    ben = await make.user("ben")
    reader = await signed_in(ben)
    hidden = fields((await reader.get("/@ana/gift")).text)
    answer = await reader.post("/gifts", htmx=htmx, **hidden, **given)
    assert answer.status_code == (422 if htmx or said != "You have 100.00 coins to give" else 409)
    assert said in answer.text
    assert ("<html" in answer.text) != htmx
    assert await total(make, ben) == 10000


async def test_nobody_gives_to_themselves(make: Any, signed_in: Any) -> None:
    ana = await make.user("ana")
    post = await make.post(ana)
    own = await signed_in(ana)
    assert (await own.get(f"/p/{post.slug}/gift")).status_code == 422
    assert 'action="/gifts"' not in (await own.get(f"/p/{post.slug}")).text
