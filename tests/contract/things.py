"""For each route with an id in its path: a thing that somebody owns, and who may come near it.

A new route with an id gets a line in CASES. What makes the thing is a function below: it answers the parameters of the
path by name; those that a route does not have are left out. `OWNER`: strangers get 404 (or 403) and change nothing, the
owner gets in. `STAFF`: only staff gets in. `ANYBODY`: it is there for all. `NOBODY`: strangers are refused, and for the
owner it is no use either.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from stoa.creation.comics import actions as comics
from stoa.creation.comics.actions import NewImage
from stoa.creation.exchange import actions as exchange
from stoa.creation.exchange.types import Options as ImportOptions
from stoa.creation.exchange.types import Target
from stoa.creation.serials.actions.series import unpublish_series
from stoa.creation.serials.queries.opening import access_of
from stoa.foundation.identity.actions import links
from stoa.foundation.identity.types import LinkKind
from stoa.foundation.mail import actions as mail
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.ids import new_id
from stoa.money.payments.actions import hosted
from stoa.money.payments.types import SandboxCard
from stoa.money.reconciliation import actions as reconciliation
from tests.conftest import PASSWORD
from tests.creation.exchange import samples as documents
from tests.factories.creation import BODY
from tests.foundation.media import samples

Params = dict[str, Any]


class Who(Enum):
    """Whom a thing lets in."""

    OWNER = "owner"
    STAFF = "staff"
    ANYBODY = "anybody"
    NOBODY = "nobody"


class World:
    """What the makers of things work with: factories, and clients signed in as the people of the story."""

    def __init__(self, make: Any, client: Any) -> None:
        self.make = make
        self.client = client
        self.owner: Any = None
        self.stranger: Any = None
        self.staff: Any = None

    async def people(self) -> None:
        """An owner with coins of all kinds, a stranger with some, and an admin."""
        self.owner = await self.make.member(purchased=5000, earned=1000)
        self.stranger = await self.make.member(purchased=5000, earned=1000)
        self.staff = await self.make.user(roles=("moderator", "admin"))

    async def begin_anew(self, who: "Who") -> None:
        """An owner who has nothing yet; an admin, too, where staff does not judge other people's things."""
        if who is Who.STAFF:
            self.owner = await self.make.member(purchased=5000, earned=1000)
        else:
            self.owner = self.staff = await self.make.user(roles=("moderator", "admin"))
            await self.make.coins(self.owner, purchased=5000, earned=1000)

    async def call(self, user: Any, method: str, path: str, **body: Any) -> Any:
        """A request that must succeed; its JSON."""
        answer = await self.client.as_(user).request(method, path, json=body or None)
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}


@dataclass(frozen=True)
class Case:
    """Who gets at a thing, made by `thing`, with this JSON body, these form fields, or these parts of a form."""

    who: Who
    thing: Callable[[World], Awaitable[Params]]
    json: Callable[[Params], Any] | None = None
    form: Callable[[Params], dict[str, str]] | None = None
    parts: Callable[[Params], dict[str, Any]] | None = None


# ---- things ----------------------------------------------------------------------------------------------------


def _of_post(post: Any) -> Params:
    return {"post_id": post.id, "work_id": post.id, "id": post.id, "slug": post.slug, "revision": post.revision}


async def draft(world: World) -> Params:
    """A text that nobody but its author has seen."""
    return _of_post(await world.make.post(world.owner, published=False))


async def published(world: World) -> Params:
    """A post that everybody can read."""
    return _of_post(await world.make.post(world.owner))


async def taken_back(world: World) -> Params:
    """A post that had readers, and has an address, but is hidden now."""
    post = await world.make.post(world.owner)
    answer = await world.call(world.owner, "POST", f"/api/v1/posts/{post.id}/unpublish")
    return _of_post(post) | {"revision": answer["revision"]}


async def waiting(world: World) -> Params:
    """A text that waits for a moderator."""
    spam = f"{BODY} Buy now, limited offer!!!!!!!!!!!!!! https://a.example https://b.example https://c.example\n"
    post = await world.make.post(world.owner, body=spam)
    assert post.state == "in_review", post.state
    return _of_post(post)


async def picture(world: World) -> Params:
    """An uploaded picture."""
    made = await world.make.picture(world.owner)
    return {"media_id": made.id, "name": "320.webp"}


async def media_file(world: World) -> Params:
    """A picture of the owner's, with an address that lets anybody have the file."""
    made = await picture(world)
    found = await world.call(world.owner, "GET", f"/api/v1/media/{made['media_id']}")
    return made | {"token": found["links"]["stream_url"].rpartition("/")[2]}


async def media_in_trash(world: World) -> Params:
    """A picture in the owner's trash."""
    made = await picture(world)
    await world.call(world.owner, "DELETE", f"/api/v1/media/{made['media_id']}")
    return made


async def chapter_to_read(world: World) -> Params:
    """A chapter that everybody can read."""
    series = await world.make.series(world.owner)
    chapter = await world.make.chapter(world.owner, series, title="The gate")
    place = {"site": chapter.site_slug, "series": chapter.series_slug, "chapter": chapter.slug}
    return {**place, "number": str(chapter.number), "chapter_id": chapter.id, "series_id": series.id}


async def chapter_in_the_drawer(world: World) -> Params:
    """Two drafts in a series that is out; one was saved twice, warns, and has a text that is not saved."""
    series, target = await world.make.series(world.owner), await world.make.series(world.owner)
    one, two = [await world.make.chapter(world.owner, series, published=False) for _ in range(2)]
    path = f"/api/v1/chapters/{one.id}"
    saved = await world.call(world.owner, "PUT", f"{path}/content", revision=one.revision, body_markdown="Other words.")
    await world.call(world.owner, "POST", f"{path}/warnings", warning="violence")
    await world.call(world.owner, "POST", f"{path}/autosave", tab="one", base_version=1, body_markdown="Typed.")
    versions = (await world.call(world.owner, "GET", f"{path}/versions"))["items"]
    async with world.make.tx(world.owner) as ctx:
        stamp = (await access_of(ctx, one.id)).stamp
    return {
        **{"chapter_id": one.id, "series_id": series.id, "revision": saved["revision"], "warning_id": "violence"},
        "stamp": stamp,
        **{"version_id": versions[0]["id"], "v1": 1, "v2": 2, "chapter_ids": [str(one.id), str(two.id)]},
        "target_id": str(target.id),
    }


async def chapter_on_schedule(world: World) -> Params:
    """A draft that is to be published, and to be open to all, on days to come."""
    made = await chapter_in_the_drawer(world)
    path = f"/api/v1/chapters/{made['chapter_id']}"
    await world.call(world.owner, "PATCH", f"{path}/access", access="subscribers")
    await world.call(world.owner, "POST", f"{path}/schedule", at=LATER)
    await world.call(world.owner, "POST", f"{path}/schedule-free", at=LATER)
    return made


async def chapter_in_the_bin(world: World) -> Params:
    """A draft that was deleted, and can be restored."""
    made = await chapter_in_the_drawer(world)
    await world.call(world.owner, "DELETE", f"/api/v1/chapters/{made['chapter_id']}")
    return made


async def chapter_for_sale(world: World) -> Params:
    """A published chapter that costs coins."""
    made = await chapter_to_read(world)
    price = {"access": "subscribers", "price_minor": 500, "price_asset": "COIN"}
    await world.call(world.owner, "PATCH", f"/api/v1/chapters/{made['chapter_id']}/access", **price)
    return made


async def chapter_taken_back(world: World) -> Params:
    """A chapter that had readers; its series is hidden now."""
    made = await chapter_to_read(world)
    async with world.make.tx(world.owner) as ctx:
        await unpublish_series(ctx, made["series_id"])
    return made


async def import_to_confirm(world: World) -> Params:
    """A file that was read, and waits for a yes; with one that is still to be read, and the series."""
    series = await world.make.series(world.owner)
    app = world.make.app
    async with world.make.tx(world.owner) as ctx:
        file = {"data": b"# Alpha\n\nWords.", "filename": "x.md", "options": ImportOptions()}
        first = await exchange.begin_import(ctx, series.id, **file)
        second = await exchange.begin_import(ctx, series.id, **file)
    async with app.database.connection() as db:
        await exchange.read_import(Ctx(db, None, utcnow(), "test", app), first.id)
    return {"series_id": series.id, "import_id": first.id, "unread_id": second.id}


async def import_to_call_off(world: World) -> Params:
    """A file that is still to be read."""
    made = await import_to_confirm(world)
    return made | {"import_id": made["unread_id"]}


async def chapter_as_zip(world: World) -> Params:
    """A chapter, and as what it is to be written."""
    return await chapter_to_read(world) | {"format": "zip"}


async def series_as_file(world: World) -> Params:
    """A series that was written as a file."""
    series = await world.make.series(world.owner, chapters=1)
    app = world.make.app
    async with world.make.tx(world.owner) as ctx:
        made = await exchange.begin_export(ctx, series.id, Target.MARKDOWN)
    async with app.database.connection() as db:
        await exchange.make_export(Ctx(db, None, utcnow(), "test", app), made.id)
    return {"series_id": series.id, "export_id": made.id}


async def comic_page(world: World) -> Params:
    """A draft of a comic's chapter with one page."""
    series = await world.make.series(world.owner, content_type="manga")
    chapter = await world.make.chapter(world.owner, series, body="", published=False)
    async with world.make.tx(world.owner) as ctx:
        page = NewImage("1.png", samples.picture(40, 60))
        (made,) = (await comics.add_images(ctx, chapter.id, [page])).images
    return {"chapter_id": chapter.id, "image_id": made.id}


async def site(world: World) -> Params:
    """A site of the owner's that is not their first one, with a page that is out."""
    await world.call(world.owner, "POST", "/api/v1/sites", title="The first")
    made = await world.call(world.owner, "POST", "/api/v1/sites", title="The second")
    path = f"/api/v1/sites/{made['id']}/pages"
    page = await world.call(world.owner, "POST", path, title="Hours", body_markdown="From nine to five")
    await world.call(world.owner, "POST", f"{path}/{page['id']}/publish")
    return {"site_id": made["id"], "slug": made["slug"], "page_id": page["id"], "revision": 2}


async def site_page(world: World) -> Params:
    """A page of the owner's site that is out, by its address."""
    return await site(world) | {"slug": "hours"}


async def site_draft(world: World) -> Params:
    """A page of the owner's site that only they have seen."""
    made = await site(world)
    path = f"/api/v1/sites/{made['site_id']}/pages"
    page = await world.call(world.owner, "POST", path, title="Later", body_markdown="Not yet")
    return made | {"page_id": page["id"], "slug": "later", "revision": 1}


async def private_site(world: World) -> Params:
    """A site that only its owner sees."""
    made = await site(world)
    await world.call(world.owner, "PATCH", f"/api/v1/sites/{made['site_id']}", is_public=False)
    return made


async def deleted_site(world: World) -> Params:
    """A site in its owner's trash."""
    made = await site(world)
    await world.call(world.owner, "DELETE", f"/api/v1/sites/{made['site_id']}")
    return made


async def site_with_domain(world: World) -> Params:
    """A site with a domain of its own."""
    made = await site(world)
    domain = f"{world.owner.username}.example.com"
    await world.call(world.owner, "POST", f"/api/v1/sites/{made['site_id']}/domain", domain=domain)
    return made | {"domain": domain}


async def site_with_proved_domain(world: World) -> Params:
    """A site whose domain is proved."""
    made = await site_with_domain(world)
    async with world.make.tx() as ctx:
        await ctx.db.execute(
            "update site_domains set state = 'verified', verified_at = now() where domain = $1", made["domain"]
        )
    return made


async def site_house(world: World) -> Params:
    """The same site as its visitors find it, with the address of its page."""
    made = await site(world)
    return made | {"site": made["slug"], "page_slug": "hours"}


async def closed_house(world: World) -> Params:
    """A site that only its owner sees, with the address of its page."""
    made = await private_site(world)
    return made | {"site": made["slug"], "page_slug": "hours"}


async def house_draft(world: World) -> Params:
    """A page of an open site that only its owner has seen."""
    made, draft = await site_house(world), "later"
    await world.call(
        world.owner, "POST", f"/api/v1/sites/{made['site_id']}/pages", title="Later", body_markdown="Not yet"
    )
    return made | {"page_slug": draft}


def _tag() -> str:
    """A name that no moderator has seen."""
    return f"Slow burn {new_id().hex[-8:]}"


async def series_in_the_drawer(world: World) -> Params:
    """A series that only its author has seen, with a genre, a tag and a warning."""
    made = await world.make.series(world.owner, published=False)
    path = f"/api/v1/series/{made.id}"
    await world.call(world.owner, "PUT", f"{path}/genres", genre_ids=[FANTASY])
    (tag,) = await world.call(world.owner, "PUT", f"{path}/tags", tags=[_tag()])
    await world.call(world.owner, "PUT", f"{path}/warnings", warnings=[{"warning": "war"}])
    return {
        **{"series_id": made.id, "site_id": made.site_id, "revision": made.revision},
        **{"genre_id": FANTASY, "tag_id": tag["id"], "tag_slug": tag["slug"], "warning_id": "war"},
    }


async def series_cover(world: World) -> Params:
    """A series, and the place of its cover."""
    return await series_in_the_drawer(world) | {"place": "cover"}


async def series_pausing(world: World) -> Params:
    """A series that is out, and pauses."""
    made = await world.make.series(world.owner)
    await world.call(world.owner, "POST", f"/api/v1/series/{made.id}/hiatus")
    return {"series_id": made.id}


async def series_in_the_bin(world: World) -> Params:
    """The same, deleted."""
    made = await series_in_the_drawer(world)
    await world.call(world.owner, "DELETE", f"/api/v1/series/{made['series_id']}")
    return made


