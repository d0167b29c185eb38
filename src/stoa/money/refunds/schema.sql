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

-- `payment_id` is an order's, a gift's, a tip's or a sale's id, as `subject` says. `origin`: who wanted it; a gateway
-- tells of
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
  constraint refunds_subject_known check (subject in ('order', 'gift', 'tip', 'sale')),
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
