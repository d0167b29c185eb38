"""The wallet through its pages: what is shown, what a form changes, and what a refused one does not."""

import re
from html import unescape
from typing import Any

from stoa.kit.ids import new_id
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments.queries import orders as orders_of
from stoa.money.payouts.actions import request_payout
from stoa.money.wallet import actions
from stoa.money.wallet.queries import wallet as wallet_of


async def held(make: Any, user: Any) -> tuple[int, int, int]:
    """Promotional, purchased and earned hundredths of coins."""
    async with make.tx(user) as ctx:
        found = await wallet_of(ctx, user.id)
    return found.promotional_minor, found.purchased_minor, found.earned_minor


async def all_orders(make: Any, user: Any) -> list[Any]:
    async with make.tx(user) as ctx:
        return await orders_of(ctx, user.id)


async def give(make: Any, sender: Any, recipient: Any, coins: int, message: str | None = None) -> Any:
    async with make.tx(sender) as ctx:
        return await actions.gift(
            ctx, recipient_id=recipient.id, amount_coins=coins, message=message, key=str(new_id())
        )


def form(page: str, action: str, nth: int = 0) -> dict[str, str]:
    """The hidden fields of the nth form with this action."""
    part = page.split(f'action="{action}"')[1 + nth].split("</form>")[0]
    return {k: unescape(v) for k, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part) if k != "_csrf"}


