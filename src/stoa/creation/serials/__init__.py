"""Series and chapters: what is told in parts, with genres, tags, warnings, versions, dates and rules of access.

Tables: series, chapters, chapter_versions, chapter_autosaves, genres, series_genres, tags, series_tags, work_warnings
(the rest of a series and a chapter is its row in works). Events are those of works, and those in `messages`.
"""
