"""What templates ask for exists: icons, built files, macros."""

import json
import re
from pathlib import Path

import pytest

from stoa.front import page

FRONT = page.FRONT
FRONTEND = FRONT.parents[2] / "frontend"
TEMPLATES = sorted(FRONT.rglob("*.html"))
NAMES = [str(path.relative_to(FRONT)) for path in TEMPLATES]
ICONS = {*json.loads((FRONTEND / "icons.json").read_text()), *(p.stem for p in (FRONTEND / "icons").glob("*.svg"))}


@pytest.mark.parametrize("name", NAMES)
def test_templates_compile(name: str) -> None:
    page.ENVIRONMENT.get_template(name)


def test_icons_that_are_used_are_bundled() -> None:
    used: dict[str, str] = {}
    for path in TEMPLATES:
        text = path.read_text()
        for icon in re.findall(r'icon(?:_after)?(?:\(|=)"([a-z0-9-]+)"', text):
            used[icon] = path.name
    assert {icon: file for icon, file in used.items() if icon not in ICONS} == {}


def test_built_files_that_are_used_are_made() -> None:
    manifest = json.loads(page.MANIFEST.read_text())
    for path in TEMPLATES:
        for name in re.findall(r"asset\('([^']+)'\)", path.read_text()):
            assert name in manifest, f"{path.name}: {name}"
    for built in manifest.values():
        assert (page.MANIFEST.parent / built).is_file()


def test_macros_that_are_used_exist() -> None:
    ui = page.ENVIRONMENT.globals["ui"]
    for path in TEMPLATES:
        for name in set(re.findall(r"\bui\.([a-z_]+)\(", path.read_text())):
            assert getattr(ui, name, None) is not None, f"{path.name}: ui.{name}"


@pytest.mark.parametrize("file", sorted((FRONT / "components").glob("*.html")), ids=lambda p: p.stem)
def test_macros_are_described_at_the_top_of_their_file(file: Path) -> None:
    text = file.read_text()
    described = text[: text.index("#}")]
    for name in re.findall(r"{% macro ([a-z][a-z_]*)\(", text):
        assert re.search(rf"^{name}\b", described, re.M), f"{file.name}: {name}"


def test_no_template_holds_inline_scripts_or_styles() -> None:
    for path in TEMPLATES:
        text = path.read_text()
        # Data for search engines is no script: no browser runs it.
        assert not re.search(r'<script(?![^>]*\bsrc=)(?! type="application/ld\+json")', text), path.name
        assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:", text), path.name
        assert not re.search(r"\bhx-on", text), path.name


def test_texts_are_escaped() -> None:
    made = page.ENVIRONMENT.from_string("{{ ui.button(text) }}{{ ui.field('a', text, value=text) }}").render(
        text='<b>"x"</b>'
    )
    assert "<b>" not in made
    assert 'value="&lt;b&gt;&#34;x&#34;&lt;/b&gt;"' in made
