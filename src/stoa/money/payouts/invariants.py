"""Facts about payouts that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "a payout is in the state its last event says (M10)": """
        select o.id::text as subject, e.to_state as expected, o.state as found
        from payouts o
        left join lateral (select to_state from payout_events where payout_id = o.id order by id desc limit 1) e on true
        where e.to_state is distinct from o.state""",
    "coins are reserved exactly while a payout is under way (M9)": """
        select o.id::text as subject, s.state as expected, coalesce(h.state, 'no hold') as found
        from payouts o left join ledger_holds h on h.id = o.hold_id
        cross join lateral (
          select case when o.state = 'paid' then 'settled' when o.ended_at is null then 'held' else 'released' end
            as state
        ) s
        where h.state is distinct from s.state""",
    "what was sent is what was paid, once (M10)": """
        select o.id::text as subject, o.net_payout_minor::text as expected, coalesce(s.minor, 0)::text as found
        from payouts o
        left join lateral (
          select sum(p.amount_minor)::bigint as minor
          from ledger_postings p join ledger_accounts a on a.id = p.account_id
          where p.transfer_id = o.transfer_id and a.owner_id is null and a.purpose = 'payout_world:' || o.provider
        ) s on true
        where o.state = 'paid' and s.minor is distinct from o.net_payout_minor""",
}
