"""Facts about what was paid for. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "what was bought is open to its buyer until all of it went back (M13)": """
        select s.id::text as subject,
          case when s.refunded_minor < s.amount_minor then 'a grant that stands' else 'none' end as expected,
          coalesce('revoked: ' || (g.revoked_at is not null)::text, 'no grant') as found
        from sales s left join grants g on g.source_id = s.id and g.user_id = s.sender_id and g.work_id = s.work_id
        where (g.source_id is not null and g.revoked_at is null) <> (s.refunded_minor < s.amount_minor)""",
}
