-- foundation/media: libraries. Files of all kinds, folders, tags, uses, uploads in parts, scans, bandwidth.
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

alter table media
  drop constraint media_content_hash_key,
  drop constraint media_pixels,
  drop constraint media_state,
  add column kind text not null default 'image',
  add column filename text not null default '',
  add column title text not null default '',
  add column caption text not null default '',
  add column folder_id uuid,
  add column tags text[] not null default '{}',
  add column visibility text not null default 'public',
  add column original_path text,
  add column original_bytes bigint not null default 0,
  add column sent_bytes bigint not null default 0,
  add column source_width integer not null default 0,
  add column source_height integer not null default 0,
  add column scan_status text not null default 'not_scanned',
  add column scan_result text,
  add column scanned_at timestamptz,
  add column progress smallint not null default 100,
  add column problem text,
  add column processed_at timestamptz,
  add column thumbhash bytea,
  add column dominant_colour text,
  add column avif jsonb not null default '[]',
  add column duration_ms bigint,
  add column page_count integer,
  add column details jsonb not null default '{}',
  add column is_copy boolean not null default false,
  add column made_from uuid,
  add column last_used_at timestamptz,
  add column deleted_at timestamptz,
  add column updated_at timestamptz not null default now(),
  add constraint media_folder_id_fkey foreign key (folder_id) references media_folders (id) on delete set null,
  add constraint media_made_from_fkey foreign key (made_from) references media (id) on delete set null,
  add constraint media_pixels check (
      width >= 0 and height >= 0 and frames > 0 and (width > 0 and height > 0 or kind <> 'image' or state <> 'ready')
    ),
  add constraint media_state check (state in ('processing', 'ready', 'failed', 'quarantined', 'blocked', 'deleted')),
  add constraint media_deleted_at check ((state = 'deleted') = (deleted_at is not null)),
  add constraint media_kind check (kind in ('image', 'video', 'audio', 'document', 'other')),
  add constraint media_visibility check (visibility in ('public', 'private')),
  add constraint media_scan_status check (
      scan_status in ('not_scanned', 'pending', 'clean', 'infected', 'error')
    ),
  add constraint media_progress check (progress between 0 and 100),
  add constraint media_texts check (
      char_length(filename) <= 255 and char_length(title) <= 200 and char_length(caption) <= 5000
    ),
  add constraint media_tags check (cardinality(tags) <= 50);
create unique index media_content_hash_key on media (owner_id, content_hash) where not is_copy;
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

update media m set filename = 'picture.' || split_part(content_type, '/', 2), updated_at = created_at,
  sent_bytes = bytes_count, source_width = width, source_height = height, processed_at = created_at;
insert into media_uses (media_id, subject, subject_id, title, url, used_at)
select distinct m.id, 'post', w.id, w.title, '/p/' || w.slug, w.updated_at
from works w join media m on m.owner_id = w.author_id
  and (m.id = w.cover_media_id or exists (select from unnest(w.images) i where i like '/media/' || m.id || '/%'))
where w.kind = 'post' and w.deleted_at is null;
insert into media_uses (media_id, subject, subject_id, title, url, used_at)
select m.id, 'profile', u.id, u.username, '/@' || u.username, p.updated_at
from profiles p join users u on u.id = p.user_id join media m on m.id = p.avatar_media_id
where m.purpose = 'library';
update media m set last_used_at = (select max(used_at) from media_uses u where u.media_id = m.id)
where exists (select from media_uses u where u.media_id = m.id);
