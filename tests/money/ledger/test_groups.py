"""Group commit: each of a group is accepted or refused on its own."""

from typing import Any
from uuid import uuid4

from stoa.kit.errors import StoaError
from stoa.money.ledger import actions, queries
from stoa.money.ledger.errors import InsufficientFunds, KeyReused, Unbalanced, UnknownAccount
from stoa.money.ledger.types import AccountRef, Receipt, TransferOrder
from tests.money.ledger.people import clean, fund, held, legs, platform, post, purse


def order(amounts: dict[AccountRef, int], key: str | None = None) -> TransferOrder:
    return TransferOrder(kind="test", legs=tuple(legs(amounts)), key=key or str(uuid4()), cause="A test")


def outcomes(answers: list[Receipt | StoaError]) -> list[str]:
    return [("replayed" if a.replayed else "posted") if isinstance(a, Receipt) else type(a).__name__ for a in answers]


async def test_a_group_is_posted_as_if_one_by_one(ctx: Any) -> None:
    ana, bob, carl = uuid4(), uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    answers = await actions.post_many(
        ctx,
        [
            order({purse(ana): -60, purse(bob): 60}),
            order({purse(bob): -60, purse(carl): 24, platform("fees"): 36}),
            order({purse(ana): -40, platform("fees"): 40}),
            order({platform("issued", "USD"): -5, purse(carl, asset="USD"): 5}),
        ],
    )
    assert outcomes(answers) == ["posted"] * 4
    assert [await held(ctx, who) for who in (ana, bob, carl)] == [
        {},
        {},
        {("COIN", "earned"): 24, ("USD", "earned"): 5},
    ]
    assert await queries.balance(ctx, platform("fees")) == 76
    first = answers[0]
    assert isinstance(first, Receipt)
    seen = await queries.transfer(ctx, first.transfer_id)
    assert [(p.amount_minor, p.balance_after_minor) for p in seen.postings] == [(-60, 40), (60, 60)]
    await clean(ctx.db)


async def test_refusals_touch_nobody_else(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    known = await post(ctx, {purse(ana): -10, purse(bob): 10}, "known")
    answers = await actions.post_many(
        ctx,
        [
            order({purse(ana): -80, purse(bob): 80}),
            order({purse(ana): -20, purse(bob): 20}),  # 10 are left
            order({purse(ana): -10, purse(bob): 9}),
            order({purse(ana): -10, purse(bob): 10}, "known"),
            order({purse(ana): -11, purse(bob): 11}, "known"),
            order({purse(ana): -5, purse(bob): 5}, "twice"),
            order({purse(ana): -5, purse(bob): 5}, "twice"),
            order({purse(bob): -90, purse(ana): 90}),
            order({purse(ana): -96, purse(bob): 96}),
            order({purse(ana): -95, purse(bob): 95}),
        ],
    )
    assert outcomes(answers) == [
        "posted",
        "InsufficientFunds",
        "Unbalanced",
        "replayed",
        "KeyReused",
        "posted",
        "replayed",
        "posted",
        "InsufficientFunds",
        "posted",
    ]
    refusal, replay, taken = answers[1], answers[3], answers[4]
    assert isinstance(refusal, InsufficientFunds) and isinstance(replay, Receipt) and isinstance(taken, KeyReused)
    assert refusal.extra["available_minor"] == 10 and refusal.extra["needed_minor"] == 20
    assert replay.transfer_id == known.transfer_id
    assert taken.extra == {"transfer_id": str(known.transfer_id)}
    assert await held(ctx, ana) == {}
    assert await held(ctx, bob) == {("COIN", "earned"): 100}
    await clean(ctx.db)


async def test_a_key_that_is_posted_later_in_its_group_was_not_refused(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(bob), 100)
    gift = order({purse(ana): -80, purse(bob): 80}, "gift")
    answers = await actions.post_many(ctx, [gift, order({purse(bob): -80, purse(ana): 80}), gift])
    assert outcomes(answers) == ["replayed", "posted", "posted"]
    first, _, third = answers
    assert isinstance(first, Receipt) and isinstance(third, Receipt) and first.transfer_id == third.transfer_id
    await clean(ctx.db)


async def test_of_two_with_one_key_the_first_is_made(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    answers = await actions.post_many(
        ctx,
        [
            order({purse(ana): -5, purse(bob): 5}, "one"),
            order({purse(ana): -90, purse(bob): 90}, "one"),
            order({purse(ana): -50, purse(bob): 50}),
            order({purse(ana): -46, purse(bob): 46}),
        ],
    )
    assert outcomes(answers) == ["posted", "KeyReused", "posted", "InsufficientFunds"]
    assert await held(ctx, bob) == {("COIN", "earned"): 55}
    await clean(ctx.db)


async def test_an_empty_group_and_one_of_refusals_only(ctx: Any) -> None:
    assert await actions.post_many(ctx, []) == []
    answers = await actions.post_many(ctx, [order({purse(uuid4()): -1, platform("fees"): 1})])
    assert outcomes(answers) == ["InsufficientFunds"]
    await clean(ctx.db)


async def test_the_batcher_answers_each_caller(live: Any, tx: Any, gather: Any) -> None:
    ana, bob = uuid4(), uuid4()
    async with tx() as ctx:
        await fund(ctx, purse(ana), 50)
    async with actions.Batcher(live.database) as batcher:
        answers = await gather(
            *(batcher.post(order({purse(ana): -1, purse(bob): 1}, f"b{n % 60}")) for n in range(120)),
            batcher.post(order({purse(ana): -1})),
            batcher.post(order({purse(ana, "savings"): -1, purse(bob): 1})),
        )
    *many, unbalanced, unknown = answers
    assert isinstance(unbalanced, Unbalanced) and isinstance(unknown, UnknownAccount)
    receipts = [a for a in many if isinstance(a, Receipt)]
    assert len({r.transfer_id for r in receipts}) == 50
    assert sum(not r.replayed for r in receipts) == 50
    assert all(isinstance(a, InsufficientFunds) for a in many if not isinstance(a, Receipt))
    async with tx() as ctx:
        assert await held(ctx, bob) == {("COIN", "earned"): 50}
        await clean(ctx.db)


async def test_the_batcher_ends_with_what_waits_done(live: Any, tx: Any) -> None:
    import asyncio

    ana = uuid4()
    async with tx() as ctx:
        await fund(ctx, purse(ana), 500)
    async with actions.Batcher(live.database, most=10) as batcher:
        waiting = [asyncio.create_task(batcher.post(order({purse(ana): -1, platform("fees"): 1}))) for _ in range(100)]
        await asyncio.sleep(0)
    assert len(await asyncio.gather(*waiting)) == 100
    async with tx() as ctx:
        assert await held(ctx, ana) == {("COIN", "earned"): 400}


async def test_the_batcher_survives_a_wider_transaction_that_holds_its_accounts(live: Any, tx: Any) -> None:
    import asyncio

    ana, bob = sorted((uuid4(), uuid4()))
    async with tx() as ctx:
        await fund(ctx, purse(ana), 100)
        await fund(ctx, purse(bob), 100)
    async with actions.Batcher(live.database) as batcher:
        async with tx() as ctx:
            await post(ctx, {purse(bob): -1, platform("fees"): 1})
            group = asyncio.create_task(batcher.post(order({purse(ana): -5, purse(bob): 5})))
            await asyncio.sleep(0.1)
            await post(ctx, {purse(bob): -1, platform("fees"): 1})
        await group
    async with tx() as ctx:
        assert await held(ctx, ana) == {("COIN", "earned"): 95}
        assert await held(ctx, bob) == {("COIN", "earned"): 103}
