"""Double entry under all money: accounts by owner, asset and purpose; transfers with postings; holds (M1, M9).

Owns ledger_assets, ledger_purposes, ledger_accounts, ledger_transfers, ledger_reversals, ledger_postings,
ledger_pending, ledger_holds. Says HoldExpired. Other modules declare what else their accounts are for by adding rows to
ledger_purposes in their own schema.
"""
