"""Facts about rules of sharing that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "every kind has a rule in force": """
        select k.kind as subject, 'a rule that has begun' as expected, 'none' as found
        from unnest(array['gift', 'tip', 'sale']) k (kind)
        where not exists (select from split_rules r where r.kind = k.kind and r.effective_from <= now())""",
}
