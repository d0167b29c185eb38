"""CSS that a creator typed, as it may be served: within the site's own element, and asking nobody else for anything.

What is known to be harmless is let through; whatever else is left out, and said. Each selector is made to begin at the
scope, so that none reaches the platform's own bar; nothing is placed over the window; pictures are the platform's own.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import tinycss2

MAX_RULES: Final = 1_000
MAX_DEPTH: Final = 40  # of brackets in brackets; a real sheet has a handful
MAX_NESTED: Final = 3  # @media in @supports in …
MAX_SAID: Final = 30
_PREFIX: Final = "house-"  # before the names of animations, which are not scoped by anything
_ENDLESS: Final = re.compile(r"[0-9]{400}")
_PICTURE: Final = re.compile(r"/media/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/[0-9]{1,4}\.(?:webp|avif)")
_POSITIONS: Final = frozenset({"static", "relative", "absolute", "sticky"})
_GROUPS: Final = frozenset({"media", "supports", "container"})
_ROOTS: Final = frozenset({"html", "body"})
# A picture that is fetched for one beginning of a secret only would tell it, sign by sign, to whoever counts fetches.
_NAMED: Final = frozenset({"value"})
_COMBINATORS: Final = frozenset({">", "+", "~"})
_WHY: Final = {
    "import": "other sheets are not loaded",
    "font-face": "faces are chosen under Branding",
    "namespace": "it is not needed",
    "charset": "it is not needed",
    "page": "it would change how the whole page is printed",
    "layer": "the order of layers is the platform's",
}
_PROPERTIES: Final = frozenset(
    """
    accent-color align-content align-items align-self animation animation-delay animation-direction animation-duration
    animation-fill-mode animation-iteration-count animation-name animation-play-state animation-timing-function
    aspect-ratio backdrop-filter background background-attachment background-blend-mode background-clip background-color
    background-image background-origin background-position background-position-x background-position-y background-repeat
    background-size block-size border border-block border-block-color border-block-end border-block-start
    border-block-style border-block-width border-bottom border-bottom-color border-bottom-left-radius
    border-bottom-right-radius border-bottom-style border-bottom-width border-collapse border-color
    border-end-end-radius border-end-start-radius border-image border-image-slice border-image-source border-image-width
    border-inline border-inline-color border-inline-end border-inline-start border-inline-style border-inline-width
    border-left border-left-color border-left-style border-left-width border-radius border-right border-right-color
    border-right-style border-right-width border-spacing border-start-end-radius border-start-start-radius border-style
    border-top border-top-color border-top-left-radius border-top-right-radius border-top-style border-top-width
    border-width bottom box-decoration-break box-shadow box-sizing break-after break-before break-inside caption-side
    caret-color clear clip-path color column-count column-fill column-gap column-rule column-rule-color
    column-rule-style column-rule-width column-span column-width columns container container-name container-type content
    counter-increment counter-reset cursor direction display empty-cells filter flex flex-basis flex-direction flex-flow
    flex-grow flex-shrink flex-wrap float font font-family font-feature-settings font-kerning font-optical-sizing
    font-size font-size-adjust font-stretch font-style font-synthesis font-variant font-variant-caps
    font-variant-ligatures font-variant-numeric font-variation-settings font-weight gap grid grid-area grid-auto-columns
    grid-auto-flow grid-auto-rows grid-column grid-column-end grid-column-start grid-row grid-row-end grid-row-start
    grid-template grid-template-areas grid-template-columns grid-template-rows hanging-punctuation height hyphens
    image-rendering initial-letter inline-size inset inset-block inset-block-end inset-block-start inset-inline
    inset-inline-end inset-inline-start isolation justify-content justify-items justify-self left letter-spacing
    line-break line-height list-style list-style-image list-style-position list-style-type margin margin-block
    margin-block-end margin-block-start margin-bottom margin-inline margin-inline-end margin-inline-start margin-left
    margin-right margin-top mask mask-image mask-position mask-repeat mask-size max-block-size max-height
    max-inline-size max-width min-block-size min-height min-inline-size min-width mix-blend-mode object-fit
    object-position opacity order orphans outline outline-color outline-offset outline-style outline-width overflow
    overflow-wrap overflow-x overflow-y padding padding-block padding-block-end padding-block-start padding-bottom
    padding-inline padding-inline-end padding-inline-start padding-left padding-right padding-top perspective
    place-content place-items place-self position quotes right rotate row-gap scale scroll-margin scroll-padding
    scroll-snap-align scroll-snap-type scrollbar-color scrollbar-width shape-margin shape-outside tab-size table-layout
    text-align text-align-last text-combine-upright text-decoration text-decoration-color text-decoration-line
    text-decoration-skip-ink text-decoration-style text-decoration-thickness text-emphasis text-indent text-justify
    text-orientation text-overflow text-rendering text-shadow text-transform text-underline-offset
    text-underline-position text-wrap top transform transform-origin transition transition-delay transition-duration
    transition-property transition-timing-function translate unicode-bidi vertical-align visibility white-space widows
    width word-break word-spacing writing-mode z-index
    """.split()
)
# What the site's own element can have: how it is painted and written in, not where it stands.
_OF_ROOT: Final = re.compile(
    r"--.*|(?:background|font|text|padding|border|scrollbar|list-style|word|hyphen)(?:-.*)?|color|accent-color|caret-color"
    r"|letter-spacing|line-height|cursor|quotes|tab-size|hyphens|white-space|overflow-wrap"
)
_FUNCTIONS: Final = frozenset(
    """
    abs acos asin atan atan2 blur brightness calc circle clamp color color-mix conic-gradient contrast cos counter
    counters cubic-bezier drop-shadow ellipse env exp fit-content format grayscale hsl hsla hue-rotate hwb hypot inset
    invert lab lch light-dark linear linear-gradient log matrix matrix3d max min minmax mod oklab oklch opacity
    perspective polygon pow radial-gradient rem repeat repeating-conic-gradient repeating-linear-gradient
    repeating-radial-gradient rgb rgba rotate rotate3d rotatex rotatey rotatez round saturate scale scale3d scalex
    scaley scalez sepia sign sin skew skewx skewy sqrt steps tan translate translate3d translatex translatey translatez
    var
    """.split()
)
_PSEUDO_FUNCTIONS: Final = frozenset(
    "dir has is lang not nth-child nth-last-child nth-last-of-type nth-of-type where".split()
)


class Sheet(msgspec.Struct, frozen=True):
    """CSS that may be served, and in words what was left out of it."""

    css: str
    dropped: list[str]


class TooDeep(ValueError):
    """This is no sheet that anybody wrote, and would take far longer to read than one; the message says why."""


class _Left(Exception):
    """This part is left out; the message says why."""


def sanitise(source: str, *, scope: str) -> Sheet:
    """A sheet all of whose rules hold within `scope` (a selector) only. Takes a while for a long one: use a thread.

    Raises TooDeep.
    """
    if _ENDLESS.search(source):
        raise TooDeep("There is a number in this that has no end")
    depth = 0
    for sign in re.findall(r"[(\[{)\]}]", source):
        depth = depth + 1 if sign in "([{" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            raise TooDeep("There are too many brackets within brackets in this")
    rules = tinycss2.parse_stylesheet(source, skip_comments=True, skip_whitespace=True)
    if len(rules) > MAX_RULES:
        raise TooDeep(f"A sheet has at most {MAX_RULES:,} rules")
    work = _Work(scope, set(_animations(rules, MAX_NESTED)))
    return Sheet("\n".join(work.rules(rules, MAX_NESTED)), work.dropped)


def _animations(rules: Iterable[Any], depth: int) -> Iterator[str]:
    """The names of the animations that a sheet defines."""
    for rule in rules:
        if rule.type != "at-rule" or rule.content is None:
            continue
        if rule.lower_at_keyword == "keyframes":
            yield from (token.value for token in rule.prelude if token.type in ("ident", "string"))
        elif rule.lower_at_keyword in _GROUPS and depth:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            yield from _animations(inner, depth - 1)


class _Work:
    """One sheet under way."""

    def __init__(self, scope: str, animations: set[str]) -> None:
        self.scope = scope
        self.animations = animations
        self.dropped: list[str] = []

    def rules(self, rules: Iterable[Any], depth: int) -> Iterator[str]:
        """What is left of these rules."""
        for rule in rules:
            try:
                text = self._rule(rule, depth)
            except _Left as why:
                self._say(rule, str(why))
            else:
                if text:
                    yield text

    def _say(self, part: Any, why: str) -> None:
        if len(self.dropped) < MAX_SAID:
            self.dropped.append(f"Line {part.source_line}: {why}")

    def _rule(self, rule: Any, depth: int) -> str:
        if rule.type == "error":
            raise _Left("this cannot be read")
        if rule.type == "qualified-rule":
            selectors = [self._selector(part) for part in _split(rule.prelude)]
            inside = self._declarations(rule.content, of_root=self.scope in selectors)
            selector = ", ".join(selectors)
            return f"{selector} {{ {inside} }}" if inside else ""
        if rule.type != "at-rule":
            raise _Left("this cannot be read")
        name = rule.lower_at_keyword
        if name == "keyframes" and rule.content is not None:
            return self._keyframes(rule)
        if name not in _GROUPS or rule.content is None or not depth:
            raise _Left(f"@{name[:30]} is left out: {_WHY.get(name, 'it is not among what can be used here')}")
        if any(token.type in ("error", "url", "{} block") for token in _all(rule.prelude)):
            raise _Left(f"the condition of @{name} cannot be read")
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        inside = "\n".join(self.rules(inner, depth - 1))
        return f"@{name} {tinycss2.serialize(rule.prelude).strip()} {{\n{inside}\n}}" if inside else ""

    def _keyframes(self, rule: Any) -> str:
        names = [token for token in rule.prelude if token.type != "whitespace"]
        if len(names) != 1 or names[0].type not in ("ident", "string"):
            raise _Left("an animation needs one name")
        steps = []
        for step in tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True):
            if step.type != "qualified-rule" or not _is_step(step.prelude):
                self._say(step, "this is no step of an animation")
                continue
            steps.append(f"{tinycss2.serialize(step.prelude).strip()} {{ {self._declarations(step.content)} }}")
        return f"@keyframes {_renamed(names[0].value)} {{ {' '.join(steps)} }}"

    # ---- selectors ---------------------------------------------------------------------------------------------

    def _selector(self, tokens: list[Any]) -> str:
        """The same, within the scope. html, body and :root stand for the scope itself."""
        _check_selector(tokens)
        rest, is_root = tokens, False
        while (after := _after_root(rest)) is not None:
            rest, is_root = after, True
        if not rest:
            return self.scope
        if _sign(rest[0]) in _COMBINATORS and not (is_root and _sign(rest[0]) == ">"):
            raise _Left("a selector cannot begin beside the site")
        return f"{self.scope} {tinycss2.serialize(rest).strip()}"

    # ---- declarations ------------------------------------------------------------------------------------------

    def _declarations(self, content: list[Any], *, of_root: bool = False) -> str:
        kept = []
        for part in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
            try:
                kept.append(self._declaration(part, of_root))
            except _Left as why:
                self._say(part, str(why))
        return " ".join(kept)

    def _declaration(self, part: Any, of_root: bool) -> str:
        if part.type == "error":
            raise _Left("this cannot be read")
        if part.type != "declaration":
            raise _Left("rules within rules are not taken; write them one after the other")
        own = part.name.startswith("--") and re.fullmatch(r"--[A-Za-z0-9_-]{1,60}", part.name)
        name = part.name if own else part.lower_name
        if not own and name not in _PROPERTIES:
            raise _Left(f"{name[:40]} is not among the properties that can be used here")
        if of_root and not _OF_ROOT.fullmatch(name):
            raise _Left(f"{name} cannot be set for the whole site, only for what is in it")
        value = _trimmed(part.value)
        if not value:
            raise _Left(f"{name} has no value")
        _check_value(value)
        if name == "position" and not (
            len(value) == 1 and value[0].type == "ident" and value[0].lower_value in _POSITIONS
        ):
            raise _Left("position is static, relative, absolute or sticky here: nothing lies over the whole window")
        if name in ("animation", "animation-name"):
            text = "".join(self._renamed_in(token) for token in value)
        else:
            text = tinycss2.serialize(value)
        return f"{name}: {text}{' !important' if part.important else ''};"

    def _renamed_in(self, token: Any) -> str:
        if token.type in ("ident", "string") and token.value in self.animations:
            return _renamed(token.value)
        return str(token.serialize())


def _split(prelude: list[Any]) -> Iterator[list[Any]]:
    """The selectors of a list."""
    part: list[Any] = []
    for token in [*prelude, None]:
        if token is None or _sign(token) == ",":
            yield _trimmed(part)
            part = []
        else:
            part.append(token)


def _sign(token: Any) -> str | None:
    """A sign such as , or >; None for whatever else."""
    return str(token.value) if token.type == "literal" else None


def _trimmed(tokens: list[Any]) -> list[Any]:
    start, end = 0, len(tokens)
    while start < end and tokens[start].type in ("whitespace", "comment"):
        start += 1
    while end > start and tokens[end - 1].type in ("whitespace", "comment"):
        end -= 1
    return tokens[start:end]


def _all(tokens: Iterable[Any]) -> Iterator[Any]:
    """Tokens and those inside them. Their depth was looked at before."""
    for token in tokens:
        yield token
        yield from _all(getattr(token, "content", None) or getattr(token, "arguments", None) or ())


def _check_selector(tokens: list[Any]) -> None:
    if not tokens:
        raise _Left("a selector is missing")
    for token in _all(tokens):
        if token.type in ("error", "{} block", "url", "at-keyword", "() block", "unicode-range"):
            raise _Left("this selector cannot be read")
        if token.type == "[] block" and not _NAMED.isdisjoint(one.lower_value for one in _idents(token.content)):
            raise _Left("what stands in the fields of a form cannot be asked for")
        if token.type == "function" and token.lower_name not in _PSEUDO_FUNCTIONS:
            raise _Left(f":{token.lower_name[:30]}() cannot be used here")
        if token.type == "literal" and token.value not in (
            "*",
            ".",
            ":",
            ">",
            "+",
            "~",
            ",",
            "=",
            "^=",
            "$=",
            "*=",
            "|=",
            "~=",
            "-",
        ):
            raise _Left(f"{token.value[:5]} cannot be used in a selector here")


def _idents(tokens: Iterable[Any]) -> Iterator[Any]:
    """The names in an attribute selector, up to its sign: a word behind that is what it is compared with."""
    for token in tokens:
        if token.type == "ident":
            yield token
        elif _sign(token) not in (None, "|", "*"):
            return


def _after_root(tokens: list[Any]) -> list[Any] | None:
    """What follows html, body, :root or :scope at the beginning, with its combinator; None where none stands there."""
    if tokens and tokens[0].type == "ident" and tokens[0].lower_value in _ROOTS:
        rest = tokens[1:]
    elif (
        len(tokens) > 1
        and _sign(tokens[0]) == ":"
        and tokens[1].type == "ident"
        and tokens[1].lower_value in ("root", "scope")
    ):
        rest = tokens[2:]
    else:
        return None
    if not rest:
        return []
    if rest[0].type not in ("whitespace", "comment") and _sign(rest[0]) not in _COMBINATORS:
        return None  # body.dark: there is no such thing within the scope
    rest = _trimmed(rest)
    if rest and _sign(rest[0]) == ">" and _after_root(_trimmed(rest[1:])) is not None:
        return _trimmed(rest[1:])  # html > body
    return rest


def _is_step(prelude: list[Any]) -> bool:
    parts = [token for token in prelude if token.type != "whitespace" and _sign(token) != ","]
    return bool(parts) and all(
        token.type == "percentage" or (token.type == "ident" and token.lower_value in ("from", "to")) for token in parts
    )


def _check_value(tokens: Iterable[Any]) -> None:
    for token in _all(tokens):
        if token.type == "url":
            _check_picture(token.value)
        elif token.type == "function" and token.lower_name == "url":
            inside = _trimmed(token.arguments)
            if len(inside) != 1 or inside[0].type != "string":
                raise _Left("this address cannot be read")
            _check_picture(inside[0].value)
        elif token.type == "function" and token.lower_name not in _FUNCTIONS:
            raise _Left(f"{token.lower_name[:30]}() cannot be used here")
        elif token.type in ("error", "{} block", "at-keyword") or (token.type == "literal" and token.value in "!;&<"):
            raise _Left("this value cannot be read")


def _check_picture(address: str) -> None:
    if not _PICTURE.fullmatch(address):
        raise _Left("pictures come from the media library (/media/…), and from nowhere else")


def _renamed(name: str) -> str:
    return _PREFIX + re.sub(r"[^A-Za-z0-9_-]", "-", name)[:60]
