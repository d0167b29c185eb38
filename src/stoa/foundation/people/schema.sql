-- foundation/people: what others see of an account, who follows whom, and who has blocked whom.
create table profiles (
  user_id uuid not null,
  display_name text not null,
  bio text not null default '',
  avatar_media_id uuid,
  followers_count integer not null default 0,
  following_count integer not null default 0,
  updated_at timestamptz not null,
  locale text not null default 'en', -- how numbers and dates are written
  timezone text not null default 'UTC', -- as the time zone database names it
  preferences jsonb not null default '{}', -- types.Preferences; what is absent has its default
  constraint profiles_pkey primary key (user_id),
  constraint profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint profiles_display_name_length check (char_length(display_name) between 1 and 80),
  constraint profiles_bio_length check (char_length(bio) <= 1000),
  constraint profiles_counts check (followers_count >= 0 and following_count >= 0),
  constraint profiles_locale check (locale in ('en', 'en-GB', 'en-US', 'en-IN'))
);
create index profiles_avatar_media_id on profiles (avatar_media_id) where avatar_media_id is not null;

create table follows (
  follower_id uuid not null,
  following_id uuid not null,
  created_at timestamptz not null,
  -- What the follower wants to hear of.
  notify_new_posts boolean not null default true,
  notify_new_series boolean not null default true,
  notify_new_chapters boolean not null default true,
  notify_announcements boolean not null default true,
  constraint follows_pkey primary key (follower_id, following_id),
  constraint follows_not_self check (follower_id <> following_id),
  constraint follows_follower_id_fkey foreign key (follower_id) references users (id) on delete cascade,
  constraint follows_following_id_fkey foreign key (following_id) references users (id) on delete cascade
);
create index follows_followers on follows (following_id, created_at desc, follower_id desc);
create index follows_following on follows (follower_id, created_at desc, following_id desc);

-- The counters belong to the rows, whoever writes them; in id order, so that two people following each other do not deadlock.
create function follows_count() returns trigger language plpgsql as $$
declare
  step integer := case tg_op when 'INSERT' then 1 else -1 end;
  row_ follows := case tg_op when 'INSERT' then new else old end;
begin
  perform from profiles where user_id in (row_.follower_id, row_.following_id) order by user_id for no key update;
  update profiles set followers_count = followers_count + step where user_id = row_.following_id;
  update profiles set following_count = following_count + step where user_id = row_.follower_id;
  return null;
end
$$;
create trigger follows_count after insert or delete on follows for each row execute function follows_count();

-- P4: who wants nothing to do with whom. Both are hidden from each other, whoever of them said so.
create table blocks (
  blocker_id uuid not null,
  blocked_id uuid not null,
  created_at timestamptz not null,
  constraint blocks_pkey primary key (blocker_id, blocked_id),
  constraint blocks_not_self check (blocker_id <> blocked_id),
  constraint blocks_blocker_id_fkey foreign key (blocker_id) references users (id) on delete cascade,
  constraint blocks_blocked_id_fkey foreign key (blocked_id) references users (id) on delete cascade
);
create index blocks_blocked_id on blocks (blocked_id, blocker_id);
create index blocks_newest on blocks (blocker_id, created_at desc, blocked_id desc);

-- All who are hidden from somebody; nobody from visitors. A function, so that the statements of lists, which call it once
-- each, are planned as if it were not there.
create function hidden_people(viewer uuid) returns uuid[] language plpgsql stable parallel safe as $$
begin
  if viewer is null then
    return '{}';
  end if;
  return array(
    select blocked_id from blocks where blocker_id = viewer union all
    select blocker_id from blocks where blocked_id = viewer
  );
end
$$;

-- A follow and a block between two people wait for each other at their profiles, in id order: the later one sees the
-- earlier, so that no follow is ever left beside a block.
create function blocks_wait() returns trigger language plpgsql as $$
begin
  perform from profiles where user_id in (new.blocker_id, new.blocked_id) order by user_id for no key update;
  return new;
end
$$;
create trigger blocks_wait before insert on blocks for each row execute function blocks_wait();

create function blocks_end_follows() returns trigger language plpgsql as $$
begin
  delete from follows where (follower_id, following_id) in
    ((new.blocker_id, new.blocked_id), (new.blocked_id, new.blocker_id));
  return null;
end
$$;
create trigger blocks_end_follows after insert on blocks for each row execute function blocks_end_follows();

create function follows_not_blocked() returns trigger language plpgsql as $$
begin
  perform from profiles where user_id in (new.follower_id, new.following_id) order by user_id for no key update;
  if exists (select from blocks where (blocker_id, blocked_id) in
      ((new.follower_id, new.following_id), (new.following_id, new.follower_id))) then
    raise check_violation using message = 'one of them has blocked the other', constraint = 'follows_not_blocked';
  end if;
  return new;
end
$$;
create trigger follows_not_blocked before insert on follows for each row execute function follows_not_blocked();

-- Who somebody is as a creator, and as a brand.
create table author_profiles (
  user_id uuid not null,
  pen_name text,
  tagline text,
  full_bio text,
  website_url text,
  twitter_handle text,
  instagram_handle text,
  tiktok_handle text,
  youtube_channel text,
  discord_server text,
  patreon_page text,
  kofi_page text,
  genres text[] not null default '{}',
  primary_genre text,
  writing_since date,
  accepting_commissions boolean not null default false,
  commission_info text,
  commission_min_price bigint, -- in the smallest unit of the currency
  commission_max_price bigint,
  commission_currency text not null default 'INR',
  allow_direct_messages boolean not null default true,
  show_email boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint author_profiles_pkey primary key (user_id),
  constraint author_profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint author_profiles_pen_name_length check (char_length(pen_name) between 1 and 80),
  constraint author_profiles_tagline_length check (char_length(tagline) <= 200),
  constraint author_profiles_full_bio_length check (char_length(full_bio) <= 10000),
  constraint author_profiles_primary_genre check (primary_genre is null or primary_genre = any (genres)),
  constraint author_profiles_commission_info_length check (char_length(commission_info) <= 5000),
  constraint author_profiles_commission_prices check (
    commission_min_price >= 0 and commission_max_price >= 0 and commission_min_price <= commission_max_price
  )
);

create table brand_profiles (
  user_id uuid not null,
  company_name text not null,
  about text,
  industry text,
  website_url text,
  contact_email text, -- shown to everybody; none: not shown
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint brand_profiles_pkey primary key (user_id),
  constraint brand_profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint brand_profiles_company_name_length check (char_length(company_name) between 1 and 120),
  constraint brand_profiles_about_length check (char_length(about) <= 5000),
  constraint brand_profiles_industry_length check (char_length(industry) <= 80)
);
