"""Comparing one account for one period, and settling what differs."""

from stoa.money.reconciliation.actions.running import perform, start
from stoa.money.reconciliation.actions.settling import mend, resolve

__all__ = ["mend", "perform", "resolve", "start"]
