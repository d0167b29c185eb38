"""Facts about orders that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "an order is in the state its last event says (M14)": """
        select o.id::text as subject, e.to_state as expected, o.state as found
        from orders o
        left join lateral (select to_state from order_events where order_id = o.id order by id desc limit 1) e on true
        where e.to_state is distinct from o.state""",
    "what is paid was handed over, and only that": """
        select o.id::text as subject, 'handed over exactly when paid' as expected,
          format('%s, handed over %s', o.state, coalesce(o.fulfilled_at::text, 'never')) as found
        from orders o
        where (o.fulfilled_at is not null) <> (o.state in ('paid', 'partially_refunded', 'refunded', 'disputed'))""",
    "an order's money is what its gateway said of the payment (M11)": """
        select o.id::text as subject,
          format('%s captured, %s refunded', p.captured_minor, least(p.captured_minor, p.refunded_minor + p.lost_minor))
            as expected,
          format('%s captured, %s refunded', case when o.fulfilled_at is null then 0 else o.amount_minor end,
            o.refunded_minor) as found
        from orders o join order_payments p on p.gateway = o.gateway and p.payment_id = o.payment_id
          and p.account_id is not distinct from o.account_id
        where not p.is_extra and (p.captured_minor, least(p.captured_minor, p.refunded_minor + p.lost_minor))
          <> (case when o.fulfilled_at is null then 0 else o.amount_minor end, o.refunded_minor)""",
    "what a gateway keeps of a payment is booked once": """
        select o.id::text as subject, case when o.account_id is null then o.fee_minor else 0 end::text as expected,
          coalesce(b.minor, 0)::text as found
        from orders o
        left join (
          select t.metadata ->> 'order_id' as order_id, -sum(p.amount_minor)::bigint as minor
          from ledger_transfers t join ledger_postings p on p.transfer_id = t.id
          join ledger_accounts a on a.id = p.account_id
          where t.kind = 'gateway_fee' and a.purpose = 'gateway_fees' group by 1
        ) b on b.order_id = o.id::text
        where case when o.account_id is null then o.fee_minor else 0 end <> coalesce(b.minor, 0)""",
}
