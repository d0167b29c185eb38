-- money/payments: whom an order pays, and through whose account at the gateway.
-- M12: `account_id` is a creator's own account; without one it is the platform's.
alter table orders
  add column payee_id uuid constraint orders_payee_fk references users (id),
  add column account_id uuid,
  add column fee_minor bigint not null default 0 constraint orders_fee_natural check (fee_minor >= 0);
create index orders_by_payee on orders (payee_id, created_at desc, id desc) where payee_id is not null;

-- Who knows the keys of one account must not be able to speak of the payments or events of another.
alter table order_payments
  add column account_id uuid,
  add column fee_minor bigint not null default 0 constraint order_payments_fee_natural check (fee_minor >= 0),
  drop constraint order_payments_pkey,
  add constraint order_payments_once unique nulls not distinct (gateway, account_id, payment_id);

alter table webhook_events add column account_id uuid;
drop index webhook_events_once;
create unique index webhook_events_once on webhook_events (gateway, account_id, event_id) nulls not distinct
  where verdict = 'verified';
