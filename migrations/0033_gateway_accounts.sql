-- money/payments: creators' own accounts at gateways.
select 1;
