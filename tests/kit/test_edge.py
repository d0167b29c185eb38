"""The edge of a request: one transaction, access, CSRF, idempotency, limits; through routes made for it."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from litestar import Litestar, Request, Response, get, post, put
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.response import Redirect

from stoa.foundation.settings.actions import change_platform
from stoa.kit.clock import utcnow
from stoa.kit.errors import Conflict, Unauthenticated
from stoa.kit.http import Body, CtxDep, Form, Path, access, problems
from stoa.kit.http.credentials import CSRF_COOKIE, SESSION_COOKIE
from stoa.kit.http.edge import Edge, csrf_token
from stoa.kit.http.envelope import Envelope
from stoa.kit.http.inputs import InputDTO
from stoa.kit.http.lending import Lending, lending_of
from stoa.kit.limits import network_of
from stoa.main import authenticate, create_litestar, limit, provide_ctx

CREATE = """
create table scratch (id int primary key, note text,
                      constraint scratch_not_13 check (id <> 13),
                      parent int references scratch deferrable initially deferred)
"""


class NoteIn(msgspec.Struct):
    id: int
    note: Annotated[str, msgspec.Meta(max_length=10)]
    tags: list[str] = []
    wanted: bool = False


@post("/api/scratch", opt=access("public", idempotent=True))
async def write(ctx: CtxDep, data: Body[NoteIn]) -> dict[str, int]:
    await ctx.db.execute("insert into scratch (id, note) values ($1, $2)", data.id, data.note)
    return {"id": data.id}


@post("/api/scratch/then-fail", opt=access("public"))
async def write_then_fail(ctx: CtxDep, data: Body[NoteIn]) -> None:
    await ctx.db.execute("insert into scratch (id, note) values ($1, $2)", data.id, data.note)
    raise Conflict("No")


@post("/api/scratch/then-refuse", opt=access("public"))
async def write_then_refuse(ctx: CtxDep, data: Body[NoteIn], request: Request[Any, Any, Any]) -> Response[None]:
    await ctx.db.execute("insert into scratch (id, note) values ($1, $2)", data.id, data.note)
    lending_of(request.scope).keep = data.wanted
    return Response(content=None, status_code=400)


@post("/scratch/then-leave", opt=access("public"))
async def write_then_leave(ctx: CtxDep, data: Body[NoteIn]) -> None:
    await ctx.db.execute("insert into scratch (id) values ($1)", data.id)
    raise Unauthenticated


@post("/api/scratch/orphan", opt=access("public", idempotent=True))
async def write_orphan(ctx: CtxDep, data: Body[NoteIn]) -> dict[str, int]:
    """Fails only at COMMIT."""
    await ctx.db.execute("insert into scratch (id, parent) values ($1, -1)", data.id)
    return {"id": data.id}


@get("/api/scratch/{id:int}/number", opt=access("public"))
async def read(ctx: CtxDep, id: Path[int]) -> dict[str, Any]:
    return {"in_transaction": ctx.db.is_in_transaction(), "big": await ctx.db.fetchval("select $1::int", id)}


@post("/form", opt=access("public"))
async def form(data: Form[NoteIn]) -> dict[str, Any]:
    return {"id": data.id, "tags": data.tags, "wanted": data.wanted}


@get("/form", opt=access("public"))
async def show_form(request: Request[Any, Any, Any]) -> str:
    return csrf_token(request)


@put("/api/member", opt=access("member"))
async def member(ctx: CtxDep) -> str:
    return ctx.member.username


@post("/api/auth-like", opt=access("public", limit="auth"))
async def auth_like() -> None:
    return None


@get("/api/staff", opt=access("staff"))
async def staff() -> None:
    return None


@get("/api/admin", opt=access("admin"))
async def admin() -> None:
    return None


@pytest.fixture
async def edge(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with app.database.connection() as db:
        await db.execute(CREATE)
    litestar = Litestar(
        [
            write,
            write_then_fail,
            write_then_refuse,
            write_then_leave,
            write_orphan,
            read,
            form,
            show_form,
            member,
            auth_like,
            staff,
            admin,
        ],
        dependencies={"ctx": Provide(provide_ctx)},
        dto=InputDTO,
        return_dto=None,
        middleware=[DefineMiddleware(Edge, stoa=lambda: app, authenticate=authenticate, limiter=limit)],
        exception_handlers={Exception: problems.handle},
        logging_config=None,
        request_max_body_size=1024 * 1024,
    )
    transport = httpx.ASGITransport(app=Envelope(litestar, secure=False))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as made:
        yield made
    async with app.database.connection() as db:
        await db.execute("drop table scratch")


async def rows(app: Any) -> int:
    async with app.database.connection() as db:
        return await db.fetchval("select count(*) from scratch")


NOTE = {"id": 1, "note": "hello"}


async def test_the_answer_leaves_after_the_commit(edge: Any, app: Any) -> None:
    assert (await edge.post("/api/scratch", json=NOTE)).json() == {"id": 1}
    assert await rows(app) == 1


@pytest.mark.parametrize("path", ["then-fail", "then-refuse"])
async def test_a_refusal_rolls_back(edge: Any, app: Any, path: str) -> None:
    answer = await edge.post(f"/api/scratch/{path}", json=NOTE)
    assert answer.status_code in (400, 409)
    assert await rows(app) == 0


async def test_an_error_that_leads_elsewhere_rolls_back_too(edge: Any, app: Any, monkeypatch: Any) -> None:
    """A page that finds nobody signed in, or nobody who has shown a second factor just now, is left by a redirect."""
    monkeypatch.setattr(problems, "PAGES", [lambda request, error: Redirect(path="/elsewhere", status_code=303)])
    assert (await edge.post("/scratch/then-leave", json=NOTE)).status_code == 303
    assert await rows(app) == 0


async def test_a_refusal_that_is_a_fact_is_kept(edge: Any, app: Any) -> None:
    assert (await edge.post("/api/scratch/then-refuse", json={**NOTE, "wanted": True})).status_code == 400
    assert await rows(app) == 1


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
async def test_a_commit_that_fails_is_no_success(edge: Any, app: Any, headers: dict[str, str]) -> None:
    answer = await edge.post("/api/scratch/orphan", json=NOTE, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "fkey" not in answer.text
    assert await rows(app) == 0


async def test_connections_come_back_after_everything(edge: Any, app: Any) -> None:
    for _ in range(3 * app.settings.pool_size):
        await edge.post("/api/scratch/orphan", json=NOTE)
        await edge.post("/api/scratch/then-fail", json=NOTE)
        await edge.post("/api/scratch", json={"id": "x"})
    assert app.database.pool.get_idle_size() == app.database.pool.get_size()
    async with app.database.connection() as db:
        assert not db.is_in_transaction()


async def test_reads_run_without_a_transaction(edge: Any) -> None:
    assert (await edge.get("/api/scratch/7/number")).json() == {"in_transaction": False, "big": 7}


async def test_a_number_that_postgres_cannot_hold_is_422(edge: Any) -> None:
    answer = await edge.get(f"/api/scratch/{10**20}/number")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


# ---- idempotency (M11)


async def test_the_same_key_answers_the_same_and_works_once(edge: Any, app: Any) -> None:
    key = {"Idempotency-Key": "one"}
    answers = await asyncio.gather(*(edge.post("/api/scratch", json=NOTE, headers=key) for _ in range(6)))
    assert {(a.status_code, a.text) for a in answers} == {(201, '{"id":1}')}
    assert sorted(a.headers.get("idempotent-replayed", "-") for a in answers) == ["-", *["true"] * 5]
    assert await rows(app) == 1


async def test_the_same_key_with_another_body_is_409(edge: Any, app: Any) -> None:
    key = {"Idempotency-Key": "one"}
    await edge.post("/api/scratch", json=NOTE, headers=key)
    answer = await edge.post("/api/scratch", json={**NOTE, "id": 2}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")
    assert await rows(app) == 1


async def test_a_refused_request_leaves_its_key_free(edge: Any, app: Any) -> None:
    key = {"Idempotency-Key": "one"}
    assert (await edge.post("/api/scratch", json={"id": 13, "note": "x"}, headers=key)).status_code == 500
    assert (await edge.post("/api/scratch", json=NOTE, headers=key)).status_code == 201
    assert await rows(app) == 1


async def test_keys_of_two_people_do_not_meet(edge: Any, app: Any, client: Any, make: Any) -> None:
    key = {"Idempotency-Key": "one"}
    ana, bea = [client.as_(await make.user(n)).headers["Authorization"] for n in ("ana", "bea")]
    assert (await edge.post("/api/scratch", json=NOTE, headers={**key, "Authorization": ana})).status_code == 201
    other = await edge.post("/api/scratch", json={**NOTE, "id": 2}, headers={**key, "Authorization": bea})
    assert other.status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
async def test_a_bad_key_is_422(edge: Any, app: Any, key: str) -> None:
    answer = await edge.post("/api/scratch", json=NOTE, headers={"Idempotency-Key": key.encode("latin-1")})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["Idempotency-Key"])
    assert await rows(app) == 0


# ---- who may


async def test_access_is_checked(edge: Any, client: Any, make: Any) -> None:
    people = {
        "nobody": {},
        "member": dict(client.as_(await make.user("ana")).headers),
        "moderator": dict(client.as_(await make.user("moni", roles=("moderator",))).headers),
        "admin": dict(client.as_(await make.user("adam", roles=("admin",))).headers),
    }
    seen = {
        name: [
            (await edge.put("/api/member", headers=h)).status_code,
            (await edge.get("/api/staff", headers=h)).status_code,
            (await edge.get("/api/admin", headers=h)).status_code,
        ]
        for name, h in people.items()
    }
    assert seen == {
        "nobody": [401, 401, 401],
        "member": [200, 403, 403],
        "moderator": [200, 200, 403],
        "admin": [200, 200, 200],
    }


async def test_a_suspended_account_is_out_at_once(edge: Any, client: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    headers = dict(client.as_(ana).headers)
    assert (await edge.put("/api/member", headers=headers)).status_code == 200
    async with app.database.connection() as db:
        await db.execute("update users set status = 'suspended' where id = $1", ana.id)
    assert (await edge.put("/api/member", headers=headers)).status_code == 401


def test_a_route_without_access_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    @get("/api/v1/open")
    async def bare() -> None:
        return None

    monkeypatch.setattr("stoa.main.api_routes", lambda: [bare])
    with pytest.raises(RuntimeError, match="GET /api/v1/open"):
        create_litestar()


# ---- CSRF


async def test_a_form_needs_its_token(edge: Any) -> None:
    sent = {"id": "1", "note": "x", "tags": ["a", "b"], "wanted": "on"}
    assert (await edge.post("/form", data=sent)).status_code == 403
    token = (await edge.get("/form")).text
    assert CSRF_COOKIE in edge.cookies
    answer = await edge.post("/form", data={**sent, "_csrf": token})
    assert answer.json() == {"id": 1, "tags": ["a", "b"], "wanted": True}
    assert (await edge.post("/form", data=sent, headers={"X-CSRF-Token": token})).status_code == 201
    assert (await edge.post("/form", data={**sent, "_csrf": "0" * 64})).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
async def test_another_site_is_refused_even_with_a_token(edge: Any, headers: dict[str, str]) -> None:
    token = (await edge.get("/form")).text
    answer = await edge.post("/form", data={"id": "1", "note": "x", "_csrf": token}, headers=headers)
    assert answer.status_code == 403


async def test_json_with_a_session_cookie_needs_the_token_too(edge: Any, make: Any, tx: Any, app: Any) -> None:
    from stoa.foundation.identity.actions import open_page_session

    ana = await make.user("ana")
    async with tx(ana) as ctx:
        cookie = await open_page_session(ctx, ana.id, by="password")
    edge.cookies.set(SESSION_COOKIE, cookie)
    assert (await edge.put("/api/member")).status_code == 403
    token = (await edge.get("/form")).text
    assert (await edge.put("/api/member", headers={"X-CSRF-Token": token})).text == "ana"
    edge.cookies.clear()
    anonymous = (await edge.get("/form")).text
    edge.cookies.set(SESSION_COOKIE, cookie)
    assert (await edge.put("/api/member", headers={"X-CSRF-Token": anonymous})).status_code == 403


# ---- limits (L1)


async def test_the_sixth_log_in_of_a_minute_is_429(edge: Any, app: Any) -> None:
    app.settings = msgspec.structs.replace(app.settings, limits=True)
    try:
        answers = await asyncio.gather(*(edge.post("/api/auth-like") for _ in range(8)))
    finally:
        app.settings = msgspec.structs.replace(app.settings, limits=False)
    assert sorted(a.status_code for a in answers) == [201] * 5 + [429] * 3
    refused = next(a for a in answers if a.status_code == 429)
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["code"] == "too_many_requests"


async def test_members_have_a_limit_of_their_own_and_staff_none(
    edge: Any, app: Any, client: Any, make: Any, tx: Any
) -> None:
    async with tx() as ctx:
        await change_platform(ctx, limit_anonymous_per_minute=2, limit_member_per_minute=3)
    ana = dict(client.as_(await make.user("ana")).headers)
    moni = dict(client.as_(await make.user("moni", roles=("moderator",))).headers)
    app.settings = msgspec.structs.replace(app.settings, limits=True)
    try:
        seen = {
            name: [(await edge.get("/form", headers=h)).status_code for _ in range(5)]
            for name, h in (("nobody", {}), ("member", ana), ("staff", moni))
        }
    finally:
        app.settings = msgspec.structs.replace(app.settings, limits=False)
    assert seen == {
        "nobody": [200, 200, 429, 429, 429],
        "member": [200, 200, 200, 429, 429],
        "staff": [200] * 5,
    }


# ---- what is wrong with the request


async def test_every_wrong_field_is_named(edge: Any) -> None:
    answer = await edge.post("/api/scratch", json={"id": "x", "note": "much too long", "tags": [1]})
    assert answer.status_code == 422
    assert answer.json()["fields"] == {
        "id": "This must be a whole number",
        "note": "Please use at most 10 characters",
        "tags": "This must be text",
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 422), (b"[1]", 422), (b'{"id":1,"note":"a\\u0000b"}', 422), (b'{"id":1,"note":"\xff"}', 422),
     (b'{"id":1,"note":"' + b"x" * 2_000_000 + b'"}', 413), (b"[" * 100_000, 422)],
)  # fmt: skip
async def test_bodies_that_are_none(edge: Any, app: Any, body: bytes, status: int) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        answer = await edge.post("/api/scratch", content=body, headers={"content-type": "application/json", **headers})
        assert answer.status_code == status, answer.text[:200]
    assert await rows(app) == 0


async def test_no_body_at_all(edge: Any) -> None:
    answer = await edge.post("/api/scratch")
    assert (answer.status_code, answer.json()["fields"]) == (422, {"body": "This request needs a body"})


async def test_wrong_address_and_method(edge: Any) -> None:
    nothing = await edge.get("/api/nothing")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    wrong = await edge.delete("/api/member")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert (await edge.get("/api/scratch/%00/number")).status_code in (404, 422)
    assert (await edge.get("/form?x=%00")).status_code == 422


async def test_each_answer_carries_a_trace_id_and_security_headers(edge: Any) -> None:
    answer = await edge.get("/api/nothing")
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["trace_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers.get_list("cache-control") == ["private, no-cache"], "kept for nobody but who asked"


async def test_forwarded_addresses_are_believed_from_trusted_proxies_only() -> None:
    from stoa.kit.http.credentials import client_address

    scope = {"client": ("10.0.0.1", 1)}
    assert client_address(scope, [b"1.2.3.4"], frozenset()) == "10.0.0.1"
    assert client_address(scope, [b"6.6.6.6, 1.2.3.4"], frozenset({"10.0.0.1"})) == "1.2.3.4"
    assert client_address(scope, [b"6.6.6.6", b"1.2.3.4, 10.0.0.2"], frozenset({"10.0.0.1", "10.0.0.2"})) == "1.2.3.4"
    assert client_address(scope, [b"nonsense"], frozenset({"10.0.0.1"})) == "10.0.0.1"


async def test_more_requests_than_connections_with_limits_on_do_not_wait_for_each_other(
    edge: Any, app: Any, client: Any, make: Any
) -> None:
    """Each holds a connection while its limit is asked for; from one pool they would stand still for ever."""
    people = [dict(client.as_(await make.user()).headers) for _ in range(3 * app.settings.pool_size)]
    app.settings = msgspec.structs.replace(app.settings, limits=True)
    try:
        async with asyncio.timeout(60):
            answers = await asyncio.gather(*(edge.put("/api/member", headers=h) for h in people))
    finally:
        app.settings = msgspec.structs.replace(app.settings, limits=False)
    assert {a.status_code for a in answers} == {200}


# ---- who sends slowly


async def slowly(
    app: Any, path: str, body: asyncio.Event, headers: dict[str, str], waiting: asyncio.Semaphore | None = None
) -> list[dict[str, Any]]:
    """A POST whose body comes when the event says so; answers the ASGI messages. waiting: released when it waits."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if waiting is not None:
            waiting.release()
        await body.wait()
        return {"type": "http.request", "body": msgspec.json.encode(NOTE), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    lines = [(k.lower().encode(), v.encode()) for k, v in {"content-type": "application/json", **headers}.items()]
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": lines,
        "client": ("127.0.0.1", 1), "server": ("testserver", 80), "scheme": "http", "http_version": "1.1",
        "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


async def test_those_who_send_slowly_hold_nothing(edge: Any, app: Any, make: Any, client: Any) -> None:
    outer = edge._transport.app
    headers = {"Authorization": client.as_(await make.user()).headers["Authorization"]}
    arrived, waiting = asyncio.Event(), asyncio.Semaphore(0)
    async with asyncio.TaskGroup() as group:
        for _ in range(2 * app.settings.pool_size):
            group.create_task(slowly(outer, "/api/scratch/then-refuse", arrived, headers, waiting))
        async with asyncio.timeout(30):
            for _ in range(2 * app.settings.pool_size):
                await waiting.acquire()
        assert app.database.pool.get_idle_size() == app.database.pool.get_size()
        assert (await edge.get("/api/scratch/7/number")).status_code == 200
        arrived.set()


async def test_time_is_when_the_body_has_come(edge: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    arrived = asyncio.Event()
    outer = edge._transport.app
    monkeypatch.setattr("stoa.kit.http.lending.Lending.ctx", _noting_ctx(seen))
    waiting = asyncio.Semaphore(0)
    task = asyncio.create_task(slowly(outer, "/api/scratch/then-refuse", arrived, {}, waiting))
    await waiting.acquire()
    before = utcnow()
    arrived.set()
    await task
    assert seen and seen[0] >= before


def _noting_ctx(seen: list[Any]) -> Any:
    original = Lending.ctx

    async def ctx(self: Any) -> Any:
        made = await original(self)
        seen.append(made.now)
        return made

    return ctx


async def test_a_body_that_never_comes_ends(edge: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stoa.kit.http.edge.BODY_TIMEOUT_S", -7.9)
    sent = await slowly(edge._transport.app, "/api/scratch/then-refuse", asyncio.Event(), {})
    assert sent[0]["status"] == 422


async def test_bad_tokens_count_against_their_sender(edge: Any, app: Any, tx: Any) -> None:
    async with tx() as ctx:
        await change_platform(ctx, limit_anonymous_per_minute=3)
    app.settings = msgspec.structs.replace(app.settings, limits=True)
    try:
        answers = [await edge.put("/api/member", headers={"Authorization": "Bearer x"}) for _ in range(5)]
    finally:
        app.settings = msgspec.structs.replace(app.settings, limits=False)
    assert [a.status_code for a in answers] == [401, 401, 401, 429, 429]


async def test_a_form_of_too_many_fields(edge: Any) -> None:
    await edge.get("/form")
    body = "&".join(f"a{n}=1" for n in range(1500))
    answer = await edge.post("/form", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("local", "local"),
    ],
)
def test_an_ipv6_address_counts_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
