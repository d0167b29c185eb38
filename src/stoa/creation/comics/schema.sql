-- creation/comics: the pictures of a chapter, in order. Their files are private media: who may read the chapter gets
-- signed addresses of them.
create table chapter_images (
  id uuid not null,
  chapter_id uuid not null,
  media_id uuid not null,
  position integer not null, -- from 1
  filename text not null default '', -- as it was sent; pages of one upload are ordered by it
  alt text not null default '',
  state text not null default 'processing',
  problem text,
  width integer not null default 0,
  height integer not null default 0,
  is_double boolean not null default false, -- a spread over two pages
  is_double_chosen boolean not null default false, -- said by a person, not by its measures
  slices jsonb not null default '[]', -- of a long strip: [{"media_id": …, "height": …}, …] from the top
  ocr_state text not null default 'none',
  ocr_text text not null default '', -- what is written in it, for search and for who cannot see it
  ocr_boxes jsonb not null default '[]', -- [{"text": …, "box": [x, y, width, height], "score": 0.98}, …] in its pixels
  created_at timestamptz not null,
  processed_at timestamptz,
  constraint chapter_images_pkey primary key (id),
  constraint chapter_images_chapter_id_fkey foreign key (chapter_id) references chapters (work_id) on delete cascade,
  constraint chapter_images_media_id_fkey foreign key (media_id) references media (id) on delete cascade,
  constraint chapter_images_position_key unique (chapter_id, position) deferrable initially deferred,
  constraint chapter_images_position check (position > 0),
  constraint chapter_images_state check (state in ('processing', 'ready', 'failed')),
  constraint chapter_images_ocr_state check (ocr_state in ('none', 'waiting', 'done', 'failed')),
  constraint chapter_images_alt_length check (char_length(alt) <= 500)
);
create index chapter_images_media_id on chapter_images (media_id);
create index chapter_images_slices on chapter_images using gin (slices jsonb_path_ops) where slices <> '[]';
