"""What may be said of a site, and done with it."""
