"""What is told to machines that read along: feeds, site maps, and what may be done with what they find.

Owns no tables. It tells what everybody may see and nothing else: of a text behind a wall, the preview's first words.
"""
