-- money/ledger: one index of postings instead of two, and no number of their own.

-- An account's postings are in the order of their time, which is taken while the account is locked (in a group, of their
-- ids); those of a transfer are found through the accounts of its legs.
alter table ledger_postings drop constraint ledger_postings_pkey;
drop index ledger_postings_by_account;
alter table ledger_postings drop column id;
alter table ledger_postings add constraint ledger_postings_pkey primary key (account_id, created_at, transfer_id);

create function ledger_postings_of(p_transfer uuid) returns setof ledger_postings language sql stable as $$
  select p.* from ledger_transfers t
  cross join unnest(t.owners, t.assets, t.purposes) l (owner, asset, purpose)
  cross join lateral (
    select id from ledger_accounts where owner_id = l.owner and asset = l.asset and purpose = l.purpose
    union all
    select id from ledger_accounts where owner_id is null and l.owner is null and asset = l.asset and purpose = l.purpose
  ) a
  cross join lateral (select * from ledger_postings q
    where q.account_id = a.id and q.created_at >= t.created_at and q.transfer_id = t.id
    order by q.created_at limit 1) p
  where t.id = p_transfer
$$;

create or replace function ledger_balance_at(p_account bigint, p_at timestamptz) returns bigint language sql stable as $$
  select case when p_account > 0
    then coalesce((select p.balance_after_minor from ledger_postings p
                   where p.account_id = p_account and p.created_at <= p_at
                   order by p.created_at desc, p.transfer_id desc limit 1), 0)
    else coalesce((select sum(p.amount_minor) from ledger_postings p
                   where p.account_id = p_account and p.created_at <= p_at), 0)::bigint end
$$;

create or replace function ledger_refuse_outside() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 then
    raise exception '% of % is refused: insert a transfer', lower(tg_op), tg_table_name using errcode = 'LG004';
  end if;
  return new;
end $$;

create or replace function ledger_apply() returns trigger language plpgsql as $$
declare
  v_leg      integer := 0;
  v_owner    uuid;
  v_asset    text;
  v_purpose  text;
  v_amount   bigint;
  v_account  bigint;
  v_balance  bigint;
  v_accounts bigint[];
  v_after    bigint[];
  v_sum      bigint := 0;
  v_at       timestamptz;
begin
  if new.grouped then
    if pg_trigger_depth() = 1 then
      raise exception 'a transfer is grouped by ledger_groups only' using errcode = 'LG004';
    end if;
    return null;
  end if;
  if new.reverses is not null then
    perform ledger_check_reversal(new);
  end if;
  foreach v_amount in array new.amounts loop
    v_leg := v_leg + 1;
    v_owner := new.owners[v_leg];
    v_asset := new.assets[v_leg];
    v_purpose := new.purposes[v_leg];
    if v_owner is null then
      select id into v_account from ledger_accounts
        where owner_id is null and asset = v_asset and purpose = v_purpose;
      if not found then
        v_account := ledger_open(null, v_asset, v_purpose);
      end if;
      v_balance := null;
      insert into ledger_pending values (v_account, v_amount);
    else
      loop
        update ledger_accounts set balance_minor = balance_minor + v_amount
          where owner_id = v_owner and asset = v_asset and purpose = v_purpose and balance_minor + v_amount >= 0
          returning id, balance_minor into v_account, v_balance;
        exit when found;
        perform ledger_cannot(v_owner, v_asset, v_purpose, v_amount);
      end loop;
    end if;
    v_accounts[v_leg] := v_account;
    v_after[v_leg] := v_balance;
    v_sum := v_sum + nullif(v_amount, 0); -- null, so not zero, with a leg of nothing
  end loop;
  if (v_sum = 0 and v_leg > 1 and cardinality(new.owners) = v_leg and cardinality(new.purposes) = v_leg
      and cardinality(new.assets) = v_leg and v_asset = all (new.assets)) is not true then
    perform ledger_check(new.id, new.owners, new.assets, new.purposes, new.amounts);
  end if;
  v_at := greatest(clock_timestamp(), new.created_at); -- whatever the clock does: ledger_postings_of() looks from there
  insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
    select new.id, unnest(v_accounts), unnest(new.amounts), unnest(v_after), v_at; -- side by side
  return null;
