"""Facts about refunds that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "what went back of a payment is the sum of its refunds (M13)": """
        select p.id::text as subject, p.refunded_minor::text as expected, coalesce(r.minor, 0)::text as found
        from (
          select 'order' as subject, id, refunded_minor from orders
          union all select 'gift', id, refunded_minor from gifts
          union all select 'tip', id, refunded_minor from tips
          union all select 'sale', id, refunded_minor from sales
        ) p
        left join (
          select subject, payment_id, sum(amount_minor)::bigint as minor from refunds where state = 'done' group by 1, 2
        ) r on r.subject = p.subject and r.payment_id = p.id
        where p.refunded_minor <> coalesce(r.minor, 0)""",
    "nobody gets back more than was paid, what is on its way included (M13)": """
        select o.id::text as subject, format('at most %s', o.amount_minor) as expected, r.minor::text as found
        from orders o join (
          select payment_id, sum(amount_minor)::bigint as minor from refunds
          where subject = 'order' and state in ('approved', 'submitted', 'done') group by 1
        ) r on r.payment_id = o.id
        where r.minor > o.amount_minor""",
}
