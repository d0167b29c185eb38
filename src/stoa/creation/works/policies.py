"""Who may see and change a work; what its address is made of; which texts wait for a moderator (P5)."""

import re
import unicodedata
from pathlib import Path
from typing import Final
from uuid import UUID

from anyascii import anyascii

from stoa.creation.works.errors import TextRefused, WrongState
from stoa.creation.works.queries import work_by_id
from stoa.creation.works.types import Screening, State, WorkRow
from stoa.foundation.people.policies import check_may_meet
from stoa.foundation.settings.types import PlatformConfig
from stoa.foundation.team.types import ALL, Permission, permissions_of
from stoa.kit.ctx import Actor, Ctx
from stoa.kit.errors import Forbidden, NotFound
from stoa.kit.markdown import word_count
from stoa.money.entitlements.types import Readable

MAX_SLUG: Final = 80


# ---- access ----------------------------------------------------------------------------------------------------


def can_see(actor: Actor | None, work: Readable) -> bool:
    """Whether somebody may know of a work: everybody when it is published in an open place, else its author, who reads
    drafts on its site, and the staff.
    """
    if work.state == State.PUBLISHED and not work.closed:
        return True
    return actor is not None and (actor.is_staff or Permission.READ_DRAFTS in permissions_on(actor, work))


def permissions_on(actor: Actor, work: Readable) -> frozenset[Permission]:
    """What somebody may do with a work: all with their own, else what their place on its site gives them."""
    return ALL if actor.id == work.author_id else permissions_of(work.team_role, work.team_permissions)


async def access_work(ctx: Ctx, work_id: UUID) -> WorkRow:
    """A work the actor may see. Raises NotFound."""
    work = await work_by_id(ctx, work_id)
    if work is None or not can_see(ctx.actor, work):
        raise NotFound("There is no such work")
    return work


async def access_published(ctx: Ctx, work_id: UUID) -> WorkRow:
    """A work that readers can react to. Raises NotFound, and WrongState for one's own draft."""
    work = await access_work(ctx, work_id)
    if work.state != State.PUBLISHED:
        raise WrongState("This is not published, so nobody can react to it yet", work.state)
    if ctx.actor is not None and ctx.actor.is_staff:  # who may look at everything, but not meet everybody (P4)
        await check_may_meet(ctx, work.author_id)
    return work


async def access_own_work(ctx: Ctx, work_id: UUID) -> WorkRow:
    """The actor's own work. Raises NotFound, and Forbidden for somebody else's that they may see."""
    work = await access_work(ctx, work_id)
    if work.author_id != ctx.member.id:
        raise Forbidden("Only its author can change this")
    return work


async def access_work_to(ctx: Ctx, work_id: UUID, permission: Permission) -> WorkRow:
    """The actor's own work, or one on a site where they have this permission.

    Raises NotFound, and Forbidden for one that they may only see.
    """
    work = await access_work(ctx, work_id)
    if permission not in permissions_on(ctx.member, work):
        raise Forbidden("Only its author, and those they gave the right to, can do this")
    return work


# ---- addresses -------------------------------------------------------------------------------------------------


def slugify(title: str, *, fallback: str) -> str:
    """An address of lower case letters, digits and single hyphens, at most MAX_SLUG long.

    Other scripts are transliterated; `fallback` stands where nothing is left.
    """
    plain = anyascii(unicodedata.normalize("NFKC", title)).lower().replace("'", "")
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(slug) > MAX_SLUG:
        head, hyphen, _ = slug[: MAX_SLUG + 1].rpartition("-")
        slug = head if hyphen else slug[:MAX_SLUG]
    return slug.strip("-") or fallback


# ---- screening -------------------------------------------------------------------------------------------------

