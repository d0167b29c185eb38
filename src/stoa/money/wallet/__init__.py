"""Coins in a person's hands: buckets (M4), the welcome bonus (M5), packages (M3), gifts (M6), and the history of it;
and credits, which are money of any currency in the same buckets, with tips (M8); and what is bought of a creator by
itself (M12).

Owns wallets, coin_packages, gifts, credit_debts, tips, sales, order_shares (what was paid by card for somebody),
share_reversals. The balances themselves are the ledger's: user accounts of the purposes promotional, purchased and
earned, for the asset COIN and for currencies.
Events: GiftSent, GiftUndone, TipSent, CardTipPaid, SaleMade, SaleRefunded. Sells the kinds "coins", "credits" and "tip"
through money/payments.
"""
