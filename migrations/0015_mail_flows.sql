-- foundation/identity: links in mails, single use and only for a while (I6).
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
