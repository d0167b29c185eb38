-- money/payouts: where payouts go, and payouts of any currency that was earned.
alter table payouts rename column coins_minor to source_minor;
alter table payouts rename column usd_amount_minor to gross_minor;
alter table payouts rename constraint payouts_coins_positive to payouts_source_positive;
alter table payouts rename constraint payouts_coins_minor_not_null to payouts_source_minor_not_null;
alter table payouts rename constraint payouts_usd_amount_minor_not_null to payouts_gross_minor_not_null;
alter table payouts alter column currency drop default;

create table payout_destinations (
  id          uuid not null,
  user_id     uuid not null,
  provider    text not null,
  label       text not null,
  currency    text not null,
  country     text not null,
  details     bytea not null,
  hint        text not null,
  fingerprint bytea not null,
  recipient   text not null,
  is_default  boolean not null,
  usable_from timestamptz not null,
  created_at  timestamptz not null,
  changed_at  timestamptz not null,
  deleted_at  timestamptz,
  constraint payout_destinations_pkey primary key (id),
  constraint payout_destinations_user_fk foreign key (user_id) references users (id),
  constraint payout_destinations_currency_fk foreign key (currency) references ledger_assets (code),
  constraint payout_destinations_country_form check (country ~ '^[A-Z]{2}$'),
  constraint payout_destinations_deleted_is_no_default check (deleted_at is null or not is_default)
);
create unique index payout_destinations_once on payout_destinations (user_id, fingerprint, currency)
  where deleted_at is null;
create unique index payout_destinations_one_default on payout_destinations (user_id) where is_default;
create index payout_destinations_by_user on payout_destinations (user_id, created_at);

alter table payouts
  add column asset            text not null default 'COIN',
  add column fee_minor        bigint not null default 0,
  add column fee_on_platform  boolean not null default false,
  add column arrives_minor    bigint,
  add column arrives_currency text,
  add column arrives_by       date,
  add column destination_id   uuid,
  add column recipient        text;
update payouts set arrives_minor = net_payout_minor, arrives_currency = currency, recipient = destination,
  destination = case destination
    when 'sandbox_bank' then 'Test bank account'
    when 'sandbox_fail_once' then 'Test account that refuses once, then accepts'
    when 'sandbox_fail' then 'Test account that is closed'
    else destination end;
alter table payouts
  alter column asset drop default,
  alter column fee_minor drop default,
  alter column fee_on_platform drop default,
  alter column arrives_minor set not null,
  alter column arrives_currency set not null,
  alter column recipient set not null,
  add constraint payouts_asset_fk foreign key (asset) references ledger_assets (code),
  add constraint payouts_destination_fk foreign key (destination_id) references payout_destinations (id),
  add constraint payouts_credits_are_money check (
    asset = 'COIN' or (asset = currency and gross_minor = source_minor and platform_fee_minor = 0)),
  add constraint payouts_fee_within check (fee_minor >= 0 and (fee_on_platform or fee_minor < net_payout_minor)),
  add constraint payouts_arrives_positive check (arrives_minor > 0);
drop index payouts_one_open;
create unique index payouts_one_open on payouts (user_id, asset) where state in ('pending', 'in_review', 'processing');
create index payouts_by_destination on payouts (destination_id) where destination_id is not null;

insert into ledger_purposes (purpose, platform, kind, about) values
  ('payout_fees', true, 'asset', 'money that payout providers kept as their fee'),
  ('payout_costs', true, 'expense', 'fees of payout providers that the platform bears');
