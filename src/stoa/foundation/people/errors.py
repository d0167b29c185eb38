"""What can go wrong between people."""

from stoa.kit.errors import Conflict, Forbidden, NotFound


class NotYourself(Conflict):
    """One does not follow oneself."""

    code = "not_yourself"
    title = "You cannot follow yourself"


class ProfileThere(Conflict):
    """Becoming a creator or a brand is one step, and it was taken."""

    code = "profile_there"
    title = "You have this profile already"


class NoAuthorProfile(NotFound):
    """Nobody's creator profile is shown or changed before there is one."""

    code = "no_author_profile"
    title = "There is no creator profile yet"


class NoBrandProfile(NotFound):
    """Nobody's brand profile is shown or changed before there is one."""

    code = "no_brand_profile"
    title = "There is no brand profile yet"


class FollowersHidden(Forbidden):
    """Somebody does not show who follows them and whom they follow."""

    code = "followers_hidden"
    title = "This person keeps their followers to themselves"
