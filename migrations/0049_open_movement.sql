-- money/wallet: the beginning of a gift or a tip in one round trip.
-- The beginning of a gift or a tip, in one round trip: the balances of both sides are locked, in one order for all; then
-- it is looked whether the key is known (a double click waits for its first), and what is new is shown to risk.
create function wallet_open_movement(
  p_kind text, p_giver uuid, p_receiver uuid, p_asset text, p_key text,
  p_worth_micro bigint, p_moment timestamptz, p_since timestamptz,
  out known_id uuid, out promotional_minor bigint, out purchased_minor bigint, out earned_minor bigint,
  out from_status text, out to_status text, out same_destination boolean, out movements bigint, out volume_micro bigint,
  out open_high text[]
) language plpgsql as $$
declare
  held bigint[];
begin
  select array_agg(l.balance_minor order by l.place) into held from ledger_lock(
    array[p_giver, p_giver, p_giver, p_receiver, p_receiver], array_fill(p_asset, array[5]),
    array['promotional', 'purchased', 'earned', 'promotional', 'earned']) l;
  promotional_minor := held[1];
  purchased_minor := held[2];
  earned_minor := held[3];
  if p_kind = 'tip' then
    known_id := (select t.id from tips t where t.sender_id = p_giver and t.key = p_key);
  else
    known_id := (select g.id from gifts g where g.sender_id = p_giver and g.key = p_key);
  end if;
  if known_id is null then
    select o.from_status, o.to_status, o.same_destination, o.movements, o.volume_micro, o.open_high
      into from_status, to_status, same_destination, movements, volume_micro, open_high
      from risk_observe(p_giver, p_receiver, p_worth_micro, p_moment, p_since) o;
  end if;
end $$;
