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
  second_factors text[] not null default '{}',
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
  provider text not null default 'password',
  second_factor_at timestamptz,
  device_type text not null default 'unknown',
  os text not null default '',
  browser text not null default '',
  country text,
  city text,
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

-- A log-in that has shown its first factor and waits for the second (I4).
create table login_challenges (
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null,
  by text not null,
  attempts smallint not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint login_challenges_pkey primary key (id),
  constraint login_challenges_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create unique index login_challenges_token_hash_key on login_challenges (token_hash);
create index login_challenges_user_id on login_challenges (user_id);
create index login_challenges_expires_at on login_challenges (expires_at);

-- Processes remember who is who for some seconds. Whoever ends a session or changes what an account may tells them.
create function identity_told() returns trigger language plpgsql as $$
begin
  perform pg_notify('stoa_identity', old.id::text);
  return null;
end
$$;
create trigger sessions_revoked_told after update of revoked_at on sessions for each row
  when (old.revoked_at is distinct from new.revoked_at) execute function identity_told();
create trigger sessions_deleted_told after delete on sessions for each row
  when (old.revoked_at is null and old.expires_at > now()) execute function identity_told();
create trigger users_changed_told after update on users for each row
  when (old.roles is distinct from new.roles or old.status is distinct from new.status
    or old.username is distinct from new.username) execute function identity_told();

-- I6: links in mails, kept as hashes. Several of one kind can wait only until the newer one ends the older.
create table verification_tokens (
  id uuid not null,
  user_id uuid not null,
  kind text not null,
  token_hash bytea not null,
  new_email text,
  requested_address text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  used_address text,
  created_at timestamptz not null,
  constraint verification_tokens_pkey primary key (id),
  constraint verification_tokens_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint verification_tokens_kind check (
    kind in ('email_verification', 'password_reset', 'email_change_old', 'email_change_new')
  ),
  constraint verification_tokens_new_email check ((kind like 'email_change_%') = (new_email is not null)),
  constraint verification_tokens_used check ((used_at is null) = (used_address is null))
);
create unique index verification_tokens_token_hash_key on verification_tokens (token_hash);
create index verification_tokens_user_id on verification_tokens (user_id, kind, created_at desc);
create index verification_tokens_expires_at on verification_tokens (expires_at);
