"""Facts about the books that always hold (M1, M9): the ones that `queries.verify` checks."""

from stoa.money.ledger.queries.facts import FACTS as INVARIANTS

__all__ = ["INVARIANTS"]
