"""The table of contents: every module in the order in which their tables are made, and how they are put together.

A lower module never imports a higher one; this list is where they meet. `./stoa` builds web, worker and commands of it.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx

from stoa.foundation.media.actions import write_down
from stoa.kit import crypto, files, invariants
from stoa.kit.config import Settings
from stoa.kit.ctx import App
from stoa.kit.db import connect

PACKAGE: Final = Path(__file__).parent
MODULES: Final = (
    "foundation.settings",
    "foundation.audit",
    "foundation.mail",
    "foundation.identity",
    "foundation.plans",
    "foundation.people",
    "foundation.media",
    "foundation.team",
    "money.ledger",
    "money.splits",
    "money.risk",
    "money.payments",
    "money.wallet",
    "money.payouts",
    "money.receipts",
    "money.refunds",
    "money.disputes",
    "money.reconciliation",
    "money.whereabouts",
    "money.entitlements",
    "creation.works",
    "creation.posts",
    "creation.sites",
    "creation.serials",
    "creation.comics",
    "creation.exchange",
    "operations.syndication",
    "operations.admin",
)
SIDE_POOL_SIZE: Final = 2
# Rooms that register something when imported: handlers of jobs and events.
REGISTERING: Final = ("jobs",)


def schemas() -> list[Path]:
    """The schema files in the order in which they apply."""
    found = [PACKAGE / "kit" / "schema.sql"]
    found += [PACKAGE / Path(*module.split("."), "schema.sql") for module in MODULES]
    return [path for path in found if path.is_file()]


def rooms(name: str) -> Iterator[ModuleType]:
    """This room of every module that has it, imported."""
    for module in MODULES:
        path = f"stoa.{module}.{name}"
        if importlib.util.find_spec(f"stoa.{module}") and importlib.util.find_spec(path):
            yield importlib.import_module(path)


def load() -> None:
    """Imports all rooms that register something, and collects the facts. Doing it twice is harmless."""
    for name in REGISTERING:
        for _ in rooms(name):
            pass
    for room in rooms("invariants"):
        module = room.__name__.split(".")[2]
        invariants.FACTS.update({f"{module}: {fact}": sql for fact, sql in room.INVARIANTS.items()})


def api_routes() -> list[Any]:
    """The JSON routes of all modules and of the documents' own wordings."""
    routes: list[Any] = []
    for room in rooms("api"):
        routes += room.routes
    for module in _inside("stoa.compat"):
        routes += getattr(module, "routes", [])
    return routes


def page_routes() -> list[Any]:
    """The pages."""
    routes: list[Any] = []
    for module in _inside("stoa.front"):
        routes += getattr(module, "routes", [])
    return routes


def _inside(package: str) -> Iterator[ModuleType]:
    if importlib.util.find_spec(package) is None:
        return
    root = importlib.import_module(package)
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        yield importlib.import_module(found.name)


async def build_app(settings: Settings) -> App:
    """What a process shares, with a fresh pool. Close it with `close_app`."""
    if settings.database_url is None:
        raise RuntimeError("there is no database address; `./stoa up` starts one and passes it on")
    load()
    return App(
        settings=settings,
        database=await connect(settings.database_url, size=settings.pool_size),
        side=await connect(settings.database_url, size=SIDE_POOL_SIZE),
        keyring=crypto.Keyring.from_settings(settings),
        storage=files.open_storage(settings.storage_url),
        http=httpx.AsyncClient(timeout=httpx.Timeout(20.0, connect=5.0), follow_redirects=False),
    )


async def close_app(app: App) -> None:
    """Ends what `build_app` began."""
    await write_down(app)
    await app.http.aclose()
    await app.side.close()
    await app.database.close()
