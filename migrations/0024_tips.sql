-- money/wallet: tips and credits.
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
  constraint tips_pkey primary key (id),
  constraint tips_sender_fk foreign key (sender_id) references users (id),
  constraint tips_recipient_fk foreign key (recipient_id) references users (id),
  constraint tips_asset_fk foreign key (asset) references ledger_assets (code),
  constraint tips_key_once unique (sender_id, key),
  constraint tips_not_to_oneself check (sender_id <> recipient_id),
  constraint tips_amount_positive check (amount_minor > 0),
  constraint tips_parts_natural check (
    least(promotional_minor, purchased_minor, earned_minor, creator_minor, creator_promotional_minor, platform_minor,
          platform_promotional_minor, charity_minor, charity_promotional_minor, tax_minor, tax_promotional_minor,
          repaid_minor) >= 0),
  constraint tips_spent_is_whole check (promotional_minor + purchased_minor + earned_minor = amount_minor),
  constraint tips_shares_are_whole check (
    creator_promotional_minor + platform_promotional_minor + charity_promotional_minor + tax_promotional_minor
      = promotional_minor
    and creator_minor + repaid_minor + platform_minor + charity_minor + tax_minor = purchased_minor + earned_minor)
);
create index tips_by_sender on tips (sender_id, created_at desc, id desc);
create index tips_by_recipient on tips (recipient_id, created_at desc, id desc);
create unique index tips_by_transfer on tips (transfer_id);
