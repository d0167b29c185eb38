-- money/payouts: where payouts go.
select 1;