_PHRASES: Final = (
    "act now",
    "apply now",
    "as seen on tv",
    "best price",
    "buy direct",
    "buy now",
    "call now",
    "cash bonus",
    "click below",
    "click here",
    "double your income",
    "double your money",
    "earn extra cash",
    "earn money fast",
    "get rich",
    "guaranteed income",
    "limited offer",
    "limited time offer",
    "lose weight fast",
    "lowest price",
    "make money fast",
    "miracle cure",
    "money back guarantee",
    "no credit check",
    "no risk",
    "order now",
    "order today",
    "promo code",
    "risk free",
    "special promotion",
    "visit my shop",
    "while supplies last",
    "work from home and earn",
)
_SALES_WORDS: Final = frozenset(
    """
    bargain bonus cash casino cheap cheapest coupon deal deals discount discounts earnings free giveaway guarantee
    guaranteed jackpot lottery money offer offers prize profit promo promotion sale winner
    """.split()
)
_PROFANITY: Final = {
    line.partition(" ")[0]: int(line.partition(" ")[2] or 1)
    for line in (Path(__file__).parent / "profanity.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}
_FENCED: Final = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_LINK: Final = re.compile(r"(?:https?://|\bwww\.)[^\s<>()\[\]\"']+", re.IGNORECASE)
# Rules, tables, numbers and leader dots repeat signs for good reasons; letters and exclamation marks do not.
_REPEATED: Final = re.compile(r"([^\s\d\-=_*#~|.+:─═—])\1{9,}")
_INVISIBLE: Final = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_LOOK_ALIKES: Final = str.maketrans({"@": "a", "$": "s", "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t"})


def screen(title: str, body: str) -> Screening:
    """Points for signs of spam and for strong language in a Markdown text, with a sentence for each (P5).

    Repeated characters give at most 3, links 4, wording of advertisements 4, strong language 6. Code is left out.
    """
    text = f"{title}\n{_FENCED.sub(' ', body)}"
    found = [_repeated(text), _links(text), _sales(text), _strong_language(text)]
    return Screening(score=sum(points for points, _ in found), reasons=[reason for points, reason in found if points])


def state_after(screening: Screening, config: PlatformConfig, *, approved_score: int | None) -> State:
    """Where a text goes that is to be published. A moderator's approval covers texts of no more points.

    Raises TextRefused from `refuse_score` points on.
    """
    if approved_score is not None and screening.score <= approved_score:
        return State.PUBLISHED
    if screening.score >= config.refuse_score:
        raise TextRefused(screening.score, screening.reasons)
    return State.IN_REVIEW if screening.score >= config.review_score else State.PUBLISHED


def _repeated(text: str) -> tuple[int, str]:
    runs = [match[0] for match in _REPEATED.finditer(_LINK.sub(" ", text))]
    if not runs:
        return 0, ""
    points = 3 if len(runs) > 1 or len(runs[0]) >= 40 else 2
    return points, f"ten or more times the same character (“{runs[0][:12]}…”)"


def _links(text: str) -> tuple[int, str]:
    links, words = len(set(_LINK.findall(text))), word_count(_LINK.sub(" ", text))
    usual = 3 + words / 100  # a long text with its sources is no advertisement
    points = next((p for p, times in ((4, 4), (3, 2), (2, 1)) if links > usual * times), 0)
    return points, f"{links} links in {words} words"


def _sales(text: str) -> tuple[int, str]:
    line = " ".join(re.findall(r"[a-z]+", _evened(_LINK.sub(" ", text))))
    phrases = [phrase for phrase in _PHRASES if f" {phrase} " in f" {line} "]
    # Words such as "free" or "money" say little alone: only many different ones add a point or two.
    different = len(_SALES_WORDS.intersection(line.split()))
    points = min(4, len(phrases) + (2 if different >= 9 else 1 if different >= 5 else 0))
    shown = ", ".join(f"“{phrase}”" for phrase in phrases[:3]) or f"{different} sales words"
    return points, f"wording of advertisements ({shown})"


def _strong_language(text: str) -> tuple[int, str]:
    tokens = re.findall(r"[^\W_]+", _evened(text).translate(_LOOK_ALIKES))
    weights = [_PROFANITY[token] for token in tokens if token in _PROFANITY]
    attacks = sum(1 for weight in weights if weight > 1)
    plain = len(weights) - attacks
    points = (3 if attacks == 1 else 5 if attacks else 0) + sum(plain >= limit for limit in (1, 3, 6, 12))
    words = "word" if len(weights) == 1 else "words"
    return min(6, points), f"strong language ({len(weights)} {words})"


def _evened(text: str) -> str:
    """Lower case, without accents and invisible signs, so that spelling a word oddly does not hide it."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_INVISIBLE))
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
