-- foundation/people: blocks, and what a follower hears of.
alter table follows
  add column notify_new_posts boolean not null default true,
  add column notify_new_series boolean not null default true,
  add column notify_new_chapters boolean not null default true,
  add column notify_announcements boolean not null default true;
drop index follows_following_id;
create index follows_followers on follows (following_id, created_at desc, follower_id desc);
create index follows_following on follows (follower_id, created_at desc, following_id desc);

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
