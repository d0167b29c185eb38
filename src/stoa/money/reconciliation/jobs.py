"""Comparing at night, and when somebody asks for it."""

from dataclasses import replace

from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles
from stoa.money.payments.actions.switchboard import switched_on as gateways_on
from stoa.money.payouts.actions.switchboard import switched_on as providers_on
from stoa.money.reconciliation import actions
from stoa.money.reconciliation.errors import RunUnderWay
from stoa.money.reconciliation.messages import Compare
from stoa.money.reconciliation.types import Subject


@handles(Compare)
async def compare(ctx: Ctx, job: Compare) -> dict[str, int]:
    """One run."""
    run = await actions.perform(ctx, job.run_id)
    return {"compared": run.compared, "found": run.found}


@every(name="reconciliation.nightly", cron="23 4 * * *", outside=True)
async def nightly(ctx: Ctx) -> int:
    """Orders a run for each gateway and each payout provider that is switched on; answers how many."""
    wanted: list[tuple[Subject, str]] = [("payments", name) for name in gateways_on(ctx.app.settings)]
    wanted += [("payouts", name) for name in providers_on(ctx.app.settings)]
    begun = 0
    for subject, name in wanted:
        try:
            async with ctx.app.database.transaction() as db:
                await actions.start(replace(ctx, db=db), subject=subject, gateway=name)
            begun += 1
        except RunUnderWay:  # by somebody's hand
            continue
    return begun
