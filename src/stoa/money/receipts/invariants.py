"""Facts about receipts that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "receipts of a year are numbered without gaps": """
        select c.year::text as subject, c.last || ' receipts up to ' || c.last as expected,
          count(r.sequence) || ' receipts up to ' || coalesce(max(r.sequence), 0) as found
        from receipt_counters c left join receipts r on r.year = c.year
        group by c.year, c.last
        having c.last <> count(r.sequence) or c.last <> coalesce(max(r.sequence), 0)""",
}
