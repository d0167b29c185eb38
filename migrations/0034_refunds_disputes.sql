-- money/payments: requests for refunds, disputes.
select 1;
