"""The one door to reading: whether somebody may read a work, and why, or what would open it. Tables: grants."""