async def series_to_find(world: World) -> Params:
    """A series that is out, listed, with a tag that is approved."""
    cover = await world.make.picture(world.owner)
    synopsis = "A city keeps its weather in jars, and somebody has opened one of them at night."
    made = await world.make.series(world.owner, chapters=1, synopsis_markdown=synopsis, cover_media_id=cover.id)
    path = f"/api/v1/series/{made.id}"
    await world.call(world.owner, "PUT", f"{path}/genres", genre_ids=[FANTASY])
    await world.call(world.owner, "POST", f"{path}/list")
    (tag,) = await world.call(world.owner, "PUT", f"{path}/tags", tags=[_tag()])
    await world.call(world.staff, "POST", f"/api/v1/admin/tags/{tag['id']}/approve")
    return {
        **{"series_id": made.id, "site_id": made.site_id, "slug": made.slug},
        **{"genre_id": FANTASY, "genre_slug": "fantasy", "tag_id": tag["id"], "tag_slug": tag["slug"]},
    }


async def series_taken_back(world: World) -> Params:
    """A series that had readers, and has an address, but is hidden now."""
    made = await world.make.series(world.owner)
    await world.call(world.owner, "POST", f"/api/v1/series/{made.id}/unpublish")
    return {"series_id": made.id, "site_id": made.site_id, "slug": made.slug}


async def two_tags(world: World) -> Params:
    """A tag that waits for a moderator, and one to put it with."""
    series = await world.make.series(world.owner)
    names = [_tag(), _tag()]
    one, other = await world.call(world.owner, "PUT", f"/api/v1/series/{series.id}/tags", tags=names)
    return {"tag_id": one["id"], "into_id": other["id"], "into": other["name"], "tag_slug": one["slug"]}


async def house_series(world: World) -> Params:
    """A series that is out, by its address."""
    made = await world.make.series(world.owner, chapters=1)
    return {"site": made.site_slug, "series": made.slug}


async def house_series_draft(world: World) -> Params:
    """A series that is not out; nobody is told of it by a feed."""
    made = await world.make.series(world.owner, published=False)
    return {"site": made.site_slug, "series": str(made.id)}


async def site_logo(world: World) -> Params:
    """A site, and the place of its logo."""
    return await site(world) | {"place": "logo"}


async def site_map(world: World) -> Params:
    """The map of people, of whom one has published something."""
    await world.make.post(world.owner)
    return {"name": "people-1.xml"}


async def media_folder(world: World) -> Params:
    """A folder of the owner's library."""
    return {"folder_id": (await world.call(world.owner, "POST", "/api/v1/media/folders", name="Stones"))["id"]}


async def media_upload(world: World) -> Params:
    """An upload of the owner's, of two bytes, that nothing has come of yet."""
    body = {"filename": "a.txt", "size_bytes": 2}
    made = await world.call(world.owner, "POST", "/api/v1/media/upload/signed-url", **body)
    return {"upload_id": made["upload_id"], "token": made["parts"][0]["url"].rpartition("/")[2]}


async def passkey(world: World) -> Params:
    """A passkey of the owner's, whose session has shown a second factor just now."""
    await world.make.passkey(world.owner)
    await world.make.recent(world.owner)
    (made,) = await world.call(world.owner, "GET", "/api/v1/auth/passkeys")
    return {"passkey_id": made["id"]}


async def session(world: World) -> Params:
    """A place where the owner is signed in."""
    return {"session_id": world.owner.actor.session_id}


async def verification_link(world: World) -> Params:
    """A link that confirms the owner's e-mail; good for whoever has it."""
    return await link_of(world, world.owner, LinkKind.EMAIL_VERIFICATION)


async def reset_link(world: World) -> Params:
    """A link that sets the owner's password; good for whoever has it."""
    return await link_of(world, world.owner, LinkKind.PASSWORD_RESET)


async def email_change_link(world: World) -> Params:
    """One of the two links of a change of the owner's e-mail; good for the owner only."""
    return await link_of(world, world.owner, LinkKind.EMAIL_CHANGE_NEW, new_email=f"{new_id().hex}@example.org")


async def link_of(world: World, user: Any, kind: LinkKind, new_email: str | None = None) -> Params:
    """The end of a fresh link of somebody's; its mail has its own tests."""
    async with world.make.tx() as ctx:
        account = await links.lock_account(ctx, user.id)
        assert account is not None
        return {"token": await links.issue(ctx, account, kind, new_email=new_email)}


async def person(world: World) -> Params:
    """Somebody with a profile."""
    other = await world.make.user()
    return {"username": other.username, "user_id": other.id, "author_id": other.id}


async def suspended(world: World) -> Params:
    """Somebody who is suspended, and the events in which that stands."""
    made = await person(world)
    path = f"/api/v1/admin/users/{made['user_id']}/suspend"
    await world.call(world.staff, "POST", path, reason="Broke a rule of the house")
    found = await world.call(world.staff, "GET", f"/api/v1/admin/audit?subject_id={made['user_id']}&action=identity.")
    return made | {"decision": "reinstate", "event_id": found["items"][0]["id"]}


async def to_suspend(world: World) -> Params:
    """Somebody about whom a decision is due."""
    return await person(world) | {"decision": "suspend"}


async def oneself(world: World) -> Params:
    """The owner's own account."""
    return {"user_id": world.owner.id}


async def followed(world: World) -> Params:
    """Somebody whom the owner follows."""
    made = await person(world)
    await world.call(world.owner, "POST", f"/api/v1/authors/{made['author_id']}/follow")
    return made


async def blocked(world: World) -> Params:
    """Somebody whom the owner has blocked."""
    made = await person(world)
    await world.call(world.owner, "PUT", f"/api/v1/me/blocked/{made['user_id']}")
    return made


async def invited_by_owner(world: World) -> Params:
    """An open invitation to the owner's site, sent a while ago."""
    site_id = await world.make.site(world.owner)
    made, _ = await world.make.invite(world.owner, "somebody.else@example.org")
    async with world.make.tx() as ctx:
        await ctx.db.execute("update collaborators set sent_at = sent_at - interval '1 day' where id = $1", made)
    return {"site_id": site_id, "collaborator_id": made}


async def on_team(world: World) -> Params:
    """Somebody who works on the owner's site."""
    site_id = await world.make.site(world.owner)
    other = await world.make.user()
    return {"site_id": site_id, "collaborator_id": await world.make.collaborator(world.owner, other)}


async def paused_on_team(world: World) -> Params:
    """Somebody who may not work on the owner's site now."""
    made = await on_team(world)
    path = f"/api/v1/sites/{made['site_id']}/collaborators/{made['collaborator_id']}"
    await world.call(world.owner, "PATCH", path, is_active=False)
    return made


async def invited_to_team(world: World) -> Params:
    """An invitation of somebody else to the owner's address."""
    _, token = await world.make.invite(await world.make.user(), world.owner.email)
    return {"token": token}


AUTHOR = {
    "pen_name": "A. Columns",
    "tagline": "Stories from the shade",
    "full_bio": "Born under a roof.",
    "website_url": "https://columns.example.org/about",
    "twitter_handle": "columns",
    "instagram_handle": "columns",
    "tiktok_handle": "columns",
    "youtube_channel": "https://www.youtube.com/@columns",
    "discord_server": "https://discord.gg/abc",
    "patreon_page": "https://patreon.com/columns",
    "kofi_page": "https://ko-fi.com/columns",
    "genres": ["Fantasy", "Essay"],
    "primary_genre": "Essay",
    "writing_since": "2009-04-01",
    "accepting_commissions": True,
    "commission_info": "Short stories, four weeks.",
    "commission_min_price": 50_00,
    "commission_max_price": 500_00,
    "commission_currency": "EUR",
    "allow_direct_messages": True,
    "show_email": False,
}
BRAND = {
    "company_name": "Columns Ltd",
    "about": "We build what stands.",
    "industry": "Building",
    "website_url": "https://columns.example.org",
    "contact_email": "hello@columns.example.org",
}


async def creator_and_brand(world: World) -> Params:
    """Somebody who is both."""
    other = await world.make.user()
    await world.call(other, "POST", "/api/v1/author-profile", **AUTHOR)
    await world.call(other, "POST", "/api/v1/brand-profile", **BRAND)
    return {"username": other.username, "user_id": other.id}


async def order(world: World) -> Params:
    """An order whose hosted page is open."""
    made = await world.call(world.owner, "POST", "/api/v1/wallet/checkout", package_id=1)
    return {"order_id": made["order_id"], "session_id": made["session_id"]}


async def tip_checkout(world: World) -> Params:
    """A tip by card whose hosted page is open, for somebody with a site."""
    other = await world.make.user()
    await world.make.site(other)
    made = await world.call(world.owner, "POST", "/api/v1/checkout/tip", recipient_id=str(other.id))
    return {"order_id": made["order_id"], "session_id": made["session_id"], "site": other.username}


async def paid_order(world: World) -> Params:
    """An order that is paid."""
    made = await world.call(
        world.owner, "POST", "/api/v1/wallet/purchases", package_id=1, payment_method_id="pm_card_visa"
    )
    return {"order_id": made["id"]}


async def asked_for(world: World) -> Params:
    """A payment of the owner's that they asked to have back."""
    made = (await paid_order(world))["order_id"]
    asked = await world.call(world.owner, "POST", f"/api/v1/payments/{made}/refund", reason="A mistake")
    return {"payment_id": made, "refund_id": asked["id"]}


async def asked_of_owner(world: World) -> Params:
    """A gift to the owner that its giver asked to have back."""
    other = await world.make.member(purchased=100)
    gift = await world.call(other, "POST", "/api/v1/gifts", recipient_id=str(world.owner.id), amount=5)
    asked = await world.call(other, "POST", f"/api/v1/payments/{gift['id']}/refund", reason="A mistake")
    return {"payment_id": gift["id"], "refund_id": asked["id"], "decision": "approve"}


async def disputed(world: World) -> Params:
    """A card tip to the owner whose payer's bank wants it back."""
    other = await world.make.user()
    body = {"recipient_id": str(world.owner.id), "superlike": True}
    opened = await world.call(other, "POST", "/api/v1/checkout/tip", **body)
    path = f"/api/v1/orders/{opened['order_id']}/confirm"
    await world.call(other, "POST", path, payment_method_id="pm_card_createDispute")
    found = await world.call(world.owner, "GET", f"/api/v1/payments/{opened['order_id']}/dispute")
    return {"payment_id": opened["order_id"], "dispute_id": found["id"]}


async def evidence_file(world: World) -> Params:
    """A file that the owner handed in."""
    made = await disputed(world)
    parts = [("text", (None, "This is what happened")), ("files", ("a.pdf", b"%PDF-1.4", "application/pdf"))]
    path = f"/api/v1/payments/{made['payment_id']}/dispute/evidence"
    answer = await world.client.as_(world.owner).post(path, files=parts)
    assert answer.status_code == 201, answer.text
    return made | {"file_id": answer.json()["evidence"][0]["files"][0]["id"]}


async def challenge(world: World) -> Params:
    """A payment that waits for its payer's bank."""
    method = "pm_card_authenticationRequired"
    made = await world.call(world.owner, "POST", "/api/v1/wallet/purchases", package_id=1, payment_method_id=method)
    return {"payment_id": urlsplit(made["next_action"]["url"]).path.rpartition("/")[2]}


async def gift(world: World) -> Params:
    """A gift that the owner made to somebody else, and can still take back."""
    other = await world.make.user()
    made = await world.call(world.owner, "POST", "/api/v1/gifts", amount=5, recipient_id=str(other.id))
    return {"gift_id": made["id"]}


async def tip(world: World) -> Params:
    """A tip that the owner gave to somebody else."""
    other = await world.make.user()
    made = await world.call(world.owner, "POST", "/api/v1/tips", recipient_id=str(other.id))
    return {"tip_id": made["id"]}


async def made_payment(world: World) -> Params:
    """Something that the owner paid for."""
    return {"payment_id": (await paid_order(world))["order_id"]}


async def received_payment(world: World) -> Params:
    """Something that was paid to the owner."""
    other = await world.make.member(purchased=100)
    made = await world.call(other, "POST", "/api/v1/gifts", amount=5, recipient_id=str(world.owner.id))
    return {"payment_id": made["id"]}


async def transfer(world: World) -> Params:
    """A movement on the owner's accounts."""
    await gift(world)
    lines = await world.call(world.owner, "GET", "/api/v1/wallet/history")
    return {"transfer_id": lines["items"][0]["id"]}


async def payout(world: World) -> Params:
    """A payout that has just been asked for."""
    made = await world.call(world.owner, "POST", "/api/v1/payouts", destination="sandbox_bank")
    return {"payout_id": made["id"]}


async def destination(world: World) -> Params:
    """Where the owner wants to be paid out."""
    return {"destination_id": (await world.make.destination(world.owner)).id, "provider": "sandbox"}


async def held_payout(world: World) -> Params:
    """A payout that staff holds for review."""
    made = await payout(world)
    path = f"/api/v1/payouts/{made['payout_id']}/review"
    await world.call(world.staff, "POST", path, reason="Let us look at it")
    return made | {"decision": "approve"}


async def flag(world: World) -> Params:
    """Eleven gifts of the owner's within an hour, which were noticed."""
    other = await world.make.user()
    for _ in range(11):
        await world.call(world.owner, "POST", "/api/v1/gifts", recipient_id=str(other.id), amount=1)
    found = await world.call(world.staff, "GET", f"/api/v1/admin/fraud?person={world.owner.username}&flag_state=open")
    return {"flag_id": found["items"][0]["id"], "decision": "reject"}


async def discrepancy(world: World) -> Params:
    """A payment that a gateway lists and nobody here heard of, and the comparison that found it."""
    opened = await order(world)
    async with world.make.tx() as ctx:
        await hosted.submit_card(ctx, opened["session_id"], SandboxCard("4242 4242 4242 4242", "04/40", "123"))
        await ctx.db.execute("delete from jobs where type like '%DeliverSandboxEvent'")
        forgotten = "update reconciliation_runs set state = 'failed', failure = 'No worker here', ended_at = $1"
        await ctx.db.execute(f"{forgotten} where state = 'running'", ctx.now)
    later = utcnow() + timedelta(seconds=1)
    async with world.make.app.database.transaction() as db:
        asked = Ctx(db, None, later, "things", world.make.app)
        begun = await reconciliation.start(asked, subject="payments", gateway="sandbox", until=later, queued=False)
    async with world.make.app.database.connection() as db:
        run = await reconciliation.perform(Ctx(db, None, later, "things", world.make.app), begun.id)
    path = "/api/v1/reconciliation/discrepancies?matter_state=open&limit=50"
    found = await world.call(world.staff, "GET", path)
    (row,) = [one for one in found["items"] if one["order_id"] == opened["order_id"]]
    return opened | {"discrepancy_id": row["id"], "run_id": run.id}


