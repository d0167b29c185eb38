-- money/payments: what gateways list beside what we know.
select 1;
