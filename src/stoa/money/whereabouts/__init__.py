"""Where somebody's money is: each unit's way from what was earned to what has arrived, read across ledger, gifts,
payouts, disputes and risk. No tables of its own.
"""
