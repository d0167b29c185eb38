"""Changing sites, their pages and domains. Each change holds the site still and asks again whether the actor may."""

from stoa.creation.sites.actions.domains import (
    check_domains,
    domain_question,
    look_at,
    note_look,
    remove_domain,
    set_domain,
)
from stoa.creation.sites.actions.integrations import ask, integration_question, integrations_of
from stoa.creation.sites.actions.pages import (
    create_page,
    delete_page,
    duplicate_page,
    edit_page,
    preview_page,
    publish_page,
    reorder_pages,
    set_nav,
    unpublish_page,
)
from stoa.creation.sites.actions.settings import edit_site, look_of, set_picture
from stoa.creation.sites.actions.sites import (
    create_site,
    delete_site,
    lift_suspension,
    note_publication,
    purge_sites,
    restore_site,
    suspend_site,
)

__all__ = [
    "ask",
    "check_domains",
    "create_page",
    "create_site",
    "delete_page",
    "delete_site",
    "domain_question",
    "duplicate_page",
    "edit_page",
    "edit_site",
    "integration_question",
    "integrations_of",
    "lift_suspension",
    "look_at",
    "look_of",
    "note_look",
    "note_publication",
    "preview_page",
    "publish_page",
    "purge_sites",
    "remove_domain",
    "reorder_pages",
    "restore_site",
    "set_domain",
    "set_nav",
    "set_picture",
    "suspend_site",
    "unpublish_page",
]
