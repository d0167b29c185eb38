-- money/payouts: earned coins that leave as money, each change of each payout, and the sandbox provider's own books.

create table payout_transitions (
  from_state text not null,
  to_state   text not null,
  constraint payout_transitions_pkey primary key (from_state, to_state)
);

-- M10
insert into payout_transitions (from_state, to_state) values
  ('pending', 'in_review'), ('pending', 'processing'), ('pending', 'cancelled'),
  ('in_review', 'pending'), ('in_review', 'cancelled'),
  ('processing', 'paid'), ('processing', 'failed');

create table payouts (
  id                 uuid not null,
  user_id            uuid not null,
  coins_minor        bigint not null,
  usd_amount_minor   bigint not null,
  platform_fee_minor bigint not null,
  net_payout_minor   bigint not null,
  currency           text not null default 'USD',
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
  constraint payouts_pkey primary key (id),
  constraint payouts_user_fk foreign key (user_id) references users (id),
  constraint payouts_key_once unique (user_id, key),
  constraint payouts_state_known check (
    state in ('pending', 'in_review', 'processing', 'paid', 'failed', 'cancelled')),
  constraint payouts_coins_positive check (coins_minor > 0),
  constraint payouts_net_positive check (net_payout_minor > 0 and platform_fee_minor >= 0),
  constraint payouts_parts_sum check (net_payout_minor + platform_fee_minor = usd_amount_minor),
  constraint payouts_review_has_reason check (state <> 'in_review' or (review_reason is not null and review_until is not null)),
  constraint payouts_failed_has_reason check (state <> 'failed' or failure_reason is not null),
  constraint payouts_ended_has_time check ((state in ('paid', 'failed', 'cancelled')) = (ended_at is not null))
);
-- M7: one open payout per creator.
create unique index payouts_one_open on payouts (user_id) where state in ('pending', 'in_review', 'processing');
create index payouts_by_user on payouts (user_id, requested_at desc, id desc);
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
