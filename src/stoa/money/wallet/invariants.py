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
          from ledger_postings_of(g.transfer_id) q join ledger_accounts a on a.id = q.account_id
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
          from ledger_postings_of(g.transfer_id) q join ledger_accounts a on a.id = q.account_id
          where a.asset = g.asset
        ) p
        where (g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor, g.charity_minor)
          <> (p.promotional, p.purchased, p.earned, p.arrived, p.charity)""",
    "a sale moved what it says (M4, M12)": """
        select g.id::text as subject,
          format('%s %s %s to %s %s', g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor,
            g.platform_minor) as expected,
          format('%s %s %s to %s %s', p.promotional, p.purchased, p.earned, p.arrived, p.platform) as found
        from sales g
        cross join lateral (
          select coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'promotional'), 0)
              as promotional,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'purchased'), 0)
              as purchased,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id = g.sender_id and a.purpose = 'earned'), 0)
              as earned,
            coalesce(sum(q.amount_minor) filter (where a.owner_id = g.recipient_id and a.purpose = 'earned'), 0)
              as arrived,
            coalesce(sum(q.amount_minor) filter (where a.owner_id is null and a.purpose = 'fees'), 0) as platform
          from ledger_postings_of(g.transfer_id) q join ledger_accounts a on a.id = q.account_id
          where a.asset = g.asset
        ) p
        where (g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor, g.platform_minor)
          <> (p.promotional, p.purchased, p.earned, p.arrived, p.platform)""",
    "a paid order for somebody is shared wholly, and what went back came from the shares (M8, M12, M13)": """
        select o.id::text as subject,
          format('%s shared, %s back, %s cut, %s returned', o.amount_minor, o.refunded_minor, o.cut_minor,
            o.returned_minor) as expected,
          format('%s shared, %s back, %s cut, %s returned', s.whole, s.back, s.whole - s.creator_minor,
            s.creator_back_minor) as found
        from (select * from orders where payee_id is not null and fulfilled_at is not null) o
        left join (
          select order_id, is_direct, creator_minor, creator_back_minor,
            creator_minor + platform_minor + charity_minor + tax_minor as whole,
            creator_back_minor + platform_back_minor + charity_back_minor + tax_back_minor as back
          from order_shares) s on s.order_id = o.id
        where (o.amount_minor, o.refunded_minor, o.cut_minor, o.returned_minor, o.account_id is not null)
          is distinct from (s.whole, s.back, s.whole - s.creator_minor, s.creator_back_minor, s.is_direct)""",
    "the shares of orders are what the books say of them (M8, M12, M13)": """
        select s.order_id::text as subject,
          format('%s creator, %s platform, %s charity, %s tax', s.creator_minor - s.creator_back_minor,
            s.platform_minor - s.platform_back_minor, s.charity_minor - s.charity_back_minor,
            s.tax_minor - s.tax_back_minor) as expected,
          format('%s creator, %s platform, %s charity, %s tax', case when s.is_direct then p.direct else p.earned end,
            p.platform, p.charity, p.tax) as found
        from order_shares s
        left join (
          select t.metadata ->> 'order_id' as order_id,
            sum(case when a.purpose in ('earned', 'receivable') then q.amount_minor else 0 end) as earned,
            sum(case when a.purpose = 'direct' then q.amount_minor else 0 end) as direct,
            sum(case when a.purpose = 'fees' then q.amount_minor else 0 end) as platform,
            sum(case when a.purpose = 'charity' then q.amount_minor else 0 end) as charity,
            sum(case when a.purpose = 'tax' then q.amount_minor else 0 end) as tax
          from ledger_transfers t join ledger_postings q on q.transfer_id = t.id
          join ledger_accounts a on a.id = q.account_id
          where t.metadata ->> 'order_id' is not null
          group by 1
        ) p on p.order_id = s.order_id::text
        where (s.creator_minor - s.creator_back_minor, s.platform_minor - s.platform_back_minor,
            s.charity_minor - s.charity_back_minor, s.tax_minor - s.tax_back_minor)
          is distinct from (case when s.is_direct then p.direct else p.earned end, p.platform, p.charity, p.tax)""",
    "a gift is undone exactly when its transfer is reversed": """
        select g.id::text as subject, coalesce(r.reversal::text, 'not reversed') as expected,
          coalesce(g.undo_transfer_id::text, 'not undone') as found
        from gifts g left join ledger_reversals r on r.original = g.transfer_id
        where r.reversal is distinct from g.undo_transfer_id""",
    "what people owe is what the platform is owed (M13)": """
        select 'all wallets' as subject, b.minor::text as expected, w.minor::text as found
        from (select coalesce(sum(debt_minor), 0)::bigint as minor from wallets) w
        cross join (
          select coalesce(-sum(p.amount_minor), 0)::bigint as minor
          from ledger_postings p join ledger_accounts a on a.id = p.account_id
          where a.owner_id is null and a.asset = 'COIN' and a.purpose = 'receivable'
        ) b
        where w.minor <> b.minor""",
    "what went back of a gift or a tip is the sum of its reversals (M13)": """
        select p.id::text as subject, format('%s, %s of the receiver', p.refunded_minor, p.returned_minor) as expected,
          format('%s, %s of the receiver', coalesce(r.minor, 0), coalesce(r.returned, 0)) as found
        from (
          select id, refunded_minor, returned_minor from gifts
          union all select id, refunded_minor, returned_minor from tips
          union all select id, refunded_minor, returned_minor from sales
        ) p
        left join (
          select coalesce(gift_id, tip_id, sale_id) as id, sum(amount_minor)::bigint as minor,
            sum(creator_minor + creator_promotional_minor)::bigint as returned
          from share_reversals group by 1
        ) r on r.id = p.id
        where (p.refunded_minor, p.returned_minor) <> (coalesce(r.minor, 0), coalesce(r.returned, 0))""",
    "no share gives back more than it got (M13)": """
        select p.id::text as subject, format('at most %s %s %s', p.creator, p.platform, p.charity) as expected,
          format('%s %s %s', r.creator, r.platform, r.charity) as found
        from (
          select id, creator_minor + repaid_minor as creator, creator_promotional_minor as creator_promotional,
            platform_minor as platform, platform_promotional_minor as platform_promotional, 0::bigint as charity,
            0::bigint as tax from gifts
          union all
          select id, creator_minor + repaid_minor, creator_promotional_minor, platform_minor,
            platform_promotional_minor, charity_minor, tax_minor from tips
          union all
          select id, creator_minor + repaid_minor, creator_promotional_minor, platform_minor,
            platform_promotional_minor, charity_minor, tax_minor from sales
        ) p
        join (
          select coalesce(gift_id, tip_id, sale_id) as id, sum(creator_minor) as creator,
            sum(creator_promotional_minor) as creator_promotional, sum(platform_minor) as platform,
            sum(platform_promotional_minor) as platform_promotional, sum(charity_minor) as charity,
            sum(tax_minor) as tax
          from share_reversals group by 1
        ) r on r.id = p.id
        where r.creator > p.creator or r.creator_promotional > p.creator_promotional or r.platform > p.platform
          or r.platform_promotional > p.platform_promotional or r.charity > p.charity or r.tax > p.tax""",
    "a reversal moved what it says (M13)": """
        select v.id::text as subject,
          format('%s %s %s from %s %s', v.promotional_minor, v.purchased_minor, v.earned_minor, v.creator_minor,
            v.owed_minor) as expected,
          format('%s %s %s from %s %s', p.promotional, p.purchased, p.earned, p.taken + p.owed, p.owed) as found
        from share_reversals v
        left join gifts g on g.id = v.gift_id
        left join lateral (
          select sender_id, recipient_id from tips where id = v.tip_id
          union all select sender_id, recipient_id from sales where id = v.sale_id
        ) t on true
        cross join lateral (
          select
            coalesce(sum(q.amount_minor) filter (
              where a.owner_id = coalesce(g.sender_id, t.sender_id) and a.purpose = 'promotional'), 0) as promotional,
            coalesce(sum(q.amount_minor) filter (
              where a.owner_id = coalesce(g.sender_id, t.sender_id) and a.purpose = 'purchased'), 0) as purchased,
            coalesce(sum(q.amount_minor) filter (
              where a.owner_id = coalesce(g.sender_id, t.sender_id) and a.purpose = 'earned'), 0) as earned,
            coalesce(-sum(q.amount_minor) filter (
              where a.owner_id = coalesce(g.recipient_id, t.recipient_id) and a.purpose = 'earned'), 0) as taken,
            coalesce(-sum(q.amount_minor) filter (where a.owner_id is null and a.purpose = 'receivable'), 0) as owed
          from ledger_postings_of(v.transfer_id) q join ledger_accounts a on a.id = q.account_id
        ) p
        where (v.promotional_minor, v.purchased_minor, v.earned_minor, v.creator_minor, v.owed_minor)
          <> (p.promotional, p.purchased, p.earned, p.taken + p.owed, p.owed)""",
}
