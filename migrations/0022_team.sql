-- foundation/team: sites and who works on them.
select 1;
