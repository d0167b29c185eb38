-- creation/exchange: chapters that come in from files, and go out as files.
create table imports (
  id uuid not null,
  series_id uuid not null,
  user_id uuid not null, -- who asked for it
  format text not null,
  filename text not null default '',
  path text, -- of the file in the storage; none once it is done
  options jsonb not null default '{}',
  state text not null default 'reading',
  progress smallint not null default 0, -- percent
  report jsonb not null default '{}', -- what was found, chapter by chapter, and what became of it
  problem text,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint imports_pkey primary key (id),
  constraint imports_series_id_fkey foreign key (series_id) references series (work_id) on delete cascade,
  constraint imports_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint imports_format check (format in ('markdown', 'docx', 'epub', 'html', 'zip', 'google_docs')),
  constraint imports_state check (state in ('reading', 'checked', 'importing', 'done', 'failed', 'cancelled')),
  constraint imports_progress check (progress between 0 and 100)
);
create index imports_series_id on imports (series_id, created_at desc, id desc);
create index imports_open on imports (created_at) where path is not null;

create table exports (
  id uuid not null,
  series_id uuid not null,
  user_id uuid not null,
  format text not null,
  only_published boolean not null default false,
  state text not null default 'making',
  progress smallint not null default 0,
  path text,
  filename text not null default '',
  bytes_count bigint not null default 0,
  problem text,
  created_at timestamptz not null,
  finished_at timestamptz,
  expires_at timestamptz, -- when its file is removed
  constraint exports_pkey primary key (id),
  constraint exports_series_id_fkey foreign key (series_id) references series (work_id) on delete cascade,
  constraint exports_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint exports_format check (format in ('markdown', 'html', 'epub', 'docx', 'pdf', 'zip')),
  constraint exports_state check (state in ('making', 'done', 'failed', 'expired')),
  constraint exports_progress check (progress between 0 and 100)
);
create index exports_series_id on exports (series_id, created_at desc, id desc);
create index exports_open on exports (created_at) where state in ('making', 'done');
