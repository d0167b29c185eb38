"""A site's own domain: claimed, proved by its DNS, looked at again and again. The DNS of these tests is a table."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stoa.creation.sites import actions, gateways
from stoa.creation.sites.gateways import Certificate, Unanswered
from stoa.creation.sites.queries import public_site_by_domain
from stoa.creation.sites.types import CertificateState
from stoa.kit.clock import utcnow
from stoa.kit.errors import NotFound
from tests.creation.sites.test_sites import made

DOMAIN = "stories.example.com"
ENDS = datetime(2027, 1, 1, tzinfo=UTC)


class Net:
    """DNS and certificates of a small internet."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], list[str]] = {}
        self.silent = False
        self.certificate = Certificate(CertificateState.ACTIVE, ENDS, None)

    def set(self, kind: str, name: str, *values: str) -> None:
        self.records[kind, name] = list(values)

    async def texts(self, name: str) -> list[str]:
        return self._ask("TXT", name)

    async def alias(self, name: str) -> str | None:
        return next(iter(self._ask("CNAME", name)), None)

    async def addresses(self, name: str) -> list[str]:
        return self._ask("A", name)

    def _ask(self, kind: str, name: str) -> list[str]:
        if self.silent:
            raise Unanswered
        return self.records.get((kind, name), [])

    async def look(self, domain: str) -> Certificate:
        return self.certificate


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    net = Net()
    monkeypatch.setattr(gateways, "resolver", lambda: net)
    monkeypatch.setattr(gateways, "watch", lambda: net)
    return net


@pytest.fixture
async def mine(client: Any, make: Any) -> Any:
    return client.as_(await make.user("ana"))


async def claimed(client: Any, domain: str = DOMAIN, title: str = "The salt road") -> str:
    site = await made(client, title)
    url = f"/api/v1/sites/{site['id']}/domain"
    answer = await client.post(url, json={"domain": domain})
    assert answer.status_code == 200, answer.text
    return url


async def proof(client: Any, url: str) -> str:
    return next(r["value"] for r in (await client.get(f"{url}/dns-records")).json() if r["type"] == "TXT")


async def test_a_domain_is_proved_by_a_text(mine: Any, client: Any, net: Net) -> None:
    url = await claimed(mine, " https://Stories.Example.COM/ ")
    records = (await mine.get(f"{url}/dns-records")).json()
    assert [(r["type"], r["name"]) for r in records] == [("TXT", f"_stoa.{DOMAIN}"), ("CNAME", DOMAIN)]
    assert records[1]["value"] == "the-salt-road.testserver"
    first = (await mine.post(f"{url}/verify")).json()
    assert (first["state"], first["problem"]) == (
        "pending",
        "Neither record is there yet. New records can take some hours until everybody sees them",
    )
    assert (await client.get(f"/api/v1/sites/by-domain/{DOMAIN}")).status_code == 404
    net.set("TXT", f"_stoa.{DOMAIN}", "v=spf1", "stoa-site=another")
    wrong = (await mine.post(f"{url}/verify")).json()
    assert (wrong["state"], wrong["problem"]) == (
        "pending",
        f"The TXT record at _stoa.{DOMAIN} holds something else than it should",
    )
    net.set("TXT", f"_stoa.{DOMAIN}", "v=spf1", await proof(mine, url))
    half = (await mine.post(f"{url}/verify")).json()
    assert (half["state"], half["method"], half["certificate_state"]) == ("verified", "txt", "pending")
    assert half["problem"] == "The domain is proved, but leads nowhere yet: set the second record, too"
    net.set("A", DOMAIN, "93.184.216.34")
    whole = (await mine.post(f"{url}/verify")).json()
    assert (whole["problem"], whole["certificate_state"], whole["verified_at"]) == (None, "active", half["verified_at"])
    status = (await mine.get(f"{url}/ssl-status")).json()
    assert (status["domain"], status["state"], status["expires_at"]) == (DOMAIN, "active", "2027-01-01T00:00:00Z")
    seen = (await client.get(f"/api/v1/sites/by-domain/{DOMAIN.upper()}.")).json()
    assert (seen["slug"], seen["domain"]) == ("the-salt-road", DOMAIN)
    assert (await mine.delete(url)).status_code == 204
    assert (await client.get(f"/api/v1/sites/by-domain/{DOMAIN}")).status_code == 404
    assert [(await mine.get(url + part)).json()["code"] for part in ("", "/dns-records", "/ssl-status")] == [
        "no_domain"
    ] * 3


