-- creation/serials: series and their chapters, beside their rows in works; genres, tags and warnings.
create table series (
  work_id uuid not null,
  content_type text not null default 'web_novel',
  status text not null default 'ongoing', -- of one that is out; one that is not is a draft
  synopsis_markdown text not null default '',
  synopsis_html text not null default '',
  original_language text not null default 'en',
  reading_direction text not null default 'ltr',
  banner_media_id uuid,
  thumbnail_media_id uuid,
  update_schedule text not null default '', -- in words, to readers
  update_days smallint[] not null default '{}', -- 1 Monday to 7 Sunday
  timezone text not null default 'UTC', -- in which its chapters are scheduled (S4)
  default_access text not null default 'free', -- of new chapters (S1)
  early_access_days smallint not null default 0, -- S2
  preview_paragraphs smallint not null default 3, -- S1
  paywall_message text not null default '',
  is_listed boolean not null default false, -- whether it is shown under /discover
  meta_title text not null default '',
  meta_description text not null default '',
  canonical_url text,
  total_planned_chapters integer,
  completed_at timestamptz,
  last_published_at timestamptz, -- when it, or a chapter of it, last came out
  reads bigint not null default 0, -- views of it and its chapters, summed now and then
  trending double precision not null default 0, -- the hottest of it and its chapters, at the same time
  purged_at timestamptz, -- S5: since when nothing is left of its content
  constraint series_pkey primary key (work_id),
  constraint series_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint series_banner_media_id_fkey foreign key (banner_media_id) references media (id) on delete set null,
  constraint series_thumbnail_media_id_fkey foreign key (thumbnail_media_id) references media (id) on delete set null,
  constraint series_content_type check (content_type in ('web_novel', 'webtoon', 'manga', 'manhwa', 'western_comic')),
  constraint series_status check (status in ('ongoing', 'hiatus', 'completed', 'cancelled')),
  constraint series_reading_direction check (reading_direction in ('ltr', 'rtl', 'vertical')),
  constraint series_default_access check (default_access in ('free', 'subscribers', 'tier', 'scheduled')),
  constraint series_numbers check (
    early_access_days between 0 and 365 and preview_paragraphs between 0 and 50
    and coalesce(total_planned_chapters, 1) between 1 and 100000
    and update_days <@ array[1, 2, 3, 4, 5, 6, 7]::smallint[]
  ),
  constraint series_completed check ((status = 'completed') = (completed_at is not null)),
  constraint series_lengths check (
    char_length(synopsis_markdown) <= 10000 and char_length(update_schedule) <= 200
    and char_length(paywall_message) <= 1000 and char_length(meta_title) <= 60 and char_length(meta_description) <= 160
  )
);
create index series_listed on series (last_published_at desc, work_id desc) where is_listed;
create index series_trending on series (trending desc, work_id desc) where is_listed;
create index series_reads on series (reads desc, work_id desc) where is_listed;

create table genres (
  id uuid not null,
  parent_id uuid,
  slug text not null,
  name text not null,
  description text not null default '',
  position smallint not null default 0,
  is_active boolean not null default true,
  is_featured boolean not null default false,
  constraint genres_pkey primary key (id),
  constraint genres_parent_id_fkey foreign key (parent_id) references genres (id)
);
create unique index genres_slug_key on genres (slug);
create index genres_parent_id on genres (parent_id, position);

create table series_genres (
  series_id uuid not null,
  genre_id uuid not null,
  is_primary boolean not null default false,
  constraint series_genres_pkey primary key (series_id, genre_id),
  constraint series_genres_series_id_fkey foreign key (series_id) references series (work_id) on delete cascade,
  constraint series_genres_genre_id_fkey foreign key (genre_id) references genres (id)
);
create unique index series_genres_primary_key on series_genres (series_id) where is_primary;
create index series_genres_genre_id on series_genres (genre_id);

create table tags (
  id uuid not null,
  slug text not null,
  name text not null,
  is_approved boolean not null default false, -- by a moderator; until then only its series show it
  is_blocked boolean not null default false,
  merged_into uuid, -- what it became
  created_by uuid,
  created_at timestamptz not null,
  constraint tags_pkey primary key (id),
  constraint tags_merged_into_fkey foreign key (merged_into) references tags (id),
  constraint tags_created_by_fkey foreign key (created_by) references users (id) on delete set null,
  constraint tags_name_length check (char_length(name) between 1 and 50),
  constraint tags_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint tags_merged check (merged_into <> id)
);
create unique index tags_slug_key on tags (slug);
create index tags_merged_into on tags (merged_into) where merged_into is not null;
create index tags_waiting on tags (created_at) where not is_approved and not is_blocked and merged_into is null;

