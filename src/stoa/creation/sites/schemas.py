"""Bodies of the routes of sites. What is too long or of another form is refused here; the rest by the policies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar.datastructures import UploadFile
from msgspec import UNSET, UnsetType

from stoa.creation.sites.types import (
    BODY_MAX,
    CSS_MAX,
    DESCRIPTION_MAX,
    MAX_PAGES,
    MESSAGE_MAX,
    META_DESCRIPTION_MAX,
    META_TITLE_MAX,
    NAV_LABEL_MAX,
    PAGE_TITLE_MAX,
    TAGLINE_MAX,
    TITLE_MAX,
    CertificateState,
    Contrast,
    Integration,
    Look,
    Moderation,
    NavEntry,
    SiteDetail,
    SiteState,
)
from stoa.creation.sites.types.changes import PageChange, SiteChange, given
from stoa.creation.sites.types.themes import FONTS, Density, Font, Home, Layout, Nav, Radius, Shelf, Theme, Width
from stoa.foundation.media.types import Cover

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=TITLE_MAX)]
Slug = Annotated[str, msgspec.Meta(max_length=100)]
Tagline = Annotated[str, msgspec.Meta(max_length=TAGLINE_MAX)]
Description = Annotated[str, msgspec.Meta(max_length=DESCRIPTION_MAX)]
Language = Annotated[str, msgspec.Meta(max_length=35)]
Url = Annotated[str, msgspec.Meta(max_length=500)]
Word = Annotated[str, msgspec.Meta(max_length=40)]
Colour = Annotated[str, msgspec.Meta(max_length=7)]
Css = Annotated[str, msgspec.Meta(max_length=CSS_MAX)]
MetaTitle = Annotated[str, msgspec.Meta(max_length=META_TITLE_MAX)]
MetaDescription = Annotated[str, msgspec.Meta(max_length=META_DESCRIPTION_MAX)]
PageTitle = Annotated[str, msgspec.Meta(min_length=1, max_length=PAGE_TITLE_MAX)]
NavLabel = Annotated[str, msgspec.Meta(max_length=NAV_LABEL_MAX)]
Markdown = Annotated[str, msgspec.Meta(max_length=BODY_MAX)]
Social = dict[Word, Url]
Rating = Literal["general", "teen", "mature", "explicit"]
Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
PageIds = Annotated[list[UUID], msgspec.Meta(max_length=MAX_PAGES)]
Service = Literal["google_analytics", "facebook_pixel", "plausible"]


class SiteIn(msgspec.Struct):
    """A new site. Without a `slug` its address is made of the title."""

    title: Title
    slug: Slug | None = None
    tagline: Tagline = ""
    description: Description = ""
    language: Language = "en"
    theme: Word = "stoa"
    is_public: bool = True


class _Edit(msgspec.Struct, kw_only=True):
    revision: Revision | UnsetType = UNSET

    def change(self) -> SiteChange:
        """What is to be changed."""
        said = given(self)
        said.pop("revision", None)
        return SiteChange(**said)


class SiteEdit(_Edit, kw_only=True):
    """What a site is called, and what it says of itself; on the `revision` that was seen, if given."""

    title: Title | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    tagline: Tagline | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    social_links: Social | UnsetType = UNSET
    is_public: bool | UnsetType = UNSET


class CommentsEdit(_Edit, kw_only=True):
    """Whether visitors may comment, and when that is looked at."""

    comments_enabled: bool | UnsetType = UNSET
    comments_moderation: Moderation | UnsetType = UNSET


class ContentEdit(_Edit, kw_only=True):
    """What new series begin with."""

    default_rating: Rating | UnsetType = UNSET
    language: Language | UnsetType = UNSET


class SettingsEdit(SiteEdit, kw_only=True):
    """All settings that are not about the look."""

    comments_enabled: bool | UnsetType = UNSET
    comments_moderation: Moderation | UnsetType = UNSET
    default_rating: Rating | UnsetType = UNSET
    maintenance: bool | UnsetType = UNSET
    maintenance_message: Annotated[str, msgspec.Meta(max_length=MESSAGE_MAX)] | UnsetType = UNSET
    meta_title: MetaTitle | UnsetType = UNSET
    meta_description: MetaDescription | UnsetType = UNSET
    canonical_url: Url | UnsetType | None = UNSET
    search_engines: bool | UnsetType = UNSET
    ai_crawlers: bool | UnsetType = UNSET


class BrandingEdit(_Edit, kw_only=True):
    """Pictures from the media library, colours ('#rrggbb'), faces, CSS. None: the theme's."""

    logo_media_id: UUID | UnsetType | None = UNSET
    favicon_media_id: UUID | UnsetType | None = UNSET
    cover_media_id: UUID | UnsetType | None = UNSET
    og_media_id: UUID | UnsetType | None = UNSET
    primary_color: Colour | UnsetType | None = UNSET
    secondary_color: Colour | UnsetType | None = UNSET
    accent_color: Colour | UnsetType | None = UNSET
    heading_font: Word | UnsetType | None = UNSET
    body_font: Word | UnsetType | None = UNSET
    custom_css: Css | UnsetType = UNSET
    custom_css_enabled: bool | UnsetType = UNSET


