-- money/wallet: what a person has decided about their wallet, what coins cost, and who gave whom a gift.

create table wallets (
  user_id             uuid not null,
  accepts_promotional boolean not null default true,
  -- Coins of a refunded purchase that were spent already; taken from what comes in next (M13).
  debt_minor          bigint not null default 0,
  created_at          timestamptz not null,
  constraint wallets_pkey primary key (user_id),
  constraint wallets_user_fk foreign key (user_id) references users (id),
  constraint wallets_debt_natural check (debt_minor >= 0)
);

create table coin_packages (
  id          smallint not null,
  coins       integer not null,
  bonus_coins integer not null,
  price_minor bigint not null,
  currency    text not null,
  is_offered  boolean not null default true,
  constraint coin_packages_pkey primary key (id),
  constraint coin_packages_coins_positive check (coins > 0),
  constraint coin_packages_bonus_natural check (bonus_coins >= 0),
  constraint coin_packages_price_positive check (price_minor > 0)
);

-- M3
insert into coin_packages (id, coins, bonus_coins, price_minor, currency) values
  (1, 100, 0, 499, 'USD'),
  (2, 250, 25, 999, 'USD'),
  (3, 500, 75, 1999, 'USD'),
  (4, 1000, 200, 3499, 'USD'),
  (5, 2500, 600, 7999, 'USD'),
  (6, 5000, 1500, 14999, 'USD');

-- Amounts in hundredths of a coin. What was spent, by bucket, is what the four shares (and a debt paid off) sum to.
create table gifts (
  id                         uuid not null,
  sender_id                  uuid not null,
  recipient_id               uuid not null,
  work_id                    uuid,
  work_title                 text,
  work_path                  text,
  amount_coins               integer not null,
  message                    text,
  promotional_minor          bigint not null,
  purchased_minor            bigint not null,
  earned_minor               bigint not null,
  creator_minor              bigint not null,
  creator_promotional_minor  bigint not null,
  platform_minor             bigint not null,
  platform_promotional_minor bigint not null,
  repaid_minor               bigint not null default 0,
  transfer_id                uuid not null,
  key                        text not null,
  created_at                 timestamptz not null,
  undo_until                 timestamptz not null,
  undone_at                  timestamptz,
  undo_transfer_id           uuid,
  -- M13: what of it went back by refunds, and how much of that was the recipient's.
  refunded_minor             bigint not null default 0,
  returned_minor             bigint not null default 0,
  constraint gifts_refund_within check (
    refunded_minor between 0 and amount_coins::bigint * 100 and returned_minor between 0 and refunded_minor),
  constraint gifts_undone_or_refunded check (undone_at is null or refunded_minor = 0),
  constraint gifts_pkey primary key (id),
  constraint gifts_sender_fk foreign key (sender_id) references users (id),
  constraint gifts_recipient_fk foreign key (recipient_id) references users (id),
  constraint gifts_key_once unique (sender_id, key),
  constraint gifts_not_to_oneself check (sender_id <> recipient_id),
  constraint gifts_amount_positive check (amount_coins >= 1),
  constraint gifts_message_length check (char_length(message) between 1 and 500),
  constraint gifts_parts_natural check (
    least(promotional_minor, purchased_minor, earned_minor, creator_minor, creator_promotional_minor, platform_minor,
          platform_promotional_minor, repaid_minor) >= 0),
  constraint gifts_spent_is_whole check (promotional_minor + purchased_minor + earned_minor = amount_coins::bigint * 100),
  constraint gifts_shares_are_whole check (
    creator_promotional_minor + platform_promotional_minor = promotional_minor
    and creator_minor + repaid_minor + platform_minor = purchased_minor + earned_minor),
  constraint gifts_undone_whole check ((undone_at is null) = (undo_transfer_id is null))
);
create index gifts_by_sender on gifts (sender_id, created_at desc, id desc);
create index gifts_by_recipient on gifts (recipient_id, created_at desc, id desc);
create index gifts_by_work on gifts (work_id, created_at desc, id desc) where work_id is not null;
create unique index gifts_by_transfer on gifts (transfer_id);

