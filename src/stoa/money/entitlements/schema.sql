-- money/entitlements: what somebody may read because they paid for it.
create table grants (
  user_id uuid not null,
  work_id uuid not null,
  source text not null, -- what gave it: 'purchase'
  source_id uuid not null, -- the payment
  granted_at timestamptz not null,
  revoked_at timestamptz, -- a refund takes it back (M13)
  constraint grants_pkey primary key (user_id, work_id, source_id),
  constraint grants_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint grants_source check (source in ('purchase'))
);
create unique index grants_standing_key on grants (user_id, work_id) where revoked_at is null;
create index grants_work_id on grants (work_id);
