"""Coins and credits in people's hands, and where they are paid out."""

from typing import Any

from stoa.kit.ids import new_id
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.payouts.actions import destinations
from stoa.money.payouts.types import DestinationDetails

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


async def make_credits(make: Any, user: Any, asset: str = "USD", **minor: int) -> None:
    """Sets buckets of a currency, in its smallest unit: `await make.credits(ana, earned=1250, purchased=0)`."""
    async with make.tx() as ctx:
        refs = {bucket: AccountRef(user.id, asset, bucket) for bucket in minor}
        held = await ledger.lock_balances(ctx, list(refs.values()))
        changes = {bucket: wanted - held[refs[bucket]] for bucket, wanted in minor.items()}
        legs = [Leg(refs[bucket], change) for bucket, change in changes.items()]
        legs.append(Leg(AccountRef(None, asset, "world:test"), -sum(changes.values())))
        if any(changes.values()):
            await ledger.post(ctx, kind="test", legs=legs, key=f"test:{new_id()}", cause="Credits for a test")


async def make_destination(make: Any, user: Any, number: str = "0001 2345 6789", **given: Any) -> Any:
    """A place at the test bank to be paid out to, that can be used at once. `speed`: standard or express."""
    fields = {"account_number": number.replace(" ", ""), "speed": given.pop("speed", "standard")}
    details = {"holder": user.username.capitalize(), "currency": "USD", "country": "US"} | given
    label = details.pop("label", "Savings")
    async with make.tx(user) as ctx:
        made = await destinations.add(
            ctx,
            provider="sandbox",
            label=label,
            details=DestinationDetails(fields=fields, **details),
            password=user.password,
        )
        await ctx.db.execute("update payout_destinations set usable_from = created_at where id = $1", made.id)
    return made
