-- money/payments: accounts at gateways, and how they are.
select 1;
