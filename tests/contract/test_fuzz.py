"""Nothing that can be sent brings the application down: no 5xx, and answers are what the API's description says.

Schemathesis makes requests that fit the description and ones that do not; besides, every route, pages too, gets what
clients and attackers really send: NUL, lone surrogates, numbers without end, long texts, deep JSON, broken UTF-8, wrong
content types. Everything runs in process; the same requests are made at each run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import httpx
import hypothesis
import pytest
import requests
import schemathesis
import structlog
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from stoa.foundation.identity import actions as identity
from stoa.main import OPENAPI_PATH
from tests.contract import nasty
from tests.contract.routes import Route, routes
from tests.contract.things import BODIES, CASES, FORMS, Params, World

EXAMPLES = 8
CHECKS = [content_type_conformance, response_schema_conformance]
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    verbosity=Verbosity.quiet,
    suppress_health_check=list(HealthCheck),
)
MEMBERS = {"type", "title", "status", "code", "detail", "instance", "trace_id"}


class People:
    """Clients of nobody, a member and an admin, with sessions that can be ended and begun anew."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients: dict[str, Any] = {}

    async def refresh(self) -> None:
        """Fresh sessions, in case the last request has ended one."""
        for role, user in (("nobody", None), ("member", self.world.owner), ("admin", self.world.staff)):
            client = self.clients.setdefault(role, self.world.client.as_(None))
            if user is not None:
                async with self.world.make.tx() as ctx:
                    tokens = await identity.open_api_session(ctx, user.id, by="password")
                client.headers["Authorization"] = f"Bearer {tokens.access_token}"


@pytest.fixture
async def people(make: Any, client: Any) -> People:
    world = World(make, client)
    await world.people()
    made = People(world)
    await made.refresh()
    return made


@pytest.mark.slow
async def test_the_api_is_as_it_is_described(people: People) -> None:
    loop = asyncio.get_running_loop()
    faults: dict[str, str] = {}
    count = 0
    described = schemathesis.openapi.from_dict((await people.world.client.get(f"{OPENAPI_PATH}/openapi.json")).json())
    operations = [result.ok() for result in described.get_all_operations()]
    for operation in sorted(operations, key=lambda o: "/auth/" in o.path):  # these end sessions
        name = f"{operation.method.upper()} {operation.path}"
        world = people.world
        world.owner = await world.make.member(purchased=5000, earned=1000)
        await people.refresh()
        values = await CASES[name][0].thing(world) if name in CASES else {}

        async def send(case: Any, known: bool, name: str = name, values: Params = values) -> None:
            nonlocal count
            if known:
                case.path_parameters = {k: str(values[k]) for k in case.path_parameters or {} if k in values}
            for role, client in people.clients.items():
                try:
                    request = request_of(case, client.headers)
                except httpx.InvalidURL:  # longer than what a client sends
                    return
                answer = await client.send(request)
                count += 1
                for fault in faults_of(case, answer):
                    faults.setdefault(f"{name} as {role}: {fault}", f"{answer.request.url} {answer.request.content!r}")
                if name.startswith(("POST /api/v1/auth/", "DELETE /api/v1/auth/")):
                    await people.refresh()

        await asyncio.to_thread(explore, operation, bool(values), lambda *a, s=send: waited(loop, s(*a)))
    assert count > 1000
    assert not faults, "\n".join(f"{fault}\n    {request[:300]}" for fault, request in sorted(faults.items()))


def waited(loop: asyncio.AbstractEventLoop, awaitable: Awaitable[None]) -> None:
    """Waits in a thread for what the loop does."""
    asyncio.run_coroutine_threadsafe(awaitable, loop).result()  # type: ignore[arg-type]


def explore(operation: Any, known: bool, send: Callable[[Any, bool], None]) -> None:
    """Hypothesis decides what is sent: what fits and what does not, at things that are there and that are not."""
    strategies = [operation.as_strategy(generation_mode=mode) for mode in modes(operation)]

    @SETTINGS
    @hypothesis.given(case=st.one_of(strategies), known=st.booleans() if known else st.just(False))
    def one(case: Any, known: bool) -> None:
        send(case, known)

    one()


