"""Pages for those who make: writing, their posts."""
