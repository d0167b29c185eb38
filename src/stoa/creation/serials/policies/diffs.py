"""What lies between two texts: by lines, and within a changed line by words.

The work is bounded: a text of a book's length that was written anew is told as one that was written anew.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from stoa.creation.serials.types import DiffLine, DiffPart
from stoa.kit.markdown import word_count

MAX_LINES: Final = 2000  # of the part in which two texts differ
MAX_WORDS: Final = 1500  # of a line that changed
AROUND: Final = 3  # unchanged lines shown before and after a change
_WORDS: Final = re.compile(r"\s+|[^\s]+")


def lines_between(before: str, after: str) -> list[DiffLine]:
    """The lines of two texts. Call it in a thread."""
    old, new = before.split("\n"), after.split("\n")
    head = _same_at_start(old, new)
    tail = _same_at_start(old[head:][::-1], new[head:][::-1])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    found = [_same(at, at, line) for at, line in enumerate(old[:head])]
    for kind, a, b, c, d in _opcodes(middle_old, middle_new):
        found += _changed(kind, middle_old[a:b], middle_new[c:d], head + a, head + c)
    for place in range(tail):
        at, there = len(old) - tail + place, len(new) - tail + place
        found.append(_same(at, there, old[at]))
    return _shortened(found)


def words_between(before: str, after: str) -> list[DiffPart]:
    """The words of two lines."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) > MAX_WORDS or len(new) > MAX_WORDS:
        return [part for part in (DiffPart("removed", before), DiffPart("added", after)) if part.text]
    parts: list[DiffPart] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            parts.append(DiffPart("same", "".join(old[a:b])))
            continue
        if b > a:
            parts.append(DiffPart("removed", "".join(old[a:b])))
        if d > c:
            parts.append(DiffPart("added", "".join(new[c:d])))
    return parts


def counted(lines: Sequence[DiffLine]) -> tuple[int, int]:
    """How many words were added, and how many removed."""
    parts = [part for line in lines for part in line.parts]
    added = sum(word_count(part.text) for part in parts if part.kind == "added")
    return added, sum(word_count(part.text) for part in parts if part.kind == "removed")


def _opcodes(old: Sequence[str], new: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    if len(old) > MAX_LINES or len(new) > MAX_LINES:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new).get_opcodes()


def _changed(kind: str, old: Sequence[str], new: Sequence[str], at: int, there: int) -> list[DiffLine]:
    if kind == "equal":
        return [_same(at + place, there + place, line) for place, line in enumerate(old)]
    found: list[DiffLine] = []
    paired = min(len(old), len(new)) if len(old) == len(new) or min(len(old), len(new)) <= 20 else 0
    for place in range(paired):
        parts = words_between(old[place], new[place])
        found.append(DiffLine("changed", at + place + 1, there + place + 1, parts))
    found += [
        DiffLine("removed", at + place + 1, None, [DiffPart("removed", line)])
        for place, line in enumerate(old[paired:], paired)
    ]
    found += [
        DiffLine("added", None, there + place + 1, [DiffPart("added", line)])
        for place, line in enumerate(new[paired:], paired)
    ]
    return found


def _same(at: int, there: int, text: str) -> DiffLine:
    return DiffLine("same", at + 1, there + 1, [DiffPart("same", text)])


def _same_at_start(old: Sequence[str], new: Sequence[str]) -> int:
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count


def _shortened(lines: list[DiffLine]) -> list[DiffLine]:
    """Long stretches in which nothing changed, told by their length."""
    near = [False] * len(lines)
    for place, line in enumerate(lines):
        if line.kind != "same":
            for close in range(max(0, place - AROUND), min(len(lines), place + AROUND + 1)):
                near[close] = True
    found: list[DiffLine] = []
    for place, line in enumerate(lines):
        if near[place]:
            found.append(line)
        elif found and found[-1].kind == "skipped":
            last = found[-1]
            found[-1] = DiffLine("skipped", last.before, last.after, [], last.count + 1)
        else:
            found.append(DiffLine("skipped", line.before, line.after, []))
    return found
