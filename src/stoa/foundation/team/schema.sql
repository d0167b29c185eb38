-- foundation/team: sites, and who works on them.
create table sites (
  id uuid not null,
  owner_id uuid not null, -- the owner has no row in collaborators: ownership is neither given nor taken there
  slug text not null,
  title text not null,
  is_default boolean not null default false, -- where what somebody makes stands when it names no site
  created_at timestamptz not null,
  is_open boolean not null default true, -- whether everybody may come in: neither deleted, suspended, private nor closed
  deleted_at timestamptz, -- S5
  purged_at timestamptz, -- since when nothing is left of it but this row and its addresses
  constraint sites_pkey primary key (id),
  constraint sites_owner_id_fkey foreign key (owner_id) references users (id),
  constraint sites_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 100),
  constraint sites_title_length check (char_length(title) between 1 and 80)
);
create unique index sites_slug_key on sites (slug);
create unique index sites_default_key on sites (owner_id) where is_default;
create index sites_owner_id on sites (owner_id, created_at);
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

-- The first site of somebody who becomes a creator; doing it twice changes nothing. The address is made of the name, and
-- of the id's random end where another site has it already.
create function sites_open_default(owner uuid, site uuid, moment timestamptz) returns boolean language plpgsql as $$
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

create table collaborators (
  id uuid not null,
  site_id uuid not null,
  user_id uuid, -- null until somebody accepts
  email text not null, -- the invited address, in lower case
  role text not null,
  permissions text[] not null default '{}', -- beyond the role's
  state text not null default 'invited',
  token_hash bytea not null, -- of the newest invitation
  invited_by uuid not null,
  invited_at timestamptz not null,
  sent_at timestamptz not null, -- the last time
  sends integer not null default 1,
  expires_at timestamptz not null, -- of the invitation
  accepted_at timestamptz,
  deactivated_at timestamptz, -- since when it does not hold: deactivated, revoked, declined or expired
  deactivated_reason text,
  constraint collaborators_pkey primary key (id),
  constraint collaborators_site_id_fkey foreign key (site_id) references sites (id),
  constraint collaborators_user_id_fkey foreign key (user_id) references users (id),
  constraint collaborators_invited_by_fkey foreign key (invited_by) references users (id),
  constraint collaborators_email_length check (char_length(email) between 3 and 254 and email = lower(email)),
  constraint collaborators_role check (role in ('editor', 'translator', 'analyst', 'manager')),
  constraint collaborators_permissions check (
    permissions <@ array['read_drafts', 'edit_content', 'publish', 'translate', 'see_analytics', 'manage_team',
      'manage_settings'] -- the money stays the owner's
  ),
  constraint collaborators_state check (
    state in ('invited', 'active', 'deactivated', 'declined', 'expired', 'revoked')
  ),
  constraint collaborators_accepted check ((user_id is null) = (accepted_at is null)),
  constraint collaborators_has_person check (
    case when state in ('active', 'deactivated') then user_id is not null
      when state in ('invited', 'declined', 'expired') then user_id is null else true end
  ),
  constraint collaborators_ended check ((deactivated_at is null) = (state in ('invited', 'active'))),
  constraint collaborators_reason_length check (char_length(deactivated_reason) between 1 and 500)
);
-- One living membership or invitation for a site and a person or address.
create unique index collaborators_email_key on collaborators (site_id, email)
  where state in ('invited', 'active', 'deactivated');
create unique index collaborators_user_key on collaborators (site_id, user_id) where state in ('active', 'deactivated');
create unique index collaborators_token_hash_key on collaborators (token_hash);
create index collaborators_site_id on collaborators (site_id, invited_at desc, id desc);
create index collaborators_user_id on collaborators (user_id, site_id) where state = 'active';
create index collaborators_email on collaborators (email) where state = 'invited';
create index collaborators_expires_at on collaborators (expires_at) where state = 'invited';

-- From state to state only as TRANSITIONS says, whoever writes; and nobody works on their own site.
create function collaborators_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and (new.site_id, new.email) is distinct from (old.site_id, old.email) then
    raise exception 'a membership stays with its site and address' using constraint = 'collaborators_guard';
  end if;
  if tg_op = 'UPDATE' and old.user_id is not null and new.user_id is distinct from old.user_id then
    raise exception 'a membership stays with its person' using constraint = 'collaborators_guard';
  end if;
  if tg_op = 'UPDATE' and new.state <> old.state and (old.state, new.state) not in (
    ('invited', 'active'), ('invited', 'declined'), ('invited', 'expired'), ('invited', 'revoked'),
    ('expired', 'invited'), ('expired', 'revoked'), ('active', 'deactivated'), ('active', 'revoked'),
    ('deactivated', 'active'), ('deactivated', 'revoked')
  ) then
    raise exception 'a membership does not go from % to %', old.state, new.state using constraint = 'collaborators_guard';
  end if;
  if new.user_id is not null and exists (select from sites where id = new.site_id and owner_id = new.user_id) then
    raise exception 'nobody works on their own site' using constraint = 'collaborators_guard';
  end if;
  return new;
end
$$;
create trigger collaborators_guard before insert or update on collaborators
  for each row execute function collaborators_guard();
