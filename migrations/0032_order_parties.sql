-- money/payments: whom an order pays, and through whose account at the gateway.
select 1;