insert into ledger_purposes (purpose, platform, kind, about) values
  ('promotional_charity', true, 'income', 'charity''s share of promotional value, which is not money'),
  ('tax', true, 'liability', 'tax on the platform''s share, to be handed on'),
  ('promotional_tax', true, 'income', 'tax on a share of promotional value, which is not money');

-- Credits of a refunded purchase that were spent already; taken from what comes in next in the same currency (M13).
create table credit_debts (
  user_id    uuid not null,
  asset      text not null,
  debt_minor bigint not null,
  constraint credit_debts_pkey primary key (user_id, asset),
  constraint credit_debts_user_fk foreign key (user_id) references users (id),
  constraint credit_debts_asset_fk foreign key (asset) references ledger_assets (code),
  constraint credit_debts_natural check (debt_minor >= 0)
);

-- Amounts in the smallest unit of the asset. What was spent, by bucket, is what the shares (and a debt paid off) sum to.
create table tips (
  id                         uuid not null,
  sender_id                  uuid not null,
  recipient_id               uuid not null,
  asset                      text not null,
  amount_minor               bigint not null,
  is_superlike               boolean not null,
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
  constraint tips_pkey primary key (id),
  constraint tips_sender_fk foreign key (sender_id) references users (id),
  constraint tips_recipient_fk foreign key (recipient_id) references users (id),
  constraint tips_key_once unique (sender_id, key)
);
create index tips_by_sender on tips (sender_id, created_at desc, id desc);
create index tips_by_recipient on tips (recipient_id, created_at desc, id desc);
create unique index tips_by_transfer on tips (transfer_id);

-- What each part of a tip has to be. A trigger, and not checks of the table: PostgreSQL reads those anew for each statement
-- that writes, which was a tenth of the server's work for a tip.
create function tips_add_up() returns trigger language plpgsql as $$
begin
  if new.sender_id <> new.recipient_id and new.amount_minor > 0
      and new.refunded_minor between 0 and new.amount_minor and new.returned_minor between 0 and new.refunded_minor
      and least(new.promotional_minor, new.purchased_minor, new.earned_minor, new.creator_minor,
        new.creator_promotional_minor, new.platform_minor, new.platform_promotional_minor, new.charity_minor,
        new.charity_promotional_minor, new.tax_minor, new.tax_promotional_minor, new.repaid_minor) >= 0
      and new.promotional_minor + new.purchased_minor + new.earned_minor = new.amount_minor
      and new.creator_promotional_minor + new.platform_promotional_minor + new.charity_promotional_minor
        + new.tax_promotional_minor = new.promotional_minor
      and new.creator_minor + new.repaid_minor + new.platform_minor + new.charity_minor + new.tax_minor
        = new.purchased_minor + new.earned_minor then
    return new;
  end if;
  raise exception 'the parts of tip % do not add up', new.id
    using errcode = 'check_violation', constraint = 'tips_add_up', table = 'tips';
end $$;
create trigger tips_add_up before insert or update on tips for each row execute function tips_add_up();

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

