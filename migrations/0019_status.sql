-- foundation/identity: suspensions, bans, and their history; creation/works: what nobody sees while its author is banned.
alter table users
  add column status_reason text,
  add column status_until timestamptz, -- when a suspension ends by itself
  add column status_by uuid,
  add column status_at timestamptz;
update users set status_at = created_at;
alter table users
  alter column status_at set not null,
  add constraint users_status_until check (status_until is null or status = 'suspended');
create index users_status_until on users (status_until) where status_until is not null;
create index users_created_at on users (created_at desc, id desc);
create index users_username_begins on users (lower(username) text_pattern_ops);
create index users_email_begins on users (lower(email) text_pattern_ops);

-- I8: each change of an account's status, with its time and reason. The change itself writes the row, whoever makes it;
-- nothing else may, and no row is touched again.
create table status_history (
  id uuid not null default uuidv7(),
  user_id uuid not null,
  status text not null,
  reason text,
  until timestamptz,
  by_id uuid, -- null: the platform itself, or its operator
  at timestamptz not null,
  constraint status_history_pkey primary key (id),
  constraint status_history_user_id_fkey foreign key (user_id) references users (id),
  constraint status_history_by_id_fkey foreign key (by_id) references users (id)
);
create index status_history_user_id on status_history (user_id, at desc, id desc);

insert into status_history (user_id, status, at) select id, status, status_at from users;

create function users_status_dated() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    new.status_at := coalesce(new.status_at, new.created_at);
  elsif new.status <> old.status and new.status_at = old.status_at then -- by somebody who gives no reason
    new.status_at := greatest(new.updated_at, old.status_at + interval '1 microsecond');
    new.status_reason := null;
    new.status_until := null;
    new.status_by := null;
  end if;
  return new;
end $$;
create trigger users_status_dated before insert or update of status, status_at on users
  for each row execute function users_status_dated();

create function users_status_kept() returns trigger language plpgsql as $$
begin
  insert into status_history (user_id, status, reason, until, by_id, at)
    values (new.id, new.status, new.status_reason, new.status_until, new.status_by, new.status_at);
  return null;
end $$;
create trigger users_status_begins after insert on users for each row execute function users_status_kept();
create trigger users_status_changes after update of status, status_at on users for each row
  when (old.status is distinct from new.status or old.status_at is distinct from new.status_at)
  execute function users_status_kept();

create function status_history_refuse() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' and pg_trigger_depth() > 1 then
    return null;
  end if;
  raise exception '% of % is refused: change users.status', lower(tg_op), tg_table_name using errcode = 'ID001';
end $$;
create trigger status_history_stays before insert or update or delete or truncate on status_history
  for each statement execute function status_history_refuse();

alter table works
  add column withheld_state text,
  drop constraint works_state,
  add constraint works_state check (state in ('draft', 'in_review', 'published', 'unpublished', 'refused', 'withheld')),
  add constraint works_withheld check ((state = 'withheld') = (withheld_state is not null));
