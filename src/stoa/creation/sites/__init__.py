"""Sites: what a creator's own house looks like, says and shows; its pages, and a domain of its own.

Tables: site_settings, site_domains, site_pages (the row of a site is foundation/team's, that of a page in works).
Events: SiteDeleted, SiteRestored, SitePurged. Hears of WorkPublished, so that a site says when that was last.
"""
