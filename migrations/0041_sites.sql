-- foundation/team: sites can be closed and deleted, and keep their old addresses. creation/sites: what they look like.
alter table sites add column is_open boolean not null default true;
alter table sites add column deleted_at timestamptz;
alter table sites add column purged_at timestamptz;
create index sites_deleted_at on sites (deleted_at) where deleted_at is not null and purged_at is null;
-- Every address a site ever had. It stays taken, so an old link leads to the site and never to another one (S6).
create table site_slugs (
  slug text not null,
  site_id uuid not null,
  created_at timestamptz not null,
  constraint site_slugs_pkey primary key (slug),
  constraint site_slugs_site_id_fkey foreign key (site_id) references sites (id) on delete cascade
);
create index site_slugs_site_id on site_slugs (site_id);

create function sites_keep_slug() returns trigger language plpgsql as $$
begin
  insert into site_slugs (slug, site_id, created_at) values (new.slug, new.id, new.created_at)
  on conflict (slug) do nothing;
  if not exists (select from site_slugs where slug = new.slug and site_id = new.id) then
    raise unique_violation using message = 'this address was another site''s', constraint = 'site_slugs_pkey';
  end if;
  return null;
end
$$;
create trigger sites_keep_slug after insert or update of slug on sites
  for each row execute function sites_keep_slug();

insert into site_slugs (slug, site_id, created_at) select slug, id, created_at from sites;
create or replace function sites_open_default(owner uuid, site uuid, moment timestamptz) returns boolean language plpgsql as $$
declare
  wanted text;
  shown text;
  taken text;
begin
  select left(trim(both '-' from regexp_replace(lower(u.username), '[^a-z0-9]+', '-', 'g')), 80),
    left(coalesce(p.display_name, u.username), 70) || '’s site'
  into strict wanted, shown from users u left join profiles p on p.user_id = u.id where u.id = owner;
  foreach taken in array array[wanted, wanted || '-' || right(site::text, 6), wanted || '-' || right(site::text, 12)]
  loop
    continue when exists (select from site_slugs where slug = taken);
    insert into sites (id, owner_id, slug, title, is_default, created_at)
    values (site, owner, taken, shown, true, moment) on conflict do nothing;
    if found then
      return true;
    end if;
    if exists (select from sites where owner_id = owner and is_default) then
      return false;
    end if;
  end loop;
  raise exception 'no free address for the site of %', owner;
end
$$;

-- creation/sites: what a site looks like, says and shows. The row of the site itself, its address and owner, is in
-- foundation/team. Each site has a row in site_settings from the moment on at which it exists.
create table site_settings (
  site_id uuid not null,
  tagline text not null default '',
  description text not null default '',
  language text not null default 'en',
  logo_media_id uuid,
  favicon_media_id uuid,
  cover_media_id uuid,
  og_media_id uuid,
  theme text not null default 'stoa', -- one of THEMES
  primary_color text, -- '#rrggbb'; null: the theme's
  secondary_color text,
  accent_color text,
  heading_font text,
  body_font text,
  layout jsonb not null default '{}', -- what the theme leaves to choose
  custom_css text not null default '', -- as it was typed
  custom_css_safe text not null default '', -- sanitised and scoped; what is served
  custom_css_enabled boolean not null default false,
  is_public boolean not null default true,
  maintenance boolean not null default false,
  maintenance_message text not null default '',
  suspended_at timestamptz,
  suspension_reason text,
  meta_title text not null default '',
  meta_description text not null default '',
  canonical_url text,
  social_links jsonb not null default '{}', -- {"mastodon": "https://…"}
  google_analytics_id text,
  facebook_pixel_id text,
  plausible_domain text,
  analytics_enabled boolean not null default true,
  search_engines boolean not null default true, -- robots.txt
  ai_crawlers boolean not null default false, -- robots.txt and llms.txt
  default_rating text not null default 'general',
  comments_enabled boolean not null default true,
  comments_moderation text not null default 'post', -- before or after they are seen, or not at all
  last_published_at timestamptz,
  revision integer not null default 1,
  updated_at timestamptz not null default now(),
  constraint site_settings_pkey primary key (site_id),
  constraint site_settings_site_id_fkey foreign key (site_id) references sites (id) on delete cascade,
  constraint site_settings_logo_media_id_fkey foreign key (logo_media_id) references media (id) on delete set null,
  constraint site_settings_favicon_media_id_fkey foreign key (favicon_media_id) references media (id)
    on delete set null,
  constraint site_settings_cover_media_id_fkey foreign key (cover_media_id) references media (id) on delete set null,
  constraint site_settings_og_media_id_fkey foreign key (og_media_id) references media (id) on delete set null,
  constraint site_settings_lengths check (
    char_length(tagline) <= 200 and char_length(description) <= 5000 and char_length(maintenance_message) <= 1000
    and char_length(meta_title) <= 60 and char_length(meta_description) <= 160 and char_length(custom_css) <= 50000
  ),
  constraint site_settings_colors check (
    coalesce(primary_color, '#000000') ~ '^#[0-9a-f]{6}$' and coalesce(secondary_color, '#000000') ~ '^#[0-9a-f]{6}$'
    and coalesce(accent_color, '#000000') ~ '^#[0-9a-f]{6}$'
  ),
  constraint site_settings_default_rating check (default_rating in ('general', 'teen', 'mature', 'explicit')),
  constraint site_settings_comments_moderation check (comments_moderation in ('pre', 'post', 'none')),
  constraint site_settings_suspended check ((suspended_at is null) = (suspension_reason is null))
);
create index site_settings_theme on site_settings (theme);

