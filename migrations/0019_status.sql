-- foundation/identity: suspensions, bans, and their history.
select 1;