end $$;

create or replace function ledger_apply_group() returns trigger language plpgsql as $$
declare
  v_made  uuid[];
  v_legs  bigint;
  v_count bigint;
  v_least bigint;
  v_at    timestamptz;
begin
  perform from ledger_accounts a
    join (select distinct owner, asset, purpose from unnest(new.owners, new.assets, new.purposes) u (owner, asset, purpose)
          where owner is not null) l
      on a.owner_id = l.owner and a.asset = l.asset and a.purpose = l.purpose
    order by a.owner_id, a.asset, a.purpose for no key update of a;
  with made as (
    insert into ledger_transfers (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, grouped,
        owners, assets, purposes, amounts)
      select h.id, h.kind, h.key, h.hash, h.cause, h.metadata::jsonb, h.actor, true,
        l.owners, l.assets, l.purposes, l.amounts
      from unnest(new.ids, new.kinds, new.keys, new.hashes, new.causes, new.metadata, new.actors) with ordinality
        h (id, kind, key, hash, cause, metadata, actor, place)
      join (select place, array_agg(owner) as owners, array_agg(asset) as assets, array_agg(purpose) as purposes,
              array_agg(amount) as amounts
            from unnest(new.leg_of, new.owners, new.assets, new.purposes, new.amounts)
              u (place, owner, asset, purpose, amount) group by place) l on l.place = h.place
      where h.place <> all (new.left_out)
      order by h.id -- of two with one key the first is made, as ledger_overdrawn expects
      on conflict (idempotency_key) do nothing
      returning id, cardinality(amounts) as legs, created_at)
    select array_agg(id), sum(legs), greatest(max(created_at), clock_timestamp()) into v_made, v_legs, v_at from made;
  with leg as (
    select h.id as transfer, u.owner, u.asset, u.purpose, u.amount
      from unnest(new.leg_of, new.owners, new.assets, new.purposes, new.amounts) u (place, owner, asset, purpose, amount)
      join unnest(new.ids) with ordinality h (id, place) on h.place = u.place where h.id = any (v_made)
  ), posting as (
    select l.transfer, a.id as account, l.amount, a.balance_minor + sum(l.amount) over
        (partition by a.id order by l.transfer rows unbounded preceding) as balance
      from leg l join ledger_accounts a on a.owner_id = l.owner and a.asset = l.asset and a.purpose = l.purpose
    union all
    select l.transfer, a.id, l.amount, null
      from leg l join ledger_accounts a on a.owner_id is null and a.asset = l.asset and a.purpose = l.purpose
      where l.owner is null
  ), posted as (
    insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
      select transfer, account, amount, balance, v_at from posting order by transfer, account
      returning account_id, amount_minor, balance_after_minor
  ), moved as (
    update ledger_accounts a set balance_minor = a.balance_minor + m.amount
      from (select account_id, sum(amount_minor)::bigint as amount from posted where account_id > 0 group by account_id) m
      where a.id = m.account_id and a.balance_minor + m.amount >= 0 -- or the least is below zero: refused below
  ), pending as (
    insert into ledger_pending
      select account_id, sum(amount_minor) from posted where account_id < 0 group by account_id
  )
  select count(*), min(balance_after_minor) into v_count, v_least from posted;
  if v_least < 0 then
    raise exception 'together these transfers overdraw an account' using errcode = 'LG001';
  end if;
  if v_count <> v_legs then
    raise exception 'an account of this group is not there' using errcode = 'LG011';
  end if;
  perform from unnest(new.leg_of, new.assets, new.amounts) u (place, asset, amount)
    group by place, asset having sum(amount) <> 0 or bool_or((amount <> 0) is not true);
  if found then
    raise exception 'a transfer does not sum to zero, or its legs are out of form' using errcode = 'LG002';
  end if;
  return new;
end $$;