create function sites_furnish() returns trigger language plpgsql as $$
begin
  insert into site_settings (site_id, updated_at) values (new.id, new.created_at);
  return null;
end
$$;
create trigger sites_furnish after insert on sites for each row execute function sites_furnish();

-- A domain of its own. It is verified by what its DNS says, again and again.
create table site_domains (
  site_id uuid not null,
  domain text not null, -- lower case, in ASCII (IDNA)
  token text not null, -- what the TXT record holds
  state text not null default 'pending',
  method text, -- which record proved it
  problem text, -- what the last look found wrong, in words
  added_at timestamptz not null,
  checked_at timestamptz,
  verified_at timestamptz,
  failing_since timestamptz, -- of one that was verified
  certificate_state text not null default 'none',
  certificate_expires_at timestamptz,
  certificate_checked_at timestamptz,
  constraint site_domains_pkey primary key (site_id),
  constraint site_domains_site_id_fkey foreign key (site_id) references sites (id) on delete cascade,
  constraint site_domains_domain_form check (
    domain ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?[.])+[a-z0-9-]{2,63}$' and char_length(domain) <= 253
  ),
  constraint site_domains_state check (state in ('pending', 'verified', 'failed')),
  constraint site_domains_method check (method in ('txt', 'cname')),
  constraint site_domains_verified check (state <> 'verified' or verified_at is not null),
  constraint site_domains_certificate_state check (certificate_state in ('none', 'pending', 'active', 'expired', 'failed'))
);
-- Whoever proves it has it: claims that were never proved keep nobody from theirs.
create unique index site_domains_verified_key on site_domains (domain) where state = 'verified';
create index site_domains_domain on site_domains (domain);
create index site_domains_checked_at on site_domains (checked_at nulls first);

-- A page of a site; the rest of it is its row in works (kind 'page').
create table site_pages (
  work_id uuid not null,
  body_markdown text not null default '',
  body_html text not null default '',
  show_in_nav boolean not null default false,
  nav_order integer not null default 0,
  nav_label text not null default '', -- empty: its title
  meta_title text not null default '',
  meta_description text not null default '',
  constraint site_pages_pkey primary key (work_id),
  constraint site_pages_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint site_pages_lengths check (
    char_length(body_markdown) <= 100000 and char_length(nav_label) <= 30 and char_length(meta_title) <= 60
    and char_length(meta_description) <= 160
  )
);
insert into site_settings (site_id, updated_at) select id, created_at from sites;
