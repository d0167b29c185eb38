-- creation/works: whatever is published is a row here; each kind keeps only its own columns in its own table.

-- The words of a work as search sees them. Stemming follows the work's language where PostgreSQL knows it.
create function works_search_config(language text) returns regconfig
language sql immutable parallel safe
return case split_part(lower(language), '-', 1)
  when 'da' then 'danish'::regconfig
  when 'de' then 'german'::regconfig
  when 'en' then 'english'::regconfig
  when 'es' then 'spanish'::regconfig
  when 'fi' then 'finnish'::regconfig
  when 'fr' then 'french'::regconfig
  when 'hu' then 'hungarian'::regconfig
  when 'it' then 'italian'::regconfig
  when 'nl' then 'dutch'::regconfig
  when 'no' then 'norwegian'::regconfig
  when 'pt' then 'portuguese'::regconfig
  when 'ro' then 'romanian'::regconfig
  when 'ru' then 'russian'::regconfig
  when 'sv' then 'swedish'::regconfig
  when 'tr' then 'turkish'::regconfig
  else 'simple'::regconfig
end;

-- A text in another language than English also stands there unstemmed, so that readers who do not say which language
-- they search in still find it by its words.
create function works_search(language text, title text, category text, body_text text) returns tsvector
language sql immutable parallel safe
return setweight(to_tsvector(works_search_config(language), title), 'A')
  || setweight(to_tsvector('simple', coalesce(category, '')), 'B')
  || setweight(to_tsvector(works_search_config(language), body_text), 'C')
  || case when works_search_config(language) in ('english'::regconfig, 'simple'::regconfig) then ''::tsvector
      else setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', body_text), 'C') end;

create table works (
  id uuid not null,
  author_id uuid not null,
  site_id uuid, -- the site it stands on; none for what stands on the platform itself
  parent_id uuid, -- the series of a chapter, the thread of a reply
  kind text not null,
  slug text, -- null until it is first published; see work_slugs
  title text not null default '',
  excerpt text not null default '', -- plain text, 200 characters cut at a word (P1)
  body_text text not null default '', -- the words without mark-up, for search
  word_count integer not null default 0,
  language text not null default 'en',
  rating text not null default 'general',
  category text,
  cover_media_id uuid,
  images text[] not null default '{}', -- addresses of its pictures, in order
  state text not null default 'draft',
  revision integer not null default 1, -- rises with each change; a change names the one it was made on
  access text not null default 'free', -- S1
  opens_at timestamptz, -- when a scheduled work opens to everybody
  price_minor bigint,
  price_asset text,
  screening_score integer not null default 0, -- P5, of the text as it was last screened
  screening_reasons text[] not null default '{}',
  approved_score integer, -- a moderator let a text of this score pass
  review_note text, -- what a moderator told the author
  reviewed_by uuid,
  reviewed_at timestamptz,
  submitted_at timestamptz, -- since when it waits for review
  published_at timestamptz, -- the first time; publishing again does not make it new
  created_at timestamptz not null,
  updated_at timestamptz not null,
  deleted_at timestamptz,
  search tsvector not null generated always as (works_search(language, title, category, body_text)) stored,
  withheld_state text, -- what it was before its author was banned, and will be again
  closed boolean not null default false, -- kept by triggers: what it stands in, a series or a site, is not open
  constraint works_pkey primary key (id),
  constraint works_author_id_fkey foreign key (author_id) references users (id),
  constraint works_parent_id_fkey foreign key (parent_id) references works (id),
  constraint works_cover_media_id_fkey foreign key (cover_media_id) references media (id) on delete set null,
  constraint works_reviewed_by_fkey foreign key (reviewed_by) references users (id),
  constraint works_kind check (kind in ('post', 'series', 'chapter', 'item', 'page', 'announcement', 'thread')),
  constraint works_title_length check (char_length(title) <= 255),
  constraint works_excerpt_length check (char_length(excerpt) <= 500),
  constraint works_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 100),
  constraint works_language_form check (language ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  constraint works_rating check (rating in ('general', 'teen', 'mature', 'explicit')),
  constraint works_state check (state in ('draft', 'in_review', 'published', 'unpublished', 'refused', 'withheld')),
  constraint works_withheld check ((state = 'withheld') = (withheld_state is not null)),
  constraint works_access check (access in ('free', 'subscribers', 'tier', 'scheduled')),
  constraint works_price check ((price_minor is null) = (price_asset is null) and coalesce(price_minor, 0) >= 0),
  constraint works_published check (state <> 'published' or (published_at is not null and slug is not null)),
  constraint works_in_review check (state <> 'in_review' or submitted_at is not null)
);
create index works_published on works (published_at desc, id desc) include (kind)
  where state = 'published' and deleted_at is null;
create index works_published_category on works (category, published_at desc, id desc) include (kind)
  where state = 'published' and deleted_at is null;
create index works_published_author on works (author_id, published_at desc, id desc)
  where state = 'published' and deleted_at is null;
