"""Pages in, in order, and out; and the work on them."""
