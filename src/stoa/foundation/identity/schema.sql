-- foundation/identity: accounts and their sessions.
create table users (
  id uuid not null,
  username text not null,
  email text not null,
  phone text,
  password_hash text,
  roles text[] not null default '{reader}',
  status text not null default 'active',
  is_verified boolean not null default false,
  last_login_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint users_pkey primary key (id),
  constraint users_username_length check (char_length(username) between 3 and 50),
  constraint users_email_length check (char_length(email) between 3 and 254),
  constraint users_roles check (
    roles <@ array['reader', 'creator', 'brand', 'moderator', 'support', 'admin', 'super_admin']
    and cardinality(roles) > 0
  ),
  constraint users_status check (status in ('pending_verification', 'active', 'suspended', 'banned', 'deleted'))
);
create unique index users_username_key on users (lower(username));
create unique index users_email_key on users (lower(email));
create unique index users_phone_key on users (phone) where phone is not null;
create index users_staff on users (id) where roles && array['moderator', 'support', 'admin', 'super_admin'];

create table sessions (
  id uuid not null,
  user_id uuid not null,
  kind text not null,
  token_hash bytea not null,
  address text not null,
  user_agent text not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  constraint sessions_pkey primary key (id),
  constraint sessions_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint sessions_kind check (kind in ('page', 'api', 'legacy'))
);
create unique index sessions_token_hash_key on sessions (token_hash);
create index sessions_user_id on sessions (user_id, created_at desc) where revoked_at is null;
create index sessions_expires_at on sessions (expires_at);

-- I5: counted per account and per address, in a key that does not tell which accounts exist.
create unlogged table login_failures (
  key text not null,
  failures integer not null,
  locked_until timestamptz,
  updated_at timestamptz not null,
  constraint login_failures_pkey primary key (key)
);
create index login_failures_updated_at on login_failures (updated_at);
