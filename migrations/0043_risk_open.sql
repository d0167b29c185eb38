-- money/risk: what is open already is told with what is counted, so that it is not written down in vain.
drop function risk_observe(uuid, uuid, bigint, timestamptz, timestamptz);
create function risk_observe(
  mover uuid, receiver uuid, worth_micro bigint, moment timestamptz, since timestamptz,
  out from_status text, out to_status text, out same_destination boolean, out movements bigint, out volume_micro bigint,
  out open_high text[]
) language plpgsql as $$
declare
  velocity_since timestamptz;
  volume_since   timestamptz;
begin
  from_status := (select u.status from users u where u.id = mover);
  to_status := (select u.status from users u where u.id = receiver);
  same_destination := exists (
    select 1 from risk_destinations a join risk_destinations b on b.fingerprint = a.fingerprint
    where a.user_id = mover and b.user_id = receiver);
  open_high := array(
    select f.rule from risk_flags f where f.from_id = mover and f.state = 'open' and f.severity = 'high');
  if mover is null then
    movements := 0;
    volume_micro := 0;
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('risk:' || mover::text, 0));
  insert into risk_movements (user_id, usd_micro, at) values (mover, worth_micro, moment);
  select max(f.decided_at) filter (where f.rule = 'F2'), max(f.decided_at) filter (where f.rule = 'F3')
    into velocity_since, volume_since
    from risk_flags f where f.from_id = mover and f.severity = 'high' and f.state = 'approved' and f.decided_at > since;
  select count(*) filter (where m.at > coalesce(velocity_since, since)),
         coalesce(sum(m.usd_micro) filter (where m.at > coalesce(volume_since, since)), 0)::bigint
    into movements, volume_micro
    from risk_movements m where m.user_id = mover and m.at > since;
end $$;
