"""Changing teams. Each change holds the site still, asks again whether the actor may, and leaves an audit row."""

from stoa.foundation.team.actions.invites import accept, decline, expire, invite, resend
from stoa.foundation.team.actions.members import change, part, remove
from stoa.foundation.team.actions.sites import (
    create_site,
    delete_site,
    lock_site,
    open_default_site,
    purge_site,
    rename_site,
    restore_site,
    retitle,
    set_open,
)

__all__ = [
    "accept",
    "change",
    "create_site",
    "decline",
    "delete_site",
    "expire",
    "invite",
    "lock_site",
    "open_default_site",
    "part",
    "purge_site",
    "remove",
    "rename_site",
    "resend",
    "restore_site",
    "retitle",
    "set_open",
]
