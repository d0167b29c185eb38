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
  status_reason text,
  status_until timestamptz, -- when a suspension ends by itself
  status_by uuid,
  status_at timestamptz not null,
  constraint users_pkey primary key (id),
  constraint users_username_length check (char_length(username) between 3 and 50),
  constraint users_email_length check (char_length(email) between 3 and 254),
  constraint users_roles check (
    roles <@ array['reader', 'creator', 'brand', 'moderator', 'support', 'admin', 'super_admin']
    and cardinality(roles) > 0
  ),
  constraint users_status check (status in ('pending_verification', 'active', 'suspended', 'banned', 'deleted')),
  constraint users_status_until check (status_until is null or status = 'suspended')
);
create unique index users_username_key on users (lower(username));
create unique index users_email_key on users (lower(email));
create unique index users_phone_key on users (phone) where phone is not null;
create index users_status_until on users (status_until) where status_until is not null;
create index users_created_at on users (created_at desc, id desc);
create index users_username_begins on users (lower(username) text_pattern_ops);
create index users_email_begins on users (lower(email) text_pattern_ops);
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

-- The secret of an authenticator app (I4), sealed and bound to its row. One may be in use while the next is set up.
create table totp_factors (
  id uuid not null,
  user_id uuid not null,
  session_id uuid not null,
  secret_sealed bytea not null,
  last_step bigint not null default 0,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  last_used_at timestamptz,
  constraint totp_factors_pkey primary key (id),
  constraint totp_factors_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create unique index totp_factors_in_use on totp_factors (user_id) where confirmed_at is not null;
create unique index totp_factors_set_up on totp_factors (user_id) where confirmed_at is null;

-- Ten at a time, each good once (I4). The codes themselves are nowhere.
create table backup_codes (
  user_id uuid not null,
  code_hash bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  constraint backup_codes_pkey primary key (user_id, code_hash),
  constraint backup_codes_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);

-- I4: as second factor and as sole log-in. `backed_up`: its owner has it on more than one device.
create table passkeys (
  id uuid not null,
  user_id uuid not null,
  credential_id bytea not null,
  public_key bytea not null,
  sign_count bigint not null,
  name text not null,
  transports text[] not null default '{}',
  backed_up boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  constraint passkeys_pkey primary key (id),
  constraint passkeys_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint passkeys_name_length check (char_length(name) between 1 and 60),
  constraint passkeys_credential_id_length check (octet_length(credential_id) between 1 and 1023)
);
create unique index passkeys_credential_id_key on passkeys (credential_id);
create index passkeys_user_id on passkeys (user_id, created_at);

-- What a passkey has signed once it does not sign again. Kept while it could still be tried.
create table used_passkey_challenges (
  nonce bytea not null,
  expires_at timestamptz not null,
  constraint used_passkey_challenges_pkey primary key (nonce)
);
create index used_passkey_challenges_expires_at on used_passkey_challenges (expires_at);

-- Accounts of other providers, and the ways there and back (I7).
create table auth_accounts (
  id uuid not null,
  user_id uuid not null,
  provider text not null,
  provider_account_id text not null,
  access_token_sealed bytea,
  refresh_token_sealed bytea,
  token_expires_at timestamptz,
  provider_email text,
  provider_name text,
  provider_avatar text,
  scopes text[] not null default '{}',
  synced_at timestamptz not null,
  revoked_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint auth_accounts_pkey primary key (id),
  constraint auth_accounts_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint auth_accounts_provider check (provider in ('google', 'apple', 'twitter')),
  constraint auth_accounts_account_id check (char_length(provider_account_id) between 1 and 255)
);
create unique index auth_accounts_provider_key on auth_accounts (provider, provider_account_id);
create unique index auth_accounts_user_key on auth_accounts (user_id, provider) where revoked_at is null;
create index auth_accounts_user_id on auth_accounts (user_id, provider);

-- A way to a provider and back. `complete`: somebody is known there and still has to tell an e-mail address here.
create table oauth_flows (
  id uuid not null,
  provider text not null,
  purpose text not null,
  state_hash bytea not null,
  nonce text not null,
  verifier_sealed bytea,
  browser_hash bytea not null,
  user_id uuid,
  session_id uuid,
  redirect_uri text not null,
  came_from text not null,
  next text not null,
  given_name text,
  identity_sealed bytea,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint oauth_flows_pkey primary key (id),
  constraint oauth_flows_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint oauth_flows_session_id_fkey foreign key (session_id) references sessions (id) on delete cascade,
  constraint oauth_flows_provider check (provider in ('google', 'apple', 'twitter')),
  constraint oauth_flows_purpose check (purpose in ('login', 'connect', 'complete')),
  constraint oauth_flows_owner check ((purpose = 'connect') = (user_id is not null and session_id is not null)),
  constraint oauth_flows_sealed check ((purpose = 'complete') = (identity_sealed is not null))
);
create unique index oauth_flows_state_hash_key on oauth_flows (state_hash);
create unique index oauth_flows_nonce_key on oauth_flows (nonce);
create index oauth_flows_expires_at on oauth_flows (expires_at);
create index oauth_flows_user_id on oauth_flows (user_id) where user_id is not null;
create index oauth_flows_session_id on oauth_flows (session_id) where session_id is not null;

-- I8: each change of an account's status, with its time and reason. The change itself writes the row, whoever makes it;
-- nothing else may, and no row is touched again.
create table status_history (
  id uuid not null default uuidv7(),
  user_id uuid not null,
  status text not null,
  reason text,
  until timestamptz,
  by_id uuid, -- null: the platform itself, or its operator
  at timestamptz not null,
  constraint status_history_pkey primary key (id),
  constraint status_history_user_id_fkey foreign key (user_id) references users (id),
  constraint status_history_by_id_fkey foreign key (by_id) references users (id)
);
create index status_history_user_id on status_history (user_id, at desc, id desc);

create function users_status_dated() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    new.status_at := coalesce(new.status_at, new.created_at);
  elsif new.status <> old.status and new.status_at = old.status_at then -- by somebody who gives no reason
    new.status_at := greatest(new.updated_at, old.status_at + interval '1 microsecond');
    new.status_reason := null;
    new.status_until := null;
    new.status_by := null;
  end if;
  return new;
end $$;
create trigger users_status_dated before insert or update of status, status_at on users
  for each row execute function users_status_dated();

create function users_status_kept() returns trigger language plpgsql as $$
begin
  insert into status_history (user_id, status, reason, until, by_id, at)
    values (new.id, new.status, new.status_reason, new.status_until, new.status_by, new.status_at);
  return null;
end $$;
create trigger users_status_begins after insert on users for each row execute function users_status_kept();
create trigger users_status_changes after update of status, status_at on users for each row
  when (old.status is distinct from new.status or old.status_at is distinct from new.status_at)
  execute function users_status_kept();

create function status_history_refuse() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and pg_trigger_depth() > 1 then
    return null;
  end if;
  raise exception '% of % is refused: change users.status', lower(tg_op), tg_table_name using errcode = 'ID001';
end $$;
create trigger status_history_stays before insert or update or delete or truncate on status_history
  for each statement execute function status_history_refuse();

-- Every name an account ever had stays its own (I1), so that an old address leads to it and never to somebody else.
create table usernames (
  name text not null, -- in lower case
  user_id uuid not null,
  taken_at timestamptz not null, -- when the account last began to use it
  constraint usernames_pkey primary key (name),
  constraint usernames_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index usernames_user_id on usernames (user_id);

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

-- I1: one-time codes by text message. The rows also count how many were asked for, so they outlive the codes.
create table phone_codes (
  id uuid not null,
  purpose text not null,
  phone text not null,
  user_id uuid, -- login: whose phone it turned out to be; confirm: who says it is theirs
  code_hash bytea, -- keyed; none before it is sent, and none ever where nobody has this phone
  attempts integer not null default 0,
  network text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  constraint phone_codes_pkey primary key (id),
  constraint phone_codes_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint phone_codes_purpose check (purpose in ('login', 'confirm')),
  constraint phone_codes_owner check (purpose = 'login' or user_id is not null),
  constraint phone_codes_attempts check (attempts between 0 and 5)
);
create unique index phone_codes_login on phone_codes (phone) where purpose = 'login' and ended_at is null;
create unique index phone_codes_confirm on phone_codes (user_id) where purpose = 'confirm' and ended_at is null;
create index phone_codes_phone on phone_codes (phone, created_at);
create index phone_codes_network on phone_codes (network, created_at);
create index phone_codes_user_id on phone_codes (user_id, created_at);
create index phone_codes_created_at on phone_codes (created_at);
