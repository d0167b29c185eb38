-- foundation/media: what people uploaded. The files lie in the storage: media/<id>/original.<ending> as it was sent,
-- media/<id>/<size>.webp and .avif as it is shown; uploads/<id>/<number> while it comes in parts; quarantine/<id>.
create table media_folders (
  id uuid not null,
  owner_id uuid not null,
  parent_id uuid,
  name text not null,
  created_at timestamptz not null,
  constraint media_folders_pkey primary key (id),
  constraint media_folders_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade,
  constraint media_folders_parent_id_fkey foreign key (parent_id) references media_folders (id) on delete cascade,
  constraint media_folders_name check (char_length(name) between 1 and 100),
  constraint media_folders_parent check (parent_id <> id)
);
create unique index media_folders_name_key on media_folders (owner_id, parent_id, lower(name)) nulls not distinct;
create index media_folders_parent_id on media_folders (parent_id);

create table media (
  id uuid not null,
  owner_id uuid not null,
  content_hash bytea not null, -- SHA-256 of the bytes as they were sent; of the id, until they are all there
  content_type text not null, -- of what was sent, by its content
  width integer not null, -- pixels of the largest size, upright; 0 where there is nothing to be seen
  height integer not null,
  frames integer not null default 1,
  bytes_count bigint not null, -- of all its files together
  colour text not null, -- the average, '#rrggbb', shown until the picture is there
  alt text not null default '',
  variants jsonb not null, -- [{"size": 320, "width": 320, "height": 213, "bytes_count": 9182}, …], smallest first
  srcset text not null,
  state text not null default 'ready',
  created_at timestamptz not null,
  purpose text not null default 'library', -- a picture of a face, or a part of a picture, is no file of somebody's library
  kind text not null default 'image',
  filename text not null default '', -- as it was called where it came from
  title text not null default '',
  caption text not null default '',
  folder_id uuid,
  tags text[] not null default '{}', -- lower case, in order
  visibility text not null default 'public', -- private: only with a signed address
  original_path text, -- what was sent, or what optimising made of it; none: only the sizes are kept
  original_bytes bigint not null default 0,
  sent_bytes bigint not null default 0, -- what it had before anything was optimised
  source_width integer not null default 0, -- pixels of the original, upright
  source_height integer not null default 0,
  scan_status text not null default 'not_scanned',
  scan_result text, -- what was found
  scanned_at timestamptz,
  progress smallint not null default 100, -- percent of the work on it that is done
  problem text, -- why the work on it ended, in words for its owner
  processed_at timestamptz,
  thumbhash bytea, -- 25 bytes or so that draw it as a blur
  dominant_colour text,
  avif jsonb not null default '[]', -- as `variants`, of the sizes as AVIF
  duration_ms bigint,
  page_count integer,
  details jsonb not null default '{}', -- what else its content says of itself: codecs, the title of a PDF
  is_copy boolean not null default false, -- a second one of the same bytes, wanted
  made_from uuid, -- the one that this was resized or cropped from
  last_used_at timestamptz,
  deleted_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint media_pkey primary key (id),
  constraint media_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade,
  constraint media_colour check (colour ~ '^#[0-9a-f]{6}$'),
  constraint media_alt_length check (char_length(alt) <= 1000),
  constraint media_purpose check (purpose in ('library', 'avatar', 'part')),
  constraint media_folder_id_fkey foreign key (folder_id) references media_folders (id) on delete set null,
  constraint media_made_from_fkey foreign key (made_from) references media (id) on delete set null,
  constraint media_pixels check (
    width >= 0 and height >= 0 and frames > 0 and (width > 0 and height > 0 or kind <> 'image' or state <> 'ready')
  ),
  constraint media_state check (state in ('processing', 'ready', 'failed', 'quarantined', 'blocked', 'deleted')),
  constraint media_deleted_at check ((state = 'deleted') = (deleted_at is not null)),
  constraint media_kind check (kind in ('image', 'video', 'audio', 'document', 'other')),
  constraint media_visibility check (visibility in ('public', 'private')),
  constraint media_scan_status check (
    scan_status in ('not_scanned', 'pending', 'clean', 'infected', 'error')
  ),
  constraint media_progress check (progress between 0 and 100),
  constraint media_texts check (
    char_length(filename) <= 255 and char_length(title) <= 200 and char_length(caption) <= 5000
  ),
  constraint media_tags check (cardinality(tags) <= 50)
);
create unique index media_content_hash_key on media (owner_id, content_hash) where not is_copy;
create index media_owner_id on media (owner_id, created_at desc, id desc);
create index media_folder_id on media (folder_id) where folder_id is not null;
create index media_tags_idx on media using gin (tags);
create index media_made_from on media (made_from) where made_from is not null;
create index media_unsettled on media (state, updated_at) where state <> 'ready';

-- Where something is shown. Whoever shows it says so; what nobody names is unused.
create table media_uses (
  media_id uuid not null,
  subject text not null, -- 'post', 'profile', …
  subject_id uuid not null,
  title text not null,
  url text not null, -- of our own
  used_at timestamptz not null,
  constraint media_uses_pkey primary key (media_id, subject, subject_id),
  constraint media_uses_media_id_fkey foreign key (media_id) references media (id) on delete cascade
);
create index media_uses_subject on media_uses (subject, subject_id);

-- Uploads that come in parts, until they are complete or too old. Their bytes are reserved on the plan.
create table media_uploads (
  id uuid not null, -- the file will have it, too
  owner_id uuid not null,
  filename text not null,
  size_bytes bigint not null,
  part_bytes integer not null, -- of each part but the last
  alt text not null default '',
  folder_id uuid,
  visibility text not null default 'public',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  constraint media_uploads_pkey primary key (id),
  constraint media_uploads_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade,
  constraint media_uploads_folder_id_fkey foreign key (folder_id) references media_folders (id) on delete set null,
  constraint media_uploads_size check (size_bytes > 0 and part_bytes > 0),
  constraint media_uploads_visibility check (visibility in ('public', 'private'))
);
create index media_uploads_owner_id on media_uploads (owner_id, created_at);
create index media_uploads_expires_at on media_uploads (expires_at);

-- What was fetched of somebody's files, by the day (UTC).
create table media_bandwidth (
  owner_id uuid not null,
  day date not null,
  bytes_count bigint not null,
  requests_count bigint not null,
  constraint media_bandwidth_pkey primary key (owner_id, day),
  constraint media_bandwidth_owner_id_fkey foreign key (owner_id) references users (id) on delete cascade,
  constraint media_bandwidth_counts check (bytes_count >= 0 and requests_count >= 0)
);
