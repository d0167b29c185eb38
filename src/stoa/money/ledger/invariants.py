"""Facts about the books that always hold (M1, M9)."""

from stoa.money.ledger.queries.facts import FACTS as INVARIANTS

__all__ = ["INVARIANTS"]
