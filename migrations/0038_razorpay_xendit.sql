-- money/payments: Razorpay and Xendit.
select 1;
