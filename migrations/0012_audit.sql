-- foundation/audit: who did what to what, from where, before and after. Rows are added and never touched again.
-- No foreign keys: what somebody did stays true when their account is gone.
create table audit_events (
  id uuid not null,
  at timestamptz not null,
  actor_id uuid,
  actor_name text,
  action text not null,
  subject text not null,
  subject_id text not null,
  before jsonb,
  after jsonb,
  address text not null,
  user_agent text not null,
  session_id uuid,
  trace_id text not null,
  constraint audit_events_pkey primary key (id),
  constraint audit_events_action check (action ~ '^[a-z_]+(\.[a-z_]+)+$')
);
create index audit_events_at on audit_events (at desc, id desc);
create index audit_events_actor_id on audit_events (actor_id, at desc, id desc);
create index audit_events_action on audit_events (action text_pattern_ops, at desc, id desc);
create index audit_events_subject on audit_events (subject_id, subject, at desc, id desc);
create index audit_events_address on audit_events (address, at desc, id desc) where address <> '';

create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: what happened stays written', lower(tg_op), tg_table_name using errcode = 'AU001';
end $$;
create trigger audit_events_stay before update or delete or truncate on audit_events
  for each statement execute function audit_refuse();
