"""`./stoa demo`: told against a running instance; each figure is held, and one that is off ends it with 1."""

import io
import re
import time
from collections.abc import Iterator

import asyncpg
import pytest

from stoa.demo import story
from stoa.demo.telling import Teller
from stoa.demo.visitor import StoryEnds
from tests.crash.instance import Instance

# ---- against a whole installation


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    running = Instance(tmp_path_factory.mktemp("story") / ".stoa", limits="no")
    yield running
    running.end()


@pytest.mark.slow
def test_the_story_ends_well_and_its_figures_are_told(instance: Instance) -> None:
    done = instance.command("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    told = re.sub(r"\s+\.{4,}\s+", " = ", done.stdout)
    for figure in (
        "to the writer, earned (40 %) = 400.00",
        "to the platform (60 %) = 600.00",
        "kept by the platform, promotional too = 60.00",
        "the writer's promotional coins = 140.00",
        "the order is = failed, card_declined",
        "what the gifts were worth (400 / 40 % / 78) = 12.82 USD",
        "of that the platform's fee = 7.69 USD",
        "and the writer's (400 / 78) = 5.13 USD",
        "the payout is = paid",
        "to the writer = 2.91 USD",
        "to the platform = 0.06 USD",
        "to charity = 0.03 USD",
        "from an account to itself = 422 tip_to_oneself",
        "from the second account = 409 blocked_by_risk",
        "the writer agrees, and it is = done",
        "the provider's fee = 0.06 USD",
        "where it is = reserved 5.82 USD",
        "where it is = arrived 5.82 USD",
        "of them differ = 0",
        "it is called = missing_here",
        "the matter is = closed",
        "payments that differ = 0",
        "COIN sums to = 0.00",
        "USD sums to = 0.00",
    ):
        assert figure in told, done.stdout
    assert re.search(r"COIN +fees +income +platform +600\.00\n", done.stdout)
    assert "figures are right." in done.stdout
    assert "\x1b" not in done.stdout  # a log is no terminal


@pytest.mark.slow
async def test_a_figure_that_is_off_is_named_and_ends_it_with_1(instance: Instance) -> None:
    """An operator who gives creators 41 % is an installation that does not do what M6 says."""
    assert await share_gifts(instance, creator_percent=41) == "INSERT 0 1"
    time.sleep(5.5)  # as long as another process may still use the old rule
    done = instance.command("demo")
    assert done.returncode == 1
    assert "to the writer, earned (40 %): expected 400.00, found 410.00" in done.stdout
    assert "to the platform (60 %): expected 600.00, found 590.00" in done.stdout
    assert re.search(r"\d+ of \d+ figures are off", done.stdout)


async def share_gifts(instance: Instance, *, creator_percent: int) -> str:
    db = await asyncpg.connect(instance.dsn)
    points = creator_percent * 100
    try:
        return await db.execute(
            "insert into split_rules (id, kind, effective_from, creator_bp, platform_bp, created_at)"
            " values (gen_random_uuid(), 'gift', now(), $1, $2, now())",
            points,
            10_000 - points,
        )
    finally:
        await db.close()


def test_nobody_at_the_address_ends_it_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert story.main("http://127.0.0.1:1") == 1
    assert "POST /api/v1/auth/register: no answer" in capsys.readouterr().out


# ---- how it is told


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Plain(io.StringIO):
    encoding = "ascii"


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Teller(Terminal()).colour
    assert not Teller(io.StringIO()).colour
    monkeypatch.setenv("TERM", "dumb")
    assert not Teller(Terminal()).colour
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Teller(Terminal()).colour


def test_figures_are_counted_and_faults_repeated_at_the_end() -> None:
    out = Terminal()
    teller = Teller(out)
    teller.colour = False
    teller.figure("earned", "400.00", "400.00")
    teller.figure("fees", "590.00", "600.00")
    teller.figure("found", True, False)
    assert teller.end() == 1
    said = out.getvalue()
    assert "✓ earned" in said and "✗ fees" in said
    assert "2 of 3 figures are off:" in said
    assert "fees: expected 600.00, found 590.00" in said
    assert "found: expected no, found yes" in said


def test_without_faults_it_ends_with_0() -> None:
    teller = Teller(Plain())
    teller.figure("earned", 1, 1)
    assert teller.end() == 0


def test_it_can_be_told_in_ascii() -> None:
    out = Plain()
    teller = Teller(out)
    teller.scene("The books")
    teller.request("writer", "GET", "/api/v1/posts/01a1f8bd-55a7-72ae-9dad-bbf696ae0250", 200)
    teller.table(("asset", "balance"), [("COIN", "1.00"), ("sum", "0.00")], ruled=[1])
    teller.figure("sum", "0.00", "0.00")
    assert out.getvalue().isascii()
    assert "/api/v1/posts/ae0250  200" in out.getvalue()


def test_lines_fit_the_terminal() -> None:
    out = Terminal()
    teller = Teller(out)
    teller.width, teller.colour = 60, False
    teller.say("A paragraph that goes on for longer than the terminal is wide, and is set in several lines.")
    teller.figure("what the gifts were worth", "12.82 USD", "12.82 USD")
    assert max(map(len, out.getvalue().splitlines())) <= 60


def test_a_story_that_cannot_go_on_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stuck(_: story.Story) -> None:
        raise StoryEnds("after 60 s it is still pending; does a worker run?")

    monkeypatch.setattr(story.Story, "sign_up", stuck)
    assert story.main("http://127.0.0.1:1") == 1
    assert "It ends here: after 60 s it is still pending; does a worker run?" in capsys.readouterr().out
