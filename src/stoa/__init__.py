"""Stoa: an open platform for the creator economy that anybody can run."""

__version__ = "0.1.0"
