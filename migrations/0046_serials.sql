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
  constraint series_listed_since check (not is_listed or last_published_at is not null),
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

-- A tree of two levels.
insert into genres (id, parent_id, slug, name, description, position, is_featured) values
  ('00000000-0000-7000-8001-000100000000', null, 'fantasy', 'Fantasy', 'Magic, and worlds that have their own rules', 1, true),
  ('00000000-0000-7000-8001-000100000001', '00000000-0000-7000-8001-000100000000', 'epic-fantasy', 'Epic fantasy', 'Long roads, old wars, much at stake', 1, false),
  ('00000000-0000-7000-8001-000100000002', '00000000-0000-7000-8001-000100000000', 'urban-fantasy', 'Urban fantasy', 'Magic in streets like ours', 2, false),
  ('00000000-0000-7000-8001-000100000003', '00000000-0000-7000-8001-000100000000', 'dark-fantasy', 'Dark fantasy', 'Where the magic has a price', 3, false),
  ('00000000-0000-7000-8001-000100000004', '00000000-0000-7000-8001-000100000000', 'progression-fantasy', 'Progression fantasy', 'Somebody grows stronger, step by step', 4, false),
  ('00000000-0000-7000-8001-000100000005', '00000000-0000-7000-8001-000100000000', 'isekai', 'Isekai', 'From our world into another', 5, false),
  ('00000000-0000-7000-8001-000100000006', '00000000-0000-7000-8001-000100000000', 'fairy-tales', 'Fairy tales', 'Told again, or told anew', 6, false),
  ('00000000-0000-7000-8001-000200000000', null, 'science-fiction', 'Science fiction', 'What might be, and what it would do to us', 2, true),
  ('00000000-0000-7000-8001-000200000001', '00000000-0000-7000-8001-000200000000', 'space-opera', 'Space opera', 'Ships, empires, distances', 1, false),
  ('00000000-0000-7000-8001-000200000002', '00000000-0000-7000-8001-000200000000', 'cyberpunk', 'Cyberpunk', 'Wires, corporations, rain', 2, false),
  ('00000000-0000-7000-8001-000200000003', '00000000-0000-7000-8001-000200000000', 'dystopia', 'Dystopia', 'Where it went wrong', 3, false),
  ('00000000-0000-7000-8001-000200000004', '00000000-0000-7000-8001-000200000000', 'time-travel', 'Time travel', 'Then, and again', 4, false),
  ('00000000-0000-7000-8001-000200000005', '00000000-0000-7000-8001-000200000000', 'first-contact', 'First contact', 'We are not alone', 5, false),
  ('00000000-0000-7000-8001-000200000006', '00000000-0000-7000-8001-000200000000', 'hard-science-fiction', 'Hard science fiction', 'Within what physics allows', 6, false),
  ('00000000-0000-7000-8001-000300000000', null, 'romance', 'Romance', 'Two people, and what stands between them', 3, true),
  ('00000000-0000-7000-8001-000300000001', '00000000-0000-7000-8001-000300000000', 'contemporary-romance', 'Contemporary romance', 'Here and now', 1, false),
  ('00000000-0000-7000-8001-000300000002', '00000000-0000-7000-8001-000300000000', 'historical-romance', 'Historical romance', 'In another century', 2, false),
  ('00000000-0000-7000-8001-000300000003', '00000000-0000-7000-8001-000300000000', 'paranormal-romance', 'Paranormal romance', 'One of them is not quite human', 3, false),
  ('00000000-0000-7000-8001-000300000004', '00000000-0000-7000-8001-000300000000', 'romantic-comedy', 'Romantic comedy', 'It ends well, and is funny on the way', 4, false),
  ('00000000-0000-7000-8001-000300000005', '00000000-0000-7000-8001-000300000000', 'slow-burn', 'Slow burn', 'It takes its time', 5, false),
  ('00000000-0000-7000-8001-000300000006', '00000000-0000-7000-8001-000300000000', 'lgbtq-romance', 'LGBTQ+ romance', 'Love among all kinds of people', 6, false),
  ('00000000-0000-7000-8001-000400000000', null, 'mystery', 'Mystery', 'Something happened, and somebody wants to know what', 4, true),
  ('00000000-0000-7000-8001-000400000001', '00000000-0000-7000-8001-000400000000', 'detective', 'Detective', 'A case and a mind', 1, false),
  ('00000000-0000-7000-8001-000400000002', '00000000-0000-7000-8001-000400000000', 'cosy-mystery', 'Cosy mystery', 'A small place, a body, tea', 2, false),
  ('00000000-0000-7000-8001-000400000003', '00000000-0000-7000-8001-000400000000', 'noir', 'Noir', 'Nobody is clean', 3, false),
  ('00000000-0000-7000-8001-000400000004', '00000000-0000-7000-8001-000400000000', 'whodunit', 'Whodunit', 'All the clues are there', 4, false),
  ('00000000-0000-7000-8001-000500000000', null, 'thriller', 'Thriller', 'It has to be stopped in time', 5, false),
  ('00000000-0000-7000-8001-000500000001', '00000000-0000-7000-8001-000500000000', 'psychological-thriller', 'Psychological thriller', 'Whom can one believe', 1, false),
  ('00000000-0000-7000-8001-000500000002', '00000000-0000-7000-8001-000500000000', 'crime', 'Crime', 'From the other side of the law', 2, false),
  ('00000000-0000-7000-8001-000500000003', '00000000-0000-7000-8001-000500000000', 'espionage', 'Espionage', 'Names that are not names', 3, false),
  ('00000000-0000-7000-8001-000500000004', '00000000-0000-7000-8001-000500000000', 'survival', 'Survival', 'To see the next day', 4, false),
  ('00000000-0000-7000-8001-000600000000', null, 'horror', 'Horror', 'What one would rather not meet', 6, true),
  ('00000000-0000-7000-8001-000600000001', '00000000-0000-7000-8001-000600000000', 'ghosts', 'Ghosts', 'The dead have something to say', 1, false),
  ('00000000-0000-7000-8001-000600000002', '00000000-0000-7000-8001-000600000000', 'cosmic-horror', 'Cosmic horror', 'It does not even notice us', 2, false),
  ('00000000-0000-7000-8001-000600000003', '00000000-0000-7000-8001-000600000000', 'gothic', 'Gothic', 'Old houses, old sins', 3, false),
  ('00000000-0000-7000-8001-000600000004', '00000000-0000-7000-8001-000600000000', 'monsters', 'Monsters', 'They are real', 4, false),
  ('00000000-0000-7000-8001-000700000000', null, 'adventure', 'Adventure', 'Out of the door and far away', 7, false),
  ('00000000-0000-7000-8001-000700000001', '00000000-0000-7000-8001-000700000000', 'sea-stories', 'Sea stories', 'Ships and what lies beyond', 1, false),
  ('00000000-0000-7000-8001-000700000002', '00000000-0000-7000-8001-000700000000', 'treasure-hunts', 'Treasure hunts', 'A map, and others who want it', 2, false),
  ('00000000-0000-7000-8001-000700000003', '00000000-0000-7000-8001-000700000000', 'exploration', 'Exploration', 'Where nobody was', 3, false),
  ('00000000-0000-7000-8001-000700000004', '00000000-0000-7000-8001-000700000000', 'quests', 'Quests', 'There, and perhaps back', 4, false),
  ('00000000-0000-7000-8001-000800000000', null, 'action', 'Action', 'Things move fast, and somebody is hit', 8, false),
  ('00000000-0000-7000-8001-000800000001', '00000000-0000-7000-8001-000800000000', 'martial-arts', 'Martial arts', 'The body as a discipline', 1, false),
  ('00000000-0000-7000-8001-000800000002', '00000000-0000-7000-8001-000800000000', 'wuxia-and-xianxia', 'Wuxia and xianxia', 'Swords, sects, immortality', 2, false),
  ('00000000-0000-7000-8001-000800000003', '00000000-0000-7000-8001-000800000000', 'superheroes', 'Superheroes', 'Powers and what to do with them', 3, false),
  ('00000000-0000-7000-8001-000800000004', '00000000-0000-7000-8001-000800000000', 'military', 'Military', 'Orders and those who carry them out', 4, false),
  ('00000000-0000-7000-8001-000900000000', null, 'drama', 'Drama', 'People and what they do to each other', 9, false),
  ('00000000-0000-7000-8001-000900000001', '00000000-0000-7000-8001-000900000000', 'family', 'Family', 'Those one did not choose', 1, false),
  ('00000000-0000-7000-8001-000900000002', '00000000-0000-7000-8001-000900000000', 'coming-of-age', 'Coming of age', 'From a child to somebody', 2, false),
  ('00000000-0000-7000-8001-000900000003', '00000000-0000-7000-8001-000900000000', 'tragedy', 'Tragedy', 'It does not end well', 3, false),
  ('00000000-0000-7000-8001-000900000004', '00000000-0000-7000-8001-000900000000', 'workplace', 'Workplace', 'Nine to five and after', 4, false),
  ('00000000-0000-7000-8001-001000000000', null, 'comedy', 'Comedy', 'It means to make you laugh', 10, false),
  ('00000000-0000-7000-8001-001000000001', '00000000-0000-7000-8001-001000000000', 'satire', 'Satire', 'Somebody is meant', 1, false),
  ('00000000-0000-7000-8001-001000000002', '00000000-0000-7000-8001-001000000000', 'parody', 'Parody', 'You know the original', 2, false),
  ('00000000-0000-7000-8001-001000000003', '00000000-0000-7000-8001-001000000000', 'slapstick', 'Slapstick', 'Mind the step', 3, false),
  ('00000000-0000-7000-8001-001100000000', null, 'slice-of-life', 'Slice of life', 'Small days, closely seen', 11, true),
  ('00000000-0000-7000-8001-001100000001', '00000000-0000-7000-8001-001100000000', 'school-life', 'School life', 'Classes, clubs, corridors', 1, false),
  ('00000000-0000-7000-8001-001100000002', '00000000-0000-7000-8001-001100000000', 'food', 'Food', 'Cooked and eaten', 2, false),
  ('00000000-0000-7000-8001-001100000003', '00000000-0000-7000-8001-001100000000', 'countryside', 'Countryside', 'Fields and seasons', 3, false),
  ('00000000-0000-7000-8001-001100000004', '00000000-0000-7000-8001-001100000000', 'iyashikei', 'Iyashikei', 'To rest in', 4, false),
  ('00000000-0000-7000-8001-001200000000', null, 'historical', 'Historical', 'In a time that was', 12, false),
  ('00000000-0000-7000-8001-001200000001', '00000000-0000-7000-8001-001200000000', 'antiquity', 'Antiquity', 'Greece, Rome and around', 1, false),
  ('00000000-0000-7000-8001-001200000002', '00000000-0000-7000-8001-001200000000', 'middle-ages', 'Middle Ages', 'Castles, towns, monks', 2, false),
  ('00000000-0000-7000-8001-001200000003', '00000000-0000-7000-8001-001200000000', 'early-modern', 'Early modern', 'Sails, courts, revolutions', 3, false),
  ('00000000-0000-7000-8001-001200000004', '00000000-0000-7000-8001-001200000000', 'twentieth-century', 'Twentieth century', 'Within living memory', 4, false),
  ('00000000-0000-7000-8001-001200000005', '00000000-0000-7000-8001-001200000000', 'alternate-history', 'Alternate history', 'It went another way', 5, false),
  ('00000000-0000-7000-8001-001300000000', null, 'literary-fiction', 'Literary fiction', 'How it is told matters most', 13, false),
  ('00000000-0000-7000-8001-001300000001', '00000000-0000-7000-8001-001300000000', 'short-stories', 'Short stories', 'Complete at one sitting', 1, false),
  ('00000000-0000-7000-8001-001300000002', '00000000-0000-7000-8001-001300000000', 'experimental', 'Experimental', 'It tries something', 2, false),
  ('00000000-0000-7000-8001-001300000003', '00000000-0000-7000-8001-001300000000', 'classics', 'Classics', 'Old, and still read', 3, false),
  ('00000000-0000-7000-8001-001400000000', null, 'sports', 'Sports', 'To win, or to lose well', 14, false),
  ('00000000-0000-7000-8001-001400000001', '00000000-0000-7000-8001-001400000000', 'team-sports', 'Team sports', 'Together', 1, false),
  ('00000000-0000-7000-8001-001400000002', '00000000-0000-7000-8001-001400000000', 'combat-sports', 'Combat sports', 'One against one', 2, false),
  ('00000000-0000-7000-8001-001400000003', '00000000-0000-7000-8001-001400000000', 'racing', 'Racing', 'First over the line', 3, false),
  ('00000000-0000-7000-8001-001500000000', null, 'games-and-litrpg', 'Games and LitRPG', 'Levels, rules and numbers one can see', 15, false),
  ('00000000-0000-7000-8001-001500000001', '00000000-0000-7000-8001-001500000000', 'litrpg', 'LitRPG', 'With numbers on the page', 1, false),
  ('00000000-0000-7000-8001-001500000002', '00000000-0000-7000-8001-001500000000', 'virtual-worlds', 'Virtual worlds', 'Inside the game', 2, false),
  ('00000000-0000-7000-8001-001500000003', '00000000-0000-7000-8001-001500000000', 'dungeons', 'Dungeons', 'One floor after the other', 3, false),
  ('00000000-0000-7000-8001-001500000004', '00000000-0000-7000-8001-001500000000', 'tower', 'Tower', 'One floor above the other', 4, false),
  ('00000000-0000-7000-8001-001600000000', null, 'poetry', 'Poetry', 'In verse', 16, false),
  ('00000000-0000-7000-8001-001600000001', '00000000-0000-7000-8001-001600000000', 'narrative-verse', 'Narrative verse', 'A story in lines', 1, false),
  ('00000000-0000-7000-8001-001600000002', '00000000-0000-7000-8001-001600000000', 'lyric', 'Lyric', 'A moment in lines', 2, false),
  ('00000000-0000-7000-8001-001700000000', null, 'nonfiction', 'Nonfiction', 'It happened, or it is so', 17, false),
  ('00000000-0000-7000-8001-001700000001', '00000000-0000-7000-8001-001700000000', 'memoir', 'Memoir', 'One''s own life', 1, false),
  ('00000000-0000-7000-8001-001700000002', '00000000-0000-7000-8001-001700000000', 'essays', 'Essays', 'Thought through in writing', 2, false),
  ('00000000-0000-7000-8001-001700000003', '00000000-0000-7000-8001-001700000000', 'travel', 'Travel', 'Been there', 3, false),
  ('00000000-0000-7000-8001-001700000004', '00000000-0000-7000-8001-001700000000', 'how-things-work', 'How things work', 'Explained', 4, false),
  ('00000000-0000-7000-8001-001800000000', null, 'for-children', 'For children', 'To be read to, and by, the young', 18, false),
  ('00000000-0000-7000-8001-001800000001', '00000000-0000-7000-8001-001800000000', 'picture-books', 'Picture books', 'Few words, many pictures', 1, false),
  ('00000000-0000-7000-8001-001800000002', '00000000-0000-7000-8001-001800000000', 'middle-grade', 'Middle grade', 'Eight to twelve', 2, false),
  ('00000000-0000-7000-8001-001800000003', '00000000-0000-7000-8001-001800000000', 'young-adult', 'Young adult', 'Twelve and up', 3, false);

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
  -- Its words without mark-up and its first sentence or two, of the whole and of what everybody sees: search and lists
  -- have those of the whole only while it is open (works.body_text, works.excerpt).
  words text not null default '',
  excerpt text not null default '',
  preview_words text not null default '',
  preview_excerpt text not null default '',
  picture_words text not null default '', -- what is written in its pictures, and in those that everybody sees
  picture_preview_words text not null default '',
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
