"""Whether creators' accounts at gateways still open: keys are revoked over there, and accounts restricted, unannounced.

One that does not open takes no payments until it does again; meanwhile they come through the platform.
"""

from datetime import timedelta
from typing import Final

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, update
from stoa.kit.errors import Invalid
from stoa.money.payments.actions.accounts import secret_of
from stoa.money.payments.errors import GatewayUnavailable
from stoa.money.payments.gateways.trying import try_keys
from stoa.money.payments.types.accounts import AccountRow, NewKeys, Tried

FRESH: Final = timedelta(hours=6)
AT_A_TIME: Final = 50

_DUE = many(
    AccountRow,
    """select id, owner_id, provider, way, account_id, key_id, key_hint, secret_sealed, webhook_hint, webhook_sealed,
         is_live, charges_enabled, payouts_enabled, details_submitted, is_default, connected_at, verified_at, ended_at
       from gateway_accounts where ended_at is null and (verified_at < $1 or not charges_enabled)
       order by charges_enabled desc, verified_at limit $2""",
)


async def look_after(ctx: Ctx) -> dict[str, int]:
    """Asks about accounts that were not asked about for a while; nothing is locked meanwhile."""
    async with ctx.app.database.connection() as db:
        due = await _DUE(db, ctx.now - FRESH, AT_A_TIME)
    told = {"open": 0, "closed": 0, "silent": 0}
    for row in due:
        try:
            tried = await _try(ctx, row)
        except GatewayUnavailable:  # says nothing about the account
            told["silent"] += 1
            continue
        except Invalid:
            told["closed"] += 1
            await _note(ctx, row, None)
            continue
        told["open" if tried.charges_enabled else "closed"] += 1
        await _note(ctx, row, tried)
    return told


async def _try(ctx: Ctx, row: AccountRow) -> Tried:
    if row.way == "oauth":
        from stoa.money.payments.gateways.stripe.connect import connected_account  # its client takes a while to import

        return await connected_account(ctx.app, row.account_id or "", is_live=row.is_live)
    secret = secret_of(ctx, row)
    return await try_keys(
        ctx.app, NewKeys(provider=row.provider, secret=secret, key_id=row.key_id, account_id=row.account_id)
    )


async def _note(ctx: Ctx, row: AccountRow, tried: Tried | None) -> None:
    changed: dict[str, object] = {"charges_enabled": False}
    if tried is not None:
        changed = {
            "charges_enabled": tried.charges_enabled,
            "payouts_enabled": tried.payouts_enabled,
            "details_submitted": tried.details_submitted,
            "verified_at": ctx.now,
        }
    async with ctx.app.database.transaction() as db:
        await update(db, "gateway_accounts", changed, where={"id": row.id})
