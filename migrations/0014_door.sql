-- foundation/identity: what a session knows of its log-in, challenges for the second factor, and word to the caches.
select 1;