async def webhook_event(world: World) -> Params:
    """Something in the inbox whose signature is not the gateway's."""
    await world.client.post("/api/v1/webhooks/sandbox", json={"id": "evt_x"}, headers={"Stripe-Signature": "t=1,v1=00"})
    found = await world.call(world.staff, "GET", "/api/v1/webhook-events")
    return {"event_id": found["items"][0]["id"]}


async def account(world: World) -> Params:
    """An account of the owner's in the ledger."""
    async with world.make.tx() as ctx:
        found = await ctx.db.fetchval("select min(id) from ledger_accounts where owner_id = $1", world.owner.id)
    return {"account_id": found}


async def kept_mail(world: World) -> Params:
    """A mail that nobody was there to send."""
    async with world.make.tx() as ctx:
        values = {"username": "somebody", "href": mail.link(ctx, "/admin/mail")}
        return {"message_id": await mail.send(ctx, to="somebody@example.org", template="test_mail", values=values)}


async def dead_job(world: World) -> Params:
    """A job that has failed for good."""
    await webhook_event(world)
    async with world.make.tx() as ctx:
        id_ = new_id()
        await ctx.db.execute(
            """
            insert into jobs (id, queue, type, payload, state, priority, outside, scheduled_at, run_at, max_attempts,
                              backoff_s, timeout_s, trace_id, last_error, created_at, finished_at)
            values ($1, 'default', 'test.job', '{}', 'dead', 0, false, $2, $2, 1, 2, 60, 'test', 'It broke', $2, $2)
            """,
            id_,
            ctx.now,
        )
    return {"job_id": id_}


# ---- who may ---------------------------------------------------------------------------------------------------


def _fixed(**given: Any) -> Callable[[Params], Any]:
    return lambda _: given


def _revision(**more: Any) -> Callable[[Params], Any]:
    return lambda made: {"revision": made["revision"], **more}


def _stamped(**more: str) -> Callable[[Params], dict[str, str]]:
    """A form that changes the rule as it was shown, to who was shown it."""
    return lambda made: {"stamp": str(made.get("stamp", "")), **more}


def _again(**more: str) -> Callable[[Params], dict[str, str]]:
    """A form that changes the newest revision."""
    return lambda made: {"revision": str(made["revision"]), **more}


def _ticked(do: str) -> Callable[[Params], dict[str, str]]:
    """The form below a list of chapters, of which the first is ticked."""
    return lambda made: {"ids": made["chapter_ids"][0], "do": do}


def _in_order(made: Params) -> dict[str, str]:
    """The chapters the other way round."""
    return {f"place-{one}": str(place) for place, one in enumerate(reversed(made["chapter_ids"]), 1)}


def _to_target(made: Params) -> dict[str, str]:
    """The form that moves a chapter."""
    return {"series_id": made["target_id"]}


def _text_fields(made: Params) -> dict[str, str]:
    return {"revision": str(made["revision"]), "category": "Education", "then": "publish"}


TEXT_FILE = ("x.md", b"# Alpha\n\nWords.", "text/markdown")
WORD_FILE = ("x.docx", documents.docx(documents.paragraph("Words")), "application/octet-stream")
PAGE = ("2.png", samples.picture(30, 60, 2), "image/png")
REASON = _fixed(reason="It has to be looked at")
REFUND = _fixed(amount="4.99", reason="It was not wanted", key="refund-1")
FANTASY = "00000000-0000-7000-8001-000100000000"  # a genre
NOTE = _fixed(amount=5, message="Thank you")
PLACE = {
    "label": "Savings",
    "holder": "Ana Lima",
    "currency": "USD",
    "country": "DE",
    "fields": {"account_number": "DE89370400440532013000", "speed": "standard"},
    "password": PASSWORD,
}
CARD = _fixed(number="4242424242424242", expiry="12/99", cvc="123")


def _chosen(**more: Any) -> Callable[[Params], Any]:
    return lambda made: {"chapter_ids": made["chapter_ids"], **more}


