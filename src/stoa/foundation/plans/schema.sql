-- foundation/plans: what an account may use, and what it uses. An account without a row is on the free plan.
create table account_plans (
  user_id uuid not null,
  plan text not null,
  started_at timestamptz not null,
  expires_at timestamptz, -- none: until it is changed
  constraint account_plans_pkey primary key (user_id),
  constraint account_plans_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint account_plans_plan check (plan in ('free', 'starter', 'growth', 'professional', 'enterprise')),
  constraint account_plans_period check (expires_at > started_at)
);

create table plan_usage (
  user_id uuid not null,
  meter text not null,
  used bigint not null,
  constraint plan_usage_pkey primary key (user_id, meter),
  constraint plan_usage_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint plan_usage_meter check (
    meter in ('storage_bytes', 'series', 'chapters', 'members', 'broadcasts', 'ai_words', 'collaborators')
  ),
  constraint plan_usage_used check (used >= 0)
);
