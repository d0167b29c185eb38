-- money/ledger: a transfer costs the server a twentieth less.

-- What somebody has. A domain, as PostgreSQL reads the checks of a table anew for every statement that writes to it.
create domain ledger_not_negative as bigint constraint ledger_accounts_not_negative check (value >= 0);
alter table ledger_accounts drop constraint ledger_accounts_not_negative;
drop trigger ledger_accounts_open_empty on ledger_accounts;
alter table ledger_accounts set (fillfactor = 60); -- at 80 a page is swept at almost every change; the next line writes all rows anew
alter table ledger_accounts alter column balance_minor type ledger_not_negative;
create trigger ledger_accounts_open_empty before insert on ledger_accounts
  for each row when (new.balance_minor <> 0 or new.folded_minor <> 0 or (new.owner_id is null) <> (new.id < 0))
  execute function ledger_refuse('an account opens empty, with an id below zero if it is the platform''s');

alter table ledger_accounts drop constraint ledger_accounts_asset_fk; -- assets stay, and ledger_open looks

-- Which transfer undid which, once. Not an index of ledger_transfers, which every other transfer would pay for.
create table ledger_reversals (
  original uuid constraint ledger_reversals_pkey primary key,
  reversal uuid not null
);
insert into ledger_reversals select reverses, id from ledger_transfers where reverses is not null;
drop index ledger_transfers_reversed_once;
create trigger ledger_reversals_are_final before update or delete or truncate on ledger_reversals
  for each statement execute function ledger_refuse('a transfer is reversed once');
create trigger ledger_reversals_by_transfer_only before insert on ledger_reversals
  for each statement execute function ledger_refuse_outside();

create or replace function ledger_check_reversal(r ledger_transfers) returns void language plpgsql as $$
declare
  t         ledger_transfers;
  v_settled boolean;
  v_first   uuid;
begin
  select * into t from ledger_transfers where id = r.reverses;
  if not found then
    raise exception 'there is no transfer %', r.reverses using errcode = 'LG010';
  end if;
  v_settled := ledger_settled(t);
  perform from (
      select owner, asset, case when v_settled then regexp_replace(purpose, '_reserved$', '') else purpose end, amount
        from unnest(t.owners, t.assets, t.purposes, t.amounts) l (owner, asset, purpose, amount)
      union all
      select * from unnest(r.owners, r.assets, r.purposes, r.amounts)) l (owner, asset, purpose, amount)
    group by owner, asset, purpose having sum(amount) <> 0;
  if found then
    raise exception 'transfer % is not the opposite of %', r.id, t.id
      using errcode = 'LG008', detail = json_build_object('transfer_id', t.id);
  end if;
  insert into ledger_reversals values (t.id, r.id) on conflict do nothing;
  if not found then
    select reversal into v_first from ledger_reversals where original = t.id;
    raise exception 'transfer % is reversed already', t.id
      using errcode = 'LG007', detail = json_build_object('transfer_id', t.id, 'reversed_by', v_first);
  end if;
end $$;

create or replace function ledger_transfer(
  p_id uuid, p_kind text, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid, p_reverses uuid,
  p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns uuid language sql as $$
  insert into ledger_transfers
      (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, reverses, owners, assets, purposes, amounts)
    select p_id, p_kind, p_key, p_hash, p_cause, p_metadata, p_actor, p_reverses,
      array_agg(owner order by owner, asset collate "C", purpose collate "C"),
      array_agg(asset order by owner, asset collate "C", purpose collate "C"),
      array_agg(purpose order by owner, asset collate "C", purpose collate "C"),
      array_agg(amount order by owner, asset collate "C", purpose collate "C")
    from (select owner, asset, purpose, sum(amount)::bigint as amount
          from unnest(p_owners, p_assets, p_purposes, p_amounts) l (owner, asset, purpose, amount)
          group by owner, asset, purpose having sum(amount) <> 0) m
    on conflict (idempotency_key) do nothing
    returning id
$$;

create or replace function ledger_reverse(
  p_id uuid, p_original uuid, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid
) returns uuid language plpgsql as $$
declare
  t          ledger_transfers;
  v_purposes text[];
  v_done     uuid;
begin
  select * into t from ledger_transfers where id = p_original;
  if not found then
    raise exception 'there is no transfer %', p_original using errcode = 'LG010';
  end if;
  v_purposes := t.purposes;
  if ledger_settled(t) then
    v_purposes := array(select regexp_replace(u.purpose, '_reserved$', '')
      from unnest(t.purposes) with ordinality u (purpose, place) order by u.place);
  end if;
  v_done := ledger_transfer(p_id, 'reversal', p_key, p_hash, p_cause, p_metadata, p_actor, p_original,
    t.owners, t.assets, v_purposes, array(select -u.amount from unnest(t.amounts) with ordinality u (amount, place)
      order by u.place));
  return coalesce(v_done, ledger_replay(p_key, p_hash));
end $$;

-- Applies a transfer. Each statement and each expression in here counts, as each is made ready anew for every transfer.
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
  v_at := clock_timestamp();
  insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
    select new.id, unnest(v_accounts), unnest(new.amounts), unnest(v_after), v_at; -- side by side
  return null;
end $$;
