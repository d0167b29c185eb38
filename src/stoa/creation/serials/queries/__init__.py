"""Reads of series, chapters, genres and tags. Nothing here hands out a text that the actor may not have."""
