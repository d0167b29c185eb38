"""Buying coins on the sandbox gateway's pages, from the wallet there and back again."""

import re
from html import unescape
from typing import Any

import pytest

from stoa.front.sandbox.checkout import CARDS
from stoa.money.payments.queries import orders as orders_of
from stoa.money.wallet import actions
from stoa.money.wallet.queries import wallet as wallet_of

GOOD, DECLINED, ASKS = ("4242 4242 4242 4242", "4000 0000 0000 0002", "4000 0025 0000 3155")


async def purchased(make: Any, user: Any) -> int:
    async with make.tx(user) as ctx:
        return int((await wallet_of(ctx, user.id)).purchased_minor)


async def state(make: Any, user: Any) -> str:
    async with make.tx(user) as ctx:
        [order] = await orders_of(ctx, user.id)
        return str(order.state.value)


def path_of(url: str) -> str:
    assert url.startswith("http://testserver/")
    return url.removeprefix("http://testserver")


async def opened(make: Any, signed_in: Any) -> tuple[Any, Any, str]:
    """Somebody with the checkout page of 275 coins before them."""
    ben = await make.member("ben")
    reader = await signed_in(ben)
    await reader.get("/wallet")
    answer = await reader.post("/wallet/checkout", package_id="2", key="k")
    return ben, reader, path_of(answer.headers["location"])


def card(number: str, **other: str) -> dict[str, str]:
    return {"number": number, "expiry": "12/40", "cvc": "123"} | other


async def test_the_page_is_plainly_a_test_and_lists_its_cards(make: Any, signed_in: Any) -> None:
    _, reader, path = await opened(make, signed_in)
    page = (await reader.get(path)).text
    assert "Test page." in page
    assert "Do not type the number of a real card" in page
    assert "$9.99" in page
    assert "250 + 25 bonus coins" in page
    for one in CARDS:
        assert one.number in page
        filled = (await reader.get(f"{path}?card={one.name}")).text
        assert f'value="{one.number}"' in filled
    assert (await reader.get("/sandbox/checkout/cs_test_nothing")).status_code == 404


