"""Profiles, follows and blocks, as they change."""

from stoa.foundation.people.actions.blocks import block, unblock
from stoa.foundation.people.actions.follows import follow, set_follow_settings, unfollow
from stoa.foundation.people.actions.profile import edit_profile, open_profile

__all__ = ["block", "edit_profile", "follow", "open_profile", "set_follow_settings", "unblock", "unfollow"]
