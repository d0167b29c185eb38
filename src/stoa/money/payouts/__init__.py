"""What was earned leaves the platform as money (M7, M9, M10), to where, and what somebody has earned.

Owns payouts, payout_events, payout_transitions, payout_attempts, payout_destinations, and the sandbox provider's own
books (sandbox_transfers).
Events: PayoutRequested, PayoutSent, PayoutPaid, PayoutFailed, PayoutCancelled.
"""
