-- foundation/mail: mails and text messages on their way.
create table mail_messages (
  id uuid not null,
  channel text not null,
  recipient text not null,
  subject text not null,
  -- {"text", "html"} under the keyring, bound to this row; erased once delivered, since it holds links with tokens
  sealed bytea,
  state text not null,
  attempts integer not null default 0,
  last_error text,
  provider_id text,
  user_id uuid,
  useful_until timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  constraint mail_messages_pkey primary key (id),
  constraint mail_messages_channel check (channel in ('email', 'sms')),
  constraint mail_messages_state check (state in ('queued', 'sent', 'failed', 'kept')),
  constraint mail_messages_one_line check (recipient || subject !~ '[\x01-\x1f\x7f]'),
  constraint mail_messages_sent check (state <> 'sent' or sealed is null),
  constraint mail_messages_queued check (state <> 'queued' or sealed is not null)
);
create index mail_messages_recent on mail_messages (created_at desc, id desc);
create index mail_messages_recipient on mail_messages (lower(recipient), created_at desc, id desc);
create index mail_messages_queued on mail_messages (updated_at) where state = 'queued';
create index mail_messages_failed on mail_messages (created_at desc, id desc) where state = 'failed';
