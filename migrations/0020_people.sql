-- foundation/identity: every name an account ever had stays its own.
create table usernames (
  name text not null, -- in lower case
  user_id uuid not null,
  taken_at timestamptz not null, -- when the account last began to use it
  constraint usernames_pkey primary key (name),
  constraint usernames_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index usernames_user_id on usernames (user_id);
insert into usernames (name, user_id, taken_at) select lower(username), id, created_at from users;

create function users_keep_name() returns trigger language plpgsql as $$
begin
  insert into usernames (name, user_id, taken_at) values (lower(new.username), new.id, new.updated_at)
  on conflict (name) do update set taken_at = excluded.taken_at where usernames.user_id = excluded.user_id;
  if not found then
    raise unique_violation using message = 'this name was another account''s', constraint = 'usernames_pkey';
  end if;
  return null;
end
$$;
create trigger users_keep_name after insert on users for each row execute function users_keep_name();
create trigger users_keep_new_name after update of username on users for each row
  when (lower(old.username) <> lower(new.username)) execute function users_keep_name();

-- foundation/plans: what an account may use, and what it uses.
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
  constraint plan_usage_meter check (meter in ('storage_bytes', 'series', 'chapters', 'members', 'broadcasts', 'ai_words')),
  constraint plan_usage_used check (used >= 0)
);
insert into plan_usage (user_id, meter, used)
  select owner_id, 'storage_bytes', sum(bytes_count) from media group by owner_id;

-- foundation/people: how somebody wants things, and who they are as a creator or a brand.
alter table profiles add column locale text not null default 'en';
alter table profiles add column timezone text not null default 'UTC';
alter table profiles add column preferences jsonb not null default '{}';
alter table profiles add constraint profiles_locale check (locale in ('en', 'en-GB', 'en-US', 'en-IN'));
create index profiles_avatar_media_id on profiles (avatar_media_id) where avatar_media_id is not null;

create table author_profiles (
  user_id uuid not null,
  pen_name text,
  tagline text,
  full_bio text,
  website_url text,
  twitter_handle text,
  instagram_handle text,
  tiktok_handle text,
  youtube_channel text,
  discord_server text,
  patreon_page text,
  kofi_page text,
  genres text[] not null default '{}',
  primary_genre text,
  writing_since date,
  accepting_commissions boolean not null default false,
  commission_info text,
  commission_min_price bigint, -- in the smallest unit of the currency
  commission_max_price bigint,
  commission_currency text not null default 'INR',
  allow_direct_messages boolean not null default true,
  show_email boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint author_profiles_pkey primary key (user_id),
  constraint author_profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint author_profiles_pen_name_length check (char_length(pen_name) between 1 and 80),
  constraint author_profiles_tagline_length check (char_length(tagline) <= 200),
  constraint author_profiles_full_bio_length check (char_length(full_bio) <= 10000),
  constraint author_profiles_primary_genre check (primary_genre is null or primary_genre = any (genres)),
  constraint author_profiles_commission_info_length check (char_length(commission_info) <= 5000),
  constraint author_profiles_commission_prices check (
    commission_min_price >= 0 and commission_max_price >= 0 and commission_min_price <= commission_max_price
  )
);

create table brand_profiles (
  user_id uuid not null,
  company_name text not null,
  about text,
  industry text,
  website_url text,
  contact_email text, -- shown to everybody; none: not shown
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint brand_profiles_pkey primary key (user_id),
  constraint brand_profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint brand_profiles_company_name_length check (char_length(company_name) between 1 and 120),
  constraint brand_profiles_about_length check (char_length(about) <= 5000),
  constraint brand_profiles_industry_length check (char_length(industry) <= 80)
);

-- foundation/media: a picture of a face is no part of somebody's library.
alter table media add column purpose text not null default 'library';
alter table media add constraint media_purpose check (purpose in ('library', 'avatar'));
