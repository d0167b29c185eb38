-- money/payouts: what was asked of providers.

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

-- A bank can send back what had arrived.
insert into payout_transitions (from_state, to_state) values ('paid', 'failed');
