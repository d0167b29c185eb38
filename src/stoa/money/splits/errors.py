"""What can go wrong with rules of sharing."""

from stoa.kit.errors import Conflict


class RuleTaken(Conflict):
    """409: another rule of this kind begins at the same moment."""

    code = "split_rule_taken"
    title = "Another rule begins at this moment"
