"""Facts about risk that always hold. Each is a SELECT of what breaks it: subject, expected, found."""

from typing import Final

INVARIANTS: Final[dict[str, str]] = {
    "nobody decided about their own money (F7)": """
        select id::text as subject, 'another administrator' as expected, decided_by::text as found
        from risk_flags where decided_by in (from_id, to_id)""",
    "a decision is in the audit": """
        select f.id::text as subject, 'risk.flag_' || f.state as expected, 'nothing' as found
        from risk_flags f
        where f.state in ('approved', 'rejected') and not exists (
          select 1 from audit_events e where e.subject = 'risk_flag' and e.subject_id = f.id::text
            and e.action = 'risk.flag_' || f.state and e.actor_id = f.decided_by)""",
}
