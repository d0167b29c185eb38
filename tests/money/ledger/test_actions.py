"""Posting, reversing, locking, folding."""

from typing import Any
from uuid import uuid4

import pytest

from stoa.kit.errors import NotFound
from stoa.money.ledger import actions, queries
from stoa.money.ledger.errors import (
    AlreadyReversed,
    InsufficientFunds,
    KeyReused,
    NotReversible,
    Unbalanced,
    UnknownAccount,
)
from stoa.money.ledger.types import Leg
from tests.money.ledger.people import clean, fund, held, hold, legs, platform, post, purse, release, reverse, settle


async def test_a_transfer_moves_and_says_what_it_did(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana, "purchased"), 1_000)
    receipt = await post(
        ctx,
        {purse(ana, "purchased"): -1_000, purse(bob): 400, platform("fees"): 600},
        kind="gift",
        cause="Ana gave ten coins",
        metadata={"gift": 7},
    )
    assert not receipt.replayed
    assert await held(ctx, ana) == {}
    assert await held(ctx, bob) == {("COIN", "earned"): 400}
    assert await queries.balance(ctx, platform("fees")) == 600
    seen = await queries.transfer(ctx, receipt.transfer_id)
    assert (seen.kind, seen.cause, seen.metadata) == ("gift", "Ana gave ten coins", {"gift": 7})
    assert [(p.owner_id, p.purpose, p.amount_minor, p.balance_after_minor) for p in seen.postings] == [
        (ana, "purchased", -1_000, 0),
        (bob, "earned", 400, 400),
        (None, "fees", 600, None),
    ]
    await clean(ctx.db)