@pytest.mark.parametrize("listed", CARDS, ids=lambda c: c.name)
async def test_each_listed_card_does_what_the_list_says(make: Any, signed_in: Any, jobs: Any, listed: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    answer = await reader.post(path, **card(listed.number))
    await jobs()
    match listed.name:
        case "good":
            assert "/wallet/orders/" in answer.headers["location"]
            assert (await state(make, ben), await purchased(make, ben)) == ("paid", 27500)
        case "declined":
            assert answer.status_code == 200
            assert "The card was declined" in answer.text
            assert (await state(make, ben), await purchased(make, ben)) == ("failed", 0)
        case "asks":
            assert "/sandbox/3ds/" in answer.headers["location"]
            assert (await state(make, ben), await purchased(make, ben)) == ("pending", 0)
        case "disputed":
            assert await state(make, ben) == "disputed"


async def test_a_good_card_comes_back_and_the_page_learns_of_it(make: Any, signed_in: Any, jobs: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    await reader.get(path)
    answer = await reader.post(path, **card(GOOD))
    back = path_of(answer.headers["location"])
    page = await reader.get(back)
    assert "Waiting for the gateway" in page.text
    assert 'http-equiv="refresh"' in page.text  # without scripts it looks again as well
    part = await reader.get(back, **{"HX-Request": "true"})
    assert 'hx-trigger="load delay:1500ms"' in part.text
    await jobs()
    part = await reader.get(back, **{"HX-Request": "true"})
    assert "hx-trigger" not in part.text
    assert "are in your wallet" in part.text
    assert "are in your wallet." in part.headers["HX-Trigger"]
    assert 'hx-swap-oob="innerHTML:[data-coins]">275<' in part.text
    assert await purchased(make, ben) == 27500


async def test_a_second_click_pays_once(make: Any, signed_in: Any, jobs: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    await reader.get(path)
    for _ in range(2):
        assert (await reader.post(path, **card(GOOD))).status_code == 303
    await jobs()
    assert await purchased(make, ben) == 27500
    closed = await reader.get(path)
    assert closed.status_code == 410
    assert "This is paid already" in closed.text


async def test_a_declined_card_leaves_room_for_another(make: Any, signed_in: Any, jobs: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    answer = await reader.post(path, **card(DECLINED))
    assert f'value="{DECLINED}"' in answer.text  # what was typed is kept
    await jobs()
    assert (await reader.post(path, **card(GOOD))).status_code == 303
    await jobs()
    assert (await state(make, ben), await purchased(make, ben)) == ("paid", 27500)


async def test_what_is_no_card_is_said_beside_the_fields(make: Any, signed_in: Any, jobs: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    await reader.get(path)
    answer = await reader.post(path, number="1234", expiry="13/20", cvc="x")
    assert answer.status_code == 422
    for error in ("please use one of the test cards", "Please give month and year", "Three or four digits"):
        assert error in answer.text
    assert 'value="1234"' in answer.text
    await jobs()
    assert (await state(make, ben), await purchased(make, ben)) == ("pending", 0)


@pytest.mark.parametrize(("answered", "outcome"), [("approve", ("paid", 27500)), ("refuse", ("failed", 0))])
async def test_the_bank_asks(make: Any, signed_in: Any, jobs: Any, answered: str, outcome: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    await reader.get(path)
    answer = await reader.post(path, **card(ASKS))
    asked = path_of(answer.headers["location"])
    page = await reader.get(asked)
    assert "Is this you?" in page.text
    assert (await reader.post(asked, answer="perhaps")).status_code == 422
    answer = await reader.post(asked, answer=answered)
    assert answer.status_code == 303
    await jobs()
    assert (await state(make, ben), await purchased(make, ben)) == outcome
    # a second answer changes nothing
    await reader.post(asked, answer="approve")
    await jobs()
    assert (await state(make, ben), await purchased(make, ben)) == outcome
    assert "Is this you?" not in (await reader.get(asked)).text


async def test_what_the_bank_refused_is_said_before_another_card_is_tried(make: Any, signed_in: Any, jobs: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    assert "Card declined" not in (await reader.get(path)).text
    asked = path_of((await reader.post(path, **card(ASKS))).headers["location"])
    await reader.get(asked)
    for answered in ("refuse", "approve"):  # a second answer is told the outcome of the first
        answer = await reader.post(asked, answer=answered)
        assert path_of(answer.headers["location"]) == f"{path}?refused=yes"
        page = unescape((await reader.get(f"{path}?refused=yes")).text)
        said = re.sub(r"<[^>]+>", " ", page.split('role="alert"')[1].split("<form")[0])
        assert "Card declined" in said
        assert "The card's bank did not recognise you. Nothing was charged; you can try again." in said
    answer = await reader.post(path, **card(GOOD))
    assert "refused=yes" not in answer.headers["location"]
    await jobs()
    assert await purchased(make, ben) == 27500


async def test_turning_back_charges_nothing(make: Any, signed_in: Any, jobs: Any) -> None:
    ben, reader, path = await opened(make, signed_in)
    await reader.get(path)
    answer = await reader.post(f"{path}/leave")
    page = await reader.get(path_of(answer.headers["location"]))
    assert page.status_code == 200
    await jobs()
    closed = await reader.get(path)
    assert "This checkout was left" in closed.text
    answer = await reader.post(path, **card(GOOD))
    assert answer.status_code == 409
    await jobs()
    assert await purchased(make, ben) == 0


async def test_the_page_needs_no_session_but_its_token(make: Any, signed_in: Any, visitor: Any, jobs: Any) -> None:
    ben, _, path = await opened(make, signed_in)
    page = await visitor.get(path)
    assert page.status_code == 200
    answer = await visitor.client.post(path, data=card(GOOD))
    assert answer.status_code == 403
    await jobs()
    assert await purchased(make, ben) == 0
    assert (await visitor.post(path, **card(GOOD))).status_code == 303
    await jobs()
    assert await purchased(make, ben) == 27500


async def test_the_stored_card_whose_bank_asks(make: Any, signed_in: Any, jobs: Any) -> None:
    ben = await make.member("ben")
    reader = await signed_in(ben)
    await reader.get("/wallet")
    answer = await reader.post(
        "/wallet/purchase", package_id="1", key="k", payment_method_id="pm_card_authenticationRequired"
    )
    asked = path_of(answer.headers["location"])
    assert re.match(r"/sandbox/3ds/pay_test_", asked)
    await reader.get(asked)
    answer = await reader.post(asked, answer="approve")
    await jobs()
    page = await reader.get(path_of(answer.headers["location"]))
    assert "100 coins are in your wallet" in unescape(page.text)
    assert await purchased(make, ben) == 10000


async def test_an_expired_page_says_so(make: Any, signed_in: Any) -> None:
    ben = await make.member("ben")
    async with make.tx(ben) as ctx:
        checkout = await actions.checkout_coins(ctx, 1, key="k")
        await ctx.db.execute("update sandbox_sessions set expires_at = created_at where id = $1", checkout.session_id)
    page = await (await signed_in(ben)).get(path_of(checkout.url))
    assert page.status_code == 410
    assert "This page has expired" in page.text