class LayoutIn(msgspec.Struct):
    """What is chosen instead of the theme's layout."""

    home: Home | UnsetType = UNSET
    shelf: Shelf | UnsetType = UNSET
    width: Width | UnsetType = UNSET
    nav: Nav | UnsetType = UNSET
    radius: Radius | UnsetType = UNSET
    density: Density | UnsetType = UNSET


class ThemeEdit(_Edit, kw_only=True):
    """A theme, and what is chosen instead of it. `layout` takes the place of what was chosen before."""

    theme: Word | UnsetType = UNSET
    layout: LayoutIn | UnsetType = UNSET
    primary_color: Colour | UnsetType | None = UNSET
    secondary_color: Colour | UnsetType | None = UNSET
    accent_color: Colour | UnsetType | None = UNSET
    heading_font: Word | UnsetType | None = UNSET
    body_font: Word | UnsetType | None = UNSET

    def change(self) -> SiteChange:
        """With the layout as names and values."""
        said = given(self)
        said.pop("revision", None)
        if "layout" in said:
            said["layout"] = given(said["layout"])
        return SiteChange(**said)


class IntegrationsEdit(_Edit, kw_only=True):
    """Ids at the services that count visitors; None for none. Scripts of one's own are refused."""

    google_analytics_id: Word | UnsetType | None = UNSET
    facebook_pixel_id: Word | UnsetType | None = UNSET
    plausible_domain: Url | UnsetType | None = UNSET
    analytics_enabled: bool | UnsetType = UNSET
    custom_tracking_code: Annotated[str, msgspec.Meta(max_length=10_000)] | UnsetType | None = UNSET


class VerifyIn(msgspec.Struct):
    """Which service is to be looked at."""

    kind: Service


