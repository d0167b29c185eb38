"""Disputes: payments that a payer's bank wants back, answered with evidence, and their end (M13, M14).

Owns disputes, dispute_events, dispute_evidence, dispute_files. The news comes from money/payments, in any order; what
the gateway took is booked, and what was bought with it is set aside until it is decided.
Events: DisputeOpened, DisputeClosed.
"""