LATER = "2035-06-01T09:00:00"
CASES: dict[str, tuple[Case, ...]] = {
    # the studio: series and chapters
    "GET /dashboard/sites/{site_id}/series": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/series/new": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/series/new": (
        Case(Who.OWNER, site, form=_fixed(title="The salt road", content_type="manga")),
    ),
    "GET /dashboard/series/{series_id}": (
        Case(Who.OWNER, series_in_the_drawer),
        Case(Who.OWNER, series_to_find),
    ),
    "POST /dashboard/series/{series_id}/publish": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/unpublish": (Case(Who.OWNER, series_to_find),),
    "POST /dashboard/series/{series_id}/duplicate": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/delete": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/restore": (Case(Who.OWNER, series_in_the_bin),),
    "POST /dashboard/series/{series_id}/complete": (Case(Who.OWNER, series_to_find),),
    "POST /dashboard/series/{series_id}/hiatus": (Case(Who.OWNER, series_to_find),),
    "POST /dashboard/series/{series_id}/cancel": (Case(Who.OWNER, series_to_find),),
    "POST /dashboard/series/{series_id}/resume": (Case(Who.OWNER, series_pausing),),
    "GET /dashboard/series/{series_id}/edit": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/edit": (
        Case(Who.OWNER, series_in_the_drawer, form=_again(title="Another title")),
    ),
    "GET /dashboard/series/{series_id}/settings": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/settings": (
        Case(Who.OWNER, series_in_the_drawer, form=_again(slug="another")),
    ),
    "GET /dashboard/series/{series_id}/paywall": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/paywall": (
        Case(Who.OWNER, series_in_the_drawer, form=_again(default_access="subscribers")),
    ),
    "GET /dashboard/series/{series_id}/schedule": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/schedule": (
        Case(Who.OWNER, series_in_the_drawer, form=_again(timezone="Asia/Kolkata", update_days="2")),
    ),
    "GET /dashboard/series/{series_id}/discovery": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/discovery": (Case(Who.OWNER, series_to_find, form=_fixed(listed="no")),),
    "GET /dashboard/series/{series_id}/warnings": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/warnings": (
        Case(Who.OWNER, series_in_the_drawer, form=_fixed(warning="death")),
    ),
    "GET /dashboard/series/{series_id}/pictures/{place}": (Case(Who.OWNER, series_cover),),
    "POST /dashboard/series/{series_id}/pictures/{place}": (Case(Who.OWNER, series_cover, form=_fixed(media_id="")),),
    "POST /dashboard/series/{series_id}/pictures/{place}/upload": (
        Case(Who.OWNER, series_cover, parts=_fixed(file=PAGE)),
    ),
    "GET /dashboard/series/{series_id}/analytics": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /dashboard/series/{series_id}/chapters": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /dashboard/series/{series_id}/chapters/new": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /dashboard/series/{series_id}/chapters/new": (
        Case(Who.OWNER, series_in_the_drawer, form=_fixed(title="A gate")),
    ),
    "POST /dashboard/series/{series_id}/chapters/bulk": (
        Case(Who.OWNER, chapter_in_the_drawer, form=_ticked("delete")),
    ),
    "GET /dashboard/series/{series_id}/chapters/bulk-edit": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/series/{series_id}/chapters/bulk-edit": (
        Case(Who.OWNER, chapter_in_the_drawer, form=_ticked("publish")),
    ),
    "GET /dashboard/series/{series_id}/chapters/order": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/series/{series_id}/chapters/order": (Case(Who.OWNER, chapter_in_the_drawer, form=_in_order),),
    "GET /dashboard/chapters/{chapter_id}/edit": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/edit": (
        Case(Who.OWNER, chapter_in_the_drawer, form=_again(title="Another title", body="Yet other words.")),
    ),
    "GET /dashboard/chapters/{chapter_id}/settings": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/settings": (
        Case(Who.OWNER, chapter_in_the_drawer, form=_again(number="7")),
    ),
    "GET /dashboard/chapters/{chapter_id}/publish": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/publish": (Case(Who.OWNER, chapter_in_the_drawer, form=_fixed(when="now")),),
    "POST /dashboard/chapters/{chapter_id}/duplicate": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/delete": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/unpublish": (Case(Who.OWNER, chapter_to_read),),
    "POST /dashboard/chapters/{chapter_id}/unschedule": (Case(Who.OWNER, chapter_on_schedule),),
    "POST /dashboard/chapters/{chapter_id}/archive": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/unarchive": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/restore": (Case(Who.OWNER, chapter_in_the_bin),),
    "GET /dashboard/chapters/{chapter_id}/access": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/access": (
        Case(Who.OWNER, chapter_in_the_drawer, form=_stamped(access="subscribers", price="5")),
    ),
    "GET /dashboard/chapters/{chapter_id}/preview": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /dashboard/chapters/{chapter_id}/versions": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /dashboard/chapters/{chapter_id}/versions/compare": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /dashboard/chapters/{chapter_id}/versions/{version_id}": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /dashboard/chapters/{chapter_id}/analytics": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /dashboard/chapters/{chapter_id}/warnings": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /dashboard/chapters/{chapter_id}/move": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/versions/{version_id}/restore": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /dashboard/chapters/{chapter_id}/warnings": (
        Case(Who.OWNER, chapter_in_the_drawer, form=_fixed(warning="death")),
    ),
    "POST /dashboard/chapters/{chapter_id}/move": (Case(Who.OWNER, chapter_in_the_drawer, form=_to_target),),
    # posts and works
    "GET /api/posts/{id}": (Case(Who.ANYBODY, published), Case(Who.OWNER, draft)),
    "GET /api/v1/posts/{post_id}": (Case(Who.ANYBODY, published), Case(Who.OWNER, draft)),
    "GET /api/v1/posts/by-slug/{slug}": (Case(Who.ANYBODY, published), Case(Who.OWNER, taken_back)),
    "PATCH /api/v1/posts/{post_id}": (
        Case(Who.OWNER, draft, json=_revision(title="Another title")),
        Case(Who.OWNER, published, json=_revision(title="Another title")),
    ),
    "DELETE /api/v1/posts/{post_id}": (Case(Who.OWNER, draft), Case(Who.OWNER, published)),
    "POST /api/v1/posts/{post_id}/publish": (Case(Who.OWNER, draft, json=_fixed()),),
    "POST /api/v1/posts/{post_id}/unpublish": (Case(Who.OWNER, published),),
    "PUT /api/v1/works/{work_id}/like": (Case(Who.ANYBODY, published), Case(Who.NOBODY, draft)),
    "DELETE /api/v1/works/{work_id}/like": (Case(Who.ANYBODY, published), Case(Who.NOBODY, taken_back)),
    "PUT /api/v1/works/{work_id}/dislike": (Case(Who.ANYBODY, published), Case(Who.NOBODY, draft)),
    "DELETE /api/v1/works/{work_id}/dislike": (Case(Who.ANYBODY, published), Case(Who.NOBODY, taken_back)),
    "POST /api/v1/works/{work_id}/gifts": (
        Case(Who.ANYBODY, published, json=NOTE),
        Case(Who.NOBODY, draft, json=NOTE),
        Case(Who.NOBODY, taken_back, json=NOTE),
    ),
    "POST /api/v1/admin/review/{work_id}/approve": (Case(Who.STAFF, waiting, json=_revision()),),
    "POST /api/v1/admin/review/{work_id}/refuse": (
        Case(Who.STAFF, waiting, json=_revision(reason="An advertisement")),
    ),
    "GET /p/{slug}": (Case(Who.ANYBODY, published), Case(Who.OWNER, taken_back)),
    "GET /p/{slug}/gift": (Case(Who.ANYBODY, published), Case(Who.NOBODY, taken_back)),
    "GET /p/{slug}/tip": (Case(Who.ANYBODY, published), Case(Who.NOBODY, taken_back)),
    "POST /works/{work_id}/react": (
        Case(Who.ANYBODY, published, form=_fixed(reaction="like")),
        Case(Who.NOBODY, draft, form=_fixed(reaction="like")),
    ),
    # writing
    "GET /write/{post_id}": (Case(Who.OWNER, draft), Case(Who.OWNER, published)),
    "GET /write/{post_id}/preview": (Case(Who.OWNER, draft),),
    "GET /write/{post_id}/publish": (Case(Who.OWNER, draft),),
    "POST /write/{post_id}/publish": (Case(Who.OWNER, draft, form=_text_fields),),
    "POST /write/{post_id}/unpublish": (Case(Who.OWNER, published, form=_fixed()),),
    "POST /write/{post_id}/again": (Case(Who.OWNER, taken_back, form=_fixed()),),
    "GET /write/{post_id}/delete": (Case(Who.OWNER, draft),),
    "POST /write/{post_id}/delete": (Case(Who.OWNER, published, form=_fixed()),),
    # teams; whoever opens the link of an invitation is told what to do, the wrong account too
    "GET /api/v1/sites/{site_id}/collaborators": (Case(Who.OWNER, on_team),),
    "POST /api/v1/sites/{site_id}/collaborators": (
        Case(Who.OWNER, on_team, json=_fixed(email="one.more@example.org", role="editor", permissions=["translate"])),
    ),
    "GET /api/v1/sites/{site_id}/collaborators/{collaborator_id}": (
        Case(Who.OWNER, on_team),
        Case(Who.OWNER, invited_by_owner),
    ),
    "PATCH /api/v1/sites/{site_id}/collaborators/{collaborator_id}": (
        Case(Who.OWNER, on_team, json=_fixed(role="analyst", permissions=["publish"], is_active=False, reason="Away")),
        Case(Who.OWNER, invited_by_owner, json=_fixed(role="analyst")),
    ),
    "DELETE /api/v1/sites/{site_id}/collaborators/{collaborator_id}": (
        Case(Who.OWNER, on_team),
        Case(Who.OWNER, invited_by_owner),
    ),
    "POST /api/v1/sites/{site_id}/collaborators/{collaborator_id}/resend-invite": (Case(Who.OWNER, invited_by_owner),),
    "GET /api/v1/collaborator-invites/{token}": (Case(Who.OWNER, invited_to_team),),
    "POST /api/v1/collaborator-invites/{token}/accept": (Case(Who.OWNER, invited_to_team),),
    "POST /api/v1/collaborator-invites/{token}/decline": (Case(Who.OWNER, invited_to_team),),
    "GET /invites/{token}": (Case(Who.ANYBODY, invited_to_team),),
    "POST /invites/{token}/accept": (Case(Who.OWNER, invited_to_team, form=_fixed()),),
    "POST /invites/{token}/decline": (Case(Who.OWNER, invited_to_team, form=_fixed()),),
    "GET /dashboard/team/{collaborator_id}": (Case(Who.OWNER, on_team), Case(Who.OWNER, invited_by_owner)),
    "POST /dashboard/team/{collaborator_id}": (
        Case(Who.OWNER, on_team, form=_fixed(role="analyst", permissions="publish")),
    ),
    "POST /dashboard/team/{collaborator_id}/resend": (Case(Who.OWNER, invited_by_owner, form=_fixed()),),
    "POST /dashboard/team/{collaborator_id}/deactivate": (Case(Who.OWNER, on_team, form=_fixed(reason="Away")),),
    "POST /dashboard/team/{collaborator_id}/reactivate": (Case(Who.OWNER, paused_on_team, form=_fixed()),),
    "POST /dashboard/team/{collaborator_id}/remove": (Case(Who.OWNER, on_team, form=_fixed()),),
    # pictures
    "GET /api/v1/media/{media_id}": (Case(Who.OWNER, picture),),
    "PATCH /api/v1/media/{media_id}": (Case(Who.OWNER, picture, json=_fixed(alt="A column")),),
    "DELETE /api/v1/media/{media_id}": (Case(Who.OWNER, picture),),
    "GET /media/{media_id}/{name}": (Case(Who.ANYBODY, picture), Case(Who.OWNER, media_in_trash)),
    "GET /dashboard/media/{media_id}": (Case(Who.OWNER, picture), Case(Who.OWNER, media_in_trash)),
    "POST /dashboard/media/{media_id}": (
        Case(Who.OWNER, picture, form=_fixed(filename="a.png", alt="A column", visibility="public")),
    ),
    "POST /dashboard/media/{media_id}/delete": (Case(Who.OWNER, picture, form=_fixed()),),
    "POST /dashboard/media/{media_id}/restore": (Case(Who.OWNER, media_in_trash, form=_fixed()),),
    "POST /dashboard/media/{media_id}/copy": (Case(Who.OWNER, picture, form=_fixed()),),
    "POST /dashboard/media/{media_id}/resize": (Case(Who.OWNER, picture, form=_fixed(width="20")),),
    "POST /dashboard/media/{media_id}/optimize": (Case(Who.OWNER, picture, form=_fixed()),),
    "GET /dashboard/media/folders/{folder_id}": (Case(Who.OWNER, media_folder),),
    "POST /dashboard/media/folders/{folder_id}": (Case(Who.OWNER, media_folder, form=_fixed(new_name="Columns")),),
    "POST /dashboard/media/folders/{folder_id}/delete": (Case(Who.OWNER, media_folder, form=_fixed()),),
    "GET /media/files/{token}": (Case(Who.ANYBODY, media_file),),
    # sites
    "GET /api/v1/sites/{site_id}": (Case(Who.OWNER, site),),
    "PATCH /api/v1/sites/{site_id}": (Case(Who.OWNER, site, json=_fixed(title="Another", slug="another-one")),),
    "DELETE /api/v1/sites/{site_id}": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/restore": (Case(Who.OWNER, deleted_site),),
    "GET /api/v1/sites/{site_id}/settings": (Case(Who.OWNER, site),),
    "PATCH /api/v1/sites/{site_id}/settings": (
        Case(Who.OWNER, site, json=_fixed(maintenance=True, social_links={"x": "https://x.com/ana"})),
    ),
    "PATCH /api/v1/sites/{site_id}/settings/comments": (Case(Who.OWNER, site, json=_fixed(comments_enabled=False)),),
    "PATCH /api/v1/sites/{site_id}/settings/content": (Case(Who.OWNER, site, json=_fixed(default_rating="teen")),),
    "GET /api/v1/sites/{site_id}/branding": (Case(Who.OWNER, site),),
    "PATCH /api/v1/sites/{site_id}/branding": (
        Case(Who.OWNER, site, json=_fixed(primary_color="#1f5c86", custom_css="p { color: red }")),
    ),
    "POST /api/v1/sites/{site_id}/branding/logo": (Case(Who.OWNER, site, parts=_fixed(file=PAGE)),),
    "DELETE /api/v1/sites/{site_id}/branding/logo": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/branding/favicon": (Case(Who.OWNER, site, parts=_fixed(file=PAGE)),),
    "DELETE /api/v1/sites/{site_id}/branding/favicon": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/branding/cover": (Case(Who.OWNER, site, parts=_fixed(file=PAGE)),),
    "DELETE /api/v1/sites/{site_id}/branding/cover": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/branding/og-image": (Case(Who.OWNER, site, parts=_fixed(file=PAGE)),),
    "GET /api/v1/sites/{site_id}/theme": (Case(Who.OWNER, site),),
    "PATCH /api/v1/sites/{site_id}/theme": (
        Case(Who.OWNER, site, json=_fixed(theme="noir", layout={"shelf": "grid"})),
    ),
    "GET /api/v1/sites/{site_id}/theme/preview": (Case(Who.OWNER, site),),
    "GET /api/v1/sites/{site_id}/domain": (Case(Who.OWNER, site_with_domain),),
    "POST /api/v1/sites/{site_id}/domain": (Case(Who.OWNER, site, json=_fixed(domain="ana.example.com")),),
    "DELETE /api/v1/sites/{site_id}/domain": (Case(Who.OWNER, site_with_domain),),
    "POST /api/v1/sites/{site_id}/domain/verify": (Case(Who.NOBODY, site),),
    "GET /api/v1/sites/{site_id}/domain/dns-records": (Case(Who.OWNER, site_with_domain),),
    "GET /api/v1/sites/{site_id}/domain/ssl-status": (Case(Who.OWNER, site_with_domain),),
    "GET /api/v1/sites/{site_id}/integrations": (Case(Who.OWNER, site),),
    "PATCH /api/v1/sites/{site_id}/integrations": (
        Case(Who.OWNER, site, json=_fixed(google_analytics_id="G-1A2B3C4D", plausible_domain="a.example.com")),
    ),
    "POST /api/v1/sites/{site_id}/integrations/verify": (Case(Who.NOBODY, site, json=_fixed(kind="plausible")),),
    "GET /api/v1/sites/by-slug/{slug}": (Case(Who.ANYBODY, site), Case(Who.OWNER, private_site)),
    "GET /api/v1/sites/by-domain/{domain}": (
        Case(Who.ANYBODY, site_with_proved_domain),
        Case(Who.NOBODY, site_with_domain),
    ),
    "GET /api/v1/sites/{site_id}/public": (Case(Who.ANYBODY, site), Case(Who.OWNER, private_site)),
    "POST /api/v1/admin/sites/{site_id}/suspend": (Case(Who.STAFF, site, json=REASON),),
    "POST /api/v1/admin/sites/{site_id}/lift": (Case(Who.STAFF, site),),
    "GET /api/v1/sites/{site_id}/pages": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/pages": (
        Case(Who.OWNER, site, json=_fixed(title="About us", body_markdown="A text", slug="about")),
    ),
    "POST /api/v1/sites/{site_id}/pages/preview": (Case(Who.OWNER, site, json=_fixed(body_markdown="A text")),),
    "PATCH /api/v1/sites/{site_id}/pages/reorder": (
        Case(Who.OWNER, site, json=lambda made: {"page_ids": [str(made["page_id"])]}),
    ),
    "PUT /api/v1/sites/{site_id}/navigation": (
        Case(Who.OWNER, site, json=lambda made: {"entries": [{"page_id": made["page_id"], "show_in_nav": True}]}),
    ),
    "GET /api/v1/sites/{site_id}/pages/by-slug/{slug}": (
        Case(Who.ANYBODY, site_page),
        Case(Who.OWNER, site_draft),
    ),
    "GET /api/v1/sites/{site_id}/pages/{page_id}": (Case(Who.OWNER, site),),
    "PATCH /api/v1/sites/{site_id}/pages/{page_id}": (Case(Who.OWNER, site, json=_revision(title="Other hours")),),
    "DELETE /api/v1/sites/{site_id}/pages/{page_id}": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/pages/{page_id}/publish": (Case(Who.OWNER, site_draft, json=_fixed()),),
    "POST /api/v1/sites/{site_id}/pages/{page_id}/unpublish": (Case(Who.OWNER, site),),
    "POST /api/v1/sites/{site_id}/pages/{page_id}/duplicate": (Case(Who.OWNER, site),),
    # sites, as pages
    "GET /dashboard/sites/{site_id}": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/settings": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/seo": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/integrations": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/theme": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/branding": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/settings": (
        Case(
            Who.OWNER,
            site,
            form=_fixed(
                title="Another", slug="another-one", language="en", default_rating="teen", comments_moderation="post"
            ),
        ),
    ),
    "POST /dashboard/sites/{site_id}/seo": (Case(Who.OWNER, site, form=_fixed(meta_title="Short")),),
    "POST /dashboard/sites/{site_id}/integrations": (
        Case(
            Who.OWNER,
            site,
            form=_fixed(
                title="Another", slug="another-one", language="en", default_rating="teen", comments_moderation="post"
            ),
        ),
    ),
    "POST /dashboard/sites/{site_id}/theme": (Case(Who.OWNER, site, form=_fixed(theme="noir")),),
    "POST /dashboard/sites/{site_id}/branding": (Case(Who.OWNER, site, form=_fixed(primary_color="#1f5c86")),),
    "GET /dashboard/sites/{site_id}/theme/preview": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/theme/preview.css": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/branding/contrast": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/domain": (Case(Who.OWNER, site),),
    # chapters
    "GET /api/v1/series/{series_id}/chapters": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /api/v1/series/{series_id}/chapters": (Case(Who.OWNER, chapter_in_the_drawer, json=_fixed(title="Next")),),
    "GET /api/v1/chapters/{chapter_id}": (Case(Who.OWNER, chapter_in_the_drawer), Case(Who.OWNER, chapter_to_read)),
    "PATCH /api/v1/chapters/{chapter_id}": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_revision(title="Another")),
        Case(Who.OWNER, chapter_to_read, json=_fixed(revision=2, title="Another")),
    ),
    "DELETE /api/v1/chapters/{chapter_id}": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /api/v1/chapters/{chapter_id}/restore": (Case(Who.OWNER, chapter_in_the_bin),),
    "POST /api/v1/chapters/{chapter_id}/duplicate": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /api/v1/chapters/{chapter_id}/content": (Case(Who.OWNER, chapter_in_the_drawer),),
    "PUT /api/v1/chapters/{chapter_id}/content": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_revision(body_markdown="New words.")),
    ),
    "POST /api/v1/chapters/{chapter_id}/publish": (Case(Who.OWNER, chapter_in_the_drawer, json=_fixed()),),
    "POST /api/v1/chapters/{chapter_id}/unpublish": (Case(Who.OWNER, chapter_to_read),),
    "POST /api/v1/chapters/{chapter_id}/schedule": (Case(Who.OWNER, chapter_in_the_drawer, json=_fixed(at=LATER)),),
    "PATCH /api/v1/chapters/{chapter_id}/schedule": (Case(Who.OWNER, chapter_on_schedule, json=_fixed(at=LATER)),),
    "DELETE /api/v1/chapters/{chapter_id}/schedule": (Case(Who.OWNER, chapter_on_schedule),),
    "POST /api/v1/chapters/{chapter_id}/archive": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /api/v1/chapters/{chapter_id}/unarchive": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /api/v1/chapters/{chapter_id}/access": (Case(Who.OWNER, chapter_for_sale),),
    "PATCH /api/v1/chapters/{chapter_id}/access": (Case(Who.OWNER, chapter_for_sale, json=_fixed(access="free")),),
    "POST /api/v1/chapters/{chapter_id}/schedule-free": (Case(Who.OWNER, chapter_for_sale, json=_fixed(at=LATER)),),
    "PATCH /api/v1/chapters/{chapter_id}/schedule-free": (Case(Who.OWNER, chapter_on_schedule, json=_fixed(at=LATER)),),
    "DELETE /api/v1/chapters/{chapter_id}/schedule-free": (Case(Who.OWNER, chapter_on_schedule),),
    "POST /api/v1/chapters/{chapter_id}/autosave": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_fixed(tab="one", base_version=1, body_markdown="Typed on.")),
    ),
    "GET /api/v1/chapters/{chapter_id}/autosave": (Case(Who.OWNER, chapter_in_the_drawer),),
    "DELETE /api/v1/chapters/{chapter_id}/autosave": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /api/v1/chapters/{chapter_id}/versions": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /api/v1/chapters/{chapter_id}/versions/{version_id}": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /api/v1/chapters/{chapter_id}/versions/{version_id}/restore": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_fixed()),
    ),
    "GET /api/v1/chapters/{chapter_id}/versions/{version_id}/diff": (Case(Who.OWNER, chapter_in_the_drawer),),
    "GET /api/v1/chapters/{chapter_id}/versions/compare/{v1}/{v2}": (Case(Who.OWNER, chapter_in_the_drawer),),
    "PATCH /api/v1/series/{series_id}/chapters/reorder": (Case(Who.OWNER, chapter_in_the_drawer, json=_chosen()),),
    "POST /api/v1/chapters/{chapter_id}/move": (
        Case(Who.OWNER, chapter_in_the_drawer, json=lambda made: {"series_id": made["target_id"]}),
    ),
    "POST /api/v1/series/{series_id}/chapters/bulk/update": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_chosen(volume=2)),
    ),
    "POST /api/v1/series/{series_id}/chapters/bulk/delete": (Case(Who.OWNER, chapter_in_the_drawer, json=_chosen()),),
    "POST /api/v1/series/{series_id}/chapters/bulk/publish": (Case(Who.OWNER, chapter_in_the_drawer, json=_chosen()),),
    "POST /api/v1/series/{series_id}/chapters/bulk/access": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_chosen(access="subscribers")),
    ),
    "POST /api/v1/series/{series_id}/chapters/bulk/schedule": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_chosen(at=LATER)),
    ),
    "GET /api/v1/series/{series_id}/chapters/public": (
        Case(Who.ANYBODY, chapter_to_read),
        Case(Who.OWNER, chapter_taken_back),
    ),
    "GET /api/v1/chapters/{chapter_id}/public": (
        Case(Who.ANYBODY, chapter_to_read),
        Case(Who.OWNER, chapter_taken_back),
    ),
    "GET /api/v1/chapters/{chapter_id}/read": (
        Case(Who.ANYBODY, chapter_for_sale),
        Case(Who.OWNER, chapter_in_the_drawer),
        Case(Who.OWNER, chapter_taken_back),
    ),
    "POST /api/v1/chapters/{chapter_id}/unlock": (Case(Who.ANYBODY, chapter_for_sale, json=_fixed()),),
    "GET /api/v1/chapters/{chapter_id}/warnings": (
        Case(Who.ANYBODY, chapter_to_read),
        Case(Who.OWNER, chapter_in_the_drawer),
    ),
    "PUT /api/v1/chapters/{chapter_id}/warnings": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_fixed(warnings=[{"warning": "death"}])),
    ),
    "POST /api/v1/chapters/{chapter_id}/warnings": (
        Case(Who.OWNER, chapter_in_the_drawer, json=_fixed(warning="death")),
    ),
    "DELETE /api/v1/chapters/{chapter_id}/warnings/{warning_id}": (Case(Who.OWNER, chapter_in_the_drawer),),
    "POST /api/v1/series/{series_id}/chapters/import": (
        Case(Who.OWNER, chapter_to_read, parts=_fixed(file=TEXT_FILE)),
    ),
    "POST /api/v1/series/{series_id}/chapters/import/word": (
        Case(Who.OWNER, chapter_to_read, parts=_fixed(file=WORD_FILE)),
    ),
    "POST /api/v1/series/{series_id}/chapters/import/markdown": (
        Case(Who.OWNER, chapter_to_read, parts=_fixed(file=TEXT_FILE)),
    ),
    "POST /api/v1/series/{series_id}/chapters/import/google-docs": (
        Case(Who.NOBODY, chapter_to_read, json=_fixed(url="https://example.org/")),
    ),
    "GET /api/v1/series/{series_id}/chapters/imports": (Case(Who.OWNER, import_to_confirm),),
    "GET /api/v1/imports/{import_id}": (Case(Who.OWNER, import_to_confirm),),
    "POST /api/v1/imports/{import_id}/confirm": (Case(Who.OWNER, import_to_confirm, json=_fixed()),),
    "DELETE /api/v1/imports/{import_id}": (Case(Who.OWNER, import_to_call_off),),
    "GET /api/v1/series/{series_id}/chapters/export": (Case(Who.OWNER, chapter_to_read),),
    "POST /api/v1/series/{series_id}/chapters/export": (Case(Who.OWNER, chapter_to_read, json=_fixed(format="zip")),),
    "GET /api/v1/series/{series_id}/chapters/exports": (Case(Who.OWNER, series_as_file),),
    "GET /api/v1/exports/{export_id}": (Case(Who.OWNER, series_as_file),),
    "GET /api/v1/exports/{export_id}/file": (Case(Who.OWNER, series_as_file),),
    "GET /api/v1/chapters/{chapter_id}/export": (Case(Who.OWNER, chapter_to_read),),
    "GET /api/v1/chapters/{chapter_id}/export/{format}": (Case(Who.OWNER, chapter_as_zip),),
    "GET /dashboard/series/{series_id}/import": (Case(Who.OWNER, chapter_to_read),),
    "GET /dashboard/series/{series_id}/chapters/import": (Case(Who.OWNER, chapter_to_read),),
    "POST /dashboard/series/{series_id}/import": (Case(Who.OWNER, chapter_to_read, parts=_fixed(file=TEXT_FILE)),),
    "POST /dashboard/series/{series_id}/import/google-docs": (
        Case(Who.NOBODY, chapter_to_read, form=_fixed(url="https://example.org/")),
    ),
    "GET /dashboard/imports/{import_id}": (Case(Who.OWNER, import_to_confirm),),
    "POST /dashboard/imports/{import_id}/confirm": (Case(Who.OWNER, import_to_confirm, form=_fixed(take="1")),),
    "POST /dashboard/imports/{import_id}/cancel": (Case(Who.OWNER, import_to_call_off),),
    "GET /dashboard/series/{series_id}/export": (Case(Who.OWNER, series_as_file),),
    "POST /dashboard/series/{series_id}/export": (Case(Who.OWNER, chapter_to_read, form=_fixed(format="zip")),),
    "GET /dashboard/sites/{site_id}/pages": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/pages/new": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/navigation": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/delete": (Case(Who.OWNER, site),),
    "GET /dashboard/sites/{site_id}/branding/{place}": (Case(Who.OWNER, site_logo),),
    "POST /dashboard/sites/{site_id}/branding/{place}": (Case(Who.OWNER, site_logo, form=_fixed(media_id="")),),
    "POST /dashboard/sites/{site_id}/branding/{place}/upload": (Case(Who.OWNER, site_logo, parts=_fixed(file=PAGE)),),
    "POST /dashboard/sites/{site_id}/domain": (Case(Who.OWNER, site, form=_fixed(domain="ana.example.com")),),
    "POST /dashboard/sites/{site_id}/domain/verify": (Case(Who.NOBODY, site),),
    "POST /dashboard/sites/{site_id}/domain/remove": (Case(Who.OWNER, site_with_domain),),
    "POST /dashboard/sites/{site_id}/integrations/verify": (Case(Who.OWNER, site, form=_fixed(kind="plausible")),),
    "POST /dashboard/sites/{site_id}/delete": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/suspend": (Case(Who.STAFF, site, form=REASON),),
    "POST /dashboard/sites/{site_id}/lift": (Case(Who.STAFF, site),),
    "POST /dashboard/sites/{site_id}/restore": (Case(Who.OWNER, deleted_site),),
    "POST /dashboard/sites/{site_id}/pages/new": (
        Case(Who.OWNER, site, form=_fixed(title="About us", body_markdown="A text")),
    ),
    "POST /dashboard/sites/{site_id}/navigation": (
        Case(Who.OWNER, site, form=lambda made: {f"place-{made['page_id']}": "1", f"show-{made['page_id']}": "on"}),
    ),
    "GET /dashboard/sites/{site_id}/pages/{page_id}/edit": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/pages/{page_id}/edit": (
        Case(Who.OWNER, site, form=lambda made: {"title": "Other hours", "revision": str(made["revision"])}),
    ),
    "GET /dashboard/sites/{site_id}/pages/{page_id}/delete": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/pages/{page_id}/delete": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/pages/{page_id}/publish": (Case(Who.OWNER, site_draft),),
    "POST /dashboard/sites/{site_id}/pages/{page_id}/unpublish": (Case(Who.OWNER, site),),
    "POST /dashboard/sites/{site_id}/pages/{page_id}/duplicate": (Case(Who.OWNER, site),),
    "GET /s/{site}": (Case(Who.ANYBODY, site_house), Case(Who.OWNER, closed_house)),
    "GET /s/{site}/about": (Case(Who.ANYBODY, site_house), Case(Who.OWNER, closed_house)),
    "GET /s/{site}/{page_slug}": (
        Case(Who.ANYBODY, site_house),
        Case(Who.OWNER, closed_house),
        Case(Who.OWNER, house_draft),
    ),
    "GET /s/{site}/style.css": (Case(Who.ANYBODY, site_house),),
    "GET /s/{site}/rss.xml": (Case(Who.ANYBODY, site_house), Case(Who.NOBODY, closed_house)),
    "GET /s/{site}/atom.xml": (Case(Who.ANYBODY, site_house), Case(Who.NOBODY, closed_house)),
    "GET /s/{site}/feed.json": (Case(Who.ANYBODY, site_house), Case(Who.NOBODY, closed_house)),
    "GET /s/{site}/robots.txt": (Case(Who.ANYBODY, site_house), Case(Who.NOBODY, closed_house)),
    "GET /s/{site}/llms.txt": (Case(Who.ANYBODY, site_house), Case(Who.NOBODY, closed_house)),
    "GET /s/{site}/sitemap.xml": (Case(Who.ANYBODY, site_house), Case(Who.NOBODY, closed_house)),
    "GET /s/{site}/series/{series}/rss.xml": (
        Case(Who.ANYBODY, house_series),
        Case(Who.NOBODY, house_series_draft),
    ),
    "GET /@{username}/rss.xml": (Case(Who.ANYBODY, person),),
    "GET /s/{site}/series/{series}/atom.xml": (
        Case(Who.ANYBODY, house_series),
        Case(Who.NOBODY, house_series_draft),
    ),
    "GET /@{username}/atom.xml": (Case(Who.ANYBODY, person),),
    "GET /s/{site}/series/{series}/feed.json": (
        Case(Who.ANYBODY, house_series),
        Case(Who.NOBODY, house_series_draft),
    ),
    "GET /@{username}/feed.json": (Case(Who.ANYBODY, person),),
    "GET /sitemaps/{name}": (Case(Who.ANYBODY, site_map),),
    # comics
    "GET /api/v1/chapters/{chapter_id}/pages": (Case(Who.OWNER, comic_page),),
    "GET /api/v1/chapters/{chapter_id}/images": (Case(Who.OWNER, comic_page),),
    "POST /api/v1/chapters/{chapter_id}/images": (Case(Who.OWNER, comic_page, parts=_fixed(file=PAGE)),),
    "POST /api/v1/chapters/{chapter_id}/images/bulk": (Case(Who.OWNER, comic_page, parts=_fixed(files=PAGE)),),
    "PATCH /api/v1/chapters/{chapter_id}/images/reorder": (
        Case(Who.OWNER, comic_page, json=lambda made: {"image_ids": [str(made["image_id"])]}),
    ),
    "GET /api/v1/chapters/{chapter_id}/images/{image_id}": (Case(Who.OWNER, comic_page),),
    "PATCH /api/v1/chapters/{chapter_id}/images/{image_id}": (
        Case(Who.OWNER, comic_page, json=_fixed(alt="A lamp", position=1, is_double=False)),
    ),
    "DELETE /api/v1/chapters/{chapter_id}/images/{image_id}": (Case(Who.OWNER, comic_page),),
    "POST /api/v1/chapters/{chapter_id}/images/{image_id}/process": (Case(Who.OWNER, comic_page),),
    "GET /dashboard/chapters/{chapter_id}/images": (Case(Who.OWNER, comic_page),),
    "POST /dashboard/chapters/{chapter_id}/images": (Case(Who.OWNER, comic_page, form=_fixed(do="sort")),),
    "POST /dashboard/chapters/{chapter_id}/images/upload": (Case(Who.OWNER, comic_page, parts=_fixed(files=PAGE)),),
    "GET /api/v1/media/{media_id}/uses": (Case(Who.OWNER, picture),),
    "POST /api/v1/media/{media_id}/restore": (Case(Who.OWNER, media_in_trash),),
    "POST /api/v1/media/{media_id}/copy": (Case(Who.OWNER, picture, json=_fixed()),),
    "POST /api/v1/media/{media_id}/move": (Case(Who.OWNER, picture, json=_fixed(folder_id=None)),),
    "POST /api/v1/media/{media_id}/process": (Case(Who.OWNER, picture),),
    "POST /api/v1/media/{media_id}/optimize": (Case(Who.OWNER, picture, json=_fixed()),),
    "POST /api/v1/media/{media_id}/resize": (Case(Who.OWNER, picture, json=_fixed(width=20)),),
    "POST /api/v1/media/{media_id}/crop": (Case(Who.OWNER, picture, json=_fixed(x=0, y=0, width=9, height=9)),),
    "GET /api/v1/media/{media_id}/variants": (Case(Who.OWNER, picture),),
    "GET /api/v1/media/{media_id}/download": (Case(Who.OWNER, picture),),
    "GET /api/v1/media/{media_id}/stream": (Case(Who.OWNER, picture),),
    "PATCH /api/v1/media/folders/{folder_id}": (Case(Who.OWNER, media_folder, json=_fixed(name="Columns")),),
    "DELETE /api/v1/media/folders/{folder_id}": (Case(Who.OWNER, media_folder),),
    "GET /api/v1/media/upload/{upload_id}": (Case(Who.OWNER, media_upload),),
    "DELETE /api/v1/media/upload/{upload_id}": (Case(Who.OWNER, media_upload),),
    "PUT /api/v1/media/upload/parts/{token}": (Case(Who.ANYBODY, media_upload, json=_fixed()),),
    # series
    "GET /api/v1/sites/{site_id}/series": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/sites/{site_id}/series": (
        Case(Who.OWNER, series_in_the_drawer, json=_fixed(title="Weather in jars")),
    ),
    "GET /api/v1/sites/{site_id}/series/public": (Case(Who.ANYBODY, series_to_find),),
    "GET /api/v1/sites/{site_id}/series/by-slug/{slug}": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.OWNER, series_taken_back),
    ),
    "GET /api/v1/series/{series_id}": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.OWNER, series_in_the_drawer),
    ),
    "GET /api/v1/series/{series_id}/public": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.NOBODY, series_in_the_drawer),
    ),
    "PATCH /api/v1/series/{series_id}": (
        Case(Who.OWNER, series_in_the_drawer, json=_revision(title="Weather in jars")),
    ),
    "DELETE /api/v1/series/{series_id}": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/restore": (Case(Who.OWNER, series_in_the_bin),),
    "POST /api/v1/series/{series_id}/duplicate": (Case(Who.OWNER, series_in_the_drawer, json=_fixed()),),
    "POST /api/v1/series/{series_id}/cover": (Case(Who.OWNER, series_in_the_drawer, parts=_fixed(file=PAGE)),),
    "DELETE /api/v1/series/{series_id}/cover": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/banner": (Case(Who.OWNER, series_in_the_drawer, parts=_fixed(file=PAGE)),),
    "DELETE /api/v1/series/{series_id}/banner": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/thumbnail": (Case(Who.OWNER, series_in_the_drawer, parts=_fixed(file=PAGE)),),
    "DELETE /api/v1/series/{series_id}/thumbnail": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/series/{series_id}/settings": (Case(Who.OWNER, series_in_the_drawer),),
    "PATCH /api/v1/series/{series_id}/settings": (
        Case(Who.OWNER, series_in_the_drawer, json=_fixed(meta_title="Jars")),
    ),
    "GET /api/v1/series/{series_id}/paywall": (Case(Who.OWNER, series_in_the_drawer),),
    "PATCH /api/v1/series/{series_id}/paywall": (
        Case(Who.OWNER, series_in_the_drawer, json=_fixed(preview_paragraphs=1)),
    ),
    "GET /api/v1/series/{series_id}/schedule": (Case(Who.OWNER, series_in_the_drawer),),
    "PATCH /api/v1/series/{series_id}/schedule": (
        Case(Who.OWNER, series_in_the_drawer, json=_fixed(update_schedule="Weekly")),
    ),
    "POST /api/v1/series/{series_id}/publish": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/unpublish": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/complete": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/hiatus": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/resume": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/cancel": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/list": (Case(Who.OWNER, series_in_the_drawer),),
    "POST /api/v1/series/{series_id}/unlist": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/series/{series_id}/listing-score": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/series/{series_id}/ranking": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/series/{series_id}/stats": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/series/{series_id}/stats/detailed": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/series/{series_id}/genres": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.OWNER, series_in_the_drawer),
    ),
    "PUT /api/v1/series/{series_id}/genres": (Case(Who.OWNER, series_in_the_drawer, json=_fixed(genre_ids=[FANTASY])),),
    "POST /api/v1/series/{series_id}/genres": (Case(Who.OWNER, series_in_the_drawer, json=_fixed(genre_id=FANTASY)),),
    "GET /api/v1/series/{series_id}/tags": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.OWNER, series_in_the_drawer),
    ),
    "PUT /api/v1/series/{series_id}/tags": (Case(Who.OWNER, series_in_the_drawer, json=_fixed(tags=["Sea"])),),
    "POST /api/v1/series/{series_id}/tags": (Case(Who.OWNER, series_in_the_drawer, json=_fixed(name="Sea")),),
    "GET /api/v1/series/{series_id}/warnings": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.OWNER, series_in_the_drawer),
    ),
    "PUT /api/v1/series/{series_id}/warnings": (
        Case(Who.OWNER, series_in_the_drawer, json=_fixed(warnings=[{"warning": "war"}])),
    ),
    "POST /api/v1/series/{series_id}/warnings": (Case(Who.OWNER, series_in_the_drawer, json=_fixed(warning="war")),),
    "DELETE /api/v1/series/{series_id}/genres/{genre_id}": (Case(Who.OWNER, series_in_the_drawer),),
    "DELETE /api/v1/series/{series_id}/tags/{tag_id}": (Case(Who.OWNER, series_in_the_drawer),),
    "DELETE /api/v1/series/{series_id}/warnings/{warning_id}": (Case(Who.OWNER, series_in_the_drawer),),
    "GET /api/v1/genres/{genre_id}": (Case(Who.ANYBODY, series_to_find),),
    "GET /api/v1/genres/{genre_id}/children": (Case(Who.ANYBODY, series_to_find),),
    "GET /api/v1/genres/{genre_id}/series": (Case(Who.ANYBODY, series_to_find),),
    "GET /api/v1/tags/{tag_slug}": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.NOBODY, two_tags),
    ),
    "GET /api/v1/tags/{tag_slug}/series": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.NOBODY, two_tags),
    ),
    "POST /api/v1/admin/tags/{tag_id}/approve": (Case(Who.STAFF, two_tags),),
    "POST /admin/tags/{tag_id}/approve": (Case(Who.STAFF, two_tags),),
    "POST /api/v1/admin/tags/{tag_id}/block": (Case(Who.STAFF, two_tags),),
    "POST /admin/tags/{tag_id}/block": (Case(Who.STAFF, two_tags),),
    "POST /api/v1/admin/tags/{tag_id}/merge": (
        Case(Who.STAFF, two_tags, json=lambda made: {"into_id": made["into_id"]}),
    ),
    "POST /admin/tags/{tag_id}/merge": (Case(Who.STAFF, two_tags, form=lambda made: {"into": made["into"]}),),
    "GET /discover/genre/{genre_slug}": (Case(Who.ANYBODY, series_to_find),),
    "GET /discover/tags/{tag_slug}": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.NOBODY, two_tags),
    ),
    "GET /discover/series/{series_id}": (
        Case(Who.ANYBODY, series_to_find),
        Case(Who.NOBODY, series_in_the_drawer),
    ),
    # people
    "PATCH /api/v1/auth/passkeys/{passkey_id}": (Case(Who.OWNER, passkey, json=_fixed(name="My desk")),),
    "DELETE /api/v1/auth/passkeys/{passkey_id}": (Case(Who.OWNER, passkey),),
    "POST /dashboard/account/passkeys/{passkey_id}/rename": (Case(Who.OWNER, passkey, form=_fixed(name="My desk")),),
    "POST /dashboard/account/passkeys/{passkey_id}/remove": (Case(Who.OWNER, passkey, form=_fixed()),),
    "DELETE /api/v1/auth/sessions/{session_id}": (Case(Who.OWNER, session),),
    "POST /dashboard/account/sessions/{session_id}/end": (Case(Who.OWNER, session),),
    "GET /verify-email/{token}": (Case(Who.ANYBODY, verification_link),),
    "POST /verify-email/{token}": (Case(Who.ANYBODY, verification_link, form=_fixed()),),
    "GET /reset-password/{token}": (Case(Who.ANYBODY, reset_link),),
    "POST /reset-password/{token}": (Case(Who.ANYBODY, reset_link, form=_fixed(password="marble and shade")),),
    "GET /verify-email-change/{token}": (Case(Who.OWNER, email_change_link),),
    "POST /verify-email-change/{token}": (Case(Who.OWNER, email_change_link, form=_fixed()),),
    "GET /api/v1/people/{username}": (Case(Who.ANYBODY, person),),
    "PUT /api/v1/people/{username}/follow": (Case(Who.ANYBODY, person),),
    "DELETE /api/v1/people/{username}/follow": (Case(Who.ANYBODY, person),),
    "GET /api/v1/users/{username}": (Case(Who.ANYBODY, person), Case(Who.ANYBODY, creator_and_brand)),
    "GET /api/v1/users/{username}/series": (Case(Who.ANYBODY, person),),
    "GET /api/v1/users/{username}/stats": (Case(Who.ANYBODY, person),),
    "GET /api/v1/authors/{user_id}": (Case(Who.ANYBODY, creator_and_brand),),
    "GET /api/v1/authors/{user_id}/sites": (Case(Who.ANYBODY, creator_and_brand),),
    "GET /api/v1/brands/{user_id}": (Case(Who.ANYBODY, creator_and_brand),),
    "PUT /api/v1/admin/users/{user_id}/plan": (Case(Who.STAFF, person, json=_fixed(plan="growth")),),
    "GET /@{username}": (Case(Who.ANYBODY, person),),
    "GET /@{username}/gift": (Case(Who.ANYBODY, person),),
    "GET /@{username}/tip": (Case(Who.ANYBODY, person),),
    "POST /@{username}/follow": (Case(Who.ANYBODY, person, form=_fixed()),),
    "POST /@{username}/unfollow": (Case(Who.ANYBODY, person, form=_fixed()),),
    "GET /@{username}/followers": (Case(Who.ANYBODY, person),),
    "GET /@{username}/following": (Case(Who.ANYBODY, person),),
    "POST /api/v1/authors/{author_id}/follow": (Case(Who.ANYBODY, person),),
    "POST /api/v1/authors/{author_id}/unfollow": (Case(Who.ANYBODY, person),),
    "GET /api/v1/authors/{author_id}/followers": (Case(Who.ANYBODY, person),),
    "PATCH /api/v1/authors/{author_id}/follow-settings": (Case(Who.OWNER, followed, json=_fixed(notify="none")),),
    "POST /account/following/{user_id}/settings": (Case(Who.OWNER, followed, form=_fixed(hear="none")),),
    "POST /account/following/{user_id}/unfollow": (Case(Who.OWNER, followed, form=_fixed()),),
    "GET /@{username}/block": (Case(Who.ANYBODY, person),),
    "POST /@{username}/block": (Case(Who.ANYBODY, person, form=_fixed()),),
    "PUT /api/v1/me/blocked/{user_id}": (Case(Who.ANYBODY, person),),
    "DELETE /api/v1/me/blocked/{user_id}": (Case(Who.ANYBODY, blocked),),
    "POST /account/settings/blocked/{user_id}/unblock": (Case(Who.ANYBODY, blocked, form=_fixed()),),
    # the same in the documents' own words
    "GET /api/account/{user_id}": (Case(Who.ANYBODY, person),),
    "GET /api/users/{username}": (Case(Who.ANYBODY, person),),
    "PUT /api/users/{user_id}": (Case(Who.OWNER, oneself, json=_fixed(display_name="Ana", bio="Writes")),),
    "POST /api/users/{user_id}/upgrade": (Case(Who.OWNER, oneself),),
    "GET /api/payments/balance/{user_id}": (Case(Who.OWNER, oneself),),
    "GET /api/payment/transactions/{user_id}": (Case(Who.OWNER, oneself),),
    "GET /api/payments/orders/{order_id}": (Case(Who.OWNER, order),),
    # orders; whoever has the address of a sandbox page may pay there, as with a real gateway
    "GET /api/v1/orders/{order_id}": (Case(Who.OWNER, order),),
    "POST /api/v1/orders/{order_id}/confirm": (Case(Who.OWNER, order, json=_fixed(payment_method_id="pm_card_visa")),),
    "POST /api/v1/orders/{order_id}/checkout": (Case(Who.OWNER, order, json=_fixed()),),
    "POST /api/v1/orders/{order_id}/cancel": (Case(Who.OWNER, order),),
    "POST /api/v1/orders/{order_id}/refund": (Case(Who.STAFF, paid_order, json=REASON),),
    "GET /api/v1/checkouts/{session_id}": (Case(Who.OWNER, order),),
    "GET /api/v1/checkout/session/{session_id}": (Case(Who.OWNER, order),),
    "GET /s/{site}/series": (Case(Who.ANYBODY, chapter_to_read),),
    "GET /s/{site}/series/{series}": (Case(Who.ANYBODY, chapter_to_read), Case(Who.OWNER, chapter_taken_back)),
    "GET /s/{site}/series/{series}/chapters": (
        Case(Who.ANYBODY, chapter_to_read),
        Case(Who.OWNER, chapter_taken_back),
    ),
    "GET /s/{site}/series/{series}/{chapter}": (
        Case(Who.ANYBODY, chapter_to_read),
        Case(Who.OWNER, chapter_taken_back),
    ),
    "GET /s/{site}/series/{series}/chapter/{number}": (
        Case(Who.ANYBODY, chapter_to_read),
        Case(Who.OWNER, chapter_taken_back),
    ),
    "POST /s/{site}/series/{series}/{chapter}/unlock": (
        Case(
            Who.ANYBODY,
            chapter_for_sale,
            form=_fixed(key="a key of its own", price_minor="500", price_asset="COIN"),
        ),
    ),
    "POST /chapters/{chapter_id}/seen": (Case(Who.ANYBODY, chapter_to_read), Case(Who.OWNER, chapter_taken_back)),
    "GET /s/{site}/checkout/{session_id}": (Case(Who.OWNER, tip_checkout),),
    "POST /s/{site}/checkout/{session_id}/again": (Case(Who.OWNER, tip_checkout, form=_fixed()),),
    "POST /s/{site}/checkout/{session_id}/cancel": (Case(Who.OWNER, tip_checkout, form=_fixed()),),
    "GET /wallet/orders/{order_id}": (Case(Who.OWNER, order),),
    "POST /wallet/orders/{order_id}/checkout": (Case(Who.OWNER, order, form=_fixed()),),
    "POST /wallet/orders/{order_id}/cancel": (Case(Who.OWNER, order, form=_fixed()),),
    "GET /sandbox/checkout/{session_id}": (Case(Who.ANYBODY, order),),
    "POST /sandbox/checkout/{session_id}": (Case(Who.ANYBODY, order, form=CARD),),
    "POST /sandbox/checkout/{session_id}/leave": (Case(Who.ANYBODY, order, form=_fixed()),),
    "GET /sandbox/3ds/{payment_id}": (Case(Who.ANYBODY, challenge),),
    "POST /sandbox/3ds/{payment_id}": (Case(Who.ANYBODY, challenge, form=_fixed(answer="refuse")),),
    "GET /api/v1/webhook-events/{event_id}": (Case(Who.STAFF, webhook_event),),
    "POST /api/v1/webhook-events/{event_id}/repeat": (Case(Who.STAFF, webhook_event),),
    # the back office
    "GET /api/v1/admin/ledger/transfers/{transfer_id}": (Case(Who.STAFF, transfer),),
    "GET /admin/books/accounts/{account_id}": (Case(Who.STAFF, account),),
    "GET /admin/books/transfers/{transfer_id}": (Case(Who.STAFF, transfer),),
    "GET /admin/jobs/{job_id}": (Case(Who.STAFF, dead_job),),
    "POST /admin/jobs/{job_id}/discard": (Case(Who.STAFF, dead_job, form=_fixed()),),
    "POST /admin/jobs/{job_id}/retry": (Case(Who.STAFF, dead_job, form=_fixed()),),
    "GET /admin/mail/{message_id}": (Case(Who.STAFF, kept_mail),),
    "GET /admin/mail/{message_id}/html": (Case(Who.STAFF, kept_mail),),
    "POST /admin/mail/{message_id}/send": (Case(Who.STAFF, kept_mail, form=_fixed()),),
    "GET /admin/orders/{order_id}": (Case(Who.STAFF, paid_order),),
    "POST /admin/orders/{order_id}/refund": (Case(Who.STAFF, paid_order, form=REFUND),),
    "GET /admin/users/{user_id}": (Case(Who.STAFF, suspended),),
    "GET /admin/users/{user_id}/{decision}": (Case(Who.STAFF, suspended), Case(Who.STAFF, to_suspend)),
    "POST /admin/users/{user_id}/{decision}": (
        Case(Who.STAFF, suspended, form=REASON),
        Case(Who.STAFF, to_suspend, form=_fixed(reason="Insults", days="7")),
    ),
    "GET /admin/audit/{event_id}": (Case(Who.STAFF, suspended),),
    "GET /api/v1/admin/audit/{event_id}": (Case(Who.STAFF, suspended),),
    "GET /api/v1/admin/users/{user_id}": (Case(Who.STAFF, suspended),),
    "POST /api/v1/admin/users/{user_id}/suspend": (Case(Who.STAFF, person, json=REASON),),
    "POST /api/v1/admin/users/{user_id}/ban": (Case(Who.STAFF, person, json=REASON),),
    "POST /api/v1/admin/users/{user_id}/reinstate": (Case(Who.STAFF, suspended, json=REASON),),
    "POST /api/v1/admin/users/{user_id}/roles": (
        Case(Who.STAFF, person, json=_fixed(role="moderator", change="grant", reason="Will help us")),
    ),
    "GET /admin/payouts/{payout_id}": (Case(Who.STAFF, held_payout),),
    "GET /admin/payouts/{payout_id}/let-go": (Case(Who.STAFF, held_payout),),
    "POST /admin/payouts/{payout_id}/{decision}": (Case(Who.STAFF, held_payout, form=REASON),),
    "GET /admin/fraud/{flag_id}": (Case(Who.STAFF, flag),),
    "POST /admin/fraud/{flag_id}/{decision}": (Case(Who.STAFF, flag, form=_fixed(note="In a circle")),),
    "GET /api/v1/admin/fraud/{flag_id}": (Case(Who.STAFF, flag),),
    "POST /api/v1/admin/fraud/{flag_id}/approve": (Case(Who.STAFF, flag, json=_fixed(note="All is well")),),
    "POST /api/v1/admin/fraud/{flag_id}/reject": (Case(Who.STAFF, flag, json=_fixed(note="In a circle")),),
    "POST /admin/review/{work_id}/approve": (Case(Who.STAFF, waiting, form=_revision()),),
    "POST /admin/review/{work_id}/refuse": (Case(Who.STAFF, waiting, form=_revision(reason="An advertisement")),),
    "GET /admin/reconciliation/{discrepancy_id}": (Case(Who.STAFF, discrepancy),),
    "POST /admin/reconciliation/{discrepancy_id}/merge": (Case(Who.STAFF, discrepancy, form=_fixed()),),
    "POST /admin/reconciliation/{discrepancy_id}/resolve": (
        Case(Who.STAFF, discrepancy, form=_fixed(note="Seen to by letter")),
    ),
    "GET /api/v1/reconciliation/runs/{run_id}": (Case(Who.STAFF, discrepancy),),
    "GET /api/v1/reconciliation/discrepancies/{discrepancy_id}": (Case(Who.STAFF, discrepancy),),
    "POST /api/v1/reconciliation/discrepancies/{discrepancy_id}/merge": (Case(Who.STAFF, discrepancy),),
    "POST /api/v1/reconciliation/discrepancies/{discrepancy_id}/resolve": (
        Case(Who.STAFF, discrepancy, json=_fixed(note="Seen to by letter")),
    ),
    "GET /admin/webhooks/{event_id}": (Case(Who.STAFF, webhook_event),),
    "POST /admin/webhooks/{event_id}/repeat": (Case(Who.STAFF, webhook_event, form=_fixed()),),
    # gifts and movements
    "GET /api/v1/gifts/{gift_id}": (Case(Who.OWNER, gift),),
    "GET /api/v1/tips/{tip_id}": (Case(Who.OWNER, tip),),
    "POST /api/v1/gifts/{gift_id}/undo": (Case(Who.OWNER, gift),),
    "GET /wallet/gifts/{gift_id}": (Case(Who.OWNER, gift),),
    "POST /wallet/gifts/{gift_id}/undo": (Case(Who.OWNER, gift, form=_fixed()),),
    "POST /gifts/{gift_id}/undo": (Case(Who.OWNER, gift, form=_fixed()),),
    "GET /api/v1/transfers/{transfer_id}": (Case(Who.OWNER, transfer),),
    "GET /wallet/transfers/{transfer_id}": (Case(Who.OWNER, transfer),),
    # payments as payer and receiver see them
    "GET /api/v1/my/payments/{payment_id}": (Case(Who.OWNER, made_payment),),
    "GET /api/v1/my/payments/{payment_id}/receipt": (Case(Who.OWNER, made_payment),),
    "GET /api/v1/payments/{payment_id}": (Case(Who.OWNER, received_payment),),
    "GET /account/payments/{payment_id}": (Case(Who.OWNER, made_payment),),
    # refunds and disputes
    "POST /api/v1/payments/{payment_id}/refund": (Case(Who.OWNER, made_payment, json=REASON),),
    "GET /api/v1/payments/{payment_id}/refund-status": (Case(Who.OWNER, made_payment),),
    "GET /api/v1/refunds/{refund_id}": (Case(Who.OWNER, asked_for),),
    "POST /api/v1/refunds/{refund_id}/approve": (Case(Who.OWNER, asked_of_owner),),
    "POST /api/v1/refunds/{refund_id}/refuse": (Case(Who.OWNER, asked_of_owner, json=_fixed(note="It was read")),),
    "GET /api/v1/payments/{payment_id}/dispute": (Case(Who.OWNER, disputed),),
    "POST /api/v1/payments/{payment_id}/dispute/evidence": (
        Case(Who.OWNER, disputed, parts=_fixed(text="This is what happened")),
    ),
    "POST /api/v1/payments/{payment_id}/dispute/mark": (
        Case(Who.STAFF, disputed, json=_fixed(outcome="won", note="They wrote so")),
    ),
    "GET /api/v1/disputes/{dispute_id}/files/{file_id}": (Case(Who.OWNER, evidence_file),),
    "GET /account/payments/{payment_id}/refund": (Case(Who.OWNER, made_payment),),
    "POST /account/payments/{payment_id}/refund": (Case(Who.OWNER, made_payment, form=REFUND),),
    "GET /dashboard/payments/{payment_id}/refund": (Case(Who.OWNER, received_payment),),
    "POST /dashboard/payments/{payment_id}/refund": (Case(Who.OWNER, received_payment, form=REFUND),),
    "POST /dashboard/payments/{payment_id}/refunds/{refund_id}/{decision}": (
        Case(Who.OWNER, asked_of_owner, form=_fixed()),
    ),
    "GET /dashboard/payments/{payment_id}/dispute": (Case(Who.OWNER, disputed),),
    "POST /dashboard/payments/{payment_id}/dispute": (
        Case(Who.OWNER, disputed, form=_fixed(text="This is what happened")),
    ),
    "GET /admin/refunds/{refund_id}": (Case(Who.STAFF, asked_for),),
    "POST /admin/refunds/{refund_id}/{decision}": (Case(Who.STAFF, asked_of_owner, form=_fixed()),),
    "GET /admin/disputes/{dispute_id}": (Case(Who.STAFF, disputed),),
    "POST /admin/disputes/{dispute_id}/evidence": (
        Case(Who.STAFF, disputed, form=_fixed(text="This is what happened")),
    ),
    "POST /admin/disputes/{dispute_id}/mark": (
        Case(Who.STAFF, disputed, form=_fixed(outcome="won", note="They wrote so")),
    ),
    "GET /account/payments/{payment_id}/receipt": (Case(Who.OWNER, made_payment),),
    "GET /account/payments/{payment_id}/receipt/pdf": (Case(Who.OWNER, made_payment),),
    "GET /dashboard/payments/{payment_id}": (Case(Who.OWNER, received_payment),),
    # payouts
    "GET /api/v1/payout-destinations/{destination_id}": (Case(Who.OWNER, destination),),
    "PUT /api/v1/payout-destinations/{destination_id}": (Case(Who.OWNER, destination, json=_fixed(**PLACE)),),
    "DELETE /api/v1/payout-destinations/{destination_id}": (
        Case(Who.OWNER, destination, json=_fixed(password=PASSWORD)),
    ),
    "POST /api/v1/payout-destinations/{destination_id}/default": (Case(Who.OWNER, destination),),
    "GET /api/v1/payouts/{payout_id}": (Case(Who.OWNER, payout),),
    "POST /api/v1/payouts/{payout_id}/cancel": (Case(Who.OWNER, payout),),
    "POST /api/v1/payouts/{payout_id}/review": (Case(Who.STAFF, payout, json=REASON),),
    "POST /api/v1/payouts/{payout_id}/approve": (Case(Who.STAFF, held_payout),),
    "POST /api/v1/payouts/{payout_id}/reject": (Case(Who.STAFF, held_payout, json=REASON),),
    "GET /api/v1/payouts/{payout_id}/statement": (Case(Who.OWNER, payout),),
    "GET /dashboard/payouts/destinations/{destination_id}": (Case(Who.OWNER, destination),),
    "POST /dashboard/payouts/destinations/{destination_id}": (
        Case(Who.OWNER, destination, form=_fixed(holder="Ana", label="House", password=PASSWORD)),
    ),
    "POST /dashboard/payouts/destinations/{destination_id}/default": (Case(Who.OWNER, destination, form=_fixed()),),
    "GET /dashboard/payouts/destinations/{destination_id}/remove": (Case(Who.OWNER, destination),),
    "POST /dashboard/payouts/destinations/{destination_id}/remove": (
        Case(Who.OWNER, destination, form=_fixed(password=PASSWORD)),
    ),
    "GET /dashboard/payouts/{payout_id}/statement": (Case(Who.OWNER, payout),),
    "GET /dashboard/payouts/{payout_id}": (Case(Who.OWNER, payout),),
    "POST /dashboard/payouts/{payout_id}/cancel": (Case(Who.OWNER, payout, form=_fixed()),),
}

