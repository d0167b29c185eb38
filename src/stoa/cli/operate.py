"""Commands for whoever looks after an installation."""

import argparse
import asyncio
import getpass
import importlib.util
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from stoa.cli.bootstrap import ROOT
from stoa.cli.serve import Refused, finish, using_database
from stoa.kit.config import Settings, load_settings, masked

__all__ = ["bench", "config", "create_admin", "doctor", "ledger_verify", "migrate", "openapi", "routes"]


def config(_: argparse.Namespace) -> None:
    """Print the settings in effect, as they could stand in stoa.toml."""
    for name, value in masked(load_settings()).items():
        print(f"# {name} is not set" if value is None else f"{name} = {json.dumps(value, ensure_ascii=False)}")


async def migrate(_: argparse.Namespace) -> None:
    """Bring the database up to date, and say what was done."""
    from stoa.kit import migrate as runner

    with using_database(load_settings()) as settings:
        applied = await runner.migrate(str(settings.database_url))
    for name in applied:
        print(f"applied {name}")
    print("the database is up to date" if not applied else f"{len(applied)} applied")


async def doctor(_: argparse.Namespace) -> int:
    """Print a line for each thing that is looked at; 1 if one of them is not well."""
    from stoa.foundation.mail.gateways import look as look_at_mail
    from stoa.foundation.media.gateways import look as look_at_scanner
    from stoa.kit.doctor import examine
    from stoa.money.payments.actions.switchboard import look as look_at_payments
    from stoa.money.payouts.actions.switchboard import look as look_at_payouts

    more = {
        "mail": look_at_mail,
        "payments": look_at_payments,
        "payouts": look_at_payouts,
        "scanner": look_at_scanner,
    }
    with using_database(load_settings()) as settings:
        findings = await examine(settings, more)
    for finding in findings:
        print(f"{'ok  ' if finding.ok else 'NOT '} {finding.name:<11} {finding.seen}")
        if not finding.ok:
            print(f"                 -> {finding.cure}")
    return 0 if all(finding.ok for finding in findings) else 1


def routes(_: argparse.Namespace) -> None:
    """Print every route as METHOD /path, pages too; needs no database."""
    from stoa.main import create_litestar, http_handlers

    found = {(path, method) for method, path, _ in http_handlers(create_litestar())}
    for path, method in sorted(found):
        print(f"{method} {path}")


def openapi(_: argparse.Namespace) -> None:
    """Print the OpenAPI description as JSON; needs no database."""
    from stoa.main import create_litestar, describe

    print(json.dumps(describe(create_litestar()), indent=2, ensure_ascii=False))


def create_admin(arguments: argparse.Namespace) -> None:
    """Make an administrator. A user who exists gets the role; a password comes from the terminal or a line of input."""
    username = arguments.username or _asked("username")
    with using_database(load_settings()) as settings:
        if asyncio.run(_promote(settings, username)):
            print(f"{username} is an administrator now")
            return
        email = arguments.email or _asked("e-mail")
        asyncio.run(_register_admin(settings, username, email, _asked("password")))
    print(f"made {username}, an administrator")


def _asked(what: str) -> str:
    """A line from the terminal, which does not show passwords, or of input. Raises `Refused` at its end."""
    try:
        if what == "password":
            return getpass.getpass() if sys.stdin.isatty() else input()
        return input(f"{what}: ").strip()
    except EOFError:
        raise Refused(f"{what}: the input ended before it was given; nothing was made") from None


async def _promote(settings: Settings, username: str) -> bool:
    from stoa.foundation.identity import actions, queries

    await _up_to_date(settings)
    async with _context(settings) as ctx:
        user = await queries.user_by_username(ctx, username)
        if user is not None:
            for role in await _offices(ctx):
                await actions.grant_role(ctx, user.id, role, reason="by the operator")
        return user is not None


async def _offices(ctx: Any) -> tuple[Any, ...]:
    """The first one decides about administrators, too: there is nobody else who could."""
    from stoa.foundation.identity.queries import super_admins
    from stoa.foundation.identity.types import Role

    return (Role.ADMIN,) if await super_admins(ctx) else (Role.ADMIN, Role.SUPER_ADMIN)


async def _register_admin(settings: Settings, username: str, email: str, password: str) -> None:
    from stoa.foundation.identity import actions
    from stoa.foundation.identity.schemas import RegisterIn
    from stoa.foundation.identity.types import Role
    from stoa.kit.errors import StoaError
    from stoa.kit.forms import parse

    try:
        given = parse(RegisterIn, {"username": username, "email": email, "password": password})
        async with _context(settings) as ctx:
            roles = (Role.READER, *await _offices(ctx))
            await actions.register(
                ctx, username=given.username, email=given.email, password=given.password, roles=roles, verified=True
            )
    except StoaError as error:
        problems = getattr(error, "fields", None) or {"refused": str(error)}
        raise Refused("\n".join(f"{name}: {problem}" for name, problem in problems.items())) from None


async def ledger_verify(_: argparse.Namespace) -> int:
    """Recompute every balance from the postings, check what else must hold, print each difference; 1 if any."""
    from stoa.kit.invariants import FACTS, check

    with using_database(load_settings()) as settings:
        await _up_to_date(settings)
        async with _context(settings) as ctx:
            differences = await check(ctx.db)
    for difference in differences:
        print(difference)
    print(
        f"{len(differences)} differences"
        if differences
        else f"every balance is the sum of its postings; {len(FACTS)} facts hold"
    )
    return 1 if differences else 0


def bench(arguments: argparse.Namespace) -> Any:
    """Run bench/<name>.py: its `main(argv)`."""
    folder = ROOT / "bench"
    names = sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_"))
    if arguments.name not in names:
        raise Refused(f"bench {arguments.name or 'NAME'}: there are {', '.join(names) or 'none'}")
    sys.path.insert(0, str(ROOT))
    spec = importlib.util.spec_from_file_location(f"bench.{arguments.name}", folder / f"{arguments.name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return finish(module.main(arguments.rest))


async def _up_to_date(settings: Settings) -> None:
    from stoa.kit import migrate as runner

    await runner.migrate(str(settings.database_url))


@asynccontextmanager
async def _context(settings: Settings) -> AsyncIterator[Any]:
    """A Ctx in one transaction, which commits at the end."""
    from stoa.kit.clock import utcnow
    from stoa.kit.ctx import Ctx
    from stoa.modules import build_app, close_app

    app = await build_app(settings)
    try:
        async with app.database.transaction() as db:
            yield Ctx(db=db, actor=None, now=utcnow(), trace_id=f"cli-{os.getpid()}-{uuid4().hex[:8]}", app=app)
    finally:
        await close_app(app)