async def test_a_proxy_asks_which_names_are_ours(mine: Any, client: Any, net: Net) -> None:
    url = await claimed(mine)

    async def known(*names: str) -> list[int]:
        return [(await client.get("/api/v1/domains/known", params={"domain": name})).status_code for name in names]

    assert await known("testserver", "the-salt-road.testserver") == [200, 200]
    assert (
        await known(DOMAIN, "another.testserver", "testserver.example.com", "", "a.the-salt-road.testserver")
        == [404] * 5
    )
    net.set("CNAME", DOMAIN, "the-salt-road.testserver")
    await mine.post(f"{url}/verify")
    assert await known(DOMAIN, f"{DOMAIN.upper()}.") == [200, 200]


async def test_a_domain_is_proved_by_where_it_leads(mine: Any, net: Net) -> None:
    url = await claimed(mine)
    net.set("CNAME", DOMAIN, "another.testserver")
    assert (await mine.post(f"{url}/verify")).json()["state"] == "pending"
    net.set("CNAME", DOMAIN, "the-salt-road.testserver")
    await mine.patch(url.removesuffix("/domain"), json={"slug": "sea-road"})  # an old address of the site is its own
    found = (await mine.post(f"{url}/verify")).json()
    assert (found["state"], found["method"]) == ("verified", "cname")


INSIDE = (
    *("127.0.0.1", "10.0.0.7", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "::", "fd00::1"),
    *("fe80::1", "::ffff:127.0.0.1", "::ffff:a00:7", "2002:7f00:1::", "64:ff9b::7f00:1"),
)


@pytest.mark.parametrize("address", INSIDE)
async def test_a_domain_that_leads_inside_is_refused(mine: Any, net: Net, address: str) -> None:
    url = await claimed(mine)
    net.set("TXT", f"_stoa.{DOMAIN}", await proof(mine, url))
    net.set("A", DOMAIN, "93.184.216.34", address)
    found = (await mine.post(f"{url}/verify")).json()
    assert (found["state"], found["verified_at"]) == ("pending", None)
    assert found["problem"] == f"The domain leads to {address}, which is no address of the open internet"


@pytest.mark.parametrize(
    "domain",
    [
        "testserver",
        "www.testserver",
        "the-salt-road.testserver",
        "localhost",
        "printer.local",
        "a.internal",
        "127.0.0.1",
        "2130706433",
        "[::1]",
        "1.2.3",
        "example",
        "exa mple.com",
        "ana@example.com",
        "example.com:8080",
        "*.example.com",
        "-a.example.com",
        "a..example.com",
        "a" * 64 + ".com",
        "ex\u0000ample.com",
        ".".join(["a" * 50] * 6),
        "//",
    ],
)
async def test_what_is_no_domain_of_ones_own(mine: Any, domain: str) -> None:
    site = await made(mine)
    answer = await mine.post(f"/api/v1/sites/{site['id']}/domain", json={"domain": domain})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["domain"])
    assert (await mine.get(f"/api/v1/sites/{site['id']}/domain")).status_code == 404


async def test_names_of_all_scripts(mine: Any) -> None:
    url = await claimed(mine, "Märchen.Example.com")
    assert (await mine.get(url)).json()["domain"] == "xn--mrchen-bua.example.com"


async def test_who_proves_it_has_it(live: Any, mine: Any, client: Any, make: Any, net: Net) -> None:
    other = client.as_(await make.user())
    ours, theirs = await claimed(mine), await claimed(other)  # a claim alone keeps nobody from theirs
    net.set("TXT", f"_stoa.{DOMAIN}", await proof(mine, ours), await proof(other, theirs))
    answers = await asyncio.gather(mine.post(f"{ours}/verify"), other.post(f"{theirs}/verify"))
    assert sorted(a.status_code for a in answers) == [200, 409]
    refused = next(a for a in answers if a.status_code == 409)
    assert refused.json()["code"] == "domain_taken"
    third = client.as_(await make.user())
    site = await made(third)
    assert (await third.post(f"/api/v1/sites/{site['id']}/domain", json={"domain": DOMAIN})).status_code == 409


