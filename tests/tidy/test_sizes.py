"""The limits of STYLE that a machine can hold, over every file of the package; and proof that each rule bites."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stoa.modules import MODULES
from tests.tidy import rules
from tests.tidy.rules import ROOT, SOURCE, Source, source


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Callable[[Source], Iterator[str]]) -> None:
    faults = [f"src/stoa/{file.path}:{fault}" for file in rules.sources() for fault in rule(file)]
    assert not faults, "\n".join(faults)


def test_only_the_owner_writes_a_table() -> None:
    owner_of = rules.owners()
    faults = [f"src/stoa/{f.path}:{fault}" for f in rules.sources() for fault in rules.foreign_writes(f, owner_of)]
    assert not faults, "\n".join(faults)


def test_every_module_names_its_tables() -> None:
    faults = []
    for schema in sorted(SOURCE.rglob("schema.sql")):
        package = schema.parent / "__init__.py"
        said = (package.is_file() and ast.get_docstring(ast.parse(package.read_text("utf-8")))) or ""
        missing = {t for t in rules.tables_of(schema.read_text("utf-8")) if not re.search(rf"\b{t}\b", said)}
        if missing and schema.parent.name != "kit":
            faults.append(f"{schema.parent.relative_to(ROOT)}/__init__.py does not name {', '.join(sorted(missing))}")
    assert not faults, "\n".join(faults)


def test_the_table_of_contents_is_complete() -> None:
    """A module that `stoa.modules` does not list has no tables, routes or jobs."""
    there = {f"{p.parent.parent.name}.{p.parent.name}" for t in rules.TIERS for p in SOURCE.glob(f"{t}/*/__init__.py")}
    assert there == set(MODULES)


def test_every_folder_of_code_is_a_package() -> None:
    """Folders without `__init__.py` are not seen by import-linter."""
    bare = {p.parent for p in SOURCE.rglob("*.py")} - {p.parent for p in SOURCE.rglob("__init__.py")}
    tiers = {SOURCE / tier for tier in rules.TIERS if (SOURCE / tier).is_dir()}
    bare |= {tier for tier in tiers if not (tier / "__init__.py").is_file()}
    assert not bare, f"without __init__.py: {sorted(str(p.relative_to(ROOT)) for p in bare)}"


def test_lock_files_hold_no_addresses() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), ROOT / "frontend" / "package-lock.json"]
    faults = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in locks
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"(https?|git\+\w+|ssh|file)://", line)
    ]
    assert len(locks) > 2
    assert not faults, "\n".join(faults)


# Written in pieces, so that this file does not hold what it looks for.
OUTSIDE = re.compile(r"/work" r"/|\.\./shared" r"\b|shared/" r"(seeds|contracts|examples|design)", re.IGNORECASE)
TEXTS = {".py", ".sql", ".md", ".toml", ".in", ".txt", ".mjs", ".js", ".css", ".html", ".yml", ".yaml", ""}


def repository() -> Iterator[Path]:
    """The files a clone has, generated and downloaded ones left out."""
    skipped = {".git", ".venv", ".stoa", ".hypothesis", "node_modules", "__pycache__", "build", "test-results"}
    folders = [ROOT]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir() and path.name not in skipped and not path.name.endswith("_cache"):
                folders.append(path)
            elif path.is_file() and path.suffix in TEXTS:
                yield path


def test_nothing_outside_the_repository_is_mentioned() -> None:
    faults = []
    for path in repository():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if OUTSIDE.search(line):
                faults.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}")
    assert not faults, "\n".join(faults)


DOC = '"""Says something."""\n'
LONG = DOC + "def f():\n    '''Doc.'''\n" + "    x = 1\n" * 60

# A fault of each kind, and beside it what is allowed: rule, path, text, whether it is a fault.
CASES = [
    (rules.sizes, "kit/x.py", LONG, True),
    (rules.sizes, "kit/x.py", LONG.replace("    x = 1\n", "", 2), False),
    (rules.sizes, "kit/x.py", "x = 1\n" * 401, True),
    (rules.sizes, "kit/x.py", "x = 1\n" * 400, False),
    (rules.names, "money/wallet/service.py", DOC, True),
    (rules.names, "money/wallet/prices.py", DOC, True),
    (rules.names, "money/wallet/actions/gifts.py", DOC, False),
    (rules.names, "money/tables.py", DOC, True),
    (rules.names, "kit/utils.py", DOC, True),
    (rules.names, "kit/money.py", DOC, False),
    (rules.docstrings, "kit/x.py", "x = 1", True),
    (rules.docstrings, "kit/x.py", DOC + "def f(): ...", True),
    (rules.docstrings, "kit/x.py", DOC + "class A:\n    '''A.'''\n    def f(self): ...", True),
    (rules.docstrings, "kit/x.py", DOC + "class A:\n    '''A.'''\n    def _f(self): ...", False),
    (rules.lazy_annotations, "money/wallet/api.py", "from __future__ import annotations", True),
    (rules.lazy_annotations, "front/public/home.py", "import typing\nif typing.TYPE_CHECKING:\n    import x", True),
    (rules.lazy_annotations, "kit/metrics.py", "from __future__ import annotations", False),
    (rules.clocks, "money/wallet/actions.py", "from datetime import datetime\ndatetime.now()", True),
    (rules.clocks, "cli/up.py", "import time\ntime.time()", True),
    (rules.clocks, "cli/up.py", "import time\ntime.monotonic()", False),
    (rules.clocks, "money/wallet/actions.py", "from stoa.kit.clock import utcnow", True),
    (rules.clocks, "kit/http/lending.py", "from stoa.kit.clock import utcnow", False),
    (rules.swallowed, "kit/x.py", "try:\n    x\nexcept Exception:\n    pass", True),
    (rules.swallowed, "kit/x.py", "try:\n    x\nexcept:\n    ...", True),
    (rules.swallowed, "kit/x.py", "with suppress(Exception):\n    x", True),
    (rules.swallowed, "kit/x.py", "try:\n    x\nexcept Exception:\n    log()\n    raise", False),
    (rules.swallowed, "kit/x.py", "with suppress(OSError):\n    x", False),
    (rules.commits, "money/wallet/actions.py", "async def f(ctx):\n    await ctx.db.execute('commit')", True),
    (rules.commits, "money/wallet/actions.py", "async def f(t):\n    await t.rollback()", True),
    (rules.commits, "kit/http/lending.py", "async def f(t):\n    await t.rollback()", False),
    (rules.sql_of_input, "kit/x.py", "async def f(db, x):\n    await db.fetch(f'select {x}')", True),
    (rules.sql_of_input, "kit/x.py", "async def f(db, x):\n    await db.fetch('select ' + x)", True),
    (rules.sql_of_input, "kit/x.py", "async def f(db, x):\n    await db.fetch('select %s' % x)", True),
    (rules.sql_of_input, "kit/x.py", "async def f(db, x):\n    q = f'select {x}'\n    await db.fetch(q)", True),
    (rules.sql_of_input, "kit/x.py", "async def f(db, x):\n    await db.fetch(f'select 1 {_BY[x]}', x)", False),
    (rules.sql_of_input, "kit/x.py", "async def f(db, x):\n    await db.fetch(f'select {_COLUMNS}', x)", False),
    (rules.sql_of_input, "kit/x.py", "async def _f(db, x):\n    await db.fetch(x)\n_f(d, 'select 1')", False),
    (rules.sql_of_input, "kit/x.py", "async def _f(db, x):\n    await db.fetch(x)\n_f(d, f'select {y}')", True),
    (rules.sql_of_input, "kit/x.py", "from stoa.kit.db import one\ndef f(x):\n    return one(T, f'select {x}')", True),
    (rules.sql_of_input, "kit/x.py", "from stoa.kit.db import one\ndef _f(x):\n    return one(T, x)\nA = _f(B)", False),
    (rules.sql_of_input, "kit/x.py", "from stoa.kit.db import one\nA = one(T, f'select {_COLUMNS}')", False),
]


@pytest.mark.parametrize(("rule", "path", "text", "fault"), CASES)
def test_rule_bites(rule: Callable[[Source], Iterator[str]], path: str, text: str, fault: bool) -> None:
    assert bool(list(rule(source(path, text)))) is fault


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("money/wallet/actions.py", "A = run('insert into gifts (id) values ($1)')", False),
        ("money/wallet/queries.py", "A = run('insert into gifts (id) values ($1)')", True),
        ("creation/posts/actions.py", "A = run('with a as (update gifts g set x = 1) select 1')", True),
        ("creation/posts/actions.py", "A = run('select 1 from gifts for update')", False),
        ("creation/posts/actions.py", "await insert(ctx.db, 'gifts', {})", True),
        ("front/public/home.py", "A = run('delete from gifts')", True),
    ],
)
def test_foreign_writes_are_found(path: str, text: str, fault: bool) -> None:
    assert bool(list(rules.foreign_writes(source(path, text), {"gifts": "money.wallet"}))) is fault
