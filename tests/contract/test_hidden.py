"""S1: what a reader may not have is in no answer of any route, whatever they ask and whoever they are.

Every route of the application is called with everything that is hidden for its parameters, by whoever may see it and
then, so that nothing kept for those is handed on, by strangers. Hidden words are looked for in bodies, also in packed
ones, and in headers.
"""

import io
import itertools
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import httpx
import pypdfium2
import pytest

from stoa.foundation.identity import actions as identity
from stoa.kit.ids import new_id
from tests.contract import nasty
from tests.contract.routes import PARAMETER, SAFE, Route, routes
from tests.contract.secrets import NOWHERE, STEM, Secrets
from tests.contract.test_access import TOKEN, send
from tests.contract.things import BODIES, CASES, FORMS, Case, Params, Who, World

ROUTES = routes()
# The stem in base64, which cursors are, beginning at each of three bytes; in small letters as everything that is told.
CODED = ("ehl6en", "h5enp5", "4exp6e")
# What pages and routes are asked for, beside paths.
ASKED: dict[str, tuple[str, ...]] = {
    "sort": ("recent", "popular", "trending", "title", "-title", "words", "number"),
    "order": ("newest",),
    "state": ("draft", "unpublished", "deleted", "in_review"),
    "status": ("draft",),
    "deleted": ("true",),
    "only_published": ("false",),
    "newest_first": ("true",),
    "format": ("html", "markdown", "epub", "docx", "pdf", "zip", "xml", "json"),
    "access": ("subscribers", "tier", "scheduled"),
    "direction": ("received",),
    "language": ("de", "tr"),
    "open": ("yes",),
    "who": ("member", "follower"),
    "as": ("member", "author", "ana"),
    "of_type": ("web_novel", "manga"),
    "kind": ("chapter", "series", "sale"),
    "days": ("30",),
    "limit": ("1", "100"),
    "preview": ("1", "true"),
    "version": ("1", "2"),
    "unused": ("true",),
    "is_open": ("true",),
}
# Words of a text whose other words are looked for.
BESIDE = tuple("spoiler alt cell footnote link picture change old typed warning wall days meta told hours file".split())
# Where strangers find what is open beside what is hidden.
READ = (
    *("/oembed", "/search", "/sitemaps/{name}", "/@{username}", "/llms.txt", "/discover", "/"),
    *("/api/v1/search", "/api/v1/chapters/{chapter_id}/read", "/api/v1/chapters/{chapter_id}/pages"),
    *("/api/v1/series/{series_id}/chapters/public", "/api/v1/series/{series_id}", "/api/v1/users/{username}/series"),
    *(f"/s/{{site}}{rest}" for rest in ("", "/rss.xml", "/atom.xml", "/feed.json", "/sitemap.xml", "/series")),
    *(f"/s/{{site}}/series/{{series}}{rest}" for rest in ("", "/{chapter}", "/chapters", "/rss.xml", "/feed.json")),
)
SEARCHES = frozenset({"q", "words", "query", "title", "tag"})


