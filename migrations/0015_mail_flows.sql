-- foundation/identity: links by mail.
select 1;
