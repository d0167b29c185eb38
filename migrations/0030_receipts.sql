-- money/receipts: a number for each payment that somebody wanted a receipt for. Everything else on it is read from the
-- payment itself, which does not change.
create table receipt_counters (
  year smallint not null,
  last integer not null,
  constraint receipt_counters_pkey primary key (year),
  constraint receipt_counters_last_natural check (last >= 0)
);

create table receipts (
  payment_id uuid not null, -- of an order, a gift, …
  payer_id uuid not null,
  year smallint not null,
  sequence integer not null,
  issued_at timestamptz not null,
  constraint receipts_pkey primary key (payment_id),
  constraint receipts_payer_id_fkey foreign key (payer_id) references users (id),
  constraint receipts_number_key unique (year, sequence),
  constraint receipts_sequence_positive check (sequence >= 1)
);

create function receipts_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: a receipt stays as it is', lower(tg_op), tg_table_name using errcode = 'RC001';
end $$;
create trigger receipts_stay before update or delete or truncate on receipts
  for each statement execute function receipts_refuse();

-- The receipt of a payment, made if there is none yet. Who numbers waits for who numbers before: so a number that is
-- given is used, and none is left out.
create function receipts_issue(payment uuid, payer uuid, moment timestamptz) returns receipts language plpgsql as $$
declare
  found_one receipts;
  this_year smallint := extract(year from moment at time zone 'utc');
begin
  select * into found_one from receipts where payment_id = payment;
  if found then
    return found_one;
  end if;
  insert into receipt_counters (year, last) values (this_year, 0) on conflict do nothing;
  perform from receipt_counters where year = this_year for update;
  select * into found_one from receipts where payment_id = payment;
  if found then
    return found_one;
  end if;
  update receipt_counters set last = last + 1 where year = this_year;
  insert into receipts (payment_id, payer_id, year, sequence, issued_at)
  select payment, payer, this_year, last, moment from receipt_counters where year = this_year
  returning * into found_one;
  return found_one;
end $$;