# Parameters that are no ids of anything: files of the application itself, the name of a gateway, whose requests are
# proved by a signature, and names of providers and assets, of which everybody has their own.
NO_THING = (
    "/static/",
    "/api/openapi",
    "/api/v1/webhooks/",
    "/api/v1/auth/oauth/{provider}",
    "/api/v1/payout-providers/{provider}",
    "/api/v1/payout-webhooks/{provider}",
    "/api/v1/users/me/connected-accounts/{provider}",
    "/oauth/{provider}",
    "/dashboard/account/connected/{provider}",
    "/dashboard/payments/gateways/{provider}",
    "/api/v1/money/{asset}",
    "/dashboard/money/{asset}",
    "/api/v1/themes/{theme_id}",
)

HOOK = "a secret of webhooks".replace(" ", "-")

# What an authenticator answers, as far as its form goes.
_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQUFBQSIsIm9yaWdpbiI6Imh0dHA6Ly90ZXN0c2VydmVyIn0"
ASSERTION = {
    "id": "AAAA",
    "response": {
        "clientDataJSON": _CLIENT_DATA,
        "authenticatorData": "AAAA",
        "signature": "AAAA",
        "userHandle": "AAAA",
    },
}
ATTESTATION = {
    "id": "AAAA",
    "response": {"clientDataJSON": _CLIENT_DATA, "attestationObject": "oA", "transports": ["internal"]},
}

