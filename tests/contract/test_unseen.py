"""What is not out changes nothing: strangers cannot even see that somebody is at work."""

from typing import Any

from tests.contract.routes import PARAMETER, routes
from tests.contract.test_hidden import even, filled
from tests.contract.things import FANTASY, Params

# Otherwise each time anyway; the settings tell what time it is.
NOISY = ("/account/settings", "/api/v1/health", "/api/v1/status", "/login", "/metrics", "/styleguide")
ABOUT = "A city keeps its weather in jars, and somebody has opened one of them at night."
ASKED = (
    *("/search?q=road", "/api/v1/search?q=road", "/api/v1/tags/search?q=slow", "/discover/tags?q=slow"),
    *("/sitemaps/people-1.xml", "/sitemaps/sites-1.xml", "/oembed?url=http://testserver{chapter_url}"),
    *("/api/v1/series/{series_id}/chapters/public?limit=1", "/s/{site}/series/{series}?order=newest"),
)
KEPT = ("etag", "link", "last-modified")


class Studio:
    """Ana at work, over the API."""

    def __init__(self, client: Any, make: Any, ana: Any) -> None:
        self.client, self.make, self.ana = client, make, ana

    async def call(self, method: str, path: str, **body: Any) -> Any:
        """A request that must succeed; its JSON."""
        answer = await self.client.as_(self.ana).request(method, f"/api/v1{path}", json=body or None)
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else {}

    async def open(self, staff: Any) -> Params:
        """An open site with a series that is listed, its chapters, a page and a post."""
        self.cover = await self.make.picture(self.ana)
        said = {"title": "The road", "synopsis_markdown": ABOUT, "cover_media_id": self.cover.id}
        self.series = series = await self.make.series(self.ana, chapters=2, **said)
        await self.make.post(self.ana)
        await self.call("PUT", f"/series/{series.id}/genres", genre_ids=[FANTASY])
        (tag,) = await self.call("PUT", f"/series/{series.id}/tags", tags=["Slow sea"])
        await self.client.as_(staff).post(f"/api/v1/admin/tags/{tag['id']}/approve")
        await self.call("POST", f"/series/{series.id}/list")
        self.pages = f"/sites/{series.site_id}/pages"
        page = await self.call("POST", self.pages, title="Hours", body_markdown="Nine to five", show_in_nav=True)
        await self.call("POST", f"{self.pages}/{page['id']}/publish")
        self.chapter = (await self.call("GET", f"/series/{series.id}/chapters"))["items"][0]
        url = f"/s/{series.site_slug}/series/{series.slug}"
        return {
            **{"username": "ana", "user_id": self.ana.id, "author_id": self.ana.id, "site_id": series.site_id},
            **{"series_id": series.id, "work_id": series.id, "site": series.site_slug, "series": series.slug},
            **{"chapter_id": self.chapter["id"], "chapter": self.chapter["slug"], "number": "1", "page_slug": "hours"},
            **{"slug": [series.slug, series.site_slug, "hours"], "tag_slug": tag["slug"], "genre_id": FANTASY},
            **{"genre_slug": "fantasy", "chapter_url": f"{url}/{self.chapter['slug']}"},
        }

    async def work(self) -> None:
        """Much that nobody is to see yet, in the same places and under the same words."""
        draft = await self.make.chapter(self.ana, self.series, title="Road works", published=False)
        path = f"/chapters/{draft.id}"
        await self.call("PUT", f"{path}/content", revision=draft.revision, body_markdown="Other words of the road")
        await self.call("POST", f"{path}/warnings", warning="violence")
        typed = {"tab": "one", "base_version": 1, "body_markdown": "Typed on the road"}
        await self.call("POST", f"/chapters/{self.chapter['id']}/autosave", **typed)
        home = await self.call("POST", "/sites", title="Road house", is_public=False)
        said = {"synopsis_markdown": ABOUT, "cover_media_id": str(self.cover.id)}
        for site_id in (self.series.site_id, home["id"]):
            series = await self.call("POST", f"/sites/{site_id}/series", title="The road again", **said)
            await self.call("PUT", f"/series/{series['id']}/genres", genre_ids=[FANTASY])
            await self.call("PUT", f"/series/{series['id']}/tags", tags=["Slow sea", "Slow secret"])
            chapter = await self.call("POST", f"/series/{series['id']}/chapters", title="Road", body_markdown="A road.")
            await self.call("POST", f"/chapters/{chapter['id']}/publish")
            if site_id == home["id"]:
                await self.call("POST", f"/series/{series['id']}/publish")
        await self.call("POST", self.pages, title="Road map", body_markdown="Nine to five", show_in_nav=True)
        await self.make.post(self.ana, title="Of the road", published=False)
        await self.make.picture(self.ana)


async def test_work_that_is_not_out_changes_nothing_for_strangers(client: Any, make: Any, jobs: Any, app: Any) -> None:
    ana, bea = [await make.user(name, roles=("creator",)) for name in ("ana", "bea")]
    studio = Studio(client, make, ana)
    place = await studio.open(await make.user(roles=("moderator", "admin")))
    calls = [(client, path.format(**place)) for path in ASKED]
    for route in routes():
        names = set(PARAMETER.findall(route.path))
        if route.method == "GET" and names <= place.keys() and route.path not in NOISY:
            who = {"public": client, "member": client.as_(bea)}.get(route.access)
            calls += [(who, path) for path in filled(route, place, {}) if who is not None]
    await jobs()

    async def seen() -> list[Any]:
        app.cache.clear()
        answers = [await who.get(path) for who, path in calls]
        return [(even(one, "#"), [one.headers.get(name) for name in KEPT]) for one in answers]

    before = await seen()
    assert sum(answer.startswith("200") for answer, _ in before) > 150
    await studio.work()
    await jobs()
    after = await seen()
    assert [path for (_, path), one, other in zip(calls, before, after, strict=True) if one != other] == []
    await make.chapter(ana, studio.series, title="Road works, out")
    later = await seen()
    changed = {path for (_, path), one, other in zip(calls, after, later, strict=True) if one != other}
    assert {
        "/s/ana/rss.xml",
        f"/s/ana/series/{place['series']}",
        "/search?q=road",
        "/api/v1/sites/by-slug/ana",
    } <= changed
