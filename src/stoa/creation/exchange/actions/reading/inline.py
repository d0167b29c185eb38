"""Words with marks as one line of Markdown: what is emphasised, struck out, hidden, linked."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

BREAK: Final = "\\\n"
_ORDER: Final = ("link", "spoiler", "strike", "strong", "em")  # where two marks last as long, the first one is outside
_SIGNS: Final = {"spoiler": "||", "strike": "~~", "strong": "**", "em": "*"}
_ESCAPED: Final = re.compile(
    r"[\\`*\[\]]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside of words it means nothing
    r"|~(?=~)|(?<=~)~"
    r"|\|(?=\|)|(?<=\|)\|"
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?[A-Za-z0-9]{1,31};)"
)
_AT_START: Final = re.compile(r"(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|[-=]{2,}(?=\s*$)|:(?=[-|:\s]*$)|~{3,})")
_NUMBERED: Final = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_SPACE: Final = re.compile(r"[ \t\r\n\f]+")


class Run(msgspec.Struct, frozen=True):
    """Some words with the same marks, or, `raw`, Markdown that stands for itself. `link` is an address or empty."""

    text: str
    marks: frozenset[str] = frozenset()
    link: str = ""
    raw: bool = False
    code: bool = False


def written(runs: Sequence[Run], *, in_table: bool = False) -> str:
    """The Markdown of a paragraph's runs; without spaces at its ends, and without breaks there."""
    pieces = _parted(_collapsed(runs))
    text = _serialised(pieces)
    while text.endswith(("\\\n", " ", "\n")):
        text = text[:-2] if text.endswith("\\\n") else text[:-1]
    while text.startswith(("\\\n", " ", "\n")):
        text = text[2:] if text.startswith("\\\n") else text[1:]
    lines = [_begun(line.strip(" ")) for line in text.split("\n")]
    text = "\n".join(lines)
    if in_table:
        text = re.sub(r"(?<!\\)\|", r"\\|", text.replace(BREAK, " ").replace("\n", " "))
    return text


def escaped(text: str) -> str:
    """Words in which nothing is a mark."""
    return _ESCAPED.sub(lambda match: "\\" + match[0], text)


def address(url: str) -> str:
    """An address as it stands in a link."""
    url = re.sub(r"[\x00-\x20<>\\]", lambda match: f"%{ord(match[0]):02X}", url.strip())
    return f"<{url}>" if "(" in url or ")" in url else url


def _begun(line: str) -> str:
    """A line that does not begin a list, a heading or a quotation by mistake."""
    line = _NUMBERED.sub(r"\1\\\2", line, count=1) if _NUMBERED.match(line) else line
    return "\\" + line if _AT_START.match(line) else line


def _collapsed(runs: Sequence[Run]) -> list[Run]:
    """With single spaces, also between runs."""
    made: list[Run] = []
    after_space = False
    for run in runs:
        if run.raw:
            made.append(run)
            after_space = run.text == BREAK
            continue
        text = run.text if run.code else _SPACE.sub(" ", run.text)
        if after_space and text.startswith(" ") and not run.code:
            text = text[1:]
        if text:
            made.append(Run(text, run.marks, run.link, False, run.code))
            after_space = text.endswith(" ")
    return made


def _parted(runs: list[Run]) -> list[Run]:
    """With spaces at the edges of runs as runs of their own, which have only the marks of both neighbours."""
    parts: list[Run] = []
    for run in runs:
        core = run.text.strip(" ")
        if run.raw or run.code or len(core) == len(run.text):
            parts.append(run)
            continue
        before = " " if run.text.startswith(" ") else ""
        after = " " if run.text.endswith(" ") and core else ""
        parts.extend(
            Run(text, run.marks, run.link) if text == core else Run(text) for text in (before, core, after) if text
        )
    for place, part in enumerate(parts):
        if part.text == " " and not part.code and 0 < place < len(parts) - 1:
            one, other = parts[place - 1], parts[place + 1]
            link = one.link if one.link == other.link else ""
            parts[place] = Run(" ", one.marks & other.marks, link)
    return [part for part in parts if not part.raw or part.text] if parts else []


def _serialised(runs: list[Run]) -> str:
    """Marks open as late and close as early as they can; those that last longer are outside."""
    out: list[str] = []
    open_: list[str] = []  # such as "em", "link http://…"
    last = ""
    for place, run in enumerate(runs):
        wanted = _marks_of(run)
        keep = 0
        while keep < len(open_) and open_[keep] in wanted:
            keep += 1
        for mark in reversed(open_[keep:]):
            out.append(_end_of(mark))
        open_ = open_[:keep]
        new = sorted(wanted - set(open_), key=lambda mark: (-_lasts(runs, place, mark), _rank(mark)))
        for mark in new:
            out.append(_start_of(mark))
            open_.append(mark)
        text = _text_of(run)
        out.append(text)
        last = text or last
    out.extend(_end_of(mark) for mark in reversed(open_))
    return "".join(out)


def _marks_of(run: Run) -> set[str]:
    return set(run.marks) | ({f"link {run.link}"} if run.link else set())


def _rank(mark: str) -> int:
    return _ORDER.index(mark.partition(" ")[0])


def _lasts(runs: list[Run], place: int, mark: str) -> int:
    """For how many runs from this one on a mark goes on."""
    count = 0
    for run in runs[place : place + 200]:
        if mark not in _marks_of(run):
            break
        count += 1
    return count


def _start_of(mark: str) -> str:
    return "[" if mark.startswith("link ") else _SIGNS[mark]


def _end_of(mark: str) -> str:
    return f"]({address(mark[5:])})" if mark.startswith("link ") else _SIGNS[mark]


def _text_of(run: Run) -> str:
    if run.raw:
        return run.text
    if not run.code:
        return escaped(run.text)
    longest = max((len(ticks) for ticks in re.findall(r"`+", run.text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if run.text.startswith("`") or run.text.endswith("`") else ""
    return f"{fence}{pad}{_SPACE.sub(' ', run.text)}{pad}{fence}"


_WORD: Final = re.compile(r"[^\W_]")


def expressible(runs: list[Run]) -> list[Run]:
    """Without emphasis that Markdown has no way to write: after a letter and before a quotation mark, and so on."""
    made: list[Run] = []
    for place, run in enumerate(runs):
        marks = run.marks & {"em", "strong", "strike"}
        if run.raw or not marks or not run.text.strip():
            made.append(run)
            continue
        before = runs[place - 1] if place else None
        after = runs[place + 1] if place + 1 < len(runs) else None
        lost = {
            mark for mark in marks if _joined(before, mark, run.text[0], -1) or _joined(after, mark, run.text[-1], 0)
        }
        made.append(Run(run.text, run.marks - lost, run.link, False, run.code) if lost else run)
    return made


def _joined(neighbour: Run | None, mark: str, edge: str, side: int) -> bool:
    """Whether a letter stands right beside a mark whose words begin or end with something that is none."""
    if neighbour is None or mark in neighbour.marks or not neighbour.text or neighbour.raw:
        return False
    return not edge.isspace() and not _WORD.match(edge) and bool(_WORD.match(neighbour.text[side]))