# Forms of pages without an id in their address, filled in as they should be: the fuzz test spoils one field at a time.
FORMS: dict[str, Callable[[World], dict[str, str]]] = {
    "POST /login/phone": lambda w: {"phone": "+491701234567", "next": "/"},
    "POST /login/phone/code": lambda w: {"code": "123456", "next": "/"},
    "POST /dashboard/account/profile": lambda w: {"display_name": "Ana", "username": w.owner.username, "bio": "Writes"},
    "POST /account/settings/profile": lambda w: {"display_name": "Ana", "username": w.owner.username, "bio": "Writes"},
    "POST /dashboard/account/author-profile": lambda w: {
        **{k: v for k, v in AUTHOR.items() if isinstance(v, str)},
        "genres": "Essay",
        "commission_min_price": "50.00",
        "commission_max_price": "500.00",
        "accepting_commissions": "on",
        "show_email": "on",
    },
    "POST /dashboard/account/brand-profile": lambda w: dict(BRAND),
    "POST /dashboard/account/preferences": lambda w: {
        "theme": "dark",
        "reading_face": "inter",
        "reading_size": "19",
        "mature_content": "ask",
        "locale": "en-GB",
        "timezone": "Europe/Berlin",
    },
    "POST /account/settings/privacy": lambda w: {"show_in_search": "on", "show_followers": "on", "show_email": "on"},
    "POST /dashboard/account/phone": lambda w: {"phone": "+491701234567", "password": "not the right one"},
    "POST /dashboard/account/phone/confirm": lambda w: {"code": "123456"},
    "POST /dashboard/account/phone/remove": lambda w: {"password_to_remove": "not the right one"},
    "POST /login/passkey": lambda w: {"credential": json.dumps(ASSERTION), "next": "/"},
    "POST /mfa/challenge": lambda w: {"code": "123456", "with": "app", "next": "/"},
    "POST /mfa/step-up": lambda w: {"code": "123456", "with": "app", "next": "/"},
    "POST /mfa/setup": lambda w: {"password": "not the right one"},
    "POST /mfa/setup/verify": lambda w: {"code": "123456"},
    "POST /mfa/remove": lambda w: {"password": "not the right one"},
    "POST /dashboard/account/passkeys": lambda w: {"credential": json.dumps(ATTESTATION), "name": "My desk"},
    "POST /login": lambda w: {"email": w.owner.email, "password": "not the right one", "next": "/"},
    "POST /oauth/complete": lambda w: {"email": "somebody@example.org"},
    "POST /register": lambda w: {
        "username": "somebody",
        "email": w.owner.email,
        "password": PASSWORD,
        "next": "/",
    },
    "POST /forgot-password": lambda w: {"email": w.owner.email},
    "POST /resend-verification": lambda w: {"email": w.owner.email, "next": "/"},
    "POST /dashboard/account/password": lambda w: {
        "current_password": "not the right one",
        "new_password": "marble and shade",
    },
    "POST /dashboard/account/email": lambda w: {"new_email": "elsewhere@example.org", "password": "not the right one"},
    "POST /gifts": lambda w: {
        "recipient_id": str(w.stranger.id),
        "amount": "other",
        "other_amount": "1",
        "work_id": str(new_id()),
        "key": str(new_id()),
        "message": "Thank you",
        "next": "/",
    },
    "POST /dashboard/payments/gateways/default": lambda w: {"settlement": "platform", "password": PASSWORD},
    "POST /tips": lambda w: {
        "recipient_id": str(w.stranger.id),
        "amount": "1",
        "key": str(new_id()),
        "next": "/",
    },
    "POST /write": lambda w: {
        "title": "A title",
        "body": "A text",
        "category": "Education",
        "id": str(new_id()),
        "revision": "1",
        "then": "publish",
    },
    "POST /dashboard/team/invite": lambda w: {
        "site": str(new_id()),
        "email": "one.more@example.org",
        "role": "editor",
        "permissions": "publish",
    },
    "POST /wallet/checkout": lambda w: {"package_id": "1", "key": str(new_id())},
    "POST /wallet/purchase": lambda w: {
        "package_id": "1",
        "key": str(new_id()),
        "payment_method_id": "pm_card_visa",
    },
    "POST /wallet/credits": lambda w: {"amount": "5", "currency": "USD", "key": str(new_id())},
    "POST /wallet/settings": lambda w: {"accepts_promotional": "on"},
    "POST /dashboard/payouts/new": lambda w: {"asset": "COIN", "amount": "400", "destination": "sandbox_bank"},
    "POST /dashboard/payouts/confirm": lambda w: {
        "key": str(new_id()),
        "asset": "COIN",
        "amount_minor": "100000",
        "destination": "sandbox_bank",
        "fee_minor": "0",
    },
    "POST /dashboard/payouts/destinations/new": lambda w: {
        "provider": "sandbox",
        "label": "Savings",
        "holder": "Ana Lima",
        "currency": "USD",
        "country": "DE",
        "answer_account_number": "DE89370400440532013000",
        "answer_speed": "standard",
        "password": PASSWORD,
    },
    "POST /preferences/theme": lambda w: {"theme": "dark", "next": "/"},
    "POST /preferences/reading": lambda w: {"face": "inter", "size": "19", "next": "/"},
    "POST /admin/jobs/dead/retry-all": lambda w: {"type": "test.job"},
    "POST /admin/splits": lambda w: {
        "kind": "tip",
        "effective_from": "2099-01-01",
        "creator": "95",
        "platform": "4",
        "charity": "1",
        "tax_name": "GST",
        "tax": "18",
    },
}

