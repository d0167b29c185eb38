"""What the tidy tests look for in a source file. Each rule answers the faults as 'line: what is wrong'."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "stoa"

TIERS: Final = ("foundation", "money", "creation", "engagement", "operations")
ROOMS: Final = frozenset(
    """
    types errors messages gateways queries policies actions schemas api realtime jobs commands privacy invariants
    """.split()
)
# Files that say nothing of what is in them.
BANNED_NAMES: Final = frozenset(
    "util utils helper helpers service services repository repositories common misc".split()
)
FUNCTION_LINES, FILE_LINES = 60, 400
SENDING: Final = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval"})
# Where `insert`, `update` and `upsert` quote names, where the facts of the modules become one statement, and where
# whatever tables there are become empty between tests.
PUTS_SQL_TOGETHER: Final = (Path("kit/db.py"), Path("kit/invariants.py"), Path("kit/testing.py"))
STATEMENTS: Final = frozenset({"one", "maybe", "many", "value", "run"})


class Source(NamedTuple):
    """A file of the package: its path below `stoa`, its text and its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def tier(self) -> str:
        """'kit', 'money', 'front', … or the name of a file beside them."""
        return self.path.parts[0].removesuffix(".py")

    @property
    def room(self) -> str | None:
        """The room of a module this file is, or belongs to; None outside modules."""
        if self.tier not in TIERS or len(self.path.parts) < 3:
            return None
        return self.path.parts[2].removesuffix(".py")

    @property
    def module(self) -> str | None:
        """The module this file belongs to, such as 'money.wallet'."""
        if self.tier not in TIERS or len(self.path.parts) < 3:
            return None
        return ".".join(self.path.parts[:2])


def source(path: str, text: str) -> Source:
    """A file that is only a text, for tests of the rules."""
    return Source(Path(path), text, ast.parse(text))


@cache
def sources() -> list[Source]:
    """All Python files of the package."""
    return [source(str(p.relative_to(SOURCE)), p.read_text("utf-8")) for p in sorted(SOURCE.rglob("*.py"))]


# ---- sizes and names -------------------------------------------------------------------------------------------


def sizes(file: Source) -> Iterator[str]:
    """Functions of at most 60 lines, files of at most 400."""
    lines = len(file.text.splitlines())
    if lines > FILE_LINES:
        yield f"1: {lines} lines; past {FILE_LINES} a file becomes a package of the same name"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{node.lineno}: {node.name} has {length} lines, at most {FUNCTION_LINES}"


def names(file: Source) -> Iterator[str]:
    """Only the rooms of a module, and no drawers for odds and ends anywhere."""
    if file.path.stem in BANNED_NAMES:
        yield f"1: {file.path.name} says nothing of what is in it"
    if file.room is not None and file.room not in ROOMS | {"__init__"}:
        yield f"1: {file.room} is no room of a module; rooms are {', '.join(sorted(ROOMS))}"
    if file.tier in TIERS and len(file.path.parts) == 2 and file.path.name != "__init__.py":
        yield "1: a tier holds modules, not files"


def docstrings(file: Source) -> Iterator[str]:
    """Every file, and every public class, function and method, says what it is for."""
    if ast.get_docstring(file.tree) is None:
        yield "1: the file has no docstring"
    yield from _undocumented(file.tree.body, "")


def _undocumented(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        overloaded = any(ast.unparse(d).split(".")[-1] in ("overload", "override") for d in node.decorator_list)
        if ast.get_docstring(node) is None and not overloaded:
            yield f"{node.lineno}: {prefix}{node.name} has no docstring"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node.body, f"{node.name}.")


# ---- shortcuts -------------------------------------------------------------------------------------------------


def lazy_annotations(file: Source) -> Iterator[str]:
    """Handlers and Structs need their annotations at run time."""
    way_in = file.room in {"api", "realtime", "jobs", "commands", "schemas", "types", "messages"}
    if not (way_in or file.tier in ("front", "compat") or file.path.parts[:2] == ("kit", "http")):
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            yield f"{node.lineno}: postponed annotations break handlers and nested Structs"
        if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).split(".")[-1] == "TYPE_CHECKING":
            yield f"{node.lineno}: imports under TYPE_CHECKING break handlers and nested Structs"


_CLOCKS: Final = re.compile(r"(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))$")


def clocks(file: Source) -> Iterator[str]:
    """One clock, `kit.clock`; below the ways in `ctx.now`."""
    if file.path in (Path("kit/clock.py"), Path("kit/postgres/keeper.py")):  # the keeper runs without the package
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and _CLOCKS.search(ast.unparse(node)):
            yield f"{node.lineno}: {ast.unparse(node)} is a clock of its own; use ctx.now, or kit.clock at the edges"
        if isinstance(node, ast.ImportFrom) and node.module == "time" and any(a.name == "time" for a in node.names):
            yield f"{node.lineno}: time.time is a clock of its own"
        if isinstance(node, ast.ImportFrom) and node.module == "stoa.kit.clock" and file.module is not None:
            yield f"{node.lineno}: modules use ctx.now"


