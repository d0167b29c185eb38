"""Accounts and transfers for the tests of the ledger."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.ids import new_id
from stoa.money.ledger import actions, queries
from stoa.money.ledger.types import AccountRef, Leg, Receipt


def purse(owner: UUID | None, purpose: str = "earned", asset: str = "COIN") -> AccountRef:
    return AccountRef(owner, asset, purpose)


def platform(purpose: str, asset: str = "COIN") -> AccountRef:
    return AccountRef(None, asset, purpose)


def legs(amounts: Mapping[AccountRef, int]) -> list[Leg]:
    return [Leg(account, minor) for account, minor in amounts.items()]


async def post(ctx: Ctx, amounts: Mapping[AccountRef, int], key: str | None = None, **more: Any) -> Receipt:
    """A transfer in a savepoint of its own, so that a refusal leaves the transaction usable."""
    given = {"kind": "test", "cause": "A test", **more}
    async with ctx.db.transaction():
        return await actions.post(ctx, legs=legs(amounts), key=key or str(new_id()), **given)


async def fund(ctx: Ctx, account: AccountRef, minor: int) -> Receipt:
    """Gives an account something, issued by the platform."""
    return await post(ctx, {platform("issued", account.asset): -minor, account: minor})


async def hold(ctx: Ctx, amounts: Mapping[AccountRef, int], key: str | None = None, **more: Any) -> Any:
    async with ctx.db.transaction():
        return await actions.hold(
            ctx, kind="test", legs_from=legs(amounts), key=key or str(new_id()), cause="A test", **more
        )


async def settle(ctx: Ctx, hold_id: UUID, amounts: Mapping[AccountRef, int], key: str | None = None) -> Any:
    async with ctx.db.transaction():
        return await actions.settle(ctx, hold_id, legs_to=legs(amounts), key=key or str(new_id()), cause="A test")


async def release(ctx: Ctx, hold_id: UUID, key: str | None = None) -> Any:
    async with ctx.db.transaction():
        return await actions.release(ctx, hold_id, key=key or str(new_id()), cause="A test")


async def reverse(ctx: Ctx, transfer_id: UUID, key: str | None = None) -> Receipt:
    async with ctx.db.transaction():
        return await actions.reverse(ctx, transfer_id, key=key or str(new_id()), cause="A test")


async def held(ctx: Ctx, owner: UUID) -> dict[tuple[str, str], int]:
    """What somebody has, zeros left out."""
    return {(b.asset, b.purpose): b.balance_minor for b in await queries.balances(ctx, owner) if b.balance_minor}


async def clean(db: Any) -> None:
    assert [str(difference) for difference in await queries.verify(db)] == []
