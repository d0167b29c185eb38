"""Posts: Markdown texts with pictures, drafted, published, edited and taken back by their authors.

Tables: posts (the rest of a post is its row in works). Events are those of works.
"""