create index works_own on works (author_id, updated_at desc, id desc) where deleted_at is null;
create index works_in_review on works (submitted_at, id) where state = 'in_review' and deleted_at is null;
create index works_parent_id on works (parent_id) where parent_id is not null;
create index works_site_id on works (site_id, kind) where site_id is not null;
create index works_opens_at on works (opens_at) where access = 'scheduled' and opens_at is not null;
create index works_cover_media_id on works (cover_media_id) where cover_media_id is not null;
create index works_search on works using gin (search) where state = 'published' and deleted_at is null;

-- Every address a work ever had. It stays taken, so an old link leads to the work and never to another one (S6).
create table work_slugs (
  kind text not null,
  site_id uuid,
  parent_id uuid,
  slug text not null,
  work_id uuid not null,
  created_at timestamptz not null,
  constraint work_slugs_key unique nulls not distinct (kind, site_id, parent_id, slug),
  constraint work_slugs_work_id_fkey foreign key (work_id) references works (id) on delete cascade
);
create index work_slugs_work_id on work_slugs (work_id);

-- Whether what a work stands in is closed to readers. Its row is locked, so that it does not close in between.
create function works_closed(site uuid, parent uuid) returns boolean language plpgsql as $$
declare
  house boolean;
  whole boolean;
begin
  select not is_open into house from sites where id = site for share;
  select kind = 'series' and (closed or state <> 'published' or deleted_at is not null) into whole
  from works where id = parent for share;
  return coalesce(house, false) or coalesce(whole, false);
end
$$;

create function works_place() returns trigger language plpgsql as $$
begin
  if new.site_id is not null or new.parent_id is not null then
    new.closed := works_closed(new.site_id, new.parent_id);
  end if;
  return new;
end
$$;
create trigger works_place before insert or update of site_id, parent_id on works
  for each row execute function works_place();

create function works_close_parts() returns trigger language plpgsql as $$
begin
  update works set closed = works_closed(site_id, parent_id) where parent_id = new.id;
  return null;
end
$$;
create trigger works_close_parts after update of state, deleted_at, closed on works
  for each row
  when (new.kind = 'series' and (
    (old.state = 'published') is distinct from (new.state = 'published')
    or (old.deleted_at is null) is distinct from (new.deleted_at is null) or old.closed is distinct from new.closed
  ))
  execute function works_close_parts();

create function sites_close_works() returns trigger language plpgsql as $$
begin
  update works set closed = not new.is_open where site_id = new.id and parent_id is null;
  update works set closed = works_closed(site_id, parent_id) where site_id = new.id and parent_id is not null;
  return null;
end
$$;
create trigger sites_close_works after update of is_open on sites
  for each row when (old.is_open is distinct from new.is_open) execute function sites_close_works();

-- What readers did, in their own rows: a popular work's row is not rewritten by them.
create table work_stats (
  work_id uuid not null,
  published_at timestamptz not null,
  views bigint not null default 0,
  likes bigint not null default 0,
  dislikes bigint not null default 0,
  comments bigint not null default 0,
  gifts bigint not null default 0,
  gifts_coins bigint not null default 0,
  -- Trending. Engagement counts by its logarithm and halves each day: log2(e) + age/1 day orders as e * 2^(-age) does,
  -- at every moment, so it is stored once and indexed. Gifts count by their square root: many small ones beat one large.
  hot double precision not null generated always as (
    ln(1 + greatest(0, views / 10.0 + likes - dislikes + 2 * comments + sqrt(gifts_coins))) / ln(2)
    + extract(epoch from published_at - timestamptz '2020-01-01 00:00:00+00')::double precision / 86400
  ) stored,
  constraint work_stats_pkey primary key (work_id),
  constraint work_stats_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  -- None on likes and dislikes: PostgreSQL checks a new row before it waits for one that another transaction is
  -- changing, so two clicks of one reader at once would fail. Rows and counters change together instead.
  constraint work_stats_counts check (views >= 0 and comments >= 0 and gifts >= 0 and gifts_coins >= 0)
);
create index work_stats_hot on work_stats (hot desc, work_id desc);
create index work_stats_views on work_stats (views desc, work_id desc);

-- P3: one row for a person and a work, so like and dislike cannot both stand.
create table reactions (
  work_id uuid not null,
  user_id uuid not null,
  kind text not null,
  kind_before text, -- what the same statement replaced, so that it can correct the counters
  created_at timestamptz not null,
  constraint reactions_pkey primary key (work_id, user_id),
  constraint reactions_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint reactions_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint reactions_kind check (kind in ('like', 'dislike'))
);
create index reactions_user_id on reactions (user_id, created_at desc);

-- P2: a reader's first look at a work.
create table work_views (
  work_id uuid not null,
  user_id uuid not null,
  created_at timestamptz not null,
  constraint work_views_pkey primary key (work_id, user_id),
  constraint work_views_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint work_views_user_id_fkey foreign key (user_id) references users (id) on delete cascade
);
create index work_views_user_id on work_views (user_id, created_at desc);
