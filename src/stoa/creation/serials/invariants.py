"""Facts about series and chapters that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "a series is a work on a site, and a chapter one in its series": """
        select w.id::text as subject, 'a series on a site' as expected, w.kind as found
        from series b join works w on w.id = b.work_id
        where w.kind <> 'series' or w.site_id is null or w.parent_id is not null
        union all
        select w.id::text, 'a chapter of ' || c.series_id, format('%s of %s', w.kind, w.parent_id)
        from chapters c join works w on w.id = c.work_id
        where w.kind <> 'chapter' or w.parent_id is distinct from c.series_id""",
    "a chapter stands on the site of its series, and is its author's": """
        select w.id::text as subject, format('%s of %s', whole.site_id, whole.author_id) as expected,
          format('%s of %s', w.site_id, w.author_id) as found
        from works w join works whole on whole.id = w.parent_id
        where w.kind = 'chapter' and (w.site_id, w.author_id) is distinct from (whole.site_id, whole.author_id)""",
    "a series with genres has one that it mainly is": """
        select series_id::text as subject, '1' as expected, count(*) filter (where is_primary)::text as found
        from series_genres group by series_id having count(*) filter (where is_primary) <> 1""",
    "a tag that became another has no series any more, and did not become a third": """
        select t.id::text as subject, 'a tag with an end' as expected, into_tag.id::text as found
        from tags t join tags into_tag on into_tag.id = t.merged_into
        where into_tag.merged_into is not null or exists (select from series_tags st where st.tag_id = t.id)""",
    "series that are there are counted against the plan (B4)": """
        select u.id::text as subject, count(w.id)::text as expected, coalesce(max(p.used), 0)::text as found
        from users u left join works w on w.author_id = u.id and w.kind = 'series' and w.deleted_at is null
        left join plan_usage p on p.user_id = u.id and p.meter = 'series'
        group by u.id having count(w.id) <> coalesce(max(p.used), 0)""",
    "search and lists know no more of a locked chapter than its beginning (S1)": """
        select w.id::text as subject, char_length(c.preview_words || c.picture_preview_words)::text as expected,
          char_length(w.body_text)::text as found
        from works w join chapters c on c.work_id = w.id
        where w.access <> 'free' and not (w.access = 'scheduled' and coalesce(w.opens_at <= now(), false))
          and char_length(w.body_text) > char_length(c.preview_words || c.picture_preview_words) + 1""",
    "a chapter's newest version is the text it has (S3)": """
        select c.work_id::text as subject, c.version::text as expected, coalesce(v.version, 0)::text as found
        from chapters c join works w on w.id = c.work_id left join lateral (
          select version, title, body_markdown from chapter_versions where chapter_id = c.work_id
          order by version desc limit 1
        ) v on true
        where c.purged_at is null
          and (c.version, w.title, c.body_markdown) is distinct from (v.version, v.title, v.body_markdown)""",
}
