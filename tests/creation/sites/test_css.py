"""CSS that creators type: what is served stays within the site, and asks nobody for anything."""

import pytest

from stoa.creation.sites.policies.css import MAX_DEPTH, MAX_RULES, TooDeep, sanitise

PICTURE = "/media/00000000-0000-4000-8000-000000000000/960.webp"


def served(css: str) -> str:
    return " ".join(sanitise(css, scope=".house").css.split())


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("p { color: red }", ".house p { color: red; }"),
        ("a, .b > c:hover {color:RED!important}", ".house a, .house .b > c:hover { color: RED !important; }"),
        (
            "body{color:red} :root{--x:1px} html{top:0; padding: 0}",
            ".house { color: red; } .house { --x: 1px; } .house { padding: 0; }",
        ),
        ("html > body > main { margin: 0 }", ".house > main { margin: 0; }"),
        ("html body .a { gap: 1px }", ".house .a { gap: 1px; }"),
        (".masthead + .x { color: red }", ".house .masthead + .x { color: red; }"),
        ("p[lang=value] { color: red }", ".house p[lang=value] { color: red; }"),
        ("a[href^='/s']::before { content: '</style>' }", '.house a[href^="/s"]::before { content: "</style>"; }'),
        (
            "li:nth-child(2n + 1):not(.a, :is(.b)) { order: 1 }",
            ".house li:nth-child(2n + 1):not(.a, :is(.b)) { order: 1; }",
        ),
        (f"p {{ background: url({PICTURE}) }}", f".house p {{ background: url({PICTURE}); }}"),
        (f"p {{ background: url('{PICTURE}') }}", f'.house p {{ background: url("{PICTURE}"); }}'),
        ("p { width: calc(1px + var(--x)) }", ".house p { width: calc(1px + var(--x)); }"),
        (
            "@media (width > 3em) { p { margin: 0 } @supports (gap: 1px) { q { gap: 0 } } }",
            "@media (width > 3em) { .house p { margin: 0; } @supports (gap: 1px) { .house q { gap: 0; } } }",
        ),
        (
            "@keyframes spin { from { opacity: 0 } 50%, to { opacity: 1 } } "
            "p { animation: spin 2s } q { animation: x 1s }",
            "@keyframes house-spin { from { opacity: 0; } 50%, to { opacity: 1; } } "
            ".house p { animation: house-spin 2s; } .house q { animation: x 1s; }",
        ),
        ("<!-- p { color: red } -->", ".house p { color: red; }"),
        ("p { color: red; ; junk; } } q { color: red }", ".house p { color: red; }"),
    ],
)
def test_what_is_harmless_is_served_within_the_site(typed: str, expected: str) -> None:
    assert served(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "@import url(//evil.example/x.css);",
        "@import 'evil.css' layer(x);",
        "@font-face { font-family: x; src: url(//evil.example/x.woff2) }",
        "@charset 'utf-7';",
        "@namespace svg url(http://www.w3.org/2000/svg);",
        "@page { margin: 0 }",
        "@layer utilities { p { color: red } }",
        "@scope (body) { p { color: red } }",
        "@property --x { syntax: '*'; inherits: false }",
        "p { background: url(https://evil.example/?q=1) }",
        "p { background: url('//evil.example') }",
        "p { background: url(data:image/png;base64,AAAA) }",
        "p { background: url(javascript:alert(1)) }",
        r"p { background: \75rl(https://evil.example) }",
        r"p { background: u\72l('https://evil.example') }",
        "p { background: URL( https://evil.example ) }",
        f"p {{ background: url({PICTURE}?x=https://evil.example) }}",
        "p { background: image-set('https://evil.example/x.png' 1x) }",
        "p { background: -webkit-image-set(url(https://evil.example) 1x) }",
        "p { background: cross-fade(url(https://evil.example), red) }",
        "p { background: src('https://evil.example') }",
        "p { background: element(#secret) }",
        "p { list-style: url(https://evil.example) }",
        "p { cursor: url(https://evil.example), auto }",
        "p { --x: url(https://evil.example) }",
        "p { --x: { color: red } }",
        "p { content: attr(data-x) }",
        "p { position: fixed }",
        "p { position: FIXED }",
        r"p { position: f\69xed }",
        "p { position: var(--p) }",
        "p { position: -webkit-sticky }",
        "p { behavior: url(x.htc) }",
        "p { -moz-binding: url(x.xml) }",
        "p { width: expression(alert(1)) }",
        "p { contain: none }",
        "p { all: initial }",
        "body ~ .masthead { display: none }",
        "html + * { display: none }",
        ":root ~ * { display: none }",
        "body { margin-top: -100px; z-index: 99; transform: translateY(-60px); position: absolute; top: -9px }",
        "p, html { overflow: visible; isolation: auto; display: contents; animation: x 1s; inset: -9px; width: 200vw }",
        "@media all { :root { translate: 0 -9px; scale: 2; rotate: 1deg; float: left; height: 1px } }",
        "> .x { color: red }",
        "~ .x { color: red }",
        "& { color: red }",
        ":host(body) { color: red }",
        f"input[value^=a] {{ background: url({PICTURE}) }}",
        f"form:has([name=_csrf][VALUE^='a' i]) {{ background: url({PICTURE}) }}",
        f":is(body:has([*|value*=a]) p, p:not([|value])) {{ background: url({PICTURE}) }}",
        rf"input[v\61lue$=a] {{ background: url({PICTURE}) }}",
        "p { & a { color: red } }",
        "p { :is(html) & { color: red } }",
        "p, { color: red }",
        ", p { color: red }",
        "p { color: red",  # never closed: read as if it were
        "{ color: red }",
        "p { color: 'red\n' }",
        "@keyframes a b { from { opacity: 0 } }",
        "@media { @media { @media { @media { p { color: red } } } } }",
    ],
)
def test_what_could_leave_the_site_is_left_out(typed: str) -> None:
    found = sanitise(typed, scope=".house")
    assert "evil" not in found.css and "fixed" not in found.css.lower() and "@import" not in found.css
    if typed.endswith("color: red"):
        assert served(typed) == ".house p { color: red; }"
    else:
        assert (found.css.strip(), len(found.dropped) >= 1) == ("", True)


def test_what_is_left_out_is_said_with_its_line() -> None:
    found = sanitise("p { color: red }\n\n@import 'x';\nq { position: fixed;\n  color: blue }", scope=".house")
    assert found.dropped == [
        "Line 3: @import is left out: other sheets are not loaded",
        "Line 4: position is static, relative, absolute or sticky here: nothing lies over the whole window",
    ]
    assert found.css == ".house p { color: red; }\n.house q { color: blue; }"


@pytest.mark.parametrize("sign", "([{")
def test_what_would_take_for_ever_is_refused(sign: str) -> None:
    with pytest.raises(TooDeep):
        sanitise("a { b: " + sign * 10_000, scope=".house")
    sanitise(f"a {{ b: {sign * (MAX_DEPTH - 1)}", scope=".house")
    for endless in ("a{}" * (MAX_RULES + 1), "a { top: " + "9" * 5_000):
        with pytest.raises(TooDeep):
            sanitise(endless, scope=".house")
