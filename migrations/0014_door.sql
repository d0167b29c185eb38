-- foundation/identity: what a session knows of its log-in, challenges for the second factor, and word to the caches.
alter table users add column second_factors text[] not null default '{}';
alter table sessions
  add column provider text not null default 'password',
  add column second_factor_at timestamptz,
  add column device_type text not null default 'unknown',
  add column os text not null default '',
  add column browser text not null default '',
  add column country text,
  add column city text;

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
