"""What those who run the place read across modules: figures of the day, orders, accounts and transfers with names.

Owns no tables; every change is made by the module it belongs to.
"""
