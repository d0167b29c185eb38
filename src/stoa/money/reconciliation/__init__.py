"""Reconciliation: what gateways and payout providers list, beside orders, payouts and the ledger.

Owns reconciliation_runs and reconciliation_discrepancies. A run compares one account for one period and names each
difference once; a later run that finds it in order closes it. Nothing here moves money: what a gateway says is merged
by `payments`.
"""
