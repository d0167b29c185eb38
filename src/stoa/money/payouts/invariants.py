"""Facts about payouts that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "a payout is in the state its last event says (M10)": """
        select o.id::text as subject, e.to_state as expected, o.state as found
        from payouts o
        left join lateral (select to_state from payout_events where payout_id = o.id order by id desc limit 1) e on true
        where e.to_state is distinct from o.state""",
    "what is to be paid out is reserved, exactly while a payout is under way (M9)": """
        select o.id::text as subject, format('%s: %s %s', s.state, o.source_minor, o.asset) as expected,
          format('%s: %s %s', coalesce(h.state, 'no hold'), h.amounts[1], h.assets[1]) as found
        from payouts o left join ledger_holds h on h.id = o.hold_id
        cross join lateral (
          select case when o.transfer_id is not null then 'settled' when o.ended_at is null then 'held'
            else 'released' end as state
        ) s
        where (h.state, h.owners, h.assets, h.purposes, h.amounts)
          is distinct from (s.state, array[o.user_id], array[o.asset], array['earned'], array[o.source_minor])""",
    "what was sent is what was paid, once, and its fee is in the books (M10)": """
        select o.id::text as subject, format('%s, fee %s', o.handed, o.fee_minor) as expected,
          format('%s, fee %s', s.sent + s.fee, s.fee) as found
        from (select *, net_payout_minor + case when fee_on_platform then fee_minor else 0 end as handed from payouts) o
        left join ledger_transfers c on c.idempotency_key = 'payout-cost:' || o.id
        cross join lateral (
          select coalesce(sum(p.amount_minor) filter (where a.purpose = 'payout_world:' || o.provider), 0)::bigint
              as sent,
            coalesce(sum(p.amount_minor) filter (where a.purpose = 'payout_fees:' || o.provider), 0)::bigint as fee
          from unnest(array[o.transfer_id, c.id]) t (id) cross join lateral ledger_postings_of(t.id) p
          join ledger_accounts a on a.id = p.account_id
          where a.owner_id is null and a.asset = o.currency
        ) s
        where o.state = 'paid' and (s.sent + s.fee, s.fee) is distinct from (o.handed, o.fee_minor)""",
    "what came back of a payout is all of it, and nothing comes back of one that is paid (M10)": """
        select o.id::text as subject, case when o.state = 'paid' then 'no transfer back' else 'all of it back' end
            as expected, coalesce(b.id::text, 'no transfer back') as found
        from payouts o left join ledger_transfers b on b.idempotency_key = 'payout-returned:' || o.id
        where o.transfer_id is not null and ((o.state = 'paid') <> (b.id is null) or exists (
          select from ledger_transfers t cross join lateral ledger_postings_of(t.id) p
            join ledger_accounts a on a.id = p.account_id
          where o.state <> 'paid' and (t.id in (o.transfer_id, b.id) or t.idempotency_key = 'payout-cost:' || o.id)
            and a.owner_id is null
          group by p.account_id having sum(p.amount_minor) <> 0))""",
}
