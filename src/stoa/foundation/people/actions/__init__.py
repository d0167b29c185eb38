"""Profiles and follows, as they change."""

from stoa.foundation.people.actions.follows import follow, unfollow
from stoa.foundation.people.actions.profile import edit_profile, open_profile

__all__ = ["edit_profile", "follow", "open_profile", "unfollow"]
