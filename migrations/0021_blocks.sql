-- foundation/people: blocks, and what a follower hears of.
select 1;
