-- foundation/audit: who did what to what.
select 1;
