"""What can go wrong on a team. No answer tells an address, or whether there is an account behind it."""

from stoa.kit.errors import Conflict, Forbidden, Invalid, NotFound


class AlreadyOnTeam(Conflict):
    """The person is the owner, or works on the site already."""

    code = "already_on_team"
    title = "This person is on the team already"


class AlreadyInvited(Conflict):
    """An invitation for this address is open."""

    code = "already_invited"
    title = "This address has an open invitation. You can send it again"


class NoSuchInvite(NotFound):
    """No open invitation of that token for this account: it is unknown, or was sent to another address."""

    code = "invite_not_found"
    title = (
        "There is no invitation for this account here. If it was sent to another address of yours, sign in with the "
        "account of that address, or ask to be invited at the one you use here"
    )


class InviteOver(Conflict):
    """It was answered, withdrawn, replaced or has expired."""

    code = "invite_over"
    title = "This invitation is not open any more"


class EmailNotVerified(Forbidden):
    """The account's address has to be confirmed first: until then, anybody could claim it."""

    code = "email_not_verified"
    title = "Please confirm your e-mail address first, then accept the invitation"


class BeyondYourPermissions(Forbidden):
    """Nobody gives what they do not have; only the owner gives or takes the management of the team."""

    code = "beyond_your_permissions"
    title = "You can only give permissions that you have yourself"


class NotPossibleNow(Conflict):
    """The membership is in a state from which this does not lead anywhere; `state` is in the answer."""

    code = "wrong_state"
    title = "This is not possible in the present state of the membership"


class SentTooOften(Conflict):
    """An invitation was sent as often as it may be."""

    code = "sent_too_often"
    title = "This invitation was sent as often as it may be. Please ask the person by other means"


class SiteSlugTaken(Invalid):
    """422: another site has this address, or had it once (S6)."""

    code = "site_slug_taken"

    def __init__(self) -> None:
        super().__init__(fields={"slug": "Another site has this address, or had it once"})
