"""Import contract: which rooms of another module may be imported. Used by import-linter (see pyproject.toml).

A module is `<root>.<tier>.<module>`, a room the file or package below it. Everybody above may read what a module shows
in its public rooms; its ways in, its gateways and the bodies of its API are its own. The composition roots put all
rooms together and are exempt.
"""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

PUBLIC = frozenset({"actions", "queries", "policies", "messages", "types", "errors"})


class PublicRooms(Contract):
    """Read across, write through the owner."""

    root = fields.StringField()
    tiers = fields.SetField(subfield=fields.StringField())
    exempt = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Finds each import of a private room from outside its module."""
        bad: list[tuple[str, Any, Any]] = []
        for importer in sorted(graph.modules):
            if self._is_exempt(importer):
                continue
            home = importer.split(".")[:3]
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                room = self._room(imported)
                if room is None or room in PUBLIC or imported.split(".")[:3] == home:
                    continue
                for detail in graph.get_import_details(importer=importer, imported=imported):
                    bad.append((importer, detail["line_number"], detail["line_contents"]))
        return ContractCheck(kept=not bad, metadata={"bad": bad})

    def _is_exempt(self, module: str) -> bool:
        parts = module.split(".")
        return parts[0] != self.root or len(parts) < 2 or parts[1] in self.exempt  # type: ignore[operator]

    def _room(self, module: str) -> str | None:
        """The room a module lies in, or None for what is no room of a module."""
        parts = module.split(".")
        if parts[0] != self.root or len(parts) < 4 or parts[1] not in self.tiers:  # type: ignore[operator]
            return None
        return parts[3]

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each wrong import."""
        for importer, line, text in check.metadata["bad"]:
            output.print_error(f"{importer}:{line}: {text}")
