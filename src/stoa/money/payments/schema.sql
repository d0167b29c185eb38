-- money/payments: one order for whatever is bought, what gateways told us about it, and the sandbox gateway's own books.

create table order_transitions (
  from_state text not null,
  to_state   text not null,
  constraint order_transitions_pkey primary key (from_state, to_state)
);

insert into order_transitions (from_state, to_state) values
  ('created', 'pending'), ('created', 'paid'), ('created', 'failed'), ('created', 'cancelled'),
  ('pending', 'pending'), ('pending', 'paid'), ('pending', 'failed'), ('pending', 'cancelled'),
  ('failed', 'pending'), ('failed', 'paid'), ('failed', 'cancelled'),
  ('cancelled', 'paid'),
  ('paid', 'partially_refunded'), ('paid', 'refunded'), ('paid', 'disputed'),
  ('partially_refunded', 'partially_refunded'), ('partially_refunded', 'refunded'), ('partially_refunded', 'disputed'),
  ('disputed', 'paid'), ('disputed', 'partially_refunded'), ('disputed', 'refunded');

-- Creators' own accounts at gateways (M12). A row is one version of somebody's keys: new keys end it and add another,
-- because orders that are open finish with the keys they were placed with. What is sealed goes once nothing needs it.
create table gateway_accounts (
  id                uuid not null,
  owner_id          uuid not null,
  provider          text not null,
  way               text not null,
  account_id        text, -- the provider's public name of the account, where it has one
  key_id            text, -- the public half of a pair of keys
  key_hint          text, -- the end of the secret, to know it by
  secret_sealed     bytea,
  webhook_hint      text,
  webhook_sealed    bytea,
  is_live           boolean not null,
  charges_enabled   boolean not null,
  payouts_enabled   boolean not null,
  details_submitted boolean not null,
  is_default        boolean not null default false,
  connected_at      timestamptz not null,
  verified_at       timestamptz not null,
  ended_at          timestamptz,
  ended_because     text,
  wiped_at          timestamptz,
  constraint gateway_accounts_pkey primary key (id),
  constraint gateway_accounts_owner_fk foreign key (owner_id) references users (id),
  constraint gateway_accounts_provider_known check (provider in ('stripe', 'razorpay', 'xendit')),
  constraint gateway_accounts_way_known check (way in ('keys', 'oauth')),
  constraint gateway_accounts_oauth_has_account check (way = 'keys' or (account_id is not null and secret_sealed is null)),
  constraint gateway_accounts_keys_or_wiped check (way = 'oauth' or (secret_sealed is null) = (wiped_at is not null)),
  constraint gateway_accounts_wiped_is_empty check (wiped_at is null or (ended_at is not null and webhook_sealed is null)),
  constraint gateway_accounts_ended_because check (
    (ended_at is null) = (ended_because is null) and ended_because in ('disconnected', 'replaced')),
  constraint gateway_accounts_ended_is_no_default check (ended_at is null or not is_default)
);
create unique index gateway_accounts_current on gateway_accounts (owner_id, provider) where ended_at is null;
create unique index gateway_accounts_one_default on gateway_accounts (owner_id) where is_default;
create index gateway_accounts_of_owner on gateway_accounts (owner_id, provider, connected_at);
create index gateway_accounts_to_wipe on gateway_accounts (ended_at) where ended_at is not null and wiped_at is null;

create table orders (
  id              uuid primary key,
  user_id         uuid not null constraint orders_user_fk references users (id),
  kind            text not null,
  item            jsonb not null,
  description     text not null,
  amount_minor    bigint not null constraint orders_amount_positive check (amount_minor > 0),
  currency        text not null,
  gateway         text not null,
  state           text not null default 'created' constraint orders_state_known check (
    state in ('created', 'pending', 'paid', 'failed', 'cancelled', 'refunded', 'partially_refunded', 'disputed')),
  refunded_minor  bigint not null default 0 constraint orders_refund_within check (refunded_minor between 0 and amount_minor),
  payment_id      text,
  failure_code    text,
  failure_message text,
  fulfilled_at    timestamptz,
  key             text not null,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  payee_id        uuid constraint orders_payee_fk references users (id),
  -- M12: a creator's own account at the gateway; without one it is the platform's
  account_id      uuid constraint orders_account_fk references gateway_accounts (id),
  fee_minor       bigint not null default 0 constraint orders_fee_natural check (fee_minor >= 0),
  cut_minor       bigint not null default 0, -- what others than the payee get of it: platform, charity, tax
  returned_minor  bigint not null default 0, -- what of the payee's part went back (M13)
  receiver_id     uuid generated always as (case when fulfilled_at is not null then payee_id end) stored,
  constraint orders_key_once unique (user_id, key),
  constraint orders_account_is_payees check (account_id is null or payee_id is not null),
  constraint orders_cut_within check (cut_minor between 0 and amount_minor),
  constraint orders_returned_within check (returned_minor between 0 and amount_minor - cut_minor)
);
create index orders_by_user on orders (user_id, created_at desc, id desc);
create index orders_by_payee on orders (payee_id, created_at desc, id desc) where payee_id is not null;
create index orders_by_receiver on orders (receiver_id, created_at desc, id desc) where receiver_id is not null;
create index orders_by_account on orders (account_id, created_at desc) where account_id is not null;
create index orders_unpaid on orders (updated_at) where state in ('created', 'pending', 'failed');

