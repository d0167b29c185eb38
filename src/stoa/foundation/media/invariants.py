"""Facts about files that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "what somebody uses of their storage is what their files and uploads under way take (B4)": """
        select coalesce(m.owner_id, u.user_id)::text as subject, coalesce(m.bytes_count, 0)::text as expected,
          coalesce(u.used, 0)::text as found
        from (
          select owner_id, sum(bytes_count) as bytes_count from (
            select owner_id, bytes_count from media union all select owner_id, size_bytes from media_uploads
          ) f group by owner_id
        ) m
        full join (select user_id, used from plan_usage where meter = 'storage_bytes') u on u.user_id = m.owner_id
        where coalesce(m.bytes_count, 0) <> coalesce(u.used, 0)""",
    "nothing is ready in which the scanner found something (L2)": """
        select id::text as subject, 'quarantined' as expected, state as found from media
        where scan_status = 'infected' and state <> 'quarantined'""",
}
