"""Profiles, follows and blocks, as they change."""

from stoa.foundation.people.actions.blocks import block, unblock
from stoa.foundation.people.actions.creators import (
    create_author_profile,
    create_brand_profile,
    edit_author_profile,
    edit_brand_profile,
)
from stoa.foundation.people.actions.follows import follow, set_follow_settings, unfollow
from stoa.foundation.people.actions.profile import (
    edit_account,
    edit_profile,
    forget_picture,
    open_profile,
    prefer,
    remove_avatar,
    set_avatar,
)

__all__ = [
    "block",
    "create_author_profile",
    "create_brand_profile",
    "edit_account",
    "edit_author_profile",
    "edit_brand_profile",
    "edit_profile",
    "follow",
    "forget_picture",
    "open_profile",
    "prefer",
    "remove_avatar",
    "set_avatar",
    "set_follow_settings",
    "unblock",
    "unfollow",
]
