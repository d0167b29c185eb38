-- creation/sites.
select 1;
