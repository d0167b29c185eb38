"""Coins in people's hands."""

from typing import Any

from stoa.kit.ids import new_id
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg

SOURCE = {"promotional": "welcome", "purchased": "issued", "earned": "issued"}


async def make_coins(make: Any, user: Any, **coins: float) -> None:
    """Sets buckets to so many coins: `await make.coins(ana, promotional=0, purchased=500, earned=12.5)`."""
    async with make.tx() as ctx:
        refs = {bucket: AccountRef(user.id, "COIN", bucket) for bucket in coins}
        held = await ledger.lock_balances(ctx, list(refs.values()))
        legs: list[Leg] = []
        for bucket, wanted in coins.items():
            change = round(wanted * 100) - held[refs[bucket]]
            legs += [Leg(refs[bucket], change), Leg(AccountRef(None, "COIN", SOURCE[bucket]), -change)]
        if any(leg.amount_minor for leg in legs):
            await ledger.post(ctx, kind="test", legs=legs, key=f"test:{new_id()}", cause="Coins for a test")


async def make_member(make: Any, username: str | None = None, **coins: float) -> Any:
    """A person with exactly these coins, and no others."""
    user = await make.user(username)
    await make_coins(make, user, **{"promotional": 0, **coins})
    return user
