-- money/payments: what gateways keep and take, disputes at the sandbox. A lost dispute is money that went back.
insert into ledger_purposes (purpose, platform, kind, about) values
  ('gateway_fees', true, 'expense', 'what gateways keep of what is paid'),
  ('dispute_fees', true, 'expense', 'what gateways charge for disputes'),
  ('disputed', true, 'asset', 'money that gateways took until a dispute is decided');

alter table order_payments
  add column lost_minor bigint not null default 0 constraint order_payments_lost_natural check (lost_minor >= 0);

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

-- money/wallet: shares that go back (M13).
alter table gifts
  add column refunded_minor bigint not null default 0,
  add column returned_minor bigint not null default 0,
  add constraint gifts_refund_within check (
    refunded_minor between 0 and amount_coins::bigint * 100 and returned_minor between 0 and refunded_minor),
  add constraint gifts_undone_or_refunded check (undone_at is null or refunded_minor = 0);
alter table tips
  add column refunded_minor bigint not null default 0,
  add column returned_minor bigint not null default 0,
  add constraint tips_refund_within check (
    refunded_minor between 0 and amount_minor and returned_minor between 0 and refunded_minor);

-- M13: what of a gift or a tip went back to the payer's buckets, and from which shares. `creator_minor` is the creator's
-- share of money, of which `owed_minor` had been spent or paid out already and is a debt now; `made_up_minor` of
-- `creator_promotional_minor` had been spent: promotional value is nobody's debt, the platform makes up for it.
create table share_reversals (
  id                         uuid not null,
  gift_id                    uuid,
  tip_id                     uuid,
  amount_minor               bigint not null,
  promotional_minor          bigint not null,
  purchased_minor            bigint not null,
  earned_minor               bigint not null,
  creator_minor              bigint not null,
  creator_promotional_minor  bigint not null,
  platform_minor             bigint not null,
  platform_promotional_minor bigint not null,
  charity_minor              bigint not null,
  charity_promotional_minor  bigint not null,
  tax_minor                  bigint not null,
  tax_promotional_minor      bigint not null,
  owed_minor                 bigint not null,
  made_up_minor              bigint not null,
  transfer_id                uuid not null,
  created_at                 timestamptz not null,
  constraint share_reversals_pkey primary key (id),
  constraint share_reversals_gift_fk foreign key (gift_id) references gifts (id),
  constraint share_reversals_tip_fk foreign key (tip_id) references tips (id),
  constraint share_reversals_of_one check ((gift_id is null) <> (tip_id is null)),
  constraint share_reversals_amount_positive check (amount_minor > 0),
  constraint share_reversals_parts_natural check (
    least(promotional_minor, purchased_minor, earned_minor, creator_minor, creator_promotional_minor, platform_minor,
          platform_promotional_minor, charity_minor, charity_promotional_minor, tax_minor, tax_promotional_minor,
          owed_minor, made_up_minor) >= 0),
  constraint share_reversals_whole check (
    promotional_minor + purchased_minor + earned_minor = amount_minor
    and creator_promotional_minor + platform_promotional_minor + charity_promotional_minor + tax_promotional_minor
      = promotional_minor
    and creator_minor + platform_minor + charity_minor + tax_minor = purchased_minor + earned_minor
    and owed_minor <= creator_minor and made_up_minor <= creator_promotional_minor)
);
create index share_reversals_by_gift on share_reversals (gift_id) where gift_id is not null;
create index share_reversals_by_tip on share_reversals (tip_id) where tip_id is not null;

-- money/refunds: one row for each refund of whatever was paid, from the wish of the payer to the money that went back.

create table refund_transitions (
  from_state text not null,
  to_state   text not null,
  constraint refund_transitions_pkey primary key (from_state, to_state)
);

-- What was paid from the wallet goes back at once: approved is then done in the same moment.
insert into refund_transitions (from_state, to_state) values
  ('requested', 'approved'), ('requested', 'refused'),
  ('approved', 'submitted'), ('approved', 'done'), ('approved', 'failed'),
  ('submitted', 'done'), ('submitted', 'failed');

-- `payment_id` is an order's, a gift's or a tip's id, as `subject` says. `origin`: who wanted it; a gateway tells of
-- refunds that were made there, and a dispute that is lost is one, too.
create table refunds (
  id           uuid not null,
  payment_id   uuid not null,
  subject      text not null,
  payer_id     uuid not null,
  payee_id     uuid,
  asset        text not null,
  amount_minor bigint not null,
  reason       text not null,
  origin       text not null,
  state        text not null,
  requested_by uuid,
  decided_by   uuid,
  note         text,
  gateway      text,
  reference    text,
  transfer_id  uuid,
  failure      text,
  key          text not null,
  requested_at timestamptz not null,
  decided_at   timestamptz,
  submitted_at timestamptz,
  ended_at     timestamptz,
  updated_at   timestamptz not null,
  constraint refunds_pkey primary key (id),
  constraint refunds_payer_fk foreign key (payer_id) references users (id),
  constraint refunds_payee_fk foreign key (payee_id) references users (id),
  constraint refunds_requested_by_fk foreign key (requested_by) references users (id),
  constraint refunds_decided_by_fk foreign key (decided_by) references users (id),
  constraint refunds_asset_fk foreign key (asset) references ledger_assets (code),
  constraint refunds_key_once unique (payment_id, key),
  constraint refunds_amount_positive check (amount_minor > 0),
  constraint refunds_subject_known check (subject in ('order', 'gift', 'tip')),
  constraint refunds_origin_known check (origin in ('payer', 'payee', 'staff', 'gateway', 'dispute')),
  constraint refunds_state_known check (state in ('requested', 'approved', 'submitted', 'done', 'refused', 'failed')),
  constraint refunds_refused_has_note check (state <> 'refused' or note is not null),
  constraint refunds_failed_has_reason check (state <> 'failed' or failure is not null),
  constraint refunds_ended_has_time check ((state in ('done', 'refused', 'failed')) = (ended_at is not null))
);
-- A payer asks once; what was refused may be asked for again.
create unique index refunds_one_request on refunds (payment_id) where state = 'requested';
create index refunds_by_payment on refunds (payment_id, requested_at desc, id desc);
create index refunds_newest on refunds (requested_at desc, id desc);
create index refunds_waiting on refunds (updated_at) where state in ('approved', 'submitted');

create function refund_state_guard() returns trigger language plpgsql as $$
begin
  if not exists (select 1 from refund_transitions t where t.from_state = old.state and t.to_state = new.state) then
    raise exception 'a refund cannot go from % to %', old.state, new.state
      using errcode = 'check_violation', constraint = 'refunds_transition_known';
  end if;
  return new;
end $$;

create trigger refunds_state_guard before update of state on refunds
  for each row when (old.state is distinct from new.state) execute function refund_state_guard();

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
