-- money/risk: what moved within the hour, what was noticed about it (F1 to F5), and which accounts are one person's.

-- One row per movement of somebody, kept for as long as the limits count (F2, F3).
create table risk_movements (
  id        bigint generated always as identity,
  user_id   uuid not null,
  usd_micro bigint, -- millionths of a USD; null where nobody says what the asset is worth
  at        timestamptz not null,
  constraint risk_movements_pkey primary key (id)
);
create index risk_movements_by_user on risk_movements (user_id, at);
create index risk_movements_by_time on risk_movements (at);

create table risk_flags (
  id           uuid not null,
  rule         text not null,
  severity     text not null,
  state        text not null,
  kind         text not null,
  from_id      uuid,
  to_id        uuid,
  asset        text not null,
  amount_minor bigint not null,
  reason       text not null,
  review_until timestamptz,
  note         text,
  decided_by   uuid,
  decided_at   timestamptz,
  created_at   timestamptz not null,
  constraint risk_flags_pkey primary key (id),
  constraint risk_flags_from_fk foreign key (from_id) references users (id),
  constraint risk_flags_to_fk foreign key (to_id) references users (id),
  constraint risk_flags_decided_by_fk foreign key (decided_by) references users (id),
  constraint risk_flags_rule_severity check (
    (rule, severity) in (('F1', 'medium'), ('F2', 'high'), ('F3', 'high'), ('F4', 'critical'), ('F5', 'critical'),
      ('F4', 'high'), ('F5', 'high'))), -- high: it had happened outside already when it was seen
  constraint risk_flags_state_known check (state in ('open', 'approved', 'rejected', 'blocked')),
  -- What was not let through needs no decision.
  constraint risk_flags_blocked_is_critical check ((severity = 'critical') = (state = 'blocked')),
  constraint risk_flags_high_has_person check (severity <> 'high' or from_id is not null),
  constraint risk_flags_has_date check ((severity = 'critical') = (review_until is null)),
  constraint risk_flags_decided check (
    (state in ('approved', 'rejected')) = (decided_by is not null and decided_at is not null)),
  constraint risk_flags_rejected_has_note check (state <> 'rejected' or note is not null)
);
-- While a limit is passed and nobody has looked, each further movement is the same matter.
create unique index risk_flags_one_open on risk_flags (from_id, rule) where state = 'open' and severity = 'high';
create index risk_flags_newest on risk_flags (created_at desc, id desc);
create index risk_flags_of_person on risk_flags (from_id, severity, state);

-- To where somebody is paid out, as a fingerprint: who shares one with another is the same person (F4).
create table risk_destinations (
  fingerprint bytea not null,
  user_id     uuid not null,
  constraint risk_destinations_pkey primary key (fingerprint, user_id),
  constraint risk_destinations_user_fk foreign key (user_id) references users (id)
);
create index risk_destinations_of_user on risk_destinations (user_id);

-- F6: counts a movement with those before it. One person's movements wait for each other here, whatever they move, and
-- each statement of the function sees what was committed while it waited. What an administrator has approved does not
-- count again.
create function risk_observe(
  mover uuid, receiver uuid, worth_micro bigint, moment timestamptz, since timestamptz,
  out from_status text, out to_status text, out same_destination boolean, out movements bigint, out volume_micro bigint,
  out open_high text[]
) language plpgsql as $$
declare
  velocity_since timestamptz;
  volume_since   timestamptz;
begin
  select max(u.status) filter (where u.id = mover), max(u.status) filter (where u.id = receiver)
    into from_status, to_status from users u where u.id in (mover, receiver);
  same_destination := exists (
    select 1 from risk_destinations a join risk_destinations b on b.fingerprint = a.fingerprint
    where a.user_id = mover and b.user_id = receiver);
  open_high := '{}';
  if mover is null then
    movements := 0;
    volume_micro := 0;
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('risk:' || mover::text, 0));
  insert into risk_movements (user_id, usd_micro, at) values (mover, worth_micro, moment);
  select coalesce(array_agg(f.rule) filter (where f.state = 'open'), '{}'),
         max(f.decided_at) filter (where f.rule = 'F2' and f.state = 'approved' and f.decided_at > since),
         max(f.decided_at) filter (where f.rule = 'F3' and f.state = 'approved' and f.decided_at > since)
    into open_high, velocity_since, volume_since
    from risk_flags f where f.from_id = mover and f.severity = 'high' and f.state in ('open', 'approved');
  select count(*) filter (where m.at > coalesce(velocity_since, since)),
         coalesce(sum(m.usd_micro) filter (where m.at > coalesce(volume_since, since)), 0)::bigint
    into movements, volume_micro
    from risk_movements m where m.user_id = mover and m.at > since;
end $$;
