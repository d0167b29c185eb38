"""Pages of creators' own houses: `/s/{site}` and what stands below it, on the platform or on a domain of its own."""
