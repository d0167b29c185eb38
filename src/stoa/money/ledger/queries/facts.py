"""Facts about the books that always hold (M1, M9). Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

FACTS: Final[dict[str, str]] = {
    "every transfer sums to zero for each asset": """
        select t.id::text || ' ' || a.asset as subject, '0' as expected, sum(p.amount_minor)::text as found
        from ledger_transfers t
        join ledger_postings p on p.transfer_id = t.id join ledger_accounts a on a.id = p.account_id
        group by t.id, a.asset having sum(p.amount_minor) <> 0""",
    "the postings of a transfer are its legs": """
        select coalesce(t.id, p.id)::text as subject, t.legs::text as expected, p.legs::text as found
        from (select t.id, t.created_at, array_agg(l::text order by l::text) as legs
              from ledger_transfers t
              cross join unnest(t.owners, t.assets, t.purposes, t.amounts) l (owner, asset, purpose, amount)
              group by t.id) t
        full join (select p.transfer_id as id, min(p.created_at) as posted_at, max(p.created_at) as posted_until,
                     array_agg(l::text order by l::text) as legs
                   from ledger_postings p join ledger_accounts a on a.id = p.account_id
                   cross join lateral (select a.owner_id, a.asset, a.purpose, p.amount_minor) l
                   group by p.transfer_id) p on p.id = t.id
        where t.legs is distinct from p.legs or p.posted_at < t.created_at
          or p.posted_at <> p.posted_until""",
    "every balance is the sum of its postings": """
        select a.id::text || ' ' || a.asset || ' ' || a.purpose || coalesce(' of ' || a.owner_id::text, '') as subject,
          coalesce(p.amount, 0)::text as expected,
          (a.balance_minor + a.folded_minor + coalesce(u.amount, 0))::text as found
        from ledger_accounts a
        left join (select account_id, sum(amount_minor) as amount from ledger_postings group by account_id) p
          on p.account_id = a.id
        left join (select account_id, sum(amount_minor) as amount from ledger_pending group by account_id) u
          on u.account_id = a.id
        where a.balance_minor + a.folded_minor + coalesce(u.amount, 0) <> coalesce(p.amount, 0)""",
    # In whatever order: the balances before postings are those after others, but for the zero in the beginning and what
    # there is now. So a clock that was set back is no difference.
    "every posting continues its account's balance": """
        select c.account_id::text || ' at ' || c.minor::text as subject, sum(c.came)::text as expected,
          sum(c.went)::text as found
        from (select account_id, balance_after_minor as minor, 1 as came, 0 as went
              from ledger_postings where account_id > 0
              union all
              select account_id, balance_after_minor - amount_minor, 0, 1 from ledger_postings where account_id > 0
              union all
              select id, 0, 1, 0 from ledger_accounts where id > 0
              union all
              select id, balance_minor, 0, 1 from ledger_accounts where id > 0) c
        group by c.account_id, c.minor having sum(c.came) is distinct from sum(c.went)""",
    # So it is with a clock that goes forward. Where it was set back, each run of postings that follow each other has to
    # be reached from zero, through balances it shares with others: by the fact above there is one order of all then.
    "an account's history begins at zero and hangs together": """
        with recursive steps as (
          select account_id, created_at, transfer_id, balance_after_minor - amount_minor as before,
            balance_after_minor as after, lag(balance_after_minor, 1, 0::bigint) over
              (partition by account_id order by created_at, transfer_id) as previous
          from ledger_postings where account_id > 0
        ), torn as materialized (
          select s.*, count(*) filter (where s.before <> s.previous) over
              (partition by s.account_id order by s.created_at, s.transfer_id) as run
          from steps s where s.account_id in (select account_id from steps where before <> previous)
        ), reached as (
          select account_id, run from torn where before = 0
          union
          select n.account_id, n.run from reached r join torn e on e.account_id = r.account_id and e.run = r.run
            join torn n on n.account_id = e.account_id and n.before = e.after
        )
        select t.account_id::text || ' at ' || t.transfer_id::text as subject, t.previous::text as expected,
          t.before::text as found
        from torn t
        where t.before <> t.previous and (t.account_id, t.run) not in (select account_id, run from reached)""",
    "no posting leaves less than zero, and those of the platform keep no balance": """
        select p.account_id::text || ' at ' || p.transfer_id::text as subject,
          case when p.account_id > 0 then 'at least 0' else 'no balance' end as expected,
          p.balance_after_minor::text as found
        from ledger_postings p
        where (p.account_id > 0 and (p.balance_after_minor < 0 or p.balance_after_minor - p.amount_minor < 0))
          or (p.account_id < 0 and p.balance_after_minor is not null)""",
    "nobody is below zero": """
        select a.id::text || ' ' || a.asset || ' ' || a.purpose || ' of ' || a.owner_id::text as subject,
          'at least 0' as expected, a.balance_minor::text as found
        from ledger_accounts a where a.id > 0 and a.balance_minor < 0""",
    "all accounts of an asset sum to zero": """
        select a.asset as subject, '0' as expected,
          sum(a.balance_minor + a.folded_minor + coalesce(u.amount, 0))::text as found
        from ledger_accounts a
        left join (select account_id, sum(amount_minor) as amount from ledger_pending group by account_id) u
          on u.account_id = a.id
        group by a.asset having sum(a.balance_minor + a.folded_minor + coalesce(u.amount, 0)) <> 0""",
    "reserved is what open holds say": """
        select coalesce(a.id::text || ' ' || a.asset || ' ' || a.purpose, h.asset || ' ' || h.purpose)
            || ' of ' || coalesce(a.owner_id, h.owner)::text as subject,
          coalesce(h.amount, 0)::text as expected, coalesce(a.balance_minor, 0)::text as found
        from (select * from ledger_accounts where id > 0 and purpose like '%\\_reserved') a
        full join (select u.owner, u.asset, u.purpose || '_reserved' as purpose, sum(u.amount) as amount
                   from ledger_holds o
                   cross join unnest(o.owners, o.assets, o.purposes, o.amounts) u (owner, asset, purpose, amount)
                   where o.state = 'held' group by u.owner, u.asset, u.purpose) h
          on h.owner = a.owner_id and h.asset = a.asset and h.purpose = a.purpose
        where coalesce(a.balance_minor, 0) <> coalesce(h.amount, 0)""",
    "a reversal undoes what it names": """
        select r.id::text as subject, 'the opposite of ' || r.reverses::text as expected, r.amounts::text as found
        from ledger_transfers r left join ledger_transfers o on o.id = r.reverses and o.reverses is null
        where r.reverses is not null and (o.id is null or not exists (
          select from ledger_reversals v where v.original = r.reverses and v.reversal = r.id) or exists (
          select from (
            select owner, asset, case when exists (select from ledger_holds h where h.closing = o.id)
                then regexp_replace(purpose, '_reserved$', '') else purpose end, amount
              from unnest(o.owners, o.assets, o.purposes, o.amounts) l (owner, asset, purpose, amount)
            union all
            select * from unnest(r.owners, r.assets, r.purposes, r.amounts)) l (owner, asset, purpose, amount)
          group by owner, asset, purpose having sum(amount) <> 0))""",
}
