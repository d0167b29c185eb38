"""The numbers of `rules.md` as one typed document; every default can be changed by the operator."""

from typing import Annotated, Final, Literal

import msgspec

Currency = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
GatewayName = Literal["stripe", "razorpay", "xendit", "sandbox"]
GATEWAYS_BY_CURRENCY: Final[dict[str, GatewayName]] = {
    "INR": "razorpay",
    "IDR": "xendit",
    "PHP": "xendit",
    "MYR": "xendit",
    "THB": "xendit",
    "VND": "xendit",
}
NonNegative = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class PlanLimits(msgspec.Struct, frozen=True, kw_only=True):
    """B4: what one plan holds; None is without limit."""

    storage_bytes: NonNegative | None
    series: NonNegative | None
    chapters: NonNegative | None
    members: NonNegative | None
    broadcasts: NonNegative | None  # a month
    ai_words: NonNegative | None  # a month
    collaborators: NonNegative | None  # and open invitations
    bandwidth_bytes: NonNegative | None = None  # of their files, a month; shown to them, no reader is ever cut off


class Plans(msgspec.Struct, frozen=True, kw_only=True):
    """B4: the plans, from the smallest to the largest."""

    free: PlanLimits = PlanLimits(
        storage_bytes=1024**3, series=3, chapters=100, members=100, broadcasts=2, ai_words=5_000, collaborators=3
    )
    starter: PlanLimits = PlanLimits(
        storage_bytes=10 * 1024**3,
        series=10,
        chapters=1_000,
        members=1_000,
        broadcasts=8,
        ai_words=50_000,
        collaborators=5,
    )
    growth: PlanLimits = PlanLimits(
        storage_bytes=50 * 1024**3,
        series=50,
        chapters=10_000,
        members=10_000,
        broadcasts=30,
        ai_words=250_000,
        collaborators=15,
    )
    professional: PlanLimits = PlanLimits(
        storage_bytes=200 * 1024**3,
        series=None,
        chapters=None,
        members=100_000,
        broadcasts=100,
        ai_words=1_000_000,
        collaborators=50,
    )
    enterprise: PlanLimits = PlanLimits(
        storage_bytes=None,
        series=None,
        chapters=None,
        members=None,
        broadcasts=None,
        ai_words=None,
        collaborators=None,
    )


class PlatformConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Rule ids stand beside each number; units stand in the names."""

    name: str = "Stoa"
    coins_per_usd: Positive = 78  # M2
    # By whom orders are paid that name nobody: by currency, else by the default; where that one is off or does not take
    # the currency, by the first that is on and does.
    gateways_by_currency: dict[Currency, GatewayName] = msgspec.field(
        default_factory=lambda: dict(GATEWAYS_BY_CURRENCY)
    )
    default_gateway: str = "sandbox"
    gift_min_coins: Positive = 1  # M6
    gift_max_coins: Positive = 1_000_000
    gift_undo_s: NonNegative = 10
    payout_min_coins: Positive = 390  # M7
    payout_min_usd_minor: Positive = 500  # M7, of credits
    payout_retries: NonNegative = 3  # M10
    payout_fee_on_platform: bool = False  # who bears the provider's fee: the creator, or the platform
    payout_cooldown_s: NonNegative = 86_400  # how long nothing is sent to a destination that was added or changed
    payout_first_cooldown_s: NonNegative = 0  # the same for the first one an account ever has
    refund_window_days: NonNegative = 14  # M13: how long a payer may ask for their money back
    welcome_coins: NonNegative = 100  # M5
    welcome_usd_minor: NonNegative = 5_000_000  # M5
    risk_large_usd_minor: Positive = 50_000  # F1: one movement of more is flagged
    risk_movements: Positive = 10  # F2: more within the window
    risk_volume_usd_minor: Positive = 100_000  # F3: more within the window
    risk_window_s: Positive = 3600  # F2, F3
    risk_review_days: Positive = 3  # F7: business days in which somebody has looked
    review_score: Positive = 3  # P5: from here a text waits for a moderator
    refuse_score: Positive = 8  # P5: from here it is refused
    limit_auth_per_minute: Positive = 5  # L1
    limit_anonymous_per_minute: Positive = 100  # L1
    limit_member_per_minute: Positive = 600  # L1
    limit_upload_per_minute: Positive = 10  # L1
    limit_write_per_minute: Positive = 60  # texts saved or looked at by one person; reading Markdown takes a while
    lock_after_failures: Positive = 5  # I5
    lock_for_s: Positive = 900  # I5
    plans: Plans = Plans()  # B4
    team_invite_days: Positive = 14  # how long an invitation to a team can be accepted
    team_invite_sends: Positive = 5  # how often one invitation may be sent
    team_invite_pause_s: NonNegative = 60  # between two times
    team_invites_per_day: Positive = 30  # of one site
