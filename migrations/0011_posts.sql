-- creation/posts: what a post has besides being a work.
create table posts (
  work_id uuid not null,
  body_markdown text not null default '',
  body_html text not null default '', -- made of body_markdown at each save, sanitised (L4)
  cover_chosen boolean not null default false, -- else the first picture of its own is the cover
  constraint posts_pkey primary key (work_id),
  constraint posts_work_id_fkey foreign key (work_id) references works (id) on delete cascade,
  constraint posts_body_length check (char_length(body_markdown) <= 50000)
);
