"""Accounts and sessions: made, let in, ended. One file for each way; all of it is called from here."""

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
from stoa.foundation.identity.actions.hashing import hash_password, verify_password
from stoa.foundation.identity.actions.login import check_login, count_failure, failure_keys, refuse_locked
from stoa.foundation.identity.actions.names import rename
from stoa.foundation.identity.actions.presence import (
    actor_of_bearer,
    actor_of_cookie,
    forget,
    remember_sessions,
)
from stoa.foundation.identity.actions.registration import register
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
    "ban",
    "become",
    "challenge_of",
    "check_login",
    "close_challenge",
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
    "open_api_session",
    "open_legacy_session",
    "open_page_session",
    "prune",
    "refresh",
    "refuse_locked",
    "register",
    "reinstate",
    "remember_sessions",
    "rename",
    "require_good_standing",
    "revoke_role",
    "suspend",
    "verify_password",
]
