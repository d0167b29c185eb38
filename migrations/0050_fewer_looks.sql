-- money/ledger, money/risk: what each movement asks of the database, asked in fewer statements.
create or replace function ledger_lock(p_owners uuid[], p_assets text[], p_purposes text[])
  returns table (place integer, balance_minor bigint) language plpgsql as $$
declare
  v_accounts bigint[];
  v_place    integer;
begin
  select array_agg(a.id order by u.place) into v_accounts
    from unnest(p_owners, p_assets, p_purposes) with ordinality u (owner, asset, purpose, place)
    left join ledger_accounts a on a.owner_id = u.owner and a.asset = u.asset and a.purpose = u.purpose;
  if array_position(v_accounts, null) is not null then -- the platform's, or one that is not there yet
    for v_place in -- in one order, too: whoever opens an account makes others wait who open the same
      select u.place from unnest(p_owners, p_assets, p_purposes) with ordinality u (owner, asset, purpose, place)
      order by u.owner, u.asset collate "C", u.purpose collate "C"
    loop
      v_accounts[v_place] := ledger_open(p_owners[v_place], p_assets[v_place], p_purposes[v_place]);
    end loop;
  end if;
  return query
    with locked as materialized ( -- a row that was waited for is read as it is then
      select a.id, a.balance_minor as held from ledger_accounts a where a.id = any (v_accounts) and a.id > 0
      order by a.owner_id, a.asset, a.purpose for no key update
    )
    select u.place::integer, coalesce(l.held, ledger_balance(u.account))
    from unnest(v_accounts) with ordinality u (account, place) left join locked l on l.id = u.account order by u.place;
end $$;

create or replace function risk_observe(
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
