"""Where the money is, as a page: stages, what happens next, what a payout would bring, and each stage's movements."""

import re
from html import unescape
from typing import Any

from stoa.money.payouts import actions as payouts
from stoa.money.wallet import actions as wallets


def words(page: str) -> str:
    """What a reader sees, without markup; narrow spaces as spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_it_needs_a_session_and_an_empty_page_teaches(make: Any, signed_in: Any, visitor: Any) -> None:
    assert (await visitor.get("/dashboard/money")).headers["location"] == "/login?next=/dashboard/money"
    text = words((await (await signed_in(await make.user("ana"))).get("/dashboard/money")).text)
    assert "Nothing earned yet" in text
    assert "Pending Just came in; the giver can still take it back Available" in text
    assert "USD 50 000.00" not in text and "$50 000.00" in text  # what can be spent stands below
    assert "Pay out…" not in text


async def test_each_stage_with_its_sum_and_what_happens_next(make: Any, signed_in: Any, queries: Any) -> None:
    ana, ben = await make.member("ana", earned=500), await make.member("ben", purchased=1000)
    await make.credits(ana, earned=250)
    async with make.tx(ana) as ctx:
        asked = await payouts.request_payout(ctx, key="1", amount_minor=400_00)
    async with make.tx() as ctx:
        await payouts.hold_for_review(ctx, asked.id, reason="The first one is looked at by a person")
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
    writer = await signed_in(ana)
    page = await writer.get("/dashboard/money")
    text = words(page.text)
    for part in ("Pending 20 coins", "Available 100 coins", "Reserved 0 coins", "Held 400 coins", "Sent 0 coins"):
        assert part in text
    assert ": The first one is looked at by a person You can still cancel it. A person has looked at it by " in text
    assert f'href="/dashboard/payouts/{asked.id}"' in page.text
    assert "Your share of a gift by @ben" in text
    assert "$2.50 is missing: a payout begins at $5.00." in text
    assert 'hx-get="/dashboard/money"' in page.text  # what is pending becomes available by itself
    part = await writer.get("/dashboard/money", **{"HX-Request": "true"})
    assert "<html" not in part.text and "Held" in part.text
    with queries() as seen:
        await writer.get("/dashboard/money")
    assert len(seen) <= 14, seen


async def test_what_arrives_is_told_before_anything_is_asked_for(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana")
    await make.credits(ana, earned=2500)
    writer = await signed_in(ana)
    page = await writer.get("/dashboard/money")
    assert 'hx-get="/dashboard/money/USD" hx-trigger="load"' in page.text
    text = words((await writer.get("/dashboard/money/USD")).text)
    assert "$25.00 can be paid out. Fee and date are shown before you confirm. Pay out…" in text
    assert (await writer.get("/dashboard/payouts/new?asset=USD")).status_code == 200
    await make.destination(ana, speed="express")
    text = words((await writer.get("/dashboard/money/USD", **{"HX-Request": "true"})).text)
    assert re.search(r"\$25\.00 can be paid out: \$2\d\.\d\d arrives by \d+ \w+ \d{4}\. The provider keeps \$\d", text)
    assert "it goes to Savings (USD) •••• 6789." in text
    assert "There is nothing to be paid out now" in words((await writer.get("/dashboard/money/EUR")).text)


async def test_a_stage_opens_down_to_its_postings(make: Any, signed_in: Any) -> None:
    ana, ben = await make.member("ana", earned=100), await make.member("ben", purchased=1000)
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
    writer = await signed_in(ana)
    text = words((await writer.get("/dashboard/money/COIN/pending")).text)
    assert "20 coins pending" in text
    assert "@ben gave you 50 coins +20 coins Postings: @ben gave you 50 coins" in text
    assert "The platform's share: 60 %" in text
    assert "Together 20 coins." in text
    text = words((await writer.get("/dashboard/money/COIN/available")).text)
    assert "Coins for a test +100 coins" in text
    assert "@ben gave you" not in text
    assert "Nothing is here" in words((await writer.get("/dashboard/money/COIN/sent")).text)
    for path in ("GOLD", "COIN/nowhere", "GOLD/sent"):
        assert (await writer.get(f"/dashboard/money/{path}")).status_code == 404


async def test_a_stage_of_many_movements_goes_on(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana")
    for number in range(21):
        await make.coins(ana, earned=number + 1)
    writer = await signed_in(ana)
    page = await writer.get("/dashboard/money/COIN/available")
    assert page.text.count('<li class="entry">') == 20
    further = re.search(r'hx-get="(/dashboard/money/COIN/available\?cursor=[^"]+)"', page.text)
    assert further
    rest = await writer.get(further[1], **{"HX-Request": "true"})
    assert rest.text.count('<li class="entry">') == 1 and "<html" not in rest.text


async def test_what_is_owed_and_what_pays_it_off(make: Any, signed_in: Any) -> None:
    ana = await make.member("ana")
    async with make.tx() as ctx:
        await ctx.db.execute("update wallets set debt_minor = 1250 where user_id = $1", ana.id)
    text = words((await (await signed_in(ana)).get("/dashboard/money")).text)
    assert "You owe 12.50 coins" in text and "It is taken from what comes in next" in text
    async with make.tx() as ctx:
        await ctx.db.execute("update wallets set debt_minor = 0 where user_id = $1", ana.id)
