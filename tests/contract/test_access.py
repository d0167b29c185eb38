"""Who may call what: every route, API and page, against its declared access, and every id against strangers."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from stoa.foundation.identity import actions as identity
from stoa.kit.ids import new_id
from stoa.main import OPENAPI_PATH
from tests.contract.routes import PARAMETER, SAFE, Route, gist, handlers, routes
from tests.contract.things import CASES, NO_THING, Case, Params, Who, World

TOKEN = re.compile(r'name="csrf-token" content="(\w+)"')


ROUTES = routes()
WITH_ID = [r for r in ROUTES if PARAMETER.search(r.path) and not r.path.startswith(NO_THING)]


class Watch:
    """Tells whether the database has changed. Nothing can change without a transaction having got its number, which is
    quick to see; only then the rows are looked at."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self._number = ""
        self._rows: list[Any] = []

    async def start(self) -> None:
        """What is there now."""
        self._rows = await self._all_rows()
        self._number = await self._transactions()

    async def changed(self) -> set[str]:
        """The tables that are not as they were at `start`."""
        if await self._transactions() == self._number:
            return set()
        before, self._rows = self._rows, await self._all_rows()
        self._number = await self._transactions()
        return {name for name, _ in set(before) ^ set(self._rows)}

    async def _transactions(self) -> str:
        async with self.app.database.connection() as db:
            return str(await db.fetchval("select pg_snapshot_xmax(pg_current_snapshot())::text"))

    async def _all_rows(self) -> list[Any]:
        async with self.app.database.connection() as db:
            names = [
                record[0]
                for record in await db.fetch(
                    "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
                )
            ]
            counted = " union all ".join(
                f"select '{n}', count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) from \"{n}\" t"
                for n in names
            )
            return [tuple(record) for record in await db.fetch(counted)]


async def send(
    client: Any, route: Route, path: str, case: Case | None = None, values: Params | None = None
) -> httpx.Response:
    """A request as a program or a page's form would send it."""
    body: dict[str, Any] = {}
    if route.method not in SAFE:
        if case is not None and case.form is not None:
            body["data"] = case.form(values or {})
        elif case is not None and case.parts is not None:
            sent = case.parts(values or {}).items()
            body["files"] = {name: part if isinstance(part, tuple) else (None, part) for name, part in sent}
        elif case is not None and case.json is not None:
            body["json"] = case.json(values or {})
        elif route.is_page:
            body["data"] = {"x": "1"}
        elif case is None:
            body["json"] = {}
    answer: httpx.Response = await client.request(
        route.method, path, headers={"Idempotency-Key": str(new_id())}, **body
    )
    return answer


def is_sent_to_log_in(answer: httpx.Response) -> bool:
    return answer.status_code in (302, 303) and answer.headers["location"].startswith("/login?next=")


def refusal(route: Route, role: str) -> int | None:
    """What the declared access answers to a role: 401, 403, or None for who may pass."""
    if route.access in ("public", "provider"):
        return None
    if role == "anonymous":
        return 401
    allowed = {"member": {"member", "staff", "admin"}, "staff": {"staff", "admin"}, "admin": {"admin"}}
    return None if role in allowed[route.access] else 403


@pytest.fixture
async def sign_in(make: Any, client: Any) -> Callable[[str], Awaitable[Any]]:
    """A client with a fresh session of somebody who has that role."""
    people = {
        "member": await make.user("ordinary"),
        "staff": await make.user("helper", roles=("moderator",)),
        "admin": await make.user("chief", roles=("admin",)),
    }

    async def fresh(role: str) -> Any:
        if role == "anonymous":
            nobody = client.as_(None)
            form = await nobody.get("/login")  # a page's cookie and token, which forms need without a session, too
            nobody.headers["X-CSRF-Token"] = TOKEN.findall(form.text)[0]
            return nobody
        async with make.tx() as ctx:
            tokens = await identity.open_api_session(ctx, people[role].id, by="password")
        signed_in = client.as_(people[role])
        signed_in.headers["Authorization"] = f"Bearer {tokens.access_token}"
        return signed_in

    return fresh


async def test_every_route_enforces_what_it_declares(app: Any, sign_in: Any) -> None:
    """Whoever is refused gets 401 (pages: the way to log in) or 403, and changes nothing; the others get past it."""
    faults: list[str] = []
    watch = Watch(app)
    for route in ROUTES:
        for role in ("anonymous", "member", "staff", "admin"):
            wanted = refusal(route, role)
            who = await sign_in(role)
            if wanted is not None:
                await watch.start()
            answer = await send(who, route, route.filled())
            status = 401 if is_sent_to_log_in(answer) and route.is_page else answer.status_code
            if wanted is None and (status in (401, 403) or status >= 500):
                faults.append(f"{route.name} ({route.access}) answers {status} to {role}: {gist(answer)}")
            elif wanted is not None and status != wanted:
                faults.append(f"{route.name} ({route.access}) answers {status} to {role}, not {wanted}")
            if wanted is not None and (tables := await watch.changed()):
                faults.append(f"{route.name} was refused to {role} and changed {', '.join(sorted(tables))}")
            await who.aclose()
    assert len(ROUTES) > 50
    assert not faults, "\n".join(faults)