-- M13: what of a gift, a tip or a sale went back to the payer's buckets, and from which shares. `creator_minor` is the creator's
-- share of money, of which `owed_minor` had been spent or paid out already and is a debt now; `made_up_minor` of
-- `creator_promotional_minor` had been spent: promotional value is nobody's debt, the platform makes up for it.
create table share_reversals (
  id                         uuid not null,
  gift_id                    uuid,
  tip_id                     uuid,
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
  owed_minor                 bigint not null,
  made_up_minor              bigint not null,
  transfer_id                uuid not null,
  created_at                 timestamptz not null,
  sale_id                    uuid,
  constraint share_reversals_pkey primary key (id),
  constraint share_reversals_gift_fk foreign key (gift_id) references gifts (id),
  constraint share_reversals_tip_fk foreign key (tip_id) references tips (id),
  constraint share_reversals_sale_fk foreign key (sale_id) references sales (id),
  constraint share_reversals_of_one check (num_nonnulls(gift_id, tip_id, sale_id) = 1),
  constraint share_reversals_amount_positive check (amount_minor > 0),
  constraint share_reversals_parts_natural check (
    least(promotional_minor, purchased_minor, earned_minor, creator_minor, creator_promotional_minor, platform_minor,
          platform_promotional_minor, charity_minor, charity_promotional_minor, tax_minor, tax_promotional_minor,
          owed_minor, made_up_minor) >= 0),
  constraint share_reversals_whole check (
    promotional_minor + purchased_minor + earned_minor = amount_minor
    and creator_promotional_minor + platform_promotional_minor + charity_promotional_minor + tax_promotional_minor
      = promotional_minor
    and creator_minor + platform_minor + charity_minor + tax_minor = purchased_minor + earned_minor
    and owed_minor <= creator_minor and made_up_minor <= creator_promotional_minor)
);
create index share_reversals_by_gift on share_reversals (gift_id) where gift_id is not null;
create index share_reversals_by_tip on share_reversals (tip_id) where tip_id is not null;
create index share_reversals_by_sale on share_reversals (sale_id) where sale_id is not null;
-- What a paid order was shared into, and what of each share went back (M13). Amounts in its currency.
create table order_shares (
  order_id            uuid not null,
  is_direct           boolean not null,
  creator_minor       bigint not null,
  platform_minor      bigint not null,
  charity_minor       bigint not null,
  tax_minor           bigint not null,
  repaid_minor        bigint not null default 0, -- of the creator's, what paid off a debt
  creator_back_minor  bigint not null default 0,
  platform_back_minor bigint not null default 0,
  charity_back_minor  bigint not null default 0,
  tax_back_minor      bigint not null default 0,
  transfer_id         uuid not null,
  created_at          timestamptz not null,
  constraint order_shares_pkey primary key (order_id),
  constraint order_shares_order_fk foreign key (order_id) references orders (id),
  constraint order_shares_natural check (least(creator_minor, platform_minor, charity_minor, tax_minor) >= 0),
  constraint order_shares_repaid_within check (repaid_minor between 0 and creator_minor),
  constraint order_shares_back_within check (
    creator_back_minor between 0 and creator_minor and platform_back_minor between 0 and platform_minor
    and charity_back_minor between 0 and charity_minor and tax_back_minor between 0 and tax_minor),
  constraint order_shares_direct_is_whole check (not is_direct or platform_minor + charity_minor + tax_minor = 0)
);
create unique index order_shares_by_transfer on order_shares (transfer_id);

-- The beginning of a gift, a tip or a sale, in one round trip: the balances of both sides are locked, in one order for
-- all; then it is looked whether the key is known (a double click waits for its first), and what is new is shown to risk.
create function wallet_open_movement(
  p_kind text, p_giver uuid, p_receiver uuid, p_asset text, p_key text,
  p_worth_micro bigint, p_moment timestamptz, p_since timestamptz,
  out known_id uuid, out promotional_minor bigint, out purchased_minor bigint, out earned_minor bigint,
  out from_status text, out to_status text, out same_destination boolean, out movements bigint, out volume_micro bigint,
  out open_high text[]
) language plpgsql as $$
declare
  v_held bigint[]; -- in the locking order: by owner, and of each earned, promotional, purchased
  v_mine integer := case when p_giver < p_receiver then 0 else 2 end;
  v_seen record;
begin
  -- Nothing is locked while an account is missing: who opens it may be waiting for one of the others.
  v_held := array(
    select a.balance_minor from ledger_accounts a
    where a.owner_id in (p_giver, p_receiver) and a.asset = p_asset
      and a.purpose in ('promotional', 'purchased', 'earned') and (a.purpose <> 'purchased' or a.owner_id = p_giver)
      and 5 = cardinality(array(
        select 1 from ledger_accounts e
        where e.owner_id in (p_giver, p_receiver) and e.asset = p_asset
          and e.purpose in ('promotional', 'purchased', 'earned') and (e.purpose <> 'purchased' or e.owner_id = p_giver)))
    order by a.owner_id, a.asset, a.purpose for no key update);
  if cardinality(v_held) = 5 then
    earned_minor := v_held[v_mine + 1];
    promotional_minor := v_held[v_mine + 2];
    purchased_minor := v_held[v_mine + 3];
  else
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
    v_seen := risk_observe(p_giver, p_receiver, p_worth_micro, p_moment, p_since);
    from_status := v_seen.from_status;
    to_status := v_seen.to_status;
    same_destination := v_seen.same_destination;
    movements := v_seen.movements;
    volume_micro := v_seen.volume_micro;
    open_high := v_seen.open_high;
  end if;
end $$;
