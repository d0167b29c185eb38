"""Profiles, follows and blocks: who somebody is to others.

Tables: profiles, follows, blocks, author_profiles, brand_profiles. Events: Followed,
Unfollowed, Blocked, Unblocked.
"""