class Walk:
    """Calls routes, and keeps what was wrong with the answers."""

    def __init__(self, world: Secrets) -> None:
        self.world = world
        self.faults: dict[str, None] = {}
        self.seen: set[str] = set()
        self.called: set[str] = set()
        self.tags: dict[str, str] = {}  # of what owners saw
        self.open: dict[str, list[tuple[str, Any]]] = {}  # routes that answer strangers, where and whom
        self.echoes = sorted(set(world.slugs()), key=len, reverse=True)

    async def look(self, client: Any, path: str, **headers: str) -> None:
        """Somebody who may: what they see is noted, and that nobody else is handed it from a cache."""
        answer = await client.get(path, headers=headers)
        assert answer.status_code < 500, f"{path}: {answer.status_code} {answer.text[:300]}"
        text = told(answer)
        found = {word for word in self.world.words if word in text} if STEM in text else set()
        found |= {needle for needle in self.world.needles if needle in text}
        self.seen |= found
        if found:
            self.tags[path] = answer.headers.get("etag", "")
            kept = answer.headers.get("cache-control", "")
            if "private" not in kept and "no-store" not in kept:
                self.faults[f"{path} may be kept for others: {kept!r}"] = None

    def check(self, route: Route, what: str, sent: str, answer: httpx.Response) -> None:
        """A stranger's answer, in which nothing hidden may be, but for what they sent themselves."""
        self.called.add(route.name)
        if answer.status_code >= 500 and answer.status_code != 503:
            self.faults[f"{what} answers {answer.status_code}"] = None
        text = told(answer)
        if STEM in text:
            for echo in self.echoes:
                if echo in sent:
                    text = text.replace(echo, "")
        found = [text[max(0, m.start() - 30) : m.end() + 30] for m in re.finditer(STEM, text)]
        found += [one for one in CODED if one in text]
        found += [one for one in self.world.needles if one in text and one not in sent]
        if (
            "/media/" in sent
            and answer.is_success
            and answer.content
            and any(one in sent for one in self.world.needles)
        ):
            found.append("a picture")
        if found:
            self.faults[f"{what} ({answer.status_code}) tells {found[0]!r}"] = None


