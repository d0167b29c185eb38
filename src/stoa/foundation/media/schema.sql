-- foundation/media: pictures people uploaded. The files lie in the storage under media/<id>/<size>.webp.
create table media (
  id uuid not null,
  owner_id uuid not null,
  content_hash bytea not null, -- SHA-256 of the bytes as they were sent: the same picture is kept once per owner
  content_type text not null, -- of what was sent, by its content
  width integer not null, -- pixels of the largest size, upright
  height integer not null,
  frames integer not null default 1,
  bytes_count bigint not null, -- of all sizes together
  colour text not null, -- the average, '#rrggbb', shown until the picture is there
  alt text not null default '',
  variants jsonb not null, -- [{"size": 320, "width": 320, "height": 213, "bytes_count": 9182}, …], smallest first
  srcset text not null,
  state text not null default 'ready',
  created_at timestamptz not null,
  purpose text not null default 'library', -- a picture of a face is no part of somebody's library
  constraint media_pkey primary key (id),
  constraint media_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade,
  constraint media_content_hash_key unique (owner_id, content_hash),
  constraint media_pixels check (width > 0 and height > 0 and frames > 0),
  constraint media_colour check (colour ~ '^#[0-9a-f]{6}$'),
  constraint media_alt_length check (char_length(alt) <= 1000),
  constraint media_state check (state in ('ready', 'blocked')),
  constraint media_purpose check (purpose in ('library', 'avatar'))
);
create index media_owner_id on media (owner_id, created_at desc, id desc);
