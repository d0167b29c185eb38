"""Holds in two steps (M9)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from stoa.kit.errors import NotFound
from stoa.kit.outbox import within
from stoa.money.ledger import actions, jobs, queries
from stoa.money.ledger.errors import (
    HoldClosed,
    HoldExceeded,
    InsufficientFunds,
    KeyReused,
    Unbalanced,
    UnknownAccount,
)
from stoa.money.ledger.messages import HoldExpired
from stoa.money.ledger.types import Leg
from tests.money.ledger.people import clean, fund, held, hold, legs, platform, purse, release, settle


async def three_buckets(ctx: Any) -> Any:
    owner = uuid4()
    for purpose, minor in (("promotional", 10), ("purchased", 20), ("earned", 30)):
        await fund(ctx, purse(owner, purpose), minor)
    return owner


async def test_a_hold_sets_aside_and_a_settlement_pays_the_first_buckets_first(ctx: Any) -> None:
    ana, bob = await three_buckets(ctx), uuid4()
    wanted = {purse(ana, "promotional"): 10, purse(ana, "purchased"): 20, purse(ana, "earned"): 5}
    kept = await hold(ctx, wanted)
    assert (kept.state, kept.legs, kept.closing_transfer_id) == ("held", legs(wanted), None)
    assert await held(ctx, ana) == {
        ("COIN", "earned"): 25,
        ("COIN", "earned_reserved"): 5,
        ("COIN", "promotional_reserved"): 10,
        ("COIN", "purchased_reserved"): 20,
    }
    await clean(ctx.db)
    done = await settle(ctx, kept.id, {purse(bob): 12, platform("fees"): 3})
    assert (done.state, done.legs) == ("settled", legs(wanted))
    assert await held(ctx, ana) == {("COIN", "earned"): 30, ("COIN", "purchased"): 15}
    assert await held(ctx, bob) == {("COIN", "earned"): 12}
    await clean(ctx.db)


async def test_a_release_gives_all_back(ctx: Any) -> None:
    ana = await three_buckets(ctx)
    before = await held(ctx, ana)
    kept = await hold(ctx, {purse(ana, "purchased"): 20, purse(ana): 1})
    done = await release(ctx, kept.id)
    assert done.state == "released" and done.closed_at is not None
    assert await held(ctx, ana) == before
    assert (await queries.transfer(ctx, done.closing_transfer_id)).kind == "test.released"


async def test_a_closed_hold_stays_closed_and_keys_are_kept(ctx: Any) -> None:
    ana, bob = await three_buckets(ctx), uuid4()
    kept = await hold(ctx, {purse(ana): 30}, "hold")
    assert await hold(ctx, {purse(ana): 30}, "hold") == kept
    with pytest.raises(KeyReused):
        await hold(ctx, {purse(ana): 29}, "hold")
    done = await settle(ctx, kept.id, {purse(bob): 30}, "settle")
    assert await settle(ctx, kept.id, {purse(bob): 30}, "settle") == done
    with pytest.raises(KeyReused):
        await settle(ctx, kept.id, {purse(bob): 29}, "settle")
    with pytest.raises(HoldClosed) as caught:
        await release(ctx, kept.id)
    assert caught.value.extra == {"hold_id": str(kept.id), "state": "settled"}
    with pytest.raises(NotFound):
        await release(ctx, uuid4())
    assert await hold(ctx, {purse(ana): 30}, "hold") == done  # as it is now
    assert await held(ctx, bob) == {("COIN", "earned"): 30}


async def test_a_hold_pays_no_more_than_it_holds(ctx: Any) -> None:
    ana = await three_buckets(ctx)
    with pytest.raises(InsufficientFunds):
        await hold(ctx, {purse(ana): 31})
    kept = await hold(ctx, {purse(ana): 30})
    with pytest.raises(HoldExceeded) as caught:
        await settle(ctx, kept.id, {platform("fees"): 31})
    assert caught.value.extra == {"hold_id": str(kept.id), "asset": "COIN", "missing_minor": 1}
    with pytest.raises(HoldExceeded):
        await settle(ctx, kept.id, {platform("fees", "USD"): 1})
    for wrong in ({}, {platform("fees"): -1}):
        with pytest.raises(Unbalanced):
            await settle(ctx, kept.id, wrong)
    with pytest.raises(UnknownAccount):
        await settle(ctx, kept.id, {purse(ana, "earned_reserved"): 1})
    with pytest.raises(UnknownAccount):
        await hold(ctx, {platform("fees"): 1})
    assert (await queries.hold(ctx, kept.id)).state == "held"
    await clean(ctx.db)


async def test_legs_beside_move_with_the_settlement(ctx: Any) -> None:
    ana = await three_buckets(ctx)
    kept = await hold(ctx, {purse(ana): 30})
    done = await actions.settle(
        ctx,
        kept.id,
        legs_to=[Leg(platform("redeemed"), 20)],
        beside=legs({platform("coin_sales", "USD"): -7, platform("payout_world:sandbox", "USD"): 7}),
        key="payout",
        cause="A payout",
    )
    assert await queries.balance(ctx, platform("payout_world:sandbox", "USD")) == 7
    assert len((await queries.transfer(ctx, done.closing_transfer_id)).postings) == 5
    assert await held(ctx, ana) == {("COIN", "earned"): 10, ("COIN", "promotional"): 10, ("COIN", "purchased"): 20}
    with pytest.raises(Unbalanced):
        await actions.settle(
            ctx,
            kept.id,
            legs_to=[Leg(platform("redeemed"), 20)],
            beside=legs({platform("coin_sales", "USD"): -7}),
            key="other",
            cause="A payout",
        )
    await clean(ctx.db)


@pytest.mark.parametrize("asset", ["COIN", "USD"])
async def test_a_settlement_takes_from_nobody_else(ctx: Any, asset: str) -> None:
    ana, bob = await three_buckets(ctx), uuid4()
    await fund(ctx, purse(bob, asset=asset), 50)
    kept = await hold(ctx, {purse(ana): 30})
    taken = {purse(bob, asset=asset): -50, platform("fees", asset): 50}
    with pytest.raises(Unbalanced):
        async with ctx.db.transaction():
            await actions.settle(
                ctx, kept.id, legs_to=[Leg(platform("redeemed"), 20)], beside=legs(taken), key="k", cause="A test"
            )
    assert await held(ctx, bob) == {(asset, "earned"): 50}
    await clean(ctx.db)


async def test_a_hold_to_its_own_bucket_is_a_release_of_that_part(ctx: Any) -> None:
    ana = await three_buckets(ctx)
    kept = await hold(ctx, {purse(ana): 30})
    await settle(ctx, kept.id, {purse(ana): 30})
    assert await held(ctx, ana) == {("COIN", "earned"): 30, ("COIN", "promotional"): 10, ("COIN", "purchased"): 20}


async def test_what_is_held_too_long_returns_once(tx: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[HoldExpired] = []
    from stoa.kit import outbox

    monkeypatch.setattr(outbox, "_WITHIN", {})

    @within(HoldExpired)
    async def hear(_: Any, event: HoldExpired) -> None:
        said.append(event)

    async with tx() as ctx:
        ana = await three_buckets(ctx)
        past, future = ctx.now - timedelta(seconds=1), ctx.now + timedelta(hours=1)
        late = [await hold(ctx, {purse(ana): minor}, expires_at=past) for minor in (5, 2)]
        await hold(ctx, {purse(ana): 7}, expires_at=future)
        await hold(ctx, {purse(ana): 11})
        settled = await hold(ctx, {purse(ana): 1}, expires_at=past)
        await settle(ctx, settled.id, {platform("fees"): 1})
    async with tx() as ctx:
        assert await jobs.expire_holds(ctx) == {"expired": 2}
        assert await jobs.expire_holds(ctx) == {"expired": 0}
        done = [await queries.hold(ctx, one.id) for one in late]
        assert [one.state for one in done] == ["expired", "expired"]
        assert sorted(said, key=str) == sorted((HoldExpired(one.id, one.closing_transfer_id) for one in done), key=str)
        assert (await held(ctx, ana))["COIN", "earned_reserved"] == 18
        assert [h.legs[0].amount_minor for h in (await queries.open_holds(ctx)).items] == [7, 11]
        assert len(await ctx.db.fetch("select distinct xmin from ledger_holds where state = 'expired'")) == 2
        await clean(ctx.db)


async def test_settle_release_and_expiry_at_once_end_it_once(live: Any, tx: Any, gather: Any) -> None:
    ana, bob = uuid4(), uuid4()
    async with tx() as ctx:
        await fund(ctx, purse(ana), 1_000)
        kept = [await hold(ctx, {purse(ana): 10}, expires_at=ctx.now - timedelta(seconds=1)) for _ in range(10)]

    async def settled(hold_id: Any) -> Any:
        async with tx() as ctx:
            return await settle(ctx, hold_id, {purse(bob): 10})

    async def released(hold_id: Any) -> Any:
        async with tx() as ctx:
            return await release(ctx, hold_id)

    async def expired() -> Any:
        async with tx() as ctx:
            return await actions.expire_next(ctx)

    tries = [act(one.id) for one in kept for act in (settled, released)]
    answers = await gather(*tries, *(expired() for _ in range(6)))
    bad = [a for a in answers if isinstance(a, BaseException) and not isinstance(a, HoldClosed)]
    assert bad == []
    async with tx() as ctx:
        states = [(await queries.hold(ctx, one.id)).state for one in kept]
        assert "held" not in states
        assert await held(ctx, bob) == (
            {("COIN", "earned"): 10 * states.count("settled")} if "settled" in states else {}
        )
        assert sum((await held(ctx, ana)).values()) == 1_000 - 10 * states.count("settled")
        await clean(ctx.db)
