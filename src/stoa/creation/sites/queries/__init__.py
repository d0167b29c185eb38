"""Reads of sites, their pages and domains."""

from stoa.creation.sites.queries.pages import public_page, public_page_by_slug, site_page, site_pages
from stoa.creation.sites.queries.sites import (
    deleted_sites,
    public_site,
    public_site_by_domain,
    public_site_by_id,
    site_detail,
    theme_uses,
)

__all__ = [
    "deleted_sites",
    "public_page",
    "public_page_by_slug",
    "public_site",
    "public_site_by_domain",
    "public_site_by_id",
    "site_detail",
    "site_page",
    "site_pages",
    "theme_uses",
]
