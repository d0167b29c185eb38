"""What can go wrong at the door. No log-in tells whether an account exists (I5); registering has to."""

from stoa.kit.errors import Conflict, Forbidden, NotFound, TooManyRequests, Unauthenticated


class WrongCredentials(Unauthenticated):
    """E-mail or password is wrong, or there is no such account, or it may not come in."""

    code = "wrong_credentials"
    title = "Invalid credentials"


class SessionOver(Unauthenticated):
    """The token is unknown, expired, or its session was ended."""

    code = "session_over"
    title = "This session has ended. Please sign in again"


class LockedOut(TooManyRequests):
    """I5: too many failed log-ins."""

    code = "locked_out"
    title = "Too many failed attempts. Please wait before you try again"


class EmailTaken(Conflict):
    """There is an account with this e-mail."""

    code = "email_taken"
    title = "Email already registered"


class UsernameTaken(Conflict):
    """The name is in use or reserved."""

    code = "username_taken"
    title = "Username already taken"


class AccountSuspended(Forbidden):
    """I8: the credentials are right, and the account may not come in for a while."""

    code = "account_suspended"
    title = "This account is suspended"


class AccountBanned(Forbidden):
    """I8: the credentials are right, and the account may not come in any more."""

    code = "account_banned"
    title = "This account is banned"


class SecondFactorRequired(Unauthenticated):
    """I4: the first factor was right. `challenge_token` goes to `/auth/mfa/challenge` together with the second one."""

    code = "mfa_required"
    title = "A second factor is needed"

    def __init__(self, challenge_token: str, methods: list[str], expires_in_s: int) -> None:
        super().__init__(challenge_token=challenge_token, methods=methods, expires_in_s=expires_in_s)
        self.challenge_token = challenge_token
        self.methods = methods
        self.expires_in_s = expires_in_s


class ChallengeOver(Unauthenticated):
    """The challenge is unknown, late, used, or was tried too often in vain."""

    code = "challenge_over"
    title = "This log-in took too long or was tried too often. Please begin again"


class StepUpRequired(Forbidden):
    """I4: this needs a second factor shown in the last ten minutes."""

    code = "step_up_required"
    title = "Please confirm that it is you"


class LinkOver(NotFound):
    """I6: the link of a mail is unknown, somebody else's, late, used, or followed by a newer one."""

    code = "link_over"
    title = "This link has been used or has ended. Please ask for a new one"


class NoPassword(Conflict):
    """The account is used without a password so far. A link by mail sets one."""

    code = "no_password"
    title = "This account has no password yet. Please have a link sent that sets one"


class PasswordMoved(Conflict):
    """The password was changed by another request in the same moment."""

    code = "password_moved"
    title = "The password was changed a moment ago, from somewhere else"


class TooManyMails(TooManyRequests):
    """Nobody's mailbox is filled: only so many mails of one kind an hour."""

    code = "too_many_mails"
    title = "Enough mails were sent for now. Please wait an hour, and look into the folder for junk"
