"""A platform full of what is not for everybody: whatever is hidden holds a word that begins with STEM.

`Secrets.words` has all of them, `Secrets.needles` ids and addresses that nobody may learn either. `Secrets.places` says
what stands where, as the parameters of paths.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from stoa.creation.comics import actions as comics
from stoa.creation.comics.actions.working import note_words
from stoa.creation.serials.policies.series import access_series
from stoa.kit.clock import utcnow
from tests.contract.things import FANTASY, Params
from tests.foundation.media import samples

STEM = "xyzzy"
NOWHERE = f"{STEM}nowhere"  # a word that stands in nothing
DAY = timedelta(days=1)
PRICE = {"price_minor": 50_000, "price_asset": "COIN"}
REASON = {"reason": "Broke a rule of the house"}


class Secrets:
    """Ana's open site with much behind walls and in drawers, sites that are closed, and who may and may not read."""

    def __init__(self, make: Any, client: Any, jobs: Any) -> None:
        self.make, self.client, self.jobs = make, client, jobs
        self.words: set[str] = set()
        self.needles: set[str] = set()
        self.places: list[Params] = []
        self.ana: Any = None
        self.buyer: Any = None
        self.staff: Any = None
        self.owners: list[Any] = []
        self.restores: list[tuple[Any, str]] = []

    async def build(self) -> None:
        """All of it."""
        self.staff = await self.make.user("chief", roles=("moderator", "admin"))
        self.buyer = await self.make.member("buyer", purchased=1000)
        self.ana = await self.owner("ana")
        await self.library()
        await self.series_with_walls()
        await self.series_in_drawers()
        await self.comic()
        await self.pages_and_posts()
        await self.files()
        for label in ("private", "maintained", "suspended", "deleted", "banned"):
            await self.closed_house(label)
        await self.jobs()

    async def owner(self, name: str) -> Any:
        """A creator whose things are looked at as theirs."""
        made = await self.make.user(name, roles=("creator",))
        await self.call(self.staff, "PUT", f"/admin/users/{made.id}/plan", plan="growth")
        self.owners.append(made)
        return made

    def secret(self, label: str) -> str:
        """A new word that is hidden."""
        word = f"{STEM}{label}"
        assert word not in self.words
        self.words.add(word)
        return word

    def body(self, label: str) -> str:
        """A text of which the first three paragraphs are for everybody."""
        word = self.secret(label)
        return (
            "Open words one.\n\nOpen words two[^n].\n\nOpen words three.\n\n"
            f"## {word} heading\n\nFourth {word} words with ||{self.secret(f'{label}spoiler')}||.\n\n"
            f"![{self.secret(f'{label}alt')}](https://pictures.example/{self.secret(f'{label}picture')}.png)\n\n"
            f"![Own](/media/{self.picture.id}/320.webp)\n\n[There](https://{self.secret(f'{label}link')}.example/)\n\n"
            f"| a | b |\n|---|---|\n| {self.secret(f'{label}cell')} | 1 |\n\n[^n]: {self.secret(f'{label}footnote')}"
        )

    async def call(self, user: Any, method: str, path: str, **body: Any) -> Any:
        """A request that must succeed; its JSON."""
        answer = await self.client.as_(user).request(method, f"/api/v1{path}", json=body or None)
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}

    def at(self, owner: Any, **values: Any) -> Params:
        """Somewhere that a path can lead to."""
        place = {"username": owner.username, "user_id": owner.id, "author_id": owner.id, **values}
        self.places.append(place)
        return place

    async def library(self) -> None:
        """A private picture, which a hidden part shows, in a folder."""
        self.picture = await self.make.picture(self.ana, alt=self.secret("libraryalt"))
        self.needles.add(str(self.picture.id))
        folder = await self.call(self.ana, "POST", "/media/folders", name=self.secret("folder"))
        self.folder_id = folder["id"]
        said = {"filename": f"{self.secret('filename')}.png", "tags": [self.secret("mediatag")]}
        said |= {"folder_id": folder["id"], "visibility": "private"}
        await self.call(self.ana, "PATCH", f"/media/{self.picture.id}", **said)
        names = ["320.webp", "1440.webp", "original.png", "original"]
        self.at(self.ana, media_id=self.picture.id, name=names, folder_id=folder["id"])

    async def chapter(self, series: Any, label: str, *, titled: bool = False, owner: Any = None, **more: Any) -> Params:
        """A draft that was saved twice, has notes and a text that is only typed yet."""
        owner = owner or self.ana
        name = f"{self.secret(f'{label}title')} day" if titled else f"The {label} lane"
        meta = {"meta_title": self.secret(f"{label}meta")} if titled else {}
        made = await self.make.chapter(
            owner, series, title=name, body=self.body(f"{label}old"), published=False,
            author_note_markdown=self.secret(f"{label}note"), **meta, **more,
        )  # fmt: skip
        path = f"/chapters/{made.id}"
        text = {"body_markdown": self.body(label), "note": self.secret(f"{label}change")}
        saved = await self.call(owner, "PUT", f"{path}/content", revision=made.revision, **text)
        typed = {"tab": "one", "base_version": saved["version"], "body_markdown": self.secret(f"{label}typed")}
        await self.call(owner, "POST", f"{path}/autosave", **typed)
        details = self.secret(f"{label}warning") if titled else "Fists"
        await self.call(owner, "POST", f"{path}/warnings", warning="violence", details=details)
        versions = (await self.call(owner, "GET", f"{path}/versions"))["items"]
        return self.at(
            owner, chapter_id=made.id, work_id=made.id, post_id=made.id, id=made.id, series_id=series.id,
            site_id=series.site_id, site=series.site_slug, series=series.slug or str(series.id),
            chapter=made.slug or str(made.id), slug=[made.slug or "none"], number=str(made.number), v1=1, v2=2,
            version_id=versions[-1]["id"], revision=saved["revision"], warning_id="violence",
            chapter_ids=[str(made.id)], target_id=str(series.id), format="markdown",
        )  # fmt: skip

    async def publish(self, place: Params, owner: Any = None) -> None:
        """Has a chapter out, at its address."""
        out = await self.call(owner or self.ana, "POST", f"/chapters/{place['chapter_id']}/publish")
        place |= {"chapter": out["slug"], "slug": [out["slug"]]}

    async def change(self, place: Params, method: str, what: str, **body: Any) -> Any:
        """Something that Ana does with a chapter."""
        return await self.call(self.ana, method, f"/chapters/{place['chapter_id']}{what}", **body)

    async def series_with_walls(self) -> None:
        """An open series of which some chapters are out, and none is whole to everybody."""
        series = self.open = await self.make.series(self.ana, title="The road")
        soon = (utcnow() + DAY).isoformat()
        self.paid = await self.chapter(series, "paid")
        await self.publish(self.paid)
        self.paid["format"] = ["markdown", "html", "epub", "docx", "pdf", "zip"]
        await self.change(self.paid, "PATCH", "/access", access="subscribers", **PRICE)
        await self.call(self.buyer, "POST", f"/chapters/{self.paid['chapter_id']}/unlock", **PRICE)
        tier = await self.chapter(series, "tier")
        await self.publish(tier)
        await self.change(tier, "PATCH", "/access", access="tier")
        opening = await self.chapter(series, "opening")
        await self.publish(opening)
        await self.change(opening, "PATCH", "/access", access="subscribers")
        await self.change(opening, "POST", "/schedule-free", at=soon)
        # It was open, was looked at and found; then it was sold.
        self.aged = await self.chapter(series, "aged")
        await self.publish(self.aged)
        self.found_before = (await self.client.get(f"/search?q={STEM}aged")).text
        await self.client.get(f"/s/ana/series/{series.slug}/{self.aged['chapter']}")
        await self.change(self.aged, "PATCH", "/access", access="subscribers", **PRICE)
        planned = await self.chapter(series, "planned", titled=True)
        await self.change(planned, "POST", "/schedule", at=soon)
        await self.chapter(series, "draft", titled=True)
        stored = await self.chapter(series, "archived", titled=True)
        await self.change(stored, "POST", "/archive")
        for label, method, what in (("taken", "POST", "/unpublish"), ("binned", "DELETE", "")):
            place = await self.chapter(series, label, titled=True)
            await self.publish(place)
            before = await self.change(place, method, what)
            if label == "binned":
                self.restores.append((self.ana, f"/chapters/{place['chapter_id']}/restore"))
            else:  # its first address is one that people know; where it stands now is not
                renamed = {"revision": before["revision"], "slug": f"{self.secret('renamed')}-lane"}
                await self.change(place, "PATCH", "", **renamed)

    async def series_in_drawers(self) -> None:
        """A series that was never out, one taken back, one in the trash; their chapters had been published."""
        for label in ("unborn", "withdrawn", "thrown"):
            said = {"title": f"The {self.secret(f'{label}series')}", "synopsis_markdown": self.secret(f"{label}about")}
            series = await self.make.series(self.ana, **said, published=label != "unborn")
            path = f"/series/{series.id}"
            await self.call(self.ana, "PATCH", f"{path}/settings", meta_description=self.secret(f"{label}told"))
            await self.call(self.ana, "PATCH", f"{path}/schedule", update_schedule=self.secret(f"{label}days"))
            await self.call(self.ana, "PATCH", f"{path}/paywall", paywall_message=self.secret(f"{label}wall"))
            await self.call(self.ana, "PUT", f"{path}/genres", genre_ids=[FANTASY])
            (tag,) = await self.call(self.ana, "PUT", f"{path}/tags", tags=[self.secret(f"{label}tag")])
            place = await self.chapter(series, label, titled=True)
            await self.publish(place)
            place |= {"tag_id": tag["id"], "tag_slug": tag["slug"], "genre_id": FANTASY, "place": ["cover", "banner"]}
            place["slug"] = [*place["slug"], series.slug or "none"]
            if label == "withdrawn":
                await self.call(self.ana, "POST", f"{path}/unpublish")
            if label == "thrown":
                await self.call(self.ana, "DELETE", path)
                self.restores.append((self.ana, f"{path}/restore"))

    async def comic(self) -> None:
        """A chapter in pictures of which one is for everybody, and a draft of one."""
        series = await self.make.series(self.ana, title="The lamp", content_type="manga")
        await self.call(self.ana, "PATCH", f"/series/{series.id}/paywall", preview_paragraphs=1)
        for label in ("drawn", "sketched"):
            made = await self.make.chapter(self.ana, series, title=f"Oil {label}", body="", published=False)
            names = ["1.png", f"{self.secret(f'{label}file')}2.png", f"{STEM}{label}file3.png"]
            sent = [
                comics.NewImage(name, samples.picture(60, 90, len(self.words) + at), "" if at == 0 else STEM + label)
                for at, name in enumerate(names)
            ]
            self.secret(label)
            async with self.make.tx(self.ana) as ctx:
                images = (await comics.add_images(ctx, made.id, sent)).images
            await self.jobs()
            hidden = images[1:] if label == "drawn" else images
            self.needles |= {str(one.id) for one in hidden} | {str(one.media_id) for one in hidden}
            async with self.make.tx() as ctx:
                read = "update chapter_images set ocr_text = $2, ocr_state = 'done' where id = any($1)"
                await ctx.db.execute(read, [one.id for one in hidden], self.secret(f"{label}ocr"))
                await note_words(ctx, made.id)
            place = self.at(
                self.ana, chapter_id=made.id, work_id=made.id, series_id=series.id, image_id=images[2].id,
                site=series.site_slug, series=series.slug, chapter=made.id, number="1", site_id=series.site_id,
                media_id=images[2].media_id, name=["320.webp", "1440.webp", "original.png"], revision=made.revision,
                chapter_ids=[str(made.id)], target_id=str(series.id), format="zip",
            )  # fmt: skip
            if label == "drawn":
                await self.publish(place)
                await self.change(place, "PATCH", "/access", access="subscribers")

    async def pages_and_posts(self) -> None:
        """Pages of the open site, and posts, that were never out or are not any more."""
        path = f"/sites/{self.open.site_id}/pages"
        for label in ("pagedraft", "pagetaken"):
            said = {"title": f"The {self.secret(f'{label}title')}", "body_markdown": self.secret(label)}
            page = await self.call(self.ana, "POST", path, **said, nav_label=self.secret(f"{label}label"))
            if label == "pagetaken":
                await self.call(self.ana, "POST", f"{path}/{page['id']}/publish")
                await self.call(self.ana, "POST", f"{path}/{page['id']}/unpublish")
            slugs = [page["slug"]]
            self.at(
                self.ana, site_id=self.open.site_id, site="ana", page_id=page["id"], work_id=page["id"],
                page_slug=slugs, slug=slugs, revision=1,
            )  # fmt: skip
        for label in ("postdraft", "posttaken"):
            post = await self.make.post(
                self.ana, title=f"The {self.secret(f'{label}title')}", body=f"Words of {self.secret(label)}. " * 5,
                published=label == "posttaken",
            )  # fmt: skip
            if label == "posttaken":
                await self.call(self.ana, "POST", f"/posts/{post.id}/unpublish")
            self.at(
                self.ana, post_id=post.id, work_id=post.id, id=post.id, slug=[post.slug or "none"],
                revision=post.revision,
            )  # fmt: skip

    async def files(self) -> None:
        """A book that was brought in and waits for a yes, and the series as a file."""
        base, his = f"/series/{self.open.id}/chapters", self.client.as_(self.ana)
        text = f"# {self.secret('importtitle')}\n\nWords of {self.secret('import')}."
        file = {"file": (f"{self.secret('importname')}.md", text.encode(), "text/markdown")}
        answer = await his.post(f"/api/v1{base}/import", files=file)
        assert answer.status_code < 400, answer.text
        made = await self.call(self.ana, "POST", f"{base}/export", format="epub")
        self.at(
            self.ana, import_id=answer.json()["id"], export_id=made["id"], series_id=self.open.id,
        )  # fmt: skip

    async def closed_house(self, label: str) -> None:
        """A site of somebody else's with all that stands on it, then closed in one of the ways there are."""
        owner = await self.owner(f"{label}owner")
        await self.make.site(owner)
        said = {"title": f"House {self.secret(f'{label}house')}", "tagline": self.secret(f"{label}tagline")}
        if label == "maintained":  # who comes to it is told whose house it is
            self.words -= {f"{STEM}{label}house", f"{STEM}{label}tagline"}
            said = {"title": "House under repair", "tagline": "Mind the step"}
        site = await self.call(owner, "POST", "/sites", **said, description=self.secret(f"{label}description"))
        path = f"/sites/{site['id']}"
        page = await self.call(
            owner, "POST", f"{path}/pages", title=self.secret(f"{label}hours"), slug="hours",
            body_markdown=self.secret(f"{label}page"),
        )  # fmt: skip
        await self.call(owner, "POST", f"{path}/pages/{page['id']}/publish")
        synopsis = self.secret(f"{label}about")
        series = await self.call(
            owner, "POST", f"{path}/series", title=f"The {self.secret(f'{label}series')}", synopsis_markdown=synopsis
        )
        await self.call(owner, "POST", f"/series/{series['id']}/publish")
        async with self.make.tx(owner) as ctx:
            there = await access_series(ctx, series["id"])
        place = await self.chapter(there, label, titled=True, owner=owner)
        await self.publish(place, owner)
        place |= {"page_id": page["id"], "page_slug": "hours"}
        place["slug"] = [*place["slug"], site["slug"], there.slug, "hours"]
        await self.close(label, owner, path)

    async def close(self, label: str, owner: Any, path: str) -> None:
        """Closes it."""
        match label:
            case "private":
                await self.call(owner, "PATCH", path, is_public=False)
            case "maintained":
                await self.call(owner, "PATCH", f"{path}/settings", maintenance=True)
            case "suspended":
                await self.call(self.staff, "POST", f"/admin{path}/suspend", **REASON)
            case "deleted":
                await self.call(owner, "DELETE", path)
                self.restores.append((owner, f"{path}/restore"))
            case "banned":
                path = f"/admin/users/{owner.id}"
                await self.call(self.staff, "POST", f"{path}/ban", **REASON)
                self.restores.append((self.staff, f"{path}/reinstate"))

    async def bring_back(self) -> None:
        """What lies in the trash, and who was banned, is there again for those whose it is."""
        for owner, path in self.restores:
            await self.call(owner, "POST", path, **(REASON if owner is self.staff else {}))

    @property
    def thrown_away(self) -> list[Params]:
        """The places of what `bring_back` brings back."""
        there = "".join(path for _, path in self.restores)
        return [one for one in self.places if any(str(there_id) in there for there_id in ids_of(one))]

    def slugs(self) -> Iterator[str]:
        """What stands in addresses that hold such words, and what an answer may repeat of an address."""
        for place in self.places:
            for name in ("slug", "chapter", "series", "page_slug", "tag_slug"):
                given = place.get(name, [])
                yield from (str(one) for one in (given if isinstance(given, list) else [given]) if STEM in str(one))


def ids_of(place: Params) -> list[Any]:
    """The ids that a place is restored by."""
    return [place[name] for name in ("chapter_id", "series_id", "site_id", "user_id") if name in place]
