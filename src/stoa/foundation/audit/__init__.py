"""Who did what to what, from where, before and after. Append-only.

Table: audit_events. Every security-relevant and every administrative action calls `actions.record`.
"""