def test_only_the_description_of_the_api_declares_no_access() -> None:
    bare = {path for _, path, handler in handlers() if "access" not in handler.opt}
    assert all(path.startswith(OPENAPI_PATH) for path in bare), bare


async def test_a_session_cookie_alone_changes_nothing(app: Any, make: Any, client: Any) -> None:
    """Every unsafe route, called as a foreign page could: with the cookie, without the token that our pages carry."""
    chief = await make.user("chief", roles=("admin",))
    async with make.tx() as ctx:
        cookie = await identity.open_page_session(ctx, chief.id, by="password")
    who = client.as_(None)
    who.headers["Cookie"] = f"stoa_session={cookie}"
    faults = []
    watch = Watch(app)
    await watch.start()
    for route in ROUTES:
        if route.method in SAFE or route.access == "provider":
            continue
        answer = await send(who, route, route.filled())
        if answer.status_code != 403:
            faults.append(f"{route.name} answers {answer.status_code}")
        if tables := await watch.changed():
            faults.append(f"{route.name} changed {', '.join(sorted(tables))}")
    assert not faults, "\n".join(faults)
    assert (await who.get("/api/v1/auth/me")).status_code == 200, "the session itself is a good one"


async def test_a_change_is_seen(app: Any, make: Any, tx: Any) -> None:
    """The watch that the other tests rely on."""
    user = await make.user()
    watch = Watch(app)
    await watch.start()
    assert await watch.changed() == set()
    with pytest.raises(RuntimeError, match="not meant"):
        async with tx() as ctx:
            await ctx.db.execute("update users set email = 'other@example.org' where id = $1", user.id)
            raise RuntimeError("not meant")
    assert await watch.changed() == set(), "what is rolled back is no change"
    async with tx() as ctx:
        await ctx.db.execute("update users set email = 'other@example.org' where id = $1", user.id)
    assert await watch.changed() == {"users"}
    async with tx() as ctx:
        await ctx.db.execute("delete from sessions where user_id = $1", user.id)
    assert await watch.changed() == {"sessions"}


# ---- whose is it? ----------------------------------------------------------------------------------------------


def cases() -> Iterator[Any]:
    for route in WITH_ID:
        for number, case in enumerate(CASES.get(route.name, ()), 1):
            yield pytest.param(route, case, id=f"{route.name} {case.who.value} {case.thing.__name__} {number}")


def test_every_route_with_an_id_says_whose_it_is() -> None:
    known = {route.name for route in WITH_ID}
    missing = sorted(known - CASES.keys())
    assert not missing, (
        "Routes with an id that no test tries as a stranger. Add to CASES in tests/contract/things.py a line such as\n"
        + "\n".join(f'    "{name}": (Case(Who.OWNER, <what makes such a thing>),),' for name in missing)
    )
    assert not (gone := sorted(CASES.keys() - known)), f"routes in CASES that are gone: {gone}"


@pytest.mark.parametrize(("route", "case"), list(cases()))
async def test_things_are_for_those_they_belong_to(route: Route, case: Case, app: Any, make: Any, client: Any) -> None:
    world = World(make, client)
    await world.people()
    values = await case.thing(world)
    path = route.filled(values)
    if case.who is not Who.ANYBODY:
        await assert_refused(app, client.as_(world.stranger), route, path, case, values)
        await assert_refused(app, client.as_(None), route, path, case, values)
    if case.who is Who.STAFF:
        await assert_refused(app, client.as_(world.owner), route, path, case, values)
    let_in = {Who.OWNER: world.owner, Who.ANYBODY: world.stranger, Who.STAFF: world.staff}.get(case.who)
    if let_in is not None:
        answer = await send(client.as_(let_in), route, path, case, values)
        assert answer.status_code not in (401, 403, 404, 405, 422), gist(answer)
        assert answer.status_code < 500 and not is_sent_to_log_in(answer), gist(answer)


async def assert_refused(app: Any, who: Any, route: Route, path: str, case: Case, values: Params) -> None:
    watch = Watch(app)
    await watch.start()
    answer = await send(who, route, path, case, values)
    if not is_sent_to_log_in(answer):
        assert answer.status_code in (401, 403, 404), gist(answer)
    assert await watch.changed() == set()
    if answer.status_code == 404 and values:  # not even whether it exists may be seen
        nothing = await send(who, route, route.filled(), case, values)
        assert nothing.status_code == 404
