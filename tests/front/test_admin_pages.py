"""The pages of those who run the place: the books, orders, payouts, jobs, webhooks, the review queue."""

import re
from html import unescape
from typing import Any, ClassVar

import pytest

from stoa.kit.ids import new_id
from stoa.kit.queue import GiveUp, Job, enqueue, handles
from stoa.money.ledger import actions as ledger_actions
from stoa.money.ledger import queries as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payments import queries as payments
from stoa.money.payouts import actions as payouts
from stoa.money.payouts.queries import PAYOUT
from stoa.money.wallet import actions as wallets
from stoa.money.wallet.queries import wallet as wallet_of


class Doomed(Job, frozen=True):
    """Fails at once, for good."""

    max_attempts: ClassVar[int] = 1

    why: str


@handles(Doomed)
async def doomed(ctx: Any, job: Doomed) -> None:
    raise GiveUp(job.why)


def words(page: str) -> str:
    """What a reader sees, without markup; narrow spaces as spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
async def admin(make: Any, signed_in: Any) -> Any:
    return await signed_in(await make.user("alma", roles=("admin",)))


@pytest.fixture
async def moderator(make: Any, signed_in: Any) -> Any:
    return await signed_in(await make.user("mina", roles=("moderator",)))


async def bought(make: Any, user: Any, package_id: int = 2, method: str = "pm_card_visa") -> Any:
    async with make.tx(user) as ctx:
        return (await wallets.buy_coins(ctx, package_id, method, key=str(new_id()))).order


async def order(make: Any, order_id: Any) -> Any:
    async with make.tx() as ctx:
        return await payments.ORDER(ctx.db, order_id)


PAGES = (
    "/admin/books",
    "/admin/books/check",
    "/admin/books/accounts",
    "/admin/books/transfers",
    "/admin/orders",
    "/admin/payouts",
    "/admin/webhooks",
    "/admin/jobs",
    "/admin/jobs/dead",
)


@pytest.mark.parametrize("path", PAGES)
async def test_money_and_machinery_are_for_admins(
    make: Any, signed_in: Any, visitor: Any, moderator: Any, admin: Any, path: str
) -> None:
    assert (await visitor.get(path)).headers["location"].startswith("/login?next=")
    assert (await (await signed_in(await make.user("ben"))).get(path)).status_code == 403
    assert (await moderator.get(path)).status_code == 403
    assert (await admin.get(path)).status_code == 200


async def test_moderators_see_what_is_theirs(moderator: Any, make: Any, signed_in: Any) -> None:
    page = await moderator.get("/admin")
    assert page.status_code == 200
    assert "Review queue" in page.text
    assert "/admin/books" not in page.text
    assert (await moderator.get("/admin/review")).status_code == 200
    assert (await (await signed_in(await make.user("ben"))).get("/admin/review")).status_code == 403


async def test_the_start_page_counts(make: Any, admin: Any, queries: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    await bought(make, ben)
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
    async with make.tx(ben) as ctx:
        await wallets.buy_credits(ctx, 2_000, "USD", "pm_card_visa", key="2")
    with queries() as seen:
        page = (await admin.get("/admin")).text
        text = words(page)
    assert "Coins sold $9.99 1 order " in text, "credits are no coins"
    assert 'href="/admin/books/transfers?kind=coin_purchase"><span class="name block">Coins sold<' in page
    listed = words((await admin.get("/admin/books/transfers?kind=coin_purchase")).text)
    assert listed.count("9.99 USD") == 1
    assert "20.00 USD" not in listed
    assert "Coins gifted 50 1 gift " in text
    assert "Members 3 +3 today" in text
    assert len(seen) <= 7, seen


async def test_the_trial_balance_is_ruled_and_zero(make: Any, admin: Any) -> None:
    ben, ana = await make.user("ben"), await make.member("ana")
    await bought(make, ben)
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=200, key="1")
    page = await admin.get("/admin/books")
    text = words(page.text)
    assert text.count("Balanced") == 2
    assert text.count("Difference 0.00") == 2
    # 100 of the 200 coins were the welcome ones: 40 stay promotional, 40 are earned
    assert re.search(r"People: earned liability \d+ 40\.00", text)
    assert re.search(r"Platform: fees income 1 60\.00", text)
    assert re.search(r"Platform: promotional fees income 1 60\.00", text)
    assert re.search(r"Platform: issued clearing 1 minus \(275\.00\)", text)
    assert re.search(r"Platform: world:sandbox asset 1 minus \(9\.99\)", text)
    # each line leads to its accounts
    found = re.search(r'href="(/admin/books/accounts\?[^"]*purpose=fees)"', page.text)
    assert found
    accounts = words((await admin.get(unescape(found[1]))).text)
    assert re.search(r"fees Platform income Coins 60\.00", accounts)


async def test_the_books_as_of_a_day(make: Any, admin: Any) -> None:
    await bought(make, await make.user("ben"))
    text = words((await admin.get("/admin/books?at=2020-01-01")).text)
    assert "The books are empty" in text
    assert (await admin.get("/admin/books?at=yesterday")).status_code == 422


async def test_the_check_finds_nothing(make: Any, admin: Any) -> None:
    await bought(make, await make.user("ben"))
    assert "The books are right" in (await admin.get("/admin/books/check")).text


async def test_the_check_is_of_all_modules(make: Any, admin: Any) -> None:
    ben = await make.user("ben")
    async with make.tx() as ctx:
        await ctx.db.execute("delete from wallets where user_id = $1", ben.id)
    assert "everybody has a wallet" in (await admin.get("/admin/books/check")).text


async def test_accounts_are_filtered_by_the_address(make: Any, admin: Any) -> None:
    await make.member("ben", purchased=12.5)
    await make.member("ana", earned=3)
    text = words((await admin.get("/admin/books/accounts?person=@BEN&asset=COIN&purpose=purchased")).text)
    assert re.search(r"purchased @ben liability Coins 12\.50", text)
    assert "@ana" not in text
    text = words((await admin.get("/admin/books/accounts?whose=people&asset=COIN&purpose=earned")).text)
    assert "@ana" in text and "@ben" in text and " Platform " not in text.partition("Balance")[2]
    assert "No such account" in (await admin.get("/admin/books/accounts?person=nobody")).text
    assert (await admin.get("/admin/books/accounts?asset=GOLD")).status_code == 422


async def test_an_account_opens_into_its_statement(make: Any, admin: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    async with make.tx(ben) as ctx:
        gift = await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
        transfer = await ledger.transfer(ctx, gift.transfer_id)
    for posting in transfer.postings:
        page = await admin.get(f"/admin/books/accounts/{posting.account_id}")
        assert page.status_code == 200
        text = words(page.text)
        assert "@ben gave 50 coins to @ana" in text
        if posting.owner_id == ben.id:
            assert "@ben: purchased" in text
            assert "minus (50.00) 50.00" in text  # debit, then the balance after it
    assert (await admin.get("/admin/books/accounts/999999")).status_code == 404


async def test_a_transfer_opens_down_to_its_cause(make: Any, admin: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    post = await make.post(ana, title="The harbour in winter")
    async with make.tx(ben) as ctx:
        gift = await wallets.gift(ctx, work_id=post.id, amount_coins=50, key="1")
    page = await admin.get(f"/admin/books/transfers/{gift.transfer_id}")
    text = words(page.text)
    assert re.search(r"@ben: purchased paid for minus \(50\.00\)", text)
    assert re.search(r"@ana: earned earned, can be paid out 20\.00 20\.00", text)
    assert re.search(r"Platform: fees the platform's share 30\.00 summed", text)
    assert "Sum minus (50.00) 50.00" in text
    assert "Gift 50 coins from @ben to @ana , for The harbour in winter" in text
    assert f"gift:{gift.id}" in text
    assert (await admin.get(f"/admin/books/transfers/{new_id()}")).status_code == 404


async def test_what_a_transfer_remembers_is_told_as_a_person_reads_it(make: Any, admin: Any) -> None:
    ana = await make.member("ana")
    shares = {"creator": 9_700, "platform": 250, "charity": 50, "tax": 0}
    remembered = {"package_id": 3, "owed_minor": 0, "repaid_minor": 1_250, "basis_points": shares}
    legs = [Leg(AccountRef(ana.id, "USD", "earned"), 100), Leg(AccountRef(None, "USD", "issued"), -100)]
    async with make.tx() as ctx:
        made = await ledger_actions.post(ctx, kind="tip", legs=legs, key="k", cause="A tip", metadata=remembered)
    text = words((await admin.get(f"/admin/books/transfers/{made.transfer_id}")).text)
    assert "Key k Package id 3 Shares creator 97 %, platform 2.5 %, charity 0.5 % Repaid 12.50 USD" in text
    assert "Owed" not in text


async def test_a_reversal_and_what_it_reverses_lead_to_each_other(make: Any, admin: Any) -> None:
    ben, ana = await make.member("ben", purchased=100), await make.member("ana")
    async with make.tx(ben) as ctx:
        gift = await wallets.gift(ctx, recipient_id=ana.id, amount_coins=50, key="1")
        await wallets.undo_gift(ctx, gift.id)
        reversal = (await ledger.transfer(ctx, gift.transfer_id)).reversed_by
    first = await admin.get(f"/admin/books/transfers/{gift.transfer_id}")
    assert "This was reversed" in first.text
    assert f"/admin/books/transfers/{reversal}" in first.text
    second = await admin.get(f"/admin/books/transfers/{reversal}")
    assert "This reverses another transfer" in second.text
    assert f"/admin/books/transfers/{gift.transfer_id}" in second.text
    assert "50 coins from @ben to @ana" in words(second.text)  # the cause is that of the gift
    rows = words((await admin.get("/admin/books/transfers?kind=reversal")).text)
    assert "Reverses another" in rows
    assert "gave 50 coins" not in rows


# Read again every few seconds, whoever asks next.
KEPT_FOR_SECONDS = ("from platform_config", "from split_rules")


async def test_lists_take_the_same_queries_however_long(make: Any, admin: Any, queries: Any) -> None:
    ben, ana = await make.member("ben", purchased=1000), await make.member("ana")
    paths = (*PAGES[2:], "/admin/books")
    counts: list[list[int]] = []
    for amount in (1, 60):
        for _ in range(amount):
            async with make.tx(ben) as ctx:
                await wallets.gift(ctx, recipient_id=ana.id, amount_coins=1, key=str(new_id()))
        for _ in range(min(amount, 5)):
            await bought(make, ben)
        counts.append([])
        for path in paths:
            with queries() as seen:
                assert (await admin.get(path)).status_code == 200
            counts[-1].append(sum(not any(table in sql for table in KEPT_FOR_SECONDS) for sql in seen))
    assert counts[0] == counts[1], dict(zip(paths, zip(*counts, strict=True), strict=True))
    assert max(counts[0]) <= 10, counts
    page = await admin.get("/admin/books/transfers?kind=gift")
    assert page.text.count("gave 1 coins") >= 50
    found = re.search(r'href="(/admin/books/transfers\?kind=gift&amp;cursor=[^"]+)"', page.text)
    assert found
    rest = await admin.get(unescape(found[1]))
    assert len(re.findall(r'<th scope="row"><a href="/admin/books/transfers/', rest.text)) == 11


async def test_an_order_with_its_changes_and_a_refund(make: Any, admin: Any, jobs: Any) -> None:
    ben = await make.member("ben")
    placed = await bought(make, ben)
    await bought(make, ben, 1, "pm_card_chargeDeclined")
    text = words((await admin.get("/admin/orders")).text)
    assert "250 + 25 bonus coins @ben Paid 9.99 USD" in text
    assert "Declined" in text
    text = words((await admin.get("/admin/orders?state=paid&person=@ben")).text)
    assert "Declined" not in text.partition("Refunded")[2]
    page = await admin.get(f"/admin/orders/{placed.id}")
    assert "/admin/books/transfers/" in page.text
    key = re.search(r'name="key" value="([^"]+)"', page.text)
    assert key
    fields = {"amount": "9.99", "reason": "Bought by mistake", "key": key[1]}
    answer = await admin.post(f"/admin/orders/{placed.id}/refund", **fields)
    assert "$9.99 are on their way back to the buyer." in (await admin.follow(answer)).text
    await jobs(reraise=False)
    after = await order(make, placed.id)
    assert (after.state, after.refunded_minor) == ("refunded", 999)
    async with make.tx() as ctx:
        assert (await wallet_of(ctx, ben.id)).purchased_minor == 0


async def test_a_refund_that_cannot_be_is_told_and_changes_nothing(make: Any, admin: Any) -> None:
    ben, ana = await make.member("ben"), await make.member("ana")
    placed = await bought(make, ben)
    path = f"/admin/orders/{placed.id}/refund"
    await admin.get(f"/admin/orders/{placed.id}")
    for amount, reason, error in (
        ("much", "Because of it", "Please give an amount"),
        ("-1", "Because of it", "More than nothing"),
        ("20", "Because of it", "At most $9.99 can be given back now"),
        ("1", "x", "Please use at least 3 characters"),
    ):
        answer = await admin.post(path, amount=amount, reason=reason, key="k")
        assert answer.status_code in (409, 422)
        assert error in answer.text
        assert f'value="{amount}"' in answer.text
    async with make.tx(ben) as ctx:
        await wallets.gift(ctx, recipient_id=ana.id, amount_coins=275, key="1")
    answer = await admin.post(path, amount="9.99", reason="All of it", key="k")
    assert answer.status_code == 409
    assert (await order(make, placed.id)).refunded_minor == 0


async def test_a_held_payout_is_decided(make: Any, admin: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    async with make.tx(ana) as ctx:
        payout = await payouts.request_payout(ctx, key="k")
    path = f"/admin/payouts/{payout.id}"
    page = await admin.get(path)
    assert "Hold it for review" in page.text
    answer = await admin.post(f"{path}/hold", reason="")
    assert answer.status_code == 422
    page = await admin.follow(await admin.post(f"{path}/hold", reason="Many gifts within an hour"))
    form = page.text.split(f'href="{path}/let-go"')[0].rsplit("<h2>Decide</h2>")[1]
    assert "<form" not in form, "one press asks, and sends nothing"
    text = words((await admin.get("/admin/payouts?state=in_review")).text)
    assert "@ana In review Many gifts within an hour 400.00 COIN 5.13 USD" in text
    await admin.get(path)
    answer = await admin.post(f"{path}/reject", reason="no")
    assert answer.status_code == 422
    async with make.tx() as ctx:
        assert (await PAYOUT(ctx.db, payout.id)).state == "in_review"
    page = await admin.get(f"{path}/let-go")
    for asks in (await admin.get(path), page):
        assert f'action="{path}/approve"' in asks.text
        said = f"It is sent to @ana at once, by sandbox to {payout.destination}. What has left does not come back."
        assert f"{said} Let $5.13 go" in words(asks.text)
    page = await admin.follow(await admin.post(f"{path}/approve"))
    assert "$5.13 is on its way to @ana." in words(page.text)
    assert "/let-go" not in page.text
    assert (await admin.get(f"{path}/let-go")).headers["location"] == path
    page = await admin.follow(await admin.post(f"{path}/reject", reason="Too late for this"))
    assert "It is pending, not in review" in page.text
    async with make.tx() as ctx:
        assert (await PAYOUT(ctx.db, payout.id)).state == "pending"
    assert (await admin.post(f"{path}/burn")).status_code == 422


async def test_nobody_decides_about_their_own(make: Any, signed_in: Any) -> None:
    ada = await make.user("ada", roles=("admin",))
    await make.coins(ada, promotional=0, earned=400)
    placed = await bought(make, ada)
    async with make.tx(ada) as ctx:
        payout = await payouts.request_payout(ctx, key="k")
    mine = await signed_in(ada)
    page = await mine.get(f"/admin/payouts/{payout.id}")
    assert "another administrator decides about it" in page.text
    assert "Hold it for review" not in page.text
    assert "Give money back" not in (await mine.get(f"/admin/orders/{placed.id}")).text
    assert (await mine.post(f"/admin/payouts/{payout.id}/hold", reason="Many gifts")).status_code == 403
    async with make.tx() as ctx:
        assert (await PAYOUT(ctx.db, payout.id)).state == "pending"


async def test_a_payout_is_called_off_with_a_reason(make: Any, admin: Any, signed_in: Any) -> None:
    ana = await make.member("ana", earned=400)
    async with make.tx(ana) as ctx:
        payout = await payouts.request_payout(ctx, key="k")
    async with make.tx() as ctx:
        await payouts.hold_for_review(ctx, payout.id, reason="Many gifts")
    await admin.get(f"/admin/payouts/{payout.id}")
    await admin.follow(await admin.post(f"/admin/payouts/{payout.id}/reject", reason="The gifts were your own"))
    text = words((await (await signed_in(ana)).get("/dashboard/earnings")).text)
    assert "The gifts were your own. The coins are back among your earned ones." in text
    assert "Available 400 coins" in text


async def test_dead_letters_are_retried_and_given_up(make: Any, admin: Any, jobs: Any) -> None:
    ids = []
    async with make.tx() as ctx:
        for number in range(3):
            ids.append(await enqueue(ctx, Doomed(f"reason number {number}")))
    await jobs(reraise=False)
    page = await admin.get("/admin/jobs/dead")
    assert "reason number 1" in page.text
    detail = await admin.get(f"/admin/jobs/{ids[0]}")
    assert "reason number 0" in detail.text
    page = await admin.follow(await admin.post(f"/admin/jobs/{ids[0]}/retry"))
    assert "It is back in its queue." in page.text
    page = await admin.follow(await admin.post(f"/admin/jobs/{ids[0]}/retry"))
    assert "not a dead letter any more" in page.text
    page = await admin.follow(await admin.post(f"/admin/jobs/{ids[1]}/discard"))
    assert "It is given up." in page.text
    async with make.tx() as ctx:
        rows = await ctx.db.fetch("select id, state from jobs where id = any($1)", ids)
    assert {row["id"]: row["state"] for row in rows} == {ids[0]: "waiting", ids[1]: "discarded", ids[2]: "dead"}
    kind = re.search(r'<option value="([^"]*Doomed)"', (await admin.get("/admin/jobs/dead")).text)
    assert kind
    page = await admin.follow(await admin.post("/admin/jobs/dead/retry-all", type=kind[1]))
    assert "1 of " in page.text
    assert "No dead letters" in page.text
    assert (await admin.post("/admin/jobs/dead/retry-all")).status_code == 422
    assert (await admin.post(f"/admin/jobs/{new_id()}/retry")).status_code == 404
    await jobs(reraise=False)


async def test_jobs_are_filtered_by_the_address(make: Any, admin: Any, jobs: Any) -> None:
    async with make.tx() as ctx:
        await enqueue(ctx, Doomed("a reason"))
    await jobs(reraise=False)
    assert "Doomed" in (await admin.get("/admin/jobs?state=dead")).text
    assert "No such job" in (await admin.get("/admin/jobs?state=running")).text
    assert "No such job" in (await admin.get("/admin/jobs?queue=nowhere")).text
    assert (await admin.get("/admin/jobs?state=sleeping")).status_code == 422
    assert (await admin.get(f"/admin/jobs/{new_id()}")).status_code == 404


async def test_the_inbox_shows_what_was_not_believed(make: Any, admin: Any, client: Any, jobs: Any) -> None:
    ben = await make.member("ben")
    await bought(make, ben)
    await jobs(reraise=False)
    headers = {"sandbox-signature": "t=1,v1=00"}
    assert (await client.post("/api/v1/webhooks/sandbox", content=b'{"a":1}', headers=headers)).status_code == 400
    text = words((await admin.get("/admin/webhooks")).text)
    assert "Refused" in text
    assert "payment.succeeded sandbox" in text
    refused = await admin.get("/admin/webhooks?state=refused")
    assert "payment.succeeded" not in refused.text
    found = re.search(r'href="(/admin/webhooks/[0-9a-f-]{36})"', refused.text)
    assert found
    detail = await admin.get(found[1])
    assert "&#34;a&#34;: 1" in detail.text
    assert "Try again now" not in detail.text
    page = await admin.follow(await admin.post(f"{found[1]}/repeat"))
    assert "was not believed" in page.text
    assert (await admin.get("/admin/webhooks?state=maybe")).status_code == 422


async def test_a_text_in_review_is_published_or_sent_back(make: Any, moderator: Any, admin: Any) -> None:
    ana = await make.member("ana")
    post = await make.post(ana, title="Ten ways to double")
    async with make.tx() as ctx:
        await ctx.db.execute(
            """update works set state = 'in_review', submitted_at = now(), screening_score = 4,
                 screening_reasons = array['wording of advertisements'] where id = $1""",
            post.id,
        )
    page = await moderator.get("/admin/review")
    text = words(page.text)
    assert "One text waits." in text
    assert "Ten ways to double" in text
    assert "Score 4 Wording of advertisements" in text
    revision = re.search(r'name="revision" value="(\d+)"', page.text)
    assert revision
    answer = await moderator.post(f"/admin/review/{post.id}/refuse", revision=revision[1], reason=" ")
    assert answer.status_code == 422
    assert f'id="reason-{post.id}-error"' in answer.text
    page = await moderator.follow(
        await moderator.post(f"/admin/review/{post.id}/approve", revision=str(int(revision[1]) - 1))
    )
    assert "Ten ways to double" in page.text  # somebody had changed it since it was read
    page = await moderator.follow(
        await moderator.post(f"/admin/review/{post.id}/refuse", revision=revision[1], reason="This is only advertising")
    )
    assert "went back to its author" in page.text
    assert "Nothing to review" in page.text
    async with make.tx() as ctx:
        row = await ctx.db.fetchrow("select state, review_note from works where id = $1", post.id)
    assert tuple(row) == ("refused", "This is only advertising")
