-- Orders are asked about again; what gateways list is compared with what stands here.

-- When a gateway was asked about an order because its webhooks stayed away.
create table order_inquiries (
  order_id uuid not null constraint order_inquiries_order_fk references orders (id),
  asked    integer not null default 0,
  asked_at timestamptz not null,
  next_at  timestamptz,
  constraint order_inquiries_pkey primary key (order_id)
);

create table reconciliation_runs (
  id         uuid primary key,
  subject    text not null constraint reconciliation_runs_subject_known check (subject in ('payments', 'payouts')),
  gateway    text not null,
  account_id uuid,
  since      timestamptz not null,
  until      timestamptz not null,
  state      text not null constraint reconciliation_runs_state_known check (state in ('running', 'done', 'failed')),
  failure    text,
  compared   integer not null default 0,
  elsewhere  integer not null default 0,  -- payments of others who use the same account at the gateway
  found      integer not null default 0,
  actor_id   uuid constraint reconciliation_runs_actor_fk references users (id),
  started_at timestamptz not null,
  ended_at   timestamptz,
  constraint reconciliation_runs_forward check (since < until),
  constraint reconciliation_runs_ended check ((state = 'running') = (ended_at is null))
);
create index reconciliation_runs_recent on reconciliation_runs (started_at desc, id desc);
-- One at a time for each account: an older list must not undo what a newer one has shown.
create unique index reconciliation_runs_one on reconciliation_runs (subject, gateway, account_id) nulls not distinct
  where state = 'running';

create table reconciliation_discrepancies (
  id           uuid primary key,
  subject      text not null constraint reconciliation_discrepancies_subject_known check (
    subject in ('payments', 'payouts')),
  gateway      text not null,
  account_id   uuid,
  kind         text not null constraint reconciliation_discrepancies_kind_known check (kind in (
    'missing_here', 'missing_there', 'amount', 'currency', 'status', 'refund', 'fee', 'ledger')),
  reference    text not null,
  order_id     uuid constraint reconciliation_discrepancies_order_fk references orders (id),
  payout_id    uuid constraint reconciliation_discrepancies_payout_fk references payouts (id),
  currency     text not null,
  here         jsonb not null,
  there        jsonb not null,
  at           timestamptz not null,
  state        text not null default 'open' constraint reconciliation_discrepancies_state_known check (
    state in ('open', 'closed', 'resolved')),
  note         text,
  decided_by   uuid constraint reconciliation_discrepancies_decider_fk references users (id),
  first_run_id uuid not null constraint reconciliation_discrepancies_first_fk references reconciliation_runs (id),
  last_run_id  uuid not null constraint reconciliation_discrepancies_last_fk references reconciliation_runs (id),
  found_at     timestamptz not null,
  seen_at      timestamptz not null,
  ended_at     timestamptz,
  constraint reconciliation_discrepancies_ended check ((state = 'open') = (ended_at is null)),
  constraint reconciliation_discrepancies_decided check (
    (state = 'resolved') = (note is not null and decided_by is not null))
);
-- A matter is open once.
create unique index reconciliation_discrepancies_open_once
  on reconciliation_discrepancies (subject, gateway, account_id, kind, reference) nulls not distinct
  where state = 'open';
create index reconciliation_discrepancies_recent on reconciliation_discrepancies (found_at desc, id desc);
create index reconciliation_discrepancies_by_reference on reconciliation_discrepancies (gateway, reference);
create index reconciliation_discrepancies_by_order on reconciliation_discrepancies (order_id)
  where order_id is not null;
