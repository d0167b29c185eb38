"""What can be changed of a site and of a page. What is absent stays as it is."""

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType


class SiteChange(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a site. Colours are '#rrggbb', faces ids of FONTS; None stands for the theme's."""

    title: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    tagline: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    social_links: dict[str, str] | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET
    maintenance: bool | UnsetType = UNSET
    maintenance_message: str | UnsetType = UNSET
    meta_title: str | UnsetType = UNSET
    meta_description: str | UnsetType = UNSET
    canonical_url: str | UnsetType | None = UNSET
    search_engines: bool | UnsetType = UNSET
    ai_crawlers: bool | UnsetType = UNSET
    default_rating: str | UnsetType = UNSET
    comments_enabled: bool | UnsetType = UNSET
    comments_moderation: str | UnsetType = UNSET
    logo_media_id: UUID | UnsetType | None = UNSET
    favicon_media_id: UUID | UnsetType | None = UNSET
    cover_media_id: UUID | UnsetType | None = UNSET
    og_media_id: UUID | UnsetType | None = UNSET
    theme: str | UnsetType = UNSET
    primary_color: str | UnsetType | None = UNSET
    secondary_color: str | UnsetType | None = UNSET
    accent_color: str | UnsetType | None = UNSET
    heading_font: str | UnsetType | None = UNSET
    body_font: str | UnsetType | None = UNSET
    layout: dict[str, str] | UnsetType = UNSET
    custom_css: str | UnsetType = UNSET
    custom_css_enabled: bool | UnsetType = UNSET
    google_analytics_id: str | UnsetType | None = UNSET
    facebook_pixel_id: str | UnsetType | None = UNSET
    plausible_domain: str | UnsetType | None = UNSET
    analytics_enabled: bool | UnsetType = UNSET
    custom_tracking_code: str | UnsetType | None = UNSET  # refused, with the reason


class PageChange(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a page."""

    title: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    body_markdown: str | UnsetType = UNSET
    show_in_nav: bool | UnsetType = UNSET
    nav_label: str | UnsetType = UNSET
    meta_title: str | UnsetType = UNSET
    meta_description: str | UnsetType = UNSET


def given(change: msgspec.Struct) -> dict[str, Any]:
    """What a change says, by name."""
    held = ((name, getattr(change, name)) for name in change.__struct_fields__)
    return {name: value for name, value in held if value is not UNSET}