async def test_who_may_see_and_change_a_domain(mine: Any, client: Any, make: Any, net: Net) -> None:
    url = await claimed(mine)
    before = (await mine.get(url)).json()
    for who, status in ((client.as_(await make.user()), 404), (client, 401)):
        calls = [who.get(url), who.get(f"{url}/dns-records"), who.get(f"{url}/ssl-status"), who.delete(url)]
        calls += [who.post(f"{url}/verify"), who.post(url, json={"domain": "other.example.com"})]
        assert {answer.status_code for answer in await asyncio.gather(*calls)} == {status}
    assert (await mine.get(url)).json() == before


async def test_a_domain_is_looked_at_again_and_lost_after_three_days(
    mine: Any, net: Net, tx: Any, jobs: Any, app: Any
) -> None:
    url = await claimed(mine)
    net.set("TXT", f"_stoa.{DOMAIN}", await proof(mine, url))
    await mine.post(f"{url}/verify")
    site_id = url.split("/")[4]

    async def later(hours: float) -> dict[str, Any]:
        """As the worker does it, so much later."""
        async with tx() as ctx:
            await ctx.db.execute(
                """
                update site_domains set checked_at = checked_at - $1::interval,
                  failing_since = failing_since - $1::interval
                """,
                timedelta(hours=hours),
            )
            await actions.check_domains(ctx)
        await jobs()
        return (await mine.get(url)).json()

    assert (await later(23))["checked_at"] < (await later(2))["checked_at"]
    net.silent = True  # says nothing about the domain
    quiet = await later(25)
    assert (quiet["state"], quiet["failing_since"]) == ("verified", None)
    assert quiet["problem"] == "The domain's name servers did not answer; we will ask again"
    net.silent = False
    net.records.clear()
    failing = await later(25)
    assert failing["state"] == "verified" and failing["failing_since"] is not None
    async with tx() as ctx:
        assert str((await public_site_by_domain(ctx, DOMAIN)).id) == site_id
    assert (await later(71))["state"] == "verified"
    assert (await later(2))["state"] == "failed"
    async with tx() as ctx:
        with pytest.raises(NotFound):
            await public_site_by_domain(ctx, DOMAIN)
    net.set("CNAME", DOMAIN, "the-salt-road.testserver")
    back = (await mine.post(f"{url}/verify")).json()
    assert (back["state"], back["failing_since"]) == ("verified", None)


async def test_a_domain_that_leads_inside_a_moment_later_is_lost(mine: Any, net: Net, tx: Any, jobs: Any) -> None:
    url = await claimed(mine)
    net.set("TXT", f"_stoa.{DOMAIN}", await proof(mine, url))
    net.set("A", DOMAIN, "93.184.216.34")
    assert (await mine.post(f"{url}/verify")).json()["state"] == "verified"
    net.set("A", DOMAIN, "::ffff:127.0.0.1")
    for hours, state in ((25, "verified"), (73, "failed")):
        async with tx() as ctx:
            earlier = (
                "update site_domains set checked_at = checked_at - $1::interval, failing_since = failing_since - $1"
            )
            await ctx.db.execute(earlier, timedelta(hours=hours))
            await actions.check_domains(ctx)
        await jobs()
        found = (await mine.get(url)).json()
        assert (found["state"], found["failing_since"] is None) == (state, False)
        assert found["problem"].startswith("The domain leads to ::ffff:127.0.0.1, which is no address of the open")
    async with tx() as ctx:
        with pytest.raises(NotFound):
            await public_site_by_domain(ctx, DOMAIN)


async def test_a_domain_that_changed_during_the_look_is_not_proved(mine: Any, net: Net, tx: Any) -> None:
    url = await claimed(mine)
    net.set("TXT", f"_stoa.{DOMAIN}", await proof(mine, url))
    net.set("TXT", "_stoa.other.example.com", "nothing")
    looked = net.texts

    async def meanwhile(name: str) -> list[str]:
        await mine.post(url, json={"domain": "other.example.com"})
        return await looked(name)

    net.texts = meanwhile  # type: ignore[method-assign]
    assert (await mine.post(f"{url}/verify")).status_code == 404
    found = (await mine.get(url)).json()
    assert (found["domain"], found["state"]) == ("other.example.com", "pending")
    assert utcnow() - datetime.fromisoformat(found["added_at"]) < timedelta(minutes=1)


async def test_certificates_are_looked_at_on_the_open_internet_only() -> None:
    found = await gateways.watch().look("localhost")
    assert (found.state, found.problem) == (CertificateState.PENDING, "This address is not on the open internet")
    assert await gateways.watch().knows("https://127.0.0.1/x") is None