def modes(operation: Any) -> list[GenerationMode]:
    """There is nothing wrong to be sent to an operation that takes nothing."""
    takes = bool(operation.body) or any(True for _ in operation.iter_parameters())
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if takes else [GenerationMode.POSITIVE]


def request_of(case: Any, own: httpx.Headers) -> httpx.Request:
    """A generated case as it goes over the wire, with the session of whoever sends it."""
    made = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    headers = {k: v for k, v in made.headers.items() if k.lower() not in ("content-length", "authorization")}
    if "authorization" in own:
        headers["Authorization"] = own["authorization"]
    body = made.body.encode() if isinstance(made.body, str) else made.body or b""
    return httpx.Request(made.method or "GET", str(made.url), headers=headers, content=body)


def faults_of(case: Any, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer."""
    if answer.status_code >= 500:
        return [f"{answer.status_code}"]
    if answer.status_code >= 400:
        return list(problem_faults(answer)) if case.operation.path.startswith("/api/") else []
    if str(answer.status_code) not in case.operation.definition.raw["responses"]:
        return [f"{answer.status_code} is not described"]
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        return [" ".join(f"{failure.title}: {failure.message}".split()) for failure in group.exceptions]
    return []


def problem_faults(answer: httpx.Response) -> list[str]:
    """What keeps an answer from being a problem document (RFC 9457) with our members."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return [f"{answer.status_code} is {answer.headers.get('content-type')}"]
    problem = answer.json()
    if missing := MEMBERS - problem.keys():
        return [f"{answer.status_code} lacks {', '.join(sorted(missing))}"]
    return [] if problem["status"] == answer.status_code else [f"{answer.status_code} says {problem['status']}"]


# ---- everything, pages too -------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_nothing_nasty_brings_a_route_down(people: People, stoa: Any) -> None:
    """As an admin, who gets past every declared access."""
    forms = nasty.form_names()
    faults: dict[str, str] = {}
    count = 0
    for route in sorted(routes(), key=lambda r: "/auth/" in r.path or r.path == "/logout"):  # these end sessions
        if route.name in CASES:
            await people.world.begin_anew(CASES[route.name][0].who)
        await people.refresh()
        token = people.clients["admin"].headers["authorization"]
        for sent in (*nasty.requests(route, forms), *await spoiled(route, people.world)):
            headers = {"authorization": token, **sent.headers}
            with structlog.testing.capture_logs() as logs:
                try:
                    status, raised = await status_of(stoa, route.method, sent.path, headers, sent.body), ""
                except Exception as error:
                    status, raised = 500, f"not even a 500: {error!r}"
            count += 1
            if status >= 500:
                raised = raised or next((repr(entry["exc_info"]) for entry in logs if entry.get("exc_info")), "")
                faults.setdefault(f"{route.name}: {raised[:300] or status}", sent.what)
    assert count > 5000
    assert not faults, "\n".join(f"{fault}\n    {what}" for fault, what in sorted(faults.items()))


async def spoiled(route: Route, world: World) -> list[nasty.Sent]:
    """What a route takes, filled in as it should be, each with one field that is wrong."""
    if route.name in FORMS:
        return list(nasty.spoiled(route.path, FORMS[route.name](world)))
    if route.name in BODIES:
        return list(nasty.spoiled_json(route.path, BODIES[route.name](world)))
    case = next((c for c in CASES.get(route.name, ()) if c.form or c.json), None)
    if case is None:
        return []
    values = await case.thing(world)
    if case.form is not None:
        return list(nasty.spoiled(route.filled(values), {k: str(v) for k, v in case.form(values).items()}))
    return list(nasty.spoiled_json(route.filled(values), case.json(values))) if case.json else []


async def status_of(app: Any, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
    """Sends a request whose address and headers go out as they are given, as a server hands them on."""
    target, _, query = path.partition("?")
    encoded = [(name.encode(), text.encode("latin-1")) for name, text in headers.items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(target),
        "raw_path": target.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": encoded if "host" in headers else [*encoded, (b"host", b"testserver")],
        "client": ("127.0.0.1", 1234),
        "server": ("testserver", 80),
    }
    messages = [{"type": "http.request", "body": body, "more_body": False}]
    status = 0

    async def receive() -> dict[str, Any]:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status
