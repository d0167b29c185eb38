-- money/risk: what F4 or F5 would not have let through, had it not happened outside already, waits for a decision.
alter table risk_flags
  drop constraint risk_flags_rule_severity,
  add constraint risk_flags_rule_severity check (
    (rule, severity) in (('F1', 'medium'), ('F2', 'high'), ('F3', 'high'), ('F4', 'critical'), ('F5', 'critical'),
      ('F4', 'high'), ('F5', 'high')));

-- money/payments: what of an order is its payee's, seen by both sides; and each hosted checkout that was opened for it.
alter table orders
  add column cut_minor bigint not null default 0, -- what others than the payee get of it: platform, charity, tax
  add column returned_minor bigint not null default 0, -- what of the payee's part went back (M13)
  add column receiver_id uuid generated always as (case when fulfilled_at is not null then payee_id end) stored,
  add constraint orders_cut_within check (cut_minor between 0 and amount_minor),
  add constraint orders_returned_within check (returned_minor between 0 and amount_minor - cut_minor);
create index orders_by_receiver on orders (receiver_id, created_at desc, id desc) where receiver_id is not null;

create table checkout_sessions (
  id          uuid not null,
  order_id    uuid not null,
  session_id  text not null, -- the gateway's
  url         text not null,
  return_url  text not null,
  opened_at   timestamptz not null,
  expires_at  timestamptz not null,
  closed_at   timestamptz, -- when something else took its place
  constraint checkout_sessions_pkey primary key (id),
  constraint checkout_sessions_order_fk foreign key (order_id) references orders (id)
);
create index checkout_sessions_by_name on checkout_sessions (session_id);
create index checkout_sessions_by_order on checkout_sessions (order_id, opened_at);

-- M12: what somebody was paid straight into an account of their own. It explains itself in the books, and a monthly
-- invoice sums it; it can neither be spent nor paid out here.
insert into ledger_purposes (purpose, platform, kind, about) values
  ('direct', false, 'liability', 'paid straight into an own account at a gateway; neither spent nor paid out here (M12)'),
  ('direct_world', true, 'clearing', 'money in people''s own accounts at gateways: what came in is below zero');

-- money/wallet: what a paid order was shared into, and what of each share went back (M13). Amounts in its currency.
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
