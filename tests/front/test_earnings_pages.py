"""Earnings through their pages: the timeline, the question before a payout, its steps, and what is refused."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

from stoa.money.payouts import actions
from stoa.money.payouts.queries import earnings as earnings_of
from stoa.money.payouts.queries import payouts as payouts_of
from stoa.money.wallet import actions as wallets

NEW = "/dashboard/payouts/new"
CONFIRM = "/dashboard/payouts/confirm"


def words(page: str) -> str:
    """What a reader sees, without markup; narrow spaces as spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def hidden(page: str, action: str = CONFIRM) -> dict[str, str]:
    part = page.split(f'action="{action}"')[1].split("</form>")[0]
    return {k: v for k, v in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part) if k != "_csrf"}


async def confirmation(writer: Any, amount: str = "400", destination: str = "sandbox_bank", asset: str = "COIN") -> Any:
    """The page with the fee, before the button."""
    return await writer.follow(await writer.post(NEW, asset=asset, amount=amount, destination=destination))


async def asked(writer: Any, **chosen: str) -> dict[str, str]:
    """The fields of the confirmation."""
    return hidden((await confirmation(writer, **chosen)).text)


async def timeline(make: Any, user: Any) -> Any:
    async with make.tx(user) as ctx:
        return (await earnings_of(ctx, user.id)).timeline


async def all_payouts(make: Any, user: Any) -> list[Any]:
    async with make.tx(user) as ctx:
        return await payouts_of(ctx, user.id)


async def due_now(make: Any) -> None:
    """Jobs that were ordered for later are due now, and transfers of the sandbox have arrived."""
    async with make.tx() as ctx:
        await ctx.db.execute("update jobs set run_at = $1, state = 'waiting' where state = 'scheduled'", ctx.now)
        await ctx.db.execute("update sandbox_transfers set arrives_at = created_at")


async def drained(make: Any, jobs: Any) -> None:
    for _ in range(12):
        await due_now(make)
        await jobs()


async def test_earnings_need_a_session(visitor: Any) -> None:
    assert (await visitor.get("/dashboard/earnings")).headers["location"] == "/login?next=/dashboard/earnings"


async def test_an_empty_page_teaches(make: Any, signed_in: Any) -> None:
    text = words((await (await signed_in(await make.member("ana"))).get("/dashboard/earnings")).text)
    assert "No gifts yet" in text
    assert "0 of 390 coins" in text
    assert "Payouts begin at 390 earned coins ($5.00)" in text
    assert "Pay out…" not in text


async def test_gifts_stand_in_timeline_chart_and_table(make: Any, signed_in: Any, queries: Any) -> None:
    ana, ben = await make.member("ana"), await make.member("ben", purchased=1000)
    post = await make.post(ana, title="The harbour in winter")
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, work_id=post.id, amount_coins=100, key="1")
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="2")
    writer = await signed_in(ana)
    page = await writer.get("/dashboard/earnings")
    text = words(page.text)
    assert "60 coins from 2 gifts so far." in text
    assert re.search(r"Pending 60 coins Could still be taken back", text)
    assert "60 of 390 coins" in text
    assert "330 coins are missing" in text
    assert re.search(r"The harbour in winter 1 100 40\.00", text)
    assert 'hx-get="/dashboard/earnings"' in page.text  # pending ones become available by themselves
    part = await writer.get("/dashboard/earnings", **{"HX-Request": "true"})
    assert "<html" not in part.text
    assert "Pending" in part.text
    with queries() as seen:
        await writer.get("/dashboard/earnings")
    assert len(seen) <= 14, seen