def swallowed(file: Source) -> Iterator[str]:
    """No exception is caught whole and thrown away."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _catches_all(node.type)):
            quiet = all(isinstance(s, ast.Pass | ast.Continue) or _is_constant(s) for s in node.body)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "suppress":
            quiet = any(_catches_all(argument) for argument in node.args)
        else:
            continue
        if quiet:
            yield f"{node.lineno}: swallows every exception"


def _catches_all(expression: ast.expr) -> bool:
    options = expression.elts if isinstance(expression, ast.Tuple) else [expression]
    return any(isinstance(o, ast.Name) and o.id in ("Exception", "BaseException") for o in options)


def _is_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


_ENDS: Final = re.compile(r"\s*(begin|commit|rollback|start transaction)\s*;?\s*", re.IGNORECASE)


def commits(file: Source) -> Iterator[str]:
    """Only the edge ends a transaction: rooms neither commit nor roll back."""
    if file.room is None:
        return
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Attribute) and node.attr in ("commit", "rollback"):
            yield f"{node.lineno}: .{node.attr} is the edge's"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ENDS.fullmatch(node.value):
            yield f"{node.lineno}: {node.value.strip()!r} is the edge's"


# ---- SQL -------------------------------------------------------------------------------------------------------


def sql_of_input(file: Source) -> Iterator[str]:
    """SQL is put together from constants only, and typed statements are made once, when the file is imported."""
    if file.path in PUTS_SQL_TOGETHER:
        return
    typed = {
        alias.asname or alias.name
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ImportFrom) and node.module == "stoa.kit.db"
        for alias in node.names
        if alias.name in STATEMENTS
    }
    functions = [n for n in ast.walk(file.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    called_later = {
        node.func.id
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    for function in functions:
        known = _Known(file.tree, function)
        once = function.name.startswith("_") and function.name not in called_later
        for node in _own(function):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr in SENDING and node.args:
                for part in known.variable_parts(node.args[0]):
                    yield f"{node.lineno}: {part!r} in a SQL text is no constant"
            elif isinstance(node.func, ast.Name) and node.func.id in typed and not once:
                yield f"{node.lineno}: makes a typed statement at each call instead of once"


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope without those of the functions in it."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _own(child)


class _Known:
    """What the names in a function stand for: its own assignments, and for a private one's parameters, its callers'."""

    def __init__(self, tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.values: dict[str, list[ast.expr]] = {}
        for node in _own(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.values.setdefault(target.id, []).append(node.value)
        if not function.name.startswith("_"):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function.name:
                for parameter, argument in zip(function.args.args, node.args, strict=False):
                    self.values.setdefault(parameter.arg, []).append(argument)

    def variable_parts(self, sql: ast.expr) -> Iterator[str]:
        """The parts of a SQL text that are not known to be constant."""
        match sql:
            case ast.Constant():
                return
            case ast.JoinedStr(values=values):
                for item in values:
                    if isinstance(item, ast.FormattedValue):
                        yield from self.variable_parts(item.value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from self.variable_parts(left)
                yield from self.variable_parts(right)
            case ast.IfExp(body=body, orelse=orelse):
                yield from self.variable_parts(body)
                yield from self.variable_parts(orelse)
            case ast.Name(id=name) if name in self.values:
                for value in self.values.pop(name):
                    yield from self.variable_parts(value)
            case ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name)) if name.strip("_").isupper():
                return
            case ast.Attribute(attr=name) if name.strip("_").isupper() or name == "sql":
                return
            case ast.Call(func=ast.Name(id="quoted")):
                return
            case _:
                yield ast.unparse(sql)


_WRITES: Final = re.compile(
    r"\b(?:insert\s+into|delete\s+from(?:\s+only)?|truncate(?:\s+table)?|merge\s+into|copy"
    r"|update(?:\s+only)?(?=\s+\"?\w+\"?(?:\s+(?:as\s+)?\w+)?\s+set\b))\s+\"?(\w+)",
    re.IGNORECASE,
)
_TABLES: Final = re.compile(r"^\s*create\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?(\w+)", re.I | re.M)


def tables_of(schema: str) -> set[str]:
    """The tables a schema file makes."""
    return set(_TABLES.findall(schema))


def owners() -> dict[str, str]:
    """Each table, and the module whose schema.sql makes it ('kit' for the kit's)."""
    found = {}
    for path in sorted(SOURCE.rglob("schema.sql")):
        owner = ".".join(path.parent.relative_to(SOURCE).parts)
        found.update(dict.fromkeys(tables_of(path.read_text("utf-8")), owner))
    return found


def foreign_writes(file: Source, owner_of: dict[str, str]) -> Iterator[str]:
    """Only the owner writes a table: its actions, the handlers of its jobs, and its gateways' own books."""
    home = file.module or file.tier
    for line, table in _writes(file.tree):
        owner = owner_of.get(table)
        if owner is None:
            continue
        if owner != home:
            yield f"{line}: writes {table}, which belongs to {owner}; call its actions"
        elif file.room is not None and file.room not in ("actions", "jobs", "gateways"):
            yield f"{line}: writes {table} from {file.room}; writing belongs into actions"


def _writes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            for match in _WRITES.finditer(node.value):
                yield node.lineno, match[1]
        match node:
            case ast.Call(func=ast.Name(id="insert" | "update" | "upsert"), args=[_, ast.Constant(value=table), *_]):
                yield node.lineno, str(table)


RULES: Final[tuple[Callable[[Source], Iterator[str]], ...]] = (
    sizes,
    names,
    docstrings,
    lazy_annotations,
    clocks,
    swallowed,
    commits,
    sql_of_input,
)
