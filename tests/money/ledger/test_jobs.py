"""What the ledger does on its own."""

from typing import Any
from uuid import uuid4

import pytest

from stoa.kit.queue import GiveUp
from stoa.money.ledger import actions, jobs, queries
from tests.money.ledger.people import clean, fund, platform, post, purse


async def test_fold_takes_all_that_is_pending(ctx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "FOLD_ROWS", 3)
    ana = uuid4()
    await fund(ctx, purse(ana), 100)
    for _ in range(7):
        await post(ctx, {purse(ana): -1, platform("fees"): 1})
    assert await jobs.fold(ctx) == {"folded": 8}
    assert await jobs.fold(ctx) == {"folded": 0}
    assert await queries.balance(ctx, platform("fees")) == 7
    await clean(ctx.db)


async def test_two_folds_at_once_count_nothing_twice(live: Any, tx: Any, gather: Any) -> None:
    ana = uuid4()
    async with tx() as ctx:
        await fund(ctx, purse(ana), 100)
        for _ in range(30):
            await post(ctx, {purse(ana): -1, platform("fees"): 1})

    async def fold() -> int:
        async with tx() as ctx:
            return (await jobs.fold(ctx))["folded"]

    async def give() -> int:
        async with tx() as ctx:
            await post(ctx, {purse(ana): -1, platform("fees"): 1})
        return 0

    folded = await gather(*(act() for _ in range(10) for act in (fold, give)))
    assert sum(folded) + await fold() == 41
    async with tx() as ctx:
        assert await queries.balance(ctx, platform("fees")) == 40
        await clean(ctx.db)


async def test_verify_gives_up_with_what_differs(ctx: Any) -> None:
    await fund(ctx, purse(uuid4()), 100)
    assert await jobs.verify(ctx) == {"differences": 0}
    await ctx.db.execute("set local session_replication_role = replica")
    await ctx.db.execute("update ledger_accounts set balance_minor = 99 where id > 0")
    with pytest.raises(GiveUp, match="expected 100, found 99"):
        await jobs.verify(ctx)


async def test_verify_checks_the_facts_of_other_modules_too(ctx: Any, make: Any) -> None:
    await make.member("ana")
    await ctx.db.execute("delete from wallets")
    with pytest.raises(GiveUp, match="wallet: everybody has a wallet"):
        await jobs.verify(ctx)
