-- foundation/mail: mails and text messages on their way.
select 1;
