-- money/ledger: accounts that are missing are opened in the order in which all are locked.
create or replace function ledger_lock(p_owners uuid[], p_assets text[], p_purposes text[])
  returns table (place integer, balance_minor bigint) language plpgsql as $$
declare
  v_accounts bigint[];
  v_place    integer;
begin
  for v_place in -- in one order, too: whoever opens an account makes others wait who open the same
    select u.place from unnest(p_owners, p_assets, p_purposes) with ordinality u (owner, asset, purpose, place)
    order by u.owner, u.asset collate "C", u.purpose collate "C"
  loop
    v_accounts[v_place] := ledger_open(p_owners[v_place], p_assets[v_place], p_purposes[v_place]);
  end loop;
  perform from ledger_accounts a where a.id = any (v_accounts) and a.id > 0
    order by a.owner_id, a.asset, a.purpose for no key update;
  return query
    select u.place::integer, ledger_balance(u.account)
    from unnest(v_accounts) with ordinality u (account, place) order by u.place;
end $$;
