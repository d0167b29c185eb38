"""`./stoa reconcile`: what gateways and payout providers list, beside what stands here and in the books."""

import argparse
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from stoa.cli.serve import Refused, using_database
from stoa.kit.config import Settings, load_settings

__all__ = ["compare", "reconcile"]


async def reconcile(arguments: argparse.Namespace) -> int:
    """Compare, print what differs, and answer 1 if something is open or a gateway could not be asked."""
    since, until = moment(arguments.since, "--since"), moment(arguments.until, "--until", end=True)
    with using_database(load_settings()) as settings:
        return await compare(settings, arguments.gateway, since, until)


def moment(given: str | None, option: str, *, end: bool = False) -> datetime | None:
    """A day in UTC, its end with `end`, or a time with its zone. Raises Refused."""
    if given is None:
        return None
    try:
        if len(given) == len("2026-05-03"):
            day = date.fromisoformat(given)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=int(end))
        at = datetime.fromisoformat(given)
    except (ValueError, OverflowError):
        raise Refused(f"{option} {given}: please give a day, such as 2026-05-03") from None
    if at.tzinfo is None:
        raise Refused(f"{option} {given}: please give the zone, too, such as {given}Z")
    return at


async def compare(settings: Settings, gateway: str | None, since: datetime | None, until: datetime | None) -> int:
    """One account or all that are switched on; see `reconcile`."""
    from stoa.kit import migrate
    from stoa.kit.clock import utcnow
    from stoa.kit.ctx import Ctx
    from stoa.modules import build_app, close_app
    from stoa.money.reconciliation import queries
    from stoa.money.reconciliation.types import MatterState

    await migrate.migrate(str(settings.database_url))
    app = await build_app(settings)
    try:
        async with app.database.connection() as db:
            ctx = Ctx(db, None, utcnow(), f"cli-{os.getpid()}-{uuid4().hex[:8]}", app)
            failed = False
            for subject, name in _wanted(settings, gateway):
                failed |= await _one(ctx, subject, name, since, until)
            found = await queries.discrepancies(ctx, state=MatterState.OPEN, gateway=gateway, limit=1000)
            for matter in found.items:
                print(_line(matter))
            more = "more than " if found.next_cursor else ""
            print(f"{more}{len(found.items)} open: see /admin/reconciliation" if found.items else "nothing is open")
            return 1 if failed or found.items else 0
    finally:
        await close_app(app)


def _wanted(settings: Settings, gateway: str | None) -> list[tuple[str, str]]:
    from stoa.money.payments.actions.switchboard import switched_on as gateways_on
    from stoa.money.payouts.actions.switchboard import switched_on as providers_on

    known = [("payments", name) for name in gateways_on(settings)]
    known += [("payouts", name) for name in providers_on(settings)]
    wanted = [one for one in known if gateway in (None, one[1])]
    if not wanted:
        names = ", ".join(dict.fromkeys(name for _, name in known)) or "none"
        raise Refused(f"--gateway {gateway}: switched on are {names}")
    return wanted


async def _one(ctx: Any, subject: Any, name: str, since: datetime | None, until: datetime | None) -> bool:
    """One run, with its line; answers whether it failed."""
    from stoa.kit.errors import StoaError
    from stoa.money.reconciliation import actions

    try:
        async with ctx.app.database.transaction() as db:
            own = replace(ctx, db=db)
            begun = await actions.start(own, subject=subject, gateway=name, since=since, until=until, queued=False)
        run = await actions.perform(ctx, begun.id)
    except StoaError as error:
        raise Refused(f"{name}, {subject}: {error.detail}") from None
    period = f"{run.since:%Y-%m-%d %H:%M} to {run.until:%Y-%m-%d %H:%M} UTC"
    said = run.failure or f"{run.compared} compared, {run.found} differ" + (
        f", {run.elsewhere} are not of this platform" if run.elsewhere else ""
    )
    print(f"{name}, {subject}, {period}: {said}")
    return run.state == "failed"


def _line(matter: Any) -> str:
    about = f"order {matter.order_id}" if matter.order_id else f"payout {matter.payout_id}" if matter.payout_id else ""
    sides = (f"here {_said(matter.here)}", f"there {_said(matter.there)}")
    return "  ".join(filter(None, (matter.kind, matter.gateway, matter.reference, about, *sides)))


def _said(side: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in side.items()) or "nothing"