def told(answer: httpx.Response) -> str:
    """All that an answer says, in small letters: its headers and its body, unpacked."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    return f"{headers}\n{unpacked(answer.content)}".lower()


def unpacked(content: bytes) -> str:
    """Bytes as text; of a ZIP its names and members, of a PDF the words on its pages."""
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "\n".join(f"{name}\n{unpacked(packed.read(name))}" for name in packed.namelist())
    if content.startswith(b"%PDF"):
        document = pypdfium2.PdfDocument(content)
        pages = [page.get_textpage().get_text_bounded() for page in document]
        document.close()
        return "\n".join(pages)
    return content.decode("utf-8", "replace")


def filled(route: Route, place: Params, more: Params) -> Iterator[str]:
    """The path of a route at a place, with each of the names that something has there."""
    names = PARAMETER.findall(route.path)
    given = [(name, place.get(name, more.get(name))) for name in names]
    choices = [value if isinstance(value, list) else [value] for _, value in given]
    for chosen in itertools.product(*choices):
        yield route.filled({n: v for (n, _), v in zip(given, chosen, strict=True) if v is not None})


def asked(route: Route, place: Params) -> Iterator[str]:
    """Queries: each name that a route knows, or that others know, with what might open something."""
    known = set(nasty.query_names(route))
    if route.is_page and route.handler.fn.__module__.startswith("stoa."):
        known |= {"order", "open", "reading", "site", "as", "who", "version", "preview"}
    values = {name: ASKED[name] for name in sorted(known) if name in ASKED}
    for name in sorted(known & {"work_id", "reading", "site", "folder_id", "subject_id", "id", "author", "ids"}):
        key = {"reading": "chapter_id", "site": "site_id", "ids": "chapter_id", "author": "author_id"}.get(name, name)
        if key in place:
            values[name] = (str(place[key]),)
    for name, each in values.items():
        yield from (f"{name}={value}" for value in each)


async def things(world: World, ours: set[str]) -> Params:
    """What fills the parameters that have nothing to do with what is hidden: orders, gifts, invitations, ..."""
    found: Params = {}
    for route in ROUTES:
        for case in CASES.get(route.name, ())[:1]:
            if set(PARAMETER.findall(route.path)) - ours - found.keys():
                await world.begin_anew(case.who)
                found = {**await case.thing(world), **found}
    return found


def case_of(route: Route, world: World) -> Case | None:
    """What is sent to a route that changes something."""
    if route.name in FORMS:
        return Case(Who.ANYBODY, things, form=lambda _: FORMS[route.name](world))  # type: ignore[arg-type]
    if route.name in BODIES:
        return Case(Who.ANYBODY, things, json=lambda _: BODIES[route.name](world))  # type: ignore[arg-type]
    return next((case for case in CASES.get(route.name, ()) if case.form or case.json or case.parts), None)


@pytest.fixture
async def secrets(make: Any, client: Any, jobs: Any) -> Secrets:
    made = Secrets(make, client, jobs)
    await made.build()
    return made


async def test_what_is_hidden_is_found_nowhere(secrets: Secrets, make: Any, client: Any, tx: Any) -> None:
    assert f"<mark>{STEM}aged</mark>" in secrets.found_before, "it was open then"
    world = World(make, client)
    await world.people()
    calls = list(everywhere(secrets, await things(world, {name for place in secrets.places for name in place})))
    walk = Walk(secrets)
    await look_as_owners(walk, calls)
    strangers = await people(secrets, make, client)
    mallory = strangers[1]
    await read_as_strangers(walk, calls, strangers)
    await ask_as_strangers(walk)
    await search_as_strangers(walk, strangers)
    await by_other_ways(walk, calls, strangers[0])
    await put_into_ones_own(walk, world, mallory, await things_of(mallory[2], make))
    unsafe = [call for call in calls if call[0].method not in SAFE]
    await change_as_strangers(walk, world, [call for call in unsafe if not ends(call)], strangers)
    for route, path, _ in calls:  # what they liked, follow and were refused is listed now
        if route.method == "GET" and not PARAMETER.search(route.path):
            walk.check(route, f"GET {path} of {mallory[0]} afterwards", path, await mallory[1].get(path))
    await change_as_strangers(walk, world, [call for call in unsafe if ends(call)], strangers)
    assert not walk.faults, "\n".join(walk.faults)
    assert not [path for path in READ if path not in walk.open], "where strangers read, and what is hidden could be"
    assert walk.called == {route.name for route in ROUTES}, "routes that no stranger has called"

    await secrets.bring_back()
    owners = {one.username: client.as_(one) for one in secrets.owners}
    async with tx() as ctx:
        tokens = await identity.open_api_session(ctx, secrets.owners[-1].id, by="password")
    owners["bannedowner"].headers["Authorization"] = f"Bearer {tokens.access_token}"
    for route, path, place in calls:
        if route.method == "GET" and route.path.startswith("/api/v1/") and place in secrets.thrown_away:
            await walk.look(owners[place["username"]], path)
    assert sorted((secrets.words | secrets.needles) - walk.seen) == [], "what nobody sees proves nothing"
    assert not walk.faults, "\n".join(walk.faults)
    read = told(await client.as_(secrets.buyer).get(f"/api/v1/chapters/{secrets.paid['chapter_id']}/read"))
    assert read.count(f"{STEM}paid ") == 2 and f"{STEM}paidnote" in read and f"{STEM}paidold" not in read


Call = tuple[Route, str, Params]
Stranger = tuple[str, Any, Any]  # a name, a client, and who it is


def everywhere(secrets: Secrets, more: Params) -> Iterator[Call]:
    """Every route at every place that it can lead to: once for each path."""
    known: set[str] = set()
    for route in ROUTES:
        names = set(PARAMETER.findall(route.path))
        leads = [place for place in secrets.places if names & place.keys()]
        for place in leads or [{}]:
            for path in filled(route, place, more):
                if f"{route.method} {path}" not in known:
                    known.add(f"{route.method} {path}")
                    yield route, path, place


def ends(call: Call) -> bool:
    """Whether it ends sessions, or hides people from each other."""
    return any(part in call[0].path for part in ("/auth/", "logout", "block"))


async def things_of(mallory: Any, make: Any) -> Params:
    """A series with a draft."""
    series = await make.series(mallory, chapters=1)
    draft = await make.chapter(mallory, series, published=False)
    return {"series_id": series.id, "site_id": series.site_id, "chapter_id": draft.id, "work_id": draft.id}


async def people(secrets: Secrets, make: Any, client: Any) -> list[Stranger]:
    """Nobody; a creator of another site; a reader; who looks at Ana's figures, but at no drafts."""
    signed_in = [await make.user("mallory", roles=("creator",)), await make.user("reader"), await make.user("analyst")]
    await make.collaborator(secrets.ana, signed_in[2], "analyst")
    nobody = client.as_(None)
    nobody.headers["X-CSRF-Token"] = TOKEN.findall((await nobody.get("/login")).text)[0]
    return [("nobody", nobody, None), *((one.username, client.as_(one), one) for one in signed_in)]


