"""Reading the books."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from stoa.kit.clock import utcnow
from stoa.kit.errors import Invalid, NotFound
from stoa.money.ledger import actions, queries
from tests.money.ledger.people import clean, fund, platform, post, purse


async def test_balances_at_any_time(ctx: Any) -> None:
    ana, times = uuid4(), [utcnow()]
    await fund(ctx, purse(ana), 100)
    times.append(utcnow())
    for _ in range(3):
        await post(ctx, {purse(ana): -20, platform("fees"): 20})
        times.append(utcnow())
    await actions.fold(ctx)
    assert [await queries.balance(ctx, purse(ana), at) for at in times] == [0, 100, 80, 60, 40]
    assert [await queries.balance(ctx, platform("fees"), at) for at in times] == [0, 0, 20, 40, 60]
    assert await queries.balance(ctx, purse(ana)) == 40
    assert await queries.balance(ctx, platform("fees")) == 60
    assert await queries.balance(ctx, purse(uuid4())) == await queries.balance(ctx, platform("charity")) == 0
    for at, issued in zip(times, (0, -100, -100, -100, -100), strict=True):
        books = await queries.trial_balance(ctx, at)
        assert {t.asset: t.total_minor for t in books.totals} == {"COIN": 0}
        assert {row.purpose: row.balance_minor for row in books.rows}["issued"] == issued


async def test_a_statement_goes_on_where_it_stopped(ctx: Any) -> None:
    ana = uuid4()
    await fund(ctx, purse(ana, "purchased"), 100)
    await fund(ctx, purse(ana, asset="USD"), 7)
    for n in range(6):
        await post(ctx, {purse(ana, "purchased"): -n - 1, purse(ana): n + 1}, cause=f"Move {n}")
    whole = (await queries.statement(ctx, ana, "COIN", limit=50)).items
    assert [line.cause for line in whole if line.purpose == "earned"] == [f"Move {n}" for n in reversed(range(6))]
    assert [line.balance_after_minor for line in whole if line.purpose == "earned"] == [21, 15, 10, 6, 3, 1]
    pages, cursor = [], None
    while True:
        page = await queries.statement(ctx, ana, "COIN", cursor, limit=4)
        pages += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert pages == whole
    assert len((await queries.statement(ctx, ana)).items) == 14
    assert (await queries.statement(ctx, uuid4())).items == []
    with pytest.raises(Invalid):
        await queries.statement(ctx, ana, "COIN", "nonsense")


async def test_the_platforms_accounts_have_statements_too(ctx: Any) -> None:
    ana = uuid4()
    for n in range(5):
        await fund(ctx, purse(ana), n + 1)
    issued = next(a for a in (await queries.accounts(ctx, platform=True)).items if a.purpose == "issued")
    assert (issued.id < 0, issued.kind, issued.balance_minor) == (True, "clearing", -15)
    assert await queries.account(ctx, issued.id) == issued
    first = await queries.account_statement(ctx, issued.id, limit=3)
    rest = await queries.account_statement(ctx, issued.id, first.next_cursor, limit=3)
    assert [line.amount_minor for line in (*first.items, *rest.items)] == [-5, -4, -3, -2, -1]
    assert {line.balance_after_minor for line in first.items} == {None}
    assert rest.next_cursor is None
    with pytest.raises(NotFound):
        await queries.account(ctx, 10**12)


async def test_accounts_and_transfers_by_page(ctx: Any) -> None:
    owners = [uuid4() for _ in range(4)]
    for owner in owners:
        await fund(ctx, purse(owner), 5)
    found, cursor = [], None
    while True:
        page = await queries.accounts(ctx, cursor, asset="COIN", limit=2)
        found += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert [a.owner_id for a in found] == [None, *owners]
    assert [a.owner_id for a in (await queries.accounts(ctx, owner_id=owners[2])).items] == [owners[2]]
    assert (await queries.accounts(ctx, asset="USD")).items == []
    first = await queries.transfers(ctx, limit=3)
    rest = await queries.transfers(ctx, first.next_cursor, limit=3)
    assert len(first.items) == 3 and len(rest.items) == 1
    ids = [row.id for row in (*first.items, *rest.items)]
    assert ids == sorted(ids, reverse=True)
    with pytest.raises(NotFound):
        await queries.transfer(ctx, uuid4())


async def test_the_trial_balance_tells_purposes_apart(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana, "purchased"), 100)
    await post(ctx, {purse(ana, "purchased"): -100, purse(bob): 40, platform("fees"): 60})
    books = await queries.trial_balance(ctx)
    assert [(r.platform, r.purpose, r.kind, r.accounts, r.balance_minor) for r in books.rows] == [
        (False, "earned", "liability", 1, 40),
        (False, "purchased", "liability", 1, 0),
        (True, "fees", "income", 1, 60),
        (True, "issued", "clearing", 1, -100),
    ]
    assert [(t.debits_minor, t.credits_minor, t.total_minor) for t in books.totals] == [(-100, 100, 0)]


TOGETHER = "an account's history begins at zero and hangs together"
NATURAL = "no posting leaves less than zero, and those of the platform keep no balance"
EMPTIED = "account_id = (select id from ledger_accounts where purpose = 'purchased' and balance_minor = 0)"


async def broken(ctx: Any, sql: str) -> dict[str, list[str]]:
    """What verify says after something was changed with the guards switched off."""
    async with ctx.db.transaction():
        await ctx.db.execute("set local session_replication_role = replica")
        await ctx.db.execute(sql)
        await ctx.db.execute("set local session_replication_role = origin")
    found: dict[str, list[str]] = {}
    for difference in await queries.verify(ctx.db):
        found.setdefault(difference.fact, []).append(str(difference))
    return found


@pytest.mark.parametrize(
    ("sql", "facts"),
    [
        (
            "update ledger_accounts set balance_minor = balance_minor + 1 where purpose = 'earned'",
            {
                "every balance is the sum of its postings",
                "every posting continues its account's balance",
                "all accounts of an asset sum to zero",
            },
        ),
        (
            "update ledger_accounts set folded_minor = 5 where purpose = 'fees'",
            {"every balance is the sum of its postings", "all accounts of an asset sum to zero"},
        ),
        (
            "delete from ledger_pending where ctid = (select min(ctid) from ledger_pending)",
            {"every balance is the sum of its postings", "all accounts of an asset sum to zero"},
        ),
        (
            """update ledger_postings set amount_minor = amount_minor + 1
               where ctid = (select max(ctid) from ledger_postings)""",
            {
                "every balance is the sum of its postings",
                "every transfer sums to zero for each asset",
                "the postings of a transfer are its legs",
            },
        ),
        (
            """update ledger_postings set balance_after_minor = balance_after_minor + 1
               where ctid = (select min(ctid) from ledger_postings where account_id > 0)""",
            {"every posting continues its account's balance"},
        ),
        (
            """delete from ledger_postings
               where transfer_id = (select max(transfer_id::text)::uuid from ledger_postings)""",
            {
                "every balance is the sum of its postings",
                "every posting continues its account's balance",
                "the postings of a transfer are its legs",
            },
        ),
        (
            "update ledger_postings set created_at = created_at - interval '1 minute'",
            {"the postings of a transfer are its legs"},
        ),
        (
            """update ledger_postings set created_at = created_at + interval '1 year'
               where ctid = (select max(ctid) from ledger_postings)""",
            {"the postings of a transfer are its legs"},
        ),
        (f"update ledger_postings set balance_after_minor = balance_after_minor + 1000000 where {EMPTIED}", {TOGETHER}),
        (
            f"update ledger_postings set balance_after_minor = balance_after_minor - 1000 where {EMPTIED}",
            {TOGETHER, NATURAL},
        ),
        ("update ledger_postings set balance_after_minor = 7 where account_id < 0", {NATURAL}),
        (
            "delete from ledger_transfers where id = (select max(id::text)::uuid from ledger_transfers)",
            {"the postings of a transfer are its legs"},
        ),
        (
            "update ledger_holds set state = 'released', closing = id, closed_at = now()",
            {"reserved is what open holds say"},
        ),
        (
            "update ledger_transfers set reverses = gen_random_uuid() where kind = 'test'",
            {"a reversal undoes what it names"},
        ),
        (
            """update ledger_transfers
               set reverses = (select max(id::text)::uuid from ledger_transfers where kind = 'hold')
               where id = (select max(id::text)::uuid from ledger_transfers where kind = 'test')""",
            {"a reversal undoes what it names"},
        ),
    ],
)
async def test_verify_names_what_differs(ctx: Any, sql: str, facts: set[str]) -> None:
    ana = uuid4()
    await fund(ctx, purse(ana), 100)
    async with ctx.db.transaction():
        await actions.hold(ctx, kind="hold", legs_from=[_leg(ana, 30)], key="h", cause="A test")
    await post(ctx, {purse(ana): -10, purse(ana, "purchased"): 4, platform("fees"): 6})
    bob = await fund(ctx, purse(uuid4(), "purchased"), 50)
    await actions.reverse(ctx, bob.transfer_id, key="back", cause="A test")
    await clean(ctx.db)
    found = await broken(ctx, sql)
    assert facts <= set(found), found
    assert set(found) - facts <= {"reserved is what open holds say", TOGETHER}, found


async def test_a_clock_that_was_set_back_is_no_difference(ctx: Any) -> None:
    """Four movements, dated in another order than they were made; and then a part that hangs in the air."""
    ana = uuid4()
    await fund(ctx, purse(ana), 100)
    made = [await post(ctx, {purse(ana): -minor, platform("fees"): minor}) for minor in (10, 20, -30, 5)]
    later = "created_at = created_at + {} * interval '1 hour'"
    for hours, one in zip((4, 3, 2, 1), made, strict=True):
        moved = [
            f"update {table} set {later.format(hours)} where {column} = '{one.transfer_id}'"
            for table, column in (("ledger_transfers", "id"), ("ledger_postings", "transfer_id"))
        ]
        assert await broken(ctx, ";".join(moved)) == {}
    around = ", ".join(f"'{one.transfer_id}'" for one in made[:3])
    cut = f"update ledger_postings set balance_after_minor = balance_after_minor + 7 where transfer_id in ({around})"
    assert set(await broken(ctx, f"{cut} and account_id > 0")) == {TOGETHER}


async def test_verify_names_a_reversal_that_was_not_noted(ctx: Any) -> None:
    receipt = await fund(ctx, purse(uuid4()), 100)
    await actions.reverse(ctx, receipt.transfer_id, key="back", cause="A test")
    await clean(ctx.db)
    assert set(await broken(ctx, "delete from ledger_reversals")) == {"a reversal undoes what it names"}


def _leg(owner: Any, minor: int) -> Any:
    from stoa.money.ledger.types import Leg

    return Leg(purse(owner), minor)


async def test_verify_says_expected_and_found(ctx: Any) -> None:
    ana = uuid4()
    await fund(ctx, purse(ana), 100)
    found = await broken(ctx, "update ledger_accounts set balance_minor = 130 where id > 0")
    (text,) = found["every balance is the sum of its postings"]
    assert f"COIN earned of {ana}" in text and "expected 100, found 130" in text


async def test_before_the_first_transfer_the_books_are_empty_and_right(ctx: Any) -> None:
    books = await queries.trial_balance(ctx, utcnow() - timedelta(days=1))
    assert (books.rows, books.totals) == ([], [])
    await clean(ctx.db)