-- M14: a state changes only along order_transitions, whoever writes.
create function order_state_guard() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from order_transitions t where t.from_state = old.state and t.to_state = new.state) then
    raise exception 'an order cannot go from % to %', old.state, new.state
      using errcode = 'check_violation', constraint = 'orders_transition_known';
  end if;
  return new;
end $$;

create trigger orders_state_guard before update of state on orders
  for each row when (old.state is distinct from new.state) execute function order_state_guard();

create table order_events (
  id         uuid primary key,
  order_id   uuid not null constraint order_events_order_fk references orders (id),
  from_state text,
  to_state   text not null,
  cause      text not null,
  details    jsonb not null default '{}',
  actor_id   uuid constraint order_events_actor_fk references users (id),
  created_at timestamptz not null,
  constraint order_events_transition_fk foreign key (from_state, to_state) references order_transitions (from_state, to_state)
);
create index order_events_by_order on order_events (order_id, id);

-- Each hosted checkout that was opened for an order, at whatever gateway.
create table checkout_sessions (
  id          uuid not null,
  order_id    uuid not null,
  session_id  text not null, -- the gateway's
  url         text not null,
  return_url  text not null,
  opened_at   timestamptz not null,
  expires_at  timestamptz not null,
  closed_at   timestamptz, -- when something else took its place
  constraint checkout_sessions_pkey primary key (id),
  constraint checkout_sessions_order_fk foreign key (order_id) references orders (id)
);
create index checkout_sessions_by_name on checkout_sessions (session_id);
create index checkout_sessions_by_order on checkout_sessions (order_id, opened_at);

-- M12: what somebody was paid straight into an account of their own. It explains itself in the books, and a monthly
-- invoice sums it; it can neither be spent nor paid out here.
insert into ledger_purposes (purpose, platform, kind, about) values
  ('direct', false, 'liability', 'paid straight into an own account at a gateway; neither spent nor paid out here (M12)'),
  ('direct_world', true, 'clearing', 'money in people''s own accounts at gateways: what came in is below zero');

-- What a gateway said last about each payment of an order. Amounts only grow, so stale news changes nothing.
create table order_payments (
  gateway        text not null,
  payment_id     text not null,
  order_id       uuid not null constraint order_payments_order_fk references orders (id),
  status         text not null,
  captured_minor bigint not null default 0 constraint order_payments_captured_natural check (captured_minor >= 0),
  refunded_minor bigint not null default 0 constraint order_payments_refunded_natural check (refunded_minor >= 0),
  disputed       boolean not null default false,
  is_extra       boolean not null default false,
  updated_at     timestamptz not null,
  account_id     uuid constraint order_payments_account_fk references gateway_accounts (id),
  fee_minor      bigint not null default 0 constraint order_payments_fee_natural check (fee_minor >= 0),
  lost_minor     bigint not null default 0 constraint order_payments_lost_natural check (lost_minor >= 0), -- by disputes
  -- Who knows the keys of one account must not be able to speak of the payments of another.
  constraint order_payments_once unique nulls not distinct (gateway, account_id, payment_id)
);
create index order_payments_by_order on order_payments (order_id);