async def test_fees_and_net_are_shown_before_the_button(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    page = await writer.get("/dashboard/earnings")
    assert "$5.13 can be paid out." in words(page.text)
    assert 'href="/dashboard/payouts/new?asset=COIN"' in page.text
    page = await writer.get(f"{NEW}?asset=COIN")
    assert 'value="400.00"' in page.text
    text = words((await confirmation(writer)).text)
    assert "Readers gave for it $12.82" in text
    assert "Platform's share, kept when the gifts were made minus (7.69)" in text
    assert "Fee of Test bank 0.00" in text
    assert "You receive $5.13" in text
    assert "Pay out 400 coins" in text
    assert await all_payouts(make, ana) == []


async def test_a_payout_runs_through_its_steps(make: Any, signed_in: Any, jobs: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    fields = await asked(writer)
    assert (fields["amount_minor"], fields["fee_minor"]) == ("40000", "0")
    for _ in range(2):  # a double click asks once
        page = await writer.follow(await writer.post(CONFIRM, **fields))
        assert "400 coins are on their way out." in page.text
    page = await writer.get("/dashboard/earnings")
    [payout] = await all_payouts(make, ana)
    assert (payout.state, payout.source_minor, payout.net_payout_minor) == ("pending", 40000, 513)
    now = await timeline(make, ana)
    assert (now.available_minor, now.reserved_minor) == (0, 40000)
    text = words(page.text)
    assert "Reserved 400 coins" in text
    assert "Cancel this payout" in text
    assert "Pay out…" not in text
    await drained(make, jobs)
    page = await writer.get("/dashboard/earnings")
    text = words(page.text)
    assert "Arrived 400 coins $5.13 paid out so far" in text
    detail = words((await writer.get(f"/dashboard/payouts/{payout.id}")).text)
    assert "It has arrived." in detail
    assert "Requested by the creator" in detail
    assert "Attempt 1 is sent to sandbox" in detail
    assert "Test bank account" in detail


async def test_a_failing_account_shows_the_reason_and_gives_the_coins_back(
    make: Any, signed_in: Any, jobs: Any
) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    await writer.post(CONFIRM, **await asked(writer, destination="sandbox_fail"))
    await due_now(make)
    await jobs()
    text = words((await writer.get("/dashboard/earnings")).text)
    assert "The bank says that this account is closed. It is tried again at" in text
    assert "Tried again" in text
    await drained(make, jobs)
    text = words((await writer.get("/dashboard/earnings")).text)
    assert "The coins are back among your earned ones; you can ask again, for another account." in text
    assert "Failed" in text
    assert "Available 400 coins" in text
    now = await timeline(make, ana)
    assert (now.available_minor, now.reserved_minor, now.sent_minor) == (40000, 0, 0)


async def test_cancelled_before_it_is_sent(make: Any, signed_in: Any, jobs: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    await writer.post(CONFIRM, **await asked(writer))
    [payout] = await all_payouts(make, ana)
    page = await writer.follow(await writer.post(f"/dashboard/payouts/{payout.id}/cancel"))
    assert "Cancelled. 400 coins are back." in page.text
    assert (await timeline(make, ana)).available_minor == 40000
    await drained(make, jobs)
    assert (await all_payouts(make, ana))[0].state == "cancelled"


async def test_once_sent_it_cannot_be_cancelled(make: Any, signed_in: Any, jobs: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    await writer.post(CONFIRM, **await asked(writer))
    [payout] = await all_payouts(make, ana)
    await due_now(make)
    await jobs()
    assert "Cancel this payout" not in (await writer.get("/dashboard/earnings")).text
    page = await writer.follow(await writer.post(f"/dashboard/payouts/{payout.id}/cancel"))
    assert "It is sent already" in page.text
    now = await timeline(make, ana)
    assert now.sent_minor + now.arrived_minor == 40000


async def test_below_the_minimum_nothing_can_be_asked_for(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=389)
    writer = await signed_in(ana)
    page = await writer.get(NEW)
    assert "389 coins of 390 coins" in words(page.text)
    assert f'action="{NEW}"' not in page.text
    page = await writer.get("/dashboard/earnings")
    assert "389 of 390 coins" in words(page.text)
    answer = await writer.post(NEW, asset="COIN", amount="389", destination="sandbox_bank")
    assert answer.status_code == 409
    assert "390 earned coins are needed; you have 389.00" in answer.text
    given = {"key": "k", "asset": "COIN", "amount_minor": "38900", "destination": "sandbox_bank", "fee_minor": "0"}
    answer = await writer.post(CONFIRM, **given)
    assert answer.status_code == 409
    assert await all_payouts(make, ana) == []
    assert (await timeline(make, ana)).available_minor == 38900


async def test_one_open_payout_at_a_time(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    first = await asked(writer)
    await writer.post(CONFIRM, **first)
    await make.coins(ana, earned=500)
    answer = await writer.post(CONFIRM, **first | {"key": "another"})
    assert answer.status_code == 409
    assert "You already have a payout under way" in answer.text
    assert "One is under way" in words((await writer.get(f"{NEW}?asset=COIN")).text)
    assert len(await all_payouts(make, ana)) == 1
    assert (await timeline(make, ana)).available_minor == 50000


async def test_what_was_confirmed_is_paid_though_more_came_in(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    fields = await asked(writer)
    await make.coins(ana, earned=780)
    await writer.post(CONFIRM, **fields)
    [payout] = await all_payouts(make, ana)
    assert (payout.source_minor, (await timeline(make, ana)).available_minor) == (40000, 38000)


async def test_what_is_wrong_is_told_beside_the_field(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    writer = await signed_in(ana)
    answer = await writer.post(NEW, asset="COIN", amount="400", destination="moon_bank")
    assert answer.status_code == 422
    assert 'id="f-destination-error"' in answer.text
    for amount in ("many", "400.001", "-400", "0", "401", "1e9", "NaN", ""):
        answer = await writer.post(NEW, asset="COIN", amount=amount, destination="sandbox_bank")
        assert answer.status_code in (409, 422), amount
        assert 'id="f-amount-error"' in answer.text, amount
    assert 'value="401"' in (await writer.post(NEW, asset="COIN", amount="401", destination="sandbox_bank")).text
    assert (await writer.post(CONFIRM, key="k", asset="COIN", amount_minor="many")).status_code == 422
    assert (await writer.get(f"{NEW}?asset=DOGE")).status_code == 422
    assert await all_payouts(make, ana) == []


async def test_somebody_elses_payout_is_not_there(make: Any, signed_in: Any) -> None:
    ana, eva = await make.member("ana", earned=400), await make.member("eva")
    async with make.tx(ana) as ctx:
        payout = await actions.request_payout(ctx, key="k")
    stranger = await signed_in(eva)
    assert (await stranger.get(f"/dashboard/payouts/{payout.id}")).status_code == 404
    assert (await stranger.post(f"/dashboard/payouts/{payout.id}/cancel")).status_code == 404
    assert (await all_payouts(make, ana))[0].state == "pending"


async def test_one_in_review_says_why_and_by_when(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    async with make.tx(ana) as ctx:
        payout = await actions.request_payout(ctx, key="k")
    async with make.tx() as ctx:
        await actions.hold_for_review(ctx, payout.id, reason="Many gifts within an hour")
    text = words((await (await signed_in(ana)).get("/dashboard/earnings")).text)
    assert "We are looking at it: Many gifts within an hour. You hear from us by" in text
    assert "Reserved 400 coins In review, by" in text


async def test_payouts_are_paged(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    for number in range(12):
        async with make.tx(ana) as ctx:
            ctx.now -= timedelta(days=20 - number)
            payout = await actions.request_payout(ctx, key=str(number))
            await actions.cancel_payout(ctx, payout.id)
    writer = await signed_in(ana)
    page = await writer.get("/dashboard/earnings")
    assert page.text.count('<li class="payout">') == 10
    found = re.search(r'hx-get="(/dashboard/earnings\?cursor=[^"]+)"', page.text)
    assert found
    rest = await writer.get(unescape(found[1]), **{"HX-Request": "true"})
    assert "<html" not in rest.text
    assert rest.text.count('<li class="payout">') == 2