async def look_as_owners(walk: Walk, calls: list[Call]) -> None:
    """First those who may: what was kept of these answers would be handed to the strangers."""
    world = walk.world
    owners = {one.username: world.client.as_(one) for one in (*world.owners, world.staff)}
    owners["bannedowner"] = owners["chief"]
    looked_at: dict[str, set[str]] = defaultdict(set)
    for route, path, place in calls:
        if route.method != "GET" or route.access in ("staff", "admin"):
            continue
        if route.is_page and place and route.path in looked_at[place["username"]]:
            continue  # a page of each owner's; the API at all
        looked_at[place.get("username", "")].add(route.path)
        await walk.look(owners[place.get("username", "ana")], path)


async def read_as_strangers(walk: Walk, calls: list[Call], strangers: list[Stranger]) -> None:
    """Each path by one stranger after the other, whole or as a part; what is public by nobody, too, both ways."""
    nobody, turn, ways = strangers[0], itertools.cycle(strangers[1:]), itertools.cycle((True, False))
    for route, path, _ in calls:
        if route.method != "GET":
            continue
        tag = walk.tags.get(path, "")
        part = {"HX-Request": "true", "Range": "bytes=0-99999", "If-None-Match": tag or '"x"'}
        who = [(next(turn), next(ways))]
        if route.access == "public":
            who += [(nobody, True), (nobody, False)] if route.is_page else [(nobody, True)]
        for (name, client, _), whole in who:
            answer = await client.get(path, headers={} if whole else part)
            walk.check(route, f"GET {path} to {name}{'' if whole else ' in part'}", path, answer)
            if answer.status_code == 200:
                walk.open.setdefault(route.path, []).append((path, client))
            if answer.status_code == 304 and tag:
                walk.faults[f"{path} tells {name} that nothing has changed since its owner looked"] = None
    for method in ("HEAD", "OPTIONS"):
        for route, path in {route.path: (route, path) for route, path, _ in calls if route.method in SAFE}.values():
            walk.check(route, f"{method} {path}", path, await nobody[1].request(method, path))


async def ask_as_strangers(walk: Walk) -> None:
    """What answers strangers, with each query that might open something."""
    place = walk.world.paid | {"folder_id": walk.world.folder_id}
    for route in ROUTES:
        is_asked = route.access == "public" or not route.is_page or "/preview" in route.path
        if route.method == "GET" and route.path in walk.open and is_asked and route.path != "/metrics":
            path, client = walk.open[route.path][0]
            for query in asked(route, place):
                walk.check(route, f"GET {path}?{query}", f"{path}?{query}", await client.get(f"{path}?{query}"))


async def search_as_strangers(walk: Walk, strangers: list[Stranger]) -> None:
    """A hidden word is answered as one that stands nowhere: not even that something was found may be told."""
    words = sorted(one for one in walk.world.words if not one.endswith(BESIDE))
    for route in ROUTES:
        names = SEARCHES & set(nasty.query_names(route)) | (
            {"q"} if route.path in ("/search", "/discover/tags") else set()
        )
        if route.method != "GET" or PARAMETER.search(route.path) or route.access in ("staff", "admin"):
            continue
        for name in names:
            who, client, _ = strangers[0 if route.access == "public" else 1]
            answer = await client.get(f"{route.path}?{name}={NOWHERE}")
            nothing = even(answer, NOWHERE)
            if answer.status_code == 200:
                walk.open.setdefault(route.path, []).append((f"{route.path}?{name}={NOWHERE}", client))
            for word in words:
                if even(await client.get(f"{route.path}?{name}={word}"), word) != nothing:
                    walk.faults[f"{route.path}?{name}={word} answers {who} otherwise than for no word at all"] = None


