"""Every page, who looks at it, and a hall that is furnished so that each of them has something to show.

A new page gets a line in PAGES: who sees something of their own there. `opens` is pressed first: a dialog or a menu.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from stoa.creation.comics import actions as comics
from stoa.creation.comics.actions import NewImage
from stoa.creation.exchange import actions as exchange
from stoa.creation.exchange.types import Options, Target
from stoa.creation.serials.actions.schedule import publish_chapter
from stoa.creation.serials.actions.series import create_series, publish_series
from stoa.creation.serials.actions.warnings import set_warnings
from stoa.creation.serials.types import WARNINGS
from stoa.creation.sites import actions as sites
from stoa.creation.sites.types import Place
from stoa.foundation.identity.types import LinkKind
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Plan
from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due
from tests.browser.house import House
from tests.conftest import make_client
from tests.contract import things
from tests.contract.routes import handlers
from tests.foundation.media import samples
from tests.providers import Providers, Somebody
from tests.providers.ways import connected

NO_PAGES = (
    "/@{username}/atom.xml",
    "/@{username}/feed.json",
    "/@{username}/rss.xml",
    "/account/payments/{payment_id}/receipt",
    "/admin/audit/export",
    "/admin/mail/{message_id}/html",
    "/api/",
    "/dashboard/payments/connected/",
    "/dashboard/payments/export",
    "/dashboard/payouts/export",
    "/dashboard/payouts/statements/month",
    "/dashboard/payouts/{payout_id}/statement",
    "/dashboard/sites/{site_id}/branding/contrast",
    "/dashboard/sites/{site_id}/theme/preview.css",
    "/health",
    "/llms.txt",
    "/media/",
    "/metrics",
    "/oauth/",
    "/oembed",
    "/robots.txt",
    "/s/{site}/atom.xml",
    "/s/{site}/feed.json",
    "/s/{site}/llms.txt",
    "/s/{site}/robots.txt",
    "/s/{site}/rss.xml",
    "/s/{site}/series/{series}/atom.xml",
    "/s/{site}/series/{series}/feed.json",
    "/s/{site}/series/{series}/rss.xml",
    "/s/{site}/sitemap.xml",
    "/s/{site}/style.css",
    "/sitemap",
    "/static/",
)


@dataclass(frozen=True)
class Look:
    """Somebody opens an address; `anonymous`, `newcomer` (nothing of one's own), `creator` or `admin`."""

    who: str
    address: str
    opens: str | None = None
    status: int = 200

    def __str__(self) -> str:
        return f"{self.who} {self.address}" + (f" with {self.opens} open" if self.opens else "")


def _seen(address: str, *who: str, opens: str | None = None, status: int = 200) -> tuple[Look, ...]:
    return tuple(Look(one, address, opens, status) for one in who)


GIFT = "[data-dialog=gift]"
MENU = ".masthead details summary"
PAGES: dict[str, tuple[Look, ...]] = {
    "/": (
        *_seen("/", "anonymous", "newcomer"),
        *_seen("/?sort=popular&category=Education", "anonymous"),
        *_seen("/?sort=trending&category=Travel", "newcomer"),
        *_seen("/", "creator", opens=MENU),
    ),
    "/about": _seen("/about", "anonymous"),
    "/login": (
        *_seen("/login", "anonymous"),
        *_seen("/login?problem=oauth_account_exists&with=google", "anonymous"),
    ),
    "/register": _seen("/register", "anonymous"),
    "/login/phone": _seen("/login/phone", "anonymous"),
    "/login/phone/code": _seen("/login/phone/code", "anonymous"),
    "/dashboard/account": _seen("/dashboard/account", "newcomer", "creator", "admin"),
    "/dashboard/account/profile": _seen("/dashboard/account/profile", "newcomer", "creator"),
    "/account/settings/profile": _seen("/account/settings/profile", "newcomer"),
    "/dashboard/account/author-profile": _seen("/dashboard/account/author-profile", "newcomer", "creator"),
    "/dashboard/account/brand-profile": _seen("/dashboard/account/brand-profile", "newcomer", "creator"),
    "/dashboard/account/preferences": _seen("/dashboard/account/preferences", "newcomer", "creator"),
    "/dashboard/account/usage": _seen("/dashboard/account/usage", "newcomer", "creator"),
    "/account/settings": _seen("/account/settings", "newcomer", "creator"),
    "/account/settings/privacy": _seen("/account/settings/privacy", "newcomer", "creator"),
    "/dashboard/account/phone": _seen("/dashboard/account/phone", "newcomer", "creator"),
    "/forgot-password": (*_seen("/forgot-password", "anonymous"), *_seen("/forgot-password?sent", "anonymous")),
    "/reset-password/{token}": (
        *_seen("/reset-password/{reset_token}", "anonymous"),
        *_seen("/reset-password/x", "anonymous", status=404),
    ),
    "/verify-email/{token}": (
        *_seen("/verify-email/{verify_token}", "anonymous", "newcomer"),
        *_seen("/verify-email/x", "anonymous", status=404),
    ),
    "/verify-email-change/{token}": (
        *_seen("/verify-email-change/{change_token}", "creator"),
        *_seen("/verify-email-change/x", "newcomer", status=404),
    ),
    "/dashboard/account/connected": _seen("/dashboard/account/connected", "newcomer", "creator"),
    "/dashboard/account/password": _seen("/dashboard/account/password", "newcomer", "creator"),
    "/dashboard/account/email": _seen("/dashboard/account/email", "newcomer", "creator"),
    "/search": (
        *_seen("/search", "anonymous"),
        *_seen("/search?q=columns", "anonymous", "creator"),
        *_seen("/search?q=nothingofthekind", "newcomer"),
    ),
    "/discover": (*_seen("/discover", "anonymous", "newcomer"), *_seen("/discover?type=manhwa", "anonymous")),
    "/discover/genre/{genre_slug}": _seen("/discover/genre/fantasy", "anonymous"),
    "/discover/tags": (*_seen("/discover/tags", "anonymous"), *_seen("/discover/tags?q=nothing", "newcomer")),
    "/discover/tags/{tag_slug}": _seen("/discover/tags/{listed_tag}", "anonymous"),
    "/discover/series/{series_id}": (
        *_seen("/discover/series/{listed_id}", "anonymous", "creator"),
        *_seen("/discover/series/{listed_adult}", "newcomer"),
    ),
    "/styleguide": _seen("/styleguide", "anonymous"),
    "/p/{slug}": (
        *_seen("/p/{slug}", "anonymous", "creator", "admin"),
        *_seen("/p/{slug}", "newcomer", opens=GIFT),
        *_seen("/p/{mature}", "anonymous", "newcomer"),
        *_seen("/p/{short}", "newcomer", opens=".reading-bar details summary"),
    ),
    "/p/{slug}/gift": _seen("/p/{slug}/gift", "newcomer"),
    "/p/{slug}/tip": _seen("/p/{slug}/tip", "newcomer"),
    "/@{username}": (*_seen("/@{username}", "anonymous", "newcomer", "creator"), *_seen("/@{newcomer}", "creator")),
    "/@{username}/block": _seen("/@{username}/block", "newcomer"),
    "/@{username}/followers": (
        *_seen("/@{username}/followers", "anonymous", "admin"),
        *_seen("/@{newcomer}/followers", "creator"),
    ),
    "/@{username}/following": _seen("/@{username}/following", "newcomer"),
    "/@{username}/gift": _seen("/@{username}/gift", "newcomer"),
    "/@{username}/tip": _seen("/@{username}/tip", "newcomer"),
    "/account/following": _seen("/account/following", "newcomer", "creator"),
    "/account/settings/blocked": _seen("/account/settings/blocked", "newcomer", "creator"),
    "/wallet": _seen("/wallet", "newcomer", "creator"),
    "/wallet/history": _seen("/wallet/history", "newcomer", "creator"),
    "/wallet/transfers/{transfer_id}": _seen("/wallet/transfers/{transfer_id}", "creator"),
    "/dashboard/account/sessions": _seen("/dashboard/account/sessions", "newcomer", "creator"),
    "/wallet/gifts": (
        *_seen("/wallet/gifts", "newcomer", "creator"),
        *_seen("/wallet/gifts?direction=received", "creator"),
    ),
    "/wallet/gifts/{gift_id}": _seen("/wallet/gifts/{gift_id}", "creator"),
    "/wallet/orders": _seen("/wallet/orders", "newcomer", "creator"),
    "/wallet/orders/{order_id}": (
        *_seen("/wallet/orders/{order_id}", "creator"),
        *_seen("/wallet/orders/{paid_id}", "creator"),
    ),
    "/sandbox/checkout/{session_id}": (
        *_seen("/sandbox/checkout/{session_id}", "creator"),
        *_seen("/sandbox/checkout/{closed_id}", "creator", status=410),
    ),
    "/s/{site}/checkout/{session_id}": (
        *_seen("/s/{site}/checkout/{tip_session}", "creator"),
        *_seen("/s/{site}/checkout/{tip_paid}", "creator"),
        *_seen("/s/{site}/checkout/{tip_failed}", "creator"),
        *_seen("/s/{site}/checkout/{tip_closed}", "creator"),
    ),
    "/sandbox/3ds/{payment_id}": _seen("/sandbox/3ds/{payment_id}", "creator"),
    "/dashboard/posts": _seen("/dashboard/posts", "newcomer", "creator"),
    "/dashboard/media": (
        *_seen("/dashboard/media", "newcomer", "creator"),
        *_seen("/dashboard/media?view=list", "creator"),
        *_seen("/dashboard/media?q=nothing+like+it", "creator"),
    ),
    "/dashboard/media/folders/{folder_id}": _seen("/dashboard/media/folders/{folder_id}", "creator"),
    "/dashboard/media/storage": _seen("/dashboard/media/storage", "newcomer", "creator"),
    "/dashboard/media/trash": (
        *_seen("/dashboard/media/trash", "newcomer", "creator"),
        *_seen("/dashboard/media/trash", "creator", opens="[data-dialog=empty-trash]"),
    ),
    "/dashboard/sites": _seen("/dashboard/sites", "newcomer", "creator"),
    "/dashboard/sites/new": _seen("/dashboard/sites/new", "newcomer"),
    "/dashboard/sites/{site_id}": (
        *_seen("/dashboard/sites/{house_id}", "creator"),
        *_seen("/dashboard/sites/{quiet_id}", "creator"),
    ),
    "/dashboard/sites/{site_id}/settings": _seen("/dashboard/sites/{house_id}/settings", "creator"),
    "/dashboard/sites/{site_id}/seo": _seen("/dashboard/sites/{house_id}/seo", "creator"),
    "/dashboard/sites/{site_id}/theme": _seen("/dashboard/sites/{house_id}/theme", "creator"),
    "/dashboard/sites/{site_id}/integrations": _seen("/dashboard/sites/{house_id}/integrations", "creator"),
    "/dashboard/sites/{site_id}/branding": _seen("/dashboard/sites/{house_id}/branding", "creator"),
    "/dashboard/sites/{site_id}/branding/{place}": _seen("/dashboard/sites/{house_id}/branding/cover", "creator"),
    "/dashboard/sites/{site_id}/theme/preview": _seen(
        "/dashboard/sites/{house_id}/theme/preview?theme=signal", "creator"
    ),
    "/dashboard/sites/{site_id}/domain": (
        *_seen("/dashboard/sites/{house_id}/domain", "creator"),
        *_seen("/dashboard/sites/{quiet_id}/domain", "creator"),
    ),
    "/dashboard/sites/{site_id}/delete": _seen("/dashboard/sites/{quiet_id}/delete", "creator"),
    "/dashboard/sites/{site_id}/pages": (
        *_seen("/dashboard/sites/{house_id}/pages", "creator"),
        *_seen("/dashboard/sites/{quiet_id}/pages", "creator"),
    ),
    "/dashboard/sites/{site_id}/pages/new": _seen("/dashboard/sites/{quiet_id}/pages/new", "creator"),
    "/dashboard/sites/{site_id}/pages/{page_id}/edit": _seen(
        "/dashboard/sites/{house_id}/pages/{hours_id}/edit", "creator"
    ),
    "/dashboard/sites/{site_id}/pages/{page_id}/delete": _seen(
        "/dashboard/sites/{house_id}/pages/{hours_id}/delete", "creator"
    ),
    "/dashboard/sites/{site_id}/navigation": (
        *_seen("/dashboard/sites/{house_id}/navigation", "creator"),
        *_seen("/dashboard/sites/{quiet_id}/navigation", "creator"),
    ),
    "/s/{site}": (
        *_seen("/s/{house}", "anonymous", "creator"),
        *_seen("/s/{quiet}", "anonymous", status=403),
        *_seen("/s/{quiet}", "creator"),
        *_seen("/s/{resting}", "anonymous", status=503),
    ),
    "/s/{site}/about": _seen("/s/{house}/about", "anonymous"),
    "/s/{site}/{page_slug}": _seen("/s/{house}/hours", "anonymous"),
    "/s/{site}/series": _seen("/s/{read_site}/series", "anonymous", "creator"),
    "/s/{site}/series/{series}": (*_seen("{read_series}", "anonymous", "creator"), *_seen("{read_adult}", "newcomer")),
    "/s/{site}/series/{series}/chapters": _seen("{read_series}/chapters?order=newest", "anonymous"),
    "/s/{site}/series/{series}/{chapter}": (
        *_seen("{read_series}/{read_long}", "anonymous", "creator"),
        *_seen("{read_series}/{read_long}", "newcomer", opens="summary[aria-label='How it looks']"),
        *_seen("{read_series}/{read_closed}", "anonymous"),
        *_seen("{read_comic}", "newcomer", opens="summary[aria-label='How it looks']"),
    ),
    "/s/{site}/series/{series}/chapter/{number}": _seen("{read_series}/chapter/1", "anonymous"),
    "/dashboard/series": _seen("/dashboard/series", "creator"),
    "/dashboard/sites/{site_id}/series": (
        *_seen("/dashboard/sites/{desk_site}/series", "creator"),
        *_seen("/dashboard/sites/{desk_site}/series?deleted=yes", "creator"),
    ),
    "/dashboard/sites/{site_id}/series/new": _seen("/dashboard/sites/{desk_site}/series/new", "creator"),
    "/dashboard/series/{series_id}": _seen("/dashboard/series/{desk_series}", "creator"),
    "/dashboard/series/{series_id}/edit": _seen("/dashboard/series/{desk_series}/edit", "creator"),
    "/dashboard/series/{series_id}/settings": _seen("/dashboard/series/{desk_series}/settings", "creator"),
    "/dashboard/series/{series_id}/paywall": _seen("/dashboard/series/{desk_series}/paywall", "creator"),
    "/dashboard/series/{series_id}/schedule": _seen("/dashboard/series/{desk_series}/schedule", "creator"),
    "/dashboard/series/{series_id}/discovery": _seen("/dashboard/series/{desk_series}/discovery", "creator"),
    "/dashboard/series/{series_id}/warnings": _seen("/dashboard/series/{desk_series}/warnings", "creator"),
    "/dashboard/series/{series_id}/analytics": _seen("/dashboard/series/{desk_series}/analytics", "creator"),
    "/dashboard/series/{series_id}/pictures/{place}": _seen(
        "/dashboard/series/{desk_series}/pictures/cover", "creator"
    ),
    "/dashboard/series/{series_id}/chapters": _seen("/dashboard/series/{desk_series}/chapters", "creator"),
    "/dashboard/series/{series_id}/chapters/new": _seen("/dashboard/series/{desk_series}/chapters/new", "creator"),
    "/dashboard/series/{series_id}/chapters/bulk-edit": _seen(
        "/dashboard/series/{desk_series}/chapters/bulk-edit", "creator"
    ),
    "/dashboard/series/{series_id}/import": _seen("/dashboard/series/{files_series}/import", "creator"),
    "/dashboard/series/{series_id}/chapters/import": _seen(
        "/dashboard/series/{desk_series}/chapters/import", "creator"
    ),
    "/dashboard/series/{series_id}/export": _seen("/dashboard/series/{files_series}/export", "creator"),
    "/dashboard/imports/{import_id}": (
        *_seen("/dashboard/imports/{checked_import}", "creator"),
        *_seen("/dashboard/imports/{done_import}", "creator"),
    ),
    "/dashboard/series/{series_id}/chapters/order": _seen("/dashboard/series/{desk_series}/chapters/order", "creator"),
    "/dashboard/chapters/{chapter_id}/edit": _seen("/dashboard/chapters/{desk_chapter}/edit", "creator"),
    "/dashboard/chapters/{chapter_id}/settings": _seen("/dashboard/chapters/{desk_chapter}/settings", "creator"),
    "/dashboard/chapters/{chapter_id}/publish": _seen("/dashboard/chapters/{desk_chapter}/publish", "creator"),
    "/dashboard/chapters/{chapter_id}/access": _seen("/dashboard/chapters/{desk_chapter}/access", "creator"),
    "/dashboard/chapters/{chapter_id}/versions": _seen("/dashboard/chapters/{desk_chapter}/versions", "creator"),
    "/dashboard/chapters/{chapter_id}/versions/{version_id}": _seen(
        "/dashboard/chapters/{desk_chapter}/versions/{desk_version}", "creator"
    ),
    "/dashboard/chapters/{chapter_id}/analytics": _seen("/dashboard/chapters/{desk_chapter}/analytics", "creator"),
    "/dashboard/chapters/{chapter_id}/warnings": _seen("/dashboard/chapters/{desk_chapter}/warnings", "creator"),
    "/dashboard/chapters/{chapter_id}/move": _seen("/dashboard/chapters/{desk_chapter}/move", "creator"),
    "/dashboard/chapters/{chapter_id}/preview": _seen(
        "/dashboard/chapters/{desk_closed}/preview?as=anonymous", "creator"
    ),
    "/dashboard/chapters/{chapter_id}/versions/compare": _seen(
        "/dashboard/chapters/{desk_chapter}/versions/compare?before=1&after=2", "creator"
    ),
    "/dashboard/chapters/{chapter_id}/images": (
        *_seen("/dashboard/chapters/{comic_id}/images", "creator"),
        *_seen("/dashboard/chapters/{empty_comic_id}/images", "creator"),
    ),
    "/dashboard/media/upload": _seen("/dashboard/media/upload", "newcomer", "creator"),
    "/dashboard/media/{media_id}": (
        *_seen("/dashboard/media/{media_id}", "creator"),
        *_seen("/dashboard/media/{film_id}", "creator"),
        *_seen("/dashboard/media/{broken_id}", "creator"),
        *_seen("/dashboard/media/{trashed_id}", "creator"),
    ),
    "/dashboard/earnings": _seen("/dashboard/earnings", "newcomer", "creator", "admin"),
    "/dashboard/payouts": (
        *_seen("/dashboard/payouts", "newcomer", "creator", "admin"),
        *_seen("/dashboard/payouts?state=failed", "creator"),
    ),
    "/dashboard/payouts/new": (
        *_seen("/dashboard/payouts/new", "newcomer", "admin"),
        *_seen("/dashboard/payouts/new?asset=USD", "creator"),
    ),
    "/dashboard/payouts/confirm": (
        *_seen("/dashboard/payouts/confirm?asset=USD&amount_minor=1000&destination={destination_id}", "creator"),
        *_seen("/dashboard/payouts/confirm?asset=USD&amount_minor=1000&destination={new_destination_id}", "creator"),
    ),
    "/dashboard/payouts/destinations": _seen("/dashboard/payouts/destinations", "newcomer", "creator"),
    "/dashboard/payouts/destinations/new": (
        *_seen("/dashboard/payouts/destinations/new", "newcomer"),
        *_seen("/dashboard/payouts/destinations/new?currency=USD&country=DE", "newcomer", "admin"),
    ),
    "/dashboard/payouts/destinations/{destination_id}": _seen(
        "/dashboard/payouts/destinations/{own_destination_id}", "admin"
    ),
    "/dashboard/payouts/destinations/{destination_id}/remove": _seen(
        "/dashboard/payouts/destinations/{own_destination_id}/remove", "admin"
    ),
    "/dashboard/payouts/statements": _seen("/dashboard/payouts/statements", "newcomer", "creator"),
    "/dashboard/payouts/{payout_id}": (
        *_seen("/dashboard/payouts/{payout_id}", "creator"),
        *_seen("/dashboard/payouts/{paid_payout_id}", "creator"),
    ),
    "/dashboard/money": _seen("/dashboard/money", "newcomer", "creator", "admin"),
    "/dashboard/money/{asset}": _seen("/dashboard/money/COIN", "newcomer", "admin"),
    "/dashboard/money/{asset}/{stage}": (
        *_seen("/dashboard/money/COIN/available", "creator", opens=".entry summary"),
        *_seen("/dashboard/money/COIN/held", "creator", "newcomer"),
    ),
    "/dashboard/payments": (
        *_seen("/dashboard/payments", "newcomer", "creator"),
        *_seen("/dashboard/payments?state=disputed", "creator"),
    ),
    "/dashboard/payments/{payment_id}": (
        *_seen("/dashboard/payments/{received_id}", "creator"),
        *_seen("/dashboard/payments/{asked_back_id}", "creator"),
        *_seen("/dashboard/payments/{disputed_id}", "creator"),
    ),
    "/dashboard/payments/{payment_id}/refund": (
        *_seen("/dashboard/payments/{received_id}/refund", "creator"),
        *_seen("/dashboard/payments/{disputed_id}/refund", "creator"),
    ),
    "/dashboard/payments/{payment_id}/dispute": (
        *_seen("/dashboard/payments/{disputed_id}/dispute", "creator"),
        *_seen("/dashboard/payments/{answered_id}/dispute", "creator"),
    ),
    "/dashboard/payments/gateways": _seen("/dashboard/payments/gateways", "newcomer", "creator"),
    "/dashboard/payments/gateways/{provider}": (
        *_seen("/dashboard/payments/gateways/stripe", "newcomer", "creator"),
        *_seen("/dashboard/payments/gateways/razorpay", "creator"),
    ),
    "/dashboard/revenue": (
        *_seen("/dashboard/revenue", "newcomer", "creator"),
        *_seen("/dashboard/revenue?by=month", "creator"),
    ),
    "/account/payments": (
        *_seen("/account/payments", "newcomer", "creator"),
        *_seen("/account/payments?state=disputed", "creator"),
    ),
    "/account/payments/{payment_id}": (
        *_seen("/account/payments/{paid_id}", "creator"),
        *_seen("/account/payments/{order_id}", "creator"),
        *_seen("/account/payments/{wanted_back_id}", "creator"),
    ),
    "/account/payments/{payment_id}/refund": (
        *_seen("/account/payments/{paid_id}/refund", "creator"),
        *_seen("/account/payments/{wanted_back_id}/refund", "creator"),
    ),
    "/dashboard/team": (
        *_seen("/dashboard/team", "newcomer", "creator"),
        *_seen("/dashboard/team?site={site_id}", "admin"),
    ),
    "/dashboard/team/invite": _seen("/dashboard/team/invite", "creator"),
    "/dashboard/team/{collaborator_id}": (
        *_seen("/dashboard/team/{collaborator_id}", "creator", "admin"),
        *_seen("/dashboard/team/{paused_collaborator_id}", "creator"),
        *_seen("/dashboard/team/{invited_collaborator_id}", "creator"),
    ),
    "/invites": _seen("/invites", "newcomer", "creator", "admin"),
    "/invites/{token}": (
        *_seen("/invites/{invite_token}", "anonymous", "creator"),
        *_seen("/invites/{invite_token}", "newcomer", status=409),
    ),
    "/write": _seen("/write", "newcomer"),
    "/write/{post_id}": (*_seen("/write/{post_id}", "creator"), *_seen("/write/{published_id}", "creator")),
    "/write/{post_id}/preview": _seen("/write/{post_id}/preview", "creator"),
    "/write/{post_id}/publish": _seen("/write/{post_id}/publish", "creator"),
    "/write/{post_id}/delete": _seen("/write/{post_id}/delete", "creator"),
    "/admin": _seen("/admin", "admin"),
    "/admin/review": _seen("/admin/review", "admin"),
    "/admin/tags": _seen("/admin/tags", "admin"),
    "/admin/books": _seen("/admin/books", "admin"),
    "/admin/books/check": _seen("/admin/books/check", "admin"),
    "/admin/books/accounts": (
        *_seen("/admin/books/accounts", "admin"),
        *_seen("/admin/books/accounts?person=nobody", "admin"),
    ),
    "/admin/books/accounts/{account_id}": _seen("/admin/books/accounts/{account_id}", "admin"),
    "/admin/books/transfers": _seen("/admin/books/transfers", "admin"),
    "/admin/books/transfers/{transfer_id}": _seen("/admin/books/transfers/{transfer_id}", "admin"),
    "/admin/orders": _seen("/admin/orders", "admin"),
    "/admin/refunds": (*_seen("/admin/refunds", "admin"), *_seen("/admin/refunds?state=failed", "admin")),
    "/admin/refunds/{refund_id}": _seen("/admin/refunds/{refund_id}", "admin"),
    "/admin/disputes": (*_seen("/admin/disputes", "admin"), *_seen("/admin/disputes?state=lost", "admin")),
    "/admin/disputes/{dispute_id}": _seen("/admin/disputes/{dispute_id}", "admin"),
    "/admin/splits": _seen("/admin/splits", "admin"),
    "/admin/orders/{order_id}": _seen("/admin/orders/{paid_id}", "admin"),
    "/admin/payouts": _seen("/admin/payouts", "admin"),
    "/admin/fraud": (*_seen("/admin/fraud", "admin"), *_seen("/admin/fraud?person=nobodylikethat", "admin")),
    "/admin/fraud/{flag_id}": _seen("/admin/fraud/{flag_id}", "admin"),
    "/admin/reconciliation": (
        *_seen("/admin/reconciliation", "admin"),
        *_seen("/admin/reconciliation?kind=fee&state=resolved", "admin"),
    ),
    "/admin/reconciliation/{discrepancy_id}": _seen("/admin/reconciliation/{discrepancy_id}", "admin"),
    "/admin/payouts/{payout_id}": _seen("/admin/payouts/{payout_id}", "admin"),
    "/admin/payouts/{payout_id}/let-go": _seen("/admin/payouts/{payout_id}/let-go", "admin"),
    "/admin/users": (*_seen("/admin/users", "admin"), *_seen("/admin/users?q=nobodylikethat", "admin")),
    "/admin/users/{user_id}": _seen("/admin/users/{suspended_id}", "admin"),
    "/admin/users/{user_id}/{decision}": (
        *_seen("/admin/users/{suspended_id}/suspend", "admin"),
        *_seen("/admin/users/{suspended_id}/roles", "admin"),
    ),
    "/admin/audit": (*_seen("/admin/audit", "admin"), *_seen("/admin/audit?who=nobodylikethat", "admin")),
    "/admin/audit/{event_id}": _seen("/admin/audit/{audit_id}", "admin"),
    "/dashboard/account/security": _seen("/dashboard/account/security", "newcomer", "creator"),
    "/dashboard/account/passkeys": _seen("/dashboard/account/passkeys", "newcomer", "creator"),
    "/mfa/setup": _seen("/mfa/setup", "newcomer"),
    "/mfa/backup-codes": _seen("/mfa/backup-codes", "creator"),
    "/mfa/remove": _seen("/mfa/remove", "creator"),
    "/mfa/step-up": (
        *_seen("/mfa/step-up?next=/about", "creator"),
        *_seen("/mfa/step-up?next=/about&with=passkey", "creator"),
        *_seen("/mfa/step-up?next=/about&with=backup", "creator"),
    ),
    "/mfa/challenge": _seen("/mfa/challenge", "anonymous", status=410),
    "/dashboard/account/activity": _seen("/dashboard/account/activity", "newcomer", "creator"),
    "/admin/jobs": _seen("/admin/jobs", "admin"),
    "/admin/jobs/dead": _seen("/admin/jobs/dead", "admin"),
    "/admin/jobs/{job_id}": _seen("/admin/jobs/{job_id}", "admin"),
    "/admin/mail": (*_seen("/admin/mail", "admin"), *_seen("/admin/mail?state=failed", "admin")),
    "/admin/mail/{message_id}": _seen("/admin/mail/{message_id}", "admin"),
    "/admin/webhooks": _seen("/admin/webhooks", "admin"),
    "/admin/webhooks/health": _seen("/admin/webhooks/health", "admin"),
    "/admin/webhooks/{event_id}": _seen("/admin/webhooks/{event_id}", "admin"),
    # no page of its own: what stands where nothing stands
    "404": _seen("/there/is/nothing", "anonymous", "creator", status=404),
}


def page_paths() -> Iterator[str]:
    """The addresses of all pages, as `./stoa routes` shows them."""
    for method, path, _ in handlers():
        if method == "GET" and not path.startswith(NO_PAGES):
            yield path


NAME = "Bartholomea-of-the-unusually-long-surname-Xylander"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
TEXT = f"""A covered walk of columns, open on one side to the market. People came for the *shade*[^1], and **stayed**.

## What stood there

> Nothing in it was for sale that could not be carried away in the head.

- columns, forty of them
- [a painter](https://example.org/painter) at work
- {LONG}

### A table

| Column | Height | Condition |
| --- | ---: | --- |
| First | 11.4 m | as it was built |
| Second | 11.4 m | leaning, but only when the light comes from the west |

```
for column in colonnade: column.stand(height=11.4, leaning=False)  # a line that is longer than any phone is wide
```

![{{alt}}]({{url}})

After a break the text goes on, https://example.org/{"very-" * 20}long-address included.

[^1]: Which was given by the roof.
"""


@dataclass(frozen=True)
class Hall:
    """A furnished hall: who is who, and what the parameters of addresses stand for."""

    house: House
    people: dict[str, Any]
    values: dict[str, Any]


async def fill(house: House) -> Hall:
    """People with texts, gifts, purchases and payouts, each in more than one state, and with words of all lengths."""
    make = house.make
    async with make_client(house.asgi, house.app) as client:
        world = things.World(make, client)
        world.owner = creator = await make.member(NAME, purchased=5000, earned=1234.56)
        world.staff = admin = await make.user("chief", roles=("moderator", "admin"))
        world.stranger = newcomer = await make.user("newcomer", verified=False)
        values = {"username": creator.username, "newcomer": newcomer.username}
        await make.coins(admin, earned=500)
        async with make.tx(admin) as ctx:
            await plans.put_on_plan(ctx, creator.id, Plan.ENTERPRISE)
        values |= await _mail(world)
        await _meet(world)
        await _become(world)
        await _connect(world)
        values |= await _write(world)
        values |= await _library(world)
        values |= await _comic(world)
        values |= await _desk(world)
        values |= await _files(world)
        values |= await _to_read(world)
        values |= await _to_find(world)
        values |= await _houses(world)
        values |= await _team(world)
        values |= await _trade(world)
        values |= await things.dead_job(world) | await things.account(world)
        suspended = await things.suspended(world)
        values |= {"suspended_id": suspended["user_id"], "audit_id": suspended["event_id"]}
        values |= await _withdraw(world)
        values |= await things.held_payout(world) | await things.kept_mail(world) | await things.flag(world)
        values["discrepancy_id"] = (await things.discrepancy(world))["discrepancy_id"]
        await make.phone(creator)
        await make.recent(creator)
        await make.passkey(creator, origin=house.url)
    return Hall(house, {"anonymous": None, "newcomer": newcomer, "creator": creator, "admin": admin}, values)


async def _houses(world: things.World) -> things.Params:
    """A site with everything, in a dark theme; a private one with nothing; one that rests."""
    creator, made = world.owner, []
    for title, theme in ((f"The hall of {LONG[:60]}", "abyss"), ("Quiet", "stoa"), ("Resting", "panel")):
        made.append(await world.call(creator, "POST", "/api/v1/sites", title=title, theme=theme, tagline=LONG))
    house, quiet, resting = made
    path = f"/api/v1/sites/{house['id']}"
    cover = await world.make.picture(creator, width=1600, height=600, alt="A hall")
    links = {"social_links": {"mastodon": "https://example.org/@a", "youtube": "https://example.org/c"}}
    await world.call(creator, "PATCH", path, description=f"{TEXT[:300]} {LONG}", **links)
    await world.call(creator, "PATCH", f"{path}/integrations", google_analytics_id="G-1A2B3C4D5E")
    await world.call(creator, "PATCH", f"{path}/branding", custom_css="p { color: red } @import url(x)")
    await world.call(creator, "POST", f"{path}/domain", domain=f"{LONG[:50].lower()}.example.com")
    for title in ("Hours", LONG):
        page = await world.call(
            creator, "POST", f"{path}/pages", title=title, body_markdown=TEXT.format(alt="", url=""), show_in_nav=True
        )
        await world.call(creator, "POST", f"{path}/pages/{page['id']}/publish")
        made.append(page)
    async with world.make.tx(creator) as ctx:
        await sites.set_picture(ctx, UUID(house["id"]), Place.COVER, cover.id)
        for title in ("The road", LONG):
            series = await create_series(ctx, UUID(house["id"]), title=title[:200], synopsis_markdown=TEXT[:400])
            await publish_series(ctx, series.id)
    await world.call(creator, "PATCH", f"/api/v1/sites/{quiet['id']}", is_public=False)
    closed = {"maintenance": True, "maintenance_message": LONG}
    await world.call(creator, "PATCH", f"/api/v1/sites/{resting['id']}/settings", **closed)
    addresses = {"house": house["slug"], "quiet": quiet["slug"], "resting": resting["slug"]}
    return addresses | {"house_id": house["id"], "quiet_id": quiet["id"], "hours_id": made[3]["id"]}


async def _withdraw(world: things.World) -> things.Params:
    """Payouts of credits, one that arrived and one that was cancelled; a destination to use and one that waits."""
    make, creator = world.make, world.owner
    await make.credits(creator, earned=12_345)
    first = await make.destination(creator, label=LONG[:40], speed="express")
    second = await make.destination(creator, "11112222", currency="JPY", country="JP", label="Travel")
    async with make.tx() as ctx:
        later = ctx.now + timedelta(hours=20)
        await ctx.db.execute("update payout_destinations set usable_from = $2 where id = $1", second.id, later)
    for ending in ("cancel", None):
        made = await world.call(creator, "POST", "/api/v1/payouts", asset="USD", amount_minor=1_000)
        if ending:
            await world.call(creator, "POST", f"/api/v1/payouts/{made['id']}/cancel")
    while await run_due(make.app, now=utcnow() + timedelta(seconds=30)):
        pass
    found = {"destination_id": first.id, "new_destination_id": second.id, "paid_payout_id": made["id"]}
    return found | {"own_destination_id": (await make.destination(world.staff)).id}


async def _mail(world: things.World) -> things.Params:
    """Links in mails: one that confirms the newcomer's e-mail, and two of the creator's."""
    return {
        "verify_token": (await things.link_of(world, world.stranger, LinkKind.EMAIL_VERIFICATION))["token"],
        "reset_token": (await things.reset_link(world))["token"],
        "change_token": (await things.email_change_link(world))["token"],
    }


async def _meet(world: things.World) -> None:
    await things.followed(world)
    await things.blocked(world)
    await world.call(world.staff, "POST", f"/api/v1/authors/{world.owner.id}/follow")


async def _become(world: things.World) -> None:
    """A creator and a brand, with words of all lengths."""
    links = {"website_url": f"https://{LONG[:30].lower()}.example.org/{'very-' * 40}long", "tagline": LONG}
    await world.call(world.owner, "POST", "/api/v1/author-profile", **{**things.AUTHOR, **links, "pen_name": LONG[:80]})
    await world.call(world.owner, "POST", "/api/v1/brand-profile", **{**things.BRAND, "company_name": LONG})


async def _connect(world: things.World) -> None:
    """Google, Apple and X are set up; the creator has two of them, with an address of any length."""
    app = world.make.app
    app.settings = msgspec.structs.replace(app.settings, **Providers("http://127.0.0.1:9").settings())
    await connected(world.make, world.owner, Somebody(email=f"{LONG.lower()}@{LONG[:50].lower()}.example"))
    await connected(world.make, world.owner, Somebody(email=None, name=None), "twitter")


async def _write(world: things.World) -> things.Params:
    make, creator = world.make, world.owner
    picture = await make.picture(creator, width=1200, height=700, alt="Columns in the evening")
    body = TEXT.replace("{alt}", picture.alt).replace("{url}", picture.url)
    full = await make.post(creator, title=f"On the use of {LONG} and other columns", body=body)
    short = await make.post(await make.user("ben"), category="Travel")
    for _ in range(3):
        await make.post(creator)
    await things.waiting(world)
    await things.taken_back(world)
    draft = await make.post(creator, body=body, published=False)
    mature = await make.post(creator, title=f"Not for everybody: {LONG}", rating="mature")
    found = {"slug": full.slug, "published_id": full.id, "short": short.slug, "post_id": draft.id}
    return found | {"mature": mature.slug}


async def _library(world: things.World) -> things.Params:
    """A folder, a picture with a long name in it, a film, one that is damaged, and one in the trash."""
    found = await things.media_folder(world)
    owner = world.client.as_(world.owner)

    async def sent(name: str, content: bytes, **fields: str) -> str:
        answer = await owner.post("/api/v1/media/upload", files={"file": (name, content)}, data=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    picture = samples.picture(900, 600, 77)
    found["media_id"] = await sent(f"{LONG}.png", picture, alt=LONG, folder_id=found["folder_id"], tags="sea,stone")
    found["film_id"] = await sent("film.mp4", samples.film())
    found["broken_id"] = await sent("broken.pdf", b"%PDF-1.7 and no more")
    found["trashed_id"] = (await things.media_in_trash(world))["media_id"]
    return found


async def _comic(world: things.World) -> things.Params:
    """A chapter with pages of all kinds: a spread, a strip in parts, one with a long name, one that is damaged."""
    series = await world.make.series(world.owner, title=f"The lamp of {LONG}", content_type="manga")
    full = await world.make.chapter(world.owner, series, title="Oil", body="", published=False)
    empty = await world.make.chapter(world.owner, series, body="", published=False)
    shapes = ((f"1 {LONG}.png", 60, 90), ("2.png", 120, 90), ("3.png", 40, 2600), ("4.png", 60, 90))
    drawn = [(name, samples.picture(width, height, height)) for name, width, height in shapes]
    pages = [NewImage(name, data, LONG) for name, data in drawn] + [NewImage("5.png", drawn[0][1][:-99], "")]
    async with world.make.tx(world.owner) as ctx:
        await comics.add_images(ctx, full.id, pages)
    return {"comic_id": full.id, "empty_comic_id": empty.id}


async def _to_find(world: things.World) -> things.Params:
    """A series that everybody finds, one for adults; tags that are approved and that wait."""
    found = await things.series_to_find(world)
    adult = await things.series_to_find(world)
    await world.call(world.owner, "PATCH", f"/api/v1/series/{adult['series_id']}/settings", rating="explicit")
    path = f"/api/v1/series/{found['series_id']}"
    await world.call(world.owner, "POST", f"{path}/tags", name=LONG[:50])
    await world.call(world.owner, "PUT", f"{path}/warnings", warnings=[{"warning": "gore", "details": LONG}])
    return {
        "listed_id": found["series_id"],
        "listed_adult": adult["series_id"],
        "listed_tag": found["tag_slug"],
    }


async def _desk(world: things.World) -> things.Params:
    """A novel that is being written: a chapter with two versions and a text that is not saved, one that is closed."""
    make, creator = world.make, world.owner
    series = await make.series(creator, title=f"What is written of {LONG}", synopsis_markdown=TEXT[:400])
    chapter = await make.chapter(creator, series, title=f"Ink {LONG}", body=TEXT[:2000], published=False)
    path = f"/api/v1/chapters/{chapter.id}"
    body = f"{TEXT[:900]}\n\nIt was ||the gardener||.[^1]\n\n| a | b |\n|---|---|\n| 1 | {LONG} |\n\n[^1]: Who else?"
    await world.call(creator, "PUT", f"{path}/content", revision=chapter.revision, body_markdown=body, note=LONG)
    await world.call(creator, "POST", f"{path}/autosave", tab="one", base_version=2, body_markdown="Typed.")
    versions = (await world.call(creator, "GET", f"{path}/versions"))["items"]
    closed = await make.chapter(creator, series, title="For members", access="subscribers")
    return {
        "desk_site": series.site_id,
        "desk_series": series.id,
        "desk_chapter": chapter.id,
        "desk_version": versions[0]["id"],
        "desk_closed": closed.id,
    }


async def _files(world: things.World) -> things.Params:
    """A series into which one file has come while another waits for a yes, with what cannot come; and its own file."""
    series = await world.make.series(world.owner, title=f"The ferry of {LONG}", published=False)
    text = f"# {LONG}\n\n{TEXT[:800]}\n\n# Beta\n\nWords."
    broken = f"{text}\n\n# Deep\n\n{'[' * 500}\n\n![Lost](data:image/svg+xml;base64,AAAA)"
    async with world.make.tx(world.owner) as ctx:
        file = {"filename": f"{LONG}.md"}
        done = await exchange.begin_import(ctx, series.id, data=text.encode(), options=Options(dry_run=False), **file)
    while await run_due(world.make.app):
        pass
    async with world.make.tx(world.owner) as ctx:
        waits = await exchange.begin_import(ctx, series.id, data=broken.encode(), options=Options(), **file)
        await exchange.begin_export(ctx, series.id, Target.ZIP)
    while await run_due(world.make.app):
        pass
    return {"files_series": series.id, "checked_import": waits.id, "done_import": done.id}


async def _to_read(world: things.World) -> things.Params:
    """A novel with a cover, warnings, a long chapter and one that is closed; one for adults; a comic's chapter."""
    make = world.make
    creator = await make.user("reed", roles=("creator",))  # whose plan has room for three series
    cover = await make.picture(creator, width=600, height=900, alt="A road at night")
    series = await make.series(
        creator, title=f"The road to {LONG}", synopsis_markdown=TEXT[:700], cover_media_id=cover.id, chapters=1
    )
    async with make.tx(creator) as ctx:
        await set_warnings(ctx, series.id, dict.fromkeys(list(WARNINGS)[:2], LONG))
    body = TEXT.replace("{alt}", cover.alt).replace("{url}", cover.url) + "\n\nIt was ||the gardener||."
    note = {"author_note_markdown": f"Thank you. {LONG}", "author_note_position": "start"}
    long = await make.chapter(creator, series, title=f"Where it bends {LONG}", body=body, **note)
    closed = await make.chapter(creator, series, title="For members", access="subscribers")
    adult = await make.series(creator, title="Not for everybody", rating="explicit")
    comic = await make.series(creator, title="Ink and rain", content_type="manga")
    rain = await make.chapter(creator, comic, title="Rain", body="", published=False)
    async with make.tx(creator) as ctx:
        drawn = [NewImage(f"{n}.png", samples.picture(60, 90, n), LONG) for n in (1, 2)]
        await comics.add_images(ctx, rain.id, drawn)
    while await run_due(make.app, now=utcnow() + timedelta(seconds=30)):
        pass
    async with make.tx(creator) as ctx:
        rain = await publish_chapter(ctx, rain.id)
    found = {"read_site": series.site_slug, "read_series": series.url, "read_adult": adult.url, "read_comic": rain.url}
    return found | {"read_long": long.slug, "read_closed": closed.slug}


async def _team(world: things.World) -> things.Params:
    """Somebody who works for the creator, somebody who pauses, an open invitation and an expired one; and another one
    for the creator."""
    make, creator = world.make, world.owner
    site_id = await make.site(creator)
    await make.invite(creator, f"{LONG[:60].lower().replace('ä', 'a')}@example.org", "manager")
    async with make.tx() as ctx:
        await ctx.db.execute("update collaborators set expires_at = $1", ctx.now)
    member = await make.collaborator(creator, world.staff, "editor", ("see_analytics",))
    paused = await make.collaborator(creator, await make.user("paused"), "translator")
    path = f"/api/v1/sites/{site_id}/collaborators/{paused}"
    await world.call(creator, "PATCH", path, is_active=False, reason=f"On leave. {LONG}")
    open_, _ = await make.invite(creator, "analyst@example.org", "analyst")
    _, token = await make.invite(await make.user("olga"), creator.email, "manager")
    return {
        "site_id": site_id,
        "collaborator_id": member,
        "paused_collaborator_id": paused,
        "invited_collaborator_id": open_,
        "invite_token": token,
    }


async def _want_back(world: things.World) -> things.Params:
    """The creator wants a payment back, somebody wants one back of them, and two are disputed."""
    wanted, asked = await things.asked_for(world), await things.asked_of_owner(world)
    disputed, answered = await things.disputed(world), await things.evidence_file(world)
    return {
        "wanted_back_id": wanted["payment_id"],
        "refund_id": wanted["refund_id"],
        "asked_back_id": asked["payment_id"],
        "disputed_id": disputed["payment_id"],
        "dispute_id": disputed["dispute_id"],
        "answered_id": answered["payment_id"],
    }


async def _trade(world: things.World) -> things.Params:
    creator, other = world.owner, await world.make.member("giver", purchased=5000)
    found = await things.transfer(world) | await things.gift(world)
    for amount, message in ((50, "For the shade."), (7, None), (1200, f"{LONG} " * 4)):
        body = {"amount": amount, "recipient_id": str(creator.id), "message": message}
        found["received_id"] = (await world.call(other, "POST", "/api/v1/gifts", **body))["id"]
    order = await things.order(world)
    closed = await things.order(world)
    await world.call(creator, "POST", f"/api/v1/orders/{closed['order_id']}/cancel")
    paid = await things.paid_order(world)
    found |= order | {"closed_id": closed["session_id"], "paid_id": paid["order_id"]} | await things.challenge(world)
    found |= await things.webhook_event(world)
    found |= await _tip_by_card(world)
    found |= await _want_back(world)
    await _own_gateways(world)
    while await run_due(world.make.app):
        pass
    return found


async def _tip_by_card(world: things.World) -> things.Params:
    """Tips by card for one creator: open, paid, declined, and given up."""
    site = await world.make.user()
    await world.make.site(site)
    sessions = []
    for method in (None, "pm_card_visa", "pm_card_chargeDeclined", None):
        body = {"recipient_id": str(site.id), "superlike": True}
        made = await world.call(world.owner, "POST", "/api/v1/checkout/tip", **body)
        sessions.append(made["session_id"])
        if method:
            path = f"/api/v1/orders/{made['order_id']}/confirm"
            await world.call(world.owner, "POST", path, payment_method_id=method)
    await world.call(world.owner, "POST", f"/api/v1/orders/{made['order_id']}/cancel")
    names = ("tip_session", "tip_paid", "tip_failed", "tip_closed")
    return {"site": site.username} | dict(zip(names, sessions, strict=True))


async def _own_gateways(world: things.World) -> None:
    """Two of the creator's own: one that payments go to, and one that waits for its webhook secret."""
    from stoa.money.payments.actions import accounts
    from stoa.money.payments.types.accounts import NewKeys, Tried

    async with world.make.tx(world.owner) as ctx:
        keys = NewKeys(provider="stripe", secret="sk_live_of_somebody", webhook_secret="whsec_of_somebody")
        await accounts.connect(ctx, keys, Tried(account_id="acct_1QXylanderColumns", is_live=True))
        keys = NewKeys(provider="razorpay", secret="secret-of-somebody", key_id="rzp_test_Xylander")
        await accounts.connect(ctx, keys, Tried(account_id=None, is_live=False))
