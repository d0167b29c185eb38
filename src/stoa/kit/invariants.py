"""Facts that always hold, as SQL that finds what breaks them; each module has its own in `invariants.py`.

`stoa.modules.load` puts those of all modules into FACTS, so that a module can check them all without knowing the
others.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from stoa.kit.db import Db, Statement, many


class Difference(msgspec.Struct, frozen=True):
    """Which fact does not hold, for which subject."""

    fact: str
    subject: str
    expected: str | None
    found: str | None

    def __str__(self) -> str:
        return f"{self.fact}: {self.subject}: expected {self.expected or 'nothing'}, found {self.found or 'nothing'}"


MOST_OF_A_KIND: Final = 1000
FACTS: Final[dict[str, str]] = {}  # of all modules, as "module: what holds"


def checking(facts: Mapping[str, str]) -> Statement[list[Difference]]:
    """One statement, so one snapshot, that names what breaks any of the facts; at most MOST_OF_A_KIND for each.

    A fact is a SELECT of (subject, expected, found) that yields nothing while it holds.
    """
    return many(Difference, sql_of(facts))


async def check(db: Db) -> list[Difference]:
    """What breaks any of the FACTS now; empty when all is well. Reads everything they speak of."""
    if not FACTS:
        raise RuntimeError("the modules are not loaded, so nothing would be checked")
    return [Difference(*row) for row in await db.fetch(sql_of(FACTS))]


def sql_of(facts: Mapping[str, str]) -> str:
    """The statement that `checking` makes of facts."""
    return " union all ".join(
        f"(select '{_quoted(fact)}' as fact, found.* from ({sql}) found limit {MOST_OF_A_KIND})"
        for fact, sql in facts.items()
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
