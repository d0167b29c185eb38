"""Pages in, in order, and out; and the work on them."""

from stoa.creation.comics.actions.pages import (
    Arranged,
    NewImage,
    add_images,
    arrange,
    copy_images,
    delete_images,
    edit_image,
    forget_chapters,
    process_again,
    reorder,
    sort_by_name,
)
from stoa.creation.comics.actions.working import cut_strip, file_told, pages_go_on, purge_parts, read_pages

__all__ = [
    "Arranged",
    "NewImage",
    "add_images",
    "arrange",
    "copy_images",
    "cut_strip",
    "delete_images",
    "edit_image",
    "file_told",
    "forget_chapters",
    "pages_go_on",
    "process_again",
    "purge_parts",
    "read_pages",
    "reorder",
    "sort_by_name",
]
