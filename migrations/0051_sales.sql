-- Chapters can be bought by themselves, from the wallet (M12), and such a sale can go back like a tip (M13).
-- What was bought of a creator by itself, from the wallet: a chapter, for coins or credit (M12). Shared like a tip, by the
-- rule of sales.
create table sales (
  id                         uuid not null,
  sender_id                  uuid not null,
  recipient_id               uuid not null,
  work_id                    uuid not null,
  work_title                 text not null,
  work_path                  text,
  asset                      text not null,
  amount_minor               bigint not null,
  promotional_minor          bigint not null,
  purchased_minor            bigint not null,
  earned_minor               bigint not null,
  creator_minor              bigint not null,
  creator_promotional_minor  bigint not null,
  platform_minor             bigint not null,
  platform_promotional_minor bigint not null,
  charity_minor              bigint not null,
  charity_promotional_minor  bigint not null,
  tax_minor                  bigint not null,
  tax_promotional_minor      bigint not null,
  repaid_minor               bigint not null default 0,
  transfer_id                uuid not null,
  key                        text not null,
  created_at                 timestamptz not null,
  refunded_minor             bigint not null default 0,
  returned_minor             bigint not null default 0,
  constraint sales_refund_within check (
    refunded_minor between 0 and amount_minor and returned_minor between 0 and refunded_minor),
  constraint sales_pkey primary key (id),
  constraint sales_sender_fk foreign key (sender_id) references users (id),
  constraint sales_recipient_fk foreign key (recipient_id) references users (id),
  constraint sales_asset_fk foreign key (asset) references ledger_assets (code),
  constraint sales_key_once unique (sender_id, key),
  constraint sales_not_to_oneself check (sender_id <> recipient_id),
  constraint sales_amount_positive check (amount_minor > 0),
  constraint sales_parts_natural check (
    least(promotional_minor, purchased_minor, earned_minor, creator_minor, creator_promotional_minor, platform_minor,
          platform_promotional_minor, charity_minor, charity_promotional_minor, tax_minor, tax_promotional_minor,
          repaid_minor) >= 0),
  constraint sales_spent_is_whole check (promotional_minor + purchased_minor + earned_minor = amount_minor),
  constraint sales_shares_are_whole check (
    creator_promotional_minor + platform_promotional_minor + charity_promotional_minor + tax_promotional_minor
      = promotional_minor
    and creator_minor + repaid_minor + platform_minor + charity_minor + tax_minor = purchased_minor + earned_minor)
);
create index sales_by_sender on sales (sender_id, created_at desc, id desc);
create index sales_by_recipient on sales (recipient_id, created_at desc, id desc);
create index sales_by_work on sales (work_id);
create unique index sales_by_transfer on sales (transfer_id);

alter table share_reversals add column sale_id uuid;
alter table share_reversals add constraint share_reversals_sale_fk foreign key (sale_id) references sales (id);
alter table share_reversals drop constraint share_reversals_of_one;
alter table share_reversals add constraint share_reversals_of_one check (num_nonnulls(gift_id, tip_id, sale_id) = 1);
create index share_reversals_by_sale on share_reversals (sale_id) where sale_id is not null;

alter table refunds drop constraint refunds_subject_known;
alter table refunds add constraint refunds_subject_known check (subject in ('order', 'gift', 'tip', 'sale'));

create or replace function wallet_open_movement(
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
