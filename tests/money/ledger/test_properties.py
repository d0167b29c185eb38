"""Whatever is done in whatever order, the ledger does what a model of it in a dict does (M1, M9)."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from stoa.kit.errors import StoaError
from stoa.money.ledger import actions, queries
from stoa.money.ledger.types import AccountRef, Receipt, TransferOrder
from tests.money.ledger.people import clean, hold, legs, platform, post, purse, release, reverse, settle

PEOPLE = [UUID(int=number) for number in (3, 1, 2)]
MINOR = st.integers(1, 60)
PERSON = st.sampled_from(PEOPLE)
ACCOUNT = st.one_of(
    st.builds(purse, PERSON, st.sampled_from(["promotional", "purchased", "earned"]), st.sampled_from(["COIN", "JPY"])),
    st.builds(platform, st.sampled_from(["fees", "charity", "issued"]), st.sampled_from(["COIN", "JPY"])),
)
PAST = st.integers(0, 30)
START_MINOR = 100


@st.composite
def balanced(draw: st.DrawFn) -> dict[AccountRef, int]:
    """Legs that balance: some accounts move something, and one per asset takes what is over."""
    moved = draw(st.dictionaries(ACCOUNT, st.one_of(MINOR, MINOR, st.integers(-40, -1)), min_size=1, max_size=4))
    amounts = Counter(moved)
    for asset in {account.asset for account in moved}:
        total = sum(minor for account, minor in amounts.items() if account.asset == asset)
        amounts[draw(st.sampled_from([platform("issued", asset), purse(PEOPLE[0], "earned", asset)]))] -= total
    return {account: minor for account, minor in amounts.items() if minor}


POST = st.tuples(st.just("post"), balanced().filter(bool))
STEP = st.one_of(
    POST,
    POST,
    st.tuples(st.just("again"), PAST),
    st.tuples(st.just("reverse"), PAST),
    st.tuples(
        st.just("hold"),
        st.dictionaries(
            st.builds(purse, PERSON, st.sampled_from(["purchased", "earned"])), MINOR, min_size=1, max_size=3
        ),
    ),
    st.tuples(st.just("settle"), PAST, st.dictionaries(st.builds(purse, PERSON), MINOR, min_size=1, max_size=2)),
    st.tuples(st.just("release"), PAST),
    st.tuples(st.just("group"), st.lists(balanced().filter(bool), max_size=4)),
    st.tuples(st.just("fold")),
)


class Model:
    """The ledger as a dict."""

    def __init__(self) -> None:
        self.balances: Counter[AccountRef] = Counter()
        self.transfers: list[tuple[str, UUID, dict[AccountRef, int]]] = []  # key, id, what it moved
        self.reversed: set[UUID] = set()
        self.holds: list[tuple[UUID, dict[AccountRef, int]]] = []
        self.open: set[UUID] = set()
        self.times: list[tuple[Any, Counter[AccountRef]]] = []

    def fits(self, amounts: dict[AccountRef, int]) -> bool:
        return all(self.balances[a] + minor >= 0 for a, minor in amounts.items() if a.owner_id is not None)

    def apply(self, amounts: dict[AccountRef, int]) -> None:
        for account, minor in amounts.items():
            self.balances[account] += minor

    def made(self, key: str, id_: UUID, amounts: dict[AccountRef, int]) -> None:
        self.apply(amounts)
        self.transfers.append((key, id_, amounts))


def reserved(account: AccountRef) -> AccountRef:
    return AccountRef(account.owner_id, account.asset, account.purpose + "_reserved")


async def answer(call: Any) -> Any:
    try:
        return await call
    except StoaError as error:
        return error


async def take_post(ctx: Any, model: Model, number: int, amounts: dict[AccountRef, int]) -> None:
    key, fits = f"step{number}", model.fits(amounts)
    found = await answer(post(ctx, amounts, key))
    assert isinstance(found, Receipt) == fits, (found, amounts)
    if fits:
        model.made(key, found.transfer_id, amounts)


async def take_again(ctx: Any, model: Model, _: int, which: int) -> None:
    if model.transfers:
        key, id_, amounts = model.transfers[which % len(model.transfers)]
        assert await post(ctx, amounts, key) == Receipt(id_, True)


async def take_reverse(ctx: Any, model: Model, number: int, which: int) -> None:
    if len(model.transfers) < 2:
        return
    _, id_, amounts = model.transfers[1:][which % len(model.transfers[1:])]  # not the start
    back = {account: -minor for account, minor in amounts.items()}
    possible = id_ not in model.reversed and model.fits(back)
    found = await answer(reverse(ctx, id_, f"step{number}"))
    assert isinstance(found, Receipt) == possible, found
    if possible:
        model.apply(back)
        model.reversed.add(id_)


async def take_hold(ctx: Any, model: Model, number: int, amounts: dict[AccountRef, int]) -> None:
    aside = {account: -minor for account, minor in amounts.items()}
    possible = model.fits(aside)
    found = await answer(hold(ctx, amounts, f"step{number}"))
    assert isinstance(found, StoaError) != possible, found
    if possible:
        model.apply(aside)
        model.apply({reserved(account): minor for account, minor in amounts.items()})
        model.holds.append((found.id, amounts))
        model.open.add(found.id)


async def take_settle(ctx: Any, model: Model, number: int, which: int, to: dict[AccountRef, int]) -> None:
    if not model.holds:
        return
    id_, amounts = model.holds[which % len(model.holds)]
    due = sum(to.values())
    possible = id_ in model.open and due <= sum(amounts.values())
    found = await answer(settle(ctx, id_, to, f"step{number}"))
    assert isinstance(found, StoaError) != possible, found
    if possible:
        model.open.remove(id_)
        model.apply({reserved(account): -minor for account, minor in amounts.items()})
        for account, minor in amounts.items():
            taken = min(due, minor)
            due -= taken
            model.apply({account: minor - taken})
        model.apply(to)


async def take_release(ctx: Any, model: Model, number: int, which: int) -> None:
    if not model.holds:
        return
    id_, amounts = model.holds[which % len(model.holds)]
    found = await answer(release(ctx, id_, f"step{number}"))
    assert isinstance(found, StoaError) == (id_ not in model.open), found
    if id_ in model.open:
        model.open.remove(id_)
        model.apply({reserved(account): -minor for account, minor in amounts.items()})
        model.apply(amounts)


async def take_group(ctx: Any, model: Model, number: int, group: list[dict[AccountRef, int]]) -> None:
    orders = [
        TransferOrder(kind="test", legs=tuple(legs(amounts)), key=f"step{number}.{place}", cause="A test")
        for place, amounts in enumerate(group)
    ]
    for order, amounts, found in zip(orders, group, await actions.post_many(ctx, orders), strict=True):
        assert isinstance(found, Receipt) == model.fits(amounts), found
        if isinstance(found, Receipt):
            model.made(order.key, found.transfer_id, amounts)


async def take_fold(ctx: Any, _: Model, __: int) -> None:
    await actions.fold(ctx, 3)


TAKE: dict[str, Any] = {
    "post": take_post,
    "again": take_again,
    "reverse": take_reverse,
    "hold": take_hold,
    "settle": take_settle,
    "release": take_release,
    "group": take_group,
    "fold": take_fold,
}


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=8, max_size=30))
async def test_the_ledger_does_what_its_model_does(ctx: Any, steps: list[tuple[Any, ...]]) -> None:
    savepoint = ctx.db.transaction()
    await savepoint.start()
    try:
        model = Model()
        start = {purse(who, purpose): START_MINOR for who in PEOPLE for purpose in ("purchased", "earned")}
        await take_post(ctx, model, -1, {**start, platform("issued"): -sum(start.values())})
        for number, (what, *arguments) in enumerate(steps):
            await TAKE[what](ctx, model, number, *arguments)
            model.times.append((await ctx.db.fetchval("select clock_timestamp()"), model.balances.copy()))
        event(f"holds: {len(model.holds)}, of which open: {len(model.open)}")
        event(f"reversals: {len(model.reversed)}")
        for account, minor in model.balances.items():
            assert await queries.balance(ctx, account) == minor, account
        at, then = model.times[len(model.times) // 2]
        for account in model.balances:
            assert await queries.balance(ctx, account, at) == then[account], account
        assert all(total.total_minor == 0 for total in (await queries.trial_balance(ctx)).totals)
        await clean(ctx.db)
    finally:
        await savepoint.rollback()
