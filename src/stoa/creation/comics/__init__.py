"""Comics: the pictures of a chapter, in order, cut and read by machine.

Tables: chapter_images (the files are foundation/media's).
"""