def even(answer: httpx.Response, word: str) -> str:
    """An answer without what differs each time, and without the word that was asked for."""
    return re.sub(r"[0-9a-f]{32,64}|[0-9a-f-]{36}", "", f"{answer.status_code} {answer.text}".replace(word, ""))


async def by_other_ways(walk: Walk, calls: list[Call], nobody: Stranger) -> None:
    """The pages of sites under the names of the sites, and as others show links to them; what the site maps name."""
    client = nobody[1]
    oembed = next(route for route in ROUTES if route.path == "/oembed")
    for route, path, place in calls:
        if route.method == "GET" and route.path.startswith("/s/{site}"):
            host = f"{place['site']}.testserver"
            short = path.removeprefix(f"/s/{place['site']}") or "/"
            walk.check(route, f"GET {short} at {host}", path, await client.get(short, headers={"Host": host}))
            answer = await client.get("/oembed", params={"url": f"http://testserver{path}"})
            walk.check(oembed, f"GET {answer.url}", path, answer)
            if answer.status_code == 200:
                walk.open.setdefault("/oembed", []).append((path, client))
    one = next(route for route in ROUTES if route.path == "/sitemaps/{name}")
    for address in re.findall(r"<loc>http://testserver(.*?)</loc>", (await client.get("/sitemap.xml")).text):
        answer = await client.get(address)
        walk.check(one, f"GET {address}", address, answer)
        walk.open.setdefault(one.path, []).append((address, client))


async def change_as_strangers(walk: Walk, world: World, calls: list[Call], strangers: list[Stranger]) -> None:
    """What changes something, by one stranger after the other, each route at a third of the places."""
    turn = itertools.cycle(strangers)
    done: set[str] = set()
    for route, path, place in calls:
        if route.name in done and zlib.crc32(path.encode()) % 3:
            continue
        done.add(route.name)
        name, client, _ = next(turn)
        answer = await send(client, route, path, case_of(route, world), BASE | place)
        walk.check(route, f"{route.method} {path} of {name}", f"{path} {place}", answer)


async def put_into_ones_own(walk: Walk, world: World, mallory: Stranger, own: Params) -> None:
    """A creator asks for what is hidden as a part of what is theirs, and changes theirs with what is hidden in the
    fields: moved to it, put in order with it, shown in it."""
    name, client, _ = mallory
    for place in walk.world.places:
        foreign = {key: place[key] for key in IN_BODIES & place.keys()}
        for route in ROUTES:
            case, names = case_of(route, world), set(PARAMETER.findall(route.path))
            if names & own.keys() and names - own.keys() and names <= (own | place).keys():
                for path in filled(route, place | own, {}):
                    answer = await send(client, route, path, case, BASE | own | foreign)
                    walk.check(route, f"{route.method} {path} of {name}", f"{path} {foreign}", answer)
            if route.method in SAFE or case is None or case.parts or not names or not names <= own.keys():
                continue
            if body_of(case, BASE | own | foreign) != body_of(case, BASE | own):
                answer = await send(client, route, route.filled(own), case, BASE | own | foreign)
                walk.check(route, f"{route.name} of {name} with {foreign}", str(foreign), answer)


def body_of(case: Case, values: Params) -> Any:
    """What is sent."""
    made = case.form or case.json
    return made(values) if made else None


IN_BODIES = frozenset({"chapter_ids", "target_id", "image_id", "page_id", "media_id", "tag_id", "into_id", "revision"})
BASE: Params = {
    **{"revision": 1, "chapter_ids": [str(new_id())], "target_id": str(new_id()), "into": "Sea"},
    **{name: str(new_id()) for name in ("image_id", "page_id", "into_id", "tag_id")},
}
