-- money/risk: what moved within the hour, what was noticed about it (F1 to F5), and which accounts are one person's.

-- One row per movement of somebody, kept for as long as the limits count (F2, F3). No index by time alone: who forgets
-- the older half reads it all in any case.
create table risk_movements (
  id        bigint generated always as identity,
  user_id   uuid not null,
  usd_micro bigint, -- millionths of a USD; null where nobody says what the asset is worth
  at        timestamptz not null,
  constraint risk_movements_pkey primary key (user_id, at, id)
);

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
  flags          risk_flags[];
  flag           risk_flags;
  velocity_since timestamptz := since;
  volume_since   timestamptz := since;
begin
  if mover is not null then
    perform pg_advisory_xact_lock(hashtextextended('risk:' || mover::text, 0));
  end if;
  select (select u.status from users u where u.id = mover), (select u.status from users u where u.id = receiver),
         exists (select from risk_destinations a join risk_destinations b on b.fingerprint = a.fingerprint
           where a.user_id = mover and b.user_id = receiver),
         array(select f from risk_flags f where f.from_id = mover and f.severity = 'high'
           and (f.state = 'open' or f.state = 'approved' and f.decided_at > since))
    into from_status, to_status, same_destination, flags;
  open_high := '{}';
  foreach flag in array flags loop
    if flag.state = 'open' then
      open_high := open_high || flag.rule;
    elsif flag.rule = 'F2' then
      velocity_since := greatest(velocity_since, flag.decided_at);
    elsif flag.rule = 'F3' then
      volume_since := greatest(volume_since, flag.decided_at);
    end if;
  end loop;
  if mover is null then
    movements := 0;
    volume_micro := 0;
    return;
  end if;
  insert into risk_movements (user_id, usd_micro, at) values (mover, worth_micro, moment);
  select count(*) filter (where m.at > velocity_since),
         coalesce(sum(m.usd_micro) filter (where m.at > volume_since), 0)::bigint
    into movements, volume_micro
    from risk_movements m where m.user_id = mover and m.at > since;
end $$;
