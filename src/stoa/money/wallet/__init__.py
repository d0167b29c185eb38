"""Coins in a person's hands: three buckets (M4), the welcome bonus (M5), packages (M3), gifts (M6), the history of it all.

Owns wallets, coin_packages, gifts. The balances themselves are the ledger's: user accounts of the purposes promotional,
purchased and earned, for the asset COIN, and promotional USD.
Events: GiftSent, GiftUndone. Sells the kind "coins" through money/payments.
"""