# The same for the API: bodies of routes without an id.
BODIES: dict[str, Callable[[World], dict[str, Any]]] = {
    "POST /api/v1/auth/register": lambda w: {"username": "somebody", "email": w.owner.email, "password": PASSWORD},
    "POST /api/v1/auth/login/google": lambda w: {
        "redirect_uri": "http://testserver/oauth/google/callback",
        "code": "x",
        "state": "x",
        "code_verifier": "x",
        "nonce": "x",
        "id_token": "x.y.z",
        "completion_token": "x",
        "email": "somebody@example.org",
    },
    "POST /api/v1/auth/login/apple": lambda w: {"id_token": "x.y.z", "nonce": "x"},
    "POST /api/v1/auth/login/twitter": lambda w: {"code": "x", "state": "x"},
    "POST /api/v1/auth/login": lambda w: {"email": w.owner.email, "password": "not the right one"},
    "POST /api/v1/auth/verify-email": lambda w: {"token": "x"},
    "POST /api/v1/auth/resend-verification": lambda w: {"email": w.owner.email},
    "POST /api/v1/auth/forgot-password": lambda w: {"email": w.owner.email},
    "POST /api/v1/auth/reset-password": lambda w: {"token": "x", "password": "marble and shade"},
    "POST /api/v1/auth/change-password": lambda w: {
        "current_password": "not the right one",
        "new_password": "marble and shade",
    },
    "POST /api/v1/auth/change-email": lambda w: {"new_email": "elsewhere@example.org", "password": "not the right one"},
    "POST /api/v1/auth/verify-email-change": lambda w: {"token": "x"},
    "POST /api/v1/auth/phone/request": lambda w: {"phone": "+491701234567"},
    "POST /api/v1/auth/phone/verify": lambda w: {"phone": "+491701234567", "code": "123456"},
    "PUT /api/v1/auth/phone": lambda w: {"phone": "+491701234567", "password": "not the right one"},
    "POST /api/v1/auth/phone/confirm": lambda w: {"code": "123456"},
    "POST /api/v1/auth/phone/remove": lambda w: {"password": "not the right one"},
    "POST /api/v1/auth/mfa/enable": lambda w: {"password": "not the right one"},
    "POST /api/v1/auth/mfa/verify": lambda w: {"code": "123456"},
    "POST /api/v1/auth/mfa/disable": lambda w: {"password": "not the right one"},
    "POST /api/v1/auth/mfa/challenge": lambda w: {"challenge_token": "x", "code": "123456"},
    "POST /api/v1/auth/mfa/challenge/options": lambda w: {"challenge_token": "x"},
    "POST /api/v1/auth/step-up": lambda w: {"passkey": ASSERTION},
    "POST /api/v1/auth/passkeys/options": lambda w: {"password": "not the right one"},
    "POST /api/v1/auth/passkeys": lambda w: {"credential": ATTESTATION, "name": "My desk"},
    "POST /api/v1/auth/passkeys/login": lambda w: {"credential": ASSERTION},
    "POST /api/v1/auth/refresh": lambda w: {"refresh_token": f"{new_id().hex}.x"},
    "PATCH /api/v1/users/me": lambda w: {
        "username": w.owner.username,
        "display_name": "Ana",
        "bio": "Writes",
        "locale": "en-IN",
        "timezone": "Asia/Kolkata",
    },
    "PATCH /api/v1/users/me/preferences": lambda w: {
        "theme": "dark",
        "reading_face": "inter",
        "reading_size": 19,
        "mature_content": "show",
        "show_in_search": False,
        "show_followers": False,
    },
    "POST /api/v1/author-profile": lambda w: dict(AUTHOR),
    "PATCH /api/v1/author-profile": lambda w: dict(AUTHOR),
    "POST /api/v1/brand-profile": lambda w: dict(BRAND),
    "PATCH /api/v1/brand-profile": lambda w: dict(BRAND),
    "PATCH /api/v1/people/me": lambda w: {"display_name": "Ana", "bio": "Writes", "avatar_media_id": str(new_id())},
    "POST /api/v1/posts": lambda w: {
        "title": "A title",
        "body_markdown": BODY,
        "category": "Education",
        "images": ["https://pictures.example/1.png"],
        "cover_media_id": None,
        "language": "en",
        "rating": "general",
    },
    "POST /api/v1/posts/preview": lambda w: {"body_markdown": BODY},
    "POST /api/v1/gifts": lambda w: {
        "amount": 1,
        "recipient_id": str(w.stranger.id),
        "recipient_username": w.stranger.username,
        "work_id": None,
        "message": "Thank you",
    },
    "POST /api/v1/checkout/tip": lambda w: {
        "recipient_id": str(w.stranger.id),
        "recipient_username": w.stranger.username,
        "superlike": False,
        "return_url": "/wallet",
    },
    "POST /api/v1/checkout/purchase": lambda w: {
        "kind": "coins",
        "item": {"package_id": 1},
        "return_url": "/wallet",
        "gateway": "sandbox",
        "amount_minor": 499,
        "currency": "USD",
    },
    "POST /api/v1/checkout/subscription": lambda w: {
        "tier_id": str(new_id()),
        "billing": "monthly",
        "return_url": "/wallet",
    },
    "POST /api/v1/payment-gateway/default": lambda w: {"gateway": None, "password": PASSWORD},
    "POST /api/v1/payment-gateway/stripe/webhook-secret": lambda w: {"webhook_secret": HOOK, "password": PASSWORD},
    "POST /api/v1/payment-gateway/razorpay/webhook-secret": lambda w: {"webhook_secret": HOOK, "password": PASSWORD},
    "POST /api/v1/payment-gateway/xendit/webhook-token": lambda w: {"webhook_token": HOOK, "password": PASSWORD},
    "POST /api/v1/payment-gateway/stripe/disconnect": lambda w: {"password": PASSWORD},
    "POST /api/v1/payment-gateway/razorpay/disconnect": lambda w: {"password": PASSWORD},
    "POST /api/v1/payment-gateway/xendit/disconnect": lambda w: {"password": PASSWORD},
    # what begins so is refused before anybody is asked
    "POST /api/v1/payment-gateway/stripe/connect": lambda w: {"secret_key": "none_of_stripe", "password": PASSWORD},
    "POST /api/v1/payment-gateway/razorpay/connect": lambda w: {
        "key_id": "none_of_razorpay",
        "key_secret": "secret-secret",
        "account_id": "acc_1",
        "webhook_secret": HOOK,
        "password": PASSWORD,
    },
    "POST /api/v1/payment-gateway/xendit/connect": lambda w: {
        "api_key": "none_of_xendit",
        "business_id": "business",
        "webhook_token": HOOK,
        "password": PASSWORD,
    },
    "POST /api/payment/create-checkout-session": lambda w: {"amount": 5, "return_url": "/wallet"},
    "POST /api/payments/intent": lambda w: {"amount": 5, "user_id": str(w.owner.id)},
    "POST /api/payments/create-order": lambda w: {
        "kind": "credits",
        "amount": 500,
        "currency": "INR",
        "package_id": 1,
        "return_url": "/wallet",
    },
    "POST /api/payments/verify-payment": lambda w: {
        "razorpay_order_id": "order_of_nobody",
        "razorpay_payment_id": "pay_of_nobody",
        "razorpay_signature": "00",
    },
    "POST /api/payments/credits/purchase": lambda w: {
        "user_id": str(w.owner.id),
        "amount": 5,
        "payment_method_id": "pm_card_visa",
    },
    "POST /api/v1/reconciliation/runs": lambda w: {"gateway": "sandbox"},
    "POST /api/payments/tip": lambda w: {
        "from_user_id": str(w.owner.id),
        "to_creator_username": w.stranger.username,
        "amount": 1,
    },
    "POST /api/v1/tips": lambda w: {
        "recipient_id": str(w.stranger.id),
        "recipient_username": w.stranger.username,
        "superlike": False,
    },
    "POST /api/v1/wallet/purchases": lambda w: {
        "package_id": 1,
        "payment_method_id": "pm_card_visa",
        "return_url": "/",
    },
    "POST /api/v1/wallet/checkout": lambda w: {"package_id": 1, "return_url": "/wallet"},
    "POST /api/v1/wallet/credits": lambda w: {
        "amount_minor": 500,
        "currency": "USD",
        "payment_method_id": "pm_card_visa",
        "return_url": "/",
    },
    "POST /api/v1/wallet/credits/checkout": lambda w: {"amount_minor": 500, "currency": "USD", "return_url": "/wallet"},
    "PATCH /api/v1/wallet/settings": lambda w: {"accepts_promotional": True},
    "POST /api/v1/payouts": lambda w: {"destination": "sandbox_bank"},
    "POST /api/v1/payouts/quote": lambda w: {"asset": "COIN", "amount_minor": 39_000, "destination": "sandbox_bank"},
    "POST /api/v1/payout-destinations": lambda w: {"provider": "sandbox", **PLACE},
    "POST /api/payments/withdraw": lambda w: {"user_id": str(w.owner.id), "amount": 5},
    "POST /api/payment/redeem-balance": lambda w: {"amount": 5},
    "POST /api/v1/admin/splits": lambda w: {
        "kind": "tip",
        "effective_from": "2099-01-01T00:00:00Z",
        "creator_bp": 9500,
        "platform_bp": 400,
        "charity_bp": 100,
        "tax_name": "GST",
        "tax_bp": 1800,
    },
    "POST /api/auth/register": lambda w: {"username": "somebody", "email": w.owner.email, "password": PASSWORD},
    "POST /api/auth/login": lambda w: {"email": w.owner.email, "password": "not the right one"},
    "POST /api/auth/signup": lambda w: {
        "username": "somebody",
        "email": w.owner.email,
        "password": PASSWORD,
        "name": "Some Body",
    },
    "POST /api/auth/signin": lambda w: {"email": w.owner.email, "password": "not the right one"},
    "PUT /api/auth/profile": lambda w: {"name": "Ana", "bio": "Writes"},
    "POST /api/users/register": lambda w: {
        "username": "somebody",
        "email": w.owner.email,
        "password": PASSWORD,
        "display_name": "Some Body",
        "role": "creator",
    },
    "POST /api/social/follow": lambda w: {"user_id": str(w.stranger.id)},
    "DELETE /api/social/follow": lambda w: {"user_id": str(w.stranger.id)},
    "POST /api/social/block": lambda w: {"user_id": str(w.stranger.id)},
    "DELETE /api/social/block": lambda w: {"user_id": str(w.stranger.id)},
    "POST /api/v1/sites": lambda w: {
        "title": "The salt road",
        "slug": "salt-road",
        "theme": "folio",
        "is_public": True,
    },
    "POST /api/posts": lambda w: {"title": "A title", "content": BODY, "category": "Education", "images": []},
    "POST /api/coins/purchase": lambda w: {"packageId": 1, "paymentMethodId": "pm_card_visa"},
    "POST /api/coins/gift": lambda w: {"recipientId": str(w.stranger.id), "amount": 1, "message": "Thank you"},
    "POST /write/save": lambda w: {"title": "A title", "body": "A text", "category": "Education", "revision": 1},
}
