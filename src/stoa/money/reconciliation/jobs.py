"""Comparing at night, and when somebody asks for it."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.queue import every, handles
from stoa.money.payments.actions.switchboard import switched_on as gateways_on
from stoa.money.payments.errors import GatewayDisconnected
from stoa.money.payouts.actions.switchboard import switched_on as providers_on
from stoa.money.reconciliation import actions, queries
from stoa.money.reconciliation.errors import RunUnderWay
from stoa.money.reconciliation.messages import Compare
from stoa.money.reconciliation.types import Subject

OWN_FOR: Final = timedelta(days=4)


@handles(Compare)
async def compare(ctx: Ctx, job: Compare) -> dict[str, int]:
    """One run."""
    run = await actions.perform(ctx, job.run_id)
    return {"compared": run.compared, "found": run.found}


@every(name="reconciliation.nightly", cron="23 4 * * *", outside=True)
async def nightly(ctx: Ctx) -> int:
    """Orders a run for each gateway and each payout provider that is switched on, and for creators' own accounts
    through which something was ordered lately; answers how many."""
    wanted: list[tuple[Subject, str, UUID | None]]
    wanted = [("payments", name, None) for name in gateways_on(ctx.app.settings)]
    wanted += [("payouts", name, None) for name in providers_on(ctx.app.settings)]
    own = await queries.own_accounts(ctx, ctx.now - OWN_FOR)
    wanted += [("payments", one.gateway, one.account_id) for one in own]
    begun = 0
    for subject, name, account_id in wanted:
        with suppress(RunUnderWay, GatewayDisconnected, Invalid):  # by somebody's hand; left, or switched off, since
            async with ctx.app.database.transaction() as db:
                await actions.start(replace(ctx, db=db), subject=subject, gateway=name, account_id=account_id)
            begun += 1
    return begun
