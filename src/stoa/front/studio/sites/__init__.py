"""`/dashboard/sites`: pages for those who keep a site: what it says, how it looks, where it lives."""
