"""Sites as pages, the API and the modules above see them."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.sites.types.themes import Layout, Theme
from stoa.foundation.media.types import Cover
from stoa.foundation.people.types import PersonView
from stoa.foundation.team.types import Permission

KIND: Final = "page"  # the kind of works that pages are
MAX_SITES: Final = 20  # of one owner, those in the trash included
MAX_PAGES: Final = 100  # of one site
MAX_NAV: Final = 12  # entries of a site's navigation
TITLE_MAX: Final = 80
PAGE_TITLE_MAX: Final = 100
TAGLINE_MAX: Final = 200
DESCRIPTION_MAX: Final = 5_000
MESSAGE_MAX: Final = 1_000
META_TITLE_MAX: Final = 60
META_DESCRIPTION_MAX: Final = 160
NAV_LABEL_MAX: Final = 30
BODY_MAX: Final = 100_000  # characters of a page
CSS_MAX: Final = 50_000
KEPT_DAYS: Final = 30  # S5
SOCIAL: Final = {  # what a site can link to, as it is called
    "website": "Website",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "x": "X",
    "instagram": "Instagram",
    "tiktok": "TikTok",
    "youtube": "YouTube",
    "discord": "Discord",
    "patreon": "Patreon",
    "goodreads": "Goodreads",
}


class SiteState(StrEnum):
    """Whether everybody may come in, and if not, why not: the last of these that holds."""

    OPEN = "open"
    MAINTENANCE = "maintenance"
    PRIVATE = "private"
    SUSPENDED = "suspended"
    DELETED = "deleted"


class Moderation(StrEnum):
    """When comments are looked at: before they are seen, after, or not at all."""

    PRE = "pre"
    POST = "post"
    NONE = "none"


class Place(StrEnum):
    """Where a site shows a picture."""

    LOGO = "logo"
    FAVICON = "favicon"
    COVER = "cover"
    OG = "og"

    @property
    def label(self) -> str:
        """As the page calls it."""
        return {"logo": "Logo", "favicon": "Icon", "cover": "Cover", "og": "Picture for shared links"}[self.value]


class DomainState(StrEnum):
    """Whether a domain was proved. Failed: it was, and its DNS says something else now."""

    PENDING = "pending"
    VERIFIED = "verified"
    FAILED = "failed"


class CertificateState(StrEnum):
    """What a browser finds at a domain. Pending: it is verified, and nobody has looked or nothing answers yet."""

    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    FAILED = "failed"


class NavItem(msgspec.Struct, frozen=True):
    """An entry of a site's navigation: a page of its own. `path` leads there on the platform's address."""

    label: str
    slug: str
    path: str


class NavEntry(msgspec.Struct, frozen=True):
    """How the navigation shows a page, in its place among all; without a label, by its title."""

    page_id: UUID
    show_in_nav: bool
    nav_label: str = ""


class PublicSite(msgspec.Struct, frozen=True, kw_only=True):
    """A site as its visitors have it.

    Where `state` is not open, nothing but its name, theme and `maintenance_message` is in it for strangers; those who
    work on it (`is_insider`) see it as it will be. `style` and `style_dark` are CSS variables by name; `custom_css` is
    sanitised and scoped; `types.looks.stylesheet_of` makes one sheet of them. `domain` is one that was proved.
    """

    id: UUID
    slug: str
    title: str
    owner: PersonView
    tagline: str
    description: str
    language: str
    logo: Cover | None
    favicon: Cover | None
    cover: Cover | None
    og_image: Cover | None
    theme: Theme
    layout: Layout
    style: dict[str, str]
    style_dark: dict[str, str]
    custom_css: str
    nav: list[NavItem]
    social_links: dict[str, str]
    meta_title: str
    meta_description: str
    canonical_url: str | None
    state: SiteState
    is_insider: bool
    maintenance_message: str
    search_engines: bool
    ai_crawlers: bool
    default_rating: str
    comments_enabled: bool
    google_analytics_id: str | None
    facebook_pixel_id: str | None
    plausible_domain: str | None
    domain: str | None
    revision: int
    created_at: datetime
    updated_at: datetime
    last_published_at: datetime | None


class SiteDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A site with all its settings, for those who work on it. `role` and `my_permissions` are the actor's there.

    `layout` is the theme's with what was chosen instead (`layout_chosen`).
    """

    id: UUID
    slug: str
    title: str
    is_default: bool
    owner: PersonView
    role: str
    my_permissions: list[Permission]
    url: str
    state: SiteState
    is_open: bool
    tagline: str
    description: str
    language: str
    logo: Cover | None
    favicon: Cover | None
    cover: Cover | None
    og_image: Cover | None
    theme: str
    primary_color: str | None
    secondary_color: str | None
    accent_color: str | None
    heading_font: str | None
    body_font: str | None
    layout: Layout
    layout_chosen: dict[str, str]
    custom_css: str
    custom_css_enabled: bool
    is_public: bool
    maintenance: bool
    maintenance_message: str
    suspended_at: datetime | None
    suspension_reason: str | None
    meta_title: str
    meta_description: str
    canonical_url: str | None
    social_links: dict[str, str]
    google_analytics_id: str | None
    facebook_pixel_id: str | None
    plausible_domain: str | None
    analytics_enabled: bool
    search_engines: bool
    ai_crawlers: bool
    default_rating: str
    comments_enabled: bool
    comments_moderation: Moderation
    domain: str | None
    domain_state: DomainState | None
    series_count: int
    pages_count: int
    last_published_at: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


