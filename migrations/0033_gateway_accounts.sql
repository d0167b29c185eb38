-- money/payments: creators' own accounts at gateways (M12). A row is one version of somebody's keys: new keys end it and
-- add another, because orders that are open finish with the keys they were placed with. What is sealed goes once nothing
-- needs it any more.
create table gateway_accounts (
  id                uuid not null,
  owner_id          uuid not null,
  provider          text not null,
  way               text not null,
  account_id        text, -- the provider's public name of the account, where it has one
  key_id            text, -- the public half of a pair of keys
  key_hint          text, -- the end of the secret, to know it by
  secret_sealed     bytea,
  webhook_hint      text,
  webhook_sealed    bytea,
  is_live           boolean not null,
  charges_enabled   boolean not null,
  payouts_enabled   boolean not null,
  details_submitted boolean not null,
  is_default        boolean not null default false,
  connected_at      timestamptz not null,
  verified_at       timestamptz not null,
  ended_at          timestamptz,
  ended_because     text,
  wiped_at          timestamptz,
  constraint gateway_accounts_pkey primary key (id),
  constraint gateway_accounts_owner_fk foreign key (owner_id) references users (id),
  constraint gateway_accounts_provider_known check (provider in ('stripe', 'razorpay', 'xendit')),
  constraint gateway_accounts_way_known check (way in ('keys', 'oauth')),
  constraint gateway_accounts_oauth_has_account check (way = 'keys' or (account_id is not null and secret_sealed is null)),
  constraint gateway_accounts_keys_or_wiped check (way = 'oauth' or (secret_sealed is null) = (wiped_at is not null)),
  constraint gateway_accounts_wiped_is_empty check (wiped_at is null or (ended_at is not null and webhook_sealed is null)),
  constraint gateway_accounts_ended_because check (
    (ended_at is null) = (ended_because is null) and ended_because in ('disconnected', 'replaced')),
  constraint gateway_accounts_ended_is_no_default check (ended_at is null or not is_default)
);
create unique index gateway_accounts_current on gateway_accounts (owner_id, provider) where ended_at is null;
create unique index gateway_accounts_one_default on gateway_accounts (owner_id) where is_default;
create index gateway_accounts_of_owner on gateway_accounts (owner_id, provider, connected_at);
create index gateway_accounts_to_wipe on gateway_accounts (ended_at) where ended_at is not null and wiped_at is null;

alter table orders
  add constraint orders_account_fk foreign key (account_id) references gateway_accounts (id),
  add constraint orders_account_is_payees check (account_id is null or payee_id is not null);
create index orders_by_account on orders (account_id, created_at desc) where account_id is not null;
alter table order_payments
  add constraint order_payments_account_fk foreign key (account_id) references gateway_accounts (id);
alter table webhook_events
  add constraint webhook_events_account_fk foreign key (account_id) references gateway_accounts (id);
create index webhook_events_of_account on webhook_events (account_id, received_at desc) where account_id is not null;
