"""Accounts and sessions: made, let in, ended. One file for each way; all of it is called from here."""

from stoa.foundation.identity.actions import (
    backup_codes,
    oauth,
    oauth_accounts,
    oauth_flows,
    passkeys,
    phone,
    second_factor,
    totp,
)
from stoa.foundation.identity.actions.door import (
    CHALLENGE_TRIES,
    CHALLENGE_TTL,
    ChallengeRow,
    Way,
    challenge_of,
    close_challenge,
    enter,
    fail_challenge,
)
from stoa.foundation.identity.actions.emails import (
    cancel_email_change,
    change_email,
    open_email_change,
    read_email_change,
    verify_email_change,
)
from stoa.foundation.identity.actions.hashing import hash_password, verify_password
from stoa.foundation.identity.actions.links import circumstances, own_account, prune_links, read_link
from stoa.foundation.identity.actions.login import check_login, count_failure, failure_keys, refuse_locked
from stoa.foundation.identity.actions.names import rename
from stoa.foundation.identity.actions.passwords import (
    change_password,
    confirm_password,
    request_password_reset,
    reset_password,
    send_password_reset,
)
from stoa.foundation.identity.actions.presence import (
    actor_of_bearer,
    actor_of_cookie,
    forget,
    remember_sessions,
)
from stoa.foundation.identity.actions.registration import register
from stoa.foundation.identity.actions.renewal import renew_legacy_session
from stoa.foundation.identity.actions.roles import become, grant_role, revoke_role
from stoa.foundation.identity.actions.sessions import (
    ACCESS_TTL,
    LEGACY_TTL,
    PAGE_TTL,
    REFRESH_TTL,
    end_all_sessions,
    end_other_sessions,
    end_session,
    end_sessions_of,
    open_api_session,
    open_legacy_session,
    open_page_session,
    prune,
    refresh,
)
from stoa.foundation.identity.actions.standing import end_suspensions, require_good_standing
from stoa.foundation.identity.actions.status import ban, reinstate, suspend
from stoa.foundation.identity.actions.verification import (
    request_verification,
    send_verification,
    send_verification_to,
    verify_email,
)

__all__ = [
    "ACCESS_TTL",
    "CHALLENGE_TRIES",
    "CHALLENGE_TTL",
    "LEGACY_TTL",
    "PAGE_TTL",
    "REFRESH_TTL",
    "ChallengeRow",
    "Way",
    "actor_of_bearer",
    "actor_of_cookie",
    "backup_codes",
    "ban",
    "become",
    "cancel_email_change",
    "challenge_of",
    "change_email",
    "change_password",
    "check_login",
    "circumstances",
    "close_challenge",
    "confirm_password",
    "count_failure",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "end_sessions_of",
    "end_suspensions",
    "enter",
    "fail_challenge",
    "failure_keys",
    "forget",
    "grant_role",
    "hash_password",
    "oauth",
    "oauth_accounts",
    "oauth_flows",
    "open_api_session",
    "open_email_change",
    "open_legacy_session",
    "open_page_session",
    "own_account",
    "passkeys",
    "phone",
    "prune",
    "prune_links",
    "read_email_change",
    "read_link",
    "refresh",
    "refuse_locked",
    "register",
    "reinstate",
    "remember_sessions",
    "rename",
    "renew_legacy_session",
    "request_password_reset",
    "request_verification",
    "require_good_standing",
    "reset_password",
    "revoke_role",
    "second_factor",
    "send_password_reset",
    "send_verification",
    "send_verification_to",
    "suspend",
    "totp",
    "verify_email",
    "verify_email_change",
    "verify_password",
]
