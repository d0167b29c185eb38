-- money/payouts: what was earned and leaves as money, to where, each change of each payout, and the sandbox provider's own
-- books.

create table payout_transitions (
  from_state text not null,
  to_state   text not null,
  constraint payout_transitions_pkey primary key (from_state, to_state)
);

-- M10
insert into payout_transitions (from_state, to_state) values
  ('pending', 'in_review'), ('pending', 'processing'), ('pending', 'cancelled'),
  ('in_review', 'pending'), ('in_review', 'cancelled'),
  ('processing', 'paid'), ('processing', 'failed'), ('paid', 'failed');

-- Where somebody wants to be paid out. `details`, what they typed, are sealed and bound to the row; `hint` is what is shown
-- of them; `fingerprint` is the same for the same place, and says nothing else (F4). Money goes there from `usable_from`.
create table payout_destinations (
  id          uuid not null,
  user_id     uuid not null,
  provider    text not null,
  label       text not null,
  currency    text not null,
  country     text not null,
  details     bytea not null,
  hint        text not null,
  fingerprint bytea not null,
  recipient   text not null,
  is_default  boolean not null,
  usable_from timestamptz not null,
  created_at  timestamptz not null,
  changed_at  timestamptz not null,
  deleted_at  timestamptz,
  constraint payout_destinations_pkey primary key (id),
  constraint payout_destinations_user_fk foreign key (user_id) references users (id),
  constraint payout_destinations_currency_fk foreign key (currency) references ledger_assets (code),
  constraint payout_destinations_country_form check (country ~ '^[A-Z]{2}$'),
  constraint payout_destinations_deleted_is_no_default check (deleted_at is null or not is_default)
);
create unique index payout_destinations_once on payout_destinations (user_id, fingerprint, currency)
  where deleted_at is null;
create unique index payout_destinations_one_default on payout_destinations (user_id) where is_default;
create index payout_destinations_by_user on payout_destinations (user_id, created_at);

-- `source_minor` of the asset is what left the earned bucket. Of coins, gross is what readers paid and platform_fee what
-- was kept then (M7); of a currency all three are the same. The provider keeps `fee_minor` of `currency`, out of the net
-- or from the platform, and `arrives_minor` arrives. `destination` is what the place was called, `recipient` what the
-- provider calls it.
create table payouts (
  id                 uuid not null,
  user_id            uuid not null,
  source_minor       bigint not null,
  gross_minor        bigint not null,
  platform_fee_minor bigint not null,
  net_payout_minor   bigint not null,
  currency           text not null,
  state              text not null default 'pending',
  provider           text not null,
  destination        text not null,
  hold_id            uuid not null,
  transfer_id        uuid,
  attempts           smallint not null default 0,
  provider_reference text,
  next_try_at        timestamptz,
  failure_code       text,
  failure_reason     text,
  review_reason      text,
  review_until       timestamptz,
  key                text not null,
  requested_at       timestamptz not null,
  submit_at          timestamptz not null,
  promised_from      date not null,
  promised_by        date not null,
  sent_at            timestamptz,
  ended_at           timestamptz,
  updated_at         timestamptz not null,
  asset              text not null,
  fee_minor          bigint not null,
  fee_on_platform    boolean not null,
  arrives_minor      bigint not null,
  arrives_currency   text not null,
  arrives_by         date,
  destination_id     uuid,
  recipient          text not null,
  constraint payouts_pkey primary key (id),
  constraint payouts_user_fk foreign key (user_id) references users (id),
  constraint payouts_key_once unique (user_id, key),
  constraint payouts_state_known check (
    state in ('pending', 'in_review', 'processing', 'paid', 'failed', 'cancelled')),
  constraint payouts_source_positive check (source_minor > 0),
  constraint payouts_net_positive check (net_payout_minor > 0 and platform_fee_minor >= 0),
  constraint payouts_parts_sum check (net_payout_minor + platform_fee_minor = gross_minor),
  constraint payouts_review_has_reason check (state <> 'in_review' or (review_reason is not null and review_until is not null)),
  constraint payouts_failed_has_reason check (state <> 'failed' or failure_reason is not null),
  constraint payouts_ended_has_time check ((state in ('paid', 'failed', 'cancelled')) = (ended_at is not null)),
  constraint payouts_asset_fk foreign key (asset) references ledger_assets (code),
  constraint payouts_destination_fk foreign key (destination_id) references payout_destinations (id),
  constraint payouts_credits_are_money check (
    asset = 'COIN' or (asset = currency and gross_minor = source_minor and platform_fee_minor = 0)),
  constraint payouts_fee_within check (fee_minor >= 0 and (fee_on_platform or fee_minor < net_payout_minor)),
  constraint payouts_arrives_positive check (arrives_minor > 0)
);
-- M7: one open payout per creator and asset.
create unique index payouts_one_open on payouts (user_id, asset) where state in ('pending', 'in_review', 'processing');
create index payouts_by_user on payouts (user_id, requested_at desc, id desc);
create index payouts_by_destination on payouts (destination_id) where destination_id is not null;
create index payouts_open on payouts (requested_at, id) where state in ('pending', 'in_review', 'processing');

-- M10: a state changes only along payout_transitions, whoever writes.
create function payout_state_guard() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from payout_transitions t where t.from_state = old.state and t.to_state = new.state) then
    raise exception 'a payout cannot go from % to %', old.state, new.state
      using errcode = 'check_violation', constraint = 'payouts_transition_known';
  end if;
  return new;
end $$;

create trigger payouts_state_guard before update of state on payouts
  for each row when (old.state is distinct from new.state) execute function payout_state_guard();

-- What happened to a payout, also when its state stayed (an attempt failed and another one follows).
create table payout_events (
  id         uuid not null,
  payout_id  uuid not null,
  from_state text,
  to_state   text not null,
  cause      text not null,
  actor_id   uuid,
  created_at timestamptz not null,
  constraint payout_events_pkey primary key (id),
  constraint payout_events_payout_fk foreign key (payout_id) references payouts (id),
  constraint payout_events_actor_fk foreign key (actor_id) references users (id)
);
create index payout_events_by_payout on payout_events (payout_id, id);

-- The sandbox provider's own side, as a bank's would be: one row per order it was given, whatever became of the caller.
create table sandbox_transfers (
  id             text not null,
  request_key    text not null,
  amount_minor   bigint not null,
  currency       text not null,
  destination    text not null,
  state          text not null,
  failure_code   text,
  failure_reason text,
  created_at     timestamptz not null,
  arrives_at     timestamptz not null,
  constraint sandbox_transfers_pkey primary key (id),
  constraint sandbox_transfers_key_once unique (request_key),
  constraint sandbox_transfers_amount_positive check (amount_minor > 0),
  constraint sandbox_transfers_state_known check (state in ('accepted', 'failed'))
);

-- What was asked of a provider: through which of our accounts there, since only that one knows what became of it, and
-- under which reference it took it.
create table payout_attempts (
  payout_id uuid not null,
  attempt   smallint not null,
  account   text not null,
  reference text,
  begun_at  timestamptz not null,
  constraint payout_attempts_pkey primary key (payout_id, attempt),
  constraint payout_attempts_payout_fk foreign key (payout_id) references payouts (id)
);
create index payout_attempts_by_reference on payout_attempts (reference) where reference is not null;

insert into ledger_purposes (purpose, platform, kind, about) values
  ('payout_fees', true, 'asset', 'money that payout providers kept as their fee'),
  ('payout_costs', true, 'expense', 'fees of payout providers that the platform bears');
