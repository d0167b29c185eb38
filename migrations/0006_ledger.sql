-- money/ledger: double entry for many assets (M1, M9). Everything that moves value is a row of ledger_transfers.
--
-- The one way to move money is to insert a transfer with its legs. A trigger does all the rest: it locks the accounts in
-- the order of their ids, refuses what does not balance or would overdraw somebody, changes the balances and writes the
-- postings. Nothing else may write balances or postings, and nothing may change or delete what has been written.
--
-- Signs: an amount above zero is what the account's owner gains. What the platform holds outside (`world:…`) and what it
-- has issued are therefore below zero, and all accounts of one asset sum to zero.
--
-- Accounts of an owner have ids above zero: their balance stands in their row, is locked by whoever moves it, and never
-- falls below zero. Accounts of the platform have ids below zero and may be in every second transfer at once, so nobody
-- locks them: each posting adds a row to ledger_pending, and ledger_fold() moves these into the balance now and then.
-- The balance plus what is pending is exact at every moment, in every snapshot.

create table ledger_assets (
  code     text constraint ledger_assets_pkey primary key,
  exponent smallint not null,
  constraint ledger_assets_code_form check (code ~ '^[A-Z][A-Z0-9]{1,9}$'),
  constraint ledger_assets_exponent_range check (exponent between 0 and 8)
);

insert into ledger_assets (code, exponent) values
  ('COIN', 2),
  ('USD', 2), ('EUR', 2), ('GBP', 2), ('INR', 2), ('IDR', 2),
  ('JPY', 0), ('KRW', 0), ('VND', 0),
  ('BHD', 3), ('KWD', 3), ('TND', 3);

-- What an account can be for. The purpose of an account may go on after a colon ('world:sandbox'). A bucket that can be
-- held needs a second purpose with the ending _reserved. Modules above add rows for what they bring along.
create table ledger_purposes (
  purpose  text not null,
  platform boolean not null,
  kind     text not null,
  about    text not null,
  constraint ledger_purposes_pkey primary key (purpose, platform),
  constraint ledger_purposes_form check (purpose ~ '^[a-z][a-z_]*$'),
  constraint ledger_purposes_kind_known check (kind in ('liability', 'income', 'asset', 'expense', 'clearing')),
  constraint ledger_purposes_owned_is_liability check (platform or kind = 'liability')
);

insert into ledger_purposes (purpose, platform, kind, about) values
  ('promotional', false, 'liability', 'given by the platform, never paid out (M4)'),
  ('purchased', false, 'liability', 'paid for'),
  ('earned', false, 'liability', 'earned, can be paid out'),
  ('promotional_reserved', false, 'liability', 'held from promotional'),
  ('purchased_reserved', false, 'liability', 'held from purchased'),
  ('earned_reserved', false, 'liability', 'held from earned, as while a payout is under way (M9)'),
  ('fees', true, 'income', 'the platform''s share'),
  ('promotional_fees', true, 'income', 'the platform''s share of promotional value, which is not money'),
  ('charity', true, 'liability', 'set aside for charity (M8)'),
  ('coin_sales', true, 'income', 'money taken for coins'),
  ('issued', true, 'clearing', 'coins brought into being; as far below zero as there are coins'),
  ('redeemed', true, 'clearing', 'coins given back for money'),
  ('welcome', true, 'expense', 'bonuses given away (M5)'),
  ('receivable', true, 'asset', 'owed to the platform after a refund (M13)'),
  ('world', true, 'asset', 'money at a gateway: what came in is below zero'),
  ('payout_world', true, 'asset', 'money sent out through a payout provider');

create sequence ledger_account_ids;

create table ledger_accounts (
  id            bigint constraint ledger_accounts_pkey primary key,
  owner_id      uuid,
  asset         text not null constraint ledger_accounts_asset_fk references ledger_assets (code),
  purpose       text not null,
  balance_minor bigint not null default 0,
  opened_at     timestamptz not null default clock_timestamp(),
  constraint ledger_accounts_once unique nulls not distinct (owner_id, asset, purpose),
  constraint ledger_accounts_not_negative check (id < 0 or balance_minor >= 0)
) with (fillfactor = 80); -- room for the new version of a row whose balance changes, on the same page
alter sequence ledger_account_ids owned by ledger_accounts.id;

