-- Before 0055 a clock that was set back between a transfer and its postings dated these before it: ledger_postings_of()
-- would not find them, and verify would name them for ever.
alter table ledger_postings disable trigger ledger_postings_are_final;
update ledger_postings p set created_at = t.created_at
  from ledger_transfers t where t.id = p.transfer_id and p.created_at < t.created_at;
alter table ledger_postings enable trigger ledger_postings_are_final;
