-- foundation/identity: accounts of other providers.
select 1;
