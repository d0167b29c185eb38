-- money/payouts: where payouts go, and statements.
select 1;
