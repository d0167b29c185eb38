-- creation/works: what stands in a closed house is not open. money/entitlements: what was bought.
alter table works add column closed boolean not null default false;
create index works_site_id on works (site_id, kind) where site_id is not null;
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

-- money/entitlements: what somebody may read because they paid for it.
create table grants (
  user_id uuid not null,
  work_id uuid not null,
  source text not null, -- what gave it: 'purchase'
  source_id uuid not null, -- the payment
  granted_at timestamptz not null,
  revoked_at timestamptz, -- a refund takes it back (M13)
  constraint grants_pkey primary key (user_id, work_id, source_id),
  constraint grants_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
  constraint grants_source check (source in ('purchase'))
);
create unique index grants_standing_key on grants (user_id, work_id) where revoked_at is null;
create index grants_work_id on grants (work_id);
create index works_opens_at on works (opens_at) where access = 'scheduled' and opens_at is not null;
