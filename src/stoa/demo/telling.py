"""How the story is set in the terminal: scenes, sentences, requests, figures that are checked, tables.

Colour only on a terminal, and not where NO_COLOR is set; without it the same text reads well in a log.
"""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, Final, TextIO

WIDEST: Final = 92
ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[a-z]+_test_[\w-]{20,}")
STYLES: Final = {"strong": "1", "faint": "2", "good": "32", "bad": "1;31", "coin": "33"}


class Teller:
    """Writes to a stream and remembers which figures were off."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.faults: list[str] = []
        self.broken_off = ""
        self.figures = 0
        terminal = self.out.isatty()
        self.colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.width = min(WIDEST, shutil.get_terminal_size().columns) if terminal else WIDEST
        self.marks = ("✓", "✗", "·", "—") if _can_write(self.out, "✓✗·—") else ("ok", "NO", "-", "-")

    def scene(self, title: str) -> None:
        """A heading with a line to the right of it."""
        line = self.marks[3] * max(3, self.width - len(title) - 5)
        self._write(f"\n{self._styled(title, 'strong')}  {self._styled(line, 'faint')}")

    def say(self, text: str) -> None:
        """A paragraph."""
        self._write(textwrap.fill(text, self.width - 2, initial_indent="  ", subsequent_indent="  "))

    def request(self, who: str, method: str, path: str, status: int) -> None:
        """One request and how it was answered."""
        short = ID.sub(lambda match: f"…{match[0][-6:]}" if self.marks[2] == "·" else match[0][-6:], path)
        self._write(self._styled(f"    {self.marks[2]} {who:<8} {method} {short}  {status}", "faint"))

    def figure(self, what: str, found: Any, expected: Any) -> None:
        """A figure with what it has to be; what is off is said at once, and again at the end."""
        self.figures += 1
        found, expected = _worded(found), _worded(expected)
        right = found == expected
        mark = self._styled(self.marks[0] if right else self.marks[1], "good" if right else "bad")
        room = max(4, self.width - 10 - len(what) - len(found))
        self._write(f"    {mark} {what} {self._styled('.' * room, 'faint')} {self._styled(found, 'strong')}")
        if not right:
            self.faults.append(f"{what}: expected {expected}, found {found}")
            self._write(self._styled(f"      expected {expected}", "bad"))

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, ruled: Sequence[int] = ()) -> None:
        """Columns, the last one to the right; a rule stands above the rows whose numbers are in `ruled`."""
        widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
        rule = "    " + "  ".join(self.marks[3] * width for width in widths)
        self._write("    " + self._styled(_line(heads, widths), "faint"))
        self._write(self._styled(rule, "faint"))
        for number, row in enumerate(rows):
            if number in ruled:
                self._write(self._styled(rule, "faint"))
            self._write("    " + _line(row, widths))

    def end(self) -> int:
        """The last words; 1 if a figure was off or the story broke off, else 0."""
        if self.broken_off:
            self._write(self._styled(f"\n  It ends here: {self.broken_off}", "bad"))
        if not self.faults and not self.broken_off:
            self._write(f"\n  {self._styled(f'All {self.figures} figures are right.', 'good')}\n")
            return 0
        if self.faults:
            self._write(self._styled(f"\n  {len(self.faults)} of {self.figures} figures are off:", "bad"))
        for fault in self.faults:
            self._write(f"    {self.marks[1]} {fault}")
        self._write("")
        return 1

    def _write(self, text: str) -> None:
        print(text, file=self.out, flush=True)

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.colour else text


def _worded(figure: Any) -> str:
    return {True: "yes", False: "no"}[figure] if isinstance(figure, bool) else str(figure)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
    return "  ".join([*cells, row[-1].rjust(widths[-1])]).rstrip()


def _can_write(out: TextIO, text: str) -> bool:
    try:
        text.encode(getattr(out, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
