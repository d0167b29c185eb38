"""Changing teams. Each change holds the site still, asks again whether the actor may, and leaves an audit row."""

from stoa.foundation.team.actions.invites import accept, decline, expire, invite, resend
from stoa.foundation.team.actions.members import change, part, remove
from stoa.foundation.team.actions.sites import open_default_site

__all__ = ["accept", "change", "decline", "expire", "invite", "open_default_site", "part", "remove", "resend"]
