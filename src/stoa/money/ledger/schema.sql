-- money/ledger: double entry for many assets (M1, M9). Everything that moves value is a row of ledger_transfers.
--
-- The one way to move money is to insert a transfer with its legs. A trigger does all the rest: it finds or opens the
-- accounts, refuses what does not balance or would overdraw somebody, changes the balances and writes the postings.
-- Nothing else may write balances or postings, and nothing may change or delete what has been written.
--
-- Signs: an amount above zero is what the account's owner gains. What the platform holds outside (`world:…`) and what it
-- has issued are therefore below zero, and all accounts of one asset sum to zero.
--
-- Accounts of an owner have ids above zero: their balance stands in their row, is locked by whoever moves it, and never
-- falls below zero. Accounts of the platform have ids below zero and may be in every second transfer at once, so nobody
-- locks them: each posting adds a row to ledger_pending, and ledger_fold() moves these into folded_minor now and then.
-- What is folded plus what is pending is exact at every moment, in every snapshot.

create table ledger_assets (
  code     text constraint ledger_assets_pkey primary key,
  exponent smallint not null,
  constraint ledger_assets_code_form check (code ~ '^[A-Z][A-Z0-9]{1,9}$'),
  constraint ledger_assets_exponent_range check (exponent between 0 and 8)
);

insert into ledger_assets (code, exponent) values
  ('COIN', 2),
  ('USD', 2), ('EUR', 2), ('GBP', 2), ('INR', 2), ('IDR', 2),
  ('PHP', 2), ('MYR', 2), ('THB', 2),
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

-- What somebody has. A domain, as PostgreSQL reads the checks of a table anew for every statement that writes to it.
create domain ledger_not_negative as bigint constraint ledger_accounts_not_negative check (value >= 0);

-- Names are compared byte by byte, so that everybody locks accounts in the same order whatever the server's language.
-- `balance_minor` is for accounts of people, `folded_minor` for those of the platform; the other one stays 0.
create table ledger_accounts (
  id            bigint constraint ledger_accounts_pkey primary key,
  owner_id      uuid,
  asset         text collate "C" not null, -- one of ledger_assets, which stay: ledger_open looks
  purpose       text collate "C" not null,
  balance_minor ledger_not_negative not null default 0,
  folded_minor  bigint not null default 0,
  opened_at     timestamptz not null default clock_timestamp(),
  constraint ledger_accounts_once unique nulls not distinct (owner_id, asset, purpose)
) with (fillfactor = 60); -- room on the page for rows whose balance changes; at 80 it is swept at almost every change
alter sequence ledger_account_ids owned by ledger_accounts.id;

-- A transfer with its legs as they were asked for, side by side in four arrays. Whoever moves several accounts of people
-- names them in the order of owner, asset, purpose, so that two transfers wait for each other instead of deadlocking.
-- `grouped`: applied with others at once, through ledger_groups.
create table ledger_transfers (
  id              uuid constraint ledger_transfers_pkey primary key,
  kind            text not null,
  idempotency_key text not null constraint ledger_transfers_key_once unique,
  input_hash      bytea not null,
  cause           text not null,
  metadata        jsonb not null default '{}',
  actor_id        uuid,
  reverses        uuid,
  grouped         boolean not null default false,
  owners          uuid[] not null,
  assets          text[] not null,
  purposes        text[] not null,
  amounts         bigint[] not null,
  created_at      timestamptz not null default clock_timestamp()
);

-- Which transfer undid which, once. Not an index of ledger_transfers, which every other transfer would pay for.
create table ledger_reversals (
  original uuid constraint ledger_reversals_pkey primary key,
  reversal uuid not null
);

-- `balance_after_minor` is the account's balance right after the posting; null for accounts of the platform. The time is
-- taken while all accounts of the transfer are locked, so it orders an account's postings; in a group, ids do. Those of one
-- transfer are found through its legs: ledger_postings_of(). A second index would be a twentieth of a transfer. Only
-- triggers write here, and check what constraints would check at a multiple of the price: PostgreSQL reads these anew for
-- every statement.
create table ledger_postings (
  transfer_id         uuid not null,
  account_id          bigint not null,
  amount_minor        bigint not null,
  balance_after_minor bigint,
  created_at          timestamptz not null,
  constraint ledger_postings_pkey primary key (account_id, created_at, transfer_id)
);

