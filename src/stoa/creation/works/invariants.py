"""Facts about works that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "reactions and views are what the counters say (P2, P3)": """
        select s.work_id::text as subject,
          format('%s likes, %s dislikes, %s views', r.likes, r.dislikes, v.views) as expected,
          format('%s likes, %s dislikes, %s views', s.likes, s.dislikes, s.views) as found
        from work_stats s
        cross join lateral (
          select count(*) filter (where kind = 'like') as likes, count(*) filter (where kind = 'dislike') as dislikes
          from reactions where work_id = s.work_id
        ) r
        cross join lateral (select count(*) as views from work_views where work_id = s.work_id) v
        where (s.likes, s.dislikes, s.views) <> (r.likes, r.dislikes, v.views)""",
    "gifts are what the counters say": """
        select s.work_id::text as subject, format('%s gifts, %s coins', g.gifts, g.coins) as expected,
          format('%s gifts, %s coins', s.gifts, s.gifts_coins) as found
        from work_stats s
        cross join lateral (
          select count(*) as gifts, coalesce(sum(amount_coins), 0) as coins
          from gifts where work_id = s.work_id and undone_at is null
        ) g
        where (s.gifts, s.gifts_coins) <> (g.gifts, g.coins)""",
    "nobody looks at their own work": """
        select v.work_id::text as subject, 'no view of the author' as expected, v.user_id::text as found
        from work_views v join works w on w.id = v.work_id and w.author_id = v.user_id""",
    "a published work has counters and owns its address": """
        select w.id::text as subject, 'counters and the address ' || w.slug as expected,
          format('counters: %s, address of: %s', s.work_id is not null, coalesce(a.work_id::text, 'nobody')) as found
        from works w
        left join work_stats s on s.work_id = w.id
        left join work_slugs a on a.kind = w.kind and a.slug = w.slug
          and a.site_id is not distinct from w.site_id and a.parent_id is not distinct from w.parent_id
        where w.state = 'published' and (s.work_id is null or a.work_id is distinct from w.id)""",
}
