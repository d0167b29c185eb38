"""Reads of creators' own accounts at gateways, and of how webhooks come in."""

from uuid import UUID

from stoa.kit.ctx import Ctx
from stoa.kit.db import many
from stoa.money.payments.types.accounts import AccountRow, Health, Provider

_CURRENT = many(
    AccountRow,
    """select id, owner_id, provider, way, account_id, key_id, key_hint, secret_sealed, webhook_hint, webhook_sealed,
         is_live, charges_enabled, payouts_enabled, details_submitted, is_default, connected_at, verified_at, ended_at
       from gateway_accounts where owner_id = $1 and ended_at is null order by provider""",
)
# A repeated event has a dead job beside the one that is to come; it counts as dead until it is applied.
_HEALTH = many(
    Health,
    """
    select e.gateway, a.owner_id, u.username as owner,
      max(e.received_at) filter (where e.verdict = 'verified') as last_received_at,
      max(e.received_at) filter (where e.verdict <> 'verified') as last_refused_at,
      min(e.received_at) filter (where e.verdict = 'verified' and e.outcome is null) as oldest_waiting_at,
      count(*) filter (where e.verdict = 'verified' and e.outcome is null and d.id is null) as waiting,
      count(*) filter (where e.verdict = 'verified' and e.outcome is null and d.id is not null) as dead,
      count(*) filter (where e.verdict <> 'verified' and e.received_at > $1::timestamptz - interval '1 day') as refused,
      (avg(extract(epoch from e.applied_at - e.received_at))
        filter (where e.applied_at > $1::timestamptz - interval '1 day'))::float8 as lag_s
    from webhook_events e
    left join gateway_accounts a on a.id = e.account_id
    left join users u on u.id = a.owner_id
    left join (
      select distinct (payload ->> 'webhook_event_id')::uuid as id from jobs
      where state = 'dead' and payload ? 'webhook_event_id'
    ) d on d.id = e.id
    where e.received_at > $1::timestamptz - interval '30 days' and ($2::uuid is null or a.owner_id = $2)
    group by e.gateway, a.owner_id, u.username
    order by a.owner_id is not null, e.gateway, u.username
    """,
)


async def accounts_of(ctx: Ctx, owner_id: UUID) -> dict[Provider, AccountRow]:
    """The accounts that somebody has connected, by provider."""
    return {row.provider: row for row in await _CURRENT(ctx.db, owner_id)}


async def health(ctx: Ctx) -> list[Health]:
    """How webhooks come in at every gateway that sent any: the platform's first, then creators'."""
    return await _HEALTH(ctx.db, ctx.now, None)


async def health_of(ctx: Ctx, owner_id: UUID) -> dict[str, Health]:
    """How webhooks come in at a creator's own addresses, by gateway; of those that sent any."""
    return {row.gateway: row for row in await _HEALTH(ctx.db, ctx.now, owner_id)}
