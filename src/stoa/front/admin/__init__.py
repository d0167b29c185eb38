"""Pages for those who run the place: the books, orders, payouts, jobs, webhooks, the review queue."""
