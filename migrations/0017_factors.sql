-- foundation/identity: second factors and passkeys.
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
