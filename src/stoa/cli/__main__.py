"""`./stoa <command>`: reads the command line and calls the command."""

import argparse
import asyncio
import inspect
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from stoa.kit.config import ConfigError

Command = Callable[[argparse.Namespace], Any]

USAGE = """\
./stoa <command>

run it
  up [--port N] [--workers N] [--no-demo]   everything: database, web, jobs, until Ctrl-C
     [--demo]                               with demo content, even where others than this machine can come
  demo                                      the main job, told as it happens; exit 1 if a figure is off
  web, worker                               one web process, one job runner (with DATABASE_URL, for several machines)

look after it
  doctor                                    each thing it stands on: ok, or what to do
  config                                    the settings in effect, secrets masked
  migrate                                   bring the database up to date
  user create-admin                         make an administrator, or make a user one
  ledger verify                             recompute every balance from the postings
  reconcile [--gateway NAME]                what gateways list beside what stands here; exit 1 if something differs
     [--since DAY] [--until DAY]

work on it
  test [paths]                              all checks and tests, or some
  routes, openapi                           every route; the description of the API
  bench NAME                                a benchmark of bench/, as ratios
"""


def main() -> NoReturn:
    """Run one command and exit with its status: 0 well, 1 not, 2 not understood, 130 interrupted."""
    arguments = parsed(sys.argv[1:])
    try:
        status = arguments.command(arguments)
        if inspect.iscoroutine(status):
            status = asyncio.run(status)
    except ConfigError as error:
        fail(*str(error).splitlines())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # `./stoa routes | head`: the reader has seen enough
        sys.exit(0)
    except Exception as error:
        if type(error).__module__.startswith("stoa.") and type(error).__name__ in EXPECTED:
            fail(*str(error).splitlines())
        raise
    leave(status or 0)


def leave(status: int) -> NoReturn:
    """Ends at once, after all output: while the interpreter takes itself apart, a thread of the storage library that
    still wants to tell it something aborts the process, rarely, with status -6."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


# Errors that are answers: shown without a trace.
EXPECTED = {"CannotStart", "CannotInstall", "CannotBuild", "MigrationError", "Stopped", "Refused"}


def fail(*lines: str) -> NoReturn:
    """Say what is wrong, one thing a line, and exit."""
    for line in lines:
        print(f"stoa: {line}", file=sys.stderr)
    sys.exit(1)


# Commands that pass on what follows, after this many words, to what they call.
PASSING_ON = {"test": 1, "bench": 2}


def parsed(words: list[str]) -> argparse.Namespace:
    """The command line, understood; exits with 2 and the usage if it is not."""
    own = PASSING_ON.get(words[0], len(words)) if words else 0
    arguments = parser().parse_args(words[:own] or ["--help"])
    arguments.rest = words[own:]
    return arguments


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="./stoa", usage=USAGE, add_help=True, allow_abbrev=False)
    commands = top.add_subparsers(required=True, metavar="command", help=argparse.SUPPRESS, prog="./stoa")

    def add(name: str, command: Command, within: Any = commands) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = within.add_parser(name, allow_abbrev=False)
        added.set_defaults(command=command)
        return added

    up = add("up", lazily("up", "up"))
    up.add_argument("--port", type=int, help="0 takes any free one")
    up.add_argument("--workers", type=int, help="web processes")
    content = up.add_mutually_exclusive_group()
    content.add_argument("--demo", action="store_true", help="fill an empty database, even where others can come")
    content.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    add("demo", lazily("up", "demo"))
    add("web", lazily("serve", "web"))
    add("worker", lazily("serve", "worker"))
    add("_seed", lazily("serve", "seed"))
    add("doctor", lazily("operate", "doctor"))
    add("config", lazily("operate", "config"))
    add("migrate", lazily("operate", "migrate"))
    add("routes", lazily("operate", "routes"))
    add("openapi", lazily("operate", "openapi"))
    add("bench", lazily("operate", "bench")).add_argument("name", nargs="?")
    add("test", lazily("check", "test"))
    admin = add("create-admin", lazily("operate", "create_admin"), group(commands, "user"))
    admin.add_argument("--username")
    admin.add_argument("--email")
    reconcile = add("reconcile", lazily("reconcile", "reconcile"))
    reconcile.add_argument("--gateway", help="of payments or payouts; all that are switched on, if there is none")
    reconcile.add_argument("--since", help="2026-05-03, or with a time and its zone")
    reconcile.add_argument("--until", help="the same; a day counts to its end")
    add("verify", lazily("operate", "ledger_verify"), group(commands, "ledger"))
    return top


def group(commands: Any, name: str) -> Any:
    """A command that has commands."""
    return commands.add_parser(name).add_subparsers(required=True, metavar="command")


def lazily(module: str, function: str) -> Command:
    """The command stoa.cli.<module>.<function>, imported when it is called."""

    def command(arguments: argparse.Namespace) -> Any:
        imported = __import__(f"stoa.cli.{module}", fromlist=[function])
        return getattr(imported, function)(arguments)

    return command


if __name__ == "__main__":
    main()
