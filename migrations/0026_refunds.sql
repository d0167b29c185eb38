-- money/payments: refunds and disputes.
select 1;
