-- money/ledger: what is set aside of somebody's is found by whose it is.
create index ledger_holds_by_owner on ledger_holds ((owners[1])) where state = 'held';
