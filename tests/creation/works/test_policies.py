"""Screening (P5) and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.creation.works.errors import TextRefused
from stoa.creation.works.policies import MAX_SLUG, screen, slugify, state_after
from stoa.creation.works.types import Screening, State
from stoa.foundation.settings.types import PlatformConfig

CONFIG = PlatformConfig()
LINKS = " ".join(f"https://shop.example/{n}" for n in range(20))
SPAM = f"BUY NOW!!!!!!!!!!!!!! Act now, click here, no risk, order today. {LINKS}"
DOUBTFUL = f"My shop, my rules: {' '.join(f'https://shop.example/{n}' for n in range(8))}"


@pytest.mark.parametrize(
    ("title", "body", "score", "reason"),
    [
        ("Plain", "Nothing to see here.", 0, None),
        ("One", "aaaaaaaaaa", 2, "ten or more times the same character (“aaaaaaaaaa…”)"),
        ("Nine", "aaaaaaaaa", 0, None),
        ("Two", "wooooooooooow and noooooooooooo", 3, "ten or more times the same character"),
        ("Five links", "x " + " ".join(f"https://e.org/{n}" for n in range(5)), 2, "5 links in 3 words"),
        ("Twenty links", LINKS, 4, "20 links in 2 words"),
        ("The same link", "https://e.org/a " * 20, 0, None),
        ("Sources", "word " * 2000 + LINKS, 0, None),
        ("Sale", "Click here and act now", 2, "wording of advertisements (“act now”, “click here”)"),
        ("Strong", "Oh shit", 1, "strong language (1 word)"),
        ("Stronger", "fuck this shit, fucking hell", 2, "strong language (3 words)"),
        ("An attack", "you faggot", 3, "strong language (1 word)"),
        ("Hidden", "f\u200bu\u00adck and $h1t and ｆｕｃｋ", 2, "strong language (3 words)"),
        ("Much", SPAM, 10, None),
    ],
)
def test_points_and_reasons(title: str, body: str, score: int, reason: str | None) -> None:
    found = screen(title, body)
    assert found.score == score, found
    if reason is not None:
        assert [r for r in found.reasons if reason in r] == found.reasons
    if score == 0:
        assert found.reasons == []


@pytest.mark.parametrize(
    "body",
    [
        "The cockpit over Scunthorpe; assassins, classic shiitake, Dickens and Essex.",
        "| a | b |\n|---------------|----------------|\n\n====================\n\n....................",
        "In 1000000000000 years. 🙂🙂🙂",
        "```\naaaaaaaaaaaaaaaaaaaaa https://e.org/1 https://e.org/2 https://e.org/3 https://e.org/4\n```",
        "~~~\nfuuuuuuuuuuuuuuuck\n~~~",
    ],
)
def test_innocent_texts(body: str) -> None:
    assert screen("Innocent", body) == Screening(0, [])


@pytest.mark.parametrize("word", ["free", "money", "FREE", "casino", "winner", "damn", "shit"])
def test_a_single_word_never_waits_nor_refuses(word: str) -> None:
    for body in (word, f"{word} " * 300, f"A long story about {word}. " * 40):
        score = screen(word, body).score
        assert score < CONFIG.refuse_score
        if word not in ("shit",):
            assert state_after(screen(word, body), CONFIG, approved_score=None) == State.PUBLISHED


def test_thresholds() -> None:
    def after(score: int, approved: int | None = None) -> State:
        return state_after(Screening(score, ["why"]), CONFIG, approved_score=approved)

    assert [after(n) for n in (0, 2, 3, 7)] == ["published", "published", "in_review", "in_review"]
    for score in (8, 20):
        with pytest.raises(TextRefused) as caught:
            after(score)
        assert caught.value.status == 422 and caught.value.extra == {"score": score, "reasons": ["why"]}
    assert after(7, approved=7) == "published"  # a moderator has let as much pass
    assert after(6, approved=5) == "in_review"


@given(st.text(max_size=500))
def test_any_text_is_screened(text: str) -> None:
    assert 0 <= screen(text, text).score <= 17


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Ääkköset & l'été: ½ price", "aakkoset-lete-1-2-price"),
        ("Привет, мир", "privet-mir"),
        ("北京 trip", "beijing-trip"),
        ("!!!", "post"),
        ("", "post"),
        ("  --a--  ", "a"),
        ("word " * 40, "-".join(["word"] * 16)),
        ("x" * 200, "x" * MAX_SLUG),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert slugify(title, fallback="post") == slug


@given(st.text(max_size=300))
def test_every_slug_has_the_form(title: str) -> None:
    slug = slugify(title, fallback="post")
    assert 1 <= len(slug) <= MAX_SLUG and slug.strip("-") == slug and "--" not in slug
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in slug)