-- A transfer with its legs as they were asked for: `accounts` ascending, `amounts` beside them.
create table ledger_transfers (
  id              uuid constraint ledger_transfers_pkey primary key,
  kind            text not null,
  idempotency_key text not null constraint ledger_transfers_key_once unique,
  input_hash      bytea not null,
  cause           text not null,
  metadata        jsonb not null default '{}',
  actor_id        uuid,
  reverses        uuid,
  accounts        bigint[] not null,
  amounts         bigint[] not null,
  created_at      timestamptz not null default clock_timestamp()
);
create unique index ledger_transfers_reversed_once on ledger_transfers (reverses) where reverses is not null;

-- `balance_after_minor` is the account's balance right after the posting; null for accounts of the platform. `id` is the
-- order of an account's postings: it is drawn while the account is locked, as is the time. Only ledger_apply() writes here,
-- and checks what a constraint would check at a quarter of the price: PostgreSQL reads each one anew for every statement.
create table ledger_postings (
  id                  bigint generated always as identity,
  transfer_id         uuid not null,
  account_id          bigint not null,
  amount_minor        bigint not null,
  balance_after_minor bigint,
  created_at          timestamptz not null,
  constraint ledger_postings_pkey primary key (transfer_id, account_id)
);
create index ledger_postings_by_account on ledger_postings (account_id, created_at, id);

-- What has been posted to accounts of the platform since the last fold.
create table ledger_pending (
  account_id   bigint not null,
  amount_minor bigint not null
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.2);

-- A hold is a transfer of the same id, from `accounts` into `reserved`; `closing` is the transfer that ended it.
create table ledger_holds (
  id         uuid constraint ledger_holds_pkey primary key,
  state      text not null default 'held',
  accounts   bigint[] not null,
  reserved   bigint[] not null,
  amounts    bigint[] not null,
  closing    uuid,
  expires_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  closed_at  timestamptz,
  constraint ledger_holds_state_known check (state in ('held', 'settled', 'released', 'expired')),
  constraint ledger_holds_closed_by check ((state = 'held') = (closing is null) and (state = 'held') = (closed_at is null))
);
create unique index ledger_holds_by_closing on ledger_holds (closing) where closing is not null;
create index ledger_holds_due on ledger_holds (expires_at) where state = 'held' and expires_at is not null;
create index ledger_holds_open on ledger_holds (id) where state = 'held';

-- ---- What the database refuses. SQLSTATE LGnnn; errors.py gives each its class.
--   LG001 overdrawn   LG002 not balanced, or legs out of form   LG003 key used for another input
--   LG004 history, balances or holds touched directly           LG005 hold is closed
--   LG006 more than is held   LG007 reversed already            LG008 cannot be reversed
--   LG009 no such asset or purpose                              LG010 no such transfer or hold

create function ledger_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: %', lower(tg_op), tg_table_name, tg_argv[0] using errcode = 'LG004';
end $$;

create trigger ledger_transfers_are_final before update or delete or truncate on ledger_transfers
  for each statement execute function ledger_refuse('a transfer is final; reverse it');
create trigger ledger_postings_are_final before update or delete or truncate on ledger_postings
  for each statement execute function ledger_refuse('history is final; reverse the transfer');
create trigger ledger_postings_by_transfer_only before insert on ledger_postings
  for each statement when (pg_trigger_depth() = 0) execute function ledger_refuse('insert a transfer');
create trigger ledger_pending_by_transfer_only before insert on ledger_pending
  for each statement when (pg_trigger_depth() = 0) execute function ledger_refuse('insert a transfer');
create trigger ledger_pending_is_only_folded before update or truncate on ledger_pending
  for each statement execute function ledger_refuse('call ledger_fold()');
create trigger ledger_accounts_stay before delete or truncate on ledger_accounts
  for each statement execute function ledger_refuse('an account stays');
create trigger ledger_accounts_open_empty before insert on ledger_accounts
  for each row when (new.balance_minor <> 0 or (new.owner_id is null) <> (new.id < 0))
  execute function ledger_refuse('an account opens empty, with an id below zero if it is the platform''s');
create trigger ledger_accounts_by_transfer_only before update on ledger_accounts
  for each row when (pg_trigger_depth() = 0) execute function ledger_refuse('insert a transfer');
