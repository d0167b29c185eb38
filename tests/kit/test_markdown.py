"""Markdown: what it becomes, what it may never become, and its words."""

import re
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.markdown import (
    ImageFacts,
    TooMuch,
    allowed_image,
    own_media_id,
    plain,
    preview,
    read,
    reading_minutes,
    render,
    word_count,
)

MEDIA = "01990000-89ab-7def-8123-456789abcdef"
OWN = f"/media/{MEDIA}/960.webp"


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# Title", "<h2>Title</h2>\n"),
        ("###### Six", "<h6>Six</h6>\n"),
        ("a **b** *c* ~~d~~ `e`", "<p>a <strong>b</strong> <em>c</em> <s>d</s> <code>e</code></p>\n"),
        ("one\n\ntwo", "<p>one</p>\n<p>two</p>\n"),
        ("3. x", '<ol start="3">\n<li>x</li>\n</ol>\n'),
        ("```py\nx<1\n```", '<pre><code class="language-py">x&lt;1\n</code></pre>\n'),
        ("[in](/p/x)", '<p><a href="/p/x">in</a></p>\n'),
        ("[out](https://e.org)", '<p><a href="https://e.org" rel="nofollow ugc noopener">out</a></p>\n'),
        ("[out](//e.org/x)", '<p><a href="//e.org/x" rel="nofollow ugc noopener">out</a></p>\n'),
        (
            "see https://e.org/a now",
            '<p>see <a href="https://e.org/a" rel="nofollow ugc noopener">https://e.org/a</a> now</p>\n',
        ),
        ("readme.md and me@e.org", "<p>readme.md and me@e.org</p>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>\n"),
        ("", ""),
    ],
)
def test_what_it_becomes(source: str, html: str) -> None:
    assert render(source) == html


def test_a_table_keeps_its_alignment_without_inline_style() -> None:
    html = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<th class="align-center">a</th>' in html and '<td class="align-right">2</td>' in html
    assert "style" not in html


def test_footnotes_link_both_ways() -> None:
    html = render("Text[^a].\n\n[^a]: Note.")
    assert '<a href="#fn1" id="fnref1">[1]</a>' in html
    assert '<li id="fn1" class="footnote-item">' in html
    assert '<a href="#fnref1" class="footnote-backref" aria-label="Back to the text">' in html


def test_a_picture_alone_is_a_figure_with_its_size() -> None:
    html = render(f'![A "cat"]({OWN} "By me & you")', images={MEDIA: ImageFacts(800, 600, "a 320w")})
    assert html == (
        f'<figure><img src="{OWN}" alt="A &quot;cat&quot;" loading="lazy" decoding="async" width="800" height="600"'
        ' srcset="a 320w" sizes="(min-width: 48rem) 44rem, 100vw"><figcaption>By me &amp; you</figcaption></figure>\n'
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://e.org/a.png",
        "//e.org/a.png",
        "/wallet",
        "data:image/png;base64,x",
        "/media/x/1.webp",
        "https:x",
        OWN + "?a",
    ],
)
def test_pictures_from_elsewhere_become_their_description(url: str) -> None:
    assert not allowed_image(url)
    html = render(f"see ![the sea]({url}) there")
    assert "<img" not in html and "the sea" in html


def test_images_of_a_text() -> None:
    text = f"![a]({OWN})\n\n![b](https://e.org/b.png) ![c](http://e.org/c.png) ![again]({OWN})"
    assert read(text).image_urls == [OWN, "https://e.org/b.png"]
    assert own_media_id(OWN) == MEDIA
    assert own_media_id("https://e.org" + OWN) is None


@given(st.text(alphabet=st.sampled_from(list("<>\"'&[](){}!#*_`~|:/\\ \njavscriptonerhfimgx=0;.-^")), max_size=100))
def test_no_text_becomes_script(source: str) -> None:
    html = render(source).lower()
    inside_tags = "".join(part.split(">")[0] for part in html.split("<")[1:])
    assert "<script" not in html and "<iframe" not in html and "<svg" not in html
    assert " on" not in inside_tags.replace(" one", "") or "=" not in inside_tags
    assert 'href="javascript' not in html and 'src="javascript' not in html


@given(st.text(max_size=400))
def test_any_text_renders(source: str) -> None:
    assert isinstance(render(source), str)
    assert isinstance(plain(source), str)


def test_plain_text() -> None:
    text = plain(
        "# A *title*\n\nOne\ntwo **three** [link](https://e.org) ![pic](https://e.org/p.png)\n\n```\ncode\n```\n\n- x"
    )
    assert text == "A title\nOne two three link pic\nx"


def test_preview_is_cut_at_a_word() -> None:
    assert preview("short  text\nhere") == "short text here"
    cut = preview("word " * 100)
    assert cut == "word " * 39 + "word…" and len(cut) == 200
    assert preview("Hello, world", 8) == "Hello…"
    assert preview("x" * 300) == "x" * 199 + "…"
    assert preview("e\u0301" * 10, 6) == "e\u0301" * 2 + "…"
    assert len(preview("x" * 200)) == 200


@given(st.text(max_size=600), st.integers(20, 250))
def test_preview_is_never_longer(text: str, limit: int) -> None:
    assert len(preview(text, limit)) <= limit


def test_words_and_minutes() -> None:
    assert word_count("It's a well-kept house, isn’t it?") == 6
    assert word_count("日本語 text") == 4
    assert word_count(" … ") == 0
    assert [reading_minutes(n) for n in (0, 230, 575, 2300)] == [1, 1, 2, 10]


