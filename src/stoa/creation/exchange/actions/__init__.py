"""Bringing chapters in, and taking them out."""

from stoa.creation.exchange.actions.exporting import begin_export, expire_exports, export_chapter, make_export
from stoa.creation.exchange.actions.importing import (
    begin_import,
    cancel_import,
    clean_up,
    confirm_import,
    from_google,
    read_import,
)

__all__ = [
    "begin_export",
    "begin_import",
    "cancel_import",
    "clean_up",
    "confirm_import",
    "expire_exports",
    "export_chapter",
    "from_google",
    "make_export",
    "read_import",
]
