-- foundation/people: what others see of an account, and who follows whom.
create table profiles (
  user_id uuid not null,
  display_name text not null,
  bio text not null default '',
  avatar_media_id uuid,
  followers_count integer not null default 0,
  following_count integer not null default 0,
  updated_at timestamptz not null,
  constraint profiles_pkey primary key (user_id),
  constraint profiles_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint profiles_display_name_length check (char_length(display_name) between 1 and 80),
  constraint profiles_bio_length check (char_length(bio) <= 1000),
  constraint profiles_counts check (followers_count >= 0 and following_count >= 0)
);

create table follows (
  follower_id uuid not null,
  following_id uuid not null,
  created_at timestamptz not null,
  constraint follows_pkey primary key (follower_id, following_id),
  constraint follows_not_self check (follower_id <> following_id),
  constraint follows_follower_id_fkey foreign key (follower_id) references users (id) on delete cascade,
  constraint follows_following_id_fkey foreign key (following_id) references users (id) on delete cascade
);
create index follows_following_id on follows (following_id, created_at desc);

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
