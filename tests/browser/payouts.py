"""A payout is sent some seconds after it was asked for; a test that looks at it, or cancels it, must not hurry."""

from typing import Any

from tests.browser.house import House


def do_not_hurry(monkeypatch: Any) -> None:
    """From now on payouts wait until `let_go`."""
    monkeypatch.setattr("stoa.money.payouts.actions.SUBMIT_AFTER_S", 3600)


async def let_go(house: House) -> None:
    """The time in which one may think better of it is over."""
    async with house.make.tx() as ctx:
        await ctx.db.execute("update payouts set submit_at = $1", ctx.now)
        moved = await ctx.db.execute("update jobs set run_at = $1 where type like '%.SubmitPayout'", ctx.now)
        assert moved != "UPDATE 0"
