"""Facts about wallets and gifts that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "everybody has a wallet": """
        select u.id::text as subject, 'a wallet' as expected, 'none' as found
        from users u left join wallets w on w.user_id = u.id where w.user_id is null""",
    "a paid order of coins is one transfer, in the books and in the orders": """
        select coalesce(o.id::text, t.metadata ->> 'order_id') as subject,
          case when o.id is null then 'no transfer' else 'a transfer' end as expected,
          coalesce(t.id::text, 'none') as found
        from (select id from orders where kind = 'coins' and fulfilled_at is not null) o
        full join (select id, metadata from ledger_transfers where kind = 'coin_purchase') t
          on t.metadata ->> 'order_id' = o.id::text
        where o.id is null or t.id is null""",
    "a paid order of credits is one transfer, in the books and in the orders": """
        select coalesce(o.id::text, t.metadata ->> 'order_id') as subject,
          case when o.id is null then 'no transfer' else 'a transfer' end as expected,
          coalesce(t.id::text, 'none') as found
        from (select id from orders where kind = 'credits' and fulfilled_at is not null) o
        full join (select id, metadata from ledger_transfers where kind = 'credit_purchase') t
          on t.metadata ->> 'order_id' = o.id::text
        where o.id is null or t.id is null""",
    "what people owe of credits is what the platform is owed (M13)": """
        select coalesce(d.asset, b.asset) as subject, coalesce(b.minor, 0)::text as expected,
          coalesce(d.minor, 0)::text as found
        from (select asset, sum(debt_minor)::bigint as minor from credit_debts group by asset) d
        full join (
          select a.asset, (-sum(p.amount_minor))::bigint as minor
          from ledger_postings p join ledger_accounts a on a.id = p.account_id
          where a.owner_id is null and a.asset <> 'COIN' and a.purpose = 'receivable'
          group by a.asset
        ) b on b.asset = d.asset
        where coalesce(d.minor, 0) <> coalesce(b.minor, 0)""",
    "a gift moved what it says (M4, M6)": """
        select g.id::text as subject,
          format('%s %s %s to %s', g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor) as expected,
          format('%s %s %s to %s', p.promotional, p.purchased, p.earned, p.arrived) as found
        from gifts g
        cross join lateral (
          select coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'promotional'), 0)
              as promotional,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'purchased'), 0)
              as purchased,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'earned'), 0)
              as earned,
            coalesce(sum(q.amount_minor) filter (where a.owner_id = g.recipient_id and a.purpose = 'earned'), 0)
              as arrived
          from ledger_postings q join ledger_accounts a on a.id = q.account_id where q.transfer_id = g.transfer_id
        ) p
        where (g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor)
          <> (p.promotional, p.purchased, p.earned, p.arrived)""",
    "a tip moved what it says (M4, M8)": """
        select g.id::text as subject,
          format('%s %s %s to %s %s', g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor,
            g.charity_minor) as expected,
          format('%s %s %s to %s %s', p.promotional, p.purchased, p.earned, p.arrived, p.charity) as found
        from tips g
        cross join lateral (
          select coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'promotional'), 0)
              as promotional,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'purchased'), 0)
              as purchased,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'earned'), 0)
              as earned,
            coalesce(sum(q.amount_minor) filter (where a.owner_id = g.recipient_id and a.purpose = 'earned'), 0)
              as arrived,
            coalesce(sum(q.amount_minor) filter (where a.owner_id is null and a.purpose = 'charity'), 0) as charity
          from ledger_postings q join ledger_accounts a on a.id = q.account_id
          where q.transfer_id = g.transfer_id and a.asset = g.asset
        ) p
        where (g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor, g.charity_minor)
          <> (p.promotional, p.purchased, p.earned, p.arrived, p.charity)""",
    "a gift is undone exactly when its transfer is reversed": """
        select g.id::text as subject, coalesce(r.id::text, 'not reversed') as expected,
          coalesce(g.undo_transfer_id::text, 'not undone') as found
        from gifts g left join ledger_transfers r on r.reverses = g.transfer_id
        where r.id is distinct from g.undo_transfer_id""",
    "what people owe is what the platform is owed (M13)": """
        select 'all wallets' as subject, b.minor::text as expected, w.minor::text as found
        from (select coalesce(sum(debt_minor), 0)::bigint as minor from wallets) w
        cross join (
          select coalesce(-sum(p.amount_minor), 0)::bigint as minor
          from ledger_postings p join ledger_accounts a on a.id = p.account_id
          where a.owner_id is null and a.asset = 'COIN' and a.purpose = 'receivable'
        ) b
        where w.minor <> b.minor""",
}
