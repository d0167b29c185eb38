"""What people owe after a refund: written down, and taken from what comes in next (M13)."""

from collections.abc import Mapping
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.money.ledger import actions as ledger
from stoa.money.ledger.types import AccountRef, Leg
from stoa.money.wallet.types import COIN

_OWE_COINS = run("update wallets set debt_minor = debt_minor + $2 where user_id = $1")
_OWE_CREDITS = run(
    """insert into credit_debts (user_id, asset, debt_minor) values ($1, $2, $3)
       on conflict (user_id, asset) do update set debt_minor = credit_debts.debt_minor + excluded.debt_minor"""
)
_CREDITS_PAID = run("update credit_debts set debt_minor = debt_minor - $3 where user_id = $1 and asset = $2")
_COINS_OWED = value(int | None, "select debt_minor from wallets where user_id = $1 for no key update")
_CREDITS_OWED = value(
    int | None, "select debt_minor from credit_debts where user_id = $1 and asset = $2 for no key update"
)


def receivable(asset: str) -> AccountRef:
    """What people owe the platform of an asset."""
    return AccountRef(None, asset, "receivable")


async def owe(ctx: Ctx, user_id: UUID, asset: str, owed_minor: int) -> None:
    """Writes a debt down; post a leg of the same amount from `receivable` in the same transaction."""
    if not owed_minor:
        return
    if asset == COIN:
        await _OWE_COINS(ctx.db, user_id, owed_minor)
    else:
        await _OWE_CREDITS(ctx.db, user_id, asset, owed_minor)


async def owed(ctx: Ctx, user_id: UUID, asset: str) -> int:
    """What somebody owes, which stays so until the transaction ends; call it after the ledger's locks."""
    found = _COINS_OWED(ctx.db, user_id) if asset == COIN else _CREDITS_OWED(ctx.db, user_id, asset)
    return await found or 0


async def repay(ctx: Ctx, user_id: UUID, asset: str, incoming_minor: int) -> int:
    """How much of what comes in pays off a debt (M13), written down; call it after the ledger's locks."""
    repaid_minor = min(await owed(ctx, user_id, asset), incoming_minor)
    await pay_off(ctx, user_id, asset, repaid_minor)
    return repaid_minor


async def pay_off(ctx: Ctx, user_id: UUID, asset: str, repaid_minor: int) -> None:
    """Writes down that so much of what is `owed` is paid; post a leg of the same amount to `receivable`."""
    if not repaid_minor:
        return
    if asset == COIN:
        await _OWE_COINS(ctx.db, user_id, -repaid_minor)
    else:
        await _CREDITS_PAID(ctx.db, user_id, asset, repaid_minor)


async def take_back(ctx: Ctx, held: Mapping[AccountRef, int], account: AccountRef, due_minor: int) -> list[Leg]:
    """Legs that take `due_minor` from somebody's account as far as it is there, and the rest as a debt, written down.

    `held` is what `ledger.lock_balances` answered, with the account in it. Raises nothing: what was spent, or paid out
    already, is owed (M13).
    """
    assert account.owner_id is not None
    taken_minor = min(due_minor, held.get(account, 0))
    owed_minor = due_minor - taken_minor
    await owe(ctx, account.owner_id, account.asset, owed_minor)
    return [Leg(account, -taken_minor), Leg(receivable(account.asset), -owed_minor)]


async def collect(ctx: Ctx, user_id: UUID, asset: str, *, key: str, cause: str) -> int:
    """Pays off what somebody owes from what they have earned, now that money which was reserved is theirs again: it
    would be paid out else, past the debt (M13). Answers how much, in the smallest unit of the asset."""
    earned = AccountRef(user_id, asset, "earned")
    held_minor = (await ledger.lock_balances(ctx, [earned])).get(earned, 0)  # balances before debts, as everywhere
    repaid_minor = await repay(ctx, user_id, asset, held_minor)
    if repaid_minor:
        legs = [Leg(earned, -repaid_minor), Leg(receivable(asset), repaid_minor)]
        await ledger.post(ctx, kind="debt_repaid", legs=legs, key=key, cause=cause)
    return repaid_minor
