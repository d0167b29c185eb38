"""Running the place: what staff sees and does across all modules below."""
