"""How what is paid is shared between the creator, the platform, charity and tax: rules with a date, and the arithmetic.

Owns split_rules. Used by whatever is paid for: gifts (M6), tips (M8), sales (M12).
"""
