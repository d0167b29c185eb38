"""What an account may use of the platform, and what it uses (B4).

Tables: account_plans, plan_usage. A module that makes something with a limit calls `actions.use` in the same
transaction, and `actions.give_back` when the thing is gone.
"""
