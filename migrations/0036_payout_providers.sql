-- money/payouts: what providers told us.
select 1;
