"""Value moves: the ledger, orders and gateways, wallets, payouts, and who has paid for what."""
