"""Who did what to what, from where, before and after. Append-only."""