def words(page: str) -> str:
    """What a reader sees, without markup."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_the_wallet_needs_a_session(visitor: Any) -> None:
    for path in ("/wallet", "/wallet/history", "/wallet/gifts", "/wallet/orders"):
        answer = await visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/login?next={path}"


async def test_what_is_set_aside_says_what_for(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=500)
    await make.credits(ana, earned=2500)
    writer = await signed_in(ana)
    assert "set aside" not in words((await writer.get("/wallet")).text).lower()
    assert "are set aside" not in words((await writer.get("/dashboard/earnings")).text)
    async with make.tx() as ctx:
        holds = [
            await ledger.hold(ctx, kind="dispute", legs_from=[leg], key=leg.account.asset, cause="It is disputed")
            for leg in (Leg(AccountRef(ana.id, "COIN", "earned"), 40_00), Leg(AccountRef(ana.id, "USD", "earned"), 300))
        ]
    text = words((await writer.get("/wallet")).text)
    assert "40 coins are set aside: for a payment that is disputed." in text
    assert "Set aside $3.00 for a payment that is disputed" in text
    assert "for a payout that is under way" not in text
    text = words((await writer.get("/dashboard/earnings")).text)
    assert "You have also earned $22.00 of credits, and $3.00 are set aside: for a payment that is disputed." in text
    assert "Reserved 40 coins Set aside: for a payment that is disputed" in text
    async with make.tx(ana) as ctx:
        await request_payout(ctx, key="1", amount_minor=400_00)
        await request_payout(ctx, key="2", amount_minor=1000, asset="USD")
    both = "$10.00 for a payout that is under way, $3.00 for a payment that is disputed"
    text = words((await writer.get("/wallet")).text)
    coins = "400 coins for a payout that is under way, 40 coins for a payment that is disputed"
    assert f"440 coins are set aside: {coins}." in text
    assert f"Set aside $13.00 {both}" in text
    assert f"$13.00 are set aside: {both}." in words((await writer.get("/dashboard/earnings")).text)
    async with make.tx() as ctx:
        for hold in holds:
            await ledger.release(ctx, hold.id, key=f"released:{hold.id}", cause="It is decided")
    text = words((await writer.get("/wallet")).text)
    assert "400 coins are set aside: for a payout that is under way." in text
    assert "Set aside $10.00 for a payout that is under way" in text


async def test_a_wrong_amount_of_credit_opens_nothing_else(make: Any, signed_in: Any) -> None:
    reader = await signed_in(await make.user("ben"))
    given = form((await reader.get("/wallet")).text, "/wallet/credits")
    answer = await reader.post("/wallet/credits", **given, amount="much", currency="USD")
    assert (answer.status_code, "Please give an amount, such as 20 or 12.50" in answer.text) == (422, True)
    at_once = '<summary class="text-link tap">Pay at once with a test card'
    assert f'<details class="mt-2">{at_once}' in answer.text
    given = form(answer.text, "/wallet/purchase")
    answer = await reader.post("/wallet/purchase", **given, package_id="99", payment_method_id="pm_card_visa")
    assert answer.status_code == 422
    assert f'<details class="mt-2" open>{at_once}' in answer.text


async def test_a_new_wallet_shows_the_welcome_and_the_packages(make: Any, signed_in: Any) -> None:
    ben = await make.user("ben")
    reader = await signed_in(ben)
    answer = await reader.get("/wallet")
    assert answer.status_code == 200
    text = words(answer.text)
    assert "You can spend 100 coins" in text
    assert "Promotional 100" in text
    assert "Purchased 0" in text
    assert "$50 000.00" in text
    # M3: the bonus is in the price of a coin, and the saving is against the smallest package
    assert "No bonus 4.99 ¢ a coin" in text
    assert "5 000 and a bonus of 1 500 2.31 ¢ a coin , 54 % less" in text
    assert len(re.findall(r'action="/wallet/checkout"', answer.text)) == 6
    assert "Welcome bonus" in text


async def test_buying_goes_to_the_gateway_and_a_second_click_orders_once(make: Any, signed_in: Any) -> None:
    ben = await make.user("ben")
    reader = await signed_in(ben)
    fields = form((await reader.get("/wallet")).text, "/wallet/checkout", nth=2)
    assert fields["package_id"] == "3"
    places = set()
    for _ in range(2):
        answer = await reader.post("/wallet/checkout", **fields)
        assert answer.status_code == 303
        assert "/sandbox/checkout/cs_test_" in answer.headers["location"]
        places.add(answer.headers["location"])
    placed = await all_orders(make, ben)
    assert [(o.amount_minor, o.state) for o in placed] == [(1999, "pending")]
    assert len(places) == 2  # each click opened the gateway's page anew, for the one order
    assert await held(make, ben) == (10000, 0, 0)


async def test_an_unknown_package_is_told_and_orders_nothing(make: Any, signed_in: Any) -> None:
    ben = await make.user("ben")
    reader = await signed_in(ben)
    await reader.get("/wallet")
    answer = await reader.post("/wallet/checkout", package_id="99", key="k")
    assert answer.status_code == 422
    assert "There is no such package" in answer.text
    answer = await reader.post("/wallet/purchase", package_id="1", key="k", payment_method_id="pm_nothing")
    assert answer.status_code == 422
    assert "The sandbox knows these" in answer.text
    assert await all_orders(make, ben) == []


async def test_a_form_without_its_token_changes_nothing(make: Any, signed_in: Any) -> None:
    ben = await make.user("ben")
    reader = await signed_in(ben)
    fields = form((await reader.get("/wallet")).text, "/wallet/checkout")
    reader.token = "0" * 64
    assert (await reader.post("/wallet/checkout", **fields)).status_code == 403
    assert await all_orders(make, ben) == []


async def test_paying_at_once_shows_the_result_and_counts_once(make: Any, signed_in: Any, jobs: Any) -> None:
    ben = await make.user("ben")
    reader = await signed_in(ben)
    fields = form((await reader.get("/wallet")).text, "/wallet/purchase")
    fields |= {"package_id": "2", "payment_method_id": "pm_card_visa"}
    for _ in range(2):
        answer = await reader.post("/wallet/purchase", **fields)
    await jobs()
    page = await reader.follow(answer)
    assert "250 + 25 bonus coins are in your wallet" in words(page.text)
    assert await held(make, ben) == (10000, 27500, 0)
    assert "hx-trigger" not in page.text.split('id="order-state"')[1].split(">")[0]


async def test_a_declined_card_says_why_and_offers_another_try(make: Any, signed_in: Any) -> None:
    ben = await make.user("ben")
    reader = await signed_in(ben)
    await reader.get("/wallet")
    answer = await reader.post("/wallet/purchase", package_id="1", key="k", payment_method_id="pm_card_chargeDeclined")
    page = await reader.follow(answer)
    assert "The payment was declined" in page.text
    assert "Pay $4.99 with another card" in page.text
    assert await held(make, ben) == (10000, 0, 0)
    [order] = await all_orders(make, ben)
    answer = await reader.post(f"/wallet/orders/{order.id}/checkout")
    assert "/sandbox/checkout/" in answer.headers["location"]
    answer = await reader.post(f"/wallet/orders/{order.id}/cancel")
    assert "The order is cancelled" in (await reader.follow(answer)).text
    assert (await all_orders(make, ben))[0].state == "cancelled"


async def test_somebody_elses_order_is_not_there(make: Any, signed_in: Any) -> None:
    ben, eva = await make.user("ben"), await make.user("eva")
    async with make.tx(ben) as ctx:
        order = await actions.order_coins(ctx, 1, key="k")
    stranger = await signed_in(eva)
    assert (await stranger.get(f"/wallet/orders/{order.id}")).status_code == 404
    assert (await stranger.post(f"/wallet/orders/{order.id}/cancel")).status_code == 404
    assert (await all_orders(make, ben))[0].state == "created"


async def test_the_statement_opens_into_postings_and_goes_on(make: Any, signed_in: Any, queries: Any) -> None:
    ben, ana = await make.member("ben", purchased=500), await make.user("ana")
    for number in range(23):
        await give(make, ben, ana, number + 1)
    reader = await signed_in(ben)
    first = await reader.get("/wallet/history")
    assert first.text.count('<li class="entry">') == 20
    text = words(first.text)
    assert "You gave 23 coins to @ana" in text
    assert "Part of the gift that was paid from your purchased coins" in text
    assert "60 % of what was paid with purchased and earned coins" in text
    found = re.search(r'href="(/wallet/history\?cursor=[^"]+)"', first.text)
    assert found
    # HTMX takes only the lines that follow
    rest = await reader.get(unescape(found[1]), **{"HX-Request": "true"})
    assert "<html" not in rest.text
    assert "You gave 3 coins to @ana" in rest.text
    assert "You gave 4 coins to @ana" not in rest.text
    with queries() as one:
        await reader.get("/wallet/history")
    async with make.tx() as ctx:
        await ctx.db.execute("select 1")
    few = await signed_in(ana)
    with queries() as other:
        await few.get("/wallet/history")
    assert len(one) == len(other) <= 8, one


async def test_a_movement_is_for_its_people(make: Any, signed_in: Any) -> None:
    ben, ana, eva = await make.member("ben", purchased=100), await make.user("ana"), await make.user("eva")
    gift = await give(make, ben, ana, 50)
    path = f"/wallet/transfers/{gift.transfer_id}"
    assert "You gave 50 coins to @ana" in (await (await signed_in(ben)).get(path)).text
    theirs = words((await (await signed_in(ana)).get(path)).text)
    assert "@ben gave you 50 coins" in theirs
    assert "Your earned coins Your share: 40 %" in theirs
    assert "20.00" in theirs
    assert (await (await signed_in(eva)).get(path)).status_code == 404


async def test_a_gift_is_taken_back_while_its_time_runs(make: Any, signed_in: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    gift = await give(make, ben, ana, 50, "For the harbour")
    reader = await signed_in(ben)
    sent = await reader.get("/wallet/gifts")
    assert "For the harbour" in sent.text
    assert f'action="/wallet/gifts/{gift.id}/undo"' in sent.text
    got = await (await signed_in(ana)).get("/wallet/gifts?direction=received")
    assert "you received 20" in words(got.text)
    assert "/undo" not in got.text
    # the recipient cannot undo it
    other = await signed_in(ana)
    assert (await other.post(f"/wallet/gifts/{gift.id}/undo")).status_code == 404
    assert await held(make, ana) == (0, 0, 2000)
    for _ in range(2):
        page = await reader.follow(await reader.post(f"/wallet/gifts/{gift.id}/undo"))
        assert "Your 50 coins are back." in page.text
    assert "Taken back" in page.text
    assert await held(make, ben) == (0, 10000, 0)
    assert await held(make, ana) == (0, 0, 0)


async def test_too_late_is_said_and_changes_nothing(make: Any, signed_in: Any, app: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    gift = await give(make, ben, ana, 50)
    async with make.tx() as ctx:
        await ctx.db.execute("update gifts set undo_until = created_at where id = $1", gift.id)
    reader = await signed_in(ben)
    page = await reader.get("/wallet/gifts")
    assert "/undo" not in page.text
    page = await reader.follow(await reader.post(f"/wallet/gifts/{gift.id}/undo"))
    assert "cannot be taken back any more" in page.text
    assert (await reader.post(f"/wallet/gifts/{gift.id}/undo", htmx=True)).status_code == 409
    assert await held(make, ana) == (0, 0, 2000)


async def test_a_gift_spent_already_stays_given(make: Any, signed_in: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    gift = await give(make, ben, ana, 50)
    await give(make, ana, ben, 20)
    reader = await signed_in(ben)
    await reader.get("/wallet/gifts")
    page = await reader.follow(await reader.post(f"/wallet/gifts/{gift.id}/undo"))
    assert "This gift has been spent already" in page.text
    assert await held(make, ben) == (0, 5000, 800)


async def test_with_scripts_only_the_line_is_answered(make: Any, signed_in: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    gift = await give(make, ben, ana, 50)
    reader = await signed_in(ben)
    answer = await reader.post(f"/wallet/gifts/{gift.id}/undo", htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Taken back" in answer.text
    assert "Your 50 coins are back." in answer.headers["HX-Trigger"]
    assert 'hx-swap-oob="innerHTML:[data-coins]">100<' in answer.text


async def test_lists_take_the_same_number_of_queries_however_long(make: Any, signed_in: Any, queries: Any) -> None:
    ben, ana = await make.member("ben", purchased=500), await make.user("ana")
    reader = await signed_in(ben)
    await give(make, ben, ana, 1)
    counts = []
    for _ in range(2):
        for path in ("/wallet", "/wallet/gifts", "/wallet/orders"):
            with queries() as seen:
                assert (await reader.get(path)).status_code == 200
            counts.append(len(seen))
        for _ in range(8):
            await give(make, ben, ana, 2)
    assert counts[:3] == counts[3:]
    assert max(counts) <= 12, counts


async def test_promotional_coins_can_be_refused(make: Any, signed_in: Any) -> None:
    ben, ana = await make.user("ben"), await make.user("ana")
    writer = await signed_in(ana)
    page = await writer.get("/wallet")
    assert re.search(r'name="accepts_promotional"[^>]* checked', page.text)
    page = await writer.follow(await writer.post("/wallet/settings"))
    assert "You no longer take promotional coins." in page.text
    assert not re.search(r'name="accepts_promotional"[^>]* checked', page.text)
    answer = await writer.post("/wallet/settings", htmx=True, accepts_promotional="on")
    assert answer.status_code == 204
    async with make.tx(ben) as ctx:
        assert (await wallet_of(ctx, ana.id)).accepts_promotional


async def test_empty_lists_teach(make: Any, signed_in: Any) -> None:
    reader = await signed_in(await make.user("ben"))
    assert "You have not given anything yet" in (await reader.get("/wallet/gifts")).text
    assert "No gifts yet" in (await reader.get("/wallet/gifts?direction=received")).text
    assert "You have not bought coins yet" in (await reader.get("/wallet/orders")).text
    assert (await reader.get("/wallet/gifts?direction=sideways")).status_code == 422
    assert (await reader.get("/wallet/history?cursor=abc")).status_code == 422
