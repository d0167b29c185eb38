-- money/splits: how what is paid is shared. Rules are added for a time to come and never change, so that what was shared
-- yesterday can be explained tomorrow. Of one kind, the newest rule that has begun is in force.
create table split_rules (
  id uuid not null,
  kind text not null,
  effective_from timestamptz not null,
  -- In basis points of the whole; the three sum to it.
  creator_bp integer not null,
  platform_bp integer not null,
  charity_bp integer not null default 0,
  -- A tax on the platform's share, in basis points of that share. It comes on top, from the creator's (M12).
  tax_name text,
  tax_bp integer not null default 0,
  created_at timestamptz not null,
  created_by uuid, -- null for what the platform began with
  constraint split_rules_pkey primary key (id),
  constraint split_rules_created_by_fkey foreign key (created_by) references users (id),
  constraint split_rules_once unique (kind, effective_from),
  constraint split_rules_kind check (kind in ('gift', 'tip', 'sale')),
  constraint split_rules_not_backdated check (effective_from >= created_at),
  constraint split_rules_natural check (least(creator_bp, platform_bp, charity_bp, tax_bp) >= 0 and tax_bp <= 10000),
  constraint split_rules_whole check (creator_bp + platform_bp + charity_bp = 10000),
  constraint split_rules_tax_is_named check ((tax_bp > 0) = (tax_name is not null)),
  constraint split_rules_tax_name_length check (char_length(tax_name) between 1 and 20),
  constraint split_rules_tax_within_creator check (creator_bp::bigint * 10000 >= platform_bp::bigint * tax_bp),
  -- Coins have two parts and no more, in whole percents: so a share of whole coins is exact (M1, M6).
  constraint split_rules_gift_form check (
    kind <> 'gift' or (charity_bp = 0 and tax_bp = 0 and creator_bp % 100 = 0 and creator_bp >= 100)
  )
);

insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, charity_bp, tax_name, tax_bp, created_at) values
  ('00000000-0000-7000-8000-000000000001', 'gift', 'epoch', 4000, 6000, 0, null, 0, 'epoch'), -- M6
  ('00000000-0000-7000-8000-000000000002', 'tip', 'epoch', 9700, 200, 100, null, 0, 'epoch'), -- M8
  ('00000000-0000-7000-8000-000000000003', 'sale', 'epoch', 9000, 1000, 0, 'GST', 1800, 'epoch'); -- M12

create function split_rules_refuse() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: add a rule that begins later', lower(tg_op), tg_table_name using errcode = 'SP001';
end $$;
create trigger split_rules_stay before update or delete or truncate on split_rules
  for each statement execute function split_rules_refuse();