async def test_one_transfer_is_one_round_trip(ctx: Any, queries: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    with queries() as sent:
        await actions.post(ctx, kind="test", legs=legs({purse(ana): -1, purse(bob): 1}), key="once", cause="A test")
    assert len(sent) == 1


async def test_several_assets_balance_each_for_itself(ctx: Any) -> None:
    ana = uuid4()
    await post(
        ctx,
        {
            platform("world:sandbox", "JPY"): -499,
            platform("coin_sales", "JPY"): 499,
            platform("issued"): -10_000,
            purse(ana, "purchased"): 10_000,
            platform("world:sandbox", "KWD"): -1_234,
            purse(ana, "earned", "KWD"): 1_234,
        },
    )
    assert await held(ctx, ana) == {("COIN", "purchased"): 10_000, ("KWD", "earned"): 1_234}
    totals = {total.asset: total.total_minor for total in (await queries.trial_balance(ctx)).totals}
    assert totals == {"COIN": 0, "JPY": 0, "KWD": 0}


async def test_legs_of_one_account_are_summed_and_nothing_is_left_out(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    given = [Leg(purse(ana), -60), Leg(purse(bob), 50), Leg(purse(ana), 10), Leg(platform("fees"), 0)]
    receipt = await actions.post(ctx, kind="test", legs=given, key="k", cause="A test")
    assert [p.amount_minor for p in (await queries.transfer(ctx, receipt.transfer_id)).postings] == [-50, 50]


@pytest.mark.parametrize("amounts", [{}, {"earned": 5}, {"earned": -5, "purchased": 4}, {"earned": 0}])
async def test_what_does_not_balance_is_refused_before_it_is_sent(ctx: Any, amounts: dict[str, int]) -> None:
    owner = uuid4()
    with pytest.raises(Unbalanced):
        await post(ctx, {purse(owner, purpose): minor for purpose, minor in amounts.items()})


async def test_an_amount_no_bigint_holds_is_refused(ctx: Any) -> None:
    with pytest.raises(Unbalanced):
        await post(ctx, {platform("issued"): -(10**16), purse(uuid4()): 10**16})


@pytest.mark.parametrize(
    "account", [purse(uuid4(), "savings"), purse(uuid4(), "fees"), platform("earned"), purse(uuid4(), asset="GOLD")]
)
async def test_an_account_nobody_declared_is_refused(ctx: Any, account: Any) -> None:
    with pytest.raises(UnknownAccount):
        await post(ctx, {platform("issued", account.asset): -5, account: 5})


async def test_reserved_accounts_are_for_holds(ctx: Any) -> None:
    owner = uuid4()
    await fund(ctx, purse(owner), 100)
    with pytest.raises(UnknownAccount):
        await post(ctx, {purse(owner): -5, purse(owner, "earned_reserved"): 5})


async def test_nobody_falls_below_zero_and_the_error_says_who(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    with pytest.raises(InsufficientFunds) as caught:
        await post(ctx, {purse(ana): -101, purse(bob): 101})
    assert caught.value.extra == {
        "owner_id": str(ana),
        "asset": "COIN",
        "purpose": "earned",
        "available_minor": 100,
        "needed_minor": 101,
    }
    with pytest.raises(InsufficientFunds) as caught:
        await post(ctx, {purse(bob): -1, purse(ana): 1})  # an account that was never opened
    assert caught.value.extra["available_minor"] == 0
    assert await held(ctx, ana) == {("COIN", "earned"): 100}
    await clean(ctx.db)


async def test_a_key_stands_for_one_transfer(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    amounts = {purse(ana): -100, purse(bob): 100}
    first = await post(ctx, amounts, "key", metadata={"a": 1, "b": 2})
    again = await post(ctx, dict(reversed(amounts.items())), "key", metadata={"b": 2, "a": 1})
    assert (again.transfer_id, again.replayed) == (first.transfer_id, True)
    for different in (
        {"amounts": {purse(ana): -99, purse(bob): 99}},
        {"kind": "other"},
        {"cause": "Another"},
        {"metadata": {"a": 2}},
    ):
        with pytest.raises(KeyReused) as caught:
            await post(ctx, different.pop("amounts", amounts), "key", **different)
        assert caught.value.extra == {"transfer_id": str(first.transfer_id)}
    assert await held(ctx, bob) == {("COIN", "earned"): 100}


async def test_a_reversal_undoes_once(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    gift = await post(ctx, {purse(ana): -100, purse(bob): 40, platform("fees"): 60})
    undone = await reverse(ctx, gift.transfer_id, "undo")
    assert await held(ctx, ana) == {("COIN", "earned"): 100}
    assert await held(ctx, bob) == {}
    assert await reverse(ctx, gift.transfer_id, "undo") == type(undone)(undone.transfer_id, True)
    with pytest.raises(AlreadyReversed) as caught:
        await reverse(ctx, gift.transfer_id)
    assert caught.value.extra["reversed_by"] == str(undone.transfer_id)
    with pytest.raises(NotReversible):
        await reverse(ctx, undone.transfer_id)
    with pytest.raises(NotFound):
        await reverse(ctx, uuid4())
    with pytest.raises(KeyReused):
        await post(ctx, {purse(ana): -1, purse(bob): 1}, "undo")
    seen = await queries.transfer(ctx, gift.transfer_id)
    assert (seen.reversed_by, (await queries.transfer(ctx, undone.transfer_id)).reverses) == (
        undone.transfer_id,
        gift.transfer_id,
    )
    await clean(ctx.db)


async def test_what_was_spent_cannot_be_taken_back(ctx: Any) -> None:
    ana, bob, carl = uuid4(), uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    gift = await post(ctx, {purse(ana): -100, purse(bob): 100})
    await post(ctx, {purse(bob): -1, purse(carl): 1})
    with pytest.raises(InsufficientFunds):
        await reverse(ctx, gift.transfer_id)
    assert await held(ctx, bob) == {("COIN", "earned"): 99}


async def test_a_settlement_is_reversed_to_where_the_money_came_from(ctx: Any) -> None:
    ana = uuid4()
    await fund(ctx, purse(ana), 100)
    held_back = await hold(ctx, {purse(ana): 80})
    with pytest.raises(NotReversible):
        await reverse(ctx, held_back.id)
    done = await settle(ctx, held_back.id, {platform("redeemed"): 50})
    await reverse(ctx, done.closing_transfer_id)
    assert await held(ctx, ana) == {("COIN", "earned"): 100}
    returned = await release(ctx, (await hold(ctx, {purse(ana): 80})).id)
    with pytest.raises(NotReversible):
        await reverse(ctx, returned.closing_transfer_id)
    await clean(ctx.db)


async def test_locking_answers_balances_and_opens_what_is_missing(ctx: Any) -> None:
    ana, bob = uuid4(), uuid4()
    await fund(ctx, purse(ana), 100)
    refs = [purse(bob), purse(ana), purse(ana), platform("issued"), platform("fees")]
    found = await actions.lock_balances(ctx, refs)
    assert found == {
        purse(ana): 100,
        purse(bob): 0,
        platform("issued"): -100,
        platform("fees"): 0,
    }
    await actions.open_accounts(ctx, refs)
    assert [b.purpose for b in await queries.balances(ctx, bob)] == ["earned"]


async def test_folding_changes_no_balance(ctx: Any) -> None:
    ana = uuid4()
    await fund(ctx, purse(ana), 100)
    for _ in range(5):
        await post(ctx, {purse(ana): -10, platform("fees"): 10})
    for folded in (4, 2, 0):
        assert await actions.fold(ctx, 4) == folded
        assert await queries.balance(ctx, platform("fees")) == 50
        assert await queries.balance(ctx, platform("issued")) == -100
        await clean(ctx.db)
