"""Profiles and follows: who somebody is to others.

Tables: profiles, follows. Events: Followed, Unfollowed.
"""
