"""What can go wrong at the door. No log-in tells whether an account exists (I5); registering has to."""

from stoa.kit.errors import Conflict, TooManyRequests, Unauthenticated


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
