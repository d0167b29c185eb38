"""What is watched when money moves: flags for a person to look at, holds on payouts, and what is not let through.

Owns risk_movements, risk_flags and risk_destinations. Whatever moves money asks `actions.judge` (F1 to F6);
MovementFlagged and FlagClosed say what payouts have to know (F7).
"""