-- The inbox: what arrived is kept before it is believed, and applied once.
create table webhook_events (
  id            uuid primary key,
  gateway       text not null,
  event_id      text,
  kind          text,
  body          bytea not null,
  headers       jsonb not null,
  verdict       text not null constraint webhook_events_verdict_known check (
    verdict in ('verified', 'bad_signature', 'too_old', 'unreadable')),
  outcome       text constraint webhook_events_outcome_known check (outcome in ('applied', 'unchanged', 'rejected')),
  note          text,
  order_id      uuid constraint webhook_events_order_fk references orders (id),
  deliveries    integer not null default 1,
  received_at   timestamptz not null,
  applied_at    timestamptz,
  account_id    uuid constraint webhook_events_account_fk references gateway_accounts (id)
);
create unique index webhook_events_once on webhook_events (gateway, account_id, event_id) nulls not distinct
  where verdict = 'verified';
create index webhook_events_of_account on webhook_events (account_id, received_at desc) where account_id is not null;
create index webhook_events_recent on webhook_events (received_at desc, id desc);
create index webhook_events_refused on webhook_events (received_at) where verdict <> 'verified';
create index webhook_events_waiting on webhook_events (received_at) where verdict = 'verified' and outcome is null;

-- The sandbox gateway's own side: what a real one would keep on its servers. Nothing else reads it to decide.
create table sandbox_sessions (
  id           text primary key,
  order_id     uuid not null,
  amount_minor bigint not null,
  currency     text not null,
  description  text not null,
  return_url   text not null,
  state        text not null default 'open' constraint sandbox_sessions_state_known check (
    state in ('open', 'complete', 'expired', 'cancelled')),
  created_at   timestamptz not null,
  expires_at   timestamptz not null
);
create index sandbox_sessions_by_order on sandbox_sessions (order_id);

create table sandbox_payments (
  id              text primary key,
  request_key     text not null constraint sandbox_payments_key_once unique,
  order_id        uuid not null,
  session_id      text constraint sandbox_payments_session_fk references sandbox_sessions (id),
  amount_minor    bigint not null constraint sandbox_payments_amount_positive check (amount_minor > 0),
  currency        text not null,
  card            text not null,
  status          text not null constraint sandbox_payments_status_known check (
    status in ('requires_action', 'succeeded', 'failed', 'cancelled')),
  refunded_minor  bigint not null default 0 constraint sandbox_payments_refund_within check (
    refunded_minor between 0 and amount_minor),
  disputed        boolean not null default false,
  failure_code    text,
  failure_message text,
  return_url      text not null,
  created_at      timestamptz not null,
  updated_at      timestamptz not null
);
create index sandbox_payments_by_order on sandbox_payments (order_id);
create index sandbox_payments_by_session on sandbox_payments (session_id);

create table sandbox_refunds (
  request_key  text primary key,
  payment_id   text not null constraint sandbox_refunds_payment_fk references sandbox_payments (id),
  amount_minor bigint not null constraint sandbox_refunds_amount_positive check (amount_minor > 0),
  created_at   timestamptz not null
);
create index sandbox_refunds_by_payment on sandbox_refunds (payment_id);

create table sandbox_events (
  id           text primary key,
  subject      text not null,
  body         text not null,
  created_at   timestamptz not null,
  delivered_at timestamptz
);
create index sandbox_events_by_subject on sandbox_events (subject);

insert into ledger_purposes (purpose, platform, kind, about) values
  ('gateway_fees', true, 'expense', 'what gateways keep of what is paid'),
  ('dispute_fees', true, 'expense', 'what gateways charge for disputes'),
  ('disputed', true, 'asset', 'money that gateways took until a dispute is decided');

create table sandbox_disputes (
  id              text primary key,
  payment_id      text not null constraint sandbox_disputes_payment_fk references sandbox_payments (id),
  status          text not null constraint sandbox_disputes_status_known check (
    status in ('needs_response', 'under_review', 'won', 'lost')),
  reason          text not null,
  amount_minor    bigint not null constraint sandbox_disputes_amount_positive check (amount_minor > 0),
  fee_minor       bigint not null constraint sandbox_disputes_fee_natural check (fee_minor >= 0),
  evidence_due_by timestamptz not null,
  evidence        text,
  evidence_key    text constraint sandbox_disputes_evidence_key_once unique,
  created_at      timestamptz not null
);
create index sandbox_disputes_by_payment on sandbox_disputes (payment_id);

-- When a gateway was asked about an order because its webhooks stayed away.
create table order_inquiries (
  order_id uuid not null constraint order_inquiries_order_fk references orders (id),
  asked    integer not null default 0,
  asked_at timestamptz not null,
  next_at  timestamptz,
  constraint order_inquiries_pkey primary key (order_id)
);
