-- foundation/identity: second factors.
select 1;
