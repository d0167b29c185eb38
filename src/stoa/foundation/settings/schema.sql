-- foundation/settings: one row of what the operator changed; what is absent has its default from types.py.
create table platform_config (
  only_one boolean not null default true,
  changes jsonb not null default '{}',
  updated_at timestamptz not null,
  updated_by uuid,
  constraint platform_config_pkey primary key (only_one),
  constraint platform_config_only_one check (only_one)
);
