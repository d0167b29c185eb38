-- money/risk: what is watched, and what is held.
select 1;