create trigger ledger_holds_stay before delete or truncate on ledger_holds
  for each statement execute function ledger_refuse('a hold is settled or released');

-- Whatever leaves ledger_pending arrives in the balance, whoever deletes it.
create function ledger_folded() returns trigger language plpgsql as $$
begin
  update ledger_accounts a set balance_minor = a.balance_minor + f.amount_minor
    from (select account_id, sum(amount_minor)::bigint as amount_minor from folded group by account_id) f
    where a.id = f.account_id and f.amount_minor <> 0;
  return null;
end $$;
create trigger ledger_pending_folds after delete on ledger_pending referencing old table as folded
  for each statement execute function ledger_folded();

-- A hold's row follows its transfers: it opens and closes with the money, once.
create function ledger_holds_guard() returns trigger language plpgsql as $$
declare
  v_kept boolean;
begin
  if tg_op = 'INSERT' then
    select new.state = 'held' and not exists (
        select from unnest(new.accounts, new.reserved, new.amounts) h (account, reserved, amount)
        where coalesce(h.amount <= 0, true)
           or coalesce(t.amounts[array_position(t.accounts, h.account)] <> -h.amount, true)
           or coalesce(t.amounts[array_position(t.accounts, h.reserved)] <> h.amount, true))
      into v_kept from ledger_transfers t where t.id = new.id;
  else
    select old.state = 'held' and new.state <> 'held'
        and (new.id, new.accounts, new.reserved, new.amounts, new.created_at, new.expires_at)
            is not distinct from (old.id, old.accounts, old.reserved, old.amounts, old.created_at, old.expires_at)
        and not exists (
          select from unnest(new.reserved, new.amounts) h (reserved, amount)
          where coalesce(t.amounts[array_position(t.accounts, h.reserved)] <> -h.amount, true))
      into v_kept from ledger_transfers t where t.id = new.closing;
  end if;
  if v_kept is not true then
    raise exception 'hold % and its money disagree', new.id using errcode = 'LG004';
  end if;
  return new;
end $$;
create trigger ledger_holds_follow_money before insert or update on ledger_holds
  for each row execute function ledger_holds_guard();

-- Why an account could not take an amount: it is overdrawn, or there is no such account.
create function ledger_complain(p_account bigint, p_amount bigint) returns void language plpgsql as $$
declare
  a ledger_accounts;
begin
  select * into a from ledger_accounts where id = p_account;
  if not found then
    raise exception 'there is no account %', p_account using errcode = 'LG002';
  end if;
  raise exception '% % has % and needs %', a.asset, a.purpose, a.balance_minor, -p_amount
    using errcode = 'LG001', detail = json_build_object('owner_id', a.owner_id, 'asset', a.asset, 'purpose', a.purpose,
      'available_minor', a.balance_minor, 'needed_minor', -p_amount);
end $$;

-- One transfer of a statement is applied leg by leg, which is quicker than it looks; many are applied as sets.
create function ledger_apply() returns trigger language plpgsql as $$
declare
  v_count    bigint;
  v_transfer uuid;
  v_accounts bigint[];
  v_amounts  bigint[];
  v_after    bigint[];
  v_balance  bigint;
  v_asset    text;
  v_assets   text[];
  v_sums     bigint[];
  v_last     bigint;
  v_at       timestamptz;
  v_lowest   bigint;
  k          integer;
