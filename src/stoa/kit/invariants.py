"""Facts that always hold, as SQL that finds what breaks them; each module has its own in `invariants.py`."""

from collections.abc import Mapping

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


MOST_OF_A_KIND = 1000


def checking(facts: Mapping[str, str]) -> Statement[list[Difference]]:
    """One statement, so one snapshot, that names what breaks any of the facts; at most MOST_OF_A_KIND for each.

    A fact is a SELECT of (subject, expected, found) that yields nothing while it holds.
    """
    return many(Difference, _sql(facts))


async def check(db: Db, facts: Mapping[str, str]) -> list[Difference]:
    """What breaks any of these facts now; empty when all is well. Reads everything they speak of."""
    return [Difference(*row) for row in await db.fetch(_sql(facts))]


def _sql(facts: Mapping[str, str]) -> str:
    return " union all ".join(
        f"(select '{_quoted(fact)}' as fact, found.* from ({sql}) found limit {MOST_OF_A_KIND})"
        for fact, sql in facts.items()
    )


def _quoted(text: str) -> str:
    return text.replace("'", "''")
