"""Services that count a site's visitors, by its id there."""

from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.sites import gateways
from stoa.creation.sites.policies.domains import host_of
from stoa.creation.sites.queries import site_detail
from stoa.creation.sites.types import Checked, DomainState, Integration, SiteDetail
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid

_SERVICES: Final = {  # the field of a site's settings, what it is called, where its id is found, who knows the id
    "google_analytics": (
        "google_analytics_id",
        "Google Analytics",
        "The measurement id of your data stream: G-…",
        "https://www.googletagmanager.com/gtag/js?id={}",
    ),
    "facebook_pixel": (
        "facebook_pixel_id",
        "Meta pixel",
        "The number of your pixel, in Meta's Events Manager",
        "https://connect.facebook.net/signals/config/{}",
    ),
    "plausible": ("plausible_domain", "Plausible", "The domain under which Plausible lists your site", ""),
}


class Question(msgspec.Struct, frozen=True):
    """What is to be asked of whom. `hosts`: where the site can be reached."""

    kind: str
    label: str
    id: str
    url: str
    hosts: list[str]


def integrations_of(site: SiteDetail) -> list[Integration]:
    """All services that there are, with the site's id at each."""
    return [
        Integration(kind, label, getattr(site, field), about) for kind, (field, label, about, _) in _SERVICES.items()
    ]


async def integration_question(ctx: Ctx, site_id: UUID, kind: str) -> Question:
    """What is to be asked about a service. Raises NotFound, Forbidden, and Invalid where the site does not use it."""
    site = await site_detail(ctx, await access_site(ctx, site_id, Permission.MANAGE_SETTINGS))
    field, label, _, url = _SERVICES[kind]
    held: str | None = getattr(site, field)
    if held is None:
        raise Invalid(fields={"kind": f"This site has no id of {label} yet"})
    host = host_of(ctx.app.settings)
    own = [site.domain] if site.domain and site.domain_state is DomainState.VERIFIED else []
    return Question(kind, label, held, url.format(held), [*own, f"{site.slug}.{host}", host])


async def ask(question: Question) -> Checked:
    """Whether a service knows the site's id. Outside of any transaction. Raises nothing."""

    def said(ok: bool, message: str) -> Checked:
        return Checked(question.kind, question.id, ok, message)

    if not question.url:
        if question.id in question.hosts:
            return said(True, "Visits are counted under an address of this site")
        return said(False, f"Visits would be counted under {question.id}, which is no address of this site")
    known = await gateways.watch().knows(question.url)
    if known is None:
        return said(False, f"{question.label} did not answer just now; please try again in a moment")
    if not known:
        return said(False, f"{question.label} does not know this id. Please look whether a sign is missing")
    return said(True, f"{question.label} knows this id")
