"""Facts about disputes that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "a dispute is in the state its last event says": """
        select d.id::text as subject, e.to_state as expected, d.state as found
        from disputes d
        left join lateral (
          select to_state from dispute_events where dispute_id = d.id order by id desc limit 1
        ) e on true
        where e.to_state is distinct from d.state""",
    "a lost dispute is reversed (M13)": """
        select o.id::text as subject, format('at least %s went back', least(o.amount_minor, d.minor)) as expected,
          format('%s', o.refunded_minor) as found
        from orders o join (
          select order_id, sum(amount_minor)::bigint as minor from disputes where state = 'lost' group by 1
        ) d on d.order_id = o.id
        where o.refunded_minor < least(o.amount_minor, d.minor)""",
    "what gateways took until disputes are decided is what is disputed": """
        select coalesce(d.asset, b.asset) as subject, coalesce(d.minor, 0)::text as expected,
          coalesce(b.minor, 0)::text as found
        from (
          select asset, sum(amount_minor)::bigint as minor from disputes
          where closed_at is null and account_id is null group by asset
        ) d
        full join (
          select a.asset, -sum(p.amount_minor)::bigint as minor
          from ledger_postings p join ledger_accounts a on a.id = p.account_id
          where a.owner_id is null and a.purpose = 'disputed' group by a.asset
        ) b on b.asset = d.asset
        where coalesce(d.minor, 0) <> coalesce(b.minor, 0)""",
    "what is set aside for a dispute is held exactly while it is open (F7)": """
        select h.id::text as subject, case when d.id is null then 'released' else 'held' end as expected,
          h.state as found
        from ledger_holds h join ledger_transfers t on t.id = h.id and t.kind = 'dispute'
        left join disputes d on d.hold_id = h.id and d.closed_at is null
        where (h.state = 'held') <> (d.id is not null)""",
    "what gateways charge for disputes is booked once": """
        select d.id::text as subject, case when d.account_id is null then d.fee_minor else 0 end::text as expected,
          coalesce(b.minor, 0)::text as found
        from disputes d
        left join (
          select t.metadata ->> 'dispute_id' as id, -sum(p.amount_minor)::bigint as minor
          from ledger_transfers t join ledger_postings p on p.transfer_id = t.id
          join ledger_accounts a on a.id = p.account_id
          where t.kind = 'dispute_fee' and a.purpose = 'dispute_fees' group by 1
        ) b on b.id = d.id::text
        where case when d.account_id is null then d.fee_minor else 0 end <> coalesce(b.minor, 0)""",
}
