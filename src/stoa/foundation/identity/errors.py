"""What can go wrong at the door. No log-in tells whether an account exists (I5); registering has to."""

from datetime import datetime

from stoa.kit.errors import Conflict, Forbidden, Invalid, NotFound, StoaError, TooManyRequests, Unauthenticated


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


class RenamedRecently(Conflict):
    """I1: a name is kept for 30 days; `again_at` says from when on it can be changed."""

    code = "renamed_recently"
    title = "A name can be changed once in 30 days"

    def __init__(self, again_at: datetime) -> None:
        super().__init__(
            f"You changed your name a short while ago. From {again_at:%-d %B %Y} on you can change it again.",
            again_at=again_at.isoformat(),
        )


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


# ---- accounts of other providers (I7) --------------------------------------------------------------------------


class ProviderNotConfigured(NotFound):
    """There is no such provider, or nobody has set it up here."""

    code = "provider_not_configured"
    title = "This way to log in is not offered here"


class ProviderUnavailable(StoaError):
    """424: the provider does not answer, or with something that cannot be understood. Nothing was changed."""

    status = 424
    code = "provider_unavailable"
    title = "The other side does not answer properly right now. Please try again in a moment, or log in another way"


class ProofRefused(Invalid):
    """The code or the id token proves nothing: forged, late, for somebody else, or used."""

    code = "oauth_proof_refused"
    title = "What came back could not be verified, so nothing was done. Please start again"


class FlowOver(Conflict):
    """The state or nonce is unknown, late, used, or of another browser, session or provider."""

    code = "oauth_flow_over"
    title = "This log-in took too long, was used already, or began in another browser. Please start again"


class ProviderDenied(Conflict):
    """The person said no at the provider, or it would not go on."""

    code = "oauth_denied"
    title = "It was not allowed over there, so nothing has changed"


class AccountExists(Conflict):
    """There is an account with the provider's e-mail, but it is not certain that both are of the same person."""

    code = "oauth_account_exists"
    title = (
        "There is an account with this e-mail already. Log in with its password, or have a new one set by mail; then "
        "connect the other one under Account, Connected accounts"
    )


class WasDisconnected(Conflict):
    """The owner took this provider account off the account once, so only the owner puts it back."""

    code = "oauth_was_disconnected"
    title = "This was disconnected from your account. Log in another way, and connect it again there"


class EmailNeeded(Invalid):
    """The provider told no e-mail. `completion_token` and an `email` make the account, within ten minutes."""

    code = "oauth_email_needed"
    title = "An e-mail address is needed to make the account"

    def __init__(self, completion_token: str, expires_in_s: int) -> None:
        fields = {"email": "Please tell an address of yours"}
        super().__init__(self.title, fields=fields, completion_token=completion_token, expires_in_s=expires_in_s)
        self.completion_token = completion_token
        self.expires_in_s = expires_in_s


class ConnectedElsewhere(Conflict):
    """The provider account belongs to another account here."""

    code = "oauth_connected_elsewhere"
    title = "That one is connected to another account here"


class AlreadyConnected(Conflict):
    """An account of this provider is connected already; one is enough."""

    code = "oauth_already_connected"
    title = "Another one is connected already. Disconnect it first"


class LastWayIn(Conflict):
    """Without it nobody could come into the account any more."""

    code = "last_way_in"
    title = "This is your only way in. Set a password or add a passkey first, then disconnect it"


class WrongFactor(Unauthenticated):
    """I4: this second factor is not right, or was used before."""

    code = "wrong_factor"
    title = "This is not right, or it was used already"


class LogInAgain(Forbidden):
    """An account without a password has to show that it is its owner by a log-in of the last ten minutes."""

    code = "recent_login_required"
    title = "Please log out and in again, so that we know it is you"


class WrongCode(Unauthenticated):
    """A code by text message is wrong, over, or was never sent: it is not told which."""

    code = "wrong_code"
    title = "This code is not right, or it is over"


class PhoneTaken(Conflict):
    """I1: the phone belongs to another account; told to whoever has shown that they hold it."""

    code = "phone_taken"
    title = "This phone belongs to another account"


class TooManyCodes(TooManyRequests):
    """This phone was sent, or this person has asked for, as many codes as there may be for now."""

    code = "too_many_codes"
    title = "That were many codes. Please wait before you ask for another one"


class NoSecondFactor(Conflict):
    """The account has no second factor that this would be about."""

    code = "no_second_factor"
    title = "No second factor is set up"


class SetUpOver(Conflict):
    """An authenticator app is set up within an hour, in one session."""

    code = "set_up_over"
    title = "Nothing is being set up, or it was begun too long ago. Please begin again"


class PasskeysUnavailable(Conflict):
    """Passkeys belong to a name; this installation is reached by a number."""

    code = "passkeys_unavailable"
    title = "Passkeys need an address with a name; this place has only a number"


class PasskeyRefused(Unauthenticated):
    """The passkey is unknown, or what it signed is late, used, altered, or meant for somewhere else."""

    code = "passkey_refused"
    title = "This passkey was not accepted. Please try again"


class PasskeyKnown(Conflict):
    """The same passkey was added before."""

    code = "passkey_known"
    title = "This passkey was added before"


class TooManyPasskeys(Conflict):
    """Nobody needs more."""

    code = "too_many_passkeys"
    title = "There are as many passkeys as an account can have. Remove one first"


class NotYourself(Forbidden):
    """I8: nobody changes their own status or roles."""

    code = "not_yourself"
    title = "Another administrator has to decide about your own account"


class OnlySuperAdmin(Forbidden):
    """I8: administrators, and who becomes one, are a matter of super admins."""

    code = "only_super_admin"
    title = "Only a super admin decides about administrators"


class LastSuperAdmin(Conflict):
    """I8: somebody has to stay who can give these roles."""

    code = "last_super_admin"
    title = "This is the last super admin. Make somebody else one first"


class WrongStatus(Conflict):
    """I8: in this status that cannot be done. `account_status` names it, `allowed` what can be."""

    code = "wrong_status"

    def __init__(self, status: str, *, allowed: list[str]) -> None:
        super().__init__(f"This account is {status}", account_status=status, allowed=allowed)


class PersonSuspended(Conflict):
    """F5: the other account is suspended; nothing goes there for now."""

    code = "person_suspended"
    title = "This account is suspended. Nothing can be sent to it for now"


class NotRenewable(Conflict):
    """Only the 7-day token of the unversioned log-ins is renewed by itself; `/api/v1` has refresh tokens (I3)."""

    code = "not_renewable"
    title = "This session is not one of a 7-day token"
