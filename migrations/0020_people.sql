-- foundation/people: profiles of creators and brands, preferences.
select 1;