create table series_tags (
  series_id uuid not null,
  tag_id uuid not null,
  created_at timestamptz not null,
  constraint series_tags_pkey primary key (series_id, tag_id),
  constraint series_tags_series_id_fkey foreign key (series_id) references series (work_id) on delete cascade,
  constraint series_tags_tag_id_fkey foreign key (tag_id) references tags (id)
);
create index series_tags_tag_id on series_tags (tag_id);

-- What a series or a chapter warns of. The kinds of warnings are WARNINGS in types.
create table work_warnings (
  work_id uuid not null,
  warning text not null,
  details text not null default '',
  added_by uuid,
  added_at timestamptz not null,
  constraint work_warnings_pkey primary key (work_id, warning),
  constraint work_warnings_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint work_warnings_added_by_fkey foreign key (added_by) references users (id) on delete set null,
  constraint work_warnings_details_length check (char_length(details) <= 500)
);

create table chapters (
  work_id uuid not null,
  series_id uuid not null, -- as parent_id of its work
  number numeric(8, 2) not null,
  volume smallint,
  position integer not null, -- its place in the series, from 1; deleted ones keep theirs
  body_markdown text not null default '',
  body_html text not null default '', -- made of body_markdown at each save, sanitised (L4)
  preview_html text not null default '', -- what who may not read it sees (S1)
  author_note_markdown text not null default '',
  author_note_html text not null default '',
  author_note_position text not null default 'end',
  scheduled_at timestamptz, -- when it is published; none once it is
  timezone text not null default 'UTC', -- in which that was said
  schedule_problem text, -- why it could not be published then
  archived_at timestamptz,
  tier_id uuid, -- the lowest that opens it, where its access is 'tier'
  preview_paragraphs smallint, -- none: the series'
  paywall_message text not null default '', -- empty: the series'
  meta_title text not null default '',
  meta_description text not null default '',
  version integer not null default 1, -- the newest of its text
  holds_number boolean not null default true, -- a deleted one leaves its number to others
  access_before text, -- what its access is again when its opening is called off
  opened_at timestamptz, -- when its scheduled opening was noticed
  announced_at timestamptz, -- when it was first there for readers, and they were told
  purged_at timestamptz, -- S5
  constraint chapters_pkey primary key (work_id),
  constraint chapters_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint chapters_series_id_fkey foreign key (series_id) references series (work_id),
  constraint chapters_position_key unique (series_id, position) deferrable initially deferred,
  constraint chapters_numbers check (number >= 0 and coalesce(volume, 1) between 1 and 10000 and position > 0),
  constraint chapters_author_note_position check (author_note_position in ('start', 'end')),
  constraint chapters_preview_paragraphs check (coalesce(preview_paragraphs, 3) between 0 and 50),
  constraint chapters_scheduled check (scheduled_at is null or archived_at is null),
  constraint chapters_access_before check (access_before in ('free', 'subscribers', 'tier')),
  constraint chapters_lengths check (
    char_length(body_markdown) <= 500000 and char_length(author_note_markdown) <= 10000
    and char_length(paywall_message) <= 1000 and char_length(meta_title) <= 60 and char_length(meta_description) <= 160
  )
);
create unique index chapters_number_key on chapters (series_id, volume, number) nulls not distinct where holds_number;
create index chapters_scheduled_at on chapters (scheduled_at) where scheduled_at is not null;

create table chapter_versions (
  id uuid not null,
  chapter_id uuid not null,
  version integer not null,
  title text not null,
  body_markdown text not null,
  author_note_markdown text not null default '',
  word_count integer not null,
  note text not null default '', -- what changed, in the words of who changed it
  restored_from integer,
  made_by uuid,
  made_at timestamptz not null,
  constraint chapter_versions_pkey primary key (id),
  constraint chapter_versions_chapter_id_fkey foreign key (chapter_id) references chapters (work_id) on delete cascade,
  constraint chapter_versions_made_by_fkey foreign key (made_by) references users (id) on delete set null,
  constraint chapter_versions_version_key unique (chapter_id, version),
  constraint chapter_versions_note_length check (char_length(note) <= 500)
);

-- What somebody is typing, before it is saved; no version (S3).
create table chapter_autosaves (
  chapter_id uuid not null,
  user_id uuid not null,
  tab text not null, -- the tab that wrote it: another one is asked before it overwrites it
  base_version integer not null, -- the version it was typed on
  title text not null,
  body_markdown text not null,
  author_note_markdown text not null default '',
  saves integer not null default 1,
  saved_at timestamptz not null,
  constraint chapter_autosaves_pkey primary key (chapter_id, user_id),
  constraint chapter_autosaves_chapter_id_fkey foreign key (chapter_id) references chapters (work_id) on delete cascade,
  constraint chapter_autosaves_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