@pytest.mark.parametrize(
    "source", ["[" * 100, "*a_ " * 5_000, "> " * 20_000, ("![" * 90 + "\n\n") * 250, "a|b\n-|-\n" + "x\n" * 1500]
)
def test_hostile_nesting_ends_soon(source: str) -> None:
    assert isinstance(render(source), str)


@pytest.mark.parametrize(
    "sign", ["> ", "- ", "1. ", "> - ", "*", "_", "~~", "||", "`", "[", "![", "^[", "<div>", "<a ", "^", "&amp;", "\\"]
)
def test_ten_thousand_deep_is_read_or_refused_at_once(sign: str) -> None:
    begun = process_time()
    for source in (sign * 10_000 + "a", sign * 10_000 + "a" + sign.strip() * 10_000, f"{sign}a " * 10_000):
        try:
            document = read(source)
        except TooMuch:
            continue
        html = document.html() + document.beginning(3).html()
        assert "<div" not in html and "<a " not in html
        assert max_depth(html) <= 110
    assert process_time() - begun < 5


def max_depth(html: str) -> int:
    """How many elements stand in each other."""
    depth = deepest = 0
    for tag in re.findall(r"<(/?)(?!br|img|hr|input)[a-z]", html):
        depth += -1 if tag else 1
        deepest = max(deepest, depth)
    return deepest


def test_prose_is_the_paragraphs() -> None:
    source = "# What one sees\n\nThe *line* follows ![a lamp](https://e.org/a.png) the wall.\n\n"
    source += "| a | b |\n|---|---|\n| 1 | 2 |\n\n> Said he."
    assert read(source).prose == "The line follows  the wall.\nSaid he."
    assert read("## Only a heading").prose == "Only a heading"
    assert read("").prose == ""


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("|a" * 800 + "\n" + "|-" * 800 + "\n" + "|a\n" * 200, "at most 40 columns"),
        (("a|b\n-|-\n" + "a\n" * 100 + "\n") * 40, "at most 4,000 cells together"),
        ("a|b\n-|-\n" + "a\n" * 20_000, "at most 4,000 cells together"),
        ("^[" * 25_000, "at most 1,000 footnotes"),
        ("^[a]" * 12_500, "at most 1,000 footnotes"),
        ("[" * 50_000, "square brackets are open"),
        ("![" * 10_000 + "](a)" * 7_500, "square brackets are open"),
        ("http://a/(" * 5_000, "too many addresses in one word"),
        (">" * 100 + "a\n" * 24_000, "nested too deeply"),
    ],
)
def test_what_would_take_seconds_is_refused_before_it_does(source: str, why: str) -> None:
    begun = process_time()
    with pytest.raises(TooMuch, match=why):
        read(source)
    assert process_time() - begun < 3  # a whole reading took up to twice that; most are refused in milliseconds


@pytest.mark.parametrize(
    "source",
    [
        "|a" * 40 + "\n" + "|-" * 40 + "\n" + ("|a" * 40 + "\n") * 99,
        "x[^1] " * 900 + "\n\n[^1]: Note.",
        "a [b](c) d\n" * 4_000,
        "\u6f22\u5b57" * 25_000,
        "see https://e.org/a?b=c (or http://e.org) " * 1_000,
        "> - a\n" * 8_000,
    ],
)
def test_what_is_only_long_is_taken(source: str) -> None:
    assert read(source).html()


# ---- spoilers and beginnings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("a ||b *c*|| d", '<p>a <span class="spoiler" tabindex="0">b <em>c</em></span> d</p>\n'),
        ("a || b || c", "<p>a || b || c</p>\n"),
        ("`a ||b||` |||| ||", "<p><code>a ||b||</code> |||| ||</p>\n"),
        ("||<b>x</b>||", '<p><span class="spoiler" tabindex="0">&lt;b&gt;x&lt;/b&gt;</span></p>\n'),
    ],
)
def test_a_spoiler_is_covered(source: str, html: str) -> None:
    assert render(source) == html


def test_a_spoiler_is_told_neither_by_words_nor_by_a_preview() -> None:
    document = read("Who did it: ||the gardener|| of course.")
    assert document.words == document.prose == "Who did it: … of course."
    assert document.words_count == 7


@pytest.mark.parametrize(
    ("source", "paragraphs", "html"),
    [
        ("# A\n\nb\n\nc\n\nd", 2, "<h2>A</h2>\n<p>b</p>\n<p>c</p>\n"),
        ("a\n\n## B\n\nc\n\nd", 1, "<p>a</p>\n"),
        ("a\n\nb", 5, "<p>a</p>\n"),
        ("> a\n>\n> b\n>\n> c", 1, "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("- a\n- b\n- c", 2, "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("a[^1]\n\nb\n\n[^1]: hidden", 1, "<p>a</p>\n"),
        ("one two three four five six seven eight", 3, "<p>one two three four…</p>"),
        ("a\n\nb", 0, ""),
        ("# only", 3, ""),
        ("", 3, ""),
    ],
)
def test_the_beginning_of_a_text_is_whole_html_and_never_all_of_it(source: str, paragraphs: int, html: str) -> None:
    assert read(source).beginning(paragraphs).html() == html


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "> b",
                "- c\n- d",
                "1. e\n\n   f",
                "|g|\n|-|\n|h|",
                "```\ni\n```",
                "# j",
                "![k](https://k.example/k.png)",
            ]
        )
    )
)
def test_what_a_text_begins_with_closes_what_it_opens(blocks: list[str]) -> None:
    beginning = read("\n\n".join([*blocks, "the end"])).beginning(3).html()
    assert "the end" not in beginning or not blocks
    for tag in ("p", "blockquote", "ul", "ol", "li", "table", "thead", "tbody", "tr", "td", "pre", "figure"):
        assert beginning.count(f"<{tag}>") == beginning.count(f"</{tag}>")
