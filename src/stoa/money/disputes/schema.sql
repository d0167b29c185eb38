-- money/disputes: payments that a payer's bank wants back, what was said about them, and how they ended.

-- `reference` is the gateway's name of the dispute. `hold_id`: what was set aside of what the payment had bought;
-- `taken_id`, `returned_id`: the transfers of the money that the gateway took, and of its end. `marked_by`: an
-- administrator said how it ended, for a gateway that does not tell.
create table disputes (
  id              uuid not null,
  order_id        uuid not null,
  gateway         text not null,
  account_id      uuid,
  reference       text not null,
  state           text not null,
  reason          text not null,
  asset           text not null,
  amount_minor    bigint not null,
  fee_minor       bigint not null default 0,
  evidence_due_by timestamptz,
  hold_id         uuid,
  taken_id        uuid,
  returned_id     uuid,
  marked_by       uuid,
  note            text,
  opened_at       timestamptz not null,
  closed_at       timestamptz,
  updated_at      timestamptz not null,
  constraint disputes_pkey primary key (id),
  constraint disputes_order_fk foreign key (order_id) references orders (id),
  constraint disputes_marked_by_fk foreign key (marked_by) references users (id),
  constraint disputes_asset_fk foreign key (asset) references ledger_assets (code),
  constraint disputes_once unique nulls not distinct (gateway, account_id, reference),
  constraint disputes_state_known check (state in ('needs_response', 'under_review', 'won', 'lost', 'withdrawn')),
  constraint disputes_amount_positive check (amount_minor > 0),
  constraint disputes_fee_natural check (fee_minor >= 0),
  constraint disputes_closed_has_time check ((state in ('won', 'lost', 'withdrawn')) = (closed_at is not null)),
  constraint disputes_returned_was_taken check (returned_id is null or taken_id is not null)
);
create index disputes_by_order on disputes (order_id, opened_at desc);
create index disputes_due on disputes (evidence_due_by, id) where closed_at is null;
create index disputes_newest on disputes (opened_at desc, id desc);

-- What happened to a dispute, also when its state stayed.
create table dispute_events (
  id         uuid not null,
  dispute_id uuid not null,
  from_state text,
  to_state   text not null,
  cause      text not null,
  actor_id   uuid,
  created_at timestamptz not null,
  constraint dispute_events_pkey primary key (id),
  constraint dispute_events_dispute_fk foreign key (dispute_id) references disputes (id),
  constraint dispute_events_actor_fk foreign key (actor_id) references users (id)
);
create index dispute_events_by_dispute on dispute_events (dispute_id, id);

create table dispute_evidence (
  id           uuid not null,
  dispute_id   uuid not null,
  body         text not null,
  submitted_by uuid not null,
  state        text not null default 'waiting',
  failure      text,
  created_at   timestamptz not null,
  sent_at      timestamptz,
  constraint dispute_evidence_pkey primary key (id),
  constraint dispute_evidence_dispute_fk foreign key (dispute_id) references disputes (id),
  constraint dispute_evidence_submitted_by_fk foreign key (submitted_by) references users (id),
  constraint dispute_evidence_body_length check (char_length(body) between 1 and 20000),
  constraint dispute_evidence_state_known check (state in ('waiting', 'sent', 'refused')),
  constraint dispute_evidence_sent_has_time check ((state = 'sent') = (sent_at is not null)),
  constraint dispute_evidence_refused_has_reason check (state <> 'refused' or failure is not null)
);
-- A gateway takes evidence once.
create unique index dispute_evidence_once on dispute_evidence (dispute_id) where state <> 'refused';

create table dispute_files (
  id           uuid not null,
  evidence_id  uuid not null,
  name         text not null,
  content_type text not null,
  bytes_count  integer not null,
  path         text not null,
  constraint dispute_files_pkey primary key (id),
  constraint dispute_files_evidence_fk foreign key (evidence_id) references dispute_evidence (id),
  constraint dispute_files_bytes_positive check (bytes_count > 0)
);
create index dispute_files_by_evidence on dispute_files (evidence_id, id);
