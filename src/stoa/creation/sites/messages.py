"""What happens to sites, and the work that waits for them."""

from uuid import UUID

from stoa.kit.outbox import Event
from stoa.kit.queue import Job


class SiteDeleted(Event, frozen=True):
    """A site went into the trash, for 30 days (S5)."""

    site_id: UUID
    owner_id: UUID
    slug: str


class SiteRestored(Event, frozen=True):
    """It came back out of it."""

    site_id: UUID
    owner_id: UUID
    slug: str


class SitePurged(Event, frozen=True):
    """A site is gone for good: whoever keeps something of what stood in it lets go of that."""

    site_id: UUID
    owner_id: UUID


class CheckDomain(Job, frozen=True):
    """Look whether the DNS of a site's domain still says so, and at its certificate."""

    outside = True
    timeout_s = 60
    max_attempts = 3

    site_id: UUID
