-- foundation/identity: codes by text message.
select 1;
