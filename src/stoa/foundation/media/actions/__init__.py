"""Taking files in, keeping them in order, and letting them go again."""

from stoa.foundation.media.actions.cleaning import purge_old, remove_files, resume, sweep
from stoa.foundation.media.actions.folders import change_folder, make_folder, remove_folder
from stoa.foundation.media.actions.library import (
    copy,
    delete,
    delete_many,
    describe,
    edit,
    empty_trash,
    move,
    purge,
    restore,
    tag,
)
from stoa.foundation.media.actions.making import optimise_file, resize, work_again
from stoa.foundation.media.actions.multipart import (
    begin_upload,
    complete_upload,
    give_up,
    give_up_expired,
    remove_parts,
    store_part,
    upload_view,
)
from stoa.foundation.media.actions.processing import process
from stoa.foundation.media.actions.taking import (
    fetched,
    upload_avatar,
    upload_file,
    upload_image,
    upload_later,
    upload_part,
)
from stoa.foundation.media.actions.texts import About
from stoa.foundation.media.actions.uses import count_fetch, forget_uses, note_uses, note_uses_of_new, write_down

__all__ = [
    "About",
    "begin_upload",
    "change_folder",
    "complete_upload",
    "copy",
    "count_fetch",
    "delete",
    "delete_many",
    "describe",
    "edit",
    "empty_trash",
    "fetched",
    "forget_uses",
    "give_up",
    "give_up_expired",
    "make_folder",
    "move",
    "note_uses",
    "note_uses_of_new",
    "optimise_file",
    "process",
    "purge",
    "purge_old",
    "remove_files",
    "remove_folder",
    "remove_parts",
    "resize",
    "restore",
    "resume",
    "store_part",
    "sweep",
    "tag",
    "upload_avatar",
    "upload_file",
    "upload_image",
    "upload_later",
    "upload_part",
    "upload_view",
    "work_again",
    "write_down",
]
