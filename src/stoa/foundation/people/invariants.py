"""Facts about people that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "nobody follows somebody across a block (P4)": """
        select f.follower_id || ' and ' || f.following_id as subject, 'no follow' as expected, 'one' as found
        from follows f join blocks b on (b.blocker_id, b.blocked_id) in
          ((f.follower_id, f.following_id), (f.following_id, f.follower_id))""",
    "followers are counted": """
        select p.user_id::text as subject, coalesce(f.n, 0)::text as expected, p.followers_count::text as found
        from profiles p left join (select following_id, count(*) as n from follows group by 1) f
          on f.following_id = p.user_id
        where p.followers_count <> coalesce(f.n, 0)""",
    "followed people are counted": """
        select p.user_id::text as subject, coalesce(f.n, 0)::text as expected, p.following_count::text as found
        from profiles p left join (select follower_id, count(*) as n from follows group by 1) f
          on f.follower_id = p.user_id
        where p.following_count <> coalesce(f.n, 0)""",
}
