"""Synctale's requests and answers, and how they are made of ours."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from stoa.creation.posts.types import BODY_MAX, BODY_MIN, MAX_IMAGES, TITLE_MAX, TITLE_MIN, PostView
from stoa.creation.works.types import WorkCard
from stoa.foundation.identity.types import AnyText, Email, Username
from stoa.foundation.people.types import PersonView
from stoa.money.payouts.types import PayoutView


class Camel(msgspec.Struct, rename="camel"):
    """Base of Synctale's bodies."""


class RegisterIn(Camel):
    """POST /api/auth/register."""

    username: Username
    email: Email
    password: AnyText


class LoginIn(Camel):
    """POST /api/auth/login."""

    email: AnyText
    password: AnyText


class PostIn(Camel):
    """POST /api/posts (P1)."""

    title: Annotated[str, Meta(min_length=TITLE_MIN, max_length=TITLE_MAX)]
    content: Annotated[str, Meta(min_length=BODY_MIN, max_length=BODY_MAX)]
    category: str
    images: Annotated[list[str], Meta(max_length=MAX_IMAGES)] = []


class PurchaseIn(Camel):
    """POST /api/coins/purchase (M3)."""

    package_id: int
    payment_method_id: Annotated[str, Meta(min_length=1, max_length=200)]


class GiftIn(Camel):
    """POST /api/coins/gift (M6)."""

    recipient_id: UUID
    amount: int
    message: Annotated[str, Meta(max_length=500)] | None = None


# ---- answers ---------------------------------------------------------------------------------------------------


class Creator(Camel):
    """Whoever wrote a post."""

    id: UUID
    username: str
    profile_picture: str | None
    is_verified: bool


class NewUser(Camel):
    """The account just made."""

    id: UUID
    username: str
    email: str
    balance: float
    is_verified: bool
    created_at: datetime


class RegisterOut(Camel):
    """201 of a registration."""

    message: str
    user: NewUser
    token: str


class FullUser(Camel):
    """The account at a log-in."""

    id: UUID
    username: str
    email: str
    profile_picture: str | None
    bio: str | None
    balance: float
    total_earned: float
    followers_count: int
    following_count: int
    posts_count: int
    is_verified: bool


class LoginOut(Camel):
    """200 of a log-in."""

    message: str
    user: FullUser
    token: str


class ListedPost(Camel):
    """A post in a list; `gifts` in coins."""

    id: UUID
    title: str
    preview: str
    category: str | None
    images: list[str]
    views: int
    likes: int
    dislikes: int
    comments_count: int
    gifts: int
    creator: Creator
    created_at: datetime


class Pagination(Camel):
    """Where a page stands in its list."""

    page: int
    limit: int
    total: int
    pages: int


class PostsOut(Camel):
    """A page of posts."""

    posts: list[ListedPost]
    pagination: Pagination


class FullPost(ListedPost):
    """A post with its text."""

    content: str


class CreatedOut(Camel):
    """201 of a new post."""

    message: str
    post: FullPost


class ReadPost(FullPost):
    """One post, with the reader's own reaction."""

    is_liked: bool
    is_disliked: bool


class PurchaseOut(Camel):
    """200 of a purchase."""

    message: str
    coins: int
    payment_intent_id: str


class GiftOut(Camel):
    """200 of a gift."""

    message: str
    amount: int
    recipient: str


class Payout(Camel):
    """A payout; coins as coins, amounts in dollars (M7)."""

    id: UUID
    creator_id: UUID
    coins: float
    usd_amount: float
    platform_fee: float
    net_payout: float
    status: str
    stripe_transfer_id: str | None
    requested_at: datetime
    processed_at: datetime | None
    notes: str | None


class EarningsOut(Camel):
    """What is earned and not yet asked for, in coins and in dollars."""

    total_earned_coins: float
    total_earned_usd: float = msgspec.field(name="totalEarnedUSD")
    available_for_payout: float
    minimum_payout: float
    payouts: list[Payout]


class PayoutOut(Camel):
    """200 of a payout request."""

    message: str
    payout: Payout


def coins(minor: int) -> float:
    """Hundredths of a coin as a number of coins, whole where it is whole."""
    return minor // 100 if minor % 100 == 0 else minor / 100


def creator_of(person: PersonView) -> Creator:
    """Whoever wrote something, in Synctale's words."""
    return Creator(person.id, person.username, person.avatar_url, person.is_verified)


def listed(work: WorkCard) -> ListedPost:
    """A card as a line of Synctale's list."""
    return ListedPost(**common(work))


def common(work: WorkCard | PostView) -> dict[str, Any]:
    """The fields that a post has in lists and alone."""
    return {
        "id": work.id,
        "title": work.title,
        "preview": work.excerpt,
        "category": work.category,
        "images": work.images,
        "views": work.stats.views,
        "likes": work.stats.likes,
        "dislikes": work.stats.dislikes,
        "comments_count": work.stats.comments,
        "gifts": work.stats.gifts_coins,
        "creator": creator_of(work.author),
        "created_at": work.created_at,
    }


def payout_of(view: PayoutView) -> Payout:
    """A payout in dollars and in Synctale's states, which know no review."""
    return Payout(
        id=view.id,
        creator_id=view.user_id,
        coins=coins(view.source_minor),
        usd_amount=view.gross_minor / 100,
        platform_fee=view.platform_fee_minor / 100,
        net_payout=view.net_payout_minor / 100,
        status="pending" if view.state == "in_review" else str(view.state),
        stripe_transfer_id=view.provider_reference,
        requested_at=view.requested_at,
        processed_at=view.ended_at or view.sent_at,
        notes=view.failure_reason or view.review_reason,
    )
