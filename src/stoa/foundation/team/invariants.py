"""Facts about teams that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "every creator has one default site": """
        select u.id::text as subject, 'one default site' as expected, 'none' as found from users u
        where 'creator' = any(u.roles) and u.status <> 'deleted'
          and not exists (select from sites s where s.owner_id = u.id and s.is_default)""",
    "nobody works on their own site": """
        select c.id::text as subject, 'somebody else than the owner' as expected, 'the owner' as found
        from collaborators c join sites s on s.id = c.site_id and s.owner_id = c.user_id
        where c.state in ('active', 'deactivated')""",
    "the places on teams are what the counters say (B4)": """
        select coalesce(t.owner_id, u.user_id)::text as subject, coalesce(t.places, 0)::text as expected,
          coalesce(u.used, 0)::text as found
        from (
          select s.owner_id, count(*) as places from collaborators c join sites s on s.id = c.site_id
          where c.state in ('invited', 'active') group by s.owner_id
        ) t
        full join (select user_id, used from plan_usage where meter = 'collaborators') u on u.user_id = t.owner_id
        where coalesce(t.places, 0) <> coalesce(u.used, 0)""",
}
