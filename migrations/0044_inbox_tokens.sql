-- money/payments: the token by which Xendit proves itself does not stand in the inbox.
update webhook_events set headers = headers - 'x-callback-token' where headers ? 'x-callback-token';
