"""Facts about reconciliation that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "what an administrator settled is in the audit": """
        select d.id::text as subject, 'reconciliation.resolved' as expected, 'nothing' as found
        from reconciliation_discrepancies d
        where d.state = 'resolved' and not exists (
          select from audit_events e where e.subject = 'discrepancy' and e.subject_id = d.id::text
            and e.action = 'reconciliation.resolved' and e.actor_id = d.decided_by)""",
}
