"""What machines fetch: feeds, site maps, robots.txt and llms.txt, and how to embed a link. Open to everybody alike."""
