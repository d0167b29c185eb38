"""Coins in a person's hands: buckets (M4), the welcome bonus (M5), packages (M3), gifts (M6), and the history of it.

Owns wallets, coin_packages, gifts. The balances themselves are the ledger's: user accounts of the purposes promotional,
purchased and earned, for the asset COIN, and promotional USD.
Events: GiftSent, GiftUndone. Sells the kind "coins" through money/payments.
"""
