-- money/wallet, money/risk: the beginning of a movement locks what it needs in one statement, and nothing that stands still.
alter table risk_movements drop constraint risk_movements_user_fk;
alter table tips drop constraint tips_asset_fk;
alter table sales drop constraint sales_asset_fk;

create or replace function wallet_open_movement(
  p_kind text, p_giver uuid, p_receiver uuid, p_asset text, p_key text,
  p_worth_micro bigint, p_moment timestamptz, p_since timestamptz,
  out known_id uuid, out promotional_minor bigint, out purchased_minor bigint, out earned_minor bigint,
  out from_status text, out to_status text, out same_destination boolean, out movements bigint, out volume_micro bigint,
  out open_high text[]
) language plpgsql as $$
begin
  -- Nothing is locked while an account is missing: who opens it may be waiting for one of the others.
  select max(h.balance_minor) filter (where h.owner_id = p_giver and h.purpose = 'promotional'),
         max(h.balance_minor) filter (where h.owner_id = p_giver and h.purpose = 'purchased'),
         max(h.balance_minor) filter (where h.owner_id = p_giver and h.purpose = 'earned')
    into promotional_minor, purchased_minor, earned_minor
    from (
      select a.owner_id, a.purpose, a.balance_minor from ledger_accounts a
      where a.owner_id in (p_giver, p_receiver) and a.asset = p_asset
        and a.purpose in ('promotional', 'purchased', 'earned') and (a.purpose <> 'purchased' or a.owner_id = p_giver)
        and 5 = (
          select count(*) from ledger_accounts e
          where e.owner_id in (p_giver, p_receiver) and e.asset = p_asset
            and e.purpose in ('promotional', 'purchased', 'earned') and (e.purpose <> 'purchased' or e.owner_id = p_giver))
      order by a.owner_id, a.asset, a.purpose for no key update) h;
  if promotional_minor is null then
    select max(l.balance_minor) filter (where l.place = 1), max(l.balance_minor) filter (where l.place = 2),
           max(l.balance_minor) filter (where l.place = 3)
      into promotional_minor, purchased_minor, earned_minor
      from ledger_lock(
        array[p_giver, p_giver, p_giver, p_receiver, p_receiver], array_fill(p_asset, array[5]),
        array['promotional', 'purchased', 'earned', 'promotional', 'earned']) l;
  end if;
  if p_kind = 'tip' then
    known_id := (select t.id from tips t where t.sender_id = p_giver and t.key = p_key);
  elsif p_kind = 'sale' then
    known_id := (select l.id from sales l where l.sender_id = p_giver and l.key = p_key);
  else
    known_id := (select g.id from gifts g where g.sender_id = p_giver and g.key = p_key);
  end if;
  if known_id is null then
    select o.from_status, o.to_status, o.same_destination, o.movements, o.volume_micro, o.open_high
      into from_status, to_status, same_destination, movements, volume_micro, open_high
      from risk_observe(p_giver, p_receiver, p_worth_micro, p_moment, p_since) o;
  end if;
end $$;
