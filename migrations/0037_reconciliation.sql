-- money/reconciliation: what did not agree.
select 1;
