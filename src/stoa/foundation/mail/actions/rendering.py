"""Templates of mails. `<name>.txt` begins with `Subject: …`; `<name>.html` extends `_layout.html`.

The subject is rendered apart from the text below it, so that a value with line breaks can neither end the subject nor
begin the text.
"""

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, select_autoescape

from stoa.foundation.mail.types import Body

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
MAX_SUBJECT_CHARS: Final = 200
_SUBJECT: Final = "Subject: "
_BLANK_LINES: Final = re.compile(r"\n{3,}")


class _Loader(FileSystemLoader):
    """`x.subject` is the first line of `x.txt`, `x.body` the rest of it."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        name, _, part = template.rpartition(".")
        if part not in ("subject", "body"):
            return super().get_source(environment, template)
        source, path, fresh = super().get_source(environment, f"{name}.txt")
        first, _, rest = source.partition("\n")
        if not first.startswith(_SUBJECT):
            raise TemplateNotFound(template, f"{os.fspath(path)}: its first line must begin with '{_SUBJECT}'")
        return (first.removeprefix(_SUBJECT) if part == "subject" else rest), path, fresh


ENVIRONMENT: Final = Environment(
    loader=_Loader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, values: Mapping[str, Any]) -> tuple[str, Body]:
    """The subject and the two parts of a mail. A value that the template needs and does not get is an error."""
    subject = one_line(ENVIRONMENT.get_template(f"{template}.subject").render(values))
    text = _BLANK_LINES.sub("\n\n", ENVIRONMENT.get_template(f"{template}.body").render(values)).strip() + "\n"
    html = ENVIRONMENT.get_template(f"{template}.html").render({**values, "subject": subject})
    return subject, Body(text=text, html=html)


def one_line(text: str, max_chars: int = MAX_SUBJECT_CHARS) -> str:
    """A text fit for a header: one line, without control characters, of bounded length."""
    printable = "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join(printable.split())[:max_chars]
