-- foundation/identity: accounts of other providers, and the ways there and back (I7).
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