class SitePage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a site.

    `body_html` is safe HTML. `body_markdown`, `screening_reasons` and `review_note` are for those who work on it, else
    None. `state` is that of every work; `url` leads to it.
    """

    id: UUID
    site_id: UUID
    site_slug: str
    slug: str
    url: str
    title: str
    body_markdown: str | None
    body_html: str
    excerpt: str
    language: str
    state: str
    revision: int
    show_in_nav: bool
    nav_order: int
    nav_label: str
    meta_title: str
    meta_description: str
    word_count: int
    screening_reasons: list[str] | None
    review_note: str | None
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime


class PageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A page in the list of those who work on a site, without its text."""

    id: UUID
    slug: str
    url: str
    title: str
    excerpt: str
    state: str
    revision: int
    show_in_nav: bool
    nav_order: int
    nav_label: str
    word_count: int
    published_at: datetime | None
    updated_at: datetime


class Contrast(msgspec.Struct, frozen=True):
    """Whether a colour can be read on another (WCAG 2). `suggestion` is the nearest shade that can; None if it can."""

    field: str
    colour: str
    on: str
    on_name: str
    ratio: float
    needed: float
    passes: bool
    suggestion: str | None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a site looks like with a theme and what was chosen besides; `custom_css` is sanitised and scoped.

    `dropped` says in words what of the typed CSS is left out, and why. `contrast` are the colours that were chosen.
    """

    theme: Theme
    layout: Layout
    style: dict[str, str]
    style_dark: dict[str, str]
    stylesheet: str
    custom_css: str
    dropped: list[str]
    contrast: list[Contrast]


class DnsRecord(msgspec.Struct, frozen=True):
    """A record to be set where the domain is managed. One of those with the same `proves` is enough to prove it."""

    type: str
    name: str
    value: str
    purpose: str
    proves: bool


class DomainView(msgspec.Struct, frozen=True, kw_only=True):
    """A site's own domain. `problem` says what the last look found wrong; `records` are what its DNS should say."""

    domain: str
    state: DomainState
    method: str | None
    problem: str | None
    records: list[DnsRecord]
    added_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    failing_since: datetime | None
    certificate_state: CertificateState
    certificate_expires_at: datetime | None
    certificate_checked_at: datetime | None


class Integration(msgspec.Struct, frozen=True):
    """A service that a site tells of its visitors: its `id` there, None where it is not used."""

    kind: str
    label: str
    id: str | None
    help: str


class Checked(msgspec.Struct, frozen=True):
    """What a look at an integration found."""

    kind: str
    id: str
    ok: bool
    message: str