begin
  select count(*) into v_count from added;
  if v_count = 1 then
    select id, accounts, amounts into v_transfer, v_accounts, v_amounts from added;
    for i in 1 .. cardinality(v_accounts) loop
      if v_accounts[i] > 0 then
        update ledger_accounts set balance_minor = balance_minor + v_amounts[i]
          where id = v_accounts[i] and balance_minor + v_amounts[i] >= 0
          returning balance_minor, asset into v_balance, v_asset;
        if not found then
          perform ledger_complain(v_accounts[i], v_amounts[i]);
        end if;
        v_after[i] := v_balance;
      else
        select asset into v_asset from ledger_accounts where id = v_accounts[i];
        if not found then
          perform ledger_complain(v_accounts[i], v_amounts[i]);
        end if;
        insert into ledger_pending values (v_accounts[i], v_amounts[i]);
        v_after[i] := null;
      end if;
      if v_accounts[i] <= v_last or (v_amounts[i] <> 0) is not true then
        raise exception 'the legs of transfer % are out of form', v_transfer using errcode = 'LG002';
      end if;
      v_last := v_accounts[i];
      k := array_position(v_assets, v_asset);
      if k is null then
        v_assets := v_assets || v_asset;
        v_sums := v_sums || v_amounts[i];
      else
        v_sums[k] := v_sums[k] + v_amounts[i];
      end if;
    end loop;
    if (0 = all (v_sums)) is not true or cardinality(v_amounts) <> cardinality(v_accounts) then
      raise exception 'transfer % does not sum to zero: % %', v_transfer, v_sums, v_assets using errcode = 'LG002';
    end if;
    v_at := clock_timestamp();
    for i in 1 .. cardinality(v_accounts) loop
      insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
        values (v_transfer, v_accounts[i], v_amounts[i], v_after[i], v_at);
    end loop;
  elsif v_count > 1 then
    select t.id into v_transfer
      from added t
      where cardinality(t.accounts) <> cardinality(t.amounts) or cardinality(t.accounts) < 2 or exists (
        select from generate_subscripts(t.accounts, 1) i
        where t.accounts[i] <= t.accounts[i - 1] or (t.amounts[i] <> 0) is not true)
      limit 1;
    if found then
      raise exception 'the legs of transfer % are out of form', v_transfer using errcode = 'LG002';
    end if;
    perform from ledger_accounts
      where id in (select unnest(accounts) from added) and id > 0 order by id for no key update;
    v_at := clock_timestamp();
    with posted as (
      insert into ledger_postings (transfer_id, account_id, amount_minor, balance_after_minor, created_at)
        select l.transfer, l.account, l.amount,
          case when l.account > 0 then a.balance_minor
            + sum(l.amount) over (partition by l.account order by l.transfer rows unbounded preceding) end, v_at
        from (select t.id, u.account, u.amount from added t, unnest(t.accounts, t.amounts) u (account, amount))
          l (transfer, account, amount)
        join ledger_accounts a on a.id = l.account
        order by l.transfer, l.account
        returning balance_after_minor)
      select count(*), min(balance_after_minor) into v_count, v_lowest from posted;
    if v_lowest < 0 then
      raise exception 'together these transfers overdraw an account' using errcode = 'LG001';
    end if;
    if v_count <> (select sum(cardinality(accounts)) from added) then
      raise exception 'a transfer names an account that does not exist' using errcode = 'LG002';
    end if;
    select t.id into v_transfer
      from added t, unnest(t.accounts, t.amounts) u (account, amount) join ledger_accounts a on a.id = u.account
      group by t.id, a.asset having sum(u.amount) <> 0 limit 1;
    if found then
      raise exception 'transfer % does not sum to zero', v_transfer using errcode = 'LG002';
    end if;
    update ledger_accounts a set balance_minor = a.balance_minor + m.amount
      from (select u.account, sum(u.amount)::bigint as amount
            from added t, unnest(t.accounts, t.amounts) u (account, amount) where u.account > 0 group by u.account) m
      where a.id = m.account;
    insert into ledger_pending
      select u.account, sum(u.amount) from added t, unnest(t.accounts, t.amounts) u (account, amount)
      where u.account < 0 group by u.account;
  end if;
  return null;
end $$;
create trigger ledger_transfers_apply after insert on ledger_transfers referencing new table as added
  for each statement execute function ledger_apply();

-- ---- What actions.py calls, each one round trip.

-- The id of an account, opened if it is not there yet.
create function ledger_open(p_owner uuid, p_asset text, p_purpose text) returns bigint language plpgsql as $$
declare
  v_id bigint;
begin
  loop
    select id into v_id from ledger_accounts
      where owner_id is not distinct from p_owner and asset = p_asset and purpose = p_purpose;
    if found then
      return v_id;
    end if;
    perform from ledger_purposes p where p.purpose = split_part(p_purpose, ':', 1) and p.platform = (p_owner is null);
    if not found or not exists (select from ledger_assets where code = p_asset) then
      raise exception 'there is no account % % of %', p_asset, p_purpose,
        case when p_owner is null then 'the platform' else 'a person' end using errcode = 'LG009';
    end if;
    v_id := nextval('ledger_account_ids');
    insert into ledger_accounts (id, owner_id, asset, purpose)
      values (case when p_owner is null then -v_id else v_id end, p_owner, p_asset, p_purpose)
      on conflict do nothing; -- somebody else opens it just now: look again
  end loop;
