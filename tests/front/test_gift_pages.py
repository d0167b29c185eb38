import json
import re
from html import unescape
from typing import Any

import pytest

from stoa.money.wallet.actions import change_settings
from stoa.money.wallet.queries import wallet


async def total(make: Any, user: Any) -> int:
    async with make.tx(user) as ctx:
        return int((await wallet(ctx, user.id)).total_minor)


def words(page: str) -> str:
    """What a reader sees, without markup; narrow spaces as spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def toasts(page: str) -> str:
    return words(page.split('id="toasts"')[1].split("<template")[0])


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
    pages = []
    for _ in range(2):
        answer = await reader.post("/gifts", **given, amount="other", other_amount="7")
        assert (answer.status_code, answer.headers["location"]) == (303, "/@ana")
        pages.append((await reader.follow(answer)).text)
    assert "You gave 7 coins to ana. Undo" in toasts(pages[0])
    assert "You gave 7 coins to ana already. They were given once. Undo" in toasts(pages[1])
    assert await total(make, ben) == 9300
    assert await total(make, ana) == 10280
    undo = re.search(r'action="(/gifts/[^"]+/undo[^"]*)"', pages[1])
    assert undo
    await reader.follow(await reader.post(undo[1]))
    page = await reader.follow(await reader.post("/gifts", **given, amount="other", other_amount="7"))
    assert "You took 7 coins for ana back. They were not given again." in toasts(page.text)
    assert "Undo" not in toasts(page.text)
    assert await total(make, ben) == 10000


async def test_a_second_click_in_the_dialog_says_it_once(make: Any, signed_in: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    reader = await signed_in(ben)
    given = fields((await reader.get(f"/p/{(await make.post(ana)).slug}")).text)
    said = []
    for _ in range(2):
        answer = await reader.post("/gifts", htmx=True, **given, amount="20")
        assert answer.status_code == 200
        said += json.loads(answer.headers["HX-Trigger"])["toast"]["items"]
    assert [one["text"] for one in said] == [
        "You gave 20 coins to ana.",
        "You gave 20 coins to ana already. They were given once.",
    ]
    assert [bool(one["action"]) for one in said] == [True, False]
    assert [one["kind"] for one in said] == ["good", ""]
    assert await total(make, ben) == 8000


@pytest.mark.parametrize("purchased", [0, 30])
async def test_promotional_coins_that_are_not_taken_are_not_counted(purchased: int, make: Any, signed_in: Any) -> None:
    ana, ben = await make.user("ana"), await make.member("ben", promotional=100, purchased=purchased)
    post = await make.post(ana)
    reader = await signed_in(ben)
    page = (await reader.get("/@ana/gift")).text
    held = 100 + purchased
    assert "Your 100 promotional coins go first." in words(page)
    assert f'data-balance="{held}"' in page
    assert f"In your wallet {held} " in words(page)
    async with make.tx(ana) as ctx:
        await change_settings(ctx, accepts_promotional=False)
    for path in ("/@ana/gift", f"/p/{post.slug}"):
        page = (await reader.get(path)).text
        said = words(page.split('action="/gifts"')[1].split("</form>")[0])
        assert "go first" not in said
        assert "ana does not take promotional coins. Your 100 stay in your wallet." in said
        assert f"You can give {purchased} " in said
        assert f'data-balance="{purchased}"' in page
        assert "That is more than you can give." in said
        assert ("data-gift-short hidden" in page) == bool(purchased)
    answer = await reader.post("/gifts", **fields(page), amount="50")
    assert (answer.status_code, f"You have {purchased}.00 coins to give" in answer.text) == (409, True)
    assert f"You can give {purchased} " in words(answer.text)


async def test_a_gift_page_goes_on_to_the_next_page_also_with_scripts(make: Any, signed_in: Any) -> None:
    """Only the dialog is answered in place: the page's form is no HTMX form."""
    ana, ben = await make.user("ana"), await make.user("ben")
    post = await make.post(ana, title="Worth something")
    reader = await signed_in(ben)
    page = (await reader.get(f"/p/{post.slug}/gift")).text
    assert 'hx-post="/gifts"' not in page
    assert 'hx-post="/gifts"' in (await reader.get(f"/p/{post.slug}")).text
    wrong = await reader.post("/gifts", **fields(page), amount="other", other_amount="0")
    assert wrong.status_code == 422
    assert "for “Worth something”" in words(wrong.text)
    assert 'class="sheet-foot"' not in wrong.text
    assert 'hx-post="/gifts"' not in wrong.text
    right = await reader.post("/gifts", **fields(wrong.text), amount="20")
    assert right.headers["location"] == f"/p/{post.slug}"
    assert "You gave 20 coins to ana." in toasts((await reader.follow(right)).text)


async def test_what_a_gift_comes_to_is_true_for_any_amount(make: Any, signed_in: Any) -> None:
    """Which one is chosen is known to scripts only: they put its sums in the place of this."""
    await make.user("ana")
    reader = await signed_in(await make.user("ben"))
    page = (await reader.get("/@ana/gift")).text
    sums = words(page.split('<dl class="gift-sums">')[1].split("</dl>")[0]).strip()
    assert sums == "Worth $1.00 for every 78 coins ana gets 40 of every hundred coins coins In your wallet 100"
    assert "<span data-gift-exact data-gift-worth hidden></span>" in page
    assert "<span data-gift-exact hidden>" in page


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
    assert 'id="thanks" hx-swap-oob="true" class="thanks" tabindex="-1"' in answer.text, "the focus can go there"
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