class DomainIn(msgspec.Struct):
    """A domain such as stories.example.org."""

    domain: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class ReasonIn(msgspec.Struct):
    """Why a site is closed, for its owner."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@dataclass
class PictureIn:
    """A multipart form with a picture and its alternative text."""

    file: UploadFile
    alt: str = ""


class PageIn(msgspec.Struct):
    """A new page. Without a `slug` its address is made of the title."""

    title: PageTitle
    slug: Slug | None = None
    body_markdown: Markdown = ""
    show_in_nav: bool = False
    nav_label: NavLabel = ""
    meta_title: MetaTitle = ""
    meta_description: MetaDescription = ""


class PageEdit(msgspec.Struct):
    """Changes to a page, made on `revision`; what is absent stays as it is."""

    revision: Revision
    title: PageTitle | UnsetType = UNSET
    slug: Slug | UnsetType = UNSET
    body_markdown: Markdown | UnsetType = UNSET
    show_in_nav: bool | UnsetType = UNSET
    nav_label: NavLabel | UnsetType = UNSET
    meta_title: MetaTitle | UnsetType = UNSET
    meta_description: MetaDescription | UnsetType = UNSET

    def change(self) -> PageChange:
        """What is to be changed."""
        said = given(self)
        said.pop("revision")
        return PageChange(**said)


class PublishIn(msgspec.Struct, frozen=True):
    """The revision that is meant; without it, the newest."""

    revision: Revision | None = None


class OrderIn(msgspec.Struct):
    """All pages of a site in their new order."""

    page_ids: PageIds


class NavIn(msgspec.Struct):
    """All pages of a site in their new order, and which of them the navigation shows."""

    entries: Annotated[list[NavEntry], msgspec.Meta(max_length=MAX_PAGES)]


# ---- answers ---------------------------------------------------------------------------------------------------


class SettingsOut(msgspec.Struct, frozen=True):
    """The settings of a site that are not about its look."""

    title: str
    slug: str
    tagline: str
    description: str
    language: str
    social_links: dict[str, str]
    state: SiteState
    is_public: bool
    maintenance: bool
    maintenance_message: str
    suspended_at: datetime | None
    suspension_reason: str | None
    meta_title: str
    meta_description: str
    canonical_url: str | None
    search_engines: bool
    ai_crawlers: bool
    default_rating: str
    comments_enabled: bool
    comments_moderation: Moderation
    revision: int


class BrandingOut(msgspec.Struct, frozen=True):
    """Pictures, colours, faces and CSS. `dropped` says what of the CSS is left out; `fonts` are to choose from."""

    logo: Cover | None
    favicon: Cover | None
    cover: Cover | None
    og_image: Cover | None
    primary_color: str | None
    secondary_color: str | None
    accent_color: str | None
    heading_font: str | None
    body_font: str | None
    custom_css: str
    custom_css_enabled: bool
    dropped: list[str]
    contrast: list[Contrast]
    fonts: list[Font]
    revision: int


class ThemeOut(msgspec.Struct, frozen=True):
    """The look of a site. `layout` is the theme's with what was chosen instead."""

    theme: Theme
    layout: Layout
    layout_chosen: dict[str, str]
    style: dict[str, str]
    style_dark: dict[str, str]
    contrast: list[Contrast]
    revision: int


class ThemePreviewOut(msgspec.Struct, frozen=True):
    """Where a picture of a theme is."""

    theme_id: str
    preview_url: str
    dark_preview_url: str


class CertificateOut(msgspec.Struct, frozen=True):
    """What browsers find at a site's domain."""

    domain: str
    state: CertificateState
    expires_at: datetime | None
    checked_at: datetime | None
    problem: str | None


class KnownOut(msgspec.Struct, frozen=True):
    """A name at which a site, or the platform itself, can be reached."""

    domain: str


class IntegrationsOut(msgspec.Struct, frozen=True):
    """The services that a site tells of its visitors."""

    analytics_enabled: bool
    integrations: list[Integration]
    revision: int


class PreviewIn(msgspec.Struct):
    """A Markdown text to look at."""

    body_markdown: Markdown


class PreviewOut(msgspec.Struct, frozen=True):
    """What it looks like, as safe HTML."""

    body_html: str


def settings_out(site: SiteDetail) -> SettingsOut:
    """The part of a site that its settings are."""
    return SettingsOut(**_part(SettingsOut, site))


def branding_out(site: SiteDetail, look: Look) -> BrandingOut:
    """The part of a site that its branding is."""
    told = {"dropped": look.dropped, "contrast": look.contrast, "fonts": list(FONTS.values())}
    return BrandingOut(**_part(BrandingOut, site) | told)


def theme_out(site: SiteDetail, look: Look) -> ThemeOut:
    """The part of a site that its theme is."""
    return ThemeOut(
        look.theme, look.layout, site.layout_chosen, look.style, look.style_dark, look.contrast, site.revision
    )


def _part(row: type[msgspec.Struct], site: SiteDetail) -> dict[str, Any]:
    return {name: getattr(site, name) for name in row.__struct_fields__ if name in site.__struct_fields__}