-- What has been posted to accounts of the platform since the last fold.
create table ledger_pending (
  account_id   bigint not null,
  amount_minor bigint not null
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.2);

-- A hold is a transfer of the same id, from accounts of people into those whose purposes end in _reserved; `closing` is
-- the transfer that ended it. Its legs are in the order in which they are to be spent.
create table ledger_holds (
  id         uuid constraint ledger_holds_pkey primary key,
  state      text not null default 'held',
  owners     uuid[] not null,
  assets     text[] not null,
  purposes   text[] not null,
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
create index ledger_holds_by_owner on ledger_holds ((owners[1])) where state = 'held';

-- ---- What the database refuses. SQLSTATE LGnnn; errors.py gives each its class.
--   LG001 overdrawn   LG002 not balanced, or legs out of form   LG003 key used for another input
--   LG004 history, balances or holds touched directly           LG005 hold is closed
--   LG006 more than is held   LG007 reversed already            LG008 cannot be reversed
--   LG009 no such asset or purpose                              LG010 no such transfer or hold
--   LG011 (within) an account of a group is to be opened first

create function ledger_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: %', lower(tg_op), tg_table_name, tg_argv[0] using errcode = 'LG004';
end $$;

-- Asking in here costs less than a WHEN of the trigger would, and answering `new` less than `null`, an expression.
create function ledger_refuse_outside() returns trigger language plpgsql as $$
begin
  if pg_trigger_depth() = 1 then
    raise exception '% of % is refused: insert a transfer', lower(tg_op), tg_table_name using errcode = 'LG004';
  end if;
  return new;
end $$;

create trigger ledger_assets_stay before update or delete or truncate on ledger_assets
  for each statement execute function ledger_refuse('an asset stays as it is');
create trigger ledger_purposes_stay before update or delete or truncate on ledger_purposes
  for each statement execute function ledger_refuse('a purpose stays as it is');
create trigger ledger_transfers_are_final before update or delete or truncate on ledger_transfers
  for each statement execute function ledger_refuse('a transfer is final; reverse it');
create trigger ledger_reversals_are_final before update or delete or truncate on ledger_reversals
  for each statement execute function ledger_refuse('a transfer is reversed once');
create trigger ledger_reversals_by_transfer_only before insert on ledger_reversals
  for each statement execute function ledger_refuse_outside();
create trigger ledger_postings_are_final before update or delete or truncate on ledger_postings
  for each statement execute function ledger_refuse('history is final; reverse the transfer');
create trigger ledger_postings_by_transfer_only before insert on ledger_postings
  for each statement execute function ledger_refuse_outside();
create trigger ledger_pending_by_transfer_only before insert on ledger_pending
  for each statement execute function ledger_refuse_outside();
create trigger ledger_pending_is_only_folded before update or truncate on ledger_pending
  for each statement execute function ledger_refuse('call ledger_fold()');
create trigger ledger_accounts_by_transfer_only before update on ledger_accounts
  for each statement execute function ledger_refuse_outside();
create trigger ledger_accounts_stay before delete or truncate on ledger_accounts
  for each statement execute function ledger_refuse('an account stays');
create trigger ledger_accounts_open_empty before insert on ledger_accounts
  for each row when (new.balance_minor <> 0 or new.folded_minor <> 0 or (new.owner_id is null) <> (new.id < 0))
  execute function ledger_refuse('an account opens empty, with an id below zero if it is the platform''s');
create trigger ledger_holds_stay before delete or truncate on ledger_holds
  for each statement execute function ledger_refuse('a hold is settled or released');

-- Whatever leaves ledger_pending arrives in folded_minor, whoever deletes it.
create function ledger_folded() returns trigger language plpgsql as $$
begin
  update ledger_accounts a set folded_minor = a.folded_minor + f.amount_minor
    from (select account_id, sum(amount_minor)::bigint as amount_minor from folded group by account_id) f
    where a.id = f.account_id and f.amount_minor <> 0;
  return null;
end $$;
create trigger ledger_pending_folds after delete on ledger_pending referencing old table as folded
  for each statement execute function ledger_folded();

-- A hold's row follows its transfers: it opens and closes with the money, once.
create function ledger_holds_guard() returns trigger language plpgsql as $$
declare
  v_transfer uuid := case tg_op when 'INSERT' then new.id else new.closing end;
  v_sign     integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform from ledger_transfers t
    where t.id = v_transfer and cardinality(new.amounts) > 0 and not exists (
      select from unnest(new.owners, new.assets, new.purposes, new.amounts) h (owner, asset, purpose, amount)
      where (h.amount > 0) is not true or not exists (
        select from unnest(t.owners, t.assets, t.purposes, t.amounts) l (owner, asset, purpose, amount)
        where l.owner = h.owner and l.asset = h.asset and l.purpose = h.purpose || '_reserved'
          and l.amount = v_sign * h.amount));
  if not found or (tg_op = 'INSERT' and new.state <> 'held') then
    raise exception 'hold % and its money disagree', new.id using errcode = 'LG004';
  end if;
  if tg_op = 'UPDATE' and (old.state <> 'held' or new.state = 'held'
      or (new.id, new.owners, new.assets, new.purposes, new.amounts, new.created_at, new.expires_at) is distinct from
        (old.id, old.owners, old.assets, old.purposes, old.amounts, old.created_at, old.expires_at)) then
    raise exception 'hold % is % and stays so', old.id, old.state using errcode = 'LG004';
  end if;
  return new;
end $$;
create trigger ledger_holds_follow_money before insert or update on ledger_holds
  for each row execute function ledger_holds_guard();

-- The id of an account, opened if it is not there yet.
create function ledger_open(p_owner uuid, p_asset text, p_purpose text) returns bigint language plpgsql as $$
declare
  v_id bigint;
begin
  loop
    if p_owner is null then
      select id into v_id from ledger_accounts where owner_id is null and asset = p_asset and purpose = p_purpose;
    else
      select id into v_id from ledger_accounts where owner_id = p_owner and asset = p_asset and purpose = p_purpose;
    end if;
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

-- Why somebody's account did not take an amount: it is overdrawn. If it was not there, now it is.
create function ledger_cannot(p_owner uuid, p_asset text, p_purpose text, p_amount bigint) returns void
language plpgsql as $$
declare
  v_id      bigint := ledger_open(p_owner, p_asset, p_purpose);
  v_balance bigint;
begin
  select balance_minor into v_balance from ledger_accounts where id = v_id;
  if p_amount is null then
    raise exception 'a leg has no amount' using errcode = 'LG002';
  elsif v_balance + p_amount < 0 then
    raise exception '% % has % and needs %', p_asset, p_purpose, v_balance, -p_amount
      using errcode = 'LG001', detail = json_build_object('owner_id', p_owner, 'asset', p_asset, 'purpose', p_purpose,
        'available_minor', v_balance, 'needed_minor', -p_amount);
  end if;
end $$;

-- Whether legs are in form and sum to zero for each asset, at length.
create function ledger_check(p_id uuid, p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[])
returns void language plpgsql as $$
begin
  if (cardinality(p_amounts) > 1 and cardinality(p_owners) = cardinality(p_amounts)
      and cardinality(p_assets) = cardinality(p_amounts) and cardinality(p_purposes) = cardinality(p_amounts)
      and 0 <> all (p_amounts)) is not true then
    raise exception 'the legs of transfer % are out of form', p_id using errcode = 'LG002';
  end if;
  perform from unnest(p_assets, p_amounts) l (asset, amount) group by asset having sum(amount) <> 0;
  if found then
    raise exception 'transfer % does not sum to zero', p_id using errcode = 'LG002';
  end if;
end $$;

-- Whether a transfer settled a hold: its reversal leads back to where the money was before it was held. Refuses what is
-- never reversed: reversals, and what opens a hold or gives it back.
create function ledger_settled(t ledger_transfers) returns boolean language plpgsql as $$
declare
  v_hold  uuid;
  v_state text;
begin
  select id, state into v_hold, v_state from ledger_holds where id = t.id or closing = t.id;
  if t.reverses is not null or v_hold = t.id or v_state in ('released', 'expired') then
    raise exception 'transfer % (%) cannot be reversed', t.id, t.kind
      using errcode = 'LG008', detail = json_build_object('transfer_id', t.id);
  end if;
  return v_hold is not null;
end $$;

-- Refuses a reversal that is not the opposite of the transfer it names, or not the first.
create function ledger_check_reversal(r ledger_transfers) returns void language plpgsql as $$
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

-- Applies a transfer. Each statement and each expression in here counts, as each is made ready anew for every transfer.
create function ledger_apply() returns trigger language plpgsql as $$
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
create trigger ledger_transfers_apply after insert on ledger_transfers
  for each row execute function ledger_apply();

-- Many transfers at once: a row inserted here is a group of them. `leg_of[i]` is the place (from 1) of the transfer which
-- leg i belongs to, `left_out` those that are not to be made. They count in the order of their ids. One whose key is
-- known is skipped; when one overdraws an account, none is made.
create view ledger_groups as
  select null::uuid[] as ids, null::text[] as kinds, null::text[] as keys, null::bytea[] as hashes,
    null::text[] as causes, null::text[] as metadata, null::uuid[] as actors, null::integer[] as left_out,
    null::integer[] as leg_of, null::uuid[] as owners, null::text[] as assets, null::text[] as purposes,
    null::bigint[] as amounts
  where false;

create function ledger_apply_group() returns trigger language plpgsql as $$
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
create trigger ledger_groups_apply instead of insert on ledger_groups
  for each row execute function ledger_apply_group();

-- ---- What actions.py calls, each one round trip. A single transfer is just inserted.

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

-- An account's balance, exact whether or not all of it is folded.
create function ledger_balance(p_account bigint) returns bigint language sql stable as $$
  select case when a.id > 0 then a.balance_minor
      else a.folded_minor + coalesce((select sum(p.amount_minor) from ledger_pending p where p.account_id = a.id), 0)::bigint
    end
  from ledger_accounts a where a.id = p_account
$$;

-- What it held right after the last posting up to a time.
create function ledger_balance_at(p_account bigint, p_at timestamptz) returns bigint language sql stable as $$
  select case when p_account > 0
    then coalesce((select p.balance_after_minor from ledger_postings p
                   where p.account_id = p_account and p.created_at <= p_at
                   order by p.created_at desc, p.transfer_id desc limit 1), 0)
    else coalesce((select sum(p.amount_minor) from ledger_postings p
                   where p.account_id = p_account and p.created_at <= p_at), 0)::bigint end
$$;

-- The postings of a transfer, through the accounts of its legs: each was posted at the time of the transfer or soon after.
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

-- Open what is missing, lock the accounts of people among these in the order that all keep to, and answer all balances.
create function ledger_lock(p_owners uuid[], p_assets text[], p_purposes text[])
  returns table (place integer, balance_minor bigint) language plpgsql as $$
declare
  v_accounts bigint[];
  v_place    integer;
begin
  select array_agg(a.id order by u.place) into v_accounts
    from unnest(p_owners, p_assets, p_purposes) with ordinality u (owner, asset, purpose, place)
    left join ledger_accounts a on a.owner_id = u.owner and a.asset = u.asset and a.purpose = u.purpose;
  if array_position(v_accounts, null) is not null then -- the platform's, or one that is not there yet
    for v_place in -- in one order, too: whoever opens an account makes others wait who open the same
      select u.place from unnest(p_owners, p_assets, p_purposes) with ordinality u (owner, asset, purpose, place)
      order by u.owner, u.asset collate "C", u.purpose collate "C"
    loop
      v_accounts[v_place] := ledger_open(p_owners[v_place], p_assets[v_place], p_purposes[v_place]);
    end loop;
  end if;
  return query
    with locked as materialized ( -- a row that was waited for is read as it is then
      select a.id, a.balance_minor as held from ledger_accounts a where a.id = any (v_accounts) and a.id > 0
      order by a.owner_id, a.asset, a.purpose for no key update
    )
    select u.place::integer, coalesce(l.held, ledger_balance(u.account))
    from unnest(v_accounts) with ordinality u (account, place) left join locked l on l.id = u.account order by u.place;
end $$;

-- A transfer of these legs, those of one account summed and those of nothing left out; null when the key is known.
create function ledger_transfer(
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

-- The opposite of a transfer, once. The settlement of a hold goes back to where the money was before it was held.
create function ledger_reverse(
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

-- Move amounts (above zero) into the reserved accounts beside their own; the hold has the id of this transfer.
create function ledger_hold(
  p_id uuid, p_kind text, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid,
  p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[], p_expires timestamptz
) returns uuid language plpgsql as $$
declare
  v_done uuid;
begin
  v_done := ledger_transfer(p_id, p_kind, p_key, p_hash, p_cause, p_metadata, p_actor, null,
    p_owners || p_owners, p_assets || p_assets,
    p_purposes || array(select u.purpose || '_reserved' from unnest(p_purposes) with ordinality u (purpose, place)
      order by u.place),
    array(select -u.amount from unnest(p_amounts) with ordinality u (amount, place) order by u.place) || p_amounts);
  if v_done is null then
    return ledger_replay(p_key, p_hash);
  end if;
  insert into ledger_holds (id, owners, assets, purposes, amounts, expires_at)
    values (p_id, p_owners, p_assets, p_purposes, p_amounts, p_expires);
  return p_id;
end $$;

-- What goes back to each bucket of a hold when so much of each asset is paid out of it, the first bucket first.
create function ledger_rest(h ledger_holds, p_assets text[], p_amounts bigint[]) returns bigint[] language plpgsql as $$
declare
  v_back  bigint[] := h.amounts;
  v_due   bigint;
  v_take  bigint;
  v_asset text;
begin
  for v_asset, v_due in
    select asset, sum(amount) from unnest(p_assets, p_amounts) u (asset, amount) group by asset
  loop
    for i in 1 .. cardinality(v_back) loop
      if h.assets[i] = v_asset then
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

-- End a hold: pay the given legs (above zero) out of it and return the rest. Legs of other assets may move beside it, but
-- take from nobody but the platform.
create function ledger_close(
  p_id uuid, p_hold uuid, p_state text, p_key text, p_hash bytea, p_cause text, p_metadata jsonb, p_actor uuid,
  p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns uuid language plpgsql as $$
declare
  h      ledger_holds;
  v_done uuid;
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
  perform from unnest(p_owners, p_assets, p_amounts) l (owner, asset, amount)
    where amount < 0 and (owner is not null or asset = any (h.assets));
  if found then
    raise exception 'the settlement of hold % takes from more than the hold', p_hold using errcode = 'LG002';
  end if;
  v_done := ledger_transfer(p_id, (select kind || '.' || p_state from ledger_transfers where id = p_hold),
    p_key, p_hash, p_cause, p_metadata, p_actor, null,
    h.owners || h.owners || p_owners, h.assets || h.assets || p_assets,
    array(select u.purpose || '_reserved' from unnest(h.purposes) with ordinality u (purpose, place) order by u.place)
      || h.purposes || p_purposes,
    array(select -u.amount from unnest(h.amounts) with ordinality u (amount, place) order by u.place)
      || ledger_rest(h, p_assets, p_amounts) || p_amounts);
  if v_done is null then
    return ledger_replay(p_key, p_hash); -- another transfer took the key meanwhile
  end if;
  update ledger_holds set state = p_state, closing = p_id, closed_at = clock_timestamp() where id = p_hold;
  return p_id;
end $$;

-- Group commit: post many transfers that have nothing to do with each other. Each is accepted or refused on its own.
-- Outcomes: posted, replayed, key_reused, overdrawn.
create function ledger_post_many(
  p_ids uuid[], p_kinds text[], p_keys text[], p_hashes bytea[], p_causes text[], p_metadata text[], p_actors uuid[],
  p_leg_of integer[], p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns table (place integer, transfer_id uuid, outcome text, detail json) language plpgsql as $$
#variable_conflict use_column
declare
  v_refused integer[] := '{}';
  v_details json[] := '{}';
begin
  loop
    begin
      insert into ledger_groups values (p_ids, p_kinds, p_keys, p_hashes, p_causes, p_metadata, p_actors, v_refused,
        p_leg_of, p_owners, p_assets, p_purposes, p_amounts);
      exit;
    exception
      when sqlstate 'LG001' then -- find out which of them do it, and leave those out
        select coalesce(array_agg(s.place), '{}'), coalesce(array_agg(s.detail), '{}') into v_refused, v_details
          from ledger_overdrawn(p_ids, p_keys, p_leg_of, p_owners, p_assets, p_purposes, p_amounts) s;
      when sqlstate 'LG011' then
        perform ledger_open(u.owner, u.asset, u.purpose)
          from (select distinct owner, asset, purpose from unnest(p_owners, p_assets, p_purposes)
                  o (owner, asset, purpose) order by owner, asset, purpose) u;
    end;
  end loop;
  return query
    select h.place::integer, coalesce(t.id, h.id),
      case when t.id = h.id then 'posted' when t.input_hash = h.hash then 'replayed'
        when t.id is not null then 'key_reused' else 'overdrawn' end,
      case when t.id is null then r.detail when t.input_hash <> h.hash then json_build_object('transfer_id', t.id) end
    from unnest(p_ids, p_keys, p_hashes) with ordinality h (id, key, hash, place)
    left join unnest(v_refused, v_details) r (place, detail) on r.place = h.place
    left join ledger_transfers t on t.idempotency_key = h.key
    order by h.place;
end $$;

-- Which of many transfers would overdraw an account, when those before them that would not are posted first.
create function ledger_overdrawn(
  p_ids uuid[], p_keys text[], p_leg_of integer[], p_owners uuid[], p_assets text[], p_purposes text[], p_amounts bigint[]
) returns table (place integer, detail json) language plpgsql as $$
declare
  v_ids      bigint[];
  v_balances bigint[];
  v_accounts bigint[];
  v_amounts  bigint[];
  v_key      text;
  v_keys     text[] := '{}';
  v_fits     boolean;
  k          integer;
begin
  select array_agg(f.id), array_agg(f.balance_minor) into v_ids, v_balances
    from (select a.id, a.balance_minor from ledger_accounts a
          join (select distinct owner, asset, purpose from unnest(p_owners, p_assets, p_purposes)
                  u (owner, asset, purpose)) l
            on a.owner_id = l.owner and a.asset = l.asset and a.purpose = l.purpose
          order by a.owner_id, a.asset, a.purpose for no key update of a) f;
  for place, v_key, v_accounts, v_amounts in
    select h.place, h.key, array_agg(a.id), array_agg(u.amount)
    from unnest(p_ids, p_keys) with ordinality h (id, key, place)
    join unnest(p_leg_of, p_owners, p_assets, p_purposes, p_amounts) u (place, owner, asset, purpose, amount)
      on u.place = h.place
    join ledger_accounts a on a.owner_id = u.owner and a.asset = u.asset and a.purpose = u.purpose
    where not exists (select from ledger_transfers t where t.idempotency_key = h.key)
    group by h.id, h.key, h.place order by h.id
  loop
    continue when v_key = any (v_keys); -- the same again, which will be skipped
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
      v_keys := v_keys || v_key;
      for i in 1 .. cardinality(v_accounts) loop
        k := array_position(v_ids, v_accounts[i]);
        v_balances[k] := v_balances[k] + v_amounts[i];
      end loop;
    end if;
  end loop;
end $$;

-- Fold what is pending; answers how many postings. One at a time: a second one answers 0 at once.
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
