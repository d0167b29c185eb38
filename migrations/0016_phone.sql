-- foundation/identity: codes by text message.
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