end $$;

create function ledger_find(p_owner uuid, p_asset text, p_purpose text) returns bigint language plpgsql as $$
declare
  v_id bigint;
begin
  if p_owner is null then
    select id into v_id from ledger_accounts where owner_id is null and asset = p_asset and purpose = p_purpose;
  else
    select id into v_id from ledger_accounts where owner_id = p_owner and asset = p_asset and purpose = p_purpose;
  end if;
  return coalesce(v_id, ledger_open(p_owner, p_asset, p_purpose));
end $$;

-- Which transfer a key stands for, when it was used before with the same input.
create function ledger_replay(p_key text, p_hash bytea) returns uuid language plpgsql as $$
declare
  v_id   uuid;
  v_hash bytea;
begin
  select id, input_hash into v_id, v_hash from ledger_transfers where idempotency_key = p_key;
  if found and v_hash <> p_hash then
    raise exception 'the key % was used for another transfer', p_key
      using errcode = 'LG003', detail = json_build_object('transfer_id', v_id);
  end if;
  return v_id;
end $$;

-- Post one transfer; answers its id, or the id of the one that this key made before.
create function ledger_post(
  p_id uuid, p_kind text, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid,
  p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns uuid language plpgsql as $$
declare
  v_accounts bigint[];
  v_amounts  bigint[];
  v_id       bigint;
  j          integer;
begin
  for i in 1 .. cardinality(p_amounts) loop
    if p_owners[i] is null then
      select id into v_id from ledger_accounts
        where owner_id is null and asset = p_assets[i] and purpose = p_purposes[i];
    else
      select id into v_id from ledger_accounts
        where owner_id = p_owners[i] and asset = p_assets[i] and purpose = p_purposes[i];
    end if;
    if not found then
      v_id := ledger_open(p_owners[i], p_assets[i], p_purposes[i]);
    end if;
    j := i;
    while j > 1 and v_accounts[j - 1] > v_id loop
      v_accounts[j] := v_accounts[j - 1];
      v_amounts[j] := v_amounts[j - 1];
      j := j - 1;
    end loop;
    v_accounts[j] := v_id;
    v_amounts[j] := p_amounts[i];
  end loop;
  insert into ledger_transfers (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, accounts, amounts)
    values (p_id, p_kind, p_key, p_hash, p_cause, p_metadata, p_actor, v_accounts, v_amounts)
    on conflict (idempotency_key) do nothing;
  if found then
    return p_id;
  end if;
  return ledger_replay(p_key, p_hash);
end $$;

-- Lock the accounts of people among these in the order of their ids, and answer all balances.
create function ledger_lock(p_owners uuid[], p_assets text[], p_purposes text[])
  returns table (place integer, balance_minor bigint) language plpgsql as $$
declare
  v_accounts bigint[];
begin
  for i in 1 .. cardinality(p_owners) loop
    v_accounts[i] := ledger_find(p_owners[i], p_assets[i], p_purposes[i]);
  end loop;
  perform from ledger_accounts a where a.id = any (v_accounts) and a.id > 0 order by a.id for no key update;
  return query
    select u.place::integer, ledger_balance(u.account)
    from unnest(v_accounts) with ordinality u (account, place) order by u.place;
end $$;

-- An account's balance, exact whether or not all of it is folded.
create function ledger_balance(p_account bigint) returns bigint language sql stable as $$
  select a.balance_minor + case when a.id > 0 then 0
      else coalesce((select sum(p.amount_minor) from ledger_pending p where p.account_id = a.id), 0)::bigint end
  from ledger_accounts a where a.id = p_account
$$;

-- What it held right after the last posting up to a time.
create function ledger_balance_at(p_account bigint, p_at timestamptz) returns bigint language sql stable as $$
  select case when p_account > 0
    then coalesce((select p.balance_after_minor from ledger_postings p
                   where p.account_id = p_account and p.created_at <= p_at
                   order by p.created_at desc, p.id desc limit 1), 0)
    else coalesce((select sum(p.amount_minor) from ledger_postings p
                   where p.account_id = p_account and p.created_at <= p_at), 0)::bigint end
$$;

-- The opposite of a transfer, once. The settlement of a hold goes back to where the money was before it was held.
create function ledger_reverse(
  p_id uuid, p_original uuid, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid
) returns uuid language plpgsql as $$
declare
  t          ledger_transfers;
  h          ledger_holds;
  v_accounts bigint[];
  v_amounts  bigint[];
  v_done     uuid;
begin
  select * into t from ledger_transfers where id = p_original;
  if not found then
    raise exception 'there is no transfer %', p_original using errcode = 'LG010';
  end if;
  select * into h from ledger_holds where id = p_original or closing = p_original;
  if t.reverses is not null or h.id = p_original or h.state in ('released', 'expired') then
    raise exception 'transfer % (%) cannot be reversed', p_original, t.kind
      using errcode = 'LG008', detail = json_build_object('transfer_id', p_original);
  end if;
  select array_agg(m.account order by m.account), array_agg(m.amount order by m.account)
    into v_accounts, v_amounts
    from (select coalesce(h.accounts[array_position(h.reserved, u.account)], u.account), (-sum(u.amount))::bigint
          from unnest(t.accounts, t.amounts) u (account, amount) group by 1 having sum(u.amount) <> 0) m (account, amount);
  insert into ledger_transfers
      (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, reverses, accounts, amounts)
    values (p_id, 'reversal', p_key, p_hash, p_cause, p_metadata, p_actor, p_original, v_accounts, v_amounts)
    on conflict do nothing;
  if found then
    return p_id;
  end if;
  v_done := ledger_replay(p_key, p_hash);
  if v_done is null then
    select id into v_done from ledger_transfers where reverses = p_original;
    raise exception 'transfer % is reversed already', p_original
      using errcode = 'LG007', detail = json_build_object('transfer_id', p_original, 'reversed_by', v_done);
  end if;
  return v_done;
end $$;

-- Move amounts (above zero) into the reserved accounts beside their own; the hold has the id of this transfer.
create function ledger_hold(
  p_id uuid, p_kind text, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid,
  p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[], p_expires timestamptz
) returns uuid language plpgsql as $$
declare
  v_from     bigint[];
  v_reserved bigint[];
  v_accounts bigint[];
  v_amounts  bigint[];
begin
  for i in 1 .. cardinality(p_amounts) loop
    v_from[i] := ledger_find(p_owners[i], p_assets[i], p_purposes[i]);
    v_reserved[i] := ledger_find(p_owners[i], p_assets[i], p_purposes[i] || '_reserved');
  end loop;
  select array_agg(l.account order by l.account), array_agg(l.amount order by l.account)
    into v_accounts, v_amounts
    from (select account, -amount from unnest(v_from, p_amounts) u (account, amount)
          union all select account, amount from unnest(v_reserved, p_amounts) u (account, amount)) l (account, amount);
  insert into ledger_transfers (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, accounts, amounts)
    values (p_id, p_kind, p_key, p_hash, p_cause, p_metadata, p_actor, v_accounts, v_amounts)
    on conflict (idempotency_key) do nothing;
  if not found then
    return ledger_replay(p_key, p_hash);
  end if;
  insert into ledger_holds (id, accounts, reserved, amounts, expires_at)
    values (p_id, v_from, v_reserved, p_amounts, p_expires);
  return p_id;
end $$;

-- End a hold: pay the given legs (above zero) out of it, the first held bucket first, and return the rest.
create function ledger_close(
  p_id uuid, p_hold uuid, p_state text, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid,
  p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns uuid language plpgsql as $$
declare
  h          ledger_holds;
  v_kind     text;
  v_done     uuid;
  v_targets  bigint[];
  v_back     bigint[];
  v_accounts bigint[];
  v_amounts  bigint[];
begin
  select * into h from ledger_holds where id = p_hold for no key update;
  if not found then
    raise exception 'there is no hold %', p_hold using errcode = 'LG010';
  end if;
  v_done := ledger_replay(p_key, p_hash);
  if v_done is not null then
    return v_done;
  end if;
  if h.state <> 'held' then
    raise exception 'hold % is % already', p_hold, h.state
      using errcode = 'LG005', detail = json_build_object('hold_id', p_hold, 'state', h.state);
  end if;
  for i in 1 .. cardinality(p_amounts) loop
    v_targets[i] := ledger_find(p_owners[i], p_assets[i], p_purposes[i]);
  end loop;
  v_back := ledger_rest(h, p_assets, p_amounts);
  select array_agg(m.account order by m.account), array_agg(m.amount order by m.account)
    into v_accounts, v_amounts
    from (select l.account, sum(l.amount)::bigint
          from (select account, -amount from unnest(h.reserved, h.amounts) u (account, amount)
                union all select account, amount from unnest(h.accounts, v_back) u (account, amount)
                union all select account, amount from unnest(v_targets, p_amounts) u (account, amount)) l (account, amount)
          group by l.account having sum(l.amount) <> 0) m (account, amount);
  select kind || '.' || p_state into v_kind from ledger_transfers where id = p_hold;
  insert into ledger_transfers (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, accounts, amounts)
    values (p_id, v_kind, p_key, p_hash, p_cause, p_metadata, p_actor, v_accounts, v_amounts);
  update ledger_holds set state = p_state, closing = p_id, closed_at = clock_timestamp() where id = p_hold;
  return p_id;
end $$;

-- What goes back to each bucket of a hold when so much of each asset is paid out of it.
create function ledger_rest(h ledger_holds, p_assets text[], p_amounts bigint[]) returns bigint[] language plpgsql as $$
declare
  v_assets text[];
  v_back   bigint[] := h.amounts;
  v_due    bigint;
  v_take   bigint;
  v_asset  text;
begin
  select array_agg(a.asset order by u.place) into v_assets
    from unnest(h.accounts) with ordinality u (account, place) join ledger_accounts a on a.id = u.account;
  for v_asset, v_due in
    select asset, sum(amount) from unnest(p_assets, p_amounts) u (asset, amount) group by asset
  loop
    for i in 1 .. cardinality(v_back) loop
      if v_assets[i] = v_asset then
        v_take := least(v_due, v_back[i]);
        v_back[i] := v_back[i] - v_take;
        v_due := v_due - v_take;
      end if;
    end loop;
    if v_due > 0 then
      raise exception 'hold % has % % less than is to be paid', h.id, v_due, v_asset
        using errcode = 'LG006', detail = json_build_object('hold_id', h.id, 'asset', v_asset, 'missing_minor', v_due);
    end if;
  end loop;
  return v_back;
end $$;

-- Move what is pending into the balances; answers how many postings. One at a time: a second one answers 0 at once.
create function ledger_fold(p_limit integer) returns bigint language plpgsql as $$
declare
  v_count bigint;
begin
  if not pg_try_advisory_xact_lock(hashtext('ledger_fold')) then
    return 0;
  end if;
  delete from ledger_pending where ctid = any (array(select ctid from ledger_pending limit p_limit));
  get diagnostics v_count = row_count;
  return v_count;
end $$;

-- Group commit: post many transfers that have nothing to do with each other. Each is accepted or refused on its own, in
-- the order of their ids. `p_leg_of[i]` is the place (from 1) of the transfer that leg i belongs to. Outcomes: posted,
-- replayed, key_reused, overdrawn.
create function ledger_post_many(
  p_ids uuid[], p_kinds text[], p_keys text[], p_hashes bytea[], p_causes text[], p_metadata text[], p_actors uuid[],
  p_leg_of integer[], p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns table (place integer, transfer_id uuid, outcome text, detail json) language plpgsql as $$
#variable_conflict use_column
declare
  v_leg_of   integer[];
  v_accounts bigint[];
  v_amounts  bigint[];
  v_done     uuid[];
  v_refused  integer[] := '{}';
  v_details  json[] := '{}';
begin
  loop
    select array_agg(l.place), array_agg(l.account), array_agg(l.amount) into v_leg_of, v_accounts, v_amounts
      from (select u.place, a.id, u.amount
            from unnest(p_leg_of, p_owners, p_assets, p_purposes, p_amounts) u (place, owner, asset, purpose, amount)
            join ledger_accounts a on a.owner_id = u.owner and a.asset = u.asset and a.purpose = u.purpose
            union all
            select u.place, a.id, u.amount
            from unnest(p_leg_of, p_owners, p_assets, p_purposes, p_amounts) u (place, owner, asset, purpose, amount)
            join ledger_accounts a on a.owner_id is null and a.asset = u.asset and a.purpose = u.purpose
            where u.owner is null) l (place, account, amount);
    exit when cardinality(v_leg_of) = cardinality(p_leg_of);
    perform ledger_open(u.owner, u.asset, u.purpose)
      from (select distinct owner, asset, purpose from unnest(p_owners, p_assets, p_purposes) o (owner, asset, purpose)
            order by owner, asset, purpose) u;
  end loop;
  loop
    begin
      with posted as (
        insert into ledger_transfers
            (id, kind, idempotency_key, input_hash, cause, metadata, actor_id, accounts, amounts)
          select h.id, h.kind, h.key, h.hash, h.cause, h.metadata::jsonb, h.actor, l.accounts, l.amounts
          from unnest(p_ids, p_kinds, p_keys, p_hashes, p_causes, p_metadata, p_actors) with ordinality
            h (id, kind, key, hash, cause, metadata, actor, place)
          join (select u.place, array_agg(u.account order by u.account) as accounts,
                  array_agg(u.amount order by u.account) as amounts
                from unnest(v_leg_of, v_accounts, v_amounts) u (place, account, amount) group by u.place) l
            on l.place = h.place
          where h.place <> all (v_refused)
          on conflict (idempotency_key) do nothing
          returning id)
      select array_agg(id) into v_done from posted;
      exit;
    exception when sqlstate 'LG001' then
      null; -- find out which of them do it, and leave those out
    end;
    select coalesce(array_agg(s.place), '{}'), coalesce(array_agg(s.detail), '{}') into v_refused, v_details
      from ledger_overdrawn(p_ids, p_keys, v_leg_of, v_accounts, v_amounts) s;
  end loop;
  return query
    select h.place::integer, coalesce(t.id, h.id),
      case when h.id = any (v_done) then 'posted' when r.detail is not null then 'overdrawn'
        when t.input_hash = h.hash then 'replayed' else 'key_reused' end,
      coalesce(r.detail, case when t.input_hash <> h.hash then json_build_object('transfer_id', t.id) end)
    from unnest(p_ids, p_keys, p_hashes) with ordinality h (id, key, hash, place)
    left join unnest(v_refused, v_details) r (place, detail) on r.place = h.place
    left join ledger_transfers t on t.idempotency_key = h.key and h.id <> all (coalesce(v_done, '{}'))
    order by h.place;
end $$;

-- Which of many transfers would overdraw an account, when those before them that would not are posted first.
create function ledger_overdrawn(
  p_ids uuid[], p_keys text[], p_leg_of integer[], p_accounts bigint[], p_amounts bigint[]
) returns table (place integer, detail json) language plpgsql as $$
declare
  v_ids      bigint[];
  v_balances bigint[];
  v_accounts bigint[];
  v_amounts  bigint[];
  v_fits     boolean;
  k          integer;
begin
  select array_agg(a.id), array_agg(a.balance_minor) into v_ids, v_balances
    from (select id, balance_minor from ledger_accounts
          where id = any (p_accounts) and id > 0 order by id for no key update) a;
  for place, v_accounts, v_amounts in
    select h.place, array_agg(u.account), array_agg(u.amount)
    from unnest(p_ids, p_keys) with ordinality h (id, key, place)
    join unnest(p_leg_of, p_accounts, p_amounts) u (place, account, amount) on u.place = h.place and u.account > 0
    where not exists (select from ledger_transfers t where t.idempotency_key = h.key)
    group by h.id, h.place order by h.id
  loop
    v_fits := true;
    for i in 1 .. cardinality(v_accounts) loop
      k := array_position(v_ids, v_accounts[i]);
      if v_balances[k] + v_amounts[i] < 0 then
        v_fits := false;
        select json_build_object('owner_id', a.owner_id, 'asset', a.asset, 'purpose', a.purpose,
            'available_minor', v_balances[k], 'needed_minor', -v_amounts[i]) into detail
          from ledger_accounts a where a.id = v_ids[k];
        return next;
        exit;
      end if;
    end loop;
    if v_fits then
      for i in 1 .. cardinality(v_accounts) loop
        k := array_position(v_ids, v_accounts[i]);
        v_balances[k] := v_balances[k] + v_amounts[i];
      end loop;
    end if;
  end loop;
end $$;
